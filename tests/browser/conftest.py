"""A running forum and a Chromium for the tests in this folder."""

import os
import shutil
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from tests.browser.scene import Scene
from tests.conftest import missing
from tests.house import House
from tests.server import Running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not os.path.exists(path):
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(served: Running) -> str:
    """The address of a forum that serves the test's database."""
    return served.address


@pytest.fixture
def scene(app: Flask, house: House, chromium: Browser, address: str) -> Iterator[Scene]:
    """Browsers on the running forum; a page that broke the content security policy or threw fails the test."""
    scene = Scene(app, house, chromium, address)
    yield scene
    scene.close()
    assert scene.trouble == []
