"""A server dies under thousands of readers and comes back: so do they, all of them, while people write."""

import statistics
import time

import pytest

from forum.database import db
from tests.faults.conftest import SOAK, often
from tests.faults.storm import Storm
from tests.faults.test_freezes import order
from tests.faults.writers import Crew, accounts, everything_is_there_once
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_everybody_comes_back_when_the_server_was_killed(site, kind):
    made = site(kind)
    discussion = made.house.discussion()
    many = often(300, 5000)
    members = accounts(made.house, 20)
    cookies = [who.cookie for who in members] * (many // 200)  # one reader in ten is signed in
    db.session.rollback()
    with running(made.settings) as server:
        port = int(server.host.rpartition(":")[2])
        storm = Storm(server, discussion, many, cookies)
        assert storm.run(60, until_seq=0)
        with Crew([server.address], discussion.slug, members[:8], pause=1.0) as crew:
            storm.run(3)
            server.kill()
            killed_at = time.monotonic()
            with running(made.settings, port=port) as again:
                ready_at = time.monotonic()
                used = again.cpu_seconds()
                assert storm.run(60, until_seq=discussion.last_seq + 1), f"{storm.how_many_are_in()} of {many} are back"
                back_at = max(caller.came_at for caller in storm.callers)
                used = again.cpu_seconds() - used
                storm.run(2)
                crew.__exit__()
                db.session.rollback()
                db.session.refresh(discussion)
                assert storm.run(20, until_seq=discussion.last_seq)
    count = everything_is_there_once(crew, discussion)
    wanted = order(discussion)
    for caller in storm.callers:
        assert not caller.is_whole or (caller.holes, caller.heard) == (0, wanted), "a hole, a repeat, another order"
    storm.close()
    during = [took for at, took in crew.took if ready_at < at < back_at] or [0.0]
    slowest = sorted(during)[int(len(during) * 0.95)]
    refused = sum(caller.refusals for caller in storm.callers)
    back = sorted(caller.came_at - ready_at for caller in storm.callers)
    print(
        f"\n{many} readers: started {ready_at - killed_at:.1f} s after the kill, half back {back[many // 2]:.1f} s"
        f" later, 95 % {back[many * 95 // 100]:.1f} s, all {back[-1]:.1f} s, {refused} joins refused, CPU {used:.1f} s;"
        f" {len(during)} of {count} comments posted meanwhile: median {statistics.median(during) * 1e3:.0f} ms,"
        f" 95 % {slowest * 1e3:.0f} ms, worst {max(during) * 1e3:.0f} ms"
    )
    if SOAK:
        assert back_at - killed_at < 15
        assert slowest < 1
