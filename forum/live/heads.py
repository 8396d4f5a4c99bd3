"""Where a discussion stands, asked for every anonymous request: by lines of our own."""

import logging
import threading
import time
from typing import NamedTuple, Self

from forum.live.lines import Lines
from forum.models import Discussion, Site

_SQL = (
    "SELECT id, epoch, last_seq, phase, visibility, COALESCE((SELECT version FROM site WHERE id = 1), 0) "
    "FROM discussion WHERE {} = {}"
)
_LANES = 64
# Readers come in crowds; so long they share a look that is over.
LATELY_SECONDS = 0.02
_MOST_LATELY = 200
_log = logging.getLogger("roundtext")


class Head(NamedTuple):
    """One discussion's place in its log, and who may know of it: what a visitor sees changes with one of these."""

    id: int
    epoch: str
    last_seq: int
    phase: str
    visibility: str
    site: int  # the version of what administrators have set

    @classmethod
    def of(cls, discussion: Discussion) -> Self:
        """Return the head of a discussion that is read already."""
        found = discussion.phase.value, discussion.visibility.value, Site.current().version
        return cls(discussion.id, discussion.epoch, discussion.last_seq, *found)


class Heads:
    """Looks up heads. Where an answer takes a network's time, all who ask meanwhile share the next one.

    Shared is only what is asked after everybody who shares it has come, so an answer is never older than its question.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._next: dict[str | int, _Flight] = {}
        self._lately: dict[str | int, tuple[float, Head]] = {}
        self._lanes = [threading.Lock() for _ in range(_LANES)]

    def look(self, which: str | int) -> Head | None:
        """Return the head of the discussion at /d/<slug>, or with this id; None when there is none to be had now."""
        if isinstance(which, str) and (not which or len(which) > 80 or "\0" in which):
            return None
        if isinstance(which, int) and not 0 < which < 2**31:
            return None
        if self._lines.is_sqlite:
            return self._ask(which)
        flight = self._next.get(which)
        if flight is not None:
            flight.landed.wait()
            return flight.head
        flight = self._next[which] = _Flight()
        try:
            with self._lanes[hash(which) % _LANES]:
                self._take_off(which, flight)
                flight.head = self._ask(which)
        finally:
            self._take_off(which, flight)
            flight.landed.set()
        return flight.head

    def look_lately(self, which: str | int, epoch: str, after: int) -> Head | None:
        """The same, but as it was LATELY_SECONDS ago at most, and never behind who has the log of `epoch` to `after`.

        Only for who finds out by `tail.watch` what has been sent since.
        """
        looked_at, head = self._lately.get(which, (0.0, None))
        moment = time.monotonic()
        if head is not None and moment - looked_at <= LATELY_SECONDS and head.epoch == epoch and head.last_seq >= after:
            return head
        head = self.look(which)
        if head is not None:
            if len(self._lately) >= _MOST_LATELY:
                self._lately.clear()
            self._lately[which] = moment, head
        return head

    def _take_off(self, which: str | int, flight: "_Flight") -> None:
        """Let nobody board any more, also when the one who leads was stopped while waiting."""
        if self._next.get(which) is flight:
            del self._next[which]

    def _ask(self, which: str | int) -> Head | None:
        question = _SQL.format("slug" if isinstance(which, str) else "id", self._lines.mark)
        try:
            rows = self._lines.ask(question, (which,))
        except Exception as error:  # whatever it is, Flask meets it too and says it better
            _log.debug("heads: %s", type(error).__name__)
            return None
        return Head(*rows[0]) if rows else None


class _Flight:
    """One question on its way, and everybody who waits for its answer."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.head: Head | None = None
