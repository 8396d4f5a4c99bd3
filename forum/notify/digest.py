"""What a letter about a question says, as one person may read it now."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from forum import clock, people, text
from forum.actions import silences
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Phase, Question, SeatRole, User

_OF_PANEL, _HIGHLIGHTS = 6, 3
_WORDS, _SUMMARY = 400, 1500


@dataclass(frozen=True)
class Said:
    """One comment: whose, its first words, and the path at which all of it stands."""

    name: str
    words: str
    path: str


@dataclass(frozen=True)
class Part:
    """What is told of one question: the panel's newest answers, how many others there are, and what hosts point out.

    `count` is of all its answers, those of hosts too, which are told of no further.
    """

    question: Question
    is_over: bool
    panel: list[Said]
    panel_count: int
    public_count: int
    count: int
    highlights: list[Said]
    summary: str

    @property
    def says_something(self) -> bool:
        """Whether anything was written to it."""
        return bool(self.count or self.summary)


def part_of(question: Question, reader: User | None, *, is_over: bool) -> Part:
    """Return what `reader` (None: somebody without an account) is told of `question` now: published comments only,

    and none by whom they do not want to read. The caller has asked whether they may read the discussion.
    """
    discussion = question.discussion
    shown = [Comment.question_id == question.id, Comment.state == CommentState.PUBLISHED]
    if reader is not None:
        shown.append(silences.is_read_by(reader))
    panel = [seat.user_id for seat in discussion.seats if seat.role is SeatRole.PANELIST]
    seated = [seat.user_id for seat in discussion.seats]
    of_panel = Comment.author_id.in_(panel)
    answers = _newest(_OF_PANEL, *shown, of_panel)
    known = [comment.id for comment in answers]
    pointed_out = _newest(_HIGHLIGHTS, *shown, Comment.highlighted_at.is_not(None), Comment.id.not_in(known))
    return Part(
        question=question,
        is_over=is_over,
        panel=_said(discussion, answers),
        panel_count=_count(*shown, of_panel),
        public_count=_count(*shown, or_(Comment.author_id.is_(None), Comment.author_id.not_in(seated))),
        count=_count(*shown),
        highlights=_said(discussion, pointed_out),
        summary=text.excerpt(question.summary_html, _SUMMARY),
    )


def open_besides(discussion: Discussion, parts: list[Part]) -> Question | None:
    """Return the question that is open now, unless it is one of `parts` or nobody can write."""
    if discussion.phase_at(clock.now()) is not Phase.LIVE:
        return None
    now_open = discussion.open_question
    return None if now_open is None or now_open.id in {part.question.id for part in parts} else now_open


def _newest(most: int, *conditions: object) -> list[Comment]:
    """Return the newest comments of that kind, oldest first."""
    found = select(Comment).where(*conditions).order_by(Comment.id.desc()).limit(most)  # type: ignore[arg-type]
    return list(db.session.scalars(found))[::-1]


def _count(*conditions: object) -> int:
    return db.session.scalar(select(func.count()).select_from(Comment).where(*conditions)) or 0  # type: ignore[arg-type]


def _said(discussion: Discussion, comments: list[Comment]) -> list[Said]:
    faces = people.faces(discussion, comments)
    return [
        Said(faces[comment.id].name, text.excerpt(comment.html, _WORDS), f"/d/{discussion.slug}/c/{comment.id}")
        for comment in comments
    ]
