"""The whole of a discussion, by question, as it is read afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass

import gevent

from forum.database import let_go
from forum.live import stream
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Question

# So many are read and dressed before others have their turn: some 20 ms.
_AT_ONCE = 100


@dataclass(frozen=True)
class Part:
    """One question with all its answers; without a question, the general remarks."""

    question: Question | None
    comments: Iterator[Shown]


def parts(scene: Scene) -> Iterator[Part]:
    """Return every part of the discussion in the order of the page."""
    for question in (None, *scene.asked):
        yield Part(question, all_of(scene, question.id if question else None))


def all_of(scene: Scene, place: stream.Where) -> Iterator[Shown]:
    """Return one place's comments ("time": all), giving way to others after every piece: 20,000 take seconds."""
    last = 0
    while found := stream.after(scene.discussion, place, last, _AT_ONCE):
        dressed = stream.dress(scene.discussion, found)
        let_go()
        yield from dressed
        if len(found) < _AT_ONCE:
            break
        last = found[-1].id
        gevent.sleep(0)
