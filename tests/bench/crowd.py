"""Many readers in one thread, each a plain socket that waits for marks in what it is sent; and somebody who posts."""

import json
import resource
import select
import socket
import time
from functools import cached_property
from urllib.parse import urlencode

from forum.models import Discussion
from tests.server import Running

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_AT_ONCE = 200


class Crowd:
    """Readers of one server. What is measured of a server and of its yardstick is read by the same code."""

    def __init__(self, host: str) -> None:
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.host = host
        self.sockets: dict[int, socket.socket] = {}
        self._poll = select.epoll()

    def connect(self, some: int) -> list[int]:
        """Open `some` connections and return their numbers."""
        fresh = []
        for _ in range(some):
            wire = _wire_to(self.host)
            self.sockets[wire.fileno()] = wire
            self._poll.register(wire, select.EPOLLIN)
            fresh.append(wire.fileno())
        return fresh

    def join(self, discussion: Discussion, size: int) -> float:
        """Let `size` readers join `discussion`; return how many that are in a second."""
        handshake = (
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {self.host}\r\nOrigin: http://{self.host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        where = {"discussion": discussion.id, "after": discussion.last_seq, "epoch": discussion.epoch}
        steps = (
            (handshake.encode(), b'0{"sid"'),
            (_masked(b"40"), b'40{"sid"'),
            (_masked(f'420["join",{json.dumps(where)}]'.encode()), b"430["),
        )
        began, coming = time.monotonic(), size
        at: dict[int, int] = {}
        kept: dict[int, bytes] = {}
        while coming or at:
            for number in self.connect(min(coming, _AT_ONCE - len(at))):
                self.sockets[number].sendall(steps[0][0])
                at[number] = 0
                coming -= 1
            heard = self._heard(30)
            if not heard:
                raise TimeoutError(f"{len(at)} readers wait to be let in")
            for number, data in heard:
                if number not in at or not _with(steps[at[number]][1], number, data, kept):
                    continue
                at[number] += 1
                if at[number] < len(steps):
                    self.sockets[number].sendall(steps[at[number]][0])
                else:
                    del at[number]
        return size / (time.monotonic() - began)

    def wait_for(self, mark: bytes, waiting: set[int] | None = None, seconds: float = 10) -> int:
        """Read until each of `waiting` (all by default) has been sent `mark`; return the bytes of the last read."""
        missing = set(self.sockets) if waiting is None else set(waiting)
        kept: dict[int, bytes] = {}
        size, until = 0, time.monotonic() + seconds
        while missing:
            heard = self._heard(until - time.monotonic())
            if not heard:
                raise TimeoutError(f"{len(missing)} readers have not heard {mark!r}")
            for number, data in heard:
                if number in missing and (whole := _with(mark, number, data, kept)):
                    missing.discard(number)
                    size = len(whole)
        return size

    def rest(self, seconds: float) -> None:
        """Read and forget what comes, answering pings, for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._heard(left)

    def _heard(self, seconds: float) -> list[tuple[int, bytes]]:
        """Return who is sent something next within so long, and what. Pings are answered: who does not is let go of."""
        heard = []
        for number, _event in self._poll.poll(max(0.0, seconds)):
            data = self.sockets[number].recv(1 << 18)
            if not data:
                raise ConnectionError("a reader was dropped")
            if _PING in data:
                self.sockets[number].sendall(_PONG)
            heard.append((number, data))
        return heard

    def close(self) -> None:
        """Hang up."""
        for wire in self.sockets.values():
            wire.close()
        self._poll.close()


class Poster:
    """Somebody signed in who posts over one kept connection, and need not wait for an answer to post again.

    It connects with the first post: a server hangs up on who has not asked for anything for a while.
    """

    def __init__(self, server: Running, slug: str, headers: dict[str, str], token: str) -> None:
        self._host = server.host
        lines = {**headers, "Host": server.host, "Accept": "application/json"}
        lines["Content-Type"] = "application/x-www-form-urlencoded"
        self._head = f"POST /d/{slug}/comments HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
        self._token = token
        self._read = b""

    @cached_property
    def _wire(self) -> socket.socket:
        wire = _wire_to(self._host)
        wire.settimeout(20)
        return wire

    def post(self, mark: str) -> None:
        """Send a comment with `mark` in it."""
        words = f"{mark} " + "and what the panel thinks of it. " * 6
        body = urlencode({"body": words, "key": mark, "question": "1", "csrf_token": self._token})
        self._wire.sendall(f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def answered(self) -> None:
        """Wait for the answer to the earliest post that has none yet. Raises AssertionError unless it is accepted."""
        while b"\r\n\r\n" not in self._read:
            self._read += self._wire.recv(1 << 16)
        head, _, rest = self._read.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201"), self._read[:400]
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(rest) < length:
            rest += self._wire.recv(1 << 16)
        self._read = rest[length:]


def _wire_to(host: str) -> socket.socket:
    name, port = host.split(":")
    wire = socket.create_connection((name, int(port)))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _with(mark: bytes, number: int, data: bytes, kept: dict[int, bytes]) -> bytes:
    """Return all that a reader was sent up to `data` once `mark` is in it; nothing, and keep it, until then."""
    whole = kept.pop(number, b"") + data
    if mark in whole:
        return whole
    kept[number] = whole
    return b""


def _masked(payload: bytes) -> bytes:
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
    return head + b"\0\0\0\0" + payload


_PING, _PONG = b"\x81\x012", _masked(b"3")
