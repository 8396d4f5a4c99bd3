"""Turns: those who want the same kind of thing at the same moment share one go at it.

Measured with 16 writers (docs/performance.md): most of what a request asks of the database is the same work for one and
for sixteen. Whoever comes first takes the others along; nobody waits for more than one turn before their own.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Outcome = TypeVar("Outcome")

# A line in which the last turn ended so short a time ago is busy; in another nobody waits for company.
_BUSY_SECONDS = 0.05


class Interrupted(Exception):
    """The turn was broken off because the process is ending."""


@dataclass(eq=False)
class _Place(Generic[Wish, Outcome]):
    wish: Wish
    turn: threading.Event = field(default_factory=threading.Event)
    outcome: Outcome | None = None
    fault: Exception | None = None
    is_served: bool = False


class Line(Generic[Wish, Outcome]):
    """Where people stand who want something of `serve`, which is given what some of them want and returns as many
    outcomes in the same order; what it raises is raised for each of them.

    Up to `most` share a turn. In a busy line it waits for more as long as others keep coming, looking again after
    `gather_seconds`, and for `most_gather_seconds` altogether; who comes alone waits once.
    """

    def __init__(
        self,
        serve: Callable[[list[Wish]], Sequence[Outcome]],
        *,
        most: int = 64,
        gather_seconds: float = 0,
        most_gather_seconds: float = 0.01,
    ) -> None:
        self._serve, self._most = serve, most
        self._gather_seconds, self._most_gather_seconds = gather_seconds, most_gather_seconds
        self._waiting: deque[_Place[Wish, Outcome]] = deque()
        self._is_at_work = False
        self._worked_at = 0.0
        self._lock = threading.Lock()

    @property
    def length(self) -> int:
        """How many stand in line behind those who are being served."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether nobody stands here."""
        return not self._is_at_work

    def ask(self, wish: Wish) -> Outcome:
        """Return the outcome of `wish`, with others in one turn. Raises what `serve` raises, and Interrupted."""
        me: _Place[Wish, Outcome] = _Place(wish)
        with self._lock:
            self._waiting.append(me)
            leads, self._is_at_work = not self._is_at_work, True
        if not leads:
            self._wait(me)
        if not me.is_served:
            self._take_turn(me)
        if me.fault is not None:
            raise me.fault
        return me.outcome  # type: ignore[return-value]  # without a fault it is one, which may be None

    def _wait(self, me: _Place[Wish, Outcome]) -> None:
        try:
            me.turn.wait()
        except BaseException:  # whoever is made to leave must not be waited for
            if me.turn.is_set() and not me.is_served:
                self._end(me, [])
            else:
                with self._lock, suppress(ValueError):
                    self._waiting.remove(me)
            raise

    def _take_turn(self, me: _Place[Wish, Outcome]) -> None:
        """Serve those who stand in line, the one who leads among them, and let the next of the others lead."""
        some: list[_Place[Wish, Outcome]] = []
        try:
            if time.monotonic() - self._worked_at < _BUSY_SECONDS:
                self._gather()
            with self._lock:
                some = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            for place, outcome in zip(some, self._serve([place.wish for place in some]), strict=True):
                place.outcome, place.is_served = outcome, True
        except Exception as fault:
            for place in some:
                place.fault, place.is_served = fault, True
        finally:
            self._end(me, some)

    def _gather(self) -> None:
        until, standing = time.monotonic() + self._most_gather_seconds, 0
        while standing < len(self._waiting) < self._most and time.monotonic() < until:
            standing = len(self._waiting)
            time.sleep(self._gather_seconds)

    def _end(self, me: _Place[Wish, Outcome], some: Sequence[_Place[Wish, Outcome]]) -> None:
        """End the turn of `some` that `me` has led, and hand on the lead."""
        self._worked_at = time.monotonic()
        with self._lock:
            if not some:  # broken off while waiting for company
                with suppress(ValueError):
                    self._waiting.remove(me)
            following = self._waiting[0] if self._waiting else None
            self._is_at_work = following is not None
        for place in some:
            if not place.is_served:
                place.fault, place.is_served = Interrupted(), True
            place.turn.set()
        if following is not None:
            following.turn.set()
