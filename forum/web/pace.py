"""How an event keeps its time, in whole minutes: what the open question has used, what is late, what is quiet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from forum.database import db
from forum.models import Comment, CommentState, Discussion, Phase, Question
from forum.web.run_sheet import RunSheet

_LATE_ENOUGH = 2


@dataclass(frozen=True)
class Pace:
    """Where an event that is under way stands. `left` is negative in overtime and None without a planned length.

    `late` is how far the next question is behind its plan, from two minutes on; `quiet` how long nobody has written,
    once that is longer than the hosts want; 0 means neither.
    """

    question: Question | None
    lasted: int
    left: int | None
    late: int
    quiet: int


def pace(discussion: Discussion, sheet: RunSheet, now: datetime) -> Pace | None:
    """Return the pace of `discussion` at `now`, or None while it is not live. One query."""
    if discussion.phase_at(now) is not Phase.LIVE:
        return None
    question = discussion.open_question
    lasted = _minutes(question.asked_at, now) if question else 0
    length = question.length_minutes if question else None
    planned = sheet.next.planned_at if sheet.next else None
    late = _minutes(planned, now) if planned else 0
    return Pace(
        question=question,
        lasted=lasted,
        left=None if length is None else length - lasted,
        late=late if late >= _LATE_ENOUGH else 0,
        quiet=_quiet(discussion, question, now),
    )


def _quiet(discussion: Discussion, question: Question | None, now: datetime) -> int:
    """Return the minutes since anything was last said: a comment, a question, the opening."""
    if not discussion.silence_minutes:
        return 0
    newest = db.session.scalar(
        select(func.max(Comment.posted_at)).where(
            Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED
        )
    )
    moments = [newest, question.asked_at if question else None, discussion.opened_at]
    since = max((moment for moment in moments if moment is not None), default=now)
    minutes = _minutes(since, now)
    return minutes if minutes >= discussion.silence_minutes else 0


def _minutes(since: datetime | None, now: datetime) -> int:
    """Whole minutes from `since` to `now`, none for a moment to come."""
    return max(0, int((now - since).total_seconds() // 60)) if since else 0
