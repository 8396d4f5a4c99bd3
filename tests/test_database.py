"""The edge of a transaction, and what a cut line is taken for, on a real PostgreSQL."""

import threading
import time
import traceback
from datetime import datetime

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from forum import clock, create_app, migrating
from forum.config import Settings
from forum.database import db, passes, writing
from forum.models import Discussion, SiteRole, User
from forum.postgresql import Line
from tests.conftest import new_database


def _status() -> TransactionStatus:
    return db.session.connection().connection.dbapi_connection.info.transaction_status


@pytest.mark.postgresql
def test_what_only_reads_holds_no_transaction_and_what_writes_is_whole(app, house):
    """A reader that waits for its network must not keep PostgreSQL from tidying up, nor see half of what is written."""
    discussion = house.discussion()
    db.session.rollback()
    assert Discussion.with_slug(discussion.slug) is not None
    assert _status() is TransactionStatus.IDLE
    with pytest.raises(ZeroDivisionError):
        _write_half()
    db.session.rollback()
    assert db.session.scalar(select(Discussion.title)) != "Half written"


def _write_half() -> None:
    with writing():
        db.session.execute(update(Discussion).values(title="Half written"))
        assert _status() is TransactionStatus.INTRANS
        raise ZeroDivisionError


@pytest.mark.postgresql
def test_a_migration_that_fails_leaves_nothing_behind(postgresql, tmp_path):
    """PostgreSQL takes back what was created, if it was created in a transaction."""
    settings = Settings(data_dir=tmp_path, database_url=new_database(postgresql), secret_key="a secret for half")
    app = create_app(settings)
    with app.app_context():
        with writing():
            db.session.execute(text("CREATE TABLE seat (id integer)"))  # in the way of the first migration
        with pytest.raises(ProgrammingError):
            migrating.upgrade(app)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert set(db.session.scalars(text(tables))) == {"seat"}
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("name", ["AdminShutdown", "CannotConnectNow", "TooManyConnections", "LockNotAvailable"])
def test_a_line_that_the_server_cut_passes_whichever_way_it_says_so(name):
    """Whoever listens has psycopg's own error in hand; a plain restart was told as a fault, with a traceback."""
    assert passes(getattr(psycopg.errors, name)("the server said so"))
    assert passes(PoolTimeout("every connection is in use"))
    assert not passes(psycopg.errors.UniqueViolation("ours"))


def test_a_line_that_is_cut_before_it_is_ready_is_hung_up(postgresql, monkeypatch):
    opened = []

    def cut(line):
        opened.append(line)
        raise psycopg.errors.AdminShutdown

    monkeypatch.setattr("forum.postgresql._is_serving", True)
    monkeypatch.setattr(Line, "_limit", cut)
    with pytest.raises(psycopg.errors.AdminShutdown):
        Line.connect(f"{postgresql}/postgres")
    assert opened[0].closed


@pytest.mark.parametrize("is_serving", [True, False])
def test_a_server_that_waits_for_news_sleeps_until_there_is_some(postgresql, monkeypatch, is_serving):
    """With psycopg's own look at the clock ten times a second a quiet process spent a third of its time on that."""
    monkeypatch.setattr("forum.postgresql._is_serving", is_serving)
    intervals = []
    waits = psycopg.waiting.wait

    def wait(gen, fileno, interval=0.0, timeout=None):
        intervals.append(interval)
        return waits(gen, fileno, interval=interval, timeout=timeout)

    with Line.connect(f"{postgresql}/postgres", autocommit=True) as line:
        line.execute("LISTEN anything")
        monkeypatch.setattr("psycopg.waiting.wait", wait)
        assert list(line.notifies(timeout=0.01)) == []
        line.execute("SELECT 1")
    assert intervals
    assert {interval >= 1 for interval in intervals} == {is_serving}


def test_a_moment_without_a_zone_is_not_stored(house):
    """It would be off by as many hours as the server is from Greenwich."""
    discussion = house.discussion()
    with pytest.raises(StatementError, match="needs a time zone"), writing():
        db.session.execute(update(Discussion).values(starts_at=datetime(2026, 11, 23, 14, 0)))
    db.session.refresh(discussion)


@pytest.mark.one_database
def test_who_writes_waits_for_whoever_writes_already_longer_than_sqlite_would(app, house):
    """Its own patience is two seconds; then it says that the database is locked."""
    discussion, failed, came = house.discussion(), threading.Event(), threading.Event()

    def write():
        with app.app_context():
            came.set()
            try:
                with writing():
                    db.session.execute(update(Discussion).values(title="Second"))
            except OperationalError:
                failed.set()

    second = threading.Thread(target=write)
    with writing():
        db.session.execute(update(Discussion).values(title="First"))
        second.start()
        assert came.wait(5)
        assert not failed.wait(2.5)
    second.join(5)
    db.session.refresh(discussion)
    assert discussion.title == "Second"


@pytest.mark.postgresql
@pytest.mark.parametrize("cut", ["by the server", "here"])
def test_a_connection_that_was_cut_while_it_lay_in_the_pool_is_made_anew(app, database, monkeypatch, cut):
    """Of many that lie there when the server restarts, each would be a request that fails."""
    monkeypatch.setattr("forum.database._IDLE_SECONDS", 0.05 if cut == "by the server" else 60.0)
    line = db.session.connection().connection.dbapi_connection
    db.session.remove()
    if cut == "here":
        line.close()
    else:
        with psycopg.connect(database.postgresql_address) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (line.info.backend_pid,))
        time.sleep(0.1)
    assert db.session.scalar(text("SELECT 1")) == 1


def test_who_is_made_to_leave_while_they_write_leaves_nothing_open(house):
    discussion = house.discussion()
    with pytest.raises(SystemExit):
        _leave_half_written()
    assert not db.session().in_transaction()
    db.session.refresh(discussion)
    assert discussion.title != "Half written"


def _leave_half_written() -> None:
    with writing():
        db.session.execute(update(Discussion).values(title="Half written"))
        raise SystemExit


@pytest.mark.parametrize("name", ["Another", None])
def test_what_a_refused_row_holds_is_in_no_traceback(house, name):
    email = house.user().email
    row = {"email": email, "name": name, "role": SiteRole.MEMBER, "created_at": clock.now()}
    with pytest.raises(IntegrityError) as raised, writing():
        db.session.execute(insert(User).values(row))
    said = "".join(traceback.format_exception(raised.value))
    assert "constraint" in said
    assert email not in said
