"""Processes die at any instant: what was acknowledged is there, once, and timed changes happen once."""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from sqlalchemy import func, select

from forum import clock
from forum.database import db, writing
from forum.models import Comment, Discussion, Event
from tests.faults.conftest import often
from tests.faults.writers import Account, Crew, accounts, everything_is_there_once
from tests.server import Running, running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


def workers(server: Running) -> list[int]:
    """The processes that answer, without the one that minds them."""
    with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children") as children:
        return [int(number) for number in children.read().split()]


def kill_one(server: Running) -> None:
    """kill -9 one worker, whatever it is doing."""
    if alive := workers(server):
        try:
            os.kill(random.choice(alive), signal.SIGKILL)
        except ProcessLookupError:
            return


@pytest.mark.parametrize(("kind", "processes"), [("sqlite", 1), ("postgresql", 2)])
def test_nothing_acknowledged_is_lost_when_processes_are_killed(site, kind, processes):
    made = site(kind)
    discussion = made.house.discussion()
    with (
        running(made.settings, workers=processes) as server,
        Crew([server.address], discussion.slug, accounts(made.house, 8)) as crew,
    ):
        for _ in range(often(2, 200)):
            before = len(crew.acknowledged)
            until = time.monotonic() + 20
            while len(crew.acknowledged) <= before and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(random.uniform(0, 0.4))
            kill_one(server)
    assert everything_is_there_once(crew, discussion) >= often(2, 200)


def test_one_key_sent_twenty_times_with_a_death_before_the_answer_is_one_comment(site, tmp_path):
    made = site("postgresql")
    slug = made.house.discussion().slug
    people = accounts(made.house, often(1, 20))
    fuse = tmp_path / "fuse"
    dying = {"app": "tests.faults.dying:app", "environment": {"FAULT_ONCE": str(fuse)}}
    with running(made.settings, workers=2, **dying) as server:
        for number, who in enumerate(people):
            fuse.touch()
            with ThreadPoolExecutor(20) as crowd:
                sent = [crowd.submit(_send_until_taken, server, slug, who, f"the-same-key-{number}") for _ in range(20)]
                ids = {answer.result(60) for answer in sent}
            assert not fuse.exists(), "no process died"
            assert len(ids) == 1
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Comment)) == len(people)
    assert db.session.scalar(select(func.count()).where(Event.kind == "comment.posted")) == len(people)


def _send_until_taken(server: Running, slug: str, who: Account, key: str) -> int:
    """Post as a browser does that hears nothing, with the same key; return the comment's id."""
    until = time.monotonic() + 50
    while time.monotonic() < until:
        try:
            answer = requests.post(
                f"{server.address}/d/{slug}/comments",
                data={"body": "Once.", "key": key, "csrf_token": who.token},
                headers={"Cookie": who.cookie, "Accept": "application/json"},
                timeout=10,
            )
        except requests.RequestException:
            time.sleep(0.1)
            continue
        if answer.status_code in {200, 201}:
            return int(answer.json()["id"])
        assert answer.status_code == 503, answer.text
        time.sleep(0.1)
    raise AssertionError(f"{key} was never taken")


def test_timed_changes_happen_once_when_a_process_dies_a_second_before(site):
    made = site("postgresql")
    discussion = made.house.discussion(phase="announced")
    with running(made.settings) as first, running(made.settings) as second:
        assert requests.get(f"{second.address}/d/{discussion.slug}", timeout=5).status_code == 200
        with writing():
            found = db.session.get_one(Discussion, discussion.id)
            found.starts_at, found.ends_at = clock.now() + timedelta(seconds=2), clock.now() + timedelta(seconds=5)
        time.sleep(1)
        kill_one(first)
        for kind, due in (("discussion.opened", found.starts_at), ("discussion.closed", found.ends_at)):
            assert _comes_within(kind, (due - clock.now()).total_seconds() + 2), kind
        time.sleep(1.5)
        for kind in ("discussion.opened", "discussion.closed"):
            db.session.rollback()
            assert db.session.scalar(select(func.count()).where(Event.kind == kind)) == 1


def _comes_within(kind: str, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        db.session.rollback()
        if db.session.scalar(select(func.count()).where(Event.kind == kind)):
            return True
        time.sleep(0.1)
    return False
