"""One reader's connection: bytes in without a greenlet, bytes out without waiting.

The event loop calls us when the socket can be read; an idle reader is a socket, two small objects, nothing that runs.
What cannot be sent at once waits in the reader's own outbox, so a slow reader never holds up the others.
"""

import os
import socket
import time
from _socket import socket as plain_socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from gevent import get_hub

from forum.live.frames import LARGEST, Opcode, Parser, Violation, closing, frame

# A reader who is this far behind is dropped, to come back and catch up from the log.
OUTBOX_BYTES = 1024 * 1024
STUCK_SECONDS = 30.0
FRAMES_PER_SECOND = 20.0
_BURST = 40.0
# The kernel would otherwise let the send buffer of a reader who never reads grow to 4 MB.
_KERNEL_BUFFER = 128 * 1024
_READ, _WRITE = 1, 2
# A whole text frame of one masked byte.
_PONG_BYTES = 7

_slow: set["Link"] = set()


class Link:
    """A WebSocket after its handshake. `heard(text)` and `gone()` are called from the event loop and must not wait."""

    __slots__ = (
        "_ahead",
        "_allowance",
        "_counted_at",
        "_gone",
        "_heard",
        "_moved_at",
        "_outbox",
        "_parser",
        "_queued",
        "_reader",
        "_send",
        "_socket",
        "_writer",
    )

    def __init__(self, wire: plain_socket, heard: Callable[[str], None], gone: Callable[[], None]) -> None:
        """Take over `wire`, which does not block."""
        self._socket: Any = wire
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)
        self._send: Callable[[bytes], int] = self._socket.send
        self._heard, self._gone = heard, gone
        self._parser = Parser()
        self._ahead = b""
        self._outbox: deque[bytes] | None = None
        self._queued = 0
        self._moved_at = 0.0
        self._allowance, self._counted_at = _BURST, time.monotonic()
        self._reader: Any = get_hub().loop.io(self._socket.fileno(), _READ)
        self._writer: Any = None
        self._reader.start(self._readable)

    @property
    def is_open(self) -> bool:
        """Whether bytes can still go either way."""
        return self._socket is not None

    def write(self, data: bytes) -> None:
        """Send `data` at once as far as the kernel takes it, and the rest as soon as it can."""
        write_all((self,), data)

    def write_ahead(self, data: bytes) -> None:
        """Send `data` before what is written next, in one call of the kernel with it; at the latest with `flush`."""
        self._ahead += data

    @property
    def is_flushed(self) -> bool:
        """Whether nothing waits for the next words."""
        return not self._ahead

    def flush(self) -> None:
        """Send what waits for the next words."""
        if self._ahead:
            self._write_behind(b"")

    def close(self, code: int = 1000) -> None:
        """Say `code` and hang up; `gone` is not called."""
        self._gone = _nothing
        if self.is_open:
            if not self._queued:
                self.write(closing(code))
            self._drop()

    def _write_behind(self, data: bytes) -> None:
        """Send `data` behind what waits."""
        data, self._ahead = self._ahead + data, b""
        if self._queued:
            self._queue(data)
        else:
            write_all((self,), data)

    def _queue(self, data: bytes) -> None:
        if self._socket is None:
            return
        if self._queued + len(data) > OUTBOX_BYTES:
            self._drop()
            return
        if self._outbox is None:
            self._outbox = deque()
            self._writer = get_hub().loop.io(self._socket.fileno(), _WRITE)
            self._writer.start(self._writable)
            _slow.add(self)
        self._outbox.append(data)
        self._queued += len(data)

    def _writable(self) -> None:
        assert self._outbox is not None
        try:
            while self._outbox:
                sent = self._socket.send(self._outbox[0])
                self._moved_at = time.monotonic()
                self._queued -= sent
                rest = self._outbox.popleft()[sent:]
                if rest:
                    self._outbox.appendleft(rest)
        except BlockingIOError:
            return
        except OSError:
            self._drop()
            return
        self._end_writer()

    def _end_writer(self) -> None:
        _slow.discard(self)
        self._outbox, self._queued = None, 0
        if self._writer is not None:
            self._writer.stop()
            self._writer.close()
            self._writer = None

    def _readable(self) -> None:
        try:
            data = self._socket.recv(16384)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop()
            return
        try:
            # Nearly all that an idle reader ever sends: the answer to a ping, which is one letter, alone and masked.
            if len(data) == _PONG_BYTES and data[:2] == b"\x81\x81" and self._parser.is_idle:
                letter = data[6] ^ data[2]
                if letter < 0x80:
                    self._count()
                    self._heard(chr(letter))
                    return
            for got in self._parser.feed(data):
                self._count()
                if got is not None:
                    self._take(*got)
                if not self.is_open:
                    return
        except Violation as violation:
            self._refuse(violation.code)

    def _take(self, opcode: Opcode, payload: bytes) -> None:
        if opcode is Opcode.TEXT:
            try:
                message = payload.decode()
            except UnicodeDecodeError:
                raise Violation(1007) from None
            self._heard(message)
        elif opcode is Opcode.PING:
            self.write(frame(Opcode.PONG, payload))
        elif opcode is Opcode.CLOSE:
            self._refuse(1000)
        elif opcode is Opcode.BINARY:
            raise Violation(1003)

    def _count(self) -> None:
        now = time.monotonic()
        self._allowance = min(_BURST, self._allowance + (now - self._counted_at) * FRAMES_PER_SECOND) - 1
        self._counted_at = now
        if self._allowance < 0:
            raise Violation(1008)

    def _refuse(self, code: int) -> None:
        if self.is_open and not self._queued:
            self.write(closing(code))
        self._drop()

    def _drop(self) -> None:
        if self._socket is None:
            return
        self._end_writer()
        self._reader.stop()
        self._reader.close()
        self._socket.close()
        self._socket = self._reader = None
        self._send = _closed
        gone, self._gone, self._heard = self._gone, _nothing, _nothing
        gone()


def copy_of(fileno: int) -> plain_socket:
    """Return a socket of our own for a connection, so that the HTTP server can close its own."""
    # Said, or the kernel is asked three times what it is; it matters to addresses only, which nobody asks for here.
    wire = plain_socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=os.dup(fileno))
    wire.setblocking(False)
    return wire


def write_all(links: Iterable[Link], data: bytes) -> None:
    """Send the same bytes to many, each as far as its kernel takes them at once, and the rest as soon as it can.

    The one loop that runs for every reader of every comment: what it calls beside `send` is felt (docs/performance.md).
    """
    size = len(data)
    for link in links:
        if link._queued or link._ahead:
            link._write_behind(data)
            continue
        try:
            sent = link._send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            link._drop()
            continue
        if sent != size:
            link._moved_at = time.monotonic()
            link._queue(data[sent:] if sent else data)


def drop_stuck() -> None:
    """Hang up on readers whose outbox has not moved for STUCK_SECONDS."""
    late = time.monotonic() - STUCK_SECONDS
    for link in [link for link in _slow if link._moved_at < late]:
        link._drop()


def _closed(_data: bytes) -> int:
    """Stand in for the socket of a link that has ended."""
    raise BrokenPipeError


def _nothing(*_ignored: object) -> None:
    """What is called after the end."""


__all__ = ["LARGEST", "Link", "copy_of", "drop_stuck", "write_all"]
