"""How many answers, writers and comments there are, kept in memory and carried on event by event.

Counting 20,000 comments costs tens of milliseconds, and every push needs the numbers. So a tally is counted once per
process and then follows the log: a posted comment adds one, anything rarer (hidden, moved, a seat given) counts again.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Float, Integer, String, bindparam, cast, func, select
from sqlalchemy.sql.elements import ColumnElement

from forum.database import db
from forum.models import Comment, CommentState, Discussion, Event, SeatRole

BARS = 60
_MOST_KEPT = 200
# After these the numbers stand as they are, or grow by the comment the event points at.
_HARMLESS = (
    "comment.edited",
    "comment.highlighted",
    "comment.unhighlighted",
    "announcement.",
    "backstage.",
    "call.",
    "held.",
    "invitation.",
    "question.",
    "person.",
    "review.",
    "run.",
    "proposal.",
    "reaction.",
    "discussion.opened",
    "discussion.closed",
    "discussion.paused",
    "discussion.resumed",
    "discussion.late_over",
    "discussion.escalated",
)
_FURTHEST = 300
# A discussion where something is committed during every one of these counts is counted again by the next event.
_MOST_COUNTS = 5
# Put together once: it runs for every comment. What is no comment that was posted has nothing of one beside it.
_NEWS = (
    select(Event.kind, Comment.question_id, Comment.author_id, Comment.byline_name, Comment.posted_at, Comment.state)
    .outerjoin(Comment, (Comment.id == Event.subject_id) & (Event.kind == "comment.posted"))
    .where(
        Event.discussion_id == bindparam("discussion"), Event.seq > bindparam("after"), Event.seq <= bindparam("seq")
    )
)

# A comment that was posted: its question, its author or else their byline, and when.
Posted = tuple[int | None, int | None, str, datetime]


@dataclass
class Tally:
    """Numbers of one discussion as of `seq`. Questions are keyed by their id, general remarks by None."""

    epoch: str
    seq: int
    starts_at: datetime
    over_at: datetime
    panel_ids: frozenset[int]
    answers: Counter[int | None] = field(default_factory=Counter)
    panel: Counter[int | None] = field(default_factory=Counter)
    places: Counter[int | None] = field(default_factory=Counter)  # hidden and deleted ones keep their place
    writers: set[int | str] = field(default_factory=set)
    bars: list[int] = field(default_factory=lambda: [0] * BARS)

    @property
    def comments(self) -> int:
        """How many comments can be read."""
        return self.answers.total()

    def bar_of(self, moment: datetime) -> int | None:
        """Return the index of the bar that counts what is posted at `moment`; None outside the hour."""
        length = (self.over_at - self.starts_at).total_seconds()
        # In the order of `_count_once`: of whole minutes the quotient is then the same whole number.
        index = int((moment - self.starts_at).total_seconds() * BARS / length) if length > 0 else -1
        return index if 0 <= index < BARS else None

    def add(self, question: int | None, author: int | None, byline: str, count: int = 1) -> None:
        """Count `count` more published comments of one writer."""
        self.answers[question] += count
        if author in self.panel_ids:
            self.panel[question] += count
        self.writers.add(author if author is not None else byline)

    def carry_on(self, posted: Iterable[Posted], seq: int) -> None:
        """Count what has been `posted` up to `seq`."""
        for question, author, byline, posted_at in posted:
            self.add(question, author, byline)
            self.places[question] += 1
            bar = self.bar_of(posted_at)
            if bar is not None:
                self.bars[bar] += 1
        self.seq = seq


_kept: OrderedDict[int, Tally] = OrderedDict()


def of(discussion: Discussion) -> Tally:
    """Return the numbers of `discussion` as of its `last_seq`."""
    kept = _kept.get(discussion.id)
    if kept is None or not _carry_on(kept, discussion):
        kept = _count(discussion)
        _kept[discussion.id] = kept
    _kept.move_to_end(discussion.id)
    while len(_kept) > _MOST_KEPT:
        _kept.popitem(last=False)
    return kept


def take_in(discussion: Discussion, posted: Mapping[int, Comment]) -> None:
    """Count the comments that the log tells of at these seqs, if they are all since: then `of` asks nothing."""
    kept = _kept.get(discussion.id)
    if kept is None or not _can_carry_on(kept, discussion):
        return
    news = [posted.get(seq) for seq in range(kept.seq + 1, discussion.last_seq + 1)]
    counting = [comment for comment in news if comment is not None and comment.state is CommentState.PUBLISHED]
    if len(counting) == len(news):
        said = [(c.question_id, c.author_id, c.byline_name, c.posted_at) for c in counting]
        kept.carry_on(said, discussion.last_seq)


def _carry_on(tally: Tally, discussion: Discussion) -> bool:
    """Bring `tally` up to the discussion's seq; False when it has to be counted again."""
    begun_at, wanted = tally.seq, discussion.last_seq
    if not _can_carry_on(tally, discussion):
        return False
    if begun_at == wanted:
        return True
    span = {"discussion": discussion.id, "after": tally.seq, "seq": discussion.last_seq}
    news = db.session.execute(_NEWS, span).all()
    posted = [row for row in news if row.kind == "comment.posted"]
    if any(row.kind != "comment.posted" and not row.kind.startswith(_HARMLESS) for row in news):
        return False
    if any(row.state is not CommentState.PUBLISHED for row in posted):
        return False
    if tally.seq != begun_at:
        # The query let another greenlet in, which has carried it on already: adding again would count twice.
        return _carry_on(tally, discussion)
    tally.carry_on([row[1:5] for row in posted], wanted)
    return True


def _can_carry_on(tally: Tally, discussion: Discussion) -> bool:
    """Whether what came after `tally` can be added to it."""
    same = (tally.epoch, tally.starts_at, tally.over_at) == (discussion.epoch, discussion.starts_at, discussion.over_at)
    return same and 0 <= discussion.last_seq - tally.seq <= _FURTHEST


def _count(discussion: Discussion) -> Tally:
    """Count anew, until nothing was committed meanwhile: only then do the numbers belong to their seq."""
    for _ in range(_MOST_COUNTS):
        before = _head(discussion)
        tally = _count_once(discussion, before)
        if _head(discussion) == before:
            break
    return tally


def _head(discussion: Discussion) -> int:
    """Return the seq that is committed now, which may be later than what `discussion` was read with."""
    return db.session.execute(select(Discussion.last_seq).where(Discussion.id == discussion.id)).scalar_one()


def _count_once(discussion: Discussion, seq: int) -> Tally:
    tally = Tally(
        discussion.epoch,
        seq,
        discussion.starts_at,
        discussion.over_at,
        frozenset(seat.user_id for seat in discussion.seats if seat.role is SeatRole.PANELIST),
    )
    by_writer = (Comment.question_id, Comment.author_id, Comment.byline_name, Comment.state)
    of_this = Comment.discussion_id == discussion.id, Comment.state != CommentState.HELD
    for question, author, byline, state, count in db.session.execute(
        select(*by_writer, func.count()).where(*of_this).group_by(*by_writer)
    ):
        tally.places[question] += count
        if state is CommentState.PUBLISHED:
            tally.add(question, author, byline, count)
    length = (tally.over_at - tally.starts_at).total_seconds()
    if length > 0:
        bar = func.floor((_seconds(Comment.posted_at) - tally.starts_at.timestamp()) * BARS / length)
        within = Comment.posted_at >= tally.starts_at, Comment.posted_at < tally.over_at
        rows = db.session.execute(
            select(bar, func.count())
            .where(Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED, *within)
            .group_by(bar)
        )
        for index, count in rows:
            tally.bars[max(0, min(int(index), BARS - 1))] += count  # a database rounds moments
    return tally


def _seconds(moment: Any) -> ColumnElement[Any]:
    """Return seconds since 1970 in the database's own words."""
    if db.engine.dialect.name == "sqlite":
        # Not from its days, in which whole seconds are none: every other comment of a whole minute lay a bar too early.
        whole, rest = func.substr(moment, 1, 19, type_=String), func.substr(moment, 20, type_=String)
        return cast(func.strftime("%s", whole), Integer) + cast("0" + rest, Float)
    return func.extract("epoch", moment)
