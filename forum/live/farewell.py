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
ENDS_WITHIN, HANGS_UP_WITHIN = 7.0, 1.0
# Those who are told lose nothing while they wait for that door, so it may be sooner. A new connection is four ways
# there and back: a phone that takes a second for each is in time when few read, and one that takes half of it always.
TOLD_WITHIN, MOVED_WITHIN = 3.0, 6.0
_LOOK_SECONDS = 0.05
_SAID_WITHIN = 1.0

_MOVING = engine.event_frame("moving", {})
_over = Event()


def begin(server: socketio.Server, is_followed: Callable[[], bool], said: "gevent.Greenlet[..., bool]") -> None:
    """Refuse new sockets from now on and end all others bit by bit; whoever waits for their turn hears as before.

    `is_followed()` says whether another process serves: only then there is anywhere to move to before the end. `said`
    tells the others that this one goes, and is waited for: where nobody reads, the process would end before it has.
    Asked again, by Ctrl-C and by gunicorn on top of it, it goes on as it has begun.
    """
    if engine.is_closing():
        return
    engine.refuse(server)
    began = time.monotonic()
    if not engine.is_stock():
        _have_move(engine.everybody(server), is_followed)
    left = ENDS_WITHIN - (time.monotonic() - began)
    for socket in _paced(engine.everybody(server), max(left, HANGS_UP_WITHIN)):
        socket.close(wait=False, abort=True)
    said.join(min(_SAID_WITHIN, max(0.0, began + ENDS_WITHIN - time.monotonic())))
    _over.set()


def _have_move(leaving: list[engine.Socket], is_followed: Callable[[], bool]) -> None:
    """Tell readers to move, and wait until all have or their time is over; for no longer than another process serves.

    When a whole site is stopped each of its processes believes in the others until they have said that they go too.
    """
    until = time.monotonic() + MOVED_WITHIN
    for socket in _paced(leaving, TOLD_WITHIN):
        if not is_followed():
            return
        socket.write(_MOVING)
    while is_followed() and time.monotonic() < until and not all(socket.closed for socket in leaving):
        gevent.sleep(_LOOK_SECONDS)


def wait() -> None:
    """Wait until every reader has been sent on, if that has begun."""
    if engine.is_closing():
        _over.wait(ENDS_WITHIN + HANGS_UP_WITHIN)


def _paced(sockets: list[engine.Socket], within: float) -> Iterable[engine.Socket]:
    """Yield `sockets`, PER_SECOND or as many as it takes to be through `within` so many seconds."""
    per_second = max(PER_SECOND, len(sockets) / within)
    began = time.monotonic()
    for number, socket in enumerate(sockets, start=1):
        yield socket
        if number % AT_ONCE == 0:
            gevent.sleep(max(0.0, began + number / per_second - time.monotonic()))
