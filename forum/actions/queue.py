"""The moderators' queue: claim, approve, reject, undo, hide everything by one person. Runs inside `writing()`."""

from collections.abc import Collection
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import select

from forum import access, clock
from forum.actions import calls, notices, proposal_ends, reviews
from forum.actions.moderation import (
    checked_reason,
    hide,
    last_lines,
    name_in,
    require_below,
    write_down,
    write_down_state,
)
from forum.database import db
from forum.live import log
from forum.models import Comment, CommentState, Decision, Discussion, ModerationAction, Review, User
from forum.refusals import Refused, unknown

CLAIM = timedelta(minutes=2)
_FASTER = {
    Decision.APPROVED: lazy("%(who)s was faster and approved it."),
    Decision.KEPT: lazy("%(who)s was faster and kept it."),
    Decision.REJECTED: lazy("%(who)s was faster and rejected it."),
    Decision.HIDDEN: lazy("%(who)s was faster and hid it."),
}


def claim(actor: User, comment: Comment) -> Review:
    """Let the others see for two minutes that `actor` looks at `comment`; once more makes it two minutes again.

    Raises Refused (not theirs; decided or taken, 409 with who).
    """
    review = _open_review(actor, comment)
    review.claimed_by, review.claimed_until = actor, clock.now() + CLAIM
    reviews.tell_hosts(comment)
    return review


def release(actor: User, comment: Comment) -> None:
    """End one's own claim. Raises Refused (not theirs; decided or taken, 409)."""
    review = _open_review(actor, comment)
    review.claimed_by = review.claimed_until = None
    reviews.tell_hosts(comment)


def approve(actor: User, comment: Comment, seen: str | None = None) -> Review:
    """Show `comment`: a held one for the first time, one that was set aside again; a flagged one just stays.

    `seen` names the version that was looked at (`version_of`): an undo that came since stands. The same by the same
    person again changes nothing. Raises Refused (not theirs; decided, taken, changed: 409).
    """
    review = _review(actor, comment)
    if review.decision in {Decision.APPROVED, Decision.KEPT} and _stands(review, actor):
        return review
    _require_open(actor, review)
    _require_version(comment, seen)
    before = comment.state
    kept = before is CommentState.PUBLISHED
    comment.state, comment.hidden_reason = CommentState.PUBLISHED, ""
    kind = "comment.kept" if kept else "comment.approved"
    write_down_state(actor, comment, kind, before)
    reviews.settle(review, Decision.KEPT if kept else Decision.APPROVED, actor, before)
    if not kept:
        log.record(comment.discussion, "comment.approved", comment.id)
        calls.follow(comment)
        if before is CommentState.HELD:
            notices.of_comment(comment)
    return review


def reject(actor: User, comment: Comment, reason: str, seen: str | None = None) -> Review:
    """Keep a held `comment` from everybody but its writer, who reads why; hide one that was shown already.

    The same by the same person, for the same reason, again changes nothing.
    Raises Refused (not theirs; invalid without a reason; decided, taken, changed: 409).
    """
    review = _review(actor, comment)
    own = review.decision in {Decision.REJECTED, Decision.HIDDEN} and _stands(review, actor)
    if own and checked_reason(reason) == review.reason:
        return review
    _require_open(actor, review)
    _require_version(comment, seen)
    reason = checked_reason(reason)
    before = comment.state
    if before is not CommentState.HELD:
        comment.state, comment.hidden_reason = CommentState.HIDDEN, reason
        write_down_state(actor, comment, "comment.hidden", before, reason)
        reviews.settle(review, Decision.HIDDEN, actor, before, reason)
        log.record(comment.discussion, "comment.hidden", comment.id)
        proposal_ends.follow(comment)
        calls.follow(comment)
        return review
    write_down_state(actor, comment, "comment.rejected", before, reason)
    reviews.settle(review, Decision.REJECTED, actor, before, reason)
    return review


def undo(actor: User, comment: Comment, seen: str | None = None) -> Review:
    """Take a decision back: the comment waits in the queue again. One that waits there already stays as it is.

    What had been approved keeps its place on the page and is set aside there, since people have seen it.
    `seen` names the decision that was looked at (`decision_of`): one that came since is nobody's to take back by it.
    Raises Refused (not theirs; 404 for what is not in the record of the queue; 409 for what has gone on since).
    """
    access.require(actor, "queue.work", comment.discussion)
    log.lock_and_refresh(comment)
    review = reviews.of(comment)
    if review is None or _is_over(review) or comment.state is CommentState.DELETED:
        raise unknown()
    if review.decision is None:
        return review
    if comment.state is not _after(review) or seen not in {None, decision_of(review)}:
        raise Refused("changed", _("This comment has been changed since that decision. Look at it on the page."), 409)
    decision, before = review.decision, comment.state
    if decision is Decision.APPROVED:
        comment.state = CommentState.HIDDEN
    elif decision is Decision.HIDDEN:
        comment.state = CommentState(review.state_before)
    comment.hidden_reason = ""
    write_down_state(actor, comment, f"{decision.value}.undone", before)
    reviews.unsettle_flags(review)
    reviews.reopen(review)
    reviews.tell(comment, "review.undone")
    if comment.state is not before:
        log.record(comment.discussion, "comment.reopened", comment.id)
        proposal_ends.follow(comment)
        calls.follow(comment)
    return review


def hide_all(actor: User, discussion: Discussion, person: User, reason: str) -> int:
    """Hide everything that `person` has written in `discussion`, and reject what waits; return how many that were.

    Raises Refused (not theirs; invalid without a reason; 409 for hosts and moderators).
    """
    access.require(actor, "queue.work", discussion)
    reason = checked_reason(reason)
    require_below(actor, discussion, person)
    log.lock(discussion)
    found = db.session.scalars(
        select(Comment)
        .where(
            Comment.discussion_id == discussion.id,
            Comment.author_id == person.id,
            Comment.state != CommentState.DELETED,
        )
        .order_by(Comment.id)
    ).all()
    hidden = 0
    for comment in found:
        hidden += _hide_one(actor, comment, reason)
    if hidden:
        write_down(actor, discussion, "person.hidden", "user", person.id, reason=reason, after={"comments": hidden})
    return hidden


def writer_in(discussion: Discussion, user_id: int) -> User:
    """Return somebody who has written here. Raises Refused (404): a stranger is as unknown as nobody."""
    person = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    wrote = select(Comment.id).where(Comment.discussion_id == discussion.id, Comment.author_id == user_id).limit(1)
    if person is None or db.session.scalar(wrote) is None:
        raise unknown()
    return person


def version_of(comment: Comment, undone: int | None = None) -> str:
    """Return what tells `comment`, as it waits now, from another text by its writer, and from before an undo.

    `undone` is where the last undo is told of (`undone_last`).
    """
    edited = comment.edited_at.isoformat() if comment.edited_at else ""
    return f"{edited} {undone}" if undone else edited


def undone_last(discussion: Discussion, ids: Collection[int]) -> dict[int, int]:
    """Return by comment which line of the record tells of the last undo (`last_lines`).

    A rehearsal has no record; there it is the event of the log, which goes with the rehearsal.
    """
    if discussion.is_rehearsal:
        return log.last(discussion, "review.undone", ids)
    return last_lines(discussion, ids, ModerationAction.verb.endswith(".undone"))


def decision_of(review: Review) -> str:
    """Return what tells the decision that stands from one that comes after it; empty while there is none."""
    if review.decision is None or review.decided_at is None:
        return ""
    return f"{review.decided_at.isoformat()} {review.decision.value} {review.decided_by_id or ''}"


def _hide_one(actor: User, comment: Comment, reason: str) -> bool:
    review = reviews.of(comment)
    if comment.state is CommentState.HELD:
        if review is None or not review.is_open:
            return False
        write_down_state(actor, comment, "comment.rejected", comment.state, reason)
        reviews.settle(review, Decision.REJECTED, actor, comment.state, reason)
        return True
    if comment.state is CommentState.HIDDEN and (review is None or not review.is_open):
        return False
    hide(actor, comment, reason)
    return True


def _open_review(actor: User, comment: Comment) -> Review:
    """Return the review of `comment` for `actor` to work on.

    Raises Refused (not theirs; decided or taken, 409 with who).
    """
    review = _review(actor, comment)
    _require_open(actor, review)
    return review


def _review(actor: User, comment: Comment) -> Review:
    """Return the review of `comment`, which nobody else changes meanwhile. Raises Refused (not theirs)."""
    access.require(actor, "queue.work", comment.discussion)
    log.lock_and_refresh(comment)
    review = reviews.of(comment)
    if review is None or _is_over(review):
        raise unknown()
    return review


def _is_over(review: Review) -> bool:
    """Whether its writer has taken the comment back, or has left with its words: nobody publishes nothing."""
    return review.decision is Decision.WITHDRAWN or not review.comment.source


def _require_open(actor: User, review: Review) -> None:
    discussion = review.comment.discussion
    if review.decision is not None and review.decided_by_id == actor.id:
        words = _("You have decided on this comment already. To decide anew, hide or restore it on the page.")
        raise Refused("decided", words, 409)
    if review.decision is not None:
        who = name_in(discussion, review.decided_by)
        raise Refused("decided", str(_FASTER[review.decision]) % {"who": who}, 409)
    claimant = review.claimant(clock.now())
    if claimant is not None and claimant.id != actor.id:
        who = name_in(discussion, claimant)
        raise Refused("taken", _("%(who)s is looking at this comment now. Take the next one.", who=who), 409)


def _stands(review: Review, actor: User) -> bool:
    """Whether the decision is `actor`'s own and nothing has undone it: who presses twice was not outrun."""
    return review.decided_by_id == actor.id and review.comment.state is _after(review)


def _require_version(comment: Comment, seen: str | None) -> None:
    """A press that comes late, or twice, decides on no other text and takes back nobody's undo."""
    if seen is None:
        return
    undone = undone_last(comment.discussion, [comment.id]).get(comment.id)
    if seen == version_of(comment, undone):
        return
    if undone is None or seen.partition(" ")[0] != version_of(comment):
        raise Refused("changed", _("Its writer has changed this comment meanwhile. Read it again, then decide."), 409)
    line = None if comment.discussion.is_rehearsal else db.session.get_one(ModerationAction, undone)
    who = name_in(comment.discussion, line.actor if line else None)
    words = _("%(who)s has put this comment back into the queue. Look at it again, then decide.", who=who)
    raise Refused("changed", words, 409)


def _after(review: Review) -> CommentState:
    """Return what the comment is as long as the decision stands."""
    if review.decision in {Decision.APPROVED, Decision.KEPT}:
        return CommentState.PUBLISHED
    return CommentState.HELD if review.decision is Decision.REJECTED else CommentState.HIDDEN
