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
from forum.actions import (
    backstage,
    deliveries,
    escalation,
    guest_mail,
    guests,
    moderation,
    phases,
    proposals,
    questions,
    sanctions,
    shortlisting,
    snippets,
    summaries,
)
from forum.addresses import Row
from forum.config import Settings
from forum.database import db
from forum.models import Discussion, Guest, Letter, ProposalState, RsvpKind, User
from tests.conftest import free_port
from tests.house import House

HERE = Path(__file__).parent
INTRO = (
    "Every city has a plan for its water, and few of them ask the people at the end of the pipe. We propose:\n\n"
    "- **One meter** for every street\n- **One price**, published\n- **One hour** a year in which everybody may ask"
)
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
        others(house, house.host_of(discussion))
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
    """Return an hour that is under way: one question asked, three to come, comments, and something that waits."""
    people = {name: house.user(name) for name, _ in ANSWERS}
    host = house.user("Marta Okello")
    discussion = house.discussion(title="How should cities share water?", slug="water", host=host, intro=INTRO)
    for name in list(people)[:3]:
        house.seat(discussion, people[name], "panelist", affiliation="Water for Towns")
    for words, offset in (("What is missing?", 20), ("Who should decide, and who should pay?", 35), ("What next?", 50)):
        house.question(discussion, words, offset)
    first = house.question(discussion, "What should a city do first?", 0)
    house.do(questions.ask, host, first)
    for name, words in ANSWERS:
        comment = house.comment(discussion, people[name], words, question=1)
    house.do(moderation.hide, host, comment, "Advertising")
    house.do(sanctions.mute, host, discussion, people["Dealmaker"], "Advertising, twice", 24)
    house.do(snippets.add_usual, host, discussion)
    _behind(house, discussion, people["Ines Duarte"])
    for name, words in (("Peter Ngugi", "Who reads the meters?"), ("Lena Brandt", "Should water have one price?")):
        wish = house.do(proposals.make, house.user(name), discussion, words)
        house.do(shortlisting.put, host, discussion, wish.id, ProposalState.APPROVED, "new")
    house.do(proposals.vote, people["Grace Nabirye"], discussion, wish.id, wants=True)
    house.do(escalation.set_level, host, discussion, "newcomers", 30)
    house.comment(discussion, house.user("Paul Newman"), "First time here: is rain counted?", question=1)
    return discussion


def _behind(house: House, discussion: Discussion, panelist: User) -> None:
    """What goes on behind the stage."""
    host = house.host_of(discussion)
    house.do(backstage.say, host, discussion, "Thank you all for coming early. Q2 in ten minutes.", "key-of-a-message")
    house.do(backstage.say, panelist, discussion, "I have figures for Q3, if we get there.", "key-of-another")
    house.do(backstage.ask_ready, host, discussion)
    house.do(backstage.answer_ready, panelist, discussion)


def others(house: House, host: User) -> None:
    """A discussion that is announced, and one that is over."""
    soon = house.discussion(
        phase="announced", title="Whose river is it?", slug="river", host=host, intro=INTRO, hosted_by="Water for Towns"
    )
    house.question(soon, "What do you see from your bank?", 0)
    house.question(soon, "Who speaks for the fish?", 20)
    _invited(house, soon)
    past = house.discussion(title="What does rain cost?", slug="rain", host=host, intro=INTRO)
    house.asked(past, "Who should pay for what falls from the sky?")
    for name, words in ANSWERS[:4]:
        house.comment(past, house.user(name), words, question=1)
    house.do(summaries.of_discussion, host, past, "Meters first, then prices. **Nobody** wanted one price for all.")
    house.do(phases.close, host, past)


def _invited(house: House, soon: Discussion) -> None:
    """Guests who have said something, one whose letter came back, and one who has not answered."""
    names = ("Amara Obi", "Jonas Weber", "Lucía Prieto", "Noor Haddad")
    rows = [Row(at, f"{name.split()[0].lower()}@example.org", name) for at, name in enumerate(names, start=1)]
    rows[2] = Row(3, "lucia@example.org", names[2])
    house.do(guests.invite, house.host_of(soon), soon, rows, "Come and bring your river.", "key-of-the-guests")
    invited = list(db.session.query(Guest).order_by(Guest.id))
    house.do(guest_mail.take, [guest.id for guest in invited])
    house.do(guest_mail.answer, guest_mail._token(invited[0]), RsvpKind.TAKE_PART, "Africa/Lagos")
    house.do(guest_mail.answer, guest_mail._token(invited[3]), RsvpKind.READ_ALONG, "Asia/Amman")
    letter = db.session.get_one(Letter, db.session.get_one(Guest, invited[1].id).letter_id)
    house.do(deliveries.refused, letter, "550 5.1.1 There is no such mailbox here")


SHOTS = (
    ("edit", "edit", 900, 860),
    ("announcement", "/d/river", 1000, 760),
    ("guests", "/d/river/guests", 900, 620),
    ("green-room", "backstage", 1100, 700),
    ("console", "console", 1280, 860),
    ("console-phone", "console", 390, 844),
    ("audience", "questions", 900, 620),
    ("after", "/d/rain", 1000, 760),
    ("record", "record", 900, 700),
)


def take(app: Flask, house: House, browser: Browser, address: str, discussion: Discussion) -> None:
    """Photograph what a host sees before, during and after."""
    for name, path, width, height in SHOTS:
        context = browser.new_context(viewport={"width": width, "height": height})
        client = app.test_client()
        house.sign_in(client, house.host_of(discussion))
        cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        page = context.new_page()
        page.goto(address + (path if path.startswith("/") else f"/d/{discussion.slug}/{path}"))
        page.wait_for_timeout(2500)
        # 64 colours are plenty for a page of text and make the file a fifth as large.
        with Image.open(BytesIO(page.screenshot())) as picture:
            picture.convert("RGB").quantize(64).save(HERE / f"{name}.png", optimize=True)
        context.close()


def wait_for(url: str) -> None:
    """Return when the forum answers. Raises TimeoutError after a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=2)  # noqa: S310
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


if __name__ == "__main__":
    main()
