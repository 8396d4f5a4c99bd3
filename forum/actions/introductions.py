"""What somebody with a seat says of themselves there. Runs inside `writing()`."""

from dataclasses import dataclass

from flask_babel import gettext as _

from forum import access, clock, countries
from forum.actions.drafting import clean
from forum.live import log
from forum.models import Discussion, Seat, User
from forum.refusals import Refused, unknown


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


def introduce(person: User, discussion: Discussion, words: Introduction) -> Seat:
    """Put the words and the picture of `person` on their seat; the name stays the one that the host gave.

    Without a new picture the old one stays. Raises Refused (not theirs, 404 without a seat, invalid).
    """
    access.require(person, "seat.introduce", discussion)
    seat = access.seat_of(person, discussion)
    if seat is None:
        raise unknown()
    words = words.checked()
    seat.title, seat.affiliation, seat.biography = words.title, words.affiliation, words.biography
    seat.country = words.country
    seat.picture = words.picture or seat.picture
    seat.introduced_at = clock.now()
    log.record(discussion, "seat.introduced", seat.id)
    return seat
