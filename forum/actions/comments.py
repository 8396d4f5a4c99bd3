"""Writing, editing, moving and deleting comments. Every function runs inside `writing()`."""

from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from forum import access, clock
from forum.actions import calls, flags, merging, proposal_ends, reviews
from forum.actions.moderation import write_down
from forum.actions.posting import CommentDraft as CommentDraft
from forum.actions.posting import Posting, asked, post_all, written
from forum.actions.screening import Screen
from forum.config import Settings
from forum.database import db
from forum.live import log
from forum.models import Comment, CommentEdit, CommentState, Decision, Discussion, SeatRole, User
from forum.refusals import Refused, invalid, unknown

# How often one person may post, on the page and by mail alike.
PACE = "20/minute;300/hour"


def post(author: User, discussion: Discussion, draft: CommentDraft, *, typist: User | None = None) -> Comment:
    """Publish what `author` wrote, or hold it for a host. The same `draft.key` again returns the comment it made first.

    `is_new` of what is returned tells the two apart. A host or moderator who writes down what a panelist said by
    telephone or letter is its `typist` and stands beside the panelist's name; `spoken_for` finds the panelist.

    Raises Refused: sign_in, muted, look_alike (403), not_open, paused, closed (409), invalid (422: body, question,
    reply_to, key), slow_mode (429 with retry_after).
    """
    (outcome,) = post_all(discussion, [Posting(author, draft, typist)])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome.comment


def spoken_for(typist: User, discussion: Discussion, user_id: int) -> User:
    """Return the panelist for whom `typist` may post. Raises Refused (not theirs; invalid for nobody on the panel)."""
    access.require(typist, "comment.post_for", discussion)
    for seat in discussion.seats:
        if seat.user_id == user_id and seat.role is SeatRole.PANELIST:
            return seat.user
    raise invalid(**{"for": _("This person is not on the panel. Choose one of the list, and post again.")})


def edit(author: User, comment: Comment, body: str, seen: str = "") -> Comment:
    """Put `body` in place of what `author` wrote; the old version is kept. The same text again changes nothing.

    Who has written it down for them may do so as well, as long as they may write down anything, and is in the record.
    A change that would have been held sets a published comment aside until a host has looked at it.
    Raises Refused (404 for somebody else's comment, edit_window 409 when it is too late, invalid), Stale when another
    text than `seen` (see `merging`) stands there by now: its writer has two windows, or a host wrote it down for them.
    """
    log.lock_and_refresh(comment)
    _require_own(author, comment, "comment.edit")
    _require_window(comment)
    source, html = written(body, comment.discussion)
    if merging.untouched(seen, {"body": comment.source}, {"body": source}) or source == comment.source:
        return comment
    db.session.add(CommentEdit(comment_id=comment.id, source=comment.source, replaced_at=clock.now()))
    comment.source = source
    comment.html = html
    comment.edited_at = clock.now()
    if author.id != comment.author_id:
        of_whom = {"author": comment.author.name} if comment.author else {}
        write_down(author, comment.discussion, "comment.edited_for", "comment", comment.id, after=of_whom)
    found = Screen.of(comment.discussion).finding(author, access.role_of(author, comment.discussion), source, html)
    if comment.state is CommentState.HELD:
        if found is None:
            reviews.tell(comment)
        else:
            reviews.open_for(comment, found.cause, found.detail)
        return comment
    log.record(comment.discussion, "comment.edited", comment.id)
    calls.follow(comment)
    if found is not None:
        reviews.open_for(comment, found.cause, found.detail)
        flags.set_aside(comment, {"cause": found.cause.value})
    return comment


def delete(author: User, comment: Comment) -> Comment:
    """Take back one's own comment: its text is gone for good, its place stays. Raises Refused (not theirs)."""
    access.require(author, "discussion.read", comment.discussion)
    if comment.author_id != author.id:
        raise unknown()
    log.lock_and_refresh(comment)
    if comment.state is CommentState.DELETED:
        return comment
    _require_own(author, comment, "comment.delete")
    before = comment.state
    # What nobody has seen has no place to keep: without its text it stays held for good.
    if before is not CommentState.HELD:
        comment.state = CommentState.DELETED
    comment.source = comment.html = ""
    for version in db.session.scalars(select(CommentEdit).where(CommentEdit.comment_id == comment.id)):
        db.session.delete(version)
    proposal_ends.follow(comment)
    reviews.settle_if_open(comment, Decision.WITHDRAWN, author, before)
    if before is not CommentState.HELD:
        log.record(comment.discussion, "comment.deleted", comment.id)
        calls.follow(comment)
    return comment


def move(actor: User, comment: Comment, question: int | None) -> Comment:
    """Move a comment to another question's answers (None: general remarks): by its writer, or by hosts and moderators.

    Raises Refused (not theirs, invalid for a question that is not asked).
    """
    discussion = comment.discussion
    role = access.require(actor, "comment.move", discussion)
    log.lock_and_refresh(comment)
    if comment.state is CommentState.DELETED or (comment.state is CommentState.HELD and not comment.source):
        raise unknown()
    if role not in access.STAFF:
        _require_own(actor, comment, "comment.move")
        _require_window(comment)
    to = asked(discussion, question)
    if to is comment.question:
        return comment
    before = comment.question.number if comment.question else None
    comment.question = to
    if comment.author_id != actor.id:
        write_down(
            actor,
            discussion,
            "comment.moved",
            "comment",
            comment.id,
            before={"question": before},
            after={"question": question},
        )
    if comment.state is CommentState.HELD:
        reviews.tell(comment)
    else:
        log.record(discussion, "comment.moved", comment.id)
    return comment


def find(reader: User | None, discussion: Discussion, comment_id: int) -> Comment:
    """Return a comment of `discussion`. Raises Refused (404) for one of another discussion or one that waits.

    A deleted or hidden one is found: its place is kept, and what may be done with it is each action's own question.
    """
    access.require(reader, "discussion.read", discussion)
    comment = Comment.with_id(comment_id)
    if comment is None or comment.discussion_id != discussion.id:
        raise unknown()
    # What waits is not there, except for its writer and for those who decide.
    is_own = reader is not None and comment.author_id == reader.id
    if comment.state is CommentState.HELD and not is_own and not access.may(reader, "queue.work", discussion):
        raise unknown()
    return comment


def require_offered(user: User, comment: Comment, action: str) -> None:
    """Let `user` look at what would take `action` on `comment`; whether it can be taken now, the action itself says.

    Raises Refused (404) for whom it is not: others' words to edit or delete, one's own to flag, measures but for staff.
    """
    if not _is_offered(user, comment, action):
        raise unknown()


def offered(user: User, comment: Comment) -> list[str]:
    """Return what is behind “⋯” under `comment` for `user`, in the order of the menu.

    Raises Refused (404) where there is nothing. What has its own place under the comment, an answer or the edit, is not
    in it; what the table refuses at this time of the discussion may be, and is refused with its reason.
    """
    highlight = "unhighlight" if comment.highlighted_at else "highlight"
    # Hosts do themselves what a flag asks of them.
    flag = () if access.role_of(user, comment.discussion) in access.STAFF else ("flag",)
    menus = {
        CommentState.PUBLISHED: ("move", "delete", *flag, "hide", highlight, *(("mute",) if comment.author_id else ())),
        CommentState.HIDDEN: ("restore",),
    }
    found = [action for action in menus.get(comment.state, ()) if _is_offered(user, comment, action)]
    if not found:
        raise unknown()
    return found


def _is_offered(user: User, comment: Comment, action: str) -> bool:
    own = user.id == comment.author_id or (action == "edit" and _is_typist(user, comment))
    if action in {"edit", "delete"}:
        return own
    if action == "flag":
        is_readable = comment.state is CommentState.PUBLISHED
        return not own and is_readable and access.may(user, "comment.flag", comment.discussion)
    return (own and action == "move") or access.role_of(user, comment.discussion) in access.STAFF


def edit_until(comment: Comment) -> float:
    """Return until when (seconds since 1970, UTC) the writer can edit `comment`."""
    return (comment.posted_at + _window()).timestamp()


def _window() -> timedelta:
    settings: Settings = current_app.config["SETTINGS"]
    return timedelta(minutes=settings.edit_window_minutes)


def _require_window(comment: Comment) -> None:
    if clock.now() > comment.posted_at + _window():
        minutes = int(_window().total_seconds() // 60)
        raise Refused(
            "edit_window",
            _(
                "A comment can be changed for %(minutes)s minutes after posting. "
                "Post a correction as a reply; your text is kept.",
                minutes=minutes,
            ),
            409,
        )


def _require_own(author: User, comment: Comment, verb: str) -> None:
    """Somebody else's comment, a hidden and a deleted one are all the same to who wants to change it: not there."""
    access.require(author, "discussion.read", comment.discussion)
    is_own = author.id == comment.author_id or _is_typist(author, comment)
    if not is_own or comment.state in {CommentState.DELETED, CommentState.HIDDEN}:
        raise unknown()
    if comment.state is CommentState.HELD:
        review = reviews.of(comment)
        if review is None or not review.is_open:
            raise unknown()
    access.require(author, verb, comment.discussion)


def _is_typist(person: User, comment: Comment) -> bool:
    """Whether `person` has written `comment` down for its author, and may still do so: a seat can be taken away.

    The role is asked for and not the verb: what was written down shortly before the end can be mended after it.
    """
    return person.id == comment.posted_by_id and access.role_of(person, comment.discussion) in access.STAFF
