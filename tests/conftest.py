"""What every test stands on: both databases, a clock that stands still, and makers that speak the field's language."""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from gevent import get_hub
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from forum import clock as forum_clock
from forum import create_app, migrating
from forum.config import Settings
from forum.database import db, writing
from forum.live import broadcast, fresh, presence, tail
from forum.live.lines import Lines
from tests.house import House
from tests.machine import chromium_path, free_port, missing
from tests.postgresql import cluster, postgresql_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.server import Running

# Where tests have always found these.
__all__ = ["free_port", "missing", "postgresql_folder"]

MOMENT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what would be run twice for nothing.

    A test marked `one_database` is about what no database can change (a script, a layout), and runs on SQLite only;
    one marked `postgresql` is about its server.
    """
    items[:] = [item for item in items if not _is_doubled(item)]


def _is_doubled(item: pytest.Item) -> bool:
    kind = getattr(item, "callspec", None) and item.callspec.params.get("database")  # type: ignore[attr-defined]
    unwanted = {"postgresql": "one_database", "sqlite": "postgresql"}.get(kind or "")
    return unwanted is not None and item.get_closest_marker(unwanted) is not None


@pytest.fixture(autouse=True)
def _loop_knows_the_time() -> None:
    """gevent counts from when its loop last ran: after seconds without it, a wait of five seconds is over at once."""
    get_hub().loop.update_now()


@pytest.fixture(scope="session")
def _kept() -> Iterator[ExitStack]:
    """What runs until the end; what came last ends first, so that no server of ours outlives its PostgreSQL."""
    with ExitStack() as kept:
        yield kept


@pytest.fixture(scope="session")
def postgresql(_kept: ExitStack) -> str:
    """A private PostgreSQL server on a free port; its address without a database's name."""
    return _kept.enter_context(cluster()).address


_databases = itertools.count(1)


def new_database(server: str, options: str = "") -> str:
    """Make an empty database on the test server, with more `options` in SQL, and return its address."""
    import psycopg

    name = f"test_{os.getpid()}_{next(_databases)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {options}")  # type: ignore[call-overload]
    return f"{server}/{name}"


def _new_settings(request: pytest.FixtureRequest, kind: str) -> Settings:
    folder = request.getfixturevalue("tmp_path_factory").mktemp("data")
    url = "" if kind == "sqlite" else new_database(request.getfixturevalue("postgresql"))
    settings = Settings(data_dir=folder, database_url=url, secret_key="a secret for tests", limits=False)
    migrating.upgrade(create_app(settings))
    return settings


@pytest.fixture(scope="session")
def _each_once(request: pytest.FixtureRequest, _kept: ExitStack) -> "Each":
    """What is made once for each kind of database and kept, however often a run goes from one kind to the other."""
    return Each(request, _kept)


class Each:
    """A database of each kind, and a server of each kind, made when they are first asked for."""

    def __init__(self, request: pytest.FixtureRequest, kept: ExitStack) -> None:
        self._request, self._kept = request, kept
        self._settings: dict[str, Settings] = {}
        self._servers: dict[str, Running] = {}

    def settings(self, kind: str) -> Settings:
        """Return those of a database with every table and no rows."""
        if kind not in self._settings:
            self._settings[kind] = _new_settings(self._request, kind)
        return self._settings[kind]

    def server(self, kind: str) -> "Running":
        """Return one that serves a database of its own."""
        from tests.server import running

        if kind not in self._servers:
            settings = _new_settings(self._request, kind)
            # On SQLite nothing wakes the server for what a test writes past it; tests/faults keep the product's second.
            served = running(settings.model_copy(update={"poll_seconds": 0.1}))
            self._servers[kind] = self._kept.enter_context(served)
        return self._servers[kind]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, _each_once: Each) -> Settings:
    """Settings for a database with every table and no rows, one of each kind for the whole run."""
    return _each_once.settings(request.param)


@pytest.fixture(scope="session")
def served(database: Settings, _each_once: Each) -> "Running":
    """A database served by gunicorn, one of each kind for the whole run.

    It is not `database`: the server's clock goes on, and would close what a test makes under a stopped clock.
    """
    return _each_once.server("sqlite" if database.is_sqlite else "postgresql")


@pytest.fixture
def app(request: pytest.FixtureRequest, database: Settings) -> Iterator[Flask]:
    """The app on an empty database, inside an application context; on the server's, if the test asks for one."""
    settings = request.getfixturevalue("served").settings if "served" in request.fixturenames else database
    app = _app_of(settings)
    config = dict(app.config)
    nobody_reads()
    with app.app_context():
        _empty()
        yield app
        db.session.remove()
        _keep_one_line()
    app.config.clear()
    app.config.update(config)


_apps: dict[str, Flask] = {}


def _app_of(settings: Settings) -> Flask:
    """One app for each database: making it and compiling its templates again took half of most tests' time."""
    if settings.database in _apps:
        return _apps[settings.database]
    app = _apps[settings.database] = create_app(settings)
    app.testing = True
    app.before_request_funcs.setdefault(None, []).insert(0, forget_person)
    return app


def nobody_reads() -> None:
    """What a process knows of its readers is none of the next test's business."""
    for known in (
        broadcast._readers,
        broadcast._members,
        broadcast._rooms,
        tail._sent,
        fresh._pieces,
        presence._writing,
    ):
        known.clear()


def forget_person() -> None:
    """Requests inside a test's context share its `g`, which holds the person and the token of the request before."""
    for name in list(g):
        g.pop(name)


def _keep_one_line() -> None:
    """Leave the next test the line that every test needs: a new one cost PostgreSQL more than most tests ask of it.

    A test that had more has played with them. Theirs go, and so does what a greenlet still holds.
    """
    pool = db.engine.pool
    if not isinstance(pool, QueuePool) or (pool.checkedin(), pool.checkedout()) != (1, 0):
        db.engine.dispose()


def _empty() -> None:
    """Delete every row, and go on if the test before has left a line that was cut or a file that is another now."""
    try:
        _delete_all()
    except OperationalError:
        db.engine.dispose()
        _delete_all()


def _delete_all() -> None:
    # From the beginning as who writes: SQLite lets nobody who has read in the meantime become one.
    with writing():
        line = db.session.connection()
        full = line.exec_driver_sql(_WHICH_ARE_FULL).scalars().all()
        if line.dialect.name == "postgresql":
            _empty_postgresql(line, full)
        else:
            _empty_sqlite(line, full)


# Most tests leave rows in a few tables only.
_WHICH_ARE_FULL = " UNION ALL ".join(
    f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM \"{table.name}\")" for table in db.metadata.sorted_tables[::-1]
)


def _empty_sqlite(line: Connection, full: Sequence[str]) -> None:
    """The record refuses DELETE; a test's own database is emptied around its trigger, if there is something in it."""
    trigger = line.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'record_no_delete'").scalar_one()
    around = [f'DELETE FROM "{name}"' for name in full]
    if "moderation_action" in full:
        around = ["DROP TRIGGER record_no_delete", *around, trigger]
    for statement in around:
        line.exec_driver_sql(statement)


def _empty_postgresql(line: Connection, full: Sequence[str]) -> None:
    """Delete every row, around triggers and foreign keys, and count from 1 again.

    TRUNCATE takes 200 ms for these tables, this 3; and it waits for every reader, with whom it may stand in a deadlock.
    """
    emptied = "".join(f'DELETE FROM "{name}"; ' for name in full)
    line.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {emptied}{_COUNT_FROM_ONE}")


# A sequence counts on for rows that were rolled back, too.
_COUNT_FROM_ONE = """SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL"""


@pytest.fixture
def clock() -> Iterator[object]:
    """The forum's clock, standing at 14:00 UTC on 23 November 2026; `clock.advance(timedelta)` moves it."""
    with forum_clock.stopped_at(MOMENT):
        yield forum_clock


@pytest.fixture
def house(app: Flask) -> House:
    """Makers of people, discussions, questions and comments."""
    return House(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without script and without an account."""
    return app.test_client()


@pytest.fixture
def statements(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with statements() as made:` gathers in `made` what the app says to its database meanwhile."""
    ask = Lines.ask

    @contextmanager
    def gather() -> Iterator[list[str]]:
        made: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            made.append(statement)

        def note_and_ask(lines: Lines, question: str, said: object) -> list[Any]:
            made.append(question)
            return ask(lines, question, said)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            with monkeypatch.context() as listening:
                listening.setattr(Lines, "ask", note_and_ask)
                yield made
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return gather


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The system's Chromium, one for the whole run."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()
