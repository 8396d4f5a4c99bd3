"""Timed changes happen once and in time, whatever becomes of the processes and of the clock on the wall."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import requests
from sqlalchemy import func, select

from forum import clock
from forum.database import db, writing
from forum.models import Comment, Discussion, Event
from tests.faults.test_kills import kill_one
from tests.faults.writers import Account, accounts
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

# Within so many seconds of its moment a change is there.
IN_TIME = 2.0


def times(kind: str) -> int:
    """How often the log tells of a change."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Event.kind == kind)) or 0


def comes(kind: str, seconds: float) -> bool:
    """Whether the log tells of a change within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if times(kind):
            return True
        time.sleep(0.05)
    return False


def plan(discussion: Discussion, starts_in: timedelta, ends_in: timedelta) -> Discussion:
    """Give a discussion other times."""
    with writing():
        found = db.session.get_one(Discussion, discussion.id)
        found.starts_at, found.ends_at = clock.now() + starts_in, clock.now() + ends_in
    return found


def post(address: str, slug: str, who: Account, key: str) -> int:
    """Post a comment and return the status; 0 when there was no answer."""
    try:
        return requests.post(
            f"{address}/d/{slug}/comments",
            data={"body": f"Said as {key}.", "key": key, "csrf_token": who.token},
            headers={"Cookie": who.cookie, "Accept": "application/json"},
            timeout=10,
        ).status_code
    except requests.RequestException:
        return 0


def test_a_clock_that_is_set_an_hour_on_and_back_opens_and_closes_once(site, tmp_path):
    made = site("postgresql")
    discussion = made.house.discussion(phase="announced")
    slug = discussion.slug
    (who,) = accounts(made.house, 1)
    offset = tmp_path / "offset"
    offset.write_text("0")
    stepping = {"app": "tests.faults.stepping:app", "environment": {"FAULT_CLOCK": str(offset)}}
    with running(made.settings, **stepping) as one, running(made.settings, **stepping) as two:
        plan(discussion, timedelta(minutes=30), timedelta(minutes=90))
        assert post(one.address, slug, who, "too-early") == 409
        offset.write_text("3600")
        assert comes("discussion.opened", IN_TIME)
        assert post(two.address, slug, who, "an-hour-on") == 201
        # Back before its beginning: what has begun stays begun, and nobody is interrupted.
        offset.write_text("0")
        time.sleep(1.5)
        assert post(one.address, slug, who, "set-back") == 201
        assert times("discussion.opened") == 1
        assert times("discussion.closed") == 0
        offset.write_text("7200")
        assert post(two.address, slug, who, "past-the-end") == 409
        assert comes("discussion.closed", IN_TIME)
        offset.write_text("-3600")
        time.sleep(1.5)
        assert post(one.address, slug, who, "closed-for-good") == 409
        assert requests.get(f"{one.address}/d/{slug}", timeout=5).status_code == 200
    assert (times("discussion.opened"), times("discussion.closed")) == (1, 1)
    assert set(db.session.scalars(select(Comment.key))) == {"an-hour-on", "set-back"}


@dataclass
class Tries:
    """What people at the end of the hour were answered, and when they asked and heard."""

    found: list[tuple[datetime, datetime, int, str]] = field(default_factory=list)

    def go_on(self, address: str, slug: str, who: Account, until: datetime) -> None:
        """Post again and again."""
        number = 0
        while clock.now() < until:
            key = f"late-{who.cookie[-6:]}-{number:05}".replace(".", "_")
            number, asked = number + 1, clock.now()
            status = post(address, slug, who, key)
            self.found.append((asked, clock.now(), status, key))


def test_a_comment_counts_if_and_only_if_it_came_before_the_close(site):
    made = site("postgresql")
    discussion = made.house.discussion()
    slug = discussion.slug
    people = accounts(made.house, 4)
    tries = Tries()
    with running(made.settings) as one, running(made.settings) as two:
        end = plan(discussion, timedelta(hours=-1), timedelta(seconds=3)).ends_at
        threads = [
            threading.Thread(
                target=tries.go_on,
                args=([one, two][number % 2].address, slug, who, end + timedelta(seconds=2)),
                daemon=True,
            )
            for number, who in enumerate(people)
        ]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, (end - clock.now()).total_seconds() - 1))
        kill_one(one)
        assert comes("discussion.closed", 1 + IN_TIME)
        for thread in threads:
            thread.join(20)
    assert times("discussion.closed") == 1
    stored = {key: at for key, at in db.session.execute(select(Comment.key, Comment.posted_at))}
    assert all(at < end for at in stored.values())
    for asked, heard, status, key in tries.found:
        if heard < end and status not in {0, 503}:
            assert status == 201, (asked, heard, status)
        if asked >= end and status not in {0, 503}:
            assert status == 409, (asked, heard, status)
        assert (status != 201) or key in stored
        assert (status != 409) or key not in stored
    assert any(status == 201 for *_, status, _key in tries.found)
    assert any(status == 409 for *_, status, _key in tries.found)
