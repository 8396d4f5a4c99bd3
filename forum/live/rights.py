"""Rights that end reach open sockets within seconds: a sweep that looks again, with a bounded number of queries."""

import time

import gevent
from flask import Flask, current_app
from sqlalchemy import select

from forum import access, clock
from forum.actions import sessions
from forum.database import db, writing
from forum.live import background, broadcast, engine
from forum.live.broadcast import Reader
from forum.live.lines import Lines
from forum.models import Discussion, Phase, Session, SiteRole, User, Visibility

SWEEP_SECONDS = 2.0
NOTE_SECONDS = 60.0
_noted_at = -NOTE_SECONDS
_AT_ONCE = 500
_STANDS = "SELECT id, phase, visibility FROM discussion WHERE id IN ({})"

_ENDED = "You have been signed out. What you typed is kept on this page; sign in to go on."
_NOT_YOURS = "This discussion is no longer open to you. What you typed is kept on this page."


def start(app: Flask) -> None:
    """Start the sweep of this process."""
    background.forever(app, "rights", sweep, SWEEP_SECONDS)


def sweep() -> None:
    """Look at every reader's session and at every watched discussion once more."""
    _end_sessions()
    for discussion_id in _to_judge():
        sweep_discussion(discussion_id)


def _to_judge() -> list[int]:
    """Return the watched discussions in which somebody's right can have ended.

    Where everybody may read and nobody who reads is signed in that is never so, and they are mostly such.
    """
    watched = broadcast.watched()
    if not watched:
        return []
    with_members = {discussion_id for reader in broadcast.members() for discussion_id in reader.rooms}
    is_open = {
        number: access.is_open_to_all(Phase(phase), Visibility(visibility))
        for number, phase, visibility in Lines.of(current_app).ask_about(_STANDS, watched)
    }
    return [number for number in watched if number in with_members or not is_open.get(number, False)]


def _end_sessions() -> None:
    """Hang up on sockets whose session has ended; the browser comes back as whoever its cookie then says."""
    signed_in = [reader for reader in broadcast.members() if reader.session_id is not None]
    known = {reader.session_id for reader in signed_in}
    still_open: set[int] = set()
    for some in _chunks([number for number in known if number is not None]):
        rows = db.session.scalars(
            select(Session.id).where(Session.id.in_(some), Session.ended_at.is_(None), Session.expires_at > clock.now())
        )
        still_open.update(rows)
    _note_seen(sorted(still_open))
    for reader in signed_in:
        if reader.session_id not in still_open:
            reader.write(engine.event_frame("revoked", {"discussion": None, "code": "signed_out", "message": _ENDED}))
            hang_up(reader)


def _note_seen(ids: list[int]) -> None:
    """Who has a page open is here, which their session says for all processes; noted every few minutes."""
    global _noted_at
    if not ids or time.monotonic() - _noted_at < NOTE_SECONDS:
        return
    _noted_at = time.monotonic()
    for some in _chunks(ids):
        with writing():
            sessions.see_all(some)


def sweep_discussion(discussion_id: int) -> None:
    """Judge again whose right can have changed: where everybody may read, that is only who hears more than others."""
    discussion = db.session.get(Discussion, discussion_id, populate_existing=True)
    if discussion is None:
        for reader in broadcast.room(discussion_id):
            revoke(reader, discussion_id)
        return
    is_open = access.is_open_to_all(discussion.phase, discussion.visibility)
    readers = broadcast.members() if is_open else broadcast.room(discussion_id)
    readers = [reader for reader in readers if discussion_id in reader.rooms]
    if not readers:
        return
    seated = {seat.user_id for seat in discussion.seats}
    users = _users({reader.user_id for reader in readers if reader.user_id is not None})
    judged: dict[int | None, frozenset[str] | None] = {}
    for reader in readers:
        if is_open and _hears_as_all(reader, users.get(reader.user_id or 0), discussion, seated):
            continue
        if reader.user_id not in judged:
            judged[reader.user_id] = judge(users.get(reader.user_id or 0), discussion)
        verdict = judged[reader.user_id]
        if verdict is None:
            revoke(reader, discussion_id)
        elif discussion_id in reader.rooms:
            reader.rooms[discussion_id] = verdict


def _hears_as_all(reader: Reader, user: User | None, discussion: Discussion, seated: set[int]) -> bool:
    """Whether `reader` hears what any member hears and has no part here that could give or take more."""
    if reader.rooms.get(discussion.id) != broadcast.audiences(reader.user_id, access.Role.MEMBER):
        return False
    return user is None or (
        user.id not in seated and user.id != discussion.owner_id and user.role is not SiteRole.ADMINISTRATOR
    )


def judge(user: User | None, discussion: Discussion) -> frozenset[str] | None:
    """Return the audiences that `user` belongs to in `discussion`, or None when they may not know of it."""
    if not access.may(user, "discussion.read", discussion):
        return None
    return broadcast.audiences(user.id if user else None, access.role_of(user, discussion))


def revoke(reader: Reader, discussion_id: int) -> None:
    """Tell a reader that a discussion is closed to them now, and tell them nothing more of it."""
    broadcast.leave(reader, discussion_id)
    reader.write(
        engine.event_frame("revoked", {"discussion": discussion_id, "code": "not_found", "message": _NOT_YOURS})
    )


def hang_up(reader: Reader) -> None:
    """Close a reader's connection in a greenlet of its own."""
    from forum.live.sockets import socketio

    broadcast.remove(reader.sid)
    gevent.spawn(engine.hang_up, socketio.server, reader.sid)


def _users(ids: set[int]) -> dict[int, User]:
    found: dict[int, User] = {}
    for some in _chunks(list(ids)):
        rows = db.session.scalars(select(User).where(User.id.in_(some)).execution_options(populate_existing=True))
        found.update((user.id, user) for user in rows)
    return found


def _chunks(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
