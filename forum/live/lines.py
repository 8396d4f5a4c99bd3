"""Connections of our own, past SQLAlchemy, its session and its transactions, for what is asked again and again.

A question that mostly finds nothing costs there a fifth of what it costs on SQLAlchemy's way (docs/performance.md).
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Self, cast
from urllib.parse import quote

from flask import Flask
from sqlalchemy import Select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from forum.config import Settings

# So many questions go to PostgreSQL at a time, and so many lines are open: `max_connections` counts them.
_MOST = 16
_AGAIN_WITHIN_SECONDS = 1.0
_log = logging.getLogger("roundtext")


class Lines:
    """Lines to one database that only read, each statement for itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[Any] = []
        self._free = threading.BoundedSemaphore(_MOST)

    @classmethod
    def of(cls, app: Flask) -> Self:
        """Return those of `app`."""
        settings: Settings = app.config["SETTINGS"]
        return cast(Self, app.extensions.setdefault("roundtext_lines", cls(settings)))

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file here, which answers at once."""
        return self._settings.is_sqlite

    @property
    def mark(self) -> str:
        """What stands in a question for something that is said."""
        return "?" if self.is_sqlite else "%s"

    def ask(self, question: str, said: Any) -> list[Any]:
        """Return the rows that `question` finds, by what is `said` in place of its marks.

        Raises what the driver raises: a line that was cut is worth another, once; a server that keeps silent is not
        worth another wait.
        """
        with nullcontext() if self.is_sqlite else self._free:
            began = time.monotonic()
            try:
                return self._ask(question, said)
            except Exception as error:
                _log.debug("a line: %s", type(error).__name__)
                if time.monotonic() - began > _AGAIN_WITHIN_SECONDS:
                    raise
                self._idle.clear()
                return self._ask(question, said)

    def ask_about(self, question: str, ids: Sequence[int]) -> list[Any]:
        """The same of a `question` with one place, `{}`, for the list of `ids`."""
        return self.ask(question.format(",".join([self.mark] * len(ids))), list(ids))

    def _ask(self, question: str, said: Any) -> list[Any]:
        connection = self._idle.pop() if self._idle else self._connect()
        try:
            rows: list[Any] = connection.execute(question, said).fetchall()
        except BaseException:
            connection.close()  # who was stopped while waiting holds it for longer than the question
            raise
        if len(self._idle) < _MOST:
            self._idle.append(connection)
        return rows

    def _connect(self) -> Any:
        if self.is_sqlite:
            where = f"file:{quote(str(self._settings.sqlite_file))}?mode=ro"
            return sqlite3.connect(where, uri=True, isolation_level=None, check_same_thread=False)
        from forum.postgresql import Line

        return Line.connect(self._settings.postgresql_address, autocommit=True)


class Glance:
    """A statement whose parameters never change, but for the moment (`clock.moment`), put together once."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._words: dict[str, tuple[str, Callable[[], Any]]] = {}

    def ask(self, lines: Lines, dialect: Dialect) -> list[Any]:
        """Return the rows as the driver has them: on SQLite truth is 0 or 1. Raises as `Lines.ask`."""
        if dialect.name not in self._words:
            self._words[dialect.name] = _put_together(self._statement, dialect)
        question, said = self._words[dialect.name]
        return lines.ask(question, said())


def _put_together(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> tuple[str, Callable[[], Any]]:
    """Return `statement` in the words of `dialect`, and what makes its parameters as the driver takes them."""
    compiled: SQLCompiler = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state()
    # To write a moment down takes longer than many a question, and mostly all of a statement are the same.
    moments, makers = {}, {}
    for name, bind in compiled.binds.items():
        if bind.callable is not None:
            moments[name] = what = bind.callable, type(bind.type)
            makers[what] = bind.type.dialect_impl(dialect).bind_processor(dialect)
    fixed = {
        name: processor(value) if (processor := state.processors.get(name)) else value
        for name, value in state.parameters.items()
    }

    def said() -> Any:
        made = {what: process(what[0]()) if process else what[0]() for what, process in makers.items()}
        ready = {name: made[what] for name, what in moments.items()}
        everything = {**fixed, **ready}
        return [everything[name] for name in state.positiontup] if state.positiontup is not None else everything

    return state.statement, said
