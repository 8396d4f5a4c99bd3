"""Our own lines to the database: mended by themselves, and what is put together once still knows the time."""

import sqlite3
import threading
from datetime import timedelta
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import select

from forum import clock as forum_clock
from forum.config import Settings
from forum.database import db
from forum.live.lines import Glance, Lines
from forum.models import Discussion, Phase

_ONE = "SELECT 1"


@pytest.fixture
def lines(database):
    return Lines(database)


def test_a_line_that_was_cut_is_replaced_and_so_are_all_that_lay_idle(lines):
    lines.ask(_ONE, ())
    kept = lines._idle[0]
    second = lines._connect()
    lines._idle.append(second)
    for line in (kept, second):
        line.close()
    assert [tuple(row) for row in lines.ask(_ONE, ())] == [(1,)]
    assert len(lines._idle) == 1


def test_a_question_that_nobody_can_answer_is_raised(lines):
    with pytest.raises(Exception, match="nowhere"):
        lines.ask("SELECT 1 FROM nowhere", ())


def test_a_line_is_used_again(lines):
    lines.ask(_ONE, ())
    kept = lines._idle[0]
    lines.ask(_ONE, ())
    assert lines._idle == [kept]


@pytest.mark.postgresql
def test_a_crowd_opens_no_more_lines_than_the_documents_promise(lines, monkeypatch):
    opened, really, door = [], lines._connect, threading.Barrier(40)

    def connect():
        opened.append(really())
        return opened[-1]

    def ask():
        door.wait(10)
        lines.ask("SELECT pg_sleep(0.02)", ())

    monkeypatch.setattr(lines, "_connect", connect)
    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert 1 < len(opened) <= 16
    for line in opened:
        line.close()


@pytest.mark.postgresql
def test_a_question_that_fails_leaves_no_line_open(lines):
    for _ in range(20):
        with pytest.raises(psycopg.errors.UndefinedTable):
            lines.ask("SELECT 1 FROM nowhere", ())
    lines.ask(_ONE, ())
    assert len(lines._idle) == 1


def test_a_glance_asks_for_the_moment_each_time(house, clock, lines):
    discussion = house.discussion(phase=Phase.ANNOUNCED)
    begun = Glance(
        select(Discussion.id).where(
            Discussion.phase.in_([Phase.ANNOUNCED, Phase.LIVE]), Discussion.starts_at <= forum_clock.moment()
        )
    )
    now = forum_clock.now()
    clock.advance(discussion.starts_at - now - timedelta(seconds=1))
    assert begun.ask(lines, db.engine.dialect) == []
    clock.advance(timedelta(seconds=1))
    assert [row[0] for row in begun.ask(lines, db.engine.dialect)] == [discussion.id]


def test_moments_of_one_statement_are_each_their_own(house, clock, lines):
    discussion = house.discussion(phase=Phase.ANNOUNCED)  # from an hour to two hours from now
    in_minutes = [forum_clock.moment(timedelta(minutes=minutes)) for minutes in (0, 0, 90, 90)]
    now, again, then, later = in_minutes
    between = select(Discussion.id).where(
        Discussion.starts_at > now, Discussion.starts_at <= then, Discussion.ends_at > later, Discussion.ends_at > again
    )
    glance = Glance(between)
    found = []
    for _ in range(3):
        found.append([row[0] for row in glance.ask(lines, db.engine.dialect)])
        clock.advance(timedelta(minutes=25))
    assert found == [[discussion.id], [discussion.id], []], "in 50 minutes 90 more are after its end"


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["what?.sqlite", "50%25.sqlite", "a#b.sqlite", "ünï.sqlite"])
def test_any_file_name_is_found(tmp_path, name):
    where = tmp_path / name
    sqlite3.connect(where).execute("CREATE TABLE note (id INTEGER)").connection.close()
    read = Settings(secret_key="not empty, for the test")
    settings = read.model_copy(update={"database_url": f"sqlite:///{quote(str(where))}"})
    assert Lines(settings).ask("SELECT count(*) FROM note", ()) == [(0,)]
