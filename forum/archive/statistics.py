"""What can be counted of a discussion: by time, question, part, organisation, country, and who answered whom.

Only published comments count. Everything is counted from one light read of them, 20,000 in some tens of milliseconds.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select

from forum import people
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Question, User
from forum.people import Face

MOST_BARS = 48
MOST_ROWS = 20
_FEWEST_BARS = 12
_STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 180, 360, 720, 1440, 10080))


@dataclass(frozen=True)
class Bar:
    """So many comments in one piece of the time, and the questions that were asked in it."""

    begins_at: datetime
    comments: int
    asked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What came to one question. `first_after` is the time until the first answer by somebody else than its asker."""

    question: Question | None
    comments: int
    writers: int
    panel: int
    first_after: timedelta | None
    median_length: int


@dataclass
class Statistics:
    """The numbers of one discussion."""

    comments: int = 0
    replies: int = 0
    writers: int = 0
    peak_readers: int = 0
    step: timedelta = _STEPS[0]
    bars: list[Bar] = field(default_factory=list)
    questions: list[Answers] = field(default_factory=list)
    roles: list[tuple[str, int, int]] = field(default_factory=list)  # part, people, comments
    organisations: list[tuple[str, int, int]] = field(default_factory=list)
    countries: list[tuple[str, int, int]] = field(default_factory=list)  # by their codes
    pairs: list[tuple[str, str, int]] = field(default_factory=list)  # who, whom, how often
    most: list[tuple[Face, int]] = field(default_factory=list)

    @property
    def silent(self) -> int:
        """How many read without writing when most were there, as far as can be known."""
        return max(0, self.peak_readers - self.writers)


@dataclass(frozen=True)
class _Row:
    id: int
    question_id: int | None
    reply_to_id: int | None
    who: int | str
    at: datetime
    length: int


def of(discussion: Discussion) -> Statistics:
    """Return the statistics of `discussion`; whoever asks may read it."""
    rows, faces = _rows(discussion)
    found = Statistics(
        comments=len(rows),
        replies=sum(1 for row in rows if row.reply_to_id is not None),
        writers=len({row.who for row in rows}),
        peak_readers=discussion.peak_readers,
    )
    found.step, found.bars = _bars(discussion, rows)
    asked = sorted((q for q in discussion.questions if q.number), key=lambda q: q.number or 0)
    found.questions = [_answers(question, rows, faces) for question in (None, *asked)]
    if not found.questions[0].comments:
        found.questions.pop(0)
    found.roles = _grouped(rows, {who: _part(face) for who, face in faces.items()})
    found.organisations = _grouped(rows, {who: face.affiliation for who, face in faces.items() if face.affiliation})
    found.countries = _grouped(rows, {who: face.country for who, face in faces.items() if face.country})
    by_id = {row.id: row for row in rows}
    pairs = Counter(
        (row.who, by_id[row.reply_to_id].who)
        for row in rows
        if row.reply_to_id in by_id and by_id[row.reply_to_id].who != row.who
    )
    found.pairs = [(faces[one].name, faces[other].name, n) for (one, other), n in pairs.most_common(MOST_ROWS)]
    counts = Counter(row.who for row in rows)
    found.most = [(faces[who], count) for who, count in counts.most_common(MOST_ROWS)]
    return found


def _rows(discussion: Discussion) -> tuple[list[_Row], dict[int | str, Face]]:
    """Return the published comments, oldest first, and the face of everybody who wrote one."""
    stored = db.session.execute(
        select(
            Comment.id, Comment.question_id, Comment.reply_to_id, Comment.author_id, Comment.byline_name,
            Comment.byline_affiliation, Comment.byline_country, Comment.posted_at, db.func.length(Comment.source),
        )
        .where(Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED)
        .order_by(Comment.id)
    ).all()  # fmt: skip
    faces: dict[int | str, Face] = {face.user_id: face for face in people.seated(discussion) if face.user_id}
    strangers = {row.author_id for row in stored if row.author_id is not None} - set(faces)
    for user_id, name, affiliation, country in db.session.execute(
        select(User.id, User.name, User.affiliation, User.country).where(User.id.in_(strangers))
    ):
        faces[user_id] = Face(name=name, affiliation=affiliation, country=country, user_id=user_id)
    rows = []
    for number, question, parent, author, byline, affiliation, country, at, length in stored:
        who: int | str = author if author is not None else byline
        faces.setdefault(who, Face(name=byline, affiliation=affiliation, country=country))
        rows.append(_Row(number, question, parent, who, at, length))
    return rows, faces


def _bars(discussion: Discussion, rows: list[_Row]) -> tuple[timedelta, list[Bar]]:
    if not rows:
        return _STEPS[0], []
    begin = (
        min(discussion.starts_at, rows[0].at) if rows[0].at > discussion.starts_at - timedelta(days=1) else rows[0].at
    )
    # On the minute, as the bars are labelled.
    begin = begin.replace(second=0, microsecond=0)
    end = max(row.at for row in rows)
    step = next((step for step in _STEPS if (end - begin) / step < MOST_BARS), (end - begin) / (MOST_BARS - 1))
    counts = Counter(int((row.at - begin) / step) for row in rows)
    asked: dict[int, list[int]] = {}
    for question in discussion.questions:
        if question.number is not None and question.asked_at is not None:
            place = min(max(0, int((question.asked_at - begin) / step)), max(counts))
            asked.setdefault(place, []).append(question.number)
    return step, [
        Bar(begin + place * step, counts[place], tuple(sorted(asked.get(place, ()))))
        for place in range(max(_FEWEST_BARS, max(counts) + 1))
    ]


def _answers(question: Question | None, rows: list[_Row], faces: dict[int | str, Face]) -> Answers:
    here = [row for row in rows if row.question_id == (question.id if question else None)]
    first = None
    if question is not None and question.asked_at is not None:
        waits = [row.at - question.asked_at for row in here if row.who != question.asked_by_id]
        first = min((wait for wait in waits if wait >= timedelta(0)), default=None)
    return Answers(
        question=question,
        comments=len(here),
        writers=len({row.who for row in here}),
        panel=sum(1 for row in here if faces[row.who].is_panel),
        first_after=first,
        median_length=round(median(row.length for row in here)) if here else 0,
    )


def _part(face: Face) -> str:
    return face.role.value if face.role else "member"


def _grouped(rows: list[_Row], group_of: dict[int | str, str]) -> list[tuple[str, int, int]]:
    """Return (group, people, comments), the group with most comments first."""
    people_in: dict[str, set[int | str]] = {}
    comments: Counter[str] = Counter()
    for row in rows:
        if group := group_of.get(row.who):
            people_in.setdefault(group, set()).add(row.who)
            comments[group] += 1
    return [(group, len(people_in[group]), count) for group, count in comments.most_common(MOST_ROWS)]
