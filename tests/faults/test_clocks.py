"""Timed changes happen once and in time, whatever becomes of the processes and of the clock on the wall."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from forum import clock
from forum.actions import questions
from forum.actions.questions import QuestionDraft
from forum.database import db, writing
from forum.models import Comment, Discussion, Event, Question
from tests.faults.test_kills import kill_one
from tests.faults.writers import Account, accounts
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

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


def set_clock(offset: Path, seconds: int) -> None:
    """Set the clock on the wall of every process, at one instant: nobody may read a file that is half written."""
    written = offset.with_suffix(".new")
    written.write_text(str(seconds))
    written.replace(offset)


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
    set_clock(offset, 0)
    stepping = {"app": "tests.faults.stepping:app", "environment": {"FAULT_CLOCK": str(offset)}}
    with running(made.settings, **stepping) as one, running(made.settings, **stepping) as two:
        plan(discussion, timedelta(minutes=30), timedelta(minutes=90))
        assert post(one.address, slug, who, "too-early") == 409
        kill_one(one)
        time.sleep(1)
        set_clock(offset, 3600)
        assert comes("discussion.opened", IN_TIME)
        assert post(two.address, slug, who, "an-hour-on") == 201
        # Back before its beginning: what has begun stays begun, and nobody is interrupted.
        set_clock(offset, 0)
        time.sleep(1.5)
        assert post(two.address, slug, who, "set-back") == 201
        # Before its writers came in: who is signed in stays signed in.
        set_clock(offset, -3600)
        assert post(two.address, slug, who, "further-back") == 201
        assert times("discussion.opened") == 1
        assert times("discussion.closed") == 0
        kill_one(one)
        time.sleep(1)
        set_clock(offset, 7200)
        assert post(two.address, slug, who, "past-the-end") == 409
        assert comes("discussion.closed", IN_TIME)
        set_clock(offset, -3600)
        time.sleep(1.5)
        assert post(two.address, slug, who, "closed-for-good") == 409
        assert requests.get(f"{two.address}/d/{slug}", timeout=5).status_code == 200
    assert (times("discussion.opened"), times("discussion.closed")) == (1, 1)
    assert set(db.session.scalars(select(Comment.key))) == {"an-hour-on", "set-back", "further-back"}


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


def test_two_processes_open_the_questions_of_weeks_once_though_their_clock_is_set(site, tmp_path):
    """By date, while two servers look twice a second and one is killed; a week on, back, and on again."""
    made = site("postgresql")
    discussion = made.house.discussion()
    plan(discussion, timedelta(days=-1), timedelta(days=21))
    host = made.house.host_of(discussion)
    for number, days in enumerate((2, 2, 9), start=1):
        moment = clock.now() + timedelta(days=days, seconds=number)
        made.house.do(questions.write, host, discussion, QuestionDraft(f"Question {number}?", opens_at=moment))
    offset = tmp_path / "offset"
    set_clock(offset, 0)
    stepping = {"app": "tests.faults.stepping:app", "environment": {"FAULT_CLOCK": str(offset)}}
    with running(made.settings, **stepping) as one, running(made.settings, **stepping):
        time.sleep(1.5)
        assert times("question.asked") == 0
        kill_one(one)
        set_clock(offset, 3 * 86_400)
        assert come("question.asked", 2, IN_TIME)
        set_clock(offset, -86_400)
        time.sleep(1.5)
        set_clock(offset, 3 * 86_400)
        time.sleep(1.5)
        assert times("question.asked") == 2
        set_clock(offset, 10 * 86_400)
        assert come("question.asked", 3, IN_TIME)
        time.sleep(1.5)
    assert times("question.asked") == 3
    db.session.rollback()
    asked = select(Question.text, Question.number).order_by(Question.number)
    assert [tuple(row) for row in db.session.execute(asked)] == [(f"Question {n}?", n) for n in (1, 2, 3)]


def test_a_clock_that_is_set_an_hour_on_and_back_asks_each_question_once(site, tmp_path):
    """Of two servers one is killed a second before the moment of the question."""
    made = site("postgresql")
    discussion = made.house.discussion()
    plan(discussion, timedelta(days=-1), timedelta(days=21))
    host = made.house.host_of(discussion)
    for number, minutes in enumerate((30, 90), start=1):
        moment = clock.now() + timedelta(minutes=minutes)
        made.house.do(questions.write, host, discussion, QuestionDraft(f"Question {number}?", opens_at=moment))
    offset = tmp_path / "offset"
    set_clock(offset, 0)
    stepping = {"app": "tests.faults.stepping:app", "environment": {"FAULT_CLOCK": str(offset)}}
    with running(made.settings, **stepping) as one, running(made.settings, **stepping):
        for asked, (on, back) in enumerate(((3600, -3600), (7200, -7200)), start=1):
            kill_one(one)
            time.sleep(1)
            assert times("question.asked") == asked - 1
            set_clock(offset, on)
            assert come("question.asked", asked, IN_TIME)
            for again in (0, back, on):
                set_clock(offset, again)
                time.sleep(1.5)
                assert times("question.asked") == asked
    db.session.rollback()
    asked_now = select(Question.text, Question.number).order_by(Question.number)
    assert [tuple(row) for row in db.session.execute(asked_now)] == [("Question 1?", 1), ("Question 2?", 2)]


def come(kind: str, wanted: int, seconds: float) -> bool:
    """Whether the log tells of so many changes within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and times(kind) < wanted:
        time.sleep(0.05)
    return times(kind) == wanted
