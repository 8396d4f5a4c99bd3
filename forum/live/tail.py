"""The tail: one greenlet per process that reads what the log has grown by and sends it to who reads along.

Woken by the bell of this process, on PostgreSQL by NOTIFY from any other, and by itself every second
(`FORUM_POLL_SECONDS`): a lost wake costs that time and never a comment.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

import gevent
from flask import Flask, current_app
from sqlalchemy import bindparam, select

from forum import clock
from forum.config import Settings
from forum.database import db
from forum.live import background, broadcast, door, elsewhere, fresh, log, rights, wake
from forum.live.heads import Head
from forum.live.lines import Lines
from forum.models import Discussion, Event
from forum.models.cast import read_cast

# The first comment after a quiet moment goes out at once; what follows within this time of it, in one frame together.
# Where thousands read and a turn itself takes longer, the next comes that much later: those who post get half the time.
# While many come it is twice as much: they are silent until they are in, and two thirds of the time are theirs.
GATHER_SECONDS, MOST_GATHER_SECONDS = 0.05, 0.2
# In a burst, that is as long as another comment follows within the first of these, up to as many times that pause.
CLOSE_SECONDS, IN_A_BURST = 0.02, 2
MANY_COME = 20
# After these somebody who was let in may not be any more.
_MAY_END_RIGHTS = frozenset({"discussion.edited", "seat.changed", "seat.taken"})
_TEST_SECONDS = 30.0

_log = logging.getLogger("roundtext.live")

# Put together once: these run for every comment (docs/performance.md).
_HEADS = "SELECT id, epoch, last_seq FROM discussion WHERE id IN ({})"
_GROWN = select(Discussion).where(Discussion.id == bindparam("id"))
_EVENTS = (
    select(Event)
    .where(
        Event.discussion_id == bindparam("discussion"), Event.seq > bindparam("after"), Event.seq <= bindparam("seq")
    )
    .order_by(Event.seq)
)

# How far each watched discussion has been sent here: (epoch, seq).
_sent: dict[int, tuple[str, int]] = {}
_rests_until = _gathers_until = 0.0
_came_before = 0


def watch(discussion: Discussion | Head) -> bool:
    """Begin to follow a discussion that somebody enters, from where its log stood when `discussion` was read.

    Read it before the catch-up: whatever commits later than that is then pushed, and nothing falls between. Returns
    whether nothing has been pushed yet of what came after.
    """
    before = _sent.get(discussion.id)
    if before is None or before[0] != discussion.epoch:
        _sent[discussion.id] = (discussion.epoch, discussion.last_seq)
        return True
    return before[1] <= discussion.last_seq


def turn() -> None:
    """Send what has grown since the last turn: one query for all watched discussions and one for each that grew."""
    watched = set(broadcast.watched())
    for left in set(_sent) - watched:
        del _sent[left]
        fresh.forget(left)
    if not _sent:
        return
    fault: BaseException | None = None
    for discussion_id, epoch, last_seq in Lines.of(current_app).ask_about(_HEADS, list(_sent)):
        before = _sent.get(discussion_id)
        if before is not None and before != (epoch, last_seq):
            # Noted first: whoever comes while it is being written to thousands has to look again, see `watch`.
            _sent[discussion_id] = (epoch, last_seq)
            try:
                _send(discussion_id, epoch, before, last_seq)
            except BaseException as error:
                _sent[discussion_id] = before
                if not isinstance(error, Exception):
                    raise
                # It is tried again; those behind it in the line are not kept waiting for it.
                db.session.rollback()
                fault = error
    if fault is not None:
        raise fault


def _send(discussion_id: int, epoch: str, before: tuple[str, int], seq: int) -> None:
    after = before[1]
    if epoch != before[0] or not 0 < seq - after <= log.CATCH_UP_LIMIT:
        # Another history, or more than can be replayed: an empty range at the head is a hole, and everybody asks.
        broadcast.send(discussion_id, "events", _range(discussion_id, epoch, seq, seq, []))
        return
    laid_out = fresh.take(discussion_id, epoch, after, seq)
    if laid_out is not None:
        broadcast.send(discussion_id, "events", _range(discussion_id, epoch, after, seq, laid_out))
        return
    discussion = db.session.scalar(_GROWN, {"id": discussion_id})
    if discussion is None:
        return
    read_cast(discussion)
    events = db.session.scalars(_EVENTS, {"discussion": discussion_id, "after": after, "seq": seq}).all()
    if any(event.kind in _MAY_END_RIGHTS for event in events):
        # Who may not read it any more hears of it no more, however soon after the change somebody posts.
        rights.sweep_discussion(discussion_id)
    status: dict[str, Any] = {}

    def payload(heard: frozenset[str]) -> dict[str, Any]:
        rendered = render(discussion, [event for event in events if event.audience in heard])
        for shown in rendered:
            status.update(shown.get("status") or {})
        return _range(discussion_id, epoch, after, seq, rendered)

    broadcast.send_by_audience(discussion_id, "events", {event.audience for event in events}, payload)
    if status:
        broadcast.send(discussion_id, "status", {"discussion": discussion_id, **status})


def render(discussion: Discussion, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return `events` as the wire says them, by the same partials as the page."""
    from forum.live import fragments

    return list(fragments.render(discussion, list(events))) if events else []


def _range(discussion_id: int, epoch: str, after: int, seq: int, events: list[dict[str, Any]]) -> dict[str, Any]:
    return {"discussion": discussion_id, "epoch": epoch, "after": after, "seq": seq, "events": events}


def start(app: Flask) -> None:
    """Start the tail of this process, and on PostgreSQL the listener that hears the other processes."""
    background.forever(app, "tail", _wait_and_turn, 0.0)
    settings: Settings = app.config["SETTINGS"]
    if not settings.is_sqlite:
        gevent.spawn(_listen, settings.postgresql_address)


def _wait_and_turn() -> None:
    global _rests_until, _gathers_until, _came_before
    if wake.wait(clock.until_next(_settings().poll_seconds)):
        _gather()
    began = time.monotonic()
    turn()
    ended = time.monotonic()
    share = 2 if door.came() - _came_before >= MANY_COME else 1
    _came_before = door.came()
    pause = min(max(GATHER_SECONDS, share * (ended - began)), MOST_GATHER_SECONDS)
    _rests_until, _gathers_until = ended + pause, ended + IN_A_BURST * pause


def _gather() -> None:
    """Wait until the next comment may go out, and for those that follow on its heels: they share its frame."""
    gevent.sleep(max(0.0, _rests_until - time.monotonic()))
    close = 0.0  # after the pause itself only what has come during it tells of a burst
    while time.monotonic() < _gathers_until and wake.wait(close):
        close = CLOSE_SECONDS


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _hear(payload: str) -> None:
    """Wake for what another process has committed; our own bell has rung by the time we hear of ours."""
    number, _, process = payload.partition(" ")
    if number.isdigit() and process != elsewhere.ME:
        wake.wake(int(number))


def _listen(address: str) -> None:
    """Hear what other processes say; when the connection breaks, the tail polls alone until it is back."""
    from forum.postgresql import Line

    while True:
        try:
            with Line.connect(address, autocommit=True) as connection:
                while True:
                    # Said again each time, as a test: a line on which nothing comes may be a line that is gone.
                    connection.execute(f"LISTEN {log.CHANNEL}; LISTEN {elsewhere.CHANNEL}")
                    for notice in connection.notifies(timeout=_TEST_SECONDS):
                        if notice.channel == elsewhere.CHANNEL:
                            elsewhere.hear(notice.payload)
                        else:
                            _hear(notice.payload)
        except Exception as error:
            background.complain("listen", error)
        gevent.sleep(1.0)
