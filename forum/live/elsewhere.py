"""What other processes say about who reads and writes there: PostgreSQL's NOTIFY carries it, nothing is stored.

Each process says its own numbers when they change, and all of them every BEAT_SECONDS; what has not been repeated for
LIVES_SECONDS is forgotten, so a process that was killed takes its readers with it. On SQLite there is one process, and
nobody to say anything to.
"""

import json
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from forum.database import db

CHANNEL = "roundtext_presence"
BEAT_SECONDS = 5.0
LIVES_SECONDS = 14.0
# PostgreSQL takes payloads of less than 8,000 bytes.
_MOST_BYTES = 7000
_MOST_WRITERS = 20
_MOST_SEATED = 100

ME = secrets.token_hex(6)


@dataclass(frozen=True)
class Writer:
    """Somebody of the panel who is typing; `question` is a question's number, None for a general remark."""

    user_id: int
    name: str
    question: int | None


@dataclass(frozen=True)
class Here:
    """Who reads and who writes in one discussion, as one process sees it; of `seated` readers it says who they are."""

    readers: int
    writers: tuple[Writer, ...] = ()
    seated: tuple[int, ...] = ()


_heard: dict[str, dict[int, tuple[float, Here]]] = {}
# Until when each other process is believed to serve; and who has said that they go, until nothing of theirs can come.
_lives: dict[str, float] = {}
_gone: dict[str, float] = {}
_said: dict[int, Here] = {}
_said_all_at = -BEAT_SECONDS
_is_open = _is_leaving = False


def of(discussion_id: int) -> Iterator[Here]:
    """Yield what each other process has lately said about a discussion."""
    now = time.monotonic()
    for discussions in _heard.values():
        until, here = discussions.get(discussion_id, (0.0, Here(0)))
        if until > now:
            yield here


def has_neighbours() -> bool:
    """Whether another process serves this site now and is not about to end."""
    now = time.monotonic()
    return any(until > now for until in _lives.values())


def arrive() -> None:
    """Say from the next `tell` on that people may be sent here: the door is open."""
    global _is_open, _said_all_at
    _is_open, _said_all_at = True, -BEAT_SECONDS


def leave() -> None:
    """Say from the next `tell` on that nobody should be sent here."""
    global _is_leaving, _said_all_at
    _is_leaving, _said_all_at = True, -BEAT_SECONDS


def tell(seen: dict[int, Here]) -> None:
    """Say what this process sees, by discussion: what has changed, and everything when a beat is due.

    A beat is said also by a process where nobody reads: whoever ends wants to know that it is there.
    """
    global _said, _said_all_at
    if db.engine.dialect.name != "postgresql":
        return
    now = time.monotonic()
    is_beat = now - _said_all_at >= BEAT_SECONDS
    news = {number: here for number, here in seen.items() if is_beat or _said.get(number) != here}
    news.update({gone: Here(0) for gone in _said if gone not in seen})
    if is_beat:
        _said_all_at = now
        _forget_silent(now)
    if not news and not (is_beat and _is_open):
        return
    for payload in list(_payloads(news.items())) or [_payload([])]:
        db.session.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload})
    db.session.commit()
    _said = dict(seen)


def hear(payload: str) -> None:
    """Take in what a process has said; whatever is not of that shape is left alone."""
    global _said_all_at
    try:
        said = json.loads(payload)
        process, discussions = str(said["from"]), said["here"]
        until = time.monotonic() + LIVES_SECONDS
        if process == ME:
            return
        told = {int(number): (until, _here(*values)) for number, values in discussions.items()}
        # Who has said so goes, whatever of theirs was on its way then and is heard after it.
        is_leaving = bool(said.get("leaves")) or process in _gone
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if process not in _lives and not is_leaving:
        _said_all_at = -BEAT_SECONDS  # whoever has just come wants to know as soon who else is there
    if is_leaving:
        _lives.pop(process, None)
        _gone.setdefault(process, until)
    else:
        _lives[process] = until
    _heard.setdefault(process, {}).update(told)


def _here(readers: Any, writers: Any, seated: Any = ()) -> Here:
    return Here(
        int(readers),
        tuple(Writer(int(user), str(name), question) for user, name, question in writers),
        tuple(int(user) for user in seated),
    )


def _forget_silent(now: float) -> None:
    for known in (_lives, _gone):
        for process in [process for process, until in known.items() if until <= now]:
            del known[process]
    for process, discussions in list(_heard.items()):
        for number in [number for number, (until, _) in discussions.items() if until <= now]:
            del discussions[number]
        if not discussions:
            del _heard[process]


def _payloads(news: Iterable[tuple[int, Here]]) -> Iterator[str]:
    """Pack what there is to say into as few messages as PostgreSQL's limit allows."""
    waiting: list[str] = []
    size = 0
    for number, here in news:
        writers = [[writer.user_id, writer.name, writer.question] for writer in here.writers[:_MOST_WRITERS]]
        # Letters as they are: escaped, twenty long names of other scripts would be more than a message takes.
        said = json.dumps(
            [here.readers, writers, here.seated[:_MOST_SEATED]], separators=(",", ":"), ensure_ascii=False
        )
        part = f'"{number}":{said}'
        length = len(part.encode())
        if waiting and size + length > _MOST_BYTES:
            yield _payload(waiting)
            waiting, size = [], 0
        waiting.append(part)
        size += length + 1
    if waiting:
        yield _payload(waiting)


def _payload(parts: list[str]) -> str:
    leaves = ',"leaves":true' if _is_leaving else ""
    return f'{{"from":"{ME}","here":{{{",".join(parts)}}}{leaves}}}'
