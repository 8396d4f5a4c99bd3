"""Who comes to a gunicorn worker: handshakes are let in here, and everything else is gunicorn's.

As it comes, gunicorn starts a greenlet for each connection, reads the request with all that HTTP knows and builds what
WSGI wants of it, which was more than a third of what a reader cost who came (docs/performance.md). Here a connection
waits for its first bytes without a greenlet, and they are looked at and not taken: whatever is not plainly a handshake,
or is to be refused, gunicorn finds as it was sent.
"""

import time
from _socket import socket as plain_socket
from collections.abc import Callable
from functools import partial
from socket import MSG_PEEK, SOCK_STREAM
from typing import Any, NamedTuple

import gevent
from gevent import get_hub
from gevent.server import StreamServer
from gevent.socket import socket as gevent_socket

from forum.live import engine, hands, handshake
from forum.live.door import Door

_READ = 1
_LONGEST_HEAD = 8192
# More than this wait for their first bytes as gunicorn lets them, each in its greenlet, and in its limit.
MOST_WAITING = 10_000
_LOOK_EVERY = 1.0

Handshake = dict[str, str]
IsWelcome = Callable[[Handshake], bool]
LetIn = Callable[[Handshake, plain_socket, int], bool]


def install(worker: Any, is_welcome: IsWelcome, let_in: LetIn) -> None:
    """Have a gevent worker of gunicorn's listen by `Arrivals`; call it before the worker runs.

    `is_welcome(handshake)` says who may stand in the door's line. `let_in(handshake, wire, size)` takes `wire` over,
    with `size` bytes of the handshake in it, or says False and leaves it as it was.
    Not where the first bytes are not HTTP (TLS, the PROXY protocol), where gunicorn waits for a first word without end,
    nor with the libraries' own sockets.
    """
    door, cfg = getattr(worker.wsgi, "wsgi_app", None), worker.cfg
    is_plain = not cfg.is_ssl and cfg.proxy_protocol == "off" and cfg.keepalive
    if isinstance(door, Door) and is_plain and not engine.is_stock():
        worker.server_class = partial(Arrivals, worker, door, is_welcome, let_in)


class _Listener(NamedTuple):
    """What gunicorn asks of the socket it listens on, which is closed before the last who came is served."""

    name: Any

    def getsockname(self) -> Any:
        """Return the address that is listened on."""
        return self.name


class Arrivals(StreamServer):
    """gevent's server as gunicorn uses it. What is accepted is a plain socket until it is known what it wants."""

    def __init__(
        self,
        worker: Any,
        door: Door,
        is_welcome: IsWelcome,
        let_in: LetIn,
        listener: Any,
        *,
        spawn: Any,
        **_for_other_servers: Any,
    ) -> None:
        self._waiting: dict[Any, tuple[plain_socket, Any, float]] = {}
        self._is_kept = False
        self._door, self._is_welcome, self._let_in = door, is_welcome, let_in
        self._serve = partial(worker.handle, _Listener(listener.getsockname()))
        self._pool = spawn
        self._patience: float = worker.cfg.keepalive
        super().__init__(listener, handle=self._serve, spawn=spawn)
        if worker.cfg.workers > 1:
            self.max_accept = 1  # as gunicorn has it, so that all workers get some

    def do_read(self) -> tuple[plain_socket, Any] | None:  # type: ignore[override]
        """Accept one connection."""
        try:
            number, address = self.socket._accept()  # type: ignore[attr-defined]
        except BlockingIOError:
            return None
        wire = plain_socket(self.family, SOCK_STREAM, 0, fileno=number)
        wire.setblocking(False)
        return wire, address

    def do_handle(self, wire: plain_socket, address: Any) -> None:
        """Look at what has come, or wait for it."""
        if not self._look(wire, address):
            if len(self._waiting) < MOST_WAITING:
                self._wait(wire, address)
            else:
                self._hand_on(wire, address)

    def close(self) -> None:
        """Stop accepting. Who has not said a word is gunicorn's now, which knows how long to wait at the end."""
        for watcher in list(self._waiting):
            self._hand_on(*self._no_longer(watcher))
        super().close()

    def _look(self, wire: plain_socket, address: Any) -> bool:
        """Hand a connection to where it belongs; False while it has not said a word."""
        try:
            data = wire.recv(_LONGEST_HEAD, MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        said = handshake.read(data)
        if not data:
            wire.close()
        elif said is None or not self._is_welcome(said) or not self._stands_in_line(wire, address, said, len(data)):
            self._hand_on(wire, address)
        return True

    def _stands_in_line(self, wire: plain_socket, address: Any, said: Handshake, size: int) -> bool:
        return self._door.admit(partial(hands.give, partial(self._enter, wire, address, said, size)))

    def _enter(self, wire: plain_socket, address: Any, said: Handshake, size: int) -> None:
        if not self._let_in(said, wire, size):
            self._hand_on(wire, address)

    def _hand_on(self, wire: plain_socket, address: Any) -> None:
        client = gevent_socket(self.family, SOCK_STREAM, 0, fileno=wire.detach())
        if self._pool.full():  # then it waits for a place, and only a greenlet can
            hands.give(partial(self._pool.spawn, self._serve, client, address))
        else:
            self._pool.spawn(self._serve, client, address)

    def _wait(self, wire: plain_socket, address: Any) -> None:
        watcher = get_hub().loop.io(wire.fileno(), _READ)
        self._waiting[watcher] = wire, address, time.monotonic()
        watcher.start(self._came, watcher)
        if not self._is_kept:
            self._is_kept = True
            gevent.spawn(self._keep)

    def _came(self, watcher: Any) -> None:
        self.do_handle(*self._no_longer(watcher))

    def _no_longer(self, watcher: Any) -> tuple[plain_socket, Any]:
        watcher.stop()
        watcher.close()
        wire, address, _since = self._waiting.pop(watcher)
        return wire, address

    def _keep(self) -> None:
        """Hang up on who says nothing for as long as gunicorn waits for a request."""
        try:
            while self._waiting:
                gevent.sleep(_LOOK_EVERY)
                late = time.monotonic() - self._patience
                for watcher in [watcher for watcher, (_, _, since) in self._waiting.items() if since < late]:
                    self._no_longer(watcher)[0].close()
        finally:
            self._is_kept = False
