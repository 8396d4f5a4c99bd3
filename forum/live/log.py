"""The log of a discussion: one sequence, written in the transaction of what it tells of.

`seq` is taken by an UPDATE under the discussion row's lock: order of seq is order of commit, without holes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.orm.attributes import set_committed_value

from forum import clock
from forum.database import db
from forum.live import elsewhere
from forum.live.wake import wake
from forum.models import Audience, Comment, Discussion, Event, Phase, Question

if TYPE_CHECKING:
    from forum.live.heads import Head

# Whoever locks several discussions takes them in this order: rehearsals before their events, then by id.
IN_ORDER = (Discussion.rehearsal_of_id.is_(None), Discussion.id)
# Somebody further behind than this loads the page again instead of replaying.
CATCH_UP_LIMIT = 500
CHANNEL = "roundtext_log"
_LOOK_BACK = 500

# Put together once and run past the ORM: they are part of every change that readers can see.
_DISCUSSION: Any = Discussion.__table__
_NEXT = (
    update(_DISCUSSION)
    .where(_DISCUSSION.c.id == bindparam("of"))
    .values(last_seq=_DISCUSSION.c.last_seq + bindparam("more"))
    .returning(_DISCUSSION.c.last_seq, _DISCUSSION.c.phase)
)
_ADD = insert(Event.__table__)  # type: ignore[arg-type]
_NEXT_AND_RING = _NEXT.returning(func.pg_notify(bindparam("channel"), bindparam("who")))
_LOCK = select(Discussion.last_seq).where(Discussion.id == bindparam("of")).with_for_update()


@dataclass(frozen=True)
class Since:
    """What happened after a point of the log: `events` in order, or `reload` when replaying is not possible."""

    epoch: str
    seq: int
    reload: bool
    events: list[Event]


def record(discussion: Discussion, kind: str, subject_id: int | None, audience: str = Audience.EVERYONE) -> int:
    """Add one event to the log of `discussion` inside the running transaction and return its seq.

    `subject_id` is the id of the comment, question, seat or user the event points at. Readers are woken on commit.
    What everybody would hear of a draft is for its hosts.
    """
    return record_all(discussion, kind, [subject_id], audience)


def record_all(
    discussion: Discussion, kind: str, subject_ids: Sequence[int | None], audience: str = Audience.EVERYONE
) -> int:
    """Add an event of one `kind` for each of `subject_ids` (one at least), in their order, and return the last seq."""
    db.session.flush()
    connection = db.session.connection()
    asked = {"of": discussion.id, "more": len(subject_ids)}
    if connection.dialect.name == "postgresql":
        rung = {"channel": CHANNEL, "who": f"{discussion.id} {elsewhere.ME}"}
        grown = connection.execute(_NEXT_AND_RING, asked | rung).one()
    else:
        grown = connection.execute(_NEXT, asked).one()
    last: int = grown.last_seq
    # Nobody else may know of a draft, and once it is public anybody can read the log from its beginning.
    if grown.phase is Phase.DRAFT and audience == Audience.EVERYONE and kind != "discussion.withdrawn":
        audience = Audience.HOSTS
    set_committed_value(discussion, "last_seq", last)
    said = {"discussion_id": discussion.id, "kind": kind, "audience": audience, "at": clock.now()}
    first = last - len(subject_ids) + 1
    connection.execute(
        _ADD, [{**said, "seq": first + place, "subject_id": subject_id} for place, subject_id in enumerate(subject_ids)]
    )
    db.session.info.setdefault("to_wake", set()).add(discussion.id)
    return last


def changes_of(discussions: Sequence[Discussion]) -> dict[int, int]:
    """Return by each discussion's id where its log last told everybody of the discussion itself or of a question.

    It tells nothing of what is written there, held comments least of all. 0 where there was no such change.
    """
    latest = (
        select(Event.seq)
        .where(
            Event.discussion_id == Discussion.id,
            Event.audience == Audience.EVERYONE,
            or_(Event.kind.startswith("discussion."), Event.kind.startswith("question.")),
        )
        .order_by(Event.seq.desc())
        .limit(1)
        .correlate(Discussion)
        .scalar_subquery()
    )
    found = select(Discussion.id, latest).where(Discussion.id.in_([discussion.id for discussion in discussions]))
    return {discussion_id: seq or 0 for discussion_id, seq in db.session.execute(found)}


def last(discussion: Discussion, kind: str, ids: Collection[int]) -> dict[int, int]:
    """Return by each of `ids` the seq of the last event of this `kind` that points at it; who has none is left out."""
    found = select(Event.subject_id, func.max(Event.seq)).where(
        Event.discussion_id == discussion.id, Event.kind == kind, Event.subject_id.in_(ids)
    )
    return {subject_id: seq for subject_id, seq in db.session.execute(found.group_by(Event.subject_id)) if subject_id}


def has_told(discussion: Discussion, kind: str, within: timedelta) -> bool:
    """Whether the log told of something of this `kind` not longer ago than `within`.

    For what must not be told at each change. It looks at the last events only, as the log has no index by kind; one
    event too many does no harm.
    """
    now = clock.now()
    found = select(Event.seq).where(
        Event.discussion_id == discussion.id,
        Event.seq > discussion.last_seq - _LOOK_BACK,
        Event.kind == kind,
        Event.at > now - within,
        Event.at <= now,
    )
    return db.session.scalar(found.limit(1)) is not None


def is_private(discussion: Discussion, after: int, audiences: frozenset[str]) -> bool:
    """Whether some of what came after `after` is for `audiences` and not for everybody."""
    found = select(Event.seq).where(
        Event.discussion_id == discussion.id,
        Event.seq > after,
        Event.seq <= discussion.last_seq,
        Event.audience.in_(audiences - {Audience.EVERYONE}),
    )
    return after < discussion.last_seq and db.session.scalar(found.limit(1)) is not None


def is_out_of_reach(head: "Head | Discussion", after: int, epoch: str) -> bool:
    """Whether somebody who has the log of `epoch` up to `after` has to load the page again."""
    return epoch != head.epoch or after < 0 or not 0 <= head.last_seq - after <= CATCH_UP_LIMIT


def lock(discussion: Discussion) -> bool:
    """Let whoever else changes `discussion` wait until this transaction ends. SQLite's one writer has it already.

    Returns whether its log has grown since `discussion` was read.
    """
    if db.engine.dialect.name == "sqlite":
        return False
    return db.session.scalar(_LOCK, {"of": discussion.id}) != discussion.last_seq


def lock_and_refresh(row: Discussion | Question | Comment) -> None:
    """Lock the discussion that `row` is or belongs to, and read `row` again: nobody changes it now, judge it as it is.

    Everybody takes the discussion's lock first: two who each waited for the other's row would never end.
    """
    lock(row if isinstance(row, Discussion) else row.discussion)
    db.session.refresh(row)


def since(discussion: Discussion, after: int, epoch: str, audiences: set[str]) -> Since:
    """Return what `audiences` may hear of `discussion` after seq `after`, oldest first.

    `reload` is set when `epoch` is another one, `after` lies ahead of the log, or more than CATCH_UP_LIMIT
    events came since.
    """
    if is_out_of_reach(discussion, after, epoch):
        return Since(discussion.epoch, discussion.last_seq, True, [])
    if after == discussion.last_seq:
        return Since(discussion.epoch, discussion.last_seq, False, [])
    events = db.session.scalars(
        select(Event)
        .where(
            Event.discussion_id == discussion.id,
            Event.seq > after,
            Event.seq <= discussion.last_seq,
            Event.audience.in_(audiences),
        )
        .order_by(Event.seq)
    )
    return Since(discussion.epoch, discussion.last_seq, False, list(events))


@sqlalchemy_event.listens_for(db.session, "after_commit")
def _wake_after_commit(session: Any) -> None:
    for discussion_id in session.info.pop("to_wake", ()):
        wake(discussion_id)


@sqlalchemy_event.listens_for(db.session, "after_rollback")
def _forget_after_rollback(session: Any) -> None:
    session.info.pop("to_wake", None)
