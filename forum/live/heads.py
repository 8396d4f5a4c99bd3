"""Where a discussion stands, asked for every anonymous request: by own connections, without session and transaction."""

import logging
import sqlite3
import threading
from typing import Any

from forum.config import Settings

# (id, epoch, last_seq, phase, visibility): whatever changes what a visitor sees changes one of them.
Head = tuple[int, str, int, str, str]

_SQL = "SELECT id, epoch, last_seq, phase, visibility FROM discussion WHERE slug = {}"
_MOST_IDLE = 8
_LANES = 64
_log = logging.getLogger("roundtext")


class Heads:
    """Looks up heads. Where an answer takes a network's time, all who ask meanwhile share the next one.

    Shared is only what is asked after everybody who shares it has come, so an answer is never older than its question.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[Any] = []
        self._next: dict[str, _Flight] = {}
        self._lanes = [threading.Lock() for _ in range(_LANES)]

    def look(self, slug: str) -> Head | None:
        """Return the head of the discussion at /d/<slug>; None when there is none or the database does not answer."""
        if not slug or len(slug) > 80 or "\0" in slug:
            return None
        if self._settings.is_sqlite:
            return self._ask(slug)
        flight = self._next.get(slug)
        if flight is not None:
            flight.landed.wait()
            return flight.head
        flight = self._next[slug] = _Flight()
        try:
            with self._lanes[hash(slug) % _LANES]:
                self._take_off(slug, flight)
                flight.head = self._ask(slug)
        finally:
            self._take_off(slug, flight)
            flight.landed.set()
        return flight.head

    def _take_off(self, slug: str, flight: "_Flight") -> None:
        """Let nobody board any more, also when the one who leads was stopped while waiting."""
        if self._next.get(slug) is flight:
            del self._next[slug]

    def _ask(self, slug: str) -> Head | None:
        for _ in range(2):
            try:
                connection = self._idle.pop() if self._idle else self._connect()
                row = connection.execute(_SQL.format("?" if self._settings.is_sqlite else "%s"), (slug,)).fetchone()
            except Exception as error:  # whatever it is, Flask meets it too and says it better
                _log.debug("heads: %s", type(error).__name__)
                continue
            if len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            return tuple(row) if row else None
        return None

    def _connect(self) -> Any:
        address = self._settings.database
        if self._settings.is_sqlite:
            path = address.removeprefix("sqlite:///")
            return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
        import psycopg

        return psycopg.connect("postgresql" + address[address.index("://") :], autocommit=True, connect_timeout=5)


class _Flight:
    """One question on its way, and everybody who waits for its answer."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.head: Head | None = None
