"""Who may do what: one table (verb × phase → roles), asked by pages, sockets and commands alike."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from flask_babel import format_datetime
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import ColumnElement, Select, and_, bindparam, false, not_, or_, select, true

from forum import clock
from forum.database import db
from forum.models import (
    Comment,
    CommentState,
    Discussion,
    Mute,
    Phase,
    Seat,
    SeatRole,
    SiteRole,
    User,
    Visibility,
)
from forum.refusals import Refused, unknown


def _in_force(now: Any) -> ColumnElement[bool]:
    return and_(Mute.lifted_at.is_(None), or_(Mute.until.is_(None), Mute.until > now))


# Put together once: it runs for every comment.
_MUTES = select(Mute).where(
    Mute.discussion_id == bindparam("discussion"),
    Mute.user_id.in_(bindparam("users", expanding=True)),
    _in_force(clock.moment()),
)


class Role(StrEnum):
    """What somebody is to one discussion; a person has exactly one, the strongest."""

    VISITOR = "visitor"
    UNCONFIRMED = "unconfirmed"
    SUSPENDED = "suspended"
    MUTED = "muted"
    MEMBER = "member"
    PANELIST = "panelist"
    MODERATOR = "moderator"
    HOST = "host"
    OWNER = "owner"
    ADMINISTRATOR = "administrator"


Roles = frozenset[Role]
NOBODY: Roles = frozenset()
RUN: Roles = frozenset({Role.HOST, Role.OWNER, Role.ADMINISTRATOR})
STAFF: Roles = RUN | {Role.MODERATOR}
PANEL: Roles = STAFF | {Role.PANELIST}
SEATED: Roles = frozenset({Role.HOST, Role.MODERATOR, Role.PANELIST})
WRITERS: Roles = PANEL | {Role.MEMBER}
EVERYONE: Roles = frozenset(Role)


def _row(*, draft: Roles, announced: Roles, live: Roles, paused: Roles, closed: Roles) -> dict[Phase, Roles]:
    return {
        Phase.DRAFT: draft,
        Phase.ANNOUNCED: announced,
        Phase.LIVE: live,
        Phase.PAUSED: paused,
        Phase.CLOSED: closed,
    }


TABLE: dict[str, dict[Phase, Roles]] = {
    "discussion.read": _row(draft=STAFF, announced=EVERYONE, live=EVERYONE, paused=EVERYONE, closed=EVERYONE),
    "discussion.edit": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "discussion.publish": _row(draft=RUN, announced=NOBODY, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "discussion.withdraw": _row(draft=NOBODY, announced=RUN, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "discussion.open": _row(draft=NOBODY, announced=RUN, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "discussion.pause": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=NOBODY, closed=NOBODY),
    "discussion.resume": _row(draft=NOBODY, announced=NOBODY, live=NOBODY, paused=RUN, closed=NOBODY),
    "discussion.extend": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "discussion.close": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=RUN, closed=NOBODY),
    "seat.give": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "question.write": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=NOBODY),
    "rehearsal.begin": _row(draft=RUN, announced=RUN, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "snippet.write": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=NOBODY),
    "snippet.post": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=NOBODY),
    "question.ask": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=NOBODY, closed=NOBODY),
    "proposal.make": _row(draft=NOBODY, announced=WRITERS, live=WRITERS, paused=WRITERS, closed=NOBODY),
    "proposal.vote": _row(draft=NOBODY, announced=WRITERS, live=WRITERS, paused=WRITERS, closed=NOBODY),
    "proposal.work": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "comment.post": _row(draft=NOBODY, announced=STAFF, live=WRITERS, paused=STAFF, closed=NOBODY),
    "comment.post_for": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=NOBODY),
    "comment.edit": _row(draft=NOBODY, announced=STAFF, live=WRITERS, paused=WRITERS, closed=WRITERS),
    "comment.delete": _row(
        draft=NOBODY,
        announced=STAFF,
        live=WRITERS | {Role.MUTED, Role.SUSPENDED},
        paused=WRITERS | {Role.MUTED, Role.SUSPENDED},
        closed=WRITERS | {Role.MUTED, Role.SUSPENDED},
    ),
    "comment.move": _row(draft=NOBODY, announced=STAFF, live=WRITERS, paused=WRITERS, closed=STAFF),
    "comment.hide": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "comment.flag": _row(draft=NOBODY, announced=WRITERS, live=WRITERS, paused=WRITERS, closed=WRITERS),
    "queue.work": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "safeguards.set": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "comment.highlight": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "announcement.make": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "summary.write": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=RUN, closed=RUN),
    "person.mute": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "record.read": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "console.open": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "guest.list": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "guest.invite": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=NOBODY),
    "panelist.invite": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "panelist.call": _row(draft=NOBODY, announced=NOBODY, live=STAFF, paused=STAFF, closed=NOBODY),
    "seat.introduce": _row(draft=SEATED - {Role.PANELIST}, announced=SEATED, live=SEATED, paused=SEATED, closed=SEATED),
    "backstage.open": _row(draft=STAFF, announced=PANEL, live=PANEL, paused=PANEL, closed=PANEL),
    "backstage.write": _row(draft=STAFF, announced=PANEL, live=PANEL, paused=PANEL, closed=PANEL),
    "backstage.check": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=NOBODY),
    "answer.hold": _row(
        draft=NOBODY,
        announced=frozenset({Role.PANELIST}),
        live=frozenset({Role.PANELIST}),
        paused=frozenset({Role.PANELIST}),
        closed=NOBODY,
    ),
    "presence.writing": _row(draft=NOBODY, announced=NOBODY, live=PANEL, paused=PANEL, closed=NOBODY),
}

# What is still possible after the end, as long as late comments are taken.
LATE: dict[str, Roles] = {
    "comment.post": WRITERS,
    "comment.post_for": STAFF,
    "comment.move": WRITERS,
    "panelist.call": STAFF,
    "answer.hold": frozenset({Role.PANELIST}),
    "presence.writing": PANEL,
}

# Why a person with the right role is too early or too late, and what to do next.
_WRONG_TIME: dict[Phase, tuple[str, Any]] = {
    Phase.DRAFT: ("draft", lazy("This discussion is still a draft. Publish it first.")),
    Phase.ANNOUNCED: (
        "not_open",
        lazy("This discussion has not begun yet. Your text is kept; come back when it is live."),
    ),
    Phase.LIVE: ("live", lazy("This discussion is already live.")),
    Phase.PAUSED: ("paused", lazy("The host has paused this discussion. Your text is kept; post it when it goes on.")),
    Phase.CLOSED: ("closed", lazy("This discussion is closed. Your text is kept on this page, so you can copy it.")),
}

# The same for who presses a button of the console twice, on a page that is old by now, or comes to a form that is still
# empty: they have typed nothing.
_STEP_TAKEN: dict[Phase, Any] = {
    Phase.ANNOUNCED: lazy(
        "This discussion is announced and has not begun yet. Reload the console to see what is next."
    ),
    Phase.PAUSED: lazy("This discussion is paused. Reload the console to see what is next."),
    Phase.CLOSED: lazy("This discussion is closed. You can reopen it with “Open again” in the console."),
}
_STEPS = frozenset(f"discussion.{step}" for step in ("publish", "withdraw", "open", "pause", "resume", "close"))


def seat_of(user: User | None, discussion: Discussion) -> Seat | None:
    """Return the seat `user` has in `discussion`, if any."""
    if user is None:
        return None
    return next((seat for seat in discussion.seats if seat.user_id == user.id), None)


def mute_of(user: User, discussion: Discussion) -> Mute | None:
    """Return the mute in force for `user` in `discussion`, if any."""
    return db.session.scalar(_MUTES, {"discussion": discussion.id, "users": [user.id]})


def role_of(user: User | None, discussion: Discussion) -> Role:
    """Return what `user` is to `discussion`; None is a visitor without an account."""
    return Role.VISITOR if user is None else roles_of([user], discussion)[user.id]


def roles_of(users: Iterable[User], discussion: Discussion) -> dict[int, Role]:
    """Return what each of `users` is to `discussion`, by the user's id; a query at most."""
    roles = {user.id: _role_whoever_is_muted(user, discussion) for user in users}
    can_be_muted = [user_id for user_id, (_role, mutable) in roles.items() if mutable]
    muted: set[int] = set()
    if can_be_muted:
        asked = {"discussion": discussion.id, "users": can_be_muted}
        muted = {mute.user_id for mute in db.session.scalars(_MUTES, asked)}
    return {user_id: Role.MUTED if user_id in muted else role for user_id, (role, _mutable) in roles.items()}


def _role_whoever_is_muted(user: User, discussion: Discussion) -> tuple[Role, bool]:
    """Return the role of somebody who is not muted, and whether a mute would take it from them."""
    if user.role is SiteRole.ADMINISTRATOR:
        return Role.ADMINISTRATOR, False
    if user.is_suspended(clock.now()):
        return Role.SUSPENDED, False
    if user.id == discussion.owner_id and user.role is SiteRole.ORGANISER:
        return Role.OWNER, False
    seat = seat_of(user, discussion)
    if seat is not None:
        return Role(seat.role.value), seat.role is SeatRole.PANELIST
    return (Role.MEMBER if user.confirmed_at is not None else Role.UNCONFIRMED), True


def may(user: User | None, verb: str, discussion: Discussion) -> bool:
    """Whether `user` may do `verb` in `discussion` now."""
    role = role_of(user, discussion)
    return _may_know(user, role, discussion) and role in _roles(verb, discussion)


def require(
    user: User | None, verb: str, discussion: Discussion, role: Role | None = None, *, has_typed: bool = True
) -> Role:
    """Return the role of `user`, or say no. `role` is what an earlier question in this transaction returned.

    Who has typed nothing yet (`has_typed`) is not told that it is kept.
    Raises Refused: 404 when they may not know of the discussion, 403 when it is not for them at any time,
    409 when it would be theirs in another phase.
    """
    role = role or role_of(user, discussion)
    if not _may_know(user, role, discussion):
        raise unknown()
    if role in _roles(verb, discussion):
        return role
    if any(role in roles for roles in TABLE[verb].values()):
        phase = discussion.phase_at(clock.now())
        code, words = _WRONG_TIME[phase]
        said = words if has_typed and verb not in _STEPS else _STEP_TAKEN.get(phase, words)
        raise Refused(code, said, status=409)
    raise _not_theirs(user, role, discussion)


def _roles(verb: str, discussion: Discussion) -> Roles:
    """Return who may do `verb` in `discussion` now."""
    now = clock.now()
    if verb in LATE and discussion.takes_late(now):
        return LATE[verb]
    return TABLE[verb][discussion.phase_at(now)]


@cache
def is_open_to_all(phase: Phase, visibility: Visibility) -> bool:
    """Whether anybody at all may read a discussion that is stored with this phase, at whatever time."""
    later = [phase, *(other for other in Phase if other is not Phase.DRAFT)]
    return visibility is not Visibility.INVITED and all(
        TABLE["discussion.read"][possible] == EVERYONE for possible in later
    )


def listed_for(reader: User | None) -> ColumnElement[bool]:
    """Return the condition under which a list may name a discussion to `reader`.

    It is one that they may read, and is public, or in which they have a part as its owner or by a seat; administrators
    have one everywhere. What "discussion.read" asks is said here once more in SQL, so that a list takes one question
    whatever it holds; a test holds it against `may`.
    """
    published = Discussion.phase != Phase.DRAFT
    public = and_(published, Discussion.visibility == Visibility.PUBLIC)
    if reader is None:
        return public
    if reader.role is SiteRole.ADMINISTRATOR:
        return true()
    now = clock.now()
    owns = Discussion.owner_id == reader.id
    # Whatever else the list asks about seats and mutes, these are the reader's.
    seat = _seats_of(reader)
    mute = select(Mute.id).where(Mute.discussion_id == Discussion.id, Mute.user_id == reader.id).correlate(Discussion)
    removed = mute.where(Mute.is_removal, _in_force(now)).exists()
    unlisted = and_(Discussion.visibility == Visibility.UNLISTED, or_(owns, seat.exists()))
    taking_part = and_(published, or_(unlisted, and_(seat.exists(), not_(removed))))
    return or_(public, taking_part, run_by(reader))


def run_by(user: User) -> ColumnElement[bool]:
    """Return the condition under which `user` helps to run a discussion, as `STAFF` has it, drafts too."""
    if user.role is SiteRole.ADMINISTRATOR:
        return true()
    if user.is_suspended(clock.now()):
        return false()
    seated = _seats_of(user).where(Seat.role != SeatRole.PANELIST).exists()
    return or_(Discussion.owner_id == user.id, seated) if user.role is SiteRole.ORGANISER else seated


def _seats_of(user: User) -> Select[int]:
    """Return the question for the seats of `user` in the discussion of the question around it."""
    return select(Seat.id).where(Seat.discussion_id == Discussion.id, Seat.user_id == user.id).correlate(Discussion)


def may_find(reader: User | None, other: User) -> bool:
    """Whether `reader` may know that `other` exists: who sits or has written where the reader may look.

    Everybody knows of themselves, and administrators of everybody.
    """
    if reader is not None and (reader.id == other.id or reader.role is SiteRole.ADMINISTRATOR):
        return True
    listed = listed_for(reader)
    sits = select(Seat.id).join(Seat.discussion).where(Seat.user_id == other.id, listed).exists()
    has_written = (
        select(Comment.id)
        .join(Comment.discussion)
        .where(Comment.author_id == other.id, Comment.state == CommentState.PUBLISHED, listed)
        .exists()
    )
    return bool(db.session.scalar(select(or_(sits, has_written))))


def may_create(user: User | None) -> bool:
    """Whether `user` may make a new discussion: organisers and administrators."""
    if user is None or user.role not in {SiteRole.ORGANISER, SiteRole.ADMINISTRATOR}:
        return False
    return user.role is SiteRole.ADMINISTRATOR or not user.is_suspended(clock.now())


def require_create(user: User | None) -> User:
    """Return `user`, or refuse as for a page that does not exist."""
    if user is None or not may_create(user):
        raise unknown()
    return user


def require_administrator(actor: User | None) -> User:
    """Return `actor`, or refuse as for a page that does not exist."""
    if actor is None or actor.role is not SiteRole.ADMINISTRATOR:
        raise unknown()
    return actor


def _may_know(user: User | None, role: Role, discussion: Discussion) -> bool:
    """A draft is known to its staff; a discussion by invitation to whoever has a seat (a muted panelist too)."""
    if role not in TABLE["discussion.read"][discussion.phase_at(clock.now())]:
        return False
    if discussion.visibility is not Visibility.INVITED or role in PANEL:
        return True
    if role not in {Role.MUTED, Role.SUSPENDED} or seat_of(user, discussion) is None or user is None:
        return False
    mute = mute_of(user, discussion)
    return mute is None or not mute.is_removal


def barred(user: User | None, role: Role, discussion: Discussion) -> str:
    """Return why `user`, whose role this is, may not write in `discussion` whatever its phase; nothing if they may."""
    if user is not None and role is Role.SUSPENDED:
        return suspension(user)
    mute = mute_of(user, discussion) if user is not None and role is Role.MUTED else None
    return told(mute) if mute is not None else ""


def told(mute: Mute) -> str:
    """Return what a muted person is told: what happened, why, until when, and what they can do."""
    said = {"until": _moment(mute.until), "reason": mute.reason}
    if mute.is_removal and mute.until:
        words = _("A host has removed you from this discussion until %(until)s. You can object. Reason: %(reason)s")
    elif mute.is_removal:
        words = _("A host has removed you from this discussion. You can object. Reason: %(reason)s")
    elif mute.until:
        words = _(
            "A host has ended your right to write in this discussion until %(until)s. "
            "You can go on reading, and object. Reason: %(reason)s"
        )
    else:
        words = _(
            "A host has ended your right to write in this discussion. You can go on reading, and object. "
            "Reason: %(reason)s"
        )
    return str(words) % said


def suspension(user: User) -> str:
    """Return what a suspended person is told: why, until when, and what they can do."""
    words = _(
        "Your right to write on this site is suspended. You can go on reading, and object on the page of your "
        "account. Reason: %(reason)s"
    )
    if user.suspended_until:
        words = _(
            "Your right to write on this site is suspended until %(until)s. You can go on reading, and object on the "
            "page of your account. Reason: %(reason)s"
        )
    return str(words) % {"until": _moment(user.suspended_until), "reason": user.suspension_reason}


def _moment(until: datetime | None) -> str:
    """Return a moment as those read it who have told us no zone."""
    return f"{format_datetime(until, 'd MMMM y, HH:mm', rebase=False)} UTC" if until else ""


def _not_theirs(user: User | None, role: Role, discussion: Discussion) -> Refused:
    if user is None:
        return Refused("sign_in", _("Sign in to do this. What you typed is kept for you."))
    if role is Role.UNCONFIRMED:
        return Refused(
            "confirm_address", _("Confirm your email address first: open the link we mailed you. Your text is kept.")
        )
    if why := barred(user, role, discussion):
        return Refused(role.value, why)
    return Refused("not_yours", _("Only the hosts of this discussion can do this."))
