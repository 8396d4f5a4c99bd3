"""The one module that leans on private parts of python-engineio and python-socketio.

Why: as they come, an idle reader costs four greenlets, every broadcast goes through a queue and a greenlet per reader,
and a message is limited only after it is assembled. Here a reader is a `Link` that the event loop calls, and one frame
is put together once and written to every socket. `tests/live/test_engine.py` fails loudly when a new version changes
what we lean on; FORUM_STOCK_SOCKETS=1 goes back to the path as it comes, only with the frame limit and without deflate.
"""

import json
import logging
import os
from _socket import socket as plain_socket
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import engineio
import gevent
import socketio
from engineio import packet as engine_packet
from engineio import socket as engine_socket
from socketio import packet as socket_packet

from forum.live import hands, heartbeat
from forum.live.frames import LARGEST, Opcode, Violation, accept_key, frame
from forum.live.heartbeat import PING_SECONDS, PONG_SECONDS
from forum.live.link import Link, copy_of

log = logging.getLogger("roundtext.sockets")

_INBOX = 40
_PING = frame(Opcode.TEXT, engine_packet.Packet(engine_packet.PING).encode().encode())
_HELLO = engine_packet.Packet(
    engine_packet.OPEN,
    {
        "sid": "%s",
        "upgrades": [],
        "pingTimeout": PONG_SECONDS * 1000,
        "pingInterval": PING_SECONDS * 1000,
        "maxPayload": LARGEST,
    },
).encode()
_LETTERS = str.maketrans("0123456789", "ghijklmnop")

# What is looked at when a reader says hello; the rest of a handshake's environ is let go.
_KEPT = ("HTTP_HOST", "HTTP_COOKIE")

# What the libraries say for the same; they make an encoder for each word.
encode = json.JSONEncoder(separators=(",", ":")).encode


class Frame(NamedTuple):
    """One Socket.IO event, ready to be sent any number of times: as text and as the bytes of a WebSocket frame."""

    text: str
    wire: bytes


def event_frame(event: str, payload: object) -> Frame:
    """Return the frame that says `event` with `payload` (plain JSON values) in the main namespace."""
    text = f"{socket_packet.EVENT}{encode([event, payload])}"
    return Frame(text, frame(Opcode.TEXT, b"4" + text.encode("utf-8", "replace")))


def is_stock() -> bool:
    """Whether the operator has switched to the libraries' own path."""
    return os.environ.get("FORUM_STOCK_SOCKETS", "") not in {"", "0"}


def install(server: socketio.Server, most_readers: int) -> None:
    """Put our sockets under `server`, or in stock mode only the limits; it takes in `most_readers` at once."""
    global _most_readers
    _most_readers = most_readers
    eio = server.eio
    eio.generate_id = _generate_id
    if is_stock():
        eio._async = {**eio._async, "websocket": _limited(eio._async["websocket"])}
    else:
        eio._handle_connect = partial(_connect, eio)
        gevent.spawn(heartbeat.keep_time, _PING)


class Names(socketio.Manager):
    """Socket.IO's list of who is connected. Its rooms are not ours (see `broadcast`): nobody is in more than two.

    As it comes it looks through the rooms of all others when one goes, and each has a room: 5,000 who lost the network
    together held the process up for three seconds.
    """

    def basic_disconnect(self, sid: str, namespace: str, **_how: object) -> None:
        """Forget `sid`, who is in the room of everybody and in their own."""
        self.basic_leave_room(sid, namespace, None)
        self.basic_leave_room(sid, namespace, sid)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            some = pending.get(namespace)
            if some is not None and sid in some:
                some.remove(sid)
                if not some:
                    del pending[namespace]


_chance = bytearray()


def _generate_id() -> str:
    """Return a socket's name, 128 bits, in letters only: a digit and a bracket in a frame are always the protocol's."""
    if not _chance:
        _chance.extend(os.urandom(4096))  # one question to the system for 256 names
    name = _chance[-16:].hex().translate(_LETTERS)
    del _chance[-16:]
    return name


def writer(server: socketio.Server, sid: str) -> Callable[[Frame], None]:
    """Return what sends a frame to the reader `sid` without waiting."""
    eio = server.eio
    eio_sid = server.manager.eio_sid_from_sid(sid, "/")
    socket = eio.sockets.get(eio_sid)
    if isinstance(socket, Socket):
        return socket.write
    return lambda message: eio.send_packet(eio_sid, engine_packet.Packet(engine_packet.MESSAGE, data=message.text))


def link_of(server: socketio.Server, sid: str) -> Link | None:
    """Return the connection under the reader `sid`, for writing to many at once; None in stock mode."""
    socket = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
    return socket.link if isinstance(socket, Socket) else None


def hang_up(server: socketio.Server, sid: str) -> None:
    """Close the connection under the reader `sid`, so that their browser comes back by itself."""
    eio_sid = server.manager.eio_sid_from_sid(sid, "/")
    if eio_sid is not None:
        server.eio.disconnect(eio_sid)


_is_closing = False
_most_readers = 0


def refuse(server: socketio.Server) -> None:
    """Take in no new readers from now on."""
    global _is_closing
    _is_closing = True
    server.eio._handle_connect = partial(_refuse, server.eio)


def is_closing() -> bool:
    """Whether this process is on its way out and should be asked for nothing new."""
    return _is_closing


def everybody(server: socketio.Server) -> list[Any]:
    """Return the open sockets; `closed` tells whether one still is, `close(wait=False, abort=True)` ends it."""
    return list(server.eio.sockets.values())


class Socket(engine_socket.Socket):
    """An Engine.IO socket on a `Link`: no queue, no writer greenlet, no pinging greenlet."""

    def __init__(self, server: Any, sid: str) -> None:
        self.server, self.sid = server, sid
        self.connected = self.upgraded = self.upgrading = self.closing = self.closed = False
        self.session: dict[str, Any] = {}
        self.link: Link | None = None
        self.greeted = False
        self._inbox: deque[str] = deque()
        self._working = False
        self.queue = heartbeat.due

    def attach(self, wire: plain_socket, first: bytes) -> None:
        """Begin to speak on `wire`, where the handshake has come: say `first`, and hear what the reader says."""
        self.link = Link(wire, self._heard, self._gone)
        self.connected = self.upgraded = True
        heartbeat.begin(self)
        self.link.write(first)

    def send(self, pkt: Any) -> None:
        """Send an Engine.IO packet (text only; we send nothing binary)."""
        if self.link is not None:
            self.link.write(frame(Opcode.TEXT, pkt.encode().encode("utf-8", "replace")))

    def write(self, message: Frame) -> None:
        """Send a frame made once for many."""
        if self.link is not None:
            self.link.write(message.wire)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Hang up and tell Socket.IO."""
        if self.closed:
            return
        self.closing = self.closed = True
        if self.link is not None:
            self.link.close(1001)
        self.link = None
        heartbeat.end(self)
        self.server.sockets.pop(self.sid, None)
        self._inbox.clear()
        self.server._trigger_event(
            "disconnect", self.sid, reason or self.server.reason.SERVER_DISCONNECT, run_async=False
        )

    def give_up(self) -> None:
        """Hang up, for it says nothing."""
        self.close(reason=self.server.reason.PING_TIMEOUT)

    def _gone(self) -> None:
        hands.give(partial(self.close, reason=self.server.reason.TRANSPORT_CLOSE))

    def _heard(self, text: str) -> None:
        """Sort what a reader sent. Binary events are refused: their parts would be collected without limit."""
        kind = text[:1]
        if kind == "3":
            heartbeat.answered(self)
        elif kind == "4" and text[1:2] in {"0", "1", "2", "3"} and len(self._inbox) < _INBOX:
            self._inbox.append(text[1:])
            if not self._working:
                self._working = True
                hands.give(self._work)
        else:
            raise Violation(1008)

    def _work(self) -> None:
        """Hand on what was heard, one after the other; nonsense ends the connection and leaves no trace in the log."""
        try:
            while self._inbox and not self.closed:
                self.server.handlers["message"](self.sid, self._inbox.popleft())
                self.greeted = True
                if self.link is not None:
                    self.link.flush()
        except Exception as error:
            log.debug("a reader sent what cannot be read: %s", type(error).__name__)
            if self.link is not None:
                self.link.close(1008)
            self.close(reason=self.server.reason.TRANSPORT_ERROR)
        finally:
            self._working = False


def has_room(server: socketio.Server) -> bool:
    """Whether this process takes in new readers."""
    return _has_room(server.eio)


def _has_room(eio: engineio.Server) -> bool:
    return not _is_closing and len(eio.sockets) < _most_readers


def let_in(server: socketio.Server, said: dict[str, str], wire: plain_socket, size: int) -> bool:
    """Answer a handshake whose `size` bytes are still in `wire`, and take that over; False leaves it as it is.

    `said` is what `handshake.read` has read, and whoever calls has looked at the Origin.
    """
    if not has_room(server):
        return False
    try:
        answer = accept_key(said["HTTP_SEC_WEBSOCKET_KEY"])
        wire.recv(size)
    except (Violation, OSError):
        return False
    _begin(server.eio, said, answer, wire)
    return True


def _connect(
    eio: engineio.Server, environ: dict[str, Any], start_response: Any, transport: str, _jsonp: Any = None
) -> Any:
    """Answer a WebSocket handshake and let the HTTP server's greenlet go. `handle_request` has checked the Origin."""
    if not _has_room(eio):
        return _refuse(eio, environ, start_response, transport)
    try:
        if transport != "websocket" or environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
            raise Violation(1002)
        answer = accept_key(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
        connection = environ["gunicorn.socket"]
    except (Violation, KeyError):
        return eio._bad_request("Not a WebSocket handshake.")
    _begin(eio, environ, answer, copy_of(connection.fileno()))
    raise StopIteration  # gunicorn: the connection is somebody else's now


def _begin(eio: engineio.Server, environ: dict[str, Any], answer: str, wire: plain_socket) -> None:
    """Say yes to a handshake and hello, and hear what the reader says from now on."""
    socket = Socket(eio, eio.generate_id())
    eio.sockets[socket.sid] = socket
    kept = {name: environ[name] for name in _KEPT if name in environ}
    eio._trigger_event("connect", socket.sid, kept, run_async=False)
    head = (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {answer}\r\n\r\n"
    )
    try:
        socket.attach(wire, head.encode() + frame(Opcode.TEXT, (_HELLO % socket.sid).encode()))
    except OSError:
        socket.close(reason=eio.reason.TRANSPORT_ERROR)


def _refuse(_eio: engineio.Server, _environ: Any, _start: Any, _transport: str, _jsonp: Any = None) -> dict[str, Any]:
    if _is_closing:
        raise StopIteration  # gunicorn hangs up: any proxy then asks the next process; an answer, Caddy would pass on
    return {
        "status": "503 Service Unavailable",
        "headers": [("Content-Type", "text/plain"), ("Retry-After", "2")],
        "response": b"This server takes no new readers now. Try again in a moment.",
    }


def _limited(stock: Any) -> Any:
    """The driver's own WebSocket with a limit that holds while a message is assembled, and deflate not offered."""

    class LimitedWebSocket(stock):
        def __init__(self, handler: Any, server: Any) -> None:
            super().__init__(handler, server)
            self.server_args["max_message_size"] = LARGEST

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            return super().__call__(environ, start_response)

    return LimitedWebSocket
