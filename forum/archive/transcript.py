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
        yield Part(question, _all(scene, question.id if question else None))


def _all(scene: Scene, place: int | None) -> Iterator[Shown]:
    """Return one place's comments, giving way to other requests after every piece: 20,000 take seconds."""
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
