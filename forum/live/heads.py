"""Where a discussion stands, asked for every anonymous request: by own connections, without session and transaction."""

import logging
import sqlite3
import threading
import time
from typing import Any, NamedTuple, Self

from forum.config import Settings
from forum.models import Discussion, Site

_SQL = (
    "SELECT id, epoch, last_seq, phase, visibility, COALESCE((SELECT version FROM site WHERE id = 1), 0) "
    "FROM discussion WHERE {} = {}"
)
_MOST_IDLE = 8
_LANES = 64
_AGAIN_WITHIN_SECONDS = 1.0
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

    def __init__(self, settings: Settings) -> None:
        self._address, self._is_sqlite = settings.database, settings.is_sqlite
        self._idle: list[Any] = []
        self._next: dict[str | int, _Flight] = {}
        self._lanes = [threading.Lock() for _ in range(_LANES)]

    def look(self, which: str | int) -> Head | None:
        """Return the head of the discussion at /d/<slug>, or with this id; None when there is none to be had now."""
        if isinstance(which, str) and (not which or len(which) > 80 or "\0" in which):
            return None
        if isinstance(which, int) and not 0 < which < 2**31:
            return None
        if self._is_sqlite:
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

    def _take_off(self, which: str | int, flight: "_Flight") -> None:
        """Let nobody board any more, also when the one who leads was stopped while waiting."""
        if self._next.get(which) is flight:
            del self._next[which]

    def _ask(self, which: str | int) -> Head | None:
        question = _SQL.format("slug" if isinstance(which, str) else "id", "?" if self._is_sqlite else "%s")
        began = time.monotonic()
        for _ in range(2):
            try:
                connection = self._idle.pop() if self._idle else self._connect()
                row = connection.execute(question, (which,)).fetchone()
            except Exception as error:  # whatever it is, Flask meets it too and says it better
                _log.debug("heads: %s", type(error).__name__)
                if time.monotonic() - began > _AGAIN_WITHIN_SECONDS:
                    break  # a line that was cut is worth another; a server that keeps silent is not worth another wait
                continue
            if len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            return Head(*row) if row else None
        return None

    def _connect(self) -> Any:
        address = self._address
        if self._is_sqlite:
            path = address.removeprefix("sqlite:///")
            return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
        from forum.postgresql import Line

        return Line.connect("postgresql" + address[address.index("://") :], autocommit=True)


class _Flight:
    """One question on its way, and everybody who waits for its answer."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.head: Head | None = None
