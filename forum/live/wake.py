"""The bell between a commit and the tail of the same process."""

import threading

_changed = threading.Event()
_waiting: set[int] = set()
_lock = threading.Lock()


def wake(discussion_id: int) -> None:
    """Ring: the log of this discussion has grown."""
    with _lock:
        _waiting.add(discussion_id)
    _changed.set()


def wait(seconds: float) -> set[int]:
    """Wait until the bell rings, at most `seconds`; return the discussions it rang for (none after a time-out)."""
    _changed.wait(seconds)
    with _lock:
        _changed.clear()
        rung = set(_waiting)
        _waiting.clear()
    return rung
