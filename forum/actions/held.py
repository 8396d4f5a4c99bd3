"""Answers that a panelist writes before their question is asked. Runs inside `writing()`.

Nobody but their writer is told of them, so saving one is no event: only their own page shows it.
"""

import secrets

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import select

from forum import access, clock
from forum.actions import again, comments, merging
from forum.actions.comments import CommentDraft
from forum.actions.posting import written
from forum.database import db
from forum.live import log
from forum.models import Audience, Comment, Discussion, HeldAnswer, Question, User
from forum.refusals import Refused, Stale, unknown

_CHANGED = lazy(
    "You have changed this in another window meanwhile. What you wrote there is shown; this one is kept here. "
    "Keep it again to put it in the place of the other."
)
_CHANGED_BEFORE_RELEASE = lazy(
    "You have changed this in another window meanwhile, and nothing is posted yet. What you wrote there is shown. "
    "Release this one again to post it in place of the other."
)


def hold(panelist: User, question: Question, body: str, seen: str = "") -> HeldAnswer | None:
    """Keep `body` as the answer of `panelist` to `question`, in place of what was kept; nothing in it forgets it.

    Raises Refused (not theirs, 404 for a question that the panel does not see, closed, invalid: body), Stale when
    another text than `seen` (see `merging`) is kept by now: it was written in another window or on another device.
    """
    discussion = question.discussion
    access.require(panelist, "answer.hold", discussion)
    if not question.is_asked and not question.is_coming:
        raise unknown()
    kept = _kept(panelist, question)
    if _is_left_alone(kept.body if kept else "", body, seen, _CHANGED):
        return kept
    if not body.strip():
        if kept is not None:
            db.session.delete(kept)
        return None
    body, _html = written(body, discussion)
    if kept is None:
        kept = HeldAnswer(
            discussion_id=discussion.id,
            user_id=panelist.id,
            question_id=question.id,
            key=f"held-{secrets.token_hex(12)}",
        )
        db.session.add(kept)
    kept.body, kept.saved_at = body, clock.now()
    db.session.flush()
    return kept


def _is_left_alone(kept: str, body: str, seen: str, words: LazyString) -> bool:
    """Whether only another window has changed what is kept. Raises Stale, with `words`, when both have, each to
    something else.
    """
    try:
        return bool(merging.untouched(seen, {"body": kept}, {"body": body}))
    except Stale as stale:
        if not kept:
            return False
        raise Stale(stale.theirs, stale.seen, words=str(words)) from stale


def release(panelist: User, question: Question, key: str, body: str = "", seen: str = "") -> Comment:
    """Post what is held for `question` as a normal comment, or `body` if that is what the page shows by now.

    The same `key` again returns the comment it made. Raises Refused as `comments.post`; 404 when nothing is held,
    409 while the question is not asked, and for another text than that comment's (released); invalid (key); Stale as
    `hold`.
    """
    discussion = question.discussion
    access.require(panelist, "discussion.read", discussion)
    kept = _kept(panelist, question)
    if kept is None:
        known = CommentDraft(body, question.number, None, key).checked_key() if key else ""
        if known and (posted := Comment.with_key(discussion, panelist, known)) is not None:
            _require_as_posted(posted, body)
            return posted
        raise unknown()
    if question.number is None:
        raise Refused(
            "not_asked", _("This question is not asked yet. Your answer stays held, and only you see it."), 409
        )
    if not body or _is_left_alone(kept.body, body, seen, _CHANGED_BEFORE_RELEASE):
        body = kept.body
    comment = comments.post(panelist, discussion, CommentDraft(body, question.number, None, kept.key))
    db.session.delete(kept)
    db.session.flush()
    log.record(discussion, "held.changed", question.id, Audience.person(panelist.id))
    return comment


def _require_as_posted(posted: Comment, body: str) -> None:
    """Let nobody take for posted what they have typed since on another device. Raises Refused (released, 409)."""
    if body.strip() and written(body, posted.discussion)[0] != again.as_posted(posted):
        words = _(
            "Your answer was posted already, from another window, with other words than these. These are kept here: "
            "release them as a second answer, or edit the first one."
        )
        raise Refused("released", words, 409)


def forget(panelist: User, discussion: Discussion, held_id: int) -> None:
    """Throw away a held answer whose question is gone. Raises Refused (404 for anybody else's)."""
    access.require(panelist, "discussion.read", discussion)
    kept = db.session.get(HeldAnswer, held_id) if 0 < held_id < 2**31 else None
    if kept is None or kept.user_id != panelist.id or kept.discussion_id != discussion.id:
        raise unknown()
    db.session.delete(kept)


def of(panelist: User, discussion: Discussion) -> list[HeldAnswer]:
    """Return what `panelist` holds in `discussion`, oldest first. Ask it for the signed-in person only."""
    return list(
        db.session.scalars(
            select(HeldAnswer)
            .where(HeldAnswer.discussion_id == discussion.id, HeldAnswer.user_id == panelist.id)
            .order_by(HeldAnswer.id)
        )
    )


def tell_ready(question: Question) -> None:
    """Tell each panelist who holds an answer to `question`, and nobody else, that it is asked now."""
    holders = db.session.scalars(
        select(HeldAnswer.user_id).where(HeldAnswer.question_id == question.id).order_by(HeldAnswer.user_id)
    )
    for user_id in holders.all():
        log.record(question.discussion, "held.ready", question.id, Audience.person(user_id))


def _kept(panelist: User, question: Question) -> HeldAnswer | None:
    return db.session.scalar(
        select(HeldAnswer).where(HeldAnswer.question_id == question.id, HeldAnswer.user_id == panelist.id)
    )
