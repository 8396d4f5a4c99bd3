"""A writer's own comments that wait for a host, or were rejected: on their page alone."""

from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import and_, or_, select

from forum.database import db
from forum.live.scene import Scene
from forum.models import Comment, CommentState, Decision, Discussion, Review

_MOST = 20


@dataclass(frozen=True)
class Waiting:
    """One comment that only its writer sees; `reason` is why a host rejected it, None while it waits."""

    comment: Comment
    number: int | None
    reason: str | None

    @property
    def was_shown(self) -> bool:
        """Whether others have read it before it was set aside."""
        return self.comment.state is CommentState.HIDDEN


def items(discussion: Discussion, user_id: int) -> list[Waiting]:
    """Return what waits of one person in `discussion`, oldest first, with what was rejected; the newest few."""
    held = and_(
        Comment.state == CommentState.HELD, or_(Review.decision.is_(None), Review.decision == Decision.REJECTED)
    )
    aside = and_(Comment.state == CommentState.HIDDEN, Review.decision.is_(None))
    rows = db.session.execute(
        select(Comment, Review)
        .join(Review, Review.comment_id == Comment.id)
        .where(Comment.discussion_id == discussion.id, Comment.author_id == user_id, or_(held, aside))
        .order_by(Comment.id.desc())
        .limit(_MOST)
    ).all()
    return [_waiting(discussion, row[0], row[1]) for row in rows[::-1]]


def item_html(comment: Comment) -> str:
    """Return the `<li>` of one held comment for its writer; nothing when they have taken it back."""
    review = db.session.get(Review, comment.id)
    if review is None or review.decision is Decision.WITHDRAWN:
        return ""
    return str(_module().item(_waiting(comment.discussion, comment, review), Scene.of(comment.discussion))).strip()


def region(scene: Scene, user_id: int) -> str:
    """Return the whole part of the page that one person alone sees."""
    return str(_module().region(items(scene.discussion, user_id), scene)).strip()


def _waiting(discussion: Discussion, comment: Comment, review: Review) -> Waiting:
    number = next((q.number for q in discussion.questions if q.id == comment.question_id), None)
    return Waiting(comment, number, review.reason if review.decision is not None else None)


def _module() -> Any:
    return current_app.jinja_env.get_template("partials/waiting.html").module
