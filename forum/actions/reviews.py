"""Putting a comment into the queue and taking it out, with the events that tell of it. Runs inside `writing()`."""

from sqlalchemy import select, update

from forum import clock
from forum.database import db
from forum.live import log
from forum.models import Audience, Cause, Comment, CommentState, Decision, Flag, Review, User


def of(comment: Comment) -> Review | None:
    """Return the review of `comment`, if it was ever in the queue."""
    asked = select(Review).where(Review.comment_id == comment.id).execution_options(populate_existing=True)
    return db.session.scalar(asked)


def open_for(comment: Comment, cause: Cause, detail: str = "") -> Review:
    """Put `comment` into the queue; one that was decided comes back.

    One that waits already keeps its place and its claim, and says what was found last.
    """
    review = of(comment)
    waits_already = review is not None and review.is_open
    if review is None:
        review = Review(comment_id=comment.id, discussion_id=comment.discussion_id)
        db.session.add(review)
    if not waits_already:
        review.opened_at = clock.now()
        reopen(review)
    review.cause, review.detail = cause, detail
    tell(comment)
    return review


def reopen(review: Review) -> None:
    """Let a review wait again: no decision, nobody's claim."""
    review.decision = review.decided_at = review.decided_by = review.decided_by_id = None
    review.claimed_by = review.claimed_by_id = review.claimed_until = None
    review.reason = review.state_before = ""


def unsettle_flags(review: Review) -> None:
    """Let the flags that the last decision settled count again."""
    db.session.execute(
        update(Flag)
        .where(Flag.comment_id == review.comment_id, Flag.settled_at == review.decided_at)
        .values(settled_at=None),
        execution_options={"synchronize_session": False},
    )


def settle(review: Review, decision: Decision, actor: User, before: CommentState, reason: str = "") -> None:
    """End a review, and with it the flags on its comment. `before` is what the comment was, for whoever undoes it."""
    now = clock.now()
    review.decision, review.decided_at, review.decided_by = decision, now, actor
    review.reason, review.state_before = reason, before.value
    review.claimed_by = review.claimed_until = None
    db.session.execute(
        update(Flag).where(Flag.comment_id == review.comment_id, Flag.settled_at.is_(None)).values(settled_at=now),
        execution_options={"synchronize_session": False},
    )
    db.session.flush()
    tell(review.comment)


def settle_if_open(comment: Comment, decision: Decision, actor: User, before: CommentState, reason: str = "") -> None:
    """End the review of `comment` when its writer has decided it."""
    review = of(comment)
    if review is not None and review.is_open:
        settle(review, decision, actor, before, reason)


def settle_by_hand(comment: Comment, decision: Decision, actor: User, before: CommentState, reason: str = "") -> None:
    """Note what a host's hand has decided outside the queue, also over a decision of the queue: that stands no more.

    Else whoever undoes or repeats the earlier one would take back this one, unseen.
    """
    review = of(comment)
    if review is not None:
        if not review.is_open:
            unsettle_flags(review)  # they are settled by this decision now, and come back with it
        settle(review, decision, actor, before, reason)


def tell(comment: Comment, kind: str = "review.changed") -> None:
    """Tell hosts, and the writer's own pages, that something about the review of `comment` has changed.

    Hosts alone are told of what `kind` it was.
    """
    db.session.flush()
    log.record(comment.discussion, kind, comment.id, Audience.HOSTS)
    if comment.author_id is not None:
        log.record(comment.discussion, "review.changed", comment.id, Audience.person(comment.author_id))


def tell_hosts(comment: Comment) -> None:
    """Tell hosts alone: who looks at a comment is not its writer's business."""
    log.record(comment.discussion, "review.changed", comment.id, Audience.HOSTS)
