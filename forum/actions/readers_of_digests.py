"""Who gets letters about the questions of a discussion: whoever takes part in it, and wants them, and may read it."""

from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from forum import access, clock
from forum.actions import quiet, rsvps
from forum.database import db
from forum.models import Comment, CommentState, Discussion, NoMail, Rsvp, RsvpKind, Seat, User

_TAKES_PART = (Rsvp.kind == RsvpKind.TAKE_PART, Rsvp.confirmed_at.is_not(None))


@dataclass(frozen=True)
class Reader:
    """Somebody who is to be written to now; without an account, by what they have said themselves."""

    email: str
    user: User | None
    stop: str  # the path at which these letters end
    language: str = ""  # what they have said for this discussion; "" is unknown, or said in their account


def of(discussion: Discussion) -> dict[str, str]:
    """Return the addresses of who takes part now, each with its time zone: a seat, a comment, or their word for it.

    The zone is the one they have told for this discussion, else the last they told for any, else that of the event.
    """
    said = (Rsvp.discussion_id == discussion.id, *_TAKES_PART)
    found = {
        rsvp.email: rsvp.time_zone
        for rsvp in db.session.scalars(select(Rsvp).where(*said, Rsvp.user_id.is_(None), rsvps.IS_KNOWN))
    }
    ids = (
        select(Seat.user_id)
        .where(Seat.discussion_id == discussion.id)
        .union(
            select(Comment.author_id).where(
                Comment.discussion_id == discussion.id,
                Comment.state == CommentState.PUBLISHED,
                Comment.author_id.is_not(None),
            ),
            select(Rsvp.user_id).where(*said, Rsvp.user_id.is_not(None)),
        )
    )
    people = select(User.id, User.email).where(User.id.in_(ids), User.left_at.is_(None), User.confirmed_at.is_not(None))
    emails = {row.id: row.email for row in db.session.execute(people)}
    told = select(Rsvp.user_id, Rsvp.time_zone).where(Rsvp.user_id.in_(ids))
    in_order = told.order_by(Rsvp.discussion_id == discussion.id, Rsvp.id)
    zones = {row.user_id: row.time_zone for row in db.session.execute(in_order)}
    return found | {email: zones.get(number, discussion.time_zone) for number, email in emails.items()}


def reader(email: str, discussion: Discussion) -> Reader | None:
    """Return who has the address `email`, if these letters of `discussion` are still for them; else None.

    Anybody can sign up with any address: an account counts once its address is confirmed.
    """
    if not discussion.has_digests or db.session.get(NoMail, email) is not None:
        return None
    user = User.with_email(email)
    if user is not None and user.confirmed_at is None:
        user = None
    if not access.may(user, "discussion.read", discussion):
        return None
    if user is None:
        said = (Rsvp.discussion_id == discussion.id, Rsvp.email == email, Rsvp.user_id.is_(None), *_TAKES_PART)
        rsvp = db.session.scalar(select(Rsvp).where(*said))
        return None if rsvp is None else Reader(email, None, rsvps.stop(rsvp), rsvp.language)
    if not _wants(user, discussion) or not _takes_part(user, discussion):
        return None
    return Reader(email, user, quiet.stop(user, quiet.DIGEST))


def _wants(user: User, discussion: Discussion) -> bool:
    if user.left_at is not None or user.is_suspended(clock.now()):
        return False
    mute = access.mute_of(user, discussion)
    return quiet.DIGEST not in user.quiet.split(",") and not (mute is not None and mute.is_removal)


def _takes_part(user: User, discussion: Discussion) -> bool:
    if access.seat_of(user, discussion) is not None:
        return True
    # Whoever was signed out has said it from their address alone.
    mine = or_(Rsvp.user_id == user.id, and_(Rsvp.user_id.is_(None), Rsvp.email == user.email))
    said = select(Rsvp.id).where(Rsvp.discussion_id == discussion.id, mine, *_TAKES_PART)
    wrote = select(Comment.id).where(
        Comment.discussion_id == discussion.id, Comment.author_id == user.id, Comment.state == CommentState.PUBLISHED
    )
    return any(db.session.scalar(found.limit(1)) is not None for found in (said, wrote))
