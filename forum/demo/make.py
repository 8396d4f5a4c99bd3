"""Makes the sample discussions: one that is live right now, one that is past, one to come."""

import json
from datetime import timedelta
from importlib.resources import files
from typing import Any

from flask import Flask

from forum import clock, pictures
from forum.actions import accounts, discussions, imports, passwords
from forum.archive import discussion_file
from forum.config import Settings
from forum.database import db, writing
from forum.models import Discussion, Phase, SeatRole, SiteRole, User

SLUG = "sharing-water"
PASSWORD = "roundtext-demo"  # noqa: S105 - told to everybody who starts the demo
EXTENSION_MINUTES = 240
_ENDS_SOON = timedelta(minutes=30)
_ACCOUNTS = (
    ("organiser@example.org", "Olga Santos", SiteRole.ORGANISER),
    ("host@example.org", "Marta Figueiredo", SiteRole.MEMBER),
    ("panelist@example.org", "Kwame Boateng", SiteRole.MEMBER),
    ("member@example.org", "Robin Keller", SiteRole.MEMBER),
)


def prepare(app: Flask) -> None:
    """Make the accounts and discussions that are missing, and give the live one time when it is nearly over."""
    with app.app_context():
        # argon2 takes its time, so it comes before the transaction; those who have a password keep it.
        missing = [account for account in _ACCOUNTS if not _has_password(account[0])]
        hashes = [passwords.hashed(PASSWORD) for _ in missing]
        with writing():
            for (email, name, role), password_hash in zip(missing, hashes, strict=True):
                accounts.put(email, name, password_hash, role)
        for name in ("past", "coming", "sample"):
            _import(name, app.config["SETTINGS"])
        with writing():
            _give_time()


def summary(settings: Settings) -> str:
    """Return what the person who started the demo reads: where it is, and who they can be."""
    lines = ["", "A discussion is live now:", f"  {settings.public_url.rstrip('/')}/d/{SLUG}", "", "Sign in as"]
    lines += [f"  {email.partition('@')[0]:<10} {email}" for email, _name, _role in _ACCOUNTS]
    return "\n".join([*lines, f"with the password {PASSWORD}", ""])


def template(name: str) -> dict[str, Any]:
    """Return a sample as it stands in its file: times are minutes, the start from now and the rest from the start."""
    values: dict[str, Any] = json.loads(files("forum.demo").joinpath(f"{name}.json").read_text("utf-8"))
    return values


def _has_password(email: str) -> bool:
    user = User.with_email(email)
    return user is not None and user.password_hash is not None


def _import(name: str, settings: Settings) -> None:
    values = template(name)
    if Discussion.with_slug(values["slug"]) is not None:
        return
    start = clock.now() + timedelta(minutes=values["starts_at"])
    values["starts_at"] = start.isoformat()
    values["ends_at"] = (start + timedelta(minutes=values["ends_at"])).isoformat()
    for comment in values["comments"]:
        comment["at"] = (start + timedelta(minutes=comment["at"])).isoformat()
    if "hero" in values:
        with files("forum.demo").joinpath("hero.webp").open("rb") as picture:
            values["hero"]["picture"] = pictures.store(picture, settings)
    read = discussion_file.read(json.dumps(values).encode())
    with writing():
        imports.store(read, User.with_email("organiser@example.org"))


def _give_time() -> None:
    discussion = Discussion.with_slug(SLUG)
    if discussion is None or discussion.phase is Phase.DRAFT or discussion.ends_at - clock.now() > _ENDS_SOON:
        return
    host = next((seat.user for seat in discussion.seats if seat.role is SeatRole.HOST), None)
    if host is not None:
        discussions.extend(host, discussion, EXTENSION_MINUTES)
        db.session.flush()
