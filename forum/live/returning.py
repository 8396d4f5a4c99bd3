"""Members who come back: whether each of them hears no more than any member, asked for many in one question.

A member alone cost three times what a visitor costs, and thousands may come back at the same moment.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from flask import Flask
from sqlalchemy import bindparam, select

from forum import clock
from forum.database import db
from forum.live import hands
from forum.live.broadcast import Reader
from forum.live.log import CATCH_UP_LIMIT
from forum.models import Audience, Discussion, Event, Seat, Session, SiteRole, User
from forum.turns import Line


class Return(NamedTuple):
    """One member who comes back to an open discussion, having missed what stands in (after, seq] of its log."""

    session_id: int | None
    user_id: int
    discussion_id: int
    after: int
    seq: int


Returns = Line[Return, bool]

# Put together once: when thousands come back, they are asked for each of them who is signed in.
_WHO = (
    select(Session.id, Session.user_id, User.role, Discussion.owner_id, Seat.id.is_not(None))
    .join(User, User.id == Session.user_id)
    .join(Discussion, Discussion.id == bindparam("discussion"))
    .outerjoin(Seat, (Seat.discussion_id == Discussion.id) & (Seat.user_id == Session.user_id))
    .where(
        Session.id.in_(bindparam("sessions", expanding=True)),
        Session.ended_at.is_(None),
        Session.expires_at > clock.moment(),
    )
)
_SPOKEN_TO = select(Event.audience, Event.seq).where(
    Event.discussion_id == bindparam("discussion"),
    Event.seq > bindparam("after"),
    Event.seq <= bindparam("seq"),
    Event.audience.in_(bindparam("audiences", expanding=True)),
)


def line(app: Flask) -> Returns:
    """Return where those stand who want to know whether they hear as any member does (see `hear_as_any_member`)."""

    def serve(returns: Sequence[Return]) -> list[bool]:
        return hands.ask(app, partial(hear_as_any_member, returns))

    return Line(serve)


def of(reader: Reader, discussion_id: int, after: int, seq: int) -> Return:
    """Return the return of a signed-in reader."""
    assert reader.user_id is not None
    return Return(reader.session_id, reader.user_id, discussion_id, after, seq)


def hear_as_any_member(returns: Sequence[Return]) -> list[bool]:
    """Whether each is still signed in, has no part in their open discussion, and has missed no word for them alone.

    Two queries for each discussion, instead of the half dozen for each member that knowing their role takes.
    """
    plain: set[Return] = set()
    for discussion_id in {each.discussion_id for each in returns}:
        here = [each for each in returns if each.discussion_id == discussion_id]
        plain.update(_plain(discussion_id, here))
    return [each in plain for each in returns]


def _plain(discussion_id: int, returns: Sequence[Return]) -> list[Return]:
    sessions = [each.session_id for each in returns if each.session_id is not None]
    asked = {"discussion": discussion_id, "sessions": sessions}
    plain = {
        (session_id, user_id)
        for session_id, user_id, role, owner_id, is_seated in db.session.execute(_WHO, asked)
        if not is_seated and user_id != owner_id and role in {SiteRole.MEMBER, SiteRole.ORGANISER}
    }
    spoken_to = _spoken_to(discussion_id, [each for each in returns if each.after < each.seq])
    return [
        each
        for each in returns
        if (each.session_id, each.user_id) in plain
        and not any(each.after < seq <= each.seq for seq in spoken_to.get(Audience.person(each.user_id), ()))
    ]


def _spoken_to(discussion_id: int, returns: Sequence[Return]) -> dict[str, list[int]]:
    """Return where in the log something was said to one of these alone. Who missed too much is told nothing of it."""
    near = [each for each in returns if each.seq - each.after <= CATCH_UP_LIMIT]
    if not near:
        return {}
    asked = {
        "discussion": discussion_id,
        "after": min(each.after for each in near),
        "seq": max(each.seq for each in near),
        "audiences": list({Audience.person(each.user_id) for each in near}),
    }
    found: dict[str, list[int]] = {}
    for audience, seq in db.session.execute(_SPOKEN_TO, asked):
        found.setdefault(audience, []).append(seq)
    return found
