"""Everything that is stored of one person, for that person (GDPR, articles 15 and 20)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from forum import record
from forum.actions import silences
from forum.archive.readings import moment
from forum.database import db
from forum.models import (
    BackstageMessage,
    Comment,
    CommentEdit,
    Discussion,
    Flag,
    Guest,
    HeldAnswer,
    Proposal,
    ProposalVote,
    Rsvp,
    Seat,
    Session,
    User,
)


def of(user: User) -> dict[str, Any]:
    """Return it as plain values, times in UTC. Secrets (the password's hash, tokens) are nobody's, and not in it."""
    places = {d.id: d for d in db.session.scalars(select(Discussion))}

    def place(discussion_id: int) -> str:
        return f"/d/{places[discussion_id].slug}"

    return {
        "account": {
            "name": user.name,
            "email": user.email,
            "affiliation": user.affiliation,
            "biography": user.biography,
            "role": user.role.value,
            "since": moment(user.created_at),
            "confirmed": moment(user.confirmed_at) if user.confirmed_at else None,
        },
        "sessions": [
            {"device": one.device, "from": moment(one.started_at), "last_seen": moment(one.seen_at)}
            for one in _mine(Session, Session.user_id, user)
        ],
        "seats": [
            {
                "discussion": place(one.discussion_id), "role": one.role.value, "name": one.name, "title": one.title,
                "affiliation": one.affiliation, "biography": one.biography, "picture": one.picture,
            }
            for one in _mine(Seat, Seat.user_id, user)
        ],
        "comments": [_comment(one, place(one.discussion_id)) for one in _mine(Comment, Comment.author_id, user)],
        "questions": [
            {
                "discussion": place(one.discussion_id), "text": one.text, "state": one.state.value,
                "at": moment(one.made_at),
            }
            for one in _mine(Proposal, Proposal.author_id, user)
        ],
        "votes": [
            {"question": one.proposal_id, "at": moment(one.at)}
            for one in _mine(ProposalVote, ProposalVote.user_id, user)
        ],
        "green_room": [
            {"discussion": place(one.discussion_id), "text": one.source, "at": moment(one.posted_at)}
            for one in _mine(BackstageMessage, BackstageMessage.author_id, user)
        ],
        "held_answers": [
            {"discussion": place(one.discussion_id), "text": one.body, "at": moment(one.saved_at)}
            for one in _mine(HeldAnswer, HeldAnswer.user_id, user)
        ],
        "flags": [
            {"comment": one.comment_id, "reason": one.reason.value, "note": one.note, "at": moment(one.at)}
            for one in _mine(Flag, Flag.user_id, user)
        ],
        "invited_to": [
            {"discussion": place(one.discussion_id), "name": one.name, "at": moment(one.invited_at)}
            for one in db.session.scalars(select(Guest).where(Guest.email == user.email))
        ],
        "wants_to_come": [
            {"discussion": place(one.discussion_id), "kind": one.kind.value, "time_zone": one.time_zone}
            for one in _mine(Rsvp, Rsvp.user_id, user)
        ],
        "does_not_read": [other.name for other in silences.silenced(user)],
        "record": [
            {"at": moment(line.at), "what": line.verb, "reason": line.reason} for line in record.of_person(user)
        ],
    }  # fmt: skip


def _mine(model: Any, owner: Any, user: User) -> Sequence[Any]:
    """Return the rows of `model` that are `user`'s, oldest first."""
    return db.session.scalars(select(model).where(owner == user.id).order_by(*model.__table__.primary_key)).all()


def _comment(comment: Comment, place: str) -> dict[str, Any]:
    edits = db.session.scalars(
        select(CommentEdit).where(CommentEdit.comment_id == comment.id).order_by(CommentEdit.id)
    ).all()
    return {
        "address": f"{place}/c/{comment.id}",
        "question": comment.question.number if comment.question else None,
        "text": comment.source,
        "state": comment.state.value,
        "at": moment(comment.posted_at),
        "before": [{"text": edit.source, "until": moment(edit.replaced_at)} for edit in edits],
    }
