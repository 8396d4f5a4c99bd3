"""How many read a discussion, and who of its panel is writing, in all processes; said at most every two seconds."""

import time

from forum.live import broadcast, elsewhere
from forum.live.elsewhere import Here, Writer

WRITING_SECONDS = 8.0
BETWEEN_SECONDS = 2.0


# Who writes by what they have said to this process, and until when that holds.
_writing: dict[int, dict[int, tuple[float, Writer]]] = {}
_said: dict[int, tuple[float, object]] = {}


def types(discussion_id: int, user_id: int, name: str, question: int | None) -> None:
    """Note that somebody is writing now; it is forgotten WRITING_SECONDS after the last time."""
    until = time.monotonic() + WRITING_SECONDS
    _writing.setdefault(discussion_id, {})[user_id] = (until, Writer(user_id, name, question))


def stops(discussion_id: int, user_id: int) -> None:
    """Note that somebody has posted or left."""
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


def _here(discussion_id: int) -> Here:
    """What this process sees of a discussion."""
    moment = time.monotonic()
    writers = _writing.get(discussion_id, {})
    for late in [user_id for user_id, (until, _) in writers.items() if until <= moment]:
        del writers[late]
    if not writers:
        _writing.pop(discussion_id, None)
    return Here(broadcast.count(discussion_id), tuple(writer for _, writer in writers.values()))


def greet(discussion_id: int) -> dict[str, object]:
    """Return what somebody who has just come is told; the room is told again too, for its number has changed."""
    said_at, _said_then = _said.get(discussion_id, (0.0, None))
    _said[discussion_id] = (said_at, None)
    return now(discussion_id)


def tell() -> None:
    """Say what has changed, in each discussion not sooner than BETWEEN_SECONDS after the last time."""
    moment = time.monotonic()
    watched = broadcast.watched()
    elsewhere.tell({discussion_id: _here(discussion_id) for discussion_id in {*watched, *_writing}})
    for gone in set(_said) - set(watched):
        del _said[gone]
    for discussion_id in watched:
        said_at, said = _said.get(discussion_id, (0.0, None))
        if moment - said_at >= BETWEEN_SECONDS and (news := now(discussion_id)) != said:
            _said[discussion_id] = (moment, news)
            broadcast.send(discussion_id, "presence", news)
