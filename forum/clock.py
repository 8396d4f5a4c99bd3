"""The one place that reads the time. Everything else asks `now()`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import BindParameter, bindparam

_fixed: datetime | None = None


def now() -> datetime:
    """Return this moment as an aware UTC datetime, or the moment a test has set."""
    return _fixed or datetime.now(UTC)


def moment(offset: timedelta = timedelta()) -> BindParameter[datetime]:
    """Return `offset` from now for a statement that is put together once: it is asked for the time whenever it runs."""
    return bindparam(None, callable_=lambda: now() + offset, unique=True)


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
