"""Hands that do what many sockets ask for: greenlets that stay, for making one costs more than most of what is done.

A hand takes one piece of work after the other. When one of them has to wait for something, the next hand goes on with
the rest, so nothing stands behind somebody else's wait.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import gevent
from flask import Flask
from gevent import get_hub, getcurrent
from gevent.lock import BoundedSemaphore

from forum.database import db

# So many wait for work at most; whoever is free beyond that goes.
MOST_FREE = 32

# So many at once may ask the database because of what their sockets say, however many come back at the same moment.
# The pool has more connections than this: whoever posts, and the tail, must never wait behind them.
_asking = BoundedSemaphore(6)

Found = TypeVar("Found")

_work: deque[Callable[[], object]] = deque()
_free: list[Any] = []
_is_called = False


def give(work: Callable[[], object]) -> None:
    """Have `work()` done soon, in the order of what is given. It may wait; what it raises ends that hand only."""
    _work.append(work)
    if not _is_called:
        _call()


def ask(app: Flask, asked: Callable[[], Found]) -> Found:
    """Return what `asked()` finds in the database of `app`, in a context of its own, as one of a few at once."""
    with _asking, app.app_context():
        try:
            return asked()
        finally:
            db.session.rollback()


def _call() -> None:
    global _is_called
    _is_called = True
    if _free:
        get_hub().loop.run_callback(_free.pop().switch)
    else:
        gevent.spawn(_serve)


def _serve() -> None:
    global _is_called
    while True:
        _is_called = False
        while _work:
            piece = _work.popleft()
            if _work and not _is_called:
                _call()
            piece()
        if len(_free) >= MOST_FREE:
            return
        _free.append(getcurrent())
        get_hub().switch()
