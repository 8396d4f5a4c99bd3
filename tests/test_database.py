"""The edge of a transaction, and what a cut line is taken for, on a real PostgreSQL."""

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from forum import create_app, migrating
from forum.config import Settings
from forum.database import db, passes, writing
from forum.models import Discussion
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
