"""Connections on which nobody is asking: a process that ends hangs up on them instead of waiting for them.

As it comes, gunicorn's gevent worker waits at its end for every open connection, also for a browser's that is kept
alive for a request that may come: measured, one such connection made SIGTERM take 8 s instead of 2.
"""

import os
import socket
import time
from _socket import socket as plain_socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent

from forum import clock

# Who has only just come, or has just been answered, may have a request on its way.
IDLE_SECONDS = 0.5
_LOOK_EVERY, _LOOK_EVERY_AT_THE_END = 0.5, 0.1


class Idle:
    """Knows which connections of one gunicorn worker wait for a request."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._handle, self._timeout = worker.handle, worker.timeout_ctx
        self._clients: dict[Any, Any] = {}
        self._since: dict[Any, float] = {}

    def install(self) -> None:
        """Listen to what the worker's connections do; call it before the worker runs."""
        self._worker.handle = self.handle
        self._worker.timeout_ctx = self.waiting
        gevent.spawn(self._hang_up_at_the_end)

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        """Serve one connection, as the worker does."""
        me = gevent.getcurrent()
        self._clients[me] = client
        try:
            self._handle(listener, client, address)
        finally:
            del self._clients[me]

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for a request as long as the worker would."""
        me = gevent.getcurrent()
        self._since[me] = time.monotonic()
        try:
            with self._timeout():
                yield
        finally:
            del self._since[me]

    def _hang_up_at_the_end(self) -> None:
        while True:
            if self._worker.alive:
                gevent.sleep(clock.until_next(_LOOK_EVERY))
                continue
            gevent.sleep(_LOOK_EVERY_AT_THE_END)
            late = time.monotonic() - IDLE_SECONDS
            for who in [who for who, since in self._since.items() if since < late]:
                with suppress(OSError, KeyError):
                    _end_reading(self._clients[who].fileno())


def _end_reading(fileno: int) -> None:
    """A request that has arrived is still read and answered; otherwise the wait ends here.

    Not by gevent's own `shutdown`, which would also end what is being read.
    """
    copy = plain_socket(fileno=os.dup(fileno))
    try:
        copy.shutdown(socket.SHUT_RD)
    finally:
        copy.close()
