"""The letters to guests: the invitation, a new time, a cancellation; and what the link in them can do.

Runs inside `writing()`. As with reminders, a letter and the note that it was written are one transaction, and the note
is set by an UPDATE that asks for its absence, so that of two processes one writes.
"""

from flask_babel import lazy_gettext as lazy
from sqlalchemy import ColumnElement, and_, exists, or_, select

from forum import access, clock, speaking
from forum.actions import deliveries, links, rsvps
from forum.database import claims, db, unclaimed
from forum.models import CalledOff, Discussion, Guest, Letter, NoMail, Phase, Rsvp, RsvpKind, User, Visibility
from forum.notify import letters
from forum.refusals import Refused

_AT_ONCE = 50
_SALT = "guest"
_OPEN = (Phase.ANNOUNCED, Phase.LIVE, Phase.PAUSED)
_OVER = lazy("This link is no longer good. Open the page of the discussion, if you know it, or ask who invited you.")
# Stands in a preview where each guest's own secret will be: whoever sees that secret could answer for them.
HIDDEN = "…"


def _has_news() -> ColumnElement[bool]:
    """Whether the event of somebody who was mailed, and has not answered, is off, on again, or at another time.

    Who has answered hears of it by reminders; who has not got our letter need not hear that it is out of date.
    """
    answered = exists().where(
        Rsvp.discussion_id == Guest.discussion_id, Rsvp.email == Guest.email, Rsvp.confirmed_at.is_not(None)
    )
    other = or_(Guest.told_starts_at != Discussion.starts_at, Guest.cancelled_at.is_not(None))
    return and_(
        Guest.is_waiting.is_(False),
        Guest.told_starts_at.is_not(None),
        Letter.sent_at.is_not(None),
        Letter.bounced_at.is_(None),
        ~answered,
        ~exists().where(NoMail.email == Guest.email),
        or_(
            and_(Discussion.phase == Phase.ANNOUNCED, other),
            and_(Discussion.phase == Phase.DRAFT, Guest.cancelled_at.is_(None), ~CalledOff.in_private()),
        ),
    )


# What `due` looks for; the clock asks it again and again, so it is put together once.
DUE = (
    select(Guest.id)
    .join(Discussion, Discussion.id == Guest.discussion_id)
    .outerjoin(Letter, Letter.id == Guest.letter_id)
    .where(Discussion.visibility != Visibility.INVITED, Guest.unsubscribed_at.is_(None))
    .where(or_(and_(Guest.is_waiting, Discussion.phase.in_(_OPEN)), _has_news()))
    .order_by(Guest.id)
    .limit(_AT_ONCE)
)


def due() -> list[int]:
    """Return the ids of guests who may have to be written to now: one read, no lock. `take` decides."""
    return list(db.session.scalars(DUE))


def take(ids: list[int]) -> int:
    """Write what is due to the guests with these `ids`, each once, and return how many letters were written."""
    # All of them are stored together at the end: one after the other took a third of the time of two thousand letters.
    with db.session.no_autoflush:
        return sum(_write(guest) for guest in unclaimed(Guest, ids))


def _write(guest: Guest) -> int:
    discussion, now = guest.discussion, clock.now()
    if guest.is_waiting:
        if not claims(
            guest, Guest.is_waiting.is_(True), is_waiting=False, told_starts_at=discussion.starts_at, cancelled_at=None
        ):
            return 0
        if db.session.get(NoMail, guest.email) is not None:
            guest.unsubscribed_at = now  # said so after the list was sent, and before this letter was written
            return 0
        return _letter(guest, "guest")
    if discussion.phase is Phase.DRAFT:
        told = claims(guest, Guest.cancelled_at.is_(None), cancelled_at=now)
        return _letter(guest, "guest_cancelled") if told else 0
    is_news = or_(Guest.told_starts_at != discussion.starts_at, Guest.cancelled_at.is_not(None))
    told = claims(guest, is_news, told_starts_at=discussion.starts_at, cancelled_at=None)
    return _letter(guest, "guest_moved") if told else 0


def _letter(guest: Guest, kind: str) -> int:
    token = _token(guest)
    facts = _facts(guest.discussion, guest.name, guest.time_zone, guest.by_id, guest.mailing.words)
    if (off := db.session.get(CalledOff, guest.discussion_id)) is not None:
        facts["discussion"] = off  # as in `rsvps.write`: what had been announced
    stop = f"/guest/{token}/stop"
    letter = letters.write(
        guest.email, kind, f"/guest/{token}", facts=facts | {"stop": stop}, language=speaking.known(guest.language)
    )
    letters.end_by(letter, stop)
    if kind == "guest":
        guest.letter = letter
    return 1


def preview(actor: User, discussion: Discussion, name: str, language: str, zone: str, words: str) -> tuple[str, str]:
    """Return subject and text of the invitation as one person will get it, but for the secret of their link."""
    facts = _facts(discussion, name, zone, actor.id, words) | {"stop": f"/guest/{HIDDEN}/stop"}
    spoken = speaking.of_letter(speaking.known(language), discussion.language)
    return letters.compose("guest", f"/guest/{HIDDEN}", facts=facts, language=spoken)


def _facts(discussion: Discussion, name: str, zone: str, by_id: int | None, words: str) -> dict[str, object]:
    host = db.session.get(User, by_id) if by_id is not None else None
    seat = access.seat_of(host, discussion)
    return {
        "discussion": discussion, "begun": rsvps.goes_on(discussion),
        "name": name, "zone": zone or discussion.time_zone, "words": words,
        "host": seat.name if seat else host.name if host else "",
    }  # fmt: skip


# ---- behind the link ----


def by_token(token: str) -> Guest:
    """Return whom a letter with this link invited. Raises Refused (link_over, 410); looking changes nothing."""
    guest = _guest_of(token)
    if guest is None or not access.may(None, "discussion.read", guest.discussion):
        raise Refused("link_over", _OVER, 410)
    return guest


def open_link(token: str) -> Guest:
    """Note that somebody pressed a button behind the link, and so reads their mail. Raises Refused as `by_token`."""
    guest = by_token(token)
    guest.opened_at = guest.opened_at or clock.now()
    deliveries.somebody_reads_at(guest.email)
    return guest


def answer(token: str, kind: RsvpKind, zone: str) -> Guest:
    """Note that the guest will come. Raises Refused (as `by_token`; over, 409)."""
    guest = open_link(token)
    rsvps.answer(guest.email, guest.discussion, kind, zone, speaking.known(guest.language))
    return guest


def unsubscribe(token: str) -> None:
    """End the invitations of every host of this site to this address, and what follows on them (a new time, the end).

    What the guest has answered stays and is counted, with the reminders that go with it; these have their own end.
    Again changes nothing, and it works for whom a host has removed meanwhile. Raises Refused (link_over, 410).
    """
    _number, email = _read(token)
    if db.session.get(NoMail, email) is None:
        db.session.add(NoMail(email=email, at=clock.now()))
    if (guest := _guest_of(token)) is None:
        return
    guest.unsubscribed_at = guest.unsubscribed_at or clock.now()


def is_unsubscribed(token: str) -> bool:
    """Whether the reader of a letter with this link wants no more. Raises Refused (link_over, 410)."""
    return db.session.get(NoMail, _read(token)[1]) is not None


def coming_by(token: str) -> Rsvp | None:
    """Return what the reader of a letter with this link has answered, while we remind them of it.

    Raises Refused (link_over, 410).
    """
    guest = _guest_of(token)
    if guest is None or guest.discussion.phase_at(clock.now()) is Phase.CLOSED:
        return None
    found = coming(guest)
    return found if found is not None and rsvps.may_be_named(found) else None


def coming(guest: Guest) -> Rsvp | None:
    """Return what the guest has answered."""
    said = select(Rsvp).where(Rsvp.discussion_id == guest.discussion_id, Rsvp.email == guest.email)
    return db.session.scalar(said.where(Rsvp.confirmed_at.is_not(None)))


def _guest_of(token: str) -> Guest | None:
    number, email = _read(token)
    guest = db.session.get(Guest, number)
    return guest if guest is not None and guest.email == email else None


def _token(guest: Guest) -> str:
    return links.signed(_SALT, guest.id, guest.email)


def _read(token: str) -> tuple[int, str]:
    number, email, *_none = links.carried(token, _SALT, Refused("link_over", _OVER, 410), links.addressed)
    return number, email
