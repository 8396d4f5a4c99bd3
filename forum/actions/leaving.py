"""Leaving the site for good. Runs inside `writing()`.

The account's row stays as NAME, without name, address or password, because the record and other people's
answers point at it; the record itself nobody can change. What others wrote of this person, their name in a mention for
one, is theirs and stays.
"""

import secrets
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import delete, or_, select, update

from forum import clock
from forum.actions import accounts, calls, proposal_ends, proposals, reactions, reviews, sessions
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import (
    BackstageMessage,
    Comment,
    CommentEdit,
    CommentState,
    DeadAddress,
    Decision,
    Digest,
    Discussion,
    Flag,
    Guest,
    HeldAnswer,
    Invitation,
    InvitationState,
    Letter,
    Mute,
    Notice,
    Phase,
    Proposal,
    Question,
    Review,
    Rsvp,
    Seat,
    SeatRole,
    Silence,
    SiteRole,
    User,
)
from forum.refusals import Refused
from forum.search import index

# Stored as it is said to whoever leaves.
NAME = lazy("Former member")


class Words(StrEnum):
    """What becomes of what somebody wrote: it stays under NAME, or its text is removed and its place stays."""

    KEEP = "keep"
    REMOVE = "remove"


def leave(user: User, words: Words) -> list[str]:
    """Take away everything that says who `user` is, and their words if they wish.

    Return the names of the pictures that are nobody's now: their files are thrown away after the commit.
    Raises Refused (409) for the last administrator, and for who alone hosts something that is not over.
    """
    _require_free(user)
    wrote, reacted, voted = _written_in(user), reactions.discussions_of(user), proposals.voted_in(user)
    found = select(Discussion).where(Discussion.id.in_(wrote + reacted + voted)).order_by(*log.IN_ORDER)
    places = list(db.session.scalars(found))
    for discussion in places:
        log.lock(discussion)
    _require_other_hosts(user)
    faces = _unname(user)
    db.session.flush()
    # Their row is held now, so nothing more comes; what came before in a place that is not held would stay for good.
    now_in = {*_written_in(user), *reactions.discussions_of(user), *proposals.voted_in(user)}
    if now_in - {*wrote, *reacted, *voted}:
        raise Refused("busy", _("You have pressed something in another tab meanwhile. Try again."), 409)
    if words is Words.REMOVE:
        _remove_words(user)
    for model, owner in (
        (HeldAnswer, HeldAnswer.user_id), (Rsvp, Rsvp.user_id),
        (Silence, Silence.user_id), (Notice, Notice.user_id), (Silence, Silence.other_id), (Flag, Flag.user_id),
    ):  # fmt: skip
        db.session.execute(delete(model).where(owner == user.id), execution_options={"synchronize_session": False})
    reactions.take_back_all(user, reacted)
    proposals.take_back_votes(user, voted)
    sessions.end_all(user)
    write_down(user, None, "person.left", "user", user.id, after={"words": words.value})
    db.session.flush()
    for discussion in places:
        if discussion.id in wrote:
            log.record(discussion, "discussion.edited", discussion.id)
        if words is Words.REMOVE:
            calls.follow_writer(discussion, user)
    others = set(db.session.scalars(select(Seat.picture).where(Seat.picture.in_(faces))))
    return sorted(faces - others)


def _require_free(user: User) -> None:
    accounts.hold_administrators(user)
    if accounts.is_last_administrator(user):
        raise Refused("last_administrator", _("You are the last administrator. Make somebody else one first."), 409)


def _require_other_hosts(user: User) -> None:
    """Of what is not over somebody has to be left to run it. Who has left holds their seat still, without a name."""
    sat = select(Seat.discussion_id).where(Seat.user_id == user.id, Seat.role == SeatRole.HOST)
    run = or_(Discussion.id.in_(sat), Discussion.owner_id == user.id)
    for discussion in db.session.scalars(select(Discussion).where(run).order_by(Discussion.id)):
        db.session.refresh(discussion)
        living = (
            select(Seat.id)
            .join(User, User.id == Seat.user_id)
            .where(
                Seat.discussion_id == discussion.id,
                Seat.role == SeatRole.HOST,
                User.id != user.id,
                User.left_at.is_(None),
            )
        )
        is_over = discussion.phase_at(clock.now()) in {Phase.CLOSED, Phase.DRAFT}
        if not is_over and db.session.scalar(living.limit(1)) is None:
            raise Refused(
                "host",
                _("You alone host “%(title)s”, which is not over. Name another host first.", title=discussion.title),
                409,
            )


def _unname(user: User) -> set[str]:
    """Return the pictures that showed them."""
    faces = set()
    # What was said with this address before there was an account is theirs too.
    for model, address in (
        (Letter, Letter.to), (Rsvp, Rsvp.email), (Guest, Guest.email), (DeadAddress, DeadAddress.email),
        (Digest, Digest.email),
    ):  # fmt: skip
        db.session.execute(delete(model).where(address == user.email), execution_options={"synchronize_session": False})
    user.name, user.email = str(NAME), f"left-{user.id}-{secrets.token_hex(6)}@invalid"
    user.affiliation = user.biography = user.country = user.suspension_objection = ""
    objections = update(Mute).where(Mute.user_id == user.id).values(objection="")
    db.session.execute(objections, execution_options={"synchronize_session": False})
    user.password_hash = user.confirmed_at = None
    user.role, user.left_at = SiteRole.MEMBER, clock.now()
    for seat in db.session.scalars(select(Seat).where(Seat.user_id == user.id)):
        faces.add(seat.picture)
        seat.name, seat.title, seat.affiliation, seat.country = str(NAME), "", "", ""
        seat.biography, seat.picture = "", ""
        links = update(Invitation).where(Invitation.seat_id == seat.id).values(state=InvitationState.REVOKED)
        db.session.execute(links, execution_options={"synchronize_session": False})
    # Whatever name they had when it was planned; who asked without one has none there.
    asked = select(Proposal.question_id).where(Proposal.author_id == user.id)
    db.session.execute(
        update(Question).where(Question.id.in_(asked), Question.asked_for != "").values(asked_for=str(NAME)),
        execution_options={"synchronize_session": False},
    )
    return faces - {""}


def _remove_words(user: User) -> None:
    mine = select(Comment.id).where(Comment.author_id == user.id)
    off = {"synchronize_session": False}
    db.session.execute(delete(CommentEdit).where(CommentEdit.comment_id.in_(mine)), execution_options=off)
    waiting = select(Comment).join(Review, Review.comment_id == Comment.id)
    for comment in db.session.scalars(waiting.where(Comment.author_id == user.id, Review.decided_at.is_(None))):
        reviews.settle_if_open(comment, Decision.WITHDRAWN, user, comment.state)
    # What nobody has seen has no place to keep: without its text it stays held for good.
    db.session.execute(
        update(Comment)
        .where(Comment.author_id == user.id, Comment.state != CommentState.HELD)
        .values(state=CommentState.DELETED),
        execution_options=off,
    )
    db.session.execute(
        update(Comment).where(Comment.author_id == user.id).values(source="", html=""), execution_options=off
    )
    db.session.execute(delete(BackstageMessage).where(BackstageMessage.author_id == user.id), execution_options=off)
    index.forget()
    for proposal in db.session.scalars(select(Proposal).where(Proposal.author_id == user.id)).all():
        proposal_ends.take_words(proposal)
    db.session.flush()
    db.session.expire_all()


def _written_in(user: User) -> list[int]:
    """Return the ids of the discussions that show their name."""
    wrote = select(Comment.discussion_id).where(Comment.author_id == user.id)
    sat = select(Seat.discussion_id).where(Seat.user_id == user.id)
    asked = select(Proposal.discussion_id).where(Proposal.author_id == user.id)
    return list(db.session.scalars(wrote.union(sat, asked)))
