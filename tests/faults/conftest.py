"""Servers to kill, freeze and cut off, each test with its own: what breaks here must not break elsewhere."""

import os
from collections.abc import Callable, Iterator

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


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path) -> Iterator[Callable[..., Site]]:
    """Make a site on "sqlite" or "postgresql", there on another `server` than that of all tests; one for each test."""
    contexts = []

    def made(kind: str, server: str = "") -> Site:
        url = "" if kind == "sqlite" else new_database(server or request.getfixturevalue("postgresql"))
        settings = Settings(data_dir=tmp_path, database_url=url, secret_key="a secret for faults", limits=False)
        app = create_app(settings)
        migrating.upgrade(app)
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
