"""Whom somebody does not want to read: their own business, on their own pages. What writes runs inside `writing()`."""

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, or_, select

from forum import clock
from forum.database import db
from forum.models import Comment, Silence, User
from forum.refusals import Refused

_MOST = 200


def silence(user: User, other: User) -> None:
    """Show `user` no more of what `other` writes. Again changes nothing.

    Raises Refused (409 for oneself, and for more people than a page can leave out).
    """
    if user.id == other.id:
        raise Refused("own", _("These are your own words. Nobody can silence themselves."), 409)
    if db.session.get(Silence, (user.id, other.id)) is not None:
        return
    if len(silenced(user)) >= _MOST:
        raise Refused(
            "too_many_silenced",
            _("You read %(most)s people no more already. Let one speak again first.", most=_MOST),
            409,
        )
    db.session.add(Silence(user_id=user.id, other_id=other.id, at=clock.now()))


def listen(user: User, other: User) -> None:
    """Show `user` again what `other` writes; without a silence nothing changes."""
    if (found := db.session.get(Silence, (user.id, other.id))) is not None:
        db.session.delete(found)


def silenced(user: User) -> list[User]:
    """Return whom `user` does not want to read, by name."""
    return list(db.session.scalars(select(User).where(User.id.in_(_others(user))).order_by(User.name, User.id)))


def ids(user: User) -> list[int]:
    """Return the ids of whom `user` does not want to read."""
    return sorted(db.session.scalars(_others(user)))


def is_read_by(user: User) -> ColumnElement[bool]:
    """Return the condition that a comment is not by somebody whom `user` does not want to read."""
    return or_(Comment.author_id.is_(None), Comment.author_id.not_in(_others(user)))


def _others(user: User) -> Select[int]:
    return select(Silence.other_id).where(Silence.user_id == user.id)
