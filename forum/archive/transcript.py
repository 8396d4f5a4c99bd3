"""The whole of a discussion, by question, as it is read afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass

import gevent

from forum.live import stream
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Question

_AT_ONCE = 200


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
    pieces = []
    before = None
    while piece := stream.before(scene.discussion, place, before, _AT_ONCE):
        pieces.append(piece)
        before = piece[0].id
        if len(piece) < _AT_ONCE:
            break
    for piece in reversed(pieces):
        yield from stream.dress(scene.discussion, piece)
        gevent.sleep(0)
