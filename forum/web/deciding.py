"""What the console's queue shows: each comment that waits, with what is needed to decide on it."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum import clock
from forum.actions.moderation import name_in
from forum.actions.queue import decision_of, undone_last, version_of
from forum.database import db
from forum.live import stream
from forum.live.stream import Shown
from forum.models import Comment, CommentState, Decision, Discussion, Flag, Review, User

_SHOWN = 40
_DECIDED = 6
_OTHERS = 3
_MOST_OTHERS = 200


@dataclass(frozen=True)
class Item:
    """One comment in the queue. `others` are the writer's newest other comments here, of `others_count`."""

    review: Review
    shown: Shown
    flags: list[tuple[str, int]]
    notes: list[str]
    others: list[Comment]
    others_count: int
    claimant: str
    is_mine: bool
    version: str


@dataclass(frozen=True)
class Queue:
    """The oldest of what waits, and how much it is in all."""

    items: list[Item]
    count: int


@dataclass(frozen=True)
class Decided:
    """One of the latest decisions, to be taken back; `seen` tells it from a later one."""

    review: Review
    comment: Comment
    who: str
    seen: str


def queue(user: User, discussion: Discussion) -> Queue:
    """Return the queue of `discussion` as `user` sees it, with a fixed number of queries."""
    waiting = (Review.discussion_id == discussion.id, Review.decided_at.is_(None))
    found = db.session.scalars(
        select(Review)
        .where(*waiting)
        .options(joinedload(Review.comment))
        .order_by(Review.opened_at, Review.comment_id)
        .limit(_SHOWN)
    ).all()
    dressed = {shown.comment.id: shown for shown in stream.dress(discussion, [review.comment for review in found])}
    flags, undone = _flags(list(dressed)), undone_last(discussion, list(dressed))
    others, counts = _others(discussion, [review.comment for review in found])
    items = []
    for review in found:
        shown = dressed[review.comment_id]
        claimant = review.claimant(clock.now())
        rest = [c for c in others.get(review.comment.author_id or 0, []) if c.id != review.comment_id]
        on_it = flags.get(review.comment_id, [])
        items.append(
            Item(
                review=review,
                shown=shown,
                flags=Counter(flag.reason.value for flag in on_it).most_common(),
                notes=[flag.note for flag in on_it if flag.note],
                others=rest[:_OTHERS],
                others_count=max(counts.get(review.comment.author_id or 0, 1) - 1, 0),
                claimant=name_in(discussion, claimant) if claimant else "",
                is_mine=claimant is not None and claimant.id == user.id,
                version=version_of(review.comment, undone.get(review.comment_id)),
            )
        )
    return Queue(items, db.session.scalar(select(func.count()).select_from(Review).where(*waiting)) or 0)


def decided(discussion: Discussion) -> list[Decided]:
    """Return the latest decisions that can be taken back, newest first."""
    found = db.session.scalars(
        select(Review)
        .join(Comment, Comment.id == Review.comment_id)
        .where(
            Review.discussion_id == discussion.id,
            Review.decided_at.is_not(None),
            Review.decision != Decision.WITHDRAWN,
            Comment.source != "",  # its writer may have left since, and taken their words with them
        )
        .options(joinedload(Review.comment), joinedload(Review.decided_by))
        .order_by(Review.decided_at.desc(), Review.comment_id.desc())
        .limit(_DECIDED)
    )
    return [_decided(discussion, review) for review in found]


def _decided(discussion: Discussion, review: Review) -> Decided:
    return Decided(review, review.comment, name_in(discussion, review.decided_by), decision_of(review))


def _flags(ids: list[int]) -> dict[int, list[Flag]]:
    found: dict[int, list[Flag]] = {}
    asked = select(Flag).where(Flag.comment_id.in_(ids), Flag.settled_at.is_(None)).order_by(Flag.id)
    for flag in db.session.scalars(asked):
        found.setdefault(flag.comment_id, []).append(flag)
    return found


def _others(discussion: Discussion, comments: list[Comment]) -> tuple[dict[int, list[Comment]], dict[int, int]]:
    """Return what these comments' writers wrote here, newest first, and how much it is in all; both by writer.

    Of a flood only the newest are read: the console asks this after every event.
    """
    authors = {comment.author_id for comment in comments if comment.author_id is not None}
    theirs = (
        Comment.discussion_id == discussion.id,
        Comment.author_id.in_(authors),
        Comment.state != CommentState.DELETED,
        Comment.source != "",
    )
    found: dict[int, list[Comment]] = {}
    for comment in db.session.scalars(select(Comment).where(*theirs).order_by(Comment.id.desc()).limit(_MOST_OTHERS)):
        found.setdefault(comment.author_id or 0, []).append(comment)
    counted = db.session.execute(select(Comment.author_id, func.count()).where(*theirs).group_by(Comment.author_id))
    return found, {author or 0: count for author, count in counted}
