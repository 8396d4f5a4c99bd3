"""How many read a discussion, and who of its panel is writing. Known per process, said at most every two seconds."""

import time
from dataclasses import dataclass

from forum.live import broadcast

WRITING_SECONDS = 8.0
BETWEEN_SECONDS = 2.0


@dataclass(frozen=True)
class Writer:
    """Somebody of the panel who is typing; `question` is a question's number, None for a general remark."""

    user_id: int
    name: str
    question: int | None
    until: float


_writing: dict[int, dict[int, Writer]] = {}
_said: dict[int, tuple[float, object]] = {}


def types(discussion_id: int, user_id: int, name: str, question: int | None) -> None:
    """Note that somebody is writing now; it is forgotten WRITING_SECONDS after the last time."""
    until = time.monotonic() + WRITING_SECONDS
    _writing.setdefault(discussion_id, {})[user_id] = Writer(user_id, name, question, until)


def stops(discussion_id: int, user_id: int) -> None:
    """Note that somebody has posted or left."""
    _writing.get(discussion_id, {}).pop(user_id, None)


def now(discussion_id: int) -> dict[str, object]:
    """Return `{discussion, readers, writing: [{user_id, name, question}]}`."""
    moment = time.monotonic()
    writers = _writing.get(discussion_id, {})
    for late in [writer.user_id for writer in writers.values() if writer.until <= moment]:
        del writers[late]
    if not writers:
        _writing.pop(discussion_id, None)
    return {
        "discussion": discussion_id,
        "readers": broadcast.count(discussion_id),
        "writing": [
            {"user_id": writer.user_id, "name": writer.name, "question": writer.question} for writer in writers.values()
        ],
    }


def greet(discussion_id: int) -> dict[str, object]:
    """Return what somebody who has just come is told; the room is told again too, for its number has changed."""
    said_at, _said_then = _said.get(discussion_id, (0.0, None))
    _said[discussion_id] = (said_at, None)
    return now(discussion_id)


def tell() -> None:
    """Say what has changed, in each discussion not sooner than BETWEEN_SECONDS after the last time."""
    moment = time.monotonic()
    watched = broadcast.watched()
    for gone in set(_said) - set(watched):
        del _said[gone]
    for discussion_id in watched:
        said_at, said = _said.get(discussion_id, (0.0, None))
        if moment - said_at >= BETWEEN_SECONDS and (news := now(discussion_id)) != said:
            _said[discussion_id] = (moment, news)
            broadcast.send(discussion_id, "presence", news)
