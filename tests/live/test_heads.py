"""Heads are shared only with an answer that was asked for after everybody who shares it had come."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import text

from forum.config import Settings
from forum.database import db, writing
from forum.live import lines as module
from forum.live.heads import LATELY_SECONDS, Head, Heads
from forum.live.lines import Lines
from forum.models import Site

_NOWHERE = Lines(Settings(database_url="postgresql://nowhere/nothing", secret_key="not empty, for the test"))


class Slow(Heads):
    """A database that answers when it is told to."""

    def __init__(self):
        super().__init__(_NOWHERE)
        self.asked = 0
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def _ask(self, slug):
        self.asked += 1
        answer = self.asked
        self.began.release()
        assert self.go_on.acquire(timeout=5)
        return (answer, "epoch", 0, "live", "public")


def test_who_asks_during_a_question_shares_the_next_one_and_never_the_running_one():
    heads, answers = Slow(), []

    def look():
        answers.append(heads.look("water")[0])

    threads = [threading.Thread(target=look) for _ in range(5)]
    threads[0].start()
    assert heads.began.acquire(timeout=5)
    for thread in threads[1:]:
        thread.start()
    while len(heads._next) == 0:
        pass
    heads.go_on.release()
    assert heads.began.acquire(timeout=5)
    heads.go_on.release(4)
    for thread in threads:
        thread.join(5)
    assert sorted(answers)[0] == 1
    assert answers.count(1) == 1
    assert len(answers) == 5
    assert heads._next == {}


def test_who_shares_the_answer_of_one_who_was_stopped_is_let_go_without_one():
    """The request then asks as every other does; waiting for an answer that never comes it would hang for ever."""
    heads, answers = Slow(), []
    ask = heads._ask

    def stopped(slug):
        if ask(slug)[0] == 2:
            raise SystemExit
        return (1,)

    heads._ask = stopped

    def look():
        with suppress(SystemExit):
            answers.append(heads.look("water"))

    threads = [threading.Thread(target=look) for _ in range(3)]
    threads[0].start()
    assert heads.began.acquire(timeout=5)
    for thread in threads[1:]:
        thread.start()
    threads[2].join(0.1)  # time to board
    heads.go_on.release(3)
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert heads._next == {}


@pytest.fixture
def made(monkeypatch):
    """How many connections were made."""
    counted, connect = [], Lines._connect
    monkeypatch.setattr(Lines, "_connect", lambda self: counted.append(1) or connect(self))
    return counted


def test_a_head_that_is_looked_up_is_that_of_the_discussion_once_it_is_read(house, database, made):
    """Else what is kept under the one is never found under the other."""
    discussion = house.discussion()
    with writing():
        site = Site.fresh()
        site.version = 3
        db.session.add(site)
    heads = Heads(Lines(database))
    for which in (discussion.slug, discussion.id):
        assert heads.look(which) == Head.of(discussion)
    assert heads.look("nothing-here") is None
    assert len(made) == 1, "one connection serves who come one after the other"


def test_readers_of_one_crowd_share_a_look_that_is_not_behind_any_of_them(house, database, statements, monkeypatch):
    discussion, heads, moment = house.discussion(), Heads(Lines(database)), [100.0]
    monkeypatch.setattr("forum.live.heads.time.monotonic", lambda: moment[0])
    head = Head.of(discussion)
    first = discussion.id, head.epoch, head.last_seq
    with statements() as made:
        assert [heads.look_lately(*first) for _ in range(3)] == [head] * 3
    assert len(made) == 1
    house.comment(discussion)
    moment[0] += LATELY_SECONDS
    assert heads.look_lately(*first) == head, "old, and what has been sent since is asked of the tail"
    assert heads.look_lately(discussion.id, head.epoch, head.last_seq + 1).last_seq == head.last_seq + 1
    assert heads.look_lately(*first).last_seq == head.last_seq + 1
    with statements() as made:
        heads.look_lately(discussion.id, "another history", 0)
        moment[0] += LATELY_SECONDS * 1.01
        heads.look_lately(*first)
        assert heads.look_lately("nothing-here", "", 0) is None
    assert len(made) == 3


@pytest.mark.postgresql
def test_a_line_that_was_cut_while_it_lay_idle_is_made_anew_unseen(house, database, made):
    discussion, heads = house.discussion(), Heads(Lines(database))
    assert heads.look(discussion.id) is not None
    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE query LIKE 'SELECT id, epoch, last_seq, phase%' AND datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    assert db.session.scalar(text(cut)) >= 1  # the lines of other tests in this process lie idle there too
    assert heads.look(discussion.id) == Head.of(discussion)
    assert len(made) == 2


@pytest.mark.parametrize("seconds, tries", [(0.1, 2), (5, 1)])
def test_a_server_that_keeps_silent_is_not_waited_for_twice(monkeypatch, seconds, tries):
    moment, tried = [100.0], []

    def wait(_heads):
        tried.append(1)
        moment[0] += seconds
        raise ConnectionError

    monkeypatch.setattr(module.time, "monotonic", lambda: moment[0])
    monkeypatch.setattr(Lines, "_connect", wait)
    assert Heads(_NOWHERE).look("water") is None
    assert len(tried) == tries
