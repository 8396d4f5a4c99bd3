"""Take the pictures of docs/hosting.md again: `.venv/bin/python -m docs.pictures.take` from the project's folder.

Runs a forum of its own on a free port with a discussion made up for the purpose, and photographs it in Chromium.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.request
from io import BytesIO
from pathlib import Path

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from forum import create_app, migrating, server
from forum.actions import moderation, questions
from forum.config import Settings
from forum.models import Discussion
from tests.conftest import free_port
from tests.house import House

HERE = Path(__file__).parent
ANSWERS = (
    ("Ines Duarte", "Start with the meters: half of what we pump is never billed, so nobody knows where it goes."),
    ("Tomas Lindgren", "Agree with Ines. In our town one public number a year changed who came to the meeting."),
    ("Wanjiru Maina", "The *people at the end of the pipe*. Ask them first, not last."),
    ("Grace Nabirye", "Late to this, but yes: let each district set its own target."),
    ("Dealmaker", "Great panel!! For pumps at half the price see my page."),
)


def main() -> None:
    """Take every picture."""
    folder = Path(tempfile.mkdtemp())
    settings = Settings(data_dir=folder, bind=f"127.0.0.1:{free_port()}", secret_key=secrets.token_hex(), limits=False)
    app = create_app(settings)
    migrating.upgrade(app)
    with app.app_context():
        house = House(app)
        discussion = event(house)
        process = subprocess.Popen(server.command(settings), env={**os.environ, **server.as_environment(settings)})  # noqa: S603
        try:
            wait_for(f"http://{settings.bind}/")
            with sync_playwright() as playwright:
                path = os.environ.get("CHROMIUM") or shutil.which("chromium")
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                take(app, house, browser, f"http://{settings.bind}", discussion)
                browser.close()
        finally:
            process.terminate()
            process.wait(15)
    shutil.rmtree(folder)


def event(house: House) -> Discussion:
    """Return an hour that is under way: one question asked, three to come, five comments, one of them hidden."""
    people = {name: house.user(name) for name, _ in ANSWERS}
    host = house.user("Marta Okello")
    discussion = house.discussion(title="How should cities share water?", slug="water", host=host)
    for name in list(people)[:3]:
        house.seat(discussion, people[name], "panelist", affiliation="Water for Towns")
    for words, offset in (("What is missing?", 20), ("Who should decide, and who should pay?", 35), ("What next?", 50)):
        house.question(discussion, words, offset)
    first = house.question(discussion, "What should a city do first?", 0)
    house.do(questions.ask, host, first)
    for name, words in ANSWERS:
        comment = house.comment(discussion, people[name], words, question=1)
    house.do(moderation.hide, host, comment, "Advertising")
    house.do(moderation.mute, host, discussion, people["Dealmaker"], "Advertising, twice")
    return discussion


def take(app: Flask, house: House, browser: Browser, address: str, discussion: Discussion) -> None:
    """Photograph the console, on a desk and on a phone, and the form, as the host sees them."""
    shots = (("console", "console", 1280, 860), ("console-phone", "console", 390, 844), ("edit", "edit", 900, 860))
    for name, path, width, height in shots:
        context = browser.new_context(viewport={"width": width, "height": height})
        client = app.test_client()
        house.sign_in(client, house.host_of(discussion))
        cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/d/{discussion.slug}/{path}")
        page.wait_for_timeout(2500)
        # 64 colours are plenty for a page of text and make the file a fifth as large.
        with Image.open(BytesIO(page.screenshot())) as picture:
            picture.convert("RGB").quantize(64).save(HERE / f"{name}.png", optimize=True)
        context.close()


def wait_for(url: str) -> None:
    """Return when the forum answers. Raises TimeoutError after 30 seconds."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=2)  # noqa: S310
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


if __name__ == "__main__":
    main()
