"""Making the sample discussions: one that is live right now, one that is over, one that is to come."""

import json
from datetime import timedelta
from importlib.resources import files
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select

from forum import clock, pictures
from forum.actions import accounts, imports, passwords, phases, proposals, shortlisting
from forum.archive import discussion_file
from forum.config import Settings
from forum.database import db, writing
from forum.demo import lines
from forum.models import Discussion, Phase, Proposal, ProposalState, SeatRole, SiteRole, User

SLUG = "sharing-water"
PASSWORD = "roundtext-demo"  # noqa: S105 (printed for everybody who runs the demo)
_ACCOUNTS = (
    ("organiser@example.org", "Olga Nowak", SiteRole.ORGANISER),
    ("host@example.org", "Ines Carvalho", SiteRole.ORGANISER),
    ("panelist@example.org", "Mireille Sarr", SiteRole.MEMBER),
    ("member@example.org", "Mina Okafor", SiteRole.MEMBER),
)
# Minutes from now at which each sample begins, and how many minutes it lasts.
_TIMES = {"sample": (-25, 240), "past": (-9 * 24 * 60, 60), "coming": (3 * 24 * 60, 60)}
# With less than this left, whoever starts the demo again would find it over soon.
_TOO_SHORT = timedelta(minutes=30)


def prepare(app: Flask) -> None:
    """Make what is missing of the samples and their accounts, and see to it that the live one is live.

    Again it picks up where it was: nothing is made twice, and an end that has come is moved on by its host.
    """
    with app.app_context():
        hashed = {email: passwords.hashed(PASSWORD) for email, _, _ in _ACCOUNTS if User.with_email(email) is None}
        with writing():
            for email, name, role in _ACCOUNTS:
                if email in hashed:
                    accounts.put(email, name, hashed[email], role)
            owner = User.with_email("organiser@example.org")
            for name in _TIMES:
                _make(name, owner)
        with writing():
            _keep_live(Discussion.with_slug(SLUG))
            _let_the_audience_ask(Discussion.with_slug(SLUG))


def is_open_to_all() -> bool:
    """Whether somebody can sign in here with a demo account and the password that everybody knows."""
    people = [User.with_email(email) for email, _, _ in _ACCOUNTS]
    return any(one.password_hash and passwords.fits(one.password_hash, PASSWORD) for one in people if one is not None)


def summary(settings: Settings) -> str:
    """Return where the sample is and who can sign in, for the terminal."""
    who = "\n".join(f"    {email:<24}{PASSWORD}" for email, _, _ in _ACCOUNTS)
    return (
        f"\n  A discussion that is live right now:  {settings.public_url}/d/{SLUG}\n"
        f"  The host's console:                   {settings.public_url}/d/{SLUG}/console\n\n"
        f"  Accounts (email, password):\n{who}\n\n  Ctrl-C ends it; `make run` picks up where it was.\n"
    )


def _make(name: str, owner: User | None) -> None:
    values: dict[str, Any] = json.loads(files("forum.demo").joinpath(f"{name}.json").read_text("utf-8"))
    if Discussion.with_slug(values["slug"]) is not None:
        return
    begins, lasts = _TIMES[name]
    start = (clock.now() + timedelta(minutes=begins)).replace(second=0, microsecond=0)
    values["starts_at"] = start.isoformat()
    values["ends_at"] = (start + timedelta(minutes=lasts)).isoformat()
    if name == "sample":
        settings: Settings = current_app.config["SETTINGS"]
        with files("forum.demo").joinpath("hero.webp").open("rb") as picture:
            stored = pictures.store(picture, settings)
        values["hero"] = {"picture": stored, "credit": "Drawn by Roundtext", "alt": "A river that winds past a town."}
    for place, comment in enumerate(values.get("comments", [])):
        # The file gives minutes; some seconds more keep the order and look like people.
        comment["at"] = (start + timedelta(minutes=comment["at"] * 0.95, seconds=place % 47)).isoformat()
    imports.store(discussion_file.read(json.dumps(values).encode()), owner)


def _keep_live(discussion: Discussion | None) -> None:
    if discussion is None:
        return
    closed = discussion.phase_at(clock.now()) is Phase.CLOSED
    if not closed and discussion.ends_at - clock.now() > _TOO_SHORT:
        return
    # It is everybody's to try, and so is taking the seat of its host.
    if (runner := runner_of(discussion)) is not None:
        phases.extend(runner, discussion, 240)
        db.session.flush()


def _let_the_audience_ask(discussion: Discussion | None) -> None:
    """Let some of those who read along have asked what the panel should be asked, and others want it too."""
    if discussion is None or db.session.scalar(select(Proposal.id).where(Proposal.discussion_id == discussion.id)):
        return
    readers = [reader(name) for name in lines.PEOPLE]
    # Whoever has tried the demo before may have closed the list, or somebody's mouth.
    runner = runner_of(discussion)
    if runner is None or not all(proposals.may_make(one, discussion) for one in readers):
        return
    for place, words in enumerate(lines.QUESTIONS):
        wish = proposals.make(readers[place], discussion, words)
        shortlisting.put(runner, discussion, wish.id, ProposalState.APPROVED, ProposalState.NEW.value)
        for voter in readers[place + 1 :: place + 2]:
            proposals.vote(voter, discussion, wish.id, wants=True)


def runner_of(discussion: Discussion) -> User | None:
    """Return who runs the sample: its host, its owner where the seat of the host was taken, None without both."""
    host = next((seat.user for seat in discussion.seats if seat.role is SeatRole.HOST), None)
    return host or db.session.get(User, discussion.owner_id or 0)


def reader(name: str) -> User:
    """Return the account of somebody who reads along, made when it is missing."""
    email = f"{name.split()[0].lower()}@cast.example.org"
    user = User.with_email(email)
    if user is None:
        user = User(email=email, name=name, created_at=clock.now(), confirmed_at=clock.now())
        db.session.add(user)
        db.session.flush()
    return user
