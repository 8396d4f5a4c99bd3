"""What a reader's socket may say: join, leave, typing. Everything that changes the world is an HTTP POST instead."""

import time
from typing import Any

from flask import Flask
from flask_babel import gettext as _

from forum import access, clock
from forum.database import db
from forum.live import broadcast, engine, hands, log, missed, presence, returning, rights, tail
from forum.live.broadcast import Reader
from forum.live.heads import Head, Heads
from forum.live.returning import Returns
from forum.models import Discussion, Phase, Session, User, Visibility
from forum.refusals import Refused, unknown

_BIGGEST_ID = 2**31 - 1
_BIGGEST_SEQ = 2**53
_TYPING_SECONDS = 2.0

Said = dict[str, Any]


def join_openly(app: Flask, heads: Heads, returns: Returns, reader: Reader, said: Said) -> Said | None:
    """Let somebody without a part in it into a discussion that is open to all: most joins, at a small look or two.

    Of those who have missed the same one reads it, and the others wait for that. Returns None for whoever needs `join`.
    """
    wanted, after, epoch = said.get("discussion"), said.get("after"), said.get("epoch")
    if isinstance(wanted, bool) or not isinstance(wanted, int | str):
        return None
    if not _is_whole(after, _BIGGEST_SEQ) or not isinstance(epoch, str):
        return None
    assert isinstance(after, int)
    head = _if_open(heads.look_lately(wanted, epoch, after))
    if head is None or (head.id not in reader.rooms and len(reader.rooms) >= broadcast.MOST_DISCUSSIONS):
        return None
    place, first = head.id, head.last_seq
    if not _hears_as_any(returns, reader, place, after, first):
        return None
    broadcast.enter(reader, place, broadcast.audiences(reader.user_id, access.Role.MEMBER))
    answer = missed.known(head, after, epoch) if tail.watch(head) else None
    if answer is None:
        # Something went out between the look and the entry, or must be read: look again, from inside.
        head = _if_open(heads.look(place))
        answer = missed.known(head, after, epoch) if head else None
        if head is not None and answer is None:
            with missed.turn(place, after):
                answer = missed.known(head, after, epoch) or hands.ask(app, lambda: _read(place, after, epoch))
    if answer is None or (answer["seq"] != first and not _hears_as_any(returns, reader, place, first, answer["seq"])):
        broadcast.leave(reader, place)  # it may have been closed to them meanwhile: `join` judges anew
        return None
    _greet(reader, place, said)
    return answer


def _hears_as_any(returns: Returns, reader: Reader, discussion_id: int, after: int, seq: int) -> bool:
    """Whether a reader has missed in (after, seq] what everybody has, and may hear no more than any member."""
    if reader.user_id is None:
        return True
    return returns.ask(returning.of(reader, discussion_id, after, seq))


def _if_open(head: Head | None) -> Head | None:
    return head if head and access.is_open_to_all(Phase(head.phase), Visibility(head.visibility)) else None


def _read(discussion_id: int, after: int, epoch: str) -> missed.Answer | None:
    discussion = db.session.get(Discussion, discussion_id)
    return missed.since(discussion, after, epoch) if discussion else None


def join(reader: Reader, said: Said) -> Said:
    """Enter a discussion's room, then answer with what came after `after`; what commits later is pushed."""
    after, epoch = said.get("after"), said.get("epoch", "")
    if not _is_whole(after, _BIGGEST_SEQ) or not isinstance(epoch, str) or len(epoch) > 64:
        raise Refused(
            "invalid", _("Say after which event of which epoch to begin."), 422, fields={"after": "A number."}
        )
    assert isinstance(after, int)
    user = _who(reader)
    discussion = _find(said.get("discussion"))
    heard = rights.judge(user, discussion) if discussion else None
    if discussion is None or heard is None:
        raise unknown()
    if discussion.id not in reader.rooms and len(reader.rooms) >= broadcast.MOST_DISCUSSIONS:
        raise Refused("too_many", _("One page follows five discussions at most. Leave one first."), 429)
    broadcast.enter(reader, discussion.id, heard)
    tail.watch(discussion)
    db.session.rollback()  # a fresh look: nothing that committed before this line may be missed
    db.session.refresh(discussion)
    answer = _caught_up(discussion, after, epoch, heard)
    _greet(reader, discussion.id, said)
    return answer


def _greet(reader: Reader, discussion_id: int, said: Said) -> None:
    """Say who reads and writes there, together with the answer to the join if that can be."""
    news = engine.event_frame("presence", presence.greet(discussion_id, reader, again=said.get("again") is True))
    if reader.link is not None:
        reader.link.write_ahead(news.wire)
    else:
        reader.write(news)


def _caught_up(discussion: Discussion, after: int, epoch: str, heard: frozenset[str]) -> Said:
    if log.is_out_of_reach(discussion, after, epoch) or not log.is_private(discussion, after, heard):
        return missed.since(discussion, after, epoch)
    caught_up = log.since(discussion, after, epoch, set(heard))
    return {
        "discussion": discussion.id,
        "epoch": caught_up.epoch,
        "seq": caught_up.seq,
        "reload": caught_up.reload,
        "events": tail.render(discussion, caught_up.events),
    }


def leave(reader: Reader, said: Said) -> Said:
    """Leave a discussion's room."""
    wanted = said.get("discussion")
    if isinstance(wanted, str):
        found = _find(wanted)
        wanted = found.id if found else None
    if isinstance(wanted, int) and wanted in reader.rooms:
        if reader.user_id is not None:
            presence.stops(wanted, reader.user_id)
        broadcast.leave(reader, wanted)
    return {}


def typing(reader: Reader, said: Said) -> Said:
    """Note that somebody of the panel writes. Looked up at most every two seconds for each socket."""
    question = said.get("question") or None
    if reader.user_id is None or (question is not None and not _is_whole(question, 1000)):
        return {}
    wanted = said.get("discussion")
    if isinstance(wanted, int) and wanted not in reader.rooms:
        return {}
    now = time.monotonic()
    place = wanted if isinstance(wanted, int) else 0
    if now - reader.typed_at.get(place, -_TYPING_SECONDS) < _TYPING_SECONDS:
        return {}
    reader.typed_at[place] = now
    discussion, user = _find(wanted), _who(reader)
    # A room that one has not entered answers like one that does not exist.
    if discussion is None or discussion.id not in reader.rooms:
        return {}
    if user is not None and access.may(user, "presence.writing", discussion):
        seat = access.seat_of(user, discussion)
        presence.types(discussion.id, user.id, seat.name if seat else user.name, question)
    return {}


def _who(reader: Reader) -> User | None:
    """Return who the reader is now: an ended session makes a visitor of them until the sweep hangs up."""
    if reader.user_id is None:
        return None
    if reader.session_id is not None:
        session = db.session.get(Session, reader.session_id)
        if session is None or not session.is_open(clock.now()):
            return None
    return db.session.get(User, reader.user_id)


def _find(wanted: object) -> Discussion | None:
    if isinstance(wanted, str):
        return Discussion.with_slug(wanted)
    return db.session.get(Discussion, wanted) if _is_whole(wanted, _BIGGEST_ID) else None


def _is_whole(value: object, biggest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= biggest
