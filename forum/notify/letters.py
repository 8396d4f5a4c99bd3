"""Mail as it is written: a row in the transaction of what it tells of. `mail.py` sends it after the commit.

No letter repeats what a stranger typed (a name, say): anybody can have a letter sent to anybody's address. What hosts
typed may stand in one that they send.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import current_app, render_template
from flask_babel import lazy_gettext as lazy
from sqlalchemy import event

from forum import clock, speaking
from forum.config import Settings
from forum.database import db
from forum.models import DeadAddress, Letter, Site, User
from forum.notify.sender import bell

KINDS = (
    "confirm",
    "known",
    "unknown",
    "reset",
    "changed",
    "invited",
    "seated",
    "muted",
    "removed",
    "suspended",
    "address",
    "moved",
    "welcome",
    "rsvp",
    "day",
    "today",
    "hour",
    "live",
    "moved_event",
    "cancelled",
    "notices",
    "digest",
    "returned",
    "received",
    "guest",
    "guest_moved",
    "guest_cancelled",
)
# Somebody waits for these before a form; the others behind them came by the thousand, often as an event opens.
WAITED_FOR = frozenset(
    {"confirm", "known", "unknown", "reset", "changed", "address", "moved", "welcome", "rsvp", "returned", "received"}
)
BY_THE_THOUSAND = frozenset(
    {"day", "today", "hour", "live", "moved_event", "cancelled", "digest", "guest", "guest_moved", "guest_cancelled"}
)
# What nobody asks for at the moment it is written: not sent to an address at which nobody reads (see DeadAddress).
NOT_TO_THE_DEAD = frozenset({"day", "today", "hour", "live", "notices", "digest"})
_LONGEST_PATH = 300  # Letter.unsubscribe
# Looked up as one is needed: all of them for each letter took a tenth of the time of letters that go by the thousand.
_SUBJECTS = {
    "notices": lazy("For you on %(site)s"),
    "digest": lazy("What was said: %(title)s"),
    "returned": lazy("Your answer by mail was not published on %(site)s"),
    "received": lazy("Your answer by mail has come to %(site)s"),
    "guest": lazy("Invitation: %(title)s"),
    "guest_moved": lazy("New time: %(title)s"),
    "guest_cancelled": lazy("It will not take place: %(title)s"),
    "rsvp": lazy("Do you want to come? %(title)s"),
    "day": lazy("Tomorrow: %(title)s"),
    "today": lazy("Today: %(title)s"),
    "hour": lazy("In an hour: %(title)s"),
    "live": lazy("We are live: %(title)s"),
    "moved_event": lazy("New time: %(title)s"),
    "cancelled": lazy("It will not take place: %(title)s"),
    "confirm": lazy("Confirm your address for %(site)s"),
    "known": lazy("You already have an account on %(site)s"),
    "unknown": lazy("No account on %(site)s"),
    "reset": lazy("Set a new password for %(site)s"),
    "address": lazy("Your new address for %(site)s"),
    "moved": lazy("The address of your account on %(site)s was changed"),
    "welcome": lazy("You are invited to %(site)s"),
    "invited": lazy("Your link to the panel on %(site)s"),
    "seated": lazy("Your part in “%(title)s”: choose a password"),
    "muted": lazy("You may not write in a discussion on %(site)s any more"),
    "removed": lazy("You were removed from a discussion on %(site)s"),
    "suspended": lazy("You may not write on %(site)s for now"),
    "changed": lazy("Your password on %(site)s was changed"),
}


def write(
    to: str,
    kind: str,
    path: str = "",
    then: str = "",
    facts: Mapping[str, object] | None = None,
    language: str = "",
) -> Letter:
    """Write the letter `kind` (one of KINDS) to the address `to`, inside `writing()`, and return it.

    `path` is the address inside the site that the letter is about; `then` is kept with it as `next`; `facts` are what
    the template of this kind asks for besides. It is written in the language of whom it goes to: that of their account,
    else `language` (what they have said otherwise), else that of the discussion or of the page that is being answered.
    An account whose address nobody has confirmed is perhaps a stranger's, and says nothing about its language.
    """
    discussion: Any = (facts or {}).get("discussion")
    # A guest's letter leaves as its host has seen it, and nobody sees by it who has an account.
    person = None if kind.startswith("guest") else User.with_email(to)
    wished = (
        person.language if person and person.confirmed_at else "",
        language,
        discussion.language if discussion else speaking.tag(),
    )
    subject, words = compose(kind, path, then, facts, speaking.of_letter(*wished))
    letter = Letter(to=to, subject=subject, body=words, written_at=clock.now(), kind=kind)
    if kind in NOT_TO_THE_DEAD and (dead := db.session.get(DeadAddress, to)) is not None:
        letter.refusal = f"Not sent: an earlier letter to this address came back on {dead.at:%d %B %Y}."
        letter.refused_at = clock.now()
    db.session.add(letter)
    db.session.info["letters"] = True
    return letter


def end_by(letter: Letter, path: str) -> None:
    """Let mail programs offer the end of such letters, by the path inside the site that stands in its words too.

    Of an address of some two hundred characters the path is too long to be kept: then it stands there alone.
    """
    letter.unsubscribe = path if len(path) <= _LONGEST_PATH else ""


def compose(
    kind: str,
    path: str = "",
    then: str = "",
    facts: Mapping[str, object] | None = None,
    language: str = speaking.SOURCE,
) -> tuple[str, str]:
    """Return subject and text of the letter that `write` would write in `language`, without writing it."""
    settings: Settings = current_app.config["SETTINGS"]
    link = settings.public_url + path + (f"?next={quote(then, safe='')}" if then not in {"", "/"} else "")
    site = Site.current().name or settings.site_name
    discussion: Any = (facts or {}).get("discussion")
    with speaking.speaking(language):
        words = render_template(f"accounts/mail/{kind}.txt", link=link, site=settings.public_url, **(facts or {}))
        return _subject(kind, site, discussion.title if discussion else ""), words.strip() + "\n"


def _subject(kind: str, site: str, title: str) -> str:
    return (str(_SUBJECTS[kind]) % {"site": site, "title": title})[:200]


@event.listens_for(db.session, "after_commit")
def _ring(session: Any) -> None:
    if session.info.pop("letters", False):
        bell.set()


@event.listens_for(db.session, "after_rollback")
def _forget(session: Any) -> None:
    session.info.pop("letters", None)
