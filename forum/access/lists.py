"""What a list may name to whom: the same rules as conditions in SQL, so that it takes one question."""

from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, select, true

from forum import clock
from forum.access.asking import may_create
from forum.access.roles import in_force
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Mute, Phase, Seat, SeatRole, SiteRole, User, Visibility


def listed_for(reader: User | None) -> ColumnElement[bool]:
    """Return the condition under which a list may name a discussion to `reader`.

    It is one that they may read, and is public (no rehearsal is), or in which they have a part as its owner or by a
    seat; administrators have one everywhere. What "discussion.read" asks is said here once more in SQL, so that a list
    takes one question whatever it holds; a test holds it against `may`.
    """
    published = Discussion.phase != Phase.DRAFT
    public = and_(published, Discussion.visibility == Visibility.PUBLIC, Discussion.rehearsal_of_id.is_(None))
    if reader is None:
        return public
    if reader.role is SiteRole.ADMINISTRATOR:
        return true()
    now = clock.now()
    owns = Discussion.owner_id == reader.id
    # Whatever else the list asks about seats and mutes, these are the reader's.
    seat = _seats_of(reader)
    mute = select(Mute.id).where(Mute.discussion_id == Discussion.id, Mute.user_id == reader.id).correlate(Discussion)
    removed = mute.where(Mute.is_removal, in_force(now)).exists()
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


def runs_any(user: User | None) -> bool:
    """Whether `user` has a list of discussions of their own: they may make some, or help to run one by a seat."""
    if user is None:
        return False
    if may_create(user):
        return True
    if user.is_suspended(clock.now()):
        return False
    runs = select(Seat.id).where(Seat.user_id == user.id, Seat.role != SeatRole.PANELIST)
    return bool(db.session.scalar(select(runs.exists())))


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
