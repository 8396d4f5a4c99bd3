"""Members say which comments they find helpful. Every function but `due` and those that ask runs inside `writing()`.

The number that readers see changes once in TOLD_EVERY at most, for all comments of a discussion together: each event
goes to everybody who reads along. What comes meanwhile waits in `Reaction`, until the clock looks (`live.clockwork`).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import bindparam, case, delete, false, func, select, update

from forum import access, clock
from forum.actions import accounts
from forum.database import db
from forum.live import log
from forum.models import Comment, CommentState, Discussion, Reaction, User
from forum.refusals import Refused, unknown

TOLD_EVERY = timedelta(seconds=5)
_UNTOLD = Reaction.is_told == false()
DUE = select(Reaction.discussion_id).where(_UNTOLD, clock.has_passed(TOLD_EVERY, Reaction.at))
# How the number of each comment changes by what has not been told yet.
_CHANGE = func.sum(case((Reaction.stands, 1), else_=-1))
_COMMENT: Any = Comment.__table__
_COUNT = (
    update(_COMMENT)
    .where(_COMMENT.c.id == bindparam("comment"))
    .values(helpful=_COMMENT.c.helpful + bindparam("change"), helpful_seq=bindparam("seq"))
)
_OFF = {"synchronize_session": False}


@dataclass(frozen=True)
class Mine:
    """The ids of the comments that somebody finds helpful in a discussion.

    `uncounted` are those by which the number that readers see is not yet another one; negative for what was taken back.
    """

    given: list[int] = field(default_factory=list)
    uncounted: list[int] = field(default_factory=list)


def react(member: User, comment: Comment, *, wants: bool) -> int:
    """Let `member` find `comment` helpful, or no more; return how many do now. Again changes nothing.

    That is the number that readers are told and what `member` alone adds to it: what others have said meanwhile may be
    taken back before it is told, and then nobody would hear that the number is another one.
    Raises Refused (sign_in, muted, suspended; 404 for what cannot be read; own, 409).
    """
    discussion = comment.discussion
    access.require(member, "discussion.read", discussion)
    log.lock_and_refresh(comment)
    db.session.refresh(discussion)  # it may have been withdrawn while this one waited
    if comment.state is not CommentState.PUBLISHED:
        raise unknown()
    access.require(member, "reaction.give", discussion, has_typed=False)
    if accounts.has_left(member):
        raise unknown()
    if comment.author_id == member.id:
        raise Refused("own", _("This is your own comment; whether it is helpful, others say."), 409)
    given = db.session.get(Reaction, (comment.id, member.id), populate_existing=True)
    if wants is not (given is not None and given.stands):
        _turn(given, member, comment)
        db.session.flush()
        if not log.has_told(discussion, "reaction.counted", TOLD_EVERY):
            _tell(discussion)
            db.session.refresh(comment)
    return comment.helpful + _untold(comment, member)


def _turn(given: Reaction | None, member: User, comment: Comment) -> None:
    """Note the other of the two. Whoever thinks better of it before it was told leaves nothing to tell."""
    if given is None:
        db.session.add(
            Reaction(
                comment_id=comment.id,
                user_id=member.id,
                discussion_id=comment.discussion_id,
                at=clock.now(),
                stands=True,
                is_told=False,
            )
        )
    elif given.stands and not given.is_told:
        db.session.delete(given)
    else:
        given.stands, given.is_told, given.at = not given.stands, not given.is_told, clock.now()


def _untold(comment: Comment, member: User) -> int:
    own = (Reaction.comment_id == comment.id, Reaction.user_id == member.id)
    return db.session.scalar(select(_CHANGE).where(*own, _UNTOLD)) or 0


def finds_helpful(member: User, comment: Comment) -> bool:
    """Whether `member` finds `comment` helpful."""
    given = db.session.get(Reaction, (comment.id, member.id))
    return given is not None and given.stands


def mine_in(member: User, discussion: Discussion) -> Mine:
    """Return what `member` finds helpful in `discussion`."""
    here = (Reaction.user_id == member.id, Reaction.discussion_id == discussion.id)
    found = select(Reaction.comment_id, Reaction.stands, Reaction.is_told).where(*here).order_by(Reaction.comment_id)
    rows = db.session.execute(found).all()
    return Mine(
        given=[row.comment_id for row in rows if row.stands],
        uncounted=[row.comment_id if row.stands else -row.comment_id for row in rows if not row.is_told],
    )


def due() -> list[int]:
    """Return the ids of the discussions where something has waited long enough to be told."""
    return list(db.session.scalars(DUE.distinct().order_by(Reaction.discussion_id)))


def take(discussion_id: int) -> bool:
    """Tell what has not been told in this discussion; return whether there was anything to tell."""
    discussion = db.session.get(Discussion, discussion_id)
    if discussion is None:
        return False
    log.lock_and_refresh(discussion)
    return _tell(discussion)


def _tell(discussion: Discussion) -> bool:
    """Bring the numbers up to date, with one event for all that have changed. The discussion's row is locked."""
    untold = (Reaction.discussion_id == discussion.id, _UNTOLD)
    # Those as well whose number stays the same: whoever was answered meanwhile may show another one.
    changes = db.session.execute(
        select(Reaction.comment_id, _CHANGE).where(*untold).group_by(Reaction.comment_id).order_by(Reaction.comment_id)
    ).all()
    if changes:
        seq = log.record(discussion, "reaction.counted", None)
        said = [{"comment": comment_id, "change": change, "seq": seq} for comment_id, change in changes]
        db.session.connection().execute(_COUNT, said)
    db.session.execute(delete(Reaction).where(*untold, ~Reaction.stands), execution_options=_OFF)
    db.session.execute(update(Reaction).where(*untold).values(is_told=True), execution_options=_OFF)
    return bool(changes)


def discussions_of(member: User) -> list[int]:
    """Return the ids of the discussions where `member` says, or has just unsaid, that something is helpful."""
    return list(db.session.scalars(select(Reaction.discussion_id).where(Reaction.user_id == member.id).distinct()))


def take_back_all(member: User, discussions: list[int]) -> None:
    """Let `member`, who leaves, find nothing helpful any more in these discussions, whose rows are locked."""
    mine = (Reaction.user_id == member.id, Reaction.discussion_id.in_(discussions))
    db.session.execute(delete(Reaction).where(*mine, Reaction.stands, _UNTOLD), execution_options=_OFF)
    taken = update(Reaction).where(*mine, Reaction.stands).values(stands=False, is_told=False, at=clock.now())
    db.session.execute(taken, execution_options=_OFF)
