"""The letter by which a host or moderator sets their first password. What writes runs inside `writing()`.

Panelists come in by a link alone; the console is worth more than a link that somebody passes on, so whoever helps to
run a discussion has a password. The letter goes to the address that the seat was given by, and its link proves it.
"""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from forum import access, clock
from forum.actions import accounts, invitations, links
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Audience, Discussion, Event, Seat, SeatRole, User
from forum.notify import letters
from forum.refusals import Refused

# Pressed again so soon, the button means the letter that is on its way.
_ONCE_IN = timedelta(minutes=1)
_ASKED = "first_password.asked"


def is_missing(user: User) -> bool:
    """Whether `user` has no password, or one for an address that nobody has confirmed: it may be a stranger's.

    Nobody waits for who has left the site.
    """
    return user.left_at is None and (user.password_hash is None or user.confirmed_at is None)


def require(actor: User, seat: Seat) -> None:
    """Refuse a letter that `actor` may not send, or that the person of `seat` has no use for.

    Raises Refused (not theirs; 409: is_panel for a panelist, has_left, has_password, rehearsal).
    """
    access.require(actor, "seat.give", seat.discussion)
    if seat.discussion.is_rehearsal:
        raise invitations.of_event()
    if seat.role is SeatRole.PANELIST:
        words = _("%(name)s is on the panel and comes in by a link. Send them a link instead.", name=seat.name)
        raise Refused("is_panel", words, 409)
    invitations.require_here(seat)
    if not is_missing(seat.user):
        words = _(
            "%(name)s has a password already, so no letter was sent. They sign in with it; "
            "if they have forgotten it, the sign-in page mails them a new link.",
            name=seat.name,
        )
        raise Refused("has_password", words, 409)


def ask(actor: User, seat: Seat) -> None:
    """Mail the person of `seat` a link to set a password by. Again within a minute changes nothing.

    Raises Refused as `require`.
    """
    require(actor, seat)
    discussion, person = seat.discussion, seat.user
    log.lock(discussion)
    now, before = clock.now(), asked_at(discussion).get(person.id)
    if before is not None and now - _ONCE_IN < before <= now:
        return
    own = access.seat_of(actor, discussion)
    letters.write(
        person.email,
        "seated",
        path=f"/seat/{links.token_for(person, 'seat', str(discussion.id))}",
        facts={
            "seat": seat,
            "discussion": discussion,
            "by": own.name if own else actor.name,
            "until": now + links.LIVES["seat"],
        },
    )
    write_down(
        actor, discussion, "seat.password_asked", "seat", seat.id, after={"name": seat.name, "person": person.id}
    )
    # By the person: SQLite gives the number of a seat that was taken away to the next one.
    log.record(discussion, _ASKED, person.id, Audience.HOSTS)


def asked_at(discussion: Discussion) -> dict[int, datetime]:
    """Return when each person was last sent such a letter from `discussion`, by their id."""
    found = db.session.execute(
        select(Event.subject_id, func.max(Event.at))
        .where(Event.discussion_id == discussion.id, Event.kind == _ASKED)
        .group_by(Event.subject_id)
    )
    return {person_id: at for person_id, at in found if person_id is not None}


def tell_lost(email: str) -> None:
    """Tell the hosts who have asked whoever is at `email` for a password that the letter did not arrive."""
    asked = select(Discussion, User.id).join(Event, Event.discussion_id == Discussion.id)
    asked = asked.join(User, User.id == Event.subject_id).where(Event.kind == _ASKED, User.email == email)
    for discussion, person_id in db.session.execute(asked.distinct().order_by(Discussion.id)).all():
        log.record(discussion, "first_password.failed", person_id, Audience.HOSTS)


def seat_of(token: str, *, to_use: bool = False) -> Seat:
    """Return the seat that a mailed link is about; to use it (`to_use`), inside `writing()`.

    Raises Refused (link_over) for one that is too old or used, and where its person has no such seat any more.
    """
    try:
        user = links.user_of(token, "seat", to_use=to_use)
        discussion = db.session.get(Discussion, int(links.about(token, "seat")))
    except Refused as refusal:
        raise _over() from refusal
    seat = access.seat_of(user, discussion) if discussion is not None else None
    if seat is None or seat.role is SeatRole.PANELIST:
        raise _over()
    return seat


def place_of(token: str) -> Discussion | None:
    """Return the discussion that a mailed link is about, be it over, while its person still helps to run it."""
    try:
        user, about = links.made_for(token, "seat")
    except Refused:
        return None
    discussion = db.session.get(Discussion, int(about))
    if discussion is None or not access.may(user, "console.open", discussion):
        return None
    return discussion


def choose(token: str, password_hash: str, language: str = "") -> Seat:
    """Set the password by a mailed link, which proves the address too, and return the seat it was about.

    `language` is what their browser asks for. Every session of theirs ends. Raises Refused (link_over).
    """
    discussion = seat_of(token).discussion
    log.lock(discussion)  # before the person's row, as whoever leaves does
    db.session.expire(discussion, ["seats"])
    seat = seat_of(token, to_use=True)
    user = seat.user
    accounts.prove_and_set_password(user, password_hash)
    user.language = user.language or language
    log.record(discussion, "first_password.set", user.id, Audience.HOSTS)
    return seat


def _over() -> Refused:
    words = _(
        "This link is no longer good: it is too old, was used already, or your part in the discussion has changed. "
        "If you have set a password, sign in with it; if not, ask the host for a new letter."
    )
    return Refused("link_over", words, 410)
