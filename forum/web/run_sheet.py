"""What the console shows: the run sheet with its times and counts, the newest comments, the panel, the record."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum import people
from forum.database import db
from forum.models import Comment, CommentState, Discussion, ModerationAction, Question, SeatRole, User

_NEWEST = 40


@dataclass(frozen=True)
class Line:
    """A question in the run sheet. `label` is Q and its number, or the number it would get if all went in order."""

    question: Question
    label: str
    planned_at: datetime | None
    answers: int
    panel: int
    place: int | None  # among those still to come, from 1

    @property
    def is_coming(self) -> bool:
        """Whether it is still to be asked."""
        return self.question.is_coming


@dataclass(frozen=True)
class RunSheet:
    """All questions in order; `next` is the first that is still to be asked, `panelists` how many sit on the panel."""

    lines: list[Line]
    next: Line | None
    coming: int
    panelists: int


def run_sheet(discussion: Discussion) -> RunSheet:
    """Return the run sheet of `discussion`, with three queries however many comments there are."""
    answers = _answers(discussion)
    panel = _answers(discussion, of_panel=True)
    asked = [q for q in discussion.questions if q.is_asked]
    to_come = [q for q in discussion.questions if not q.is_asked]
    number = max((q.number or 0 for q in asked), default=0)
    lines = [_line(q, f"Q{q.number}", answers, panel, None) for q in asked]
    for place, question in enumerate(to_come, start=1):
        if question.is_coming:
            number += 1
        label = f"Q{number}" if question.is_coming else ""
        lines.append(_line(question, label, answers, panel, place))
    return RunSheet(
        lines=lines,
        next=next((line for line in lines if line.is_coming), None),
        coming=len(to_come),
        panelists=sum(seat.role is SeatRole.PANELIST for seat in discussion.seats),
    )


def newest_comments(discussion: Discussion) -> list[tuple[Comment, people.Face]]:
    """Return the newest comments with who wrote them, newest first; deleted and held ones are left out."""
    comments = list(
        db.session.scalars(
            select(Comment)
            .where(
                Comment.discussion_id == discussion.id, Comment.state.not_in((CommentState.DELETED, CommentState.HELD))
            )
            .options(joinedload(Comment.question))
            .order_by(Comment.id.desc())
            .limit(_NEWEST)
        )
    )
    faces = people.faces(discussion, comments)
    return [(comment, faces[comment.id]) for comment in comments]


def names_of(discussion: Discussion, actions: list[ModerationAction]) -> dict[int, str]:
    """Return what the people in these lines of the record are called in `discussion`, by user id."""
    ids = {action.actor_id for action in actions if action.actor_id is not None}
    ids |= {action.subject_id for action in actions if action.subject == "user"}
    names = {user.id: user.name for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return names | {seat.user_id: seat.name for seat in discussion.seats if seat.user_id in ids}


def _line(q: Question, label: str, answers: dict[int, int], panel: dict[int, int], place: int | None) -> Line:
    return Line(q, label, q.planned_at, answers.get(q.id, 0), panel.get(q.id, 0), place)


def _answers(discussion: Discussion, *, of_panel: bool = False) -> dict[int, int]:
    """Return published answers by question id; `of_panel` counts the panelists who answered instead."""
    what = func.count(Comment.author_id.distinct()) if of_panel else func.count()
    counted = select(Comment.question_id, what).where(
        Comment.discussion_id == discussion.id,
        Comment.question_id.is_not(None),
        Comment.state == CommentState.PUBLISHED,
    )
    if of_panel:
        panelists = [seat.user_id for seat in discussion.seats if seat.role is SeatRole.PANELIST]
        counted = counted.where(Comment.author_id.in_(panelists))
    rows = db.session.execute(counted.group_by(Comment.question_id))
    return {row[0]: row[1] for row in rows if row[0] is not None}
