"""What a reader's socket may say: join, leave, typing. Everything that changes the world is an HTTP POST instead."""

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask_login import current_user
from flask_socketio import SocketIO
from sqlalchemy.exc import SQLAlchemyError

from forum import access, clock
from forum.config import Settings
from forum.database import db
from forum.live import background, broadcast, engine, log, presence, rights, tail
from forum.live.broadcast import Reader
from forum.live.frames import LARGEST
from forum.models import Discussion, Session, User
from forum.refusals import Refused, unknown

socketio = SocketIO()

_BIGGEST_ID = 2**31 - 1
_BIGGEST_SEQ = 2**53
_TYPING_SECONDS = 2.0
_typed_at: dict[tuple[str, int], float] = {}

Answer = dict[str, Any]


def init_app(app: Flask) -> SocketIO:
    """Wrap `app` with the live connection. Call it in a process where gevent has patched the standard library."""
    settings: Settings = app.config["SETTINGS"]
    logger = logging.getLogger("roundtext.sockets")
    if not logger.filters:
        logger.addFilter(_shorten)
    socketio.init_app(
        app,
        async_mode="gevent",
        transports=["websocket"],
        cors_allowed_origins=lambda origin, environ: is_own_origin(settings, origin, environ),
        manage_session=False,
        async_handlers=engine.is_stock(),
        monitor_clients=engine.is_stock(),
        max_http_buffer_size=LARGEST,
        ping_interval=engine.PING_SECONDS,
        ping_timeout=engine.PONG_SECONDS,
        logger=logger,
        engineio_logger=logger,
    )
    engine.install(socketio.server)
    socketio.on_event("connect", _connect)
    socketio.on_event("disconnect", _disconnect)
    for name, handler in (("join", _join), ("leave", _leave), ("typing", _typing)):
        socketio.on_event(name, _guarded(name, handler))
    background.forever(app, "presence", presence.tell, 0.5)
    return socketio


def is_own_origin(settings: Settings, origin: str | None, environ: dict[str, Any]) -> bool:
    """Whether a handshake comes from a page of ours: the site's public address, or the very host it was sent to."""
    found = urlsplit(origin or "")
    if found.scheme not in {"http", "https"} or not found.netloc:
        return False
    public = urlsplit(settings.public_url)
    if settings.site_url and (found.scheme, found.netloc) == (public.scheme, public.netloc):
        return True
    host = environ.get("HTTP_HOST", "")
    return bool(found.netloc == host and settings.accepts_host(host))


def _connect(_auth: object = None) -> bool | None:
    """Note who has come. What they may hear is looked up at every join, never here."""
    sid = request.sid  # type: ignore[attr-defined]
    reader = Reader(sid, engine.writer(socketio.server, sid))
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.accepts_host(request.host):
        return False
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies and current_user.is_authenticated:
        reader.user_id = current_user.id
        reader.session_id = current_user.session.id if current_user.session is not None else None
    broadcast.add(reader)
    return None


def _disconnect(*_reason: object) -> None:
    sid = request.sid  # type: ignore[attr-defined]
    reader = broadcast.find(sid)
    if reader is not None:
        for discussion_id in list(reader.rooms):
            _typed_at.pop((sid, discussion_id), None)
    broadcast.remove(sid)


def _guarded(name: str, handler: Callable[[Reader, dict[str, Any]], Answer]) -> Callable[..., Answer]:
    """Let nothing that a socket says be more than an answer: wrong shapes and faults of ours become `{error: …}`."""

    def answer(*said: object) -> Answer:
        reader = broadcast.find(request.sid)  # type: ignore[attr-defined]
        if reader is None:
            return _bad("disconnected", "This connection is closed. Load the page again.")
        if len(said) != 1 or not isinstance(said[0], dict):
            return _bad("invalid", f"“{name}” takes one object.")
        try:
            return handler(reader, said[0])
        except Refused as refusal:
            return refusal.as_json()
        except SQLAlchemyError as error:
            background.complain(name, error)
            return _bad("unavailable", "The server cannot read anything right now. It is asked again in a few seconds.")
        except Exception as error:
            background.complain(name, error)
            return _bad("fault", "Something went wrong on our side. Load the page again.")
        finally:
            db.session.rollback()

    return answer


def _join(reader: Reader, said: dict[str, Any]) -> Answer:
    """Enter a discussion's room, then answer with what came after `after`; what commits later is pushed."""
    after, epoch = said.get("after"), said.get("epoch", "")
    if not _is_whole(after, _BIGGEST_SEQ) or not isinstance(epoch, str) or len(epoch) > 64:
        raise Refused("invalid", "Say after which event of which epoch to begin.", 422, fields={"after": "A number."})
    assert isinstance(after, int)
    user = _who(reader)
    discussion = _discussion(said)
    heard = rights.judge(user, discussion)
    if heard is None:
        raise unknown()
    if discussion.id not in reader.rooms and len(reader.rooms) >= broadcast.MOST_DISCUSSIONS:
        raise Refused("too_many", "One page follows five discussions at most. Leave one first.", 429)
    broadcast.enter(reader, discussion.id, heard)
    tail.watch(discussion)
    db.session.rollback()  # a fresh look: nothing that committed before this line may be missed
    db.session.refresh(discussion)
    caught_up = log.since(discussion, after, epoch, set(heard))
    answer = {
        "discussion": discussion.id,
        "epoch": caught_up.epoch,
        "seq": caught_up.seq,
        "reload": caught_up.reload,
        "events": tail.render(discussion, caught_up.events),
    }
    reader.write(engine.event_frame("presence", presence.greet(discussion.id)))
    return answer


def _leave(reader: Reader, said: dict[str, Any]) -> Answer:
    wanted = said.get("discussion")
    if isinstance(wanted, str):
        found = Discussion.with_slug(wanted) if len(wanted) <= 80 else None
        wanted = found.id if found else None
    if isinstance(wanted, int) and wanted in reader.rooms:
        if reader.user_id is not None:
            presence.stops(wanted, reader.user_id)
        broadcast.leave(reader, wanted)
    return {}


def _typing(reader: Reader, said: dict[str, Any]) -> Answer:
    """Note that somebody of the panel writes. Looked up at most every two seconds for each socket."""
    question = said.get("question") or None
    if reader.user_id is None or (question is not None and not _is_whole(question, 1000)):
        return {}
    wanted = said.get("discussion")
    if isinstance(wanted, int) and wanted not in reader.rooms:
        return {}
    now = time.monotonic()
    key = (reader.sid, wanted if isinstance(wanted, int) else 0)
    if now - _typed_at.get(key, -_TYPING_SECONDS) < _TYPING_SECONDS:
        return {}
    _typed_at[key] = now
    discussion, user = _discussion(said), _who(reader)
    if user is not None and discussion.id in reader.rooms and access.may(user, "presence.writing", discussion):
        seat = access.seat_of(user, discussion)
        presence.types(discussion.id, user.id, seat.name if seat else user.name, question)
    return {}


def _who(reader: Reader) -> User | None:
    """Return who the reader is now: an ended session makes a visitor of them until the sweep hangs up."""
    if reader.user_id is None:
        return None
    session = db.session.get(Session, reader.session_id) if reader.session_id is not None else None
    if session is not None and not session.is_open(clock.now()):
        return None
    return db.session.get(User, reader.user_id)


def _discussion(said: dict[str, Any]) -> Discussion:
    wanted = said.get("discussion")
    found = None
    if isinstance(wanted, str) and 0 < len(wanted) <= 80 and "\0" not in wanted and wanted.isprintable():
        found = Discussion.with_slug(wanted)
    elif _is_whole(wanted, _BIGGEST_ID):
        found = db.session.get(Discussion, wanted)
    if found is None:
        raise unknown()
    return found


def _is_whole(value: object, biggest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= biggest


def _bad(code: str, message: str) -> Answer:
    return {"error": {"code": code, "message": message}}


def _shorten(record: logging.LogRecord) -> bool:
    """Keep what strangers sent from filling the log: one line, 160 characters."""
    record.msg, record.args = record.getMessage().partition("\n")[0][:160], ()
    if record.exc_info and record.exc_info[0] is not None:
        record.msg += f" ({record.exc_info[0].__name__})"
        record.exc_info = None
    return True
