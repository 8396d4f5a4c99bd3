"""The one place that reads the time. Everything else asks `now()`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_

_fixed: datetime | None = None
_BEGAN = time.monotonic()


def now() -> datetime:
    """Return this moment as an aware UTC datetime, or the moment a test has set."""
    return _fixed or datetime.now(UTC)


@dataclass(frozen=True)
class Moment:
    """So long from now, whenever it is asked for."""

    offset: timedelta

    def __call__(self) -> datetime:
        """Return it, aware."""
        return now() + self.offset


def moment(offset: timedelta = timedelta()) -> BindParameter[datetime]:
    """Return `offset` from now for a statement that is put together once: it is asked for the time whenever it runs."""
    return bindparam(None, callable_=Moment(offset), unique=True)


def has_passed(length: timedelta, since: Any) -> ColumnElement[bool]:
    """Return whether `length` is over since the moment in the column `since`, for statements put together once.

    Also where it lies further ahead than that: it is from a clock that ran ahead, and would wait for as long as that.
    """
    return or_(since <= moment(-length), since > moment(length))


def until_next(every: float) -> float:
    """Return the seconds until what happens every so many seconds is due in this process.

    Whatever looks again looks at the same moments: of ten that wake together the first finds the processor's caches
    cold, and the others warm, which is a third of the cost (docs/performance.md). Each process has moments of its own.
    """
    return every - (time.monotonic() - _BEGAN) % every


def in_utc(moment: datetime) -> str:
    """Return an aware `moment` as machines read it, in UTC to the second: HTML takes no microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware) while the block runs. For tests and for archiving past discussions."""
    global _fixed
    before, _fixed = _fixed, moment.astimezone(UTC)
    try:
        yield
    finally:
        _fixed = before


def advance(length: timedelta) -> None:
    """Move a stopped clock on by `length`. Raises RuntimeError when the clock runs by itself."""
    global _fixed
    if _fixed is None:
        raise RuntimeError("only a stopped clock can be advanced")
    _fixed += length
