"""What readers who come back have missed: read and rendered once for all who have missed the same.

Measured: 5,000 readers came back to a server that had been killed, while people wrote. Rendered for each of them, what
they had missed took longer than a minute, in which nobody could post.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from forum.live import engine, log, tail
from forum.live.broadcast import EVERYBODY
from forum.live.heads import Head
from forum.models import Discussion

Key = tuple[int, str, int]

# What is no event (a renamed person, the minute) is seen by those who come back at most this much later.
LIVES_SECONDS = 5.0
_MOST_KEPT = 64


class Answer(dict[str, Any]):
    """What a join is answered with, and the same as JSON in `text`."""

    def __init__(
        self, head: Head | Discussion, seq: int, events: list[dict[str, Any]], text: str, reload: bool
    ) -> None:
        super().__init__(discussion=head.id, epoch=head.epoch, seq=seq, reload=reload, events=events)
        self.text = f'{_start(head.id, head.epoch, seq, reload)[:-1]},"events":[{text}]}}'


@lru_cache(maxsize=256)
def _start(discussion: int, epoch: str, seq: int, reload: bool) -> str:
    """Return what stands in an answer before its events: mostly thousands are told the same."""
    return engine.encode({"discussion": discussion, "epoch": epoch, "seq": seq, "reload": reload})


@dataclass(frozen=True)
class _Part:
    """The log from some place up to `seq` as everybody hears it; `text` is its events as JSON, without brackets."""

    seq: int
    events: list[dict[str, Any]]
    text: str
    is_posts: bool
    made_at: float


_kept: OrderedDict[Key, _Part] = OrderedDict()
# Each with how many hold it or wait for it.
_locks: dict[Key, tuple[threading.Lock, int]] = {}


@contextmanager
def turn(discussion_id: int, after: int) -> Iterator[None]:
    """Let in one after the other who have missed the same, so that the first one's answer is known to the next."""
    with _locked((discussion_id, "", after)):
        yield


@contextmanager
def _locked(key: Key) -> Iterator[None]:
    lock, waiting = _locks.get(key, (threading.Lock(), 0))
    _locks[key] = lock, waiting + 1
    try:
        with lock:
            yield
    finally:
        lock, waiting = _locks.pop(key)
        if waiting > 1:
            _locks[key] = lock, waiting - 1


def known(head: Head | Discussion, after: int, epoch: str) -> Answer | None:
    """Return what everybody has missed of a discussion since `after`, if that can be said without reading anything."""
    if log.is_out_of_reach(head, after, epoch):
        return Answer(head, head.last_seq, [], "", reload=True)
    if after == head.last_seq:
        return Answer(head, after, [], "", reload=False)
    part = _alive((head.id, head.epoch, after))
    if part is None or part.seq < head.last_seq:
        return None
    return Answer(head, part.seq, part.events, part.text, reload=False)


def since(discussion: Discussion, after: int, epoch: str) -> Answer:
    """Return what everybody has missed since `after`. Read `discussion` afresh when its reader is in the room."""
    answer = known(discussion, after, epoch)
    if answer is None:
        part = _part(discussion, after)
        answer = Answer(discussion, part.seq, part.events, part.text, reload=False)
    return answer


def _alive(key: Key) -> _Part | None:
    part = _kept.get(key)
    return part if part is not None and time.monotonic() - part.made_at < LIVES_SECONDS else None


def _part(discussion: Discussion, after: int) -> _Part:
    """Return the log after `after`, made by whoever comes first while the others wait."""
    key = (discussion.id, discussion.epoch, after)
    with _locked(key):
        part = _alive(key)
        if part is None or part.seq < discussion.last_seq:
            part = _longer(discussion, part) or _made(discussion, after)
            _keep(key, part)
        return part


def _longer(discussion: Discussion, part: _Part | None) -> _Part | None:
    """Return `part` up to the log's end, where only comments have been posted: they change nothing before them."""
    if part is None:
        return None
    rest = _part(discussion, part.seq)
    if not rest.is_posts:
        return None
    text = f"{part.text},{rest.text}" if part.text and rest.text else part.text or rest.text
    made_at = min(part.made_at, rest.made_at)
    return _Part(rest.seq, [*part.events, *rest.events], text, part.is_posts, made_at)


def _made(discussion: Discussion, after: int) -> _Part:
    found = log.since(discussion, after, discussion.epoch, set(EVERYBODY))
    events = tail.render(discussion, found.events)
    is_posts = all(event.kind == "comment.posted" for event in found.events)
    text = engine.encode(events)[1:-1]
    # From now on: those who wait for it have it however long it has taken, else each of them would make it anew.
    return _Part(found.seq, events, text, is_posts, time.monotonic())


def _keep(key: Key, part: _Part) -> None:
    _kept[key] = part
    _kept.move_to_end(key)
    late = time.monotonic() - LIVES_SECONDS
    while _kept and (len(_kept) > _MOST_KEPT or next(iter(_kept.values())).made_at < late):
        _kept.popitem(last=False)
