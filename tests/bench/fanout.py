"""What a broadcast costs: from the answer to a post to the last of N readers, beside a bare loop over plain sockets.

The yardstick is run in the same process and minute: as many loopback socket pairs, and a loop that sends them as many
bytes. Ratios to it move little from machine to machine, milliseconds do.
"""

import json
import resource
import select
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from forum.models import Discussion
from tests.server import Running

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="


@dataclass
class Result:
    """Seconds, unless the name says otherwise."""

    readers: int
    connected_per_second: float
    kb_per_reader: float
    answer_to_last: list[float]
    bare_loop: list[float]
    cpu_us_per_delivery: float
    bare_us_per_delivery: float
    frame_bytes: int

    def lines(self) -> Iterator[str]:
        """Yield the report."""
        last, bare = statistics.median(self.answer_to_last), statistics.median(self.bare_loop)
        yield f"{self.readers} readers joined at {self.connected_per_second:.0f}/s, {self.kb_per_reader:.1f} KB each"
        yield f"answer → last reader: median {last * 1e3:.0f} ms, worst {max(self.answer_to_last) * 1e3:.0f} ms"
        yield f"the same {self.frame_bytes} bytes in a bare loop: {bare * 1e3:.0f} ms"
        ratio = self.cpu_us_per_delivery / self.bare_us_per_delivery
        yield (
            f"server CPU per delivery {self.cpu_us_per_delivery:.1f} µs, bare loop {self.bare_us_per_delivery:.1f} µs: "
            f"{ratio:.2f}×"
        )


class Crowd:
    """Many readers in one thread, each a plain socket that waits for marks in what it is sent."""

    def __init__(self, server: Running, discussion: Discussion, size: int) -> None:
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._server = server
        join = {"discussion": discussion.id, "after": discussion.last_seq, "epoch": discussion.epoch}
        self._join = _masked(f'420["join",{json.dumps(join)}]'.encode())
        began = time.monotonic()
        for start in range(0, size, 100):
            self._connect(min(100, size - start))
        self.connected_per_second = size / (time.monotonic() - began)

    def _connect(self, some: int) -> None:
        host, port = self._server.host.split(":")
        fresh = []
        for _ in range(some):
            wire = socket.create_connection((host, int(port)))
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire.sendall(
                f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {self._server.host}\r\n"
                f"Origin: {self._server.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            self._sockets[wire.fileno()] = wire
            self._poll.register(wire, select.EPOLLIN)
            fresh.append(wire.fileno())
        for answer, request in ((b'0{"sid"', _masked(b"40")), (b'40{"sid"', self._join), (b"430[", b"")):
            self.wait_for(answer, set(fresh), 30)
            for number in fresh:
                if request:
                    self._sockets[number].sendall(request)

    def wait_for(self, mark: bytes, waiting: set[int] | None = None, seconds: float = 10) -> int:
        """Read until each of `waiting` (all by default) has been sent `mark`; return the bytes of the last read."""
        missing = set(self._sockets) if waiting is None else set(waiting)
        kept: dict[int, bytes] = {}
        size, until = 0, time.monotonic() + seconds
        while missing:
            ready = self._poll.poll(max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError(f"{len(missing)} readers have not heard {mark!r}")
            for number, _event in ready:
                data = self._sockets[number].recv(1 << 18)
                if not data:
                    raise ConnectionError("a reader was dropped")
                if number in missing:
                    whole = kept.pop(number, b"") + data
                    if mark in whole:
                        missing.discard(number)
                        size = len(whole)
                    else:
                        kept[number] = whole
        return size

    def close(self) -> None:
        """Hang up."""
        for wire in self._sockets.values():
            wire.close()
        self._poll.close()


@contextmanager
def crowd(server: Running, discussion: Discussion, size: int) -> Iterator[Crowd]:
    """Let `size` readers join, and leave when the block ends."""
    people = Crowd(server, discussion, size)
    try:
        yield people
    finally:
        people.close()


def measure(
    server: Running,
    discussion: Discussion,
    headers: dict[str, str],
    token: str,
    *,
    readers: int = 1000,
    rounds: int = 8,
) -> Result:
    """Post `rounds` comments as whoever `headers` and `token` say, while `readers` listen."""
    poster = requests.Session()
    before = server.memory_kb()
    with crowd(server, discussion, readers) as people:
        time.sleep(3)  # the room has been told how many it is
        per_reader = (server.memory_kb() - before) / readers
        waits, cpu, size = [], 0.0, 0
        for number in range(rounds):
            mark = f"mark{number:04}{time.monotonic_ns()}"
            used = server.cpu_seconds()
            answer = poster.post(
                f"{server.address}/d/{discussion.slug}/comments",
                data={"body": f"{mark} " + "and what the panel thinks of it. " * 12, "key": mark, "csrf_token": token},
                headers={**headers, "Accept": "application/json"},
                timeout=10,
            )
            answered = time.monotonic()
            assert answer.status_code == 201, answer.text[:300]
            size = people.wait_for(mark.encode())
            waits.append(time.monotonic() - answered)
            time.sleep(0.3)
            cpu += server.cpu_seconds() - used
    bare = [bare_loop(readers, size) for _ in range(rounds)]
    return Result(
        readers,
        people.connected_per_second,
        per_reader,
        waits,
        [wall for wall, _ in bare],
        cpu / rounds / readers * 1e6,
        statistics.median(used for _, used in bare) / readers * 1e6,
        size,
    )


def bare_loop(readers: int, size: int) -> tuple[float, float]:
    """Send `size` bytes to `readers` plain loopback sockets; return (seconds, CPU seconds of the sending)."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    pairs = []
    for _ in range(readers):
        theirs = socket.create_connection(listener.getsockname())
        ours, _address = listener.accept()
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pairs.append((ours, theirs))
    data = b"x" * size
    began, used = time.monotonic(), time.process_time()
    for ours, _theirs in pairs:
        ours.send(data)
    used = time.process_time() - used
    for _ours, theirs in pairs:
        theirs.recv(1 << 18)
    wall = time.monotonic() - began
    for pair in pairs:
        pair[0].close()
        pair[1].close()
    listener.close()
    return wall, used


def _masked(payload: bytes) -> bytes:
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
    return head + b"\0\0\0\0" + payload
