"""How the panel stands: who has answered what, what waits for whom, which questions are to come. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select

from forum import people, text
from forum.actions import calls, first_passwords, held, invitations
from forum.database import db
from forum.models import (
    BackstageMessage,
    Comment,
    CommentState,
    Discussion,
    HeldAnswer,
    Invitation,
    InvitationState,
    Letter,
    PanelCall,
    Question,
    Seat,
    SeatRole,
    Session,
    User,
)
from forum.people import Face

_MOST_ADDRESSED = 40
MESSAGES = 80


class Standing(StrEnum):
    """How far an invitation has come; each step holds the ones before."""

    UNINVITED = "uninvited"
    INVITED = "invited"
    OVER = "over"
    REVOKED = "revoked"
    OPENED = "opened"
    INTRODUCED = "introduced"


@dataclass(frozen=True)
class Panelist:
    """One of the panel as the hosts see them: `answered` are the numbers of questions with an answer of theirs."""

    seat: Seat
    standing: Standing
    invitation: Invitation | None
    answered: list[int]
    calls: list[PanelCall]
    has_left: bool  # the site, with their words kept

    @property
    def has_link(self) -> bool:
        """Whether there is a link that can be taken back."""
        return (
            self.standing is not Standing.UNINVITED and self.standing is not Standing.REVOKED and bool(self.invitation)
        )


@dataclass(frozen=True)
class Awaited:
    """A host or moderator who cannot sign in yet.

    `asked_at` is when they were last mailed a link to set a password by, `lost` that letter where it did not arrive.
    """

    has_been_here: bool
    asked_at: datetime | None
    lost: Letter | None


@dataclass(frozen=True)
class Coming:
    """A question still to be asked, with the number it would get if all went in order."""

    question: Question
    label: str


@dataclass(frozen=True)
class Prepared:
    """A question in the eyes of one panelist: what they hold for it, and whether they have answered it."""

    question: Question
    label: str
    held: HeldAnswer | None = None
    is_answered: bool = False


@dataclass(frozen=True)
class Addressed:
    """A comment that speaks to one panelist: by a reply, or by their name."""

    comment: Comment
    face: Face
    is_reply: bool
    is_answered: bool


def panelists(discussion: Discussion, now: datetime) -> list[Panelist]:
    """Return everybody on the panel, in the order of their seats, with a fixed number of queries."""
    links = invitations.latest(discussion)
    answered = answers(discussion)
    standing_calls = calls.open_calls(discussion)
    numbers = {question.id: question.number for question in discussion.questions if question.number}
    gone = invitations.left_of(discussion)
    return [
        Panelist(
            seat=seat,
            standing=_standing(seat, links.get(seat.id), now),
            invitation=links.get(seat.id),
            answered=sorted(numbers[q] for q in answered.get(seat.user_id, set()) if q in numbers),
            calls=[made for made in standing_calls if made.user_id == seat.user_id],
            has_left=seat.user_id in gone,
        )
        for seat in discussion.seats
        if seat.role is SeatRole.PANELIST
    ]


def awaited(discussion: Discussion) -> dict[int, Awaited]:
    """Return who helps to run `discussion` and cannot sign in yet, by the seat's id; with a fixed number of queries."""
    helpers = db.session.execute(
        select(Seat, User)
        .join(User, User.id == Seat.user_id)
        .where(Seat.discussion_id == discussion.id, Seat.role != SeatRole.PANELIST)
    )
    missing = [(seat, user) for seat, user in helpers if first_passwords.is_missing(user)]
    if not missing:
        return {}
    asked = first_passwords.asked_at(discussion)
    sent = select(Letter).where(Letter.to.in_([user.email for _seat, user in missing]), Letter.kind == "seated")
    newest = {letter.to: letter for letter in db.session.scalars(sent.order_by(Letter.id))}
    ids = [user.id for _seat, user in missing]
    been_here = set(db.session.scalars(select(Session.user_id).where(Session.user_id.in_(ids))))
    return {
        seat.id: Awaited(
            has_been_here=user.id in been_here,
            asked_at=asked.get(user.id),
            lost=letter if user.id in asked and (letter := newest.get(user.email)) and letter.has_failed else None,
        )
        for seat, user in missing
    }


def _standing(seat: Seat, link: Invitation | None, now: datetime) -> Standing:
    if seat.introduced_at is not None:
        return Standing.INTRODUCED
    if link is None:
        return Standing.UNINVITED
    if link.state is InvitationState.REVOKED:
        return Standing.REVOKED
    if link.opened_at is not None:
        return Standing.OPENED
    return Standing.INVITED if link.is_good(now) else Standing.OVER


def answers(discussion: Discussion) -> dict[int, set[int]]:
    """Return the ids of the questions that each panelist has answered, by the panelist's user id."""
    ids = [seat.user_id for seat in discussion.seats if seat.role is SeatRole.PANELIST]
    rows = db.session.execute(
        select(Comment.author_id, Comment.question_id)
        .where(
            Comment.discussion_id == discussion.id,
            Comment.author_id.in_(ids),
            Comment.question_id.is_not(None),
            Comment.state == CommentState.PUBLISHED,
        )
        .distinct()
    )
    found: dict[int, set[int]] = {}
    for author_id, question_id in rows:
        if author_id is not None and question_id is not None:
            found.setdefault(author_id, set()).add(question_id)
    return found


def coming(discussion: Discussion) -> list[Coming]:
    """Return the questions still to be asked, in order, as the panel may see them; those left out are not."""
    number = max((question.number or 0 for question in discussion.questions), default=0)
    waiting = [q for q in discussion.questions if q.is_coming]
    return [Coming(question, f"Q{number + place}") for place, question in enumerate(waiting, start=1)]


def prepared(discussion: Discussion, user: User) -> tuple[list[Prepared], list[Prepared], list[HeldAnswer]]:
    """Return the questions asked (newest first) and to come as `user` has prepared them, and what they hold besides.

    The last are texts whose question was left out or thrown away: they stay their writer's.
    """
    kept = held.of(user, discussion)
    by_question = {one.question_id: one for one in kept if one.question_id is not None}
    mine = answers(discussion).get(user.id, set())
    newest = sorted((q for q in discussion.questions if q.number), key=lambda q: q.number or 0, reverse=True)
    asked = [Prepared(q, f"Q{q.number}", by_question.pop(q.id, None), q.id in mine) for q in newest]
    later = [Prepared(one.question, one.label, by_question.pop(one.question.id, None)) for one in coming(discussion)]
    return asked, later, [one for one in kept if one.question_id is None or one.question_id in by_question]


def addressed_to(discussion: Discussion, user: User) -> list[Addressed]:
    """Return the replies to `user` and the comments that name them: unanswered first, the longest waiting on top."""
    mine = select(Comment.id).where(Comment.discussion_id == discussion.id, Comment.author_id == user.id)
    mention = text.sign_of(user.id)
    found = list(
        db.session.scalars(
            select(Comment)
            .where(
                Comment.discussion_id == discussion.id,
                Comment.state == CommentState.PUBLISHED,
                Comment.author_id.is_distinct_from(user.id),
                or_(Comment.reply_to_id.in_(mine), Comment.html.contains(mention, autoescape=True)),
            )
            .order_by(Comment.id.desc())
            .limit(_MOST_ADDRESSED)
        )
    )
    faces = people.faces(discussion, found)
    answered = mine.with_only_columns(Comment.reply_to_id).where(Comment.reply_to_id.is_not(None))
    replied = set(db.session.scalars(answered))
    all_ = [
        Addressed(
            comment=comment,
            face=faces[comment.id],
            is_reply=mention not in comment.html,
            is_answered=comment.id in replied,
        )
        for comment in found
    ]
    waiting = [one for one in all_ if not one.is_answered]
    return waiting[::-1] + [one for one in all_ if one.is_answered]


def messages(discussion: Discussion, before: int | None = None, limit: int = MESSAGES) -> list[BackstageMessage]:
    """Return messages of the green room, newest first; those before the message with id `before`, if given."""
    found = select(BackstageMessage).where(BackstageMessage.discussion_id == discussion.id)
    if before is not None:
        found = found.where(BackstageMessage.id < before)
    return list(db.session.scalars(found.order_by(BackstageMessage.id.desc()).limit(limit)))


def names(discussion: Discussion, ids: set[int]) -> dict[int, str]:
    """Return what people are called in `discussion`, by user id: by their seat, or by their account."""
    found = {user.id: user.name for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return found | {seat.user_id: seat.name for seat in discussion.seats}
