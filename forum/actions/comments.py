"""Writing, editing, moving and deleting comments. Every function runs inside `writing()`."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from forum import access, clock, people, text
from forum.access import Role
from forum.actions import calls, flags, notices, reviews, screening
from forum.actions.moderation import write_down
from forum.actions.seats import check_name
from forum.config import Settings
from forum.database import db
from forum.live import log
from forum.models import Comment, CommentEdit, CommentState, Decision, Discussion, Question, SeatRole, User
from forum.refusals import Refused, invalid, unknown

LONGEST = 10_000
# How often one person may post, on the page and by mail alike.
PACE = "20/minute;300/hour"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


@dataclass(frozen=True)
class CommentDraft:
    """What a writer sent: Markdown, the number of the question they answer (None for a general remark),
    the id of the comment they reply to, and a key their browser made, so that sending twice posts once.
    """

    body: str
    question: int | None
    reply_to: int | None
    key: str

    def checked_key(self) -> str:
        """Return the key. Raises Refused (invalid) when it is not 8 to 64 letters, digits, - or _."""
        if not _KEY.match(self.key):
            raise invalid(key=_("The page sent a damaged key. Load the page again; your text is kept."))
        return self.key


def post(author: User, discussion: Discussion, draft: CommentDraft, *, typist: User | None = None) -> Comment:
    """Publish what `author` wrote, or hold it for a host. The same `draft.key` again returns the comment it made first.

    `is_new` of what is returned tells the two apart. A host or moderator who writes down what a panelist said by
    telephone or letter is its `typist` and stands beside the panelist's name; `spoken_for` finds the panelist.

    Raises Refused: sign_in, muted, look_alike (403), not_open, paused, closed (409), invalid (422: body, question,
    reply_to, key), slow_mode (429 with retry_after).
    """
    # Read before the question whether it may be posted: a comment that counts never bears a moment after the close.
    posted_at = clock.now()
    role = access.require(author, "discussion.read", discussion)
    key = draft.checked_key()
    try:
        _require_right(author, role, typist, discussion)
        comment = _written(author, discussion, draft, posted_at)
        comment.posted_by_id = typist.id if typist else None
    except Refused:
        # What was posted in time stays posted, also for a browser that asks again after the close.
        if earlier := Comment.with_key(discussion, author, key):
            return earlier
        raise
    # The same key sent to two processes at once waits for its turn.
    log.lock(discussion)
    if earlier := Comment.with_key(discussion, author, key):
        return earlier
    screening.require_pace(author, role, discussion)
    found = screening.finding(author, role, discussion, comment.source, comment.html)
    comment.is_new = True
    comment.state = CommentState.HELD if found else CommentState.PUBLISHED
    db.session.add(comment)
    db.session.flush()
    if found:
        reviews.open_for(comment, found.cause, found.detail)
    else:
        log.record(discussion, "comment.posted", comment.id)
        calls.note_answer(comment)
        notices.of_comment(comment)
    if typist is not None:
        write_down(typist, discussion, "comment.posted_for", "comment", comment.id, after={"author": author.name})
    return comment


def _require_right(author: User, role: Role, typist: User | None, discussion: Discussion) -> None:
    """Who types for the panel may do so when hosts may write, also in a pause; not for somebody who was muted."""
    if typist is not None:
        access.require(typist, "comment.post_for", discussion)
    if typist is None or role not in access.PANEL:
        access.require(author, "comment.post", discussion, role)


def spoken_for(typist: User, discussion: Discussion, user_id: int) -> User:
    """Return the panelist for whom `typist` may post. Raises Refused (not theirs; invalid for nobody on the panel)."""
    access.require(typist, "comment.post_for", discussion)
    for seat in discussion.seats:
        if seat.user_id == user_id and seat.role is SeatRole.PANELIST:
            return seat.user
    raise invalid(**{"for": _("This person is not on the panel. Choose one of the list, and post again.")})


def _written(author: User, discussion: Discussion, draft: CommentDraft, posted_at: datetime) -> Comment:
    """Return the comment that `draft` makes, stored nowhere yet. Raises Refused (look_alike, invalid)."""
    check_name(author.name, discussion, author)
    source = checked_body(draft.body)
    question, reply_to = _asked(discussion, draft.question), _answered(discussion, draft.reply_to)
    return Comment(
        discussion_id=discussion.id,
        author_id=author.id,
        question_id=question.id if question else None,
        reply_to_id=reply_to.id if reply_to else None,
        source=source,
        html=text.render(source, people.mentions_in(source, discussion)),
        state=CommentState.PUBLISHED,
        key=draft.key,
        posted_at=posted_at,
    )


def edit(author: User, comment: Comment, body: str) -> Comment:
    """Put `body` in place of what `author` wrote; the old version is kept. The same text again changes nothing.

    A change that would have been held sets a published comment aside until a host has looked at it.
    Raises Refused (404 for somebody else's comment, edit_window 409 when it is too late, invalid).
    """
    reviews.hold_still(comment)
    _require_own(author, comment, "comment.edit")
    _require_window(comment)
    source = checked_body(body)
    if source == comment.source:
        return comment
    db.session.add(CommentEdit(comment_id=comment.id, source=comment.source, replaced_at=clock.now()))
    comment.source = source
    comment.html = text.render(source, people.mentions_in(source, comment.discussion))
    comment.edited_at = clock.now()
    if comment.state is CommentState.HELD:
        reviews.tell(comment)
        return comment
    log.record(comment.discussion, "comment.edited", comment.id)
    role = access.role_of(author, comment.discussion)
    if found := screening.finding(author, role, comment.discussion, source, comment.html):
        reviews.open_for(comment, found.cause, found.detail)
        flags.set_aside(comment, {"cause": found.cause.value})
    return comment


def delete(author: User, comment: Comment) -> Comment:
    """Take back one's own comment: its text is gone for good, its place stays. Raises Refused (not theirs)."""
    access.require(author, "discussion.read", comment.discussion)
    if comment.author_id != author.id:
        raise unknown()
    reviews.hold_still(comment)
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
    reviews.settle_if_open(comment, Decision.WITHDRAWN, author, before)
    if before is not CommentState.HELD:
        log.record(comment.discussion, "comment.deleted", comment.id)
    return comment


def move(actor: User, comment: Comment, question: int | None) -> Comment:
    """Move a comment to another question's answers (None: general remarks): by its writer, or by hosts and moderators.

    Raises Refused (not theirs, invalid for a question that is not asked).
    """
    discussion = comment.discussion
    role = access.require(actor, "comment.move", discussion)
    if comment.state is CommentState.DELETED or (comment.state is CommentState.HELD and not comment.source):
        raise unknown()
    if role not in access.STAFF:
        _require_own(actor, comment, "comment.move")
        _require_window(comment)
    to = _asked(discussion, question)
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
    """Return a comment of `discussion`. Raises Refused (404) for one of another discussion or a deleted one."""
    access.require(reader, "discussion.read", discussion)
    comment = _with_id(comment_id)
    if comment is None or comment.discussion_id != discussion.id:
        raise unknown()
    # What waits is not there, except for its writer and for those who decide.
    is_own = reader is not None and comment.author_id == reader.id
    if comment.state is CommentState.HELD and not is_own and not access.may(reader, "queue.work", discussion):
        raise unknown()
    return comment


def edit_until(comment: Comment) -> float:
    """Return until when (seconds since 1970, UTC) the writer can edit `comment`."""
    return (comment.posted_at + _window()).timestamp()


def checked_body(body: str) -> str:
    """Return a comment's Markdown cleaned. Raises Refused (invalid: empty, too long, unreadable characters)."""
    try:
        return text.clean_body(body, LONGEST)
    except text.TextFault as fault:
        raise invalid(body=fault.message) from fault


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
    if author.id not in {comment.author_id, comment.posted_by_id} or comment.state in {
        CommentState.DELETED, CommentState.HIDDEN,
    }:  # fmt: skip
        raise unknown()
    if comment.state is CommentState.HELD:
        review = reviews.of(comment)
        if review is None or not review.is_open:
            raise unknown()
    access.require(author, verb, comment.discussion)


def _asked(discussion: Discussion, number: int | None) -> Question | None:
    if number is None:
        return None
    question = next((q for q in discussion.questions if q.number == number), None)
    if question is None:
        raise invalid(question=_("This question has not been asked here. Choose one of the list."))
    return question


def _answered(discussion: Discussion, comment_id: int | None) -> Comment | None:
    if comment_id is None:
        return None
    comment = _with_id(comment_id)
    if comment is None or comment.discussion_id != discussion.id or comment.state is not CommentState.PUBLISHED:
        raise invalid(reply_to=_("The comment you answer is no longer there. Remove the reply and post again."))
    return comment


def _with_id(comment_id: int) -> Comment | None:
    """PostgreSQL refuses to compare with a number that its column cannot hold."""
    return db.session.get(Comment, comment_id) if 0 < comment_id < 2**31 else None
