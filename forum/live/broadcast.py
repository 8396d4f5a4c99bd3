"""Who reads what in this process, and one frame to many of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import gevent

from forum.access import PANEL, STAFF, Role
from forum.live.engine import Frame, event_frame
from forum.live.link import Link, write_all
from forum.models import Audience

MOST_DISCUSSIONS = 5
# So many sockets are written in about 4 ms, which is what a post then waits at most for a broadcast.
AT_ONCE = 500


@dataclass(slots=True, eq=False)
class Reader:
    """One open socket. `rooms` maps each discussion it has joined to the audiences it belongs to there.

    `link` is its connection, if that is one of ours: what goes to many is written there, past everything else.
    """

    sid: str
    write: Callable[[Frame], None]
    user_id: int | None = None
    session_id: int | None = None
    rooms: dict[int, frozenset[str]] = field(default_factory=dict)
    link: Link | None = None
    greeted: set[int] = field(default_factory=set)  # the discussions in which it has been counted
    typed_at: dict[int, float] = field(default_factory=dict)  # when it last said so, by discussion; 0 for a slug


_readers: dict[str, Reader] = {}
# Those of them who are signed in: whose rights can end while nothing happens to a discussion.
_members: dict[str, Reader] = {}
_rooms: dict[int, dict[str, Reader]] = {}

EVERYBODY = frozenset({Audience.EVERYONE})


def audiences(user_id: int | None, role: Role) -> frozenset[str]:
    """Return the audiences of a discussion's log that somebody with `role` in it hears."""
    if user_id is None:
        return EVERYBODY
    heard = {Audience.EVERYONE, Audience.person(user_id)}
    if role in PANEL:
        heard.add(Audience.BACKSTAGE)
    if role in STAFF:
        heard.add(Audience.HOSTS)
    return frozenset(heard)


def add(reader: Reader) -> None:
    """Know `reader` from now on."""
    _readers[reader.sid] = reader
    if reader.user_id is not None:
        _members[reader.sid] = reader


def find(sid: str) -> Reader | None:
    """Return the reader behind a socket."""
    return _readers.get(sid)


def remove(sid: str) -> None:
    """Forget a reader whose socket has closed."""
    reader = _readers.pop(sid, None)
    _members.pop(sid, None)
    if reader is not None:
        for discussion_id in list(reader.rooms):
            leave(reader, discussion_id)


def enter(reader: Reader, discussion_id: int, heard: frozenset[str]) -> None:
    """Let `reader` hear of a discussion, as one of the audiences `heard`, unless they have gone meanwhile."""
    if _readers.get(reader.sid) is not reader:
        return  # nobody would remove them again
    reader.rooms[discussion_id] = heard
    _rooms.setdefault(discussion_id, {})[reader.sid] = reader


def leave(reader: Reader, discussion_id: int) -> None:
    """End what `enter` began; leaving twice is leaving once."""
    reader.rooms.pop(discussion_id, None)
    room = _rooms.get(discussion_id, {})
    room.pop(reader.sid, None)
    if not room:
        _rooms.pop(discussion_id, None)


def members() -> list[Reader]:
    """Return everybody who is connected and was signed in when they came."""
    return list(_members.values())


def watched() -> list[int]:
    """Return the discussions that somebody here reads."""
    return list(_rooms)


def room(discussion_id: int) -> list[Reader]:
    """Return who reads a discussion here."""
    return list(_rooms.get(discussion_id, {}).values())


def count(discussion_id: int) -> int:
    """Return how many sockets read a discussion here."""
    return len(_rooms.get(discussion_id, {}))


def send(discussion_id: int, event: str, payload: object) -> None:
    """Say the same to everybody who reads a discussion: serialised once, the same bytes to each."""
    write(room(discussion_id), event_frame(event, payload))


def write(to: Sequence[Reader], frame: Frame) -> None:
    """Write one frame to many. Between a few hundred of them whoever waits for an answer gets a turn."""
    for start in range(0, len(to), AT_ONCE):
        if start:
            gevent.sleep(0)
        some = to[start : start + AT_ONCE]
        links = [reader.link for reader in some if reader.link is not None]
        write_all(links, frame.wire)
        if len(links) < len(some):
            for reader in some:
                if reader.link is None:
                    reader.write(frame)


def send_by_audience(
    discussion_id: int, event: str, heard_of: Iterable[str], payload_for: Callable[[frozenset[str]], Any]
) -> None:
    """Say to each reader what its audiences may hear; `payload_for(audiences)` is asked once for each different set.

    `heard_of` names the audiences that this event concerns; most often that is only everyone, and so one frame.
    """
    concerned = frozenset(heard_of)
    everybody = room(discussion_id)
    if concerned <= EVERYBODY:
        write(everybody, event_frame(event, payload_for(EVERYBODY)))
        return
    frames: dict[frozenset[str], Frame] = {}
    for reader in everybody:
        heard = reader.rooms.get(discussion_id, EVERYBODY) & concerned
        if heard not in frames:
            frames[heard] = event_frame(event, payload_for(heard))
        reader.write(frames[heard])
