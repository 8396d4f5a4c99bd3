"""Plain sockets that say what no browser would: frames against RFC 6455, Engine.IO 4 and Socket.IO 5."""

import json
import socket
import time
from dataclasses import dataclass

from tests.server import Running

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
LARGEST = 64 * 1024


def frame(head: int, payload: bytes = b"", *, masked: bool = True, announced: int | None = None) -> bytes:
    """Return one frame as a browser sends it, whose length may be announced wrongly."""
    size = len(payload) if announced is None else announced
    mask = 0x80 if masked else 0
    if size < 126:
        start = bytes([head, mask | size])
    elif size < 65536:
        start = bytes([head, mask | 126]) + size.to_bytes(2)
    else:
        start = bytes([head, mask | 127]) + size.to_bytes(8)
    # A mask of zeros changes nothing.
    return start + (b"\0\0\0\0" if masked else b"") + payload


def text(words: str) -> bytes:
    """Return a whole text frame."""
    return frame(0x81, words.encode())


def handshake(server: Running, cookie: str = "") -> bytes:
    """Return the request that opens a WebSocket."""
    line = f"Cookie: {cookie}\r\n" if cookie else ""
    return (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {server.host}\r\n{line}"
        f"Origin: {server.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


@dataclass(frozen=True)
class Nonsense:
    """What to say after the greeting."""

    name: str
    frames: bytes


def kinds(discussion_id: int) -> list[Nonsense]:
    """Return 21 kinds of malformed frames."""
    join = json.dumps(["join", {"discussion": discussion_id, "after": 0, "epoch": ""}])
    return [
        # RFC 6455
        Nonsense("not masked (5.1)", frame(0x81, b"3", masked=False)),
        Nonsense("compressed without having agreed to it (5.2, RSV1)", frame(0xC1, b"3")),
        Nonsense("reserved bits (5.2, RSV2 and RSV3)", frame(0xB1, b"3")),
        Nonsense("an unknown kind of data (5.2, opcode 3)", frame(0x83, b"3")),
        Nonsense("an unknown kind of control (5.2, opcode 11)", frame(0x8B, b"3")),
        Nonsense("a ping in parts (5.5)", frame(0x09, b"a")),
        Nonsense("a ping of 126 bytes (5.5)", frame(0x89, b"a" * 126)),
        Nonsense("the rest of nothing (5.4)", frame(0x80, b"3")),
        Nonsense("a new message inside another (5.4)", frame(0x01, b"4") + frame(0x81, b"3")),
        Nonsense("text that is not UTF-8 (8.1)", frame(0x81, b"42\xff\xfe")),
        Nonsense("an impossible length (5.2)", frame(0x81, b"3", announced=2**63)),
        Nonsense("parts that are too much together", (frame(0x01, b"4") + frame(0x00, b"2" * 40_000) * 2)),
        # Engine.IO 4
        Nonsense("an empty packet", text("")),
        Nonsense("a packet of an unknown type", text("9")),
        Nonsense("binary, which nothing of ours is", frame(0x82, b"\x04\x00")),
        # Socket.IO 5
        Nonsense("an event that is no JSON", text('42["join",{')),
        Nonsense("an event without a name", text("42[]")),
        Nonsense("an event that is no list", text('42{"join":1}')),
        Nonsense("lists in lists, 20,000 deep", text("42" + "[" * 20_000)),
        Nonsense("binary parts that never come", text('451-["join",{"_placeholder":true,"num":0}]')),
        Nonsense("a number of a thousand digits to answer to", text("42" + "9" * 1000 + join)),
    ]


class Stranger:
    """One plain socket after its handshake and greeting."""

    def __init__(self, server: Running) -> None:
        host, port = server.host.split(":")
        self.wire = socket.create_connection((host, int(port)), timeout=10)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire.sendall(handshake(server))
        self.until(b'0{"sid"')
        self.wire.sendall(text("40"))
        self.until(b'40{"sid"')

    def until(self, mark: bytes) -> None:
        """Read until `mark` has come."""
        heard = b""
        while mark not in heard:
            data = self.wire.recv(4096)
            assert data, f"hung up before {mark!r}"
            heard += data

    def is_hung_up_on(self, seconds: float = 10) -> bool:
        """Whether the server ends this connection in time."""
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                self.wire.settimeout(max(0.01, until - time.monotonic()))
                if not self.wire.recv(65536):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def is_sent_away_for(self, what: Nonsense) -> bool:
        """Say it; return whether the server hangs up."""
        try:
            self.wire.sendall(what.frames)
        except ConnectionError:
            return True
        try:
            return self.is_hung_up_on()
        finally:
            self.wire.close()

    def pours(self, piece: bytes, most: int) -> int:
        """Send `piece` again and again until the server hangs up or `most` bytes have gone; return how many went."""
        gone = 0
        self.wire.settimeout(10)
        try:
            while gone < most:
                gone += self.wire.send(piece)
        except OSError:
            pass
        return gone
