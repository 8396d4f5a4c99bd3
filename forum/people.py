"""What people are called in one discussion, and which badge they carry there."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm.util import identity_key

from forum import countries, text
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Seat, SeatRole, User

# Whom a writer can mention: the panel and the latest people to write. More would be a directory, not a conversation.
_MENTIONABLE_WRITERS = 200
# Put together once: it runs for every comment.
_ACCOUNTS = select(User).where(User.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Face:
    """How a person appears in a discussion. `user_id` is None for an imported byline, `role` None without a seat."""

    name: str
    role: SeatRole | None = None
    title: str = ""
    affiliation: str = ""
    picture: str = ""
    user_id: int | None = None
    biography: str = ""
    country: str = ""  # ISO 3166-1

    def whence(self, language: str = "en") -> str:
        """Return the organisation and the country, as they stand beside the name."""
        return countries.whence(self.affiliation, self.country, language)

    @property
    def is_panel(self) -> bool:
        """Whether this is a panelist (hosts and moderators have badges of their own)."""
        return self.role is SeatRole.PANELIST


def seated(discussion: Discussion) -> list[Face]:
    """Return the faces of everybody with a seat: hosts, then moderators, then panelists, each in their order."""
    order = list(SeatRole)
    seats = sorted(discussion.seats, key=lambda seat: (order.index(seat.role), seat.position))
    return [_of_seat(seat) for seat in seats]


def faces(discussion: Discussion, comments: list[Comment]) -> dict[int, Face]:
    """Return the face behind each of `comments`, by the comment's id, with two queries at most."""
    seats = {seat.user_id: _of_seat(seat) for seat in discussion.seats}
    strangers = {c.author_id for c in comments if c.author_id is not None and c.author_id not in seats}
    accounts = {
        user.id: Face(name=user.name, affiliation=user.affiliation, country=user.country, user_id=user.id)
        for user in _users(strangers)
    }
    return {
        c.id: Face(name=c.byline_name, affiliation=c.byline_affiliation, country=c.byline_country)
        if c.author_id is None
        else seats.get(c.author_id) or accounts[c.author_id]
        for c in comments
    }


def _users(ids: set[int]) -> list[User]:
    """Return the accounts with these ids: those the session holds already, and the others by one query."""
    users: list[User] = []
    for number in ids:
        held: Any = db.session.identity_map.get(identity_key(User, number))
        if held is not None and not inspect(held).expired:
            users.append(held)
    missing = ids - {user.id for user in users}
    return users + (list(db.session.scalars(_ACCOUNTS, {"ids": list(missing)})) if missing else [])


def names(discussion: Discussion, ids: set[int]) -> dict[int, str]:
    """Return what the people with these ids are called in `discussion`, by id; no query for those who sit there."""
    found = {seat.user_id: seat.name for seat in discussion.seats if seat.user_id in ids}
    return found | {user.id: user.name for user in _users(ids - set(found))} if ids else {}


def face_of(comment: Comment) -> Face:
    """Return the face behind one comment."""
    return faces(comment.discussion, [comment])[comment.id]


def mentions(discussion: Discussion) -> dict[str, text.Mention]:
    """Return whom a comment in `discussion` can mention, by name: the panel first, then the latest writers."""
    named = {face.name: face for face in seated(discussion)}
    latest = (
        select(Comment.author_id)
        .where(Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED)
        .order_by(Comment.id.desc())
        .limit(_MENTIONABLE_WRITERS)
        .subquery()
    )
    for user_id, name in db.session.execute(select(User.id, User.name).where(User.id.in_(select(latest.c.author_id)))):
        named.setdefault(name, Face(name=name, user_id=user_id))
    return {
        name: text.Mention(name=name, href=f"/people/{face.user_id}", user_id=face.user_id)
        for name, face in named.items()
    }


def mentions_in(source: str, discussion: Discussion) -> dict[str, text.Mention]:
    """Return whom `source` can mention; nobody without a look, when it has no @ at all."""
    return mentions(discussion) if "@" in source else {}


def _of_seat(seat: Seat) -> Face:
    return Face(
        name=seat.name,
        role=seat.role,
        title=seat.title,
        affiliation=seat.affiliation,
        country=seat.country,
        picture=seat.picture,
        user_id=seat.user_id,
        biography=seat.biography,
    )
