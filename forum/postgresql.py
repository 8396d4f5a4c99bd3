"""Our lines to PostgreSQL, and what a process that serves does when it gets no answer. Imported only where it is used.

A server that is stopped or hangs up says so; one that is frozen, or behind a cable that was pulled, says nothing, and
whoever asked it waited for ever. So who serves waits `PATIENCE_SECONDS` at most, and then nobody asks for a moment:
whoever comes meanwhile is told at once, and does not wait as long as the first did.
"""

import time
from typing import Any, Self

import psycopg

CONNECT_SECONDS = 5
# PostgreSQL ends by itself what takes long or waits for a lock, so silence beyond that is no long answer.
PATIENCE_SECONDS = 12.0
PAUSE_SECONDS = 2.0
# A process that was frozen inside a transaction keeps its locks from the others no longer than the last of these.
LIMITS = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '15s'"
# Linux alone would find out after two hours that the other machine is gone.
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}

_is_serving = False
_silent_until = 0.0


def serve() -> None:
    """Limit every line that is made from now on. A command takes the time it takes: a migration may need an hour."""
    global _is_serving
    _is_serving = True


class Line(psycopg.Connection[Any]):
    """A connection whose server may stop answering, or hang up.

    Being cut off is taken for a rollback: the server has forgotten what was not committed. Without this the tidying up
    after a request failed on a line that was cut after the commit, and turned the answer to a comment that was stored
    into a bare "500".
    """

    _patience: float | None = None

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        """Connect as psycopg does, within CONNECT_SECONDS; raise psycopg.OperationalError."""
        if time.monotonic() < _silent_until:
            raise Silent
        try:
            line = super().connect(conninfo, **{"connect_timeout": CONNECT_SECONDS, **_ALIVE, **options})
        except psycopg.errors.ConnectionTimeout:
            _note_silence()
            raise
        try:
            line._require_utf_8()
            if _is_serving:
                line._limit()
        except psycopg.Error:
            line.close()
            raise
        return line

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server; raise psycopg.OperationalError, and hang up, when it says nothing."""
        patience = self._patience
        if _is_serving:
            # As it comes it looks up every tenth of a second for a Ctrl-C, which wakes gevent anyway.
            interval = PATIENCE_SECONDS
        if patience is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        began = time.monotonic()
        try:
            if began < _silent_until:
                raise Silent
            return super().wait(gen, interval, patience)
        except psycopg.OperationalError:
            if time.monotonic() - began >= patience:
                _note_silence()
                self.close()
                raise Silent from None
            if began < _silent_until:
                self.close()
            raise

    def rollback(self) -> None:
        """Roll back. Raises nothing when the line is gone; whoever asks for it next gets a new one."""
        try:
            super().rollback()
        except psycopg.OperationalError:
            if not self.closed:
                raise

    def _require_utf_8(self) -> None:
        """SQLAlchemy would end in a TypeError over bytes, and the search needs what PostgreSQL normalizes."""
        encoding = self.info.parameter_status("server_encoding")
        if encoding not in {None, "UTF8"}:
            raise psycopg.OperationalError(f"this database is in {encoding}. Make one with ENCODING 'UTF8'.")

    def _limit(self) -> None:
        self._patience = PATIENCE_SECONDS
        autocommit, self.autocommit = self.autocommit, True
        self.execute(LIMITS)
        self.autocommit = autocommit


class Silent(psycopg.OperationalError):
    """The server does not answer, or did not a moment ago and was not asked."""

    def __init__(self) -> None:
        super().__init__("the database does not answer")


def _note_silence() -> None:
    global _silent_until
    _silent_until = time.monotonic() + PAUSE_SECONDS
