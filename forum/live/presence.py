"""How many read a discussion, and who of its panel is writing, in all processes; said at most every two seconds."""

import time
from collections import Counter
from collections.abc import Iterable

from sqlalchemy import update

from forum.database import db, writing
from forum.live import broadcast, elsewhere
from forum.live.broadcast import Reader
from forum.live.elsewhere import Here, Writer
from forum.live.engine import event_frame
from forum.models import Audience, Discussion

WRITING_SECONDS = 8.0
BETWEEN_SECONDS = 2.0
# A number that moves all the time, said to thousands, is not worth more sends in a second than this.
COUNTS_PER_SECOND = 500
PEAK_SECONDS = 10.0


# Who writes by what they have said to this process, and until when that holds.
_writing: dict[int, dict[int, tuple[float, Writer]]] = {}
# What a room was told, and when; and which rooms must be told again, for somebody was told another number since.
_said: dict[int, tuple[float, dict[str, object]]] = {}
_outdated: set[int] = set()
_said_here: dict[int, set[int]] = {}
_peaks: dict[int, tuple[int, float]] = {}
# Pages that have been opened since it was last written down, by discussion, and when that was.
_arrived: Counter[int] = Counter()
_written_at = 0.0


def types(discussion_id: int, user_id: int, name: str, question: int | None) -> None:
    """Note that somebody is writing now; it is forgotten WRITING_SECONDS after the last time."""
    until = time.monotonic() + WRITING_SECONDS
    _writing.setdefault(discussion_id, {})[user_id] = (until, Writer(user_id, name, question))


def stops(discussion_id: int, user_id: int) -> None:
    """Note that somebody has left the room."""
    _writing.get(discussion_id, {}).pop(user_id, None)


def now(discussion_id: int) -> dict[str, object]:
    """Return `{discussion, readers, writing: [{user_id, name, question}]}`."""
    places = [_here(discussion_id), *elsewhere.of(discussion_id)]
    writers = {writer.user_id: writer for place in places for writer in place.writers}
    return {
        "discussion": discussion_id,
        "readers": sum(place.readers for place in places),
        "writing": [
            {"user_id": writer.user_id, "name": writer.name, "question": writer.question} for writer in writers.values()
        ],
    }


def seated(discussion_id: int) -> set[int]:
    """Return which hosts, moderators and panelists have a page of a discussion open, in any process.

    For the green room and the console only: readers are told who writes, never who merely looks.
    """
    return _seated_anywhere(discussion_id, _seated_here())


def _seated_anywhere(discussion_id: int, ids: dict[int, list[int]]) -> set[int]:
    return set(ids.get(discussion_id, ())).union(*(place.seated for place in elsewhere.of(discussion_id)))


def _seated_here() -> dict[int, list[int]]:
    """Return the readers of this process who belong to the green room, by discussion."""
    found: dict[int, set[int]] = {}
    for reader in broadcast.members():
        for discussion_id, heard in reader.rooms.items():
            if reader.user_id is not None and Audience.BACKSTAGE in heard:
                found.setdefault(discussion_id, set()).add(reader.user_id)
    return {discussion_id: sorted(ids) for discussion_id, ids in found.items()}


def _here(discussion_id: int, ids: Iterable[int] = ()) -> Here:
    """What this process sees of a discussion."""
    moment = time.monotonic()
    writers = _writing.get(discussion_id, {})
    for late in [user_id for user_id, (until, _) in writers.items() if until <= moment]:
        del writers[late]
    if not writers:
        _writing.pop(discussion_id, None)
    return Here(broadcast.count(discussion_id), tuple(writer for _, writer in writers.values()), tuple(ids))


def greet(discussion_id: int, reader: Reader | None = None, *, again: bool = False) -> dict[str, object]:
    """Return what somebody who has just come is told; the room is told again too, for its number has changed.

    Who comes `again`, after their link was lost, is no new arrival; nor is a second word of the same socket.
    """
    if reader is not None and discussion_id not in reader.greeted:
        reader.greeted.add(discussion_id)
        _arrived[discussion_id] += not again
    _outdated.add(discussion_id)
    news = now(discussion_id)
    if reader is not None and Audience.BACKSTAGE in reader.rooms.get(discussion_id, ()):
        news["here"] = sorted(seated(discussion_id))
    return news


def tell() -> None:
    """Say what has changed, in each discussion some seconds after the last time (see `_pause`)."""
    moment = time.monotonic()
    watched = broadcast.watched()
    ids = _seated_here()
    elsewhere.tell({number: _here(number, ids.get(number, ())) for number in {*watched, *_writing}})
    for gone in set(_said) - set(watched):
        del _said[gone]
        _said_here.pop(gone, None)
        _peaks.pop(gone, None)
    _outdated.intersection_update(watched)
    counted: dict[int, int] = {}
    for discussion_id in watched:
        said_at, said = _said.get(discussion_id, (0.0, {}))
        if moment - said_at < BETWEEN_SECONDS:
            continue
        news, here = now(discussion_id), _seated_anywhere(discussion_id, ids)
        counted[discussion_id] = int(str(news["readers"]))
        is_due = moment - said_at >= _pause(news, said) and (news != said or discussion_id in _outdated)
        if is_due:
            _outdated.discard(discussion_id)
            _said[discussion_id] = (moment, news)
            broadcast.send(discussion_id, "presence", news)
        if is_due or here != _said_here.get(discussion_id):
            _said_here[discussion_id] = here
            _tell_backstage(discussion_id, {**news, "here": sorted(here)})
    for discussion_id, readers in counted.items():
        _note_peak(discussion_id, readers, moment)
    _note_arrivals(moment)


def _pause(news: dict[str, object], said: dict[str, object]) -> float:
    """Return how many seconds to leave between what was said and `news`: who writes is worth saying at once."""
    if news["writing"] != said.get("writing"):
        return BETWEEN_SECONDS
    return max(BETWEEN_SECONDS, int(str(news["readers"])) / COUNTS_PER_SECOND)


def _note_arrivals(moment: float) -> None:
    """Write down how many pages were opened, every PEAK_SECONDS in one transaction."""
    global _written_at
    if not _arrived or moment - _written_at < PEAK_SECONDS:
        return
    _written_at = moment
    news = dict(_arrived)
    with writing():
        # In the order of their ids: whoever takes several rows' locks takes them in the same order.
        for discussion_id, count in sorted(news.items()):
            db.session.execute(
                update(Discussion).where(Discussion.id == discussion_id).values(arrivals=Discussion.arrivals + count)
            )
    # Taken off only now: what could not be written down is written the next time, and what came meanwhile stays.
    _arrived.subtract(news)
    for discussion_id in [number for number, count in _arrived.items() if count <= 0]:
        del _arrived[discussion_id]


def _note_peak(discussion_id: int, readers: int, moment: float) -> None:
    """Write down the most who ever read at once, not oftener than every PEAK_SECONDS."""
    highest, noted_at = _peaks.get(discussion_id, (0, -PEAK_SECONDS))
    if readers <= highest or moment - noted_at < PEAK_SECONDS:
        return
    _peaks[discussion_id] = (readers, moment)
    with writing():
        db.session.execute(
            update(Discussion)
            .where(Discussion.id == discussion_id, Discussion.peak_readers < readers)
            .values(peak_readers=readers)
        )


def _tell_backstage(discussion_id: int, news: dict[str, object]) -> None:
    behind = [reader for reader in broadcast.members() if Audience.BACKSTAGE in reader.rooms.get(discussion_id, ())]
    if behind:
        broadcast.write(behind, event_frame("presence", news))
