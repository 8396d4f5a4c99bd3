"""How the invitations of a discussion stand: who waits, whose letter arrived or not, who comes. Reads only."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, select

from forum.archive.readings import cell, moment
from forum.database import db
from forum.models import Discussion, Guest, Invitation, Letter, Rsvp, RsvpKind, User


class Standing(StrEnum):
    """How far an invitation has come. What its guest has done counts more than what a mail server said."""

    WAITING = "waiting"
    SENT = "sent"
    DELAYED = "delayed"
    REFUSED = "refused"
    BOUNCED = "bounced"
    OPENED = "opened"
    READS_ALONG = "read_along"
    TAKES_PART = "take_part"
    UNSUBSCRIBED = "unsubscribed"


class Show(StrEnum):
    """Which part of a list is shown."""

    ALL = "all"
    PROBLEMS = "problems"
    COMING = "coming"
    SILENT = "silent"


PROBLEMS = frozenset({Standing.REFUSED, Standing.BOUNCED, Standing.DELAYED})
COMING = frozenset({Standing.READS_ALONG, Standing.TAKES_PART})
_PARTS: dict[Show, frozenset[Standing]] = {
    Show.ALL: frozenset(Standing),
    Show.PROBLEMS: PROBLEMS,
    Show.COMING: COMING,
    Show.SILENT: frozenset({Standing.WAITING, Standing.SENT, Standing.OPENED}),
}


@dataclass(frozen=True)
class Listed:
    """One guest as the hosts see them: since when it stands so, and what a mail server said."""

    guest: Guest
    standing: Standing
    at: datetime
    words: str = ""

    @property
    def is_problem(self) -> bool:
        """Whether a host should look at it."""
        return self.standing in PROBLEMS

    @property
    def can_have_another(self) -> bool:
        """Whether the invitation can be sent again."""
        return self.standing in {Standing.SENT, Standing.OPENED, *PROBLEMS} and not self.guest.is_waiting


def listed(discussion: Discussion) -> list[Listed]:
    """Return all guests of `discussion`, those with a problem first, then in the order of their names; one query."""
    rows = db.session.execute(
        select(Guest, Letter, Rsvp.kind, Rsvp.made_at)
        .outerjoin(Letter, Letter.id == Guest.letter_id)
        .outerjoin(
            Rsvp,
            and_(Rsvp.discussion_id == Guest.discussion_id, Rsvp.email == Guest.email, Rsvp.confirmed_at.is_not(None)),
        )
        .where(Guest.discussion_id == discussion.id)
    )
    found = [_listed(guest, letter, kind, made_at) for guest, letter, kind, made_at in rows]
    return sorted(found, key=lambda one: (not one.is_problem, (one.guest.name or one.guest.email).casefold()))


def _listed(guest: Guest, letter: Letter | None, kind: RsvpKind | None, said_at: datetime | None) -> Listed:
    if kind is not None and said_at is not None:
        return Listed(guest, Standing.TAKES_PART if kind is RsvpKind.TAKE_PART else Standing.READS_ALONG, said_at)
    if guest.unsubscribed_at is not None:
        return Listed(guest, Standing.UNSUBSCRIBED, guest.unsubscribed_at)
    if guest.is_waiting or letter is None:
        return Listed(guest, Standing.WAITING, guest.invited_at)
    if guest.opened_at is not None:
        return Listed(guest, Standing.OPENED, guest.opened_at)
    for standing, at in (
        (Standing.BOUNCED, letter.bounced_at), (Standing.REFUSED, letter.refused_at),
        (Standing.DELAYED, letter.delayed_at), (Standing.SENT, letter.sent_at),
    ):  # fmt: skip
        if at is not None:
            return Listed(guest, standing, at, letter.refusal if standing is not Standing.SENT else "")
    return Listed(guest, Standing.WAITING, letter.written_at, letter.refusal)


def shown(found: Iterable[Listed], part: Show) -> list[Listed]:
    """Return those of the list that belong to `part`."""
    return [one for one in found if one.standing in _PARTS[part]]


def counts(found: Iterable[Listed]) -> dict[Show, int]:
    """Return how many stand in each part of the list."""
    by_standing = Counter(one.standing for one in found)
    return {part: sum(by_standing[standing] for standing in standings) for part, standings in _PARTS.items()}


def as_csv(found: Iterable[Listed]) -> str:
    """Return the list as a table in which no cell is a formula to a spreadsheet; times in UTC."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["email", "name", "language", "time zone", "invited at", "state", "since", "mail server"])
    for one in found:
        guest = one.guest
        row = (
            guest.email, guest.name, guest.language, guest.time_zone, moment(guest.invited_at), one.standing.value,
            moment(one.at), one.words,
        )  # fmt: skip
        writer.writerow([cell(value) for value in row])
    return out.getvalue()


def lost_links(discussion: Discussion) -> dict[int, Letter]:
    """Return the letter with a panelist's newest link where it did not arrive, by the seat's id."""
    newest: dict[int, Letter | None] = {}
    for seat in discussion.seats:
        newest[seat.id] = None
    found = db.session.execute(
        select(Invitation.seat_id, Letter)
        .outerjoin(Letter, Letter.id == Invitation.letter_id)
        .where(Invitation.seat_id.in_(newest))
        .order_by(Invitation.id)
    )
    for seat_id, letter in found:
        newest[seat_id] = letter
    return {seat_id: letter for seat_id, letter in newest.items() if letter is not None and letter.has_failed}


def lost_welcomes(people: Iterable[User]) -> dict[int, Letter]:
    """Return the letter that should have brought somebody to the site, and did not arrive, by the person's id."""
    by_email = {person.email: person.id for person in people if person.confirmed_at is None}
    asked = select(Letter).where(Letter.to.in_(by_email), Letter.kind == "welcome").order_by(Letter.id)
    newest = {by_email[letter.to]: letter for letter in db.session.scalars(asked)}
    return {person_id: letter for person_id, letter in newest.items() if letter.has_failed}
