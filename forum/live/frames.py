"""WebSocket frames (RFC 6455), the server's side: what a reader sends is taken apart, what we send is put together.

Written by hand because the limit must hold before a message is assembled: measured with the stock path, one message of
200 MB cost 150 MB of memory although its limit was 64 KB (dependencies.md). No extension is ever agreed to.
"""

import hashlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator
from enum import IntEnum

LARGEST = 64 * 1024

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Opcode(IntEnum):
    """The kinds of frames."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class Violation(Exception):
    """The other side broke the protocol; `code` is the close code that says how (RFC 6455, section 7.4.1)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"close {code}")
        self.code = code


def accept_key(key: str) -> str:
    """Return the Sec-WebSocket-Accept that answers Sec-WebSocket-Key. Raises Violation for a damaged key."""
    try:
        nonce = a2b_base64(key, strict_mode=True)
    except ValueError:
        raise Violation(1002) from None
    if len(nonce) != 16:
        raise Violation(1002)
    answer = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    return b2a_base64(answer, newline=False).decode()


def frame(opcode: Opcode, payload: bytes) -> bytes:
    """Return one whole, unmasked frame."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 126)) + size.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8)
    return head + payload


def closing(code: int) -> bytes:
    """Return the frame that closes a connection with `code`."""
    return frame(Opcode.CLOSE, code.to_bytes(2))


class Parser:
    """Takes one reader's bytes and gives whole frames and messages; holds LARGEST bytes at most."""

    __slots__ = ("_buffer", "_message", "_opcode")

    def __init__(self) -> None:
        self._buffer = b""
        self._message = b""
        self._opcode: Opcode | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is half read: what comes now begins a frame that begins a message."""
        return not self._buffer and self._opcode is None

    def feed(self, data: bytes) -> Iterator[tuple[Opcode, bytes] | None]:
        """Yield each message and control frame that `data` completes, and None for a part of a message.

        Raises Violation as soon as a header breaks the rules or announces more than LARGEST bytes.
        """
        self._buffer = data = self._buffer + data if self._buffer else data
        at = 0
        try:
            while (found := _cut(data, at)) is not None:
                head, payload, at = found
                yield self._take(head, payload)
        finally:
            self._buffer = data[at:]

    def _take(self, head: int, payload: bytes) -> tuple[Opcode, bytes] | None:
        opcode, last = Opcode(head & 0x0F), bool(head & 0x80)
        if opcode >= Opcode.CLOSE:
            return opcode, payload
        if (opcode is Opcode.CONTINUATION) is (self._opcode is None):
            raise Violation(1002)
        if len(self._message) + len(payload) > LARGEST:
            raise Violation(1009)
        if self._opcode is None and last:
            return opcode, payload
        self._opcode = self._opcode or opcode
        self._message += payload
        if not last:
            return None
        whole = self._opcode, self._message
        self._opcode, self._message = None, b""
        return whole


def _cut(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Return (first byte, unmasked payload, where the next frame begins), or None until the frame is whole."""
    if len(data) < at + 2:
        return None
    head, size = data[at], data[at + 1] & 0x7F
    if head & 0x70 or head & 0x0F not in Opcode._value2member_map_ or not data[at + 1] & 0x80:
        raise Violation(1002)
    if head & 0x08 and (size > 125 or not head & 0x80):
        raise Violation(1002)
    at += 2
    if size > 125:
        wide = 2 if size == 126 else 8
        if len(data) < at + wide:
            return None
        size = int.from_bytes(data[at : at + wide])
        at += wide
    if size > LARGEST:
        raise Violation(1009)
    if len(data) < at + 4 + size:
        return None
    mask, payload = data[at : at + 4], data[at + 4 : at + 4 + size]
    if size:
        pad = (mask * (size // 4 + 1))[:size]
        payload = (int.from_bytes(payload) ^ int.from_bytes(pad)).to_bytes(size)
    return head, payload, at + 4 + size
