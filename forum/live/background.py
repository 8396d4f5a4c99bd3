"""What runs beside the requests, each as one greenlet that nothing ends."""

import logging
import time
from collections.abc import Callable

import gevent
from flask import Flask

from forum import clock
from forum.database import passes

log = logging.getLogger("roundtext.live")

# The same trouble is told again only after this long, so that an hour without a database is not a million lines.
_QUIET_SECONDS = 60.0
_told: dict[tuple[str, str], float] = {}


def complain(where: str, error: BaseException) -> None:
    """Log a fault at most once a minute for each kind; the first time with its traceback, unless it passes by itself.

    Where a database went away says nothing: that it did is one line.
    """
    kind = (where, type(error).__name__)
    now = time.monotonic()
    if now - _told.get(kind, -_QUIET_SECONDS) >= _QUIET_SECONDS:
        first = kind not in _told and not passes(error)
        _told[kind] = now
        log.error("%s: %s", where, str(error).partition("\n")[0][:200], exc_info=error if first else None)


def once(app: Flask, name: str, turn: Callable[[], None]) -> "gevent.Greenlet[..., bool]":
    """Start and return a greenlet that calls `turn` once, now, in an app context of its own."""
    return gevent.spawn(_turn, app, name, turn)


def forever(app: Flask, name: str, turn: Callable[[], None], every: float) -> None:
    """Start a greenlet that calls `turn` every so many seconds, each time in a fresh app context.

    With 0 it is called again at once: then `turn` itself waits.
    """

    def run() -> None:
        while True:
            if not _turn(app, name, turn):
                gevent.sleep(0.5)
            gevent.sleep(clock.until_next(every) if every else 0)

    gevent.spawn(run)


def _turn(app: Flask, name: str, turn: Callable[[], None]) -> bool:
    try:
        with app.app_context():  # its end gives back the session, if the turn has asked for one
            turn()
    except Exception as error:
        complain(name, error)
        return False
    return True
