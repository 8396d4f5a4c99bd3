"""Hiding comments, and the record of everything that hosts and moderators do. Runs inside `writing()`."""

from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select

from forum import access, clock, text
from forum.access import Role
from forum.actions import calls, proposal_ends, reviews
from forum.database import db
from forum.live import log
from forum.models import (
    Comment,
    CommentState,
    Decision,
    Discussion,
    ModerationAction,
    SeatRole,
    User,
)
from forum.refusals import Refused, invalid, unknown

# What takes a comment from readers' sight, as the record calls it; of a decision that is undone it may be set aside.
_HIDINGS = ("comment.hidden", "comment.set_aside", "approved.undone", "hidden.undone")


def write_down(
    actor: User | None,
    discussion: Discussion | None,
    verb: str,
    subject: str,
    subject_id: int,
    *,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add a line to the record of `discussion` (None: of the site); `actor` None means the clock.

    Lines are never changed or removed.

    A rehearsal has no record: nothing of it is to remain, and a record would.
    """
    if discussion is not None and discussion.is_rehearsal:
        return
    db.session.add(
        ModerationAction(
            discussion_id=discussion.id if discussion else None,
            actor_id=actor.id if actor else None,
            verb=verb,
            subject=subject,
            subject_id=subject_id,
            reason=reason,
            before=dict(before or {}),
            after=dict(after or {}),
            at=clock.now(),
        )
    )


def write_down_state(actor: User, comment: Comment, verb: str, before: CommentState, reason: str = "") -> None:
    """Add a line that tells what `comment` was `before`, and what it is."""
    states = {"before": {"state": before.value}, "after": {"state": comment.state.value}}
    write_down(actor, comment.discussion, verb, "comment", comment.id, reason=reason, **states)


def hide(actor: User, comment: Comment, reason: str) -> Comment:
    """Take `comment` from readers' sight; its place stays, with the reason. The same reason again changes nothing.

    Raises Refused (not theirs, invalid without a reason, 404 for a deleted comment; hidden for another reason, 409).
    """
    access.require(actor, "comment.hide", comment.discussion)
    reason = checked_reason(reason)
    log.lock_and_refresh(comment)
    if comment.state is CommentState.DELETED:
        raise unknown()
    _require_shown_once(comment)
    # One that was set aside until a host looks is hidden by the hand that gives a reason.
    if comment.state is not CommentState.HIDDEN or not comment.hidden_reason:
        _change_state(actor, comment, CommentState.HIDDEN, "comment.hidden", reason)
    elif comment.hidden_reason != reason:
        raise _hidden_already(actor, comment)
    return comment


def restore(actor: User, comment: Comment, reason: str = "", seen: str | None = None) -> Comment:
    """Show a hidden comment again. Restoring a published one changes nothing.

    `seen` names the hiding that was looked at (`hidings`): one that came since is nobody's to take back by it.
    Raises Refused as `hide`.
    """
    access.require(actor, "comment.hide", comment.discussion)
    log.lock_and_refresh(comment)
    if comment.state is CommentState.DELETED:
        raise unknown()
    _require_shown_once(comment)
    if comment.state is not CommentState.PUBLISHED:
        if seen is not None:
            _require_hiding(comment, seen)
        _change_state(
            actor, comment, CommentState.PUBLISHED, "comment.restored", checked_reason(reason, required=False)
        )
    return comment


def require_below(actor: User, discussion: Discussion, person: User) -> None:
    """Raises Refused for measures against hosts and moderators (409), and a moderator's against the panel (403)."""
    if (refusal := _not_below(actor, person, discussion, access.roles_of([actor, person], discussion))) is not None:
        raise refusal


def below(actor: User, discussion: Discussion, ids: set[int]) -> set[int]:
    """Return the ids of those people of `ids` against whom `require_below` lets `actor` take measures; two queries."""
    people = db.session.scalars(select(User).where(User.id.in_(ids))).all()
    roles = access.roles_of([actor, *people], discussion)
    return {person.id for person in people if _not_below(actor, person, discussion, roles) is None}


def _not_below(actor: User, person: User, discussion: Discussion, roles: dict[int, Role]) -> Refused | None:
    if roles[person.id] in access.STAFF or person.id == actor.id:
        return Refused("staff", _("This cannot be done to hosts and moderators. Take their seat first."), 409)
    # A muted panelist is one too, whatever their role is now.
    seat = access.seat_of(person, discussion)
    if seat is not None and seat.role is SeatRole.PANELIST and roles[actor.id] not in access.RUN:
        return Refused("panelist", _("Only a host can do this to a panelist."), 403)
    return None


def _change_state(actor: User, comment: Comment, to: CommentState, kind: str, reason: str) -> None:
    before = comment.state
    comment.state = to
    comment.hidden_reason = reason if to is CommentState.HIDDEN else ""
    write_down_state(actor, comment, kind, before, reason)
    decision = Decision.HIDDEN if to is CommentState.HIDDEN else Decision.APPROVED
    reviews.settle_by_hand(comment, decision, actor, before, reason)
    log.record(comment.discussion, kind, comment.id)
    proposal_ends.follow(comment)
    calls.follow(comment)


def last_lines(discussion: Discussion, ids: Collection[int], verb: ColumnElement[bool]) -> dict[int, int]:
    """Return by comment which line of the record is the last one with such a `verb`; one query.

    A rehearsal has no record, so nothing stands here for its comments.
    """
    last = select(ModerationAction.subject_id, func.max(ModerationAction.id)).where(
        ModerationAction.discussion_id == discussion.id,
        verb,
        ModerationAction.subject == "comment",
        ModerationAction.subject_id.in_(ids),
    )
    return {row[0]: row[1] for row in db.session.execute(last.group_by(ModerationAction.subject_id))}


def hidings(discussion: Discussion, ids: Collection[int]) -> dict[int, int]:
    """Return by comment which line of the record tells of its last hiding (`last_lines`), by a hand or by a filter."""
    return last_lines(discussion, ids, ModerationAction.verb.in_(_HIDINGS))


def _last_hiding(comment: Comment) -> ModerationAction | None:
    found = hidings(comment.discussion, [comment.id]).get(comment.id)
    return db.session.get(ModerationAction, found) if found else None


def _require_hiding(comment: Comment, seen: str) -> None:
    line = _last_hiding(comment)
    if seen == (str(line.id) if line else ""):
        return
    way_on = _("This comment has been changed since that decision. Look at it on the page.")
    if not comment.hidden_reason:  # it was set aside since: by flags, by a filter or by an undo
        raise Refused("changed", way_on, 409)
    done = _("%(who)s was faster and hid it.", who=name_in(comment.discussion, line.actor if line else None))
    given = _("Reason: %(reason)s", reason=comment.hidden_reason)
    raise Refused("changed", f"{done} {way_on} {given}", 409)


def _hidden_already(actor: User, comment: Comment) -> Refused:
    """Nobody is told that readers see a reason which they do not see."""
    line = _last_hiding(comment)
    # A rehearsal has no record, so there nobody is known to have done it.
    words = _("It is hidden already.")
    if line is not None and line.actor_id != actor.id:
        words = _("%(who)s was faster and hid it.", who=name_in(comment.discussion, line.actor))
    way_on = _("To give another reason, show it again first.")
    given = _("Reason: %(reason)s", reason=comment.hidden_reason)
    return Refused("decided", f"{words} {way_on} {given}", 409)


def name_in(discussion: Discussion, user: User | None) -> str:
    """Return what a host or moderator is called in `discussion`."""
    if user is None:
        return str(_("Somebody"))
    seat = access.seat_of(user, discussion)
    return seat.name if seat else user.name


def _require_shown_once(comment: Comment) -> None:
    """What is held has no place that readers know of: it is approved or rejected, never hidden or restored."""
    if comment.state is CommentState.HELD:
        raise Refused("held", _("This comment waits in the console's queue. Approve or reject it there."), 409)


def checked_reason(reason: str, *, required: bool = True) -> str:
    """Return a reason as one clean line. Raises Refused (invalid) for an unreadable, and a missing one if required."""
    if not reason.strip():
        if required:
            raise invalid(reason=_("Give a reason."))
        return ""
    try:
        return text.clean_line(reason, 200)
    except text.TextFault as fault:
        raise invalid(reason=fault.message) from fault
