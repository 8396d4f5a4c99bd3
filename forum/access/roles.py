"""What somebody is to a discussion: exactly one role, by their account, their seat and a mute."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from forum import clock
from forum.access.table import Role
from forum.database import db
from forum.models import Discussion, Mute, Seat, SeatRole, SiteRole, User


def in_force(now: Any) -> ColumnElement[bool]:
    """Return the condition under which a mute holds at `now`, a moment or what stands for one in SQL."""
    return and_(Mute.lifted_at.is_(None), or_(Mute.until.is_(None), Mute.until > now))


# Put together once: it runs for every comment.
_MUTES = select(Mute).where(
    Mute.discussion_id == bindparam("discussion"),
    Mute.user_id.in_(bindparam("users", expanding=True)),
    in_force(clock.moment()),
)


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
