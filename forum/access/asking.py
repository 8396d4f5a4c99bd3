"""Whether somebody may do something now: asked as `may`, or as `require`, which says no."""

from functools import cache

from forum import clock
from forum.access.refusing import not_theirs, wrong_time
from forum.access.roles import mute_of, role_of, seat_of
from forum.access.table import EVERYONE, LATE, PANEL, TABLE, Role, Roles
from forum.models import Discussion, Phase, SiteRole, User, Visibility
from forum.refusals import unknown


def may(user: User | None, verb: str, discussion: Discussion) -> bool:
    """Whether `user` may do `verb` in `discussion` now."""
    role = role_of(user, discussion)
    return _may_know(user, role, discussion) and role in roles_for(verb, discussion)


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
    if role in roles_for(verb, discussion):
        return role
    if any(role in roles for roles in TABLE[verb].values()):
        raise wrong_time(verb, discussion, has_typed=has_typed)
    raise not_theirs(user, role, discussion)


def roles_for(verb: str, discussion: Discussion) -> Roles:
    """Return who may do `verb` in `discussion` now."""
    now = clock.now()
    if verb in LATE and discussion.takes_late(now):
        return LATE[verb]
    return TABLE[verb][discussion.phase_at(now)]


def _may_know(user: User | None, role: Role, discussion: Discussion) -> bool:
    """A draft is known to its staff; a discussion by invitation to whoever has a seat (a muted panelist too)."""
    if role not in TABLE["discussion.read"][discussion.phase_at(clock.now())]:
        return False
    return discussion.visibility is not Visibility.INVITED or is_invited(user, discussion, role)


def is_invited(user: User | None, discussion: Discussion, role: Role | None = None) -> bool:
    """Whether `user` knows of `discussion` where it is by invitation, in whatever phase it is."""
    role = role or role_of(user, discussion)
    if role in PANEL:
        return True
    if role not in {Role.MUTED, Role.SUSPENDED} or seat_of(user, discussion) is None or user is None:
        return False
    mute = mute_of(user, discussion)
    return mute is None or not mute.is_removal


@cache
def is_open_to_all(phase: Phase, visibility: Visibility) -> bool:
    """Whether anybody at all may read a discussion that is stored with this phase, at whatever time."""
    later = [phase, *(other for other in Phase if other is not Phase.DRAFT)]
    return visibility is not Visibility.INVITED and all(
        TABLE["discussion.read"][possible] == EVERYONE for possible in later
    )


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
