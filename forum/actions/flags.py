"""Members ask a host to look at a comment. Runs inside `writing()`."""

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select

from forum import access, clock, text
from forum.actions import accounts, calls, proposal_ends, reviews
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Cause, Comment, CommentState, Flag, FlagReason, Safeguards, User
from forum.refusals import Refused, invalid, unknown


def flag(member: User, comment: Comment, reason: str, note: str = "") -> Flag:
    """Put the flag of `member` on `comment`; a second one of the same person changes nothing while the first waits.

    Once a host has looked, it takes another text of the writer's to flag it again: that is the same row, open again.
    With as many open flags as the discussion's hosts have chosen, the comment is set aside until a host has looked.
    Raises Refused (not theirs; 404 for what cannot be read; own, kept: 409; invalid for an unknown reason or a bad
    note).
    """
    discussion = comment.discussion
    access.require(member, "discussion.read", discussion)
    log.lock_and_refresh(comment)
    earlier = db.session.scalar(select(Flag).where(Flag.comment_id == comment.id, Flag.user_id == member.id))
    if comment.state is not CommentState.PUBLISHED and (earlier is None or comment.state is CommentState.HELD):
        raise unknown()
    access.require(member, "comment.flag", discussion)
    if accounts.has_left(member):
        raise Refused("sign_in", _("Sign in to do this. What you typed is kept for you."))
    if comment.author_id == member.id:
        raise Refused("own", _("This is your own comment. You can edit or delete it."), 409)
    if earlier is not None and earlier.settled_at is None:
        return earlier
    if earlier is not None:
        _require_other_text(comment, earlier.settled_at)
    flagged = earlier or Flag(comment_id=comment.id, user_id=member.id)
    flagged.reason, flagged.note = _reason(reason), _note(note)
    flagged.at, flagged.settled_at = clock.now(), None
    db.session.add(flagged)
    review = reviews.of(comment)
    if review is None or not review.is_open:
        reviews.open_for(comment, Cause.FLAGS)
    else:
        reviews.tell_hosts(comment)
    _set_aside_if_enough(comment)
    return flagged


def _require_other_text(comment: Comment, settled_at: datetime | None) -> None:
    """Nobody is told that a host will look who has looked already. Raises Refused."""
    if comment.state is not CommentState.PUBLISHED:
        raise unknown()
    if settled_at is not None and (comment.edited_at is None or comment.edited_at <= settled_at):
        words = _(
            "A host has looked at this comment since you flagged it, and kept it. "
            "You can flag it again when its writer changes it."
        )
        raise Refused("kept", words, 409)


def _set_aside_if_enough(comment: Comment) -> None:
    """Hide `comment` until looked at, when enough ask for it. Nobody can flag a host or panelist out of the room."""
    enough = Safeguards.of(comment.discussion_id).hide_after_flags
    author = comment.author
    if not enough or (author is not None and access.role_of(author, comment.discussion) in access.PANEL):
        return
    db.session.flush()
    count = db.session.scalar(select(func.count()).where(Flag.comment_id == comment.id, Flag.settled_at.is_(None)))
    if (count or 0) >= enough:
        set_aside(comment, {"flags": count})


def set_aside(comment: Comment, why: dict[str, object]) -> None:
    """Hide `comment` until a host has looked at it: its place stays and accuses nobody."""
    write_down(
        None,
        comment.discussion,
        "comment.set_aside",
        "comment",
        comment.id,
        before={"state": comment.state.value},
        after={"state": CommentState.HIDDEN.value, **why},
    )
    comment.state, comment.hidden_reason = CommentState.HIDDEN, ""
    reviews.tell(comment)
    log.record(comment.discussion, "comment.set_aside", comment.id)
    proposal_ends.follow(comment)
    calls.follow(comment)


def _reason(reason: str) -> FlagReason:
    if reason not in {member.value for member in FlagReason}:
        raise invalid(reason=_("Choose what is wrong with this comment."))
    return FlagReason(reason)


def _note(note: str) -> str:
    if not note.strip():
        return ""
    try:
        return text.clean_line(note, 200)
    except text.TextFault as fault:
        raise invalid(note=fault.message) from fault
