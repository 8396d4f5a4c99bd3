"""Comments that a host points out to readers."""

from flask_babel import gettext as _
from sqlalchemy import select

from forum import access, clock
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Comment, CommentState, Discussion, User
from forum.refusals import Refused, unknown


def highlight(actor: User, comment: Comment) -> None:
    """Point out `comment`; again changes nothing. Raises Refused (not theirs; 409 for one that cannot be read)."""
    access.require(actor, "comment.highlight", comment.discussion)
    log.lock_and_refresh(comment)
    if comment.state is CommentState.DELETED:
        raise unknown()
    if comment.state is not CommentState.PUBLISHED:
        raise Refused("hidden", _("Readers cannot see this comment. Show it again first."), 409)
    if comment.highlighted_at is None:
        comment.highlighted_at = clock.now()
        _note(actor, comment, "comment.highlighted")


def unhighlight(actor: User, comment: Comment) -> None:
    """Point out `comment` no longer; again changes nothing. Raises Refused (not theirs)."""
    access.require(actor, "comment.highlight", comment.discussion)
    log.lock_and_refresh(comment)
    if comment.highlighted_at is not None:
        comment.highlighted_at = None
        _note(actor, comment, "comment.unhighlighted")


def listed(reader: User | None, discussion: Discussion) -> list[Comment]:
    """Return the highlighted comments that can be read, oldest first. Raises Refused (404)."""
    access.require(reader, "discussion.read", discussion)
    return list(db.session.scalars(select(Comment).where(*Comment.highlighted_in(discussion.id)).order_by(Comment.id)))


def _note(actor: User, comment: Comment, kind: str) -> None:
    write_down(actor, comment.discussion, kind, "comment", comment.id)
    log.record(comment.discussion, kind, comment.id)
