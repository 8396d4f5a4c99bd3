"""Servers to kill, freeze and cut off, each test with its own: what breaks here must not break elsewhere."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from forum import create_app, migrating
from forum.config import Settings
from forum.database import db
from tests.conftest import forget_person, new_database
from tests.house import House

# `make soak` goes on for as long as the promises say; the suite only long enough to see them broken.
SOAK = os.environ.get("ROUNDTEXT_SOAK", "") not in {"", "0"}


def often(few: int, many: int) -> int:
    """How often a test repeats its fault: `few` times in the suite, `many` in `make soak`."""
    return many if SOAK else few


class Site:
    """A database of its own and makers for it."""

    def __init__(self, settings: Settings, app: Flask) -> None:
        self.settings, self.app, self.house = settings, app, House(app)


def _settings(folder: Path, url: str) -> Settings:
    return Settings(data_dir=folder, database_url=url, secret_key="a secret for faults", limits=False)


def _brought_up(settings: Settings) -> Settings:
    app = create_app(settings)
    migrating.upgrade(app)
    with app.app_context():
        # PostgreSQL copies nothing that somebody is connected to; SQLite writes its file to the end.
        db.engine.dispose()
    return settings


@pytest.fixture(scope="session")
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Settings]:
    """Return the database on "sqlite" or "postgresql" that those of tests are copies of: making one takes a second."""

    @cache
    def made(kind: str) -> Settings:
        url = "" if kind == "sqlite" else new_database(request.getfixturevalue("postgresql"))
        return _brought_up(_settings(tmp_path_factory.mktemp("empty"), url))

    return made


@pytest.fixture
def site(
    request: pytest.FixtureRequest, tmp_path: Path, empty: Callable[[str], Settings]
) -> Iterator[Callable[..., Site]]:
    """Make a site on "sqlite" or "postgresql", there on another `server` than that of all tests; one for each test."""
    contexts = []

    def new(kind: str, server: str) -> Settings:
        if server:
            return _brought_up(_settings(tmp_path, new_database(server)))
        original = empty(kind)
        if kind == "sqlite":
            settings = _settings(tmp_path, "")
            shutil.copy(original.sqlite_file, settings.sqlite_file)
            return settings
        template = original.database_url.rpartition("/")[2]
        return _settings(tmp_path, new_database(request.getfixturevalue("postgresql"), f"TEMPLATE {template}"))

    def made(kind: str, server: str = "") -> Site:
        settings = new(kind, server)
        app = create_app(settings)
        app.before_request_funcs.setdefault(None, []).insert(0, forget_person)
        context = app.app_context()
        context.push()
        contexts.append(context)
        return Site(settings, app)

    yield made
    for context in contexts:
        db.session.remove()
        db.engine.dispose()
        context.pop()
