"""The door of a process: pages straight on, and readers who come a few for each turn of the event loop.

Measured: when 5,000 came back at once, whoever posted waited more than a second behind them. A reader can wait a
moment and nobody sees it; a writer sees every moment.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.event import Event

# With 0.4 ms for each of them everybody else gets a turn every few milliseconds.
AT_ONCE = 8
TURN_SECONDS = 0.001
# More could not come in before their browsers lose patience (socket.js: 6 s): they are told at once, and spread.
MOST_WAITING = 5000

App = Callable[[dict[str, Any], Any], Iterable[bytes]]

_handshakes = 0


def came() -> int:
    """Return how many handshakes this process has taken into its line so far."""
    return _handshakes


class Door:
    """WSGI middleware that hands on requests to `pages` at once, and lets handshakes in to `sockets` one by one.

    As it comes, the libraries' own middleware copies each request's environ and makes a class for it, pages included.
    """

    def __init__(self, pages: App, sockets: App, path: str = "/socket.io/") -> None:
        self._pages, self._sockets, self._path = pages, sockets, path
        self._waiting: deque[Callable[[], object]] = deque()
        self._came = 0
        self._is_kept = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request, a handshake when its turn has come."""
        if not environ.get("PATH_INFO", "").startswith(self._path):
            return self._pages(environ, start_response)
        turn = Event()
        if not self.admit(turn.set):
            start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "2")])
            return [b"Very many come at this moment. Try again in a moment."]
        turn.wait()
        return self._sockets(environ, start_response)

    def admit(self, enter: Callable[[], object]) -> bool:
        """Have `enter()` called, which must not wait, when it is somebody's turn; False when the line is too long."""
        global _handshakes
        if self._came < AT_ONCE and not self._waiting:
            self._came += 1
            enter()
        elif len(self._waiting) < MOST_WAITING:
            self._waiting.append(enter)
        else:
            return False
        _handshakes += 1
        self._begin()
        return True

    def _begin(self) -> None:
        if not self._is_kept:
            self._is_kept = True
            gevent.spawn(self._keep)

    def _keep(self) -> None:
        """Let in the next few each turn, and stop when nobody has come for one."""
        try:
            while self._came or self._waiting:
                gevent.sleep(TURN_SECONDS)
                self._came = min(AT_ONCE, len(self._waiting))
                for _ in range(self._came):
                    self._waiting.popleft()()
        finally:
            self._is_kept = False
