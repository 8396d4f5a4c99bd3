"""A running forum for the tests in this folder."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from forum.database import db
from forum.models import Comment, Discussion, User
from tests.browser.scene import Scene
from tests.house import House
from tests.server import Running


@pytest.fixture(scope="session")
def address(served: Running) -> str:
    """The address of a forum that serves the test's database."""
    return served.address


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    """A live discussion with one question, for tests that need no other."""
    return scene.house.discussion(ask=1, slug=f"say-{id(scene)}")


@pytest.fixture
def member(scene: Scene) -> User:
    """Somebody who writes."""
    return scene.house.user("Samuel Bekele")


@pytest.fixture
def written(discussion: Discussion) -> list[Comment]:
    """The comments of the test's own `discussion`, oldest first."""
    return list(db.session.query(Comment).where(Comment.discussion_id == discussion.id).order_by(Comment.id))


@pytest.fixture
def scene(app: Flask, house: House, chromium: Browser, address: str) -> Iterator[Scene]:
    """Browsers on the running forum; a page that broke the content security policy or threw fails the test."""
    scene = Scene(app, house, chromium, address)
    yield scene
    scene.close()
    assert scene.trouble == []
