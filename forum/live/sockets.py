"""The live connection: who may connect, and what a socket says handed on to `spoken`."""

import json
import logging
from _socket import socket as plain_socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from engineio import json as engine_json
from flask import Flask
from flask_socketio import SocketIO
from sqlalchemy.exc import SQLAlchemyError

from forum import cookies
from forum.actions import sessions
from forum.config import Settings
from forum.live import background, broadcast, engine, hands, heartbeat, presence, returning, spoken
from forum.live.broadcast import Reader
from forum.live.door import Door
from forum.live.frames import LARGEST
from forum.live.heads import Heads
from forum.live.lines import Lines
from forum.live.missed import Answer
from forum.live.returning import Returns
from forum.live.spoken import Said
from forum.refusals import Refused

socketio = SocketIO()


@dataclass(frozen=True)
class _Written:
    """JSON that is made already."""

    text: str


_COMPACT = {"separators": (",", ":")}


def _whole(digits: str) -> int:
    """Return a whole number of a length that the libraries let in: Python reads very long ones slowly."""
    if len(digits) > 100:
        raise ValueError("That number is too long.")
    return int(digits)


class _Json:
    """The libraries' JSON, by coders made once and not for each word, and with a way past it for what many are told."""

    loads = staticmethod(json.JSONDecoder(parse_int=_whole).decode)

    @staticmethod
    def dumps(data: Any, **how: Any) -> str:
        """Return `data` as JSON."""
        if type(data) is list and len(data) == 1 and type(data[0]) is _Written:
            return f"[{data[0].text}]"
        return engine.encode(data) if how == _COMPACT else str(engine_json.dumps(data, **how))


def init_app(app: Flask) -> SocketIO:
    """Wrap `app` with the live connection. Call it in a process where gevent has patched the standard library."""
    settings: Settings = app.config["SETTINGS"]
    logger = logging.getLogger("roundtext.sockets")
    if not logger.filters:
        logger.addFilter(_shorten)
    pages = app.wsgi_app
    socketio.init_app(
        app,
        async_mode="gevent",
        transports=["websocket"],
        cors_allowed_origins=lambda origin, environ: is_own_origin(settings, origin, environ),
        manage_session=False,
        async_handlers=engine.is_stock(),
        monitor_clients=engine.is_stock(),
        max_http_buffer_size=LARGEST,
        json=_Json,
        client_manager=None if engine.is_stock() else engine.Names(),
        ping_interval=heartbeat.PING_SECONDS,
        ping_timeout=heartbeat.PONG_SECONDS,
        logger=logger,
        engineio_logger=logger,
    )
    engine.install(socketio.server, settings.most_readers)
    handshakes = app.wsgi_app if engine.is_stock() else partial(_handshake, app)
    app.wsgi_app = Door(pages, handshakes)  # type: ignore[method-assign]
    # Below Flask-SocketIO, which would make a request's whole context for each word that a socket says.
    server, heads = socketio.server, Heads(Lines.of(app))
    server.on("connect", partial(_connect, app))
    server.on("disconnect", _disconnect)
    server.on("join", partial(_answer, "join", partial(_join, app, heads, returning.line(app))))
    server.on("leave", partial(_answer, "leave", partial(_in_context, app, spoken.leave)))
    server.on("typing", partial(_answer, "typing", partial(_in_context, app, spoken.typing)))
    background.forever(app, "presence", presence.tell, 0.5)
    return socketio


def _handshake(app: Flask, environ: dict[str, Any], start_response: Any) -> Any:
    environ["flask.app"] = app
    return socketio.server.handle_request(environ, start_response)


def is_welcome(app: Flask, said: dict[str, str]) -> bool:
    """Whether whoever sends a handshake that says `said` is let in when it is their turn."""
    origin = said.get("HTTP_ORIGIN")
    is_ours = origin is None or is_own_origin(app.config["SETTINGS"], origin, said)
    return is_ours and engine.has_room(socketio.server)


def let_in(said: dict[str, str], wire: plain_socket, size: int) -> bool:
    """Take over `wire`, in which a welcome handshake stands; False leaves it for the HTTP server to answer."""
    return engine.let_in(socketio.server, said, wire, size)


def is_own_origin(settings: Settings, origin: str | None, environ: dict[str, Any]) -> bool:
    """Whether a handshake comes from a page of ours: the site's public address, or the very host it was sent to."""
    try:
        found = urlsplit(origin or "")
    except ValueError:
        return False
    if found.scheme not in {"http", "https"} or not found.netloc:
        return False
    public = urlsplit(settings.public_url)
    if settings.site_url and (found.scheme, found.netloc) == (public.scheme, public.netloc):
        return True
    host = environ.get("HTTP_HOST", "")
    return bool(found.netloc == host and settings.accepts_host(host))


def _connect(app: Flask, sid: str, environ: dict[str, Any], _auth: object = None) -> bool | None:
    """Note who has come. What they may hear is looked up at every join, never here."""
    settings: Settings = app.config["SETTINGS"]
    if not settings.accepts_host(environ.get("HTTP_HOST", "")):
        return False
    reader = Reader(sid, engine.writer(socketio.server, sid), link=engine.link_of(socketio.server, sid))
    token = cookies.token_in(app, environ)
    if token:
        with app.app_context():
            reader.user_id, reader.session_id = sessions.bearer_of(token) or (None, None)
    if reader.link is not None and not reader.link.is_open:
        return False  # gone while they were looked up
    broadcast.add(reader)
    return None


def _disconnect(sid: str, *_reason: object) -> None:
    broadcast.remove(sid)


def _join(app: Flask, heads: Heads, returns: Returns, reader: Reader, said: Said) -> Said:
    answer = spoken.join_openly(app, heads, returns, reader, said)
    return answer if answer is not None else _in_context(app, spoken.join, reader, said)


def _in_context(app: Flask, handler: Callable[[Reader, Said], Said], reader: Reader, said: Said) -> Said:
    def handle() -> Said:
        return handler(reader, said) if broadcast.find(reader.sid) is not None else {}  # gone while waiting

    return hands.ask(app, handle)


def _answer(name: str, handler: Callable[[Reader, Said], Said], sid: str, *said: object) -> Said | _Written:
    """Let nothing that a socket says be more than an answer: wrong shapes and faults of ours become `{error: …}`."""
    reader = broadcast.find(sid)
    if reader is None:
        return _bad("disconnected", "This connection is closed. Load the page again.")
    if len(said) != 1 or not isinstance(said[0], dict):
        return _bad("invalid", f"“{name}” takes one object.")
    try:
        answer = handler(reader, said[0])
        return _Written(answer.text) if isinstance(answer, Answer) else answer
    except Refused as refusal:
        return refusal.as_json()
    except SQLAlchemyError as error:
        background.complain(name, error)
        return _bad("unavailable", "The server cannot read anything right now. It is asked again in a few seconds.")
    except Exception as error:
        background.complain(name, error)
        return _bad("fault", "Something went wrong on our side. Load the page again.")


def _bad(code: str, message: str) -> Said:
    return {"error": {"code": code, "message": message}}


def _shorten(record: logging.LogRecord) -> bool:
    """Keep what strangers sent from filling the log: one line, 160 characters, and none for who hung up too soon."""
    if str(record.msg).startswith("Cannot send to sid"):
        return False
    record.msg, record.args = record.getMessage().partition("\n")[0][:160], ()
    if record.exc_info and record.exc_info[0] is not None:
        record.msg += f" ({record.exc_info[0].__name__})"
        record.exc_info = None
    return True
