"""Passwords under gevent: worked out beside the loop, so that nobody's reading stops for somebody's sign-in."""

import subprocess
import sys
import time

from forum.actions import passwords

# Whoever else there is gets a turn many times while sixteen passwords are worked out. On the loop itself each of them
# would leave one turn behind it.
PROGRAM = """
from gevent import monkey; monkey.patch_all()
import gevent
from forum.actions import passwords
one = passwords.hashed("eleven rivers")
turns, going = 0, True
def others():
    global turns
    while going:
        gevent.sleep(0.001)
        turns += 1
gevent.spawn(others)
jobs = [gevent.spawn(passwords.fits, one, "eleven rivers") for _ in range(16)]
gevent.joinall(jobs); going = False
assert all(job.value for job in jobs)
print(turns)
"""


def test_sixteen_sign_ins_at_once_do_not_hold_the_loop():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert int(ran.stdout) > 50


def test_a_password_that_nobody_could_choose_opens_nothing_and_stops_nobody():
    one = passwords.hashed("a" * passwords.LONGEST)
    begun = time.process_time()
    assert not passwords.fits(one, "a" * passwords.LONGEST + "\u0300\u0323" * 40_000)
    assert time.process_time() - begun < 1  # to put these in order took 7 s
    assert passwords.fits(one, "a" * passwords.LONGEST)


def test_the_password_that_stands_for_none_opens_no_account_that_has_none():
    """What is compared where there is none, for the time that it takes, anybody can read in the source."""
    words = "nobody signs in with this"
    assert passwords.fits(passwords._nobodys(), words)
    assert not passwords.fits(None, words)


def test_a_password_is_worked_out_as_owasp_says():
    """Other tests sign up and in with less work."""
    assert passwords.hashed("eleven rivers").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
