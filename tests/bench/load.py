"""Asks one server for one address as fast as it answers, over kept connections, from a process of its own."""

import multiprocessing
import select
import socket
import time
from typing import NamedTuple

from tests.server import Running

_END = "\r\n"


class Rate(NamedTuple):
    """What a server did: answers per second, its CPU per answer in µs, the status, and the bytes of one answer."""

    per_second: float
    cpu_us: float
    status: int
    size: int


def rate(
    server: Running, path: str, headers: dict[str, str] | None = None, *, seconds: float = 3, wires: int = 16
) -> Rate:
    """Ask `server` for `path` over `wires` connections for `seconds`, after a tenth of that to warm up."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {server.host}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    _count(server.host, request, seconds / 10, wires)
    used = server.cpu_seconds()
    with multiprocessing.get_context("spawn").Pool(1) as helper:
        answers, took, status, size = helper.apply(_count, (server.host, request, seconds, wires))
    return Rate(answers / took, (server.cpu_seconds() - used) / answers * 1e6, status, size)


def _count(host: str, request: bytes, seconds: float, wires: int) -> tuple[int, float, int, int]:
    """Return (answers, seconds, status, bytes of one answer)."""
    name, port = host.split(":")
    poll = select.epoll()
    open_wires = {}
    for _ in range(wires):
        wire = socket.create_connection((name, int(port)))
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_wires[wire.fileno()] = wire
        poll.register(wire, select.EPOLLIN)
    first = next(iter(open_wires.values()))
    first.sendall(request)
    answer = first.recv(1 << 20)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = _length(head)
    while len(body) < length:
        body += first.recv(1 << 20)
    status, whole = int(head.split(b" ")[1]), len(head) + 4 + length
    missing = dict.fromkeys(open_wires, whole)
    answers, began = 0, time.monotonic()
    for wire in open_wires.values():
        wire.sendall(request)
    while (took := time.monotonic() - began) < seconds:
        for number, _event in poll.poll(1):
            missing[number] -= len(open_wires[number].recv(1 << 20))
            # Only sizes are watched: an answer is as long as the first one, and parsing would cost us the other core.
            if missing[number] <= 0:
                answers += 1
                missing[number] = whole
                open_wires[number].sendall(request)
    for wire in open_wires.values():
        wire.close()
    return answers, took, status, whole


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0
