"""How a process that ends sends its readers on to the next, no faster than a slow one takes them in.

Where another process serves, a reader is told first: its browser opens the next connection while this one still hears,
and hangs up here when that stands. So a restart of one process after the other is no silence for anybody.
"""

import time
from collections.abc import Callable, Iterable

import gevent
import socketio
from gevent.event import Event

from forum.live import engine

# All at once, the last of thousands would wait seconds before the door of the next process.
PER_SECOND, AT_ONCE = 600, 6
HUNG_UP_ON_WITHIN = 7.0
# Those who are told lose nothing while they wait for that door, so it may be sooner; and then a phone that takes a
# second there and back has time for a new connection. Together no longer than the other way.
TOLD_WITHIN, MOVE_WITHIN = 4.0, 3.0
_LOOK_SECONDS = 0.05

_MOVING = engine.event_frame("moving", {})
_over = Event()


def begin(server: socketio.Server, is_followed: Callable[[], bool]) -> None:
    """Refuse new sockets from now on and end all others bit by bit; whoever waits for their turn hears as before.

    `is_followed()` says whether another process serves: only then there is anywhere to move to before the end. Asked
    again, by Ctrl-C and by gunicorn on top of it, it goes on as it has begun.
    """
    if engine.is_closing():
        return
    engine.refuse(server)
    leaving = engine.everybody(server)
    if is_followed():
        told = []
        for socket in _paced(leaving, TOLD_WITHIN):
            if isinstance(socket, engine.Socket):  # in stock mode it is the libraries' own
                socket.write(_MOVING)
                told.append((socket, time.monotonic() + MOVE_WITHIN))
        for socket, until in told:
            while not socket.closed and time.monotonic() < until and is_followed():
                gevent.sleep(_LOOK_SECONDS)
            socket.close(wait=False, abort=True)
        leaving = engine.everybody(server)
    for socket in _paced(leaving, HUNG_UP_ON_WITHIN):
        socket.close(wait=False, abort=True)
    _over.set()


def wait() -> None:
    """Wait until every reader has been sent on, if that has begun."""
    if engine.is_closing():
        _over.wait(HUNG_UP_ON_WITHIN + 1)


def _paced(sockets: list[engine.Socket], within: float) -> Iterable[engine.Socket]:
    """Yield `sockets`, PER_SECOND or as many as it takes to be through `within` so many seconds."""
    per_second = max(PER_SECOND, len(sockets) / within)
    began = time.monotonic()
    for number, socket in enumerate(sockets, start=1):
        yield socket
        if number % AT_ONCE == 0:
            gevent.sleep(max(0.0, began + number / per_second - time.monotonic()))
