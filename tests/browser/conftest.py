"""A running forum and a Chromium for the tests in this folder."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from forum import server
from forum.config import Settings
from tests.browser.scene import Scene
from tests.conftest import free_port, missing
from tests.house import House


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
def address(database: Settings) -> Iterator[str]:
    """The address of a forum that serves the test's database."""
    bind = f"127.0.0.1:{free_port()}"
    settings = database.model_copy(update={"bind": bind})
    environment = {**os.environ, **server.as_environment(settings)}
    process = subprocess.Popen(server.command(settings), env=environment)
    try:
        _wait_for(f"http://{bind}/", process)
        yield f"http://{bind}"
    finally:
        process.terminate()
        process.wait(15)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended while it started"
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not start within 30 seconds")


@pytest.fixture
def scene(app: Flask, house: House, chromium: Browser, address: str) -> Iterator[Scene]:
    """Browsers on the running forum; a page that broke the content security policy or threw fails the test."""
    scene = Scene(app, house, chromium, address)
    yield scene
    scene.close()
    assert scene.trouble == []
