"""What somebody with a seat says of themselves there. Runs inside `writing()`."""

from dataclasses import dataclass

from flask_babel import gettext as _

from forum import access, clock, countries
from forum.actions import merging, rehearsals
from forum.actions.drafting import clean
from forum.database import db
from forum.live import log
from forum.models import Discussion, Seat, User
from forum.refusals import Refused, unknown

_WORDS = ("title", "affiliation", "biography", "country")


@dataclass(frozen=True)
class Introduction:
    """Title, affiliation, biography and country as typed. `picture` is a file's name in the folder media/, or empty."""

    title: str = ""
    affiliation: str = ""
    biography: str = ""
    picture: str = ""
    country: str = ""

    def checked(self) -> "Introduction":
        """Return it cleaned. Raises Refused (invalid) naming each field at fault."""
        faults: dict[str, str] = {}
        title = clean(faults, "title", self.title, 120)
        affiliation = clean(faults, "affiliation", self.affiliation, 120)
        biography = clean(faults, "biography", self.biography, 600, lines=True)
        country = countries.clean(faults, self.country)
        if faults:
            raise Refused("invalid", _("Some fields need another look."), 422, fields=faults)
        return Introduction(title, affiliation, biography, self.picture, country)


def said(seat: Seat | Introduction) -> dict[str, str]:
    """Return what each field says, for `merging`."""
    return {name: getattr(seat, name) for name in _WORDS}


def introduce(person: User, discussion: Discussion, words: Introduction, seen: str = "") -> Seat:
    """Put the words and the picture of `person` on their seat; the name stays the one that the host gave.

    Without a new picture the old one stays. What is new in a rehearsal is put on their seat in the event as well: it
    is about them, and the rehearsal is thrown away. With `seen`, the marks of what the form showed, fields that only
    a host has changed meanwhile stay theirs. Raises Refused (not theirs, 404 without a seat, invalid), Stale for fields
    that both have changed.
    """
    access.require(person, "seat.introduce", discussion)
    seat = access.seat_of(person, discussion)
    if seat is None:
        raise unknown()
    words = words.checked()
    log.lock(discussion)  # whoever ends the rehearsal takes it first as well
    if db.session.get(Seat, seat.id, populate_existing=True) is None:
        raise unknown()
    stay = merging.untouched(seen, said(seat), said(words))
    wanted = {name: value for name, value in said(words).items() if name not in stay}
    wanted["picture"] = words.picture or seat.picture
    new = {name: value for name, value in wanted.items() if getattr(seat, name) != value}
    _say(seat, wanted)
    event = rehearsals.event_of(discussion)
    # A panelist may rehearse what is a draft, which the table has closed to them; a mute there holds all the same.
    if event is not None and access.mute_of(person, event) is None:
        log.lock(event)
        if (of_event := access.seat_of(person, event)) is not None:
            _say(of_event, new)
    return seat


def _say(seat: Seat, words: dict[str, str]) -> None:
    for name, value in words.items():
        setattr(seat, name, value)
    seat.introduced_at = clock.now()
    log.record(seat.discussion, "seat.introduced", seat.id)
