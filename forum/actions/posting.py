"""Posting comments. Several people's comments in one discussion can share a transaction, and mostly its cost.

Every function runs inside `writing()`. `comments.post` is the way in for one comment.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select

from forum import access, clock, people, speaking, text
from forum.access import Role
from forum.actions import accounts, calls, notices, reviews
from forum.actions.moderation import write_down
from forum.actions.screening import Finding, Screen
from forum.actions.seats import check_name
from forum.database import db
from forum.live import log
from forum.models import Audience, Comment, CommentState, Discussion, Event, Question, User
from forum.refusals import Refused, invalid

LONGEST = 10_000
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


@dataclass(frozen=True)
class Posting:
    """What `author` wants to post; `typist` is the host or moderator who wrote it down for them.

    A refusal is told in `language`; empty is the one that is spoken now.
    """

    author: User
    draft: CommentDraft
    typist: User | None = None
    language: str = ""


@dataclass(frozen=True)
class Posted:
    """The comment that a posting made, or made the first time that its key was sent (not `is_new`)."""

    comment: Comment
    is_new: bool


@dataclass
class _Case:
    """One posting on its way: the comment it makes or why not, and what was found in it that holds it."""

    posting: Posting
    role: Role
    comment: Comment | None = None
    refusal: Refused | None = None
    may_be_there: bool = True  # whether the same key can have made a comment before
    found: Finding | None = None


def post_all(discussion: Discussion, postings: Sequence[Posting]) -> list[Posted | Refused]:
    """Publish what people wrote, or hold it for a host; what is refused touches none of the others.

    Returns for each posting, in order, what became of it. The refusals are those of `comments.post`.
    """
    roles = access.roles_of({posting.author for posting in postings}, discussion)
    cases = [_Case(posting, roles[posting.author.id]) for posting in postings]
    for case in cases:
        with speaking.speaking(case.posting.language or speaking.tag()):
            _write(case, discussion)
    # The same key sent to two processes at once waits for its turn.
    if log.lock(discussion):
        # A mute that this waited for holds. The close does not: what had reached the server before it counts.
        roles = access.roles_of({posting.author for posting in postings}, discussion)
    left = accounts.have_left({posting.author for posting in postings})
    # Only keys that are keys: PostgreSQL takes no text with a NUL in it.
    keys = [(case.posting.author, case.posting.draft.key) for case in cases if case.may_be_there]
    there = Comment.with_keys(discussion, keys) if keys else {}
    screen = Screen.of(discussion)
    outcomes: list[Posted | Refused] = []
    for case in cases:
        with speaking.speaking(case.posting.language or speaking.tag()):
            outcomes.append(_admitted(case, roles[case.posting.author.id], there, screen, left))
    db.session.flush()
    _tell(discussion, [case for case, outcome in zip(cases, outcomes, strict=True) if _is_new(outcome)])
    _look_up_seqs(discussion, [outcome.comment for outcome in outcomes if isinstance(outcome, Posted)])
    return outcomes


def _is_new(outcome: Posted | Refused) -> bool:
    return isinstance(outcome, Posted) and outcome.is_new


def _write(case: _Case, discussion: Discussion) -> None:
    """Write the comment that a posting makes, stored nowhere yet, or why it cannot be."""
    # Read before the question whether it may be posted: a comment that counts never bears a moment after the close.
    posted_at = clock.now()
    posting, author, draft = case.posting, case.posting.author, case.posting.draft
    try:
        access.require(author, "discussion.read", discussion, case.role)
        draft.checked_key()
    except Refused as refusal:
        case.refusal, case.may_be_there = refusal, False
        return
    try:
        _require_right(posting, case.role, discussion)
        check_name(author.name, discussion, author)
        source, html = written(draft.body, discussion)
        question, reply_to = asked(discussion, draft.question), _answered(discussion, draft.reply_to)
    except Refused as refusal:
        case.refusal = refusal
        return
    case.comment = Comment(
        discussion_id=discussion.id,
        author_id=author.id,
        posted_by_id=posting.typist.id if posting.typist else None,
        question_id=question.id if question else None,
        reply_to_id=reply_to.id if reply_to else None,
        source=source,
        html=html,
        state=CommentState.PUBLISHED,
        key=draft.key,
        posted_at=posted_at,
    )


def _admitted(
    case: _Case, role: Role, there: dict[tuple[int, str], Comment], screen: Screen, left: set[int]
) -> Posted | Refused:
    """Add what is written to the session, if who has `role` by now may post it. What was posted in time stays posted,
    also for a browser that asks again after the close. Of who has `left` the site while this waited nothing is added:
    nobody could take it away again.
    """
    if case.posting.author.id in left:
        return Refused("sign_in", _("Sign in to do this. What you typed is kept for you."))
    author, key = case.posting.author, (case.posting.author.id, case.posting.draft.key)
    if case.may_be_there and key in there:
        return Posted(there[key], is_new=False)
    comment = case.comment
    if comment is None:
        assert case.refusal is not None
        return case.refusal
    try:
        if role is not case.role:
            _require_right(case.posting, role, screen.discussion)
        screen.require_pace(author, case.role)
        case.found = screen.finding(author, case.role, comment.source, comment.html)
    except Refused as refusal:
        return refusal
    comment.is_new = True
    comment.state = CommentState.HELD if case.found else CommentState.PUBLISHED
    db.session.add(comment)
    there[key] = comment
    return Posted(comment, is_new=True)


def _tell(discussion: Discussion, cases: Sequence[_Case]) -> None:
    """Tell those whom new comments concern: everybody, or only hosts and the writer of what is held."""
    shown = [case.comment for case in cases if case.comment is not None and case.found is None]
    if shown:
        last = log.record_all(discussion, "comment.posted", [comment.id for comment in shown])
        for seq, comment in enumerate(shown, last - len(shown) + 1):
            comment.told_at_seq = seq
    for comment in shown:
        calls.note_answer(comment)
        notices.of_comment(comment)
    for case in cases:
        assert case.comment is not None
        if case.found is not None:
            reviews.open_for(case.comment, case.found.cause, case.found.detail)
            case.comment.told_at_seq = discussion.last_seq
        if case.posting.typist is not None:
            of_whom = {"author": case.posting.author.name}
            write_down(case.posting.typist, discussion, "comment.posted_for", "comment", case.comment.id, after=of_whom)


def _look_up_seqs(discussion: Discussion, comments: Sequence[Comment]) -> None:
    """Find where the log first told the writers of `comments` that were there before: the same key, the same answer."""
    before = [comment for comment in comments if not comment.told_at_seq]
    if not before:
        return
    asked_for = (
        select(Event.subject_id, func.min(Event.seq))
        .where(
            Event.discussion_id == discussion.id,
            Event.subject_id.in_([comment.id for comment in before]),
            Event.kind.in_(("comment.posted", "review.changed")),  # the second of what was held
            Event.audience != Audience.HOSTS,
        )
        .group_by(Event.subject_id)
    )
    found = {comment_id: seq for comment_id, seq in db.session.execute(asked_for)}
    for comment in before:
        comment.told_at_seq = found.get(comment.id, discussion.last_seq)


def _require_right(posting: Posting, role: Role, discussion: Discussion) -> None:
    """Who types for the panel may do so when hosts may write, also in a pause; not for somebody who was muted."""
    if posting.typist is not None:
        access.require(posting.typist, "comment.post_for", discussion)
    if posting.typist is None or role not in access.PANEL:
        access.require(posting.author, "comment.post", discussion, role)


def written(body: str, discussion: Discussion) -> tuple[str, str]:
    """Return a comment's Markdown, cleaned, and what it looks like as safe HTML.

    Raises Refused (invalid: empty or nothing to be seen, too long, unreadable characters).
    """
    try:
        source = text.clean_body(body, LONGEST)
    except text.TextFault as fault:
        raise invalid(body=fault.message) from fault
    html = text.render(source, people.mentions_in(source, discussion))
    if not text.shows_something(html):
        raise invalid(body=_("Nothing of this would be seen. Write something first."))
    return source, html


def asked(discussion: Discussion, number: int | None) -> Question | None:
    """Return the question with this number; None is a general remark. Raises Refused (invalid)."""
    if number is None:
        return None
    question = next((q for q in discussion.questions if q.number == number), None)
    if question is None:
        raise invalid(question=_("This question has not been asked here. Choose one of the list."))
    return question


def answerable(discussion: Discussion, comment_id: int) -> Comment | None:
    """Return the comment of `discussion` with this id, if it can be replied to."""
    comment = Comment.with_id(comment_id)
    if comment is None or comment.discussion_id != discussion.id:
        return None
    return comment if comment.state is CommentState.PUBLISHED else None


def _answered(discussion: Discussion, comment_id: int | None) -> Comment | None:
    if comment_id is None:
        return None
    comment = answerable(discussion, comment_id)
    if comment is None:
        raise invalid(reply_to=_("The comment you answer is no longer there. Remove the reply and post again."))
    return comment
