"""A line between browsers and a server that can be cut and mended, as a train goes through a tunnel."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """Passes on what comes to `host` to the server at `to`. While it is cut, nothing connects and nothing passes."""

    def __init__(self, to: str) -> None:
        name, port = to.split(":")
        self._to = (name, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._is_whole = True
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection at once; new ones end as they begin."""
        with self._lock:
            self._is_whole = False
            ends, self._ends = self._ends, set()
        for end in ends:
            _close(end)

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._is_whole = True

    def close(self) -> None:
        """Take the line down."""
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                is_whole = self._is_whole
            if not is_whole:
                _close(near)
                continue
            try:
                far = socket.create_connection(self._to, timeout=5)
            except OSError:
                _close(near)
                continue
            far.settimeout(None)
            with self._lock:
                self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
        for end in (one, other):
            _close(end)
        with self._lock:
            self._ends -= {one, other}


def _close(end: socket.socket) -> None:
    """End a connection also for whoever waits in `recv` or `accept`."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def line(to: str) -> Iterator[Line]:
    """A line to the server at `to` until the block ends."""
    made = Line(to)
    try:
        yield made
    finally:
        made.close()
