"""Reminders go out once to everybody, though processes are killed and started and the wall clock is set meanwhile."""

import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from forum import clock
from forum.database import db, writing
from forum.models import Discussion, Letter, Rsvp, RsvpKind
from tests.faults.conftest import SOAK, often
from tests.faults.test_clocks import set_clock
from tests.faults.test_kills import kill_one
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

PEOPLE = often(220, 2000)
HOUR = 3600
# It looks every five seconds; in the suite every second, so that the suite need not stand and wait for it.
LOOKS_EVERY = 5 if SOAK else 1


def written() -> Counter[tuple[str, str]]:
    """How often each address was written each kind of letter."""
    db.session.rollback()
    return Counter((letter.kind, letter.to) for letter in db.session.query(Letter))


def count(kind: str) -> int:
    """How many letters of a kind there are: asked fifty times a second, so the database counts."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Letter.kind == kind)) or 0


def wait(kind: str, many: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (found := count(kind)) < many:
        assert time.monotonic() < until, f"{found} of {many} letters “{kind}” within {seconds} s"
        time.sleep(0.02 if many == 1 else 0.2)  # the first one says when to kill


@pytest.mark.parametrize(("kind", "processes"), [("sqlite", 1), ("postgresql", 2)])
def test_killed_restarted_joined_and_set_back_they_write_each_letter_once(site, tmp_path, kind, processes):
    made = site(kind)
    event = made.house.discussion(phase="announced")
    begin = clock.now() + timedelta(days=3)
    with writing():
        found = db.session.get_one(Discussion, event.id)
        found.starts_at, found.ends_at = begin, begin + timedelta(hours=2)
        for number in range(PEOPLE):
            long_ago = clock.now() - timedelta(days=2)
            db.session.add(Rsvp(
                discussion_id=event.id, email=f"reader{number}@example.org", kind=RsvpKind.READ_ALONG, time_zone="UTC",
                made_at=long_ago, confirmed_at=long_ago, told_starts_at=begin,
            ))  # fmt: skip
    offset = tmp_path / "offset"
    set_clock(offset, 0)
    environment = {"FAULT_CLOCK": str(offset), "FAULT_REMIND": str(LOOKS_EVERY)}
    stepping = {"app": "tests.faults.stepping:app", "environment": environment}
    three_days = 3 * 24 * HOUR
    with ExitStack() as stack:
        first = stack.enter_context(running(made.settings, **stepping))
        # A day before. In the middle of it the process is killed, the clock is set back for a while, another joins.
        set_clock(offset, three_days - 23 * HOUR)
        wait("day", 1, 20)
        kill_one(first)
        set_clock(offset, three_days - 25 * HOUR)
        time.sleep(1)
        servers = [first]
        if processes > 1:
            servers.append(stack.enter_context(running(made.settings, **stepping)))
        set_clock(offset, three_days - 22 * HOUR)
        wait("day", PEOPLE, 40)
        # An hour before: now every process is killed in the middle, and the server is stopped and started besides.
        set_clock(offset, three_days - HOUR + 300)
        wait("hour", 1, 20)
        for server in servers:
            kill_one(server)
        set_clock(offset, three_days - 3 * HOUR)
        assert servers[-1].stop() == 0
        servers[-1] = stack.enter_context(running(made.settings, **stepping))
        set_clock(offset, three_days - HOUR + 600)
        wait("hour", PEOPLE, 40)
        # Live: it opens, and the clock is set back to before the beginning while the letters are written.
        set_clock(offset, three_days + 2)
        wait("live", 1, 20)
        set_clock(offset, three_days - 2 * HOUR)
        time.sleep(1)
        set_clock(offset, three_days + 60)
        wait("live", PEOPLE, 40)
        # Through all these times once more, in both directions: nothing is due a second time.
        for seconds in (-23 * HOUR, -HOUR + 700, 120, -26 * HOUR, 300):
            set_clock(offset, three_days + seconds)
            time.sleep(LOOKS_EVERY + 1)
    found = written()
    assert set(found.values()) == {1}
    assert len(found) == 3 * PEOPLE
