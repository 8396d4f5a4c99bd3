"""Everything that is stored of one person, for that person (GDPR, articles 15 and 20)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from forum import access, record
from forum.actions import silences
from forum.archive.readings import moment
from forum.database import db
from forum.models import (
    BackstageMessage,
    Comment,
    CommentEdit,
    DeadAddress,
    Digest,
    Discussion,
    Flag,
    Guest,
    HeldAnswer,
    Letter,
    ModerationAction,
    Mute,
    NoMail,
    Notice,
    PanelCall,
    Proposal,
    ProposalVote,
    Question,
    Reaction,
    ReadyAnswer,
    ReadyCheck,
    Rsvp,
    Seat,
    Session,
    User,
)


def of(user: User) -> dict[str, Any]:
    """Return it as plain values, times in UTC. Secrets (the password's hash, tokens) are nobody's, and not in it."""
    place = _Places(user)
    return _account(user, place) | _words(user, place) | _mail(user, place) | _part(user, place) | _deeds(user)


class _Places:
    """The addresses of discussions, as far as their reader may know of them; each is asked for once."""

    def __init__(self, reader: User) -> None:
        self._reader = reader
        self._known: dict[int, str] = {}

    def __call__(self, discussion_id: int) -> str:
        if discussion_id not in self._known:
            discussion = db.session.get_one(Discussion, discussion_id)
            may = access.may(self._reader, "discussion.read", discussion)
            self._known[discussion_id] = f"/d/{discussion.slug}" if may else "a discussion that you may not read now"
        return self._known[discussion_id]


def _account(user: User, place: _Places) -> dict[str, Any]:
    """What they are on this site, on which devices, and where they sit."""
    return {
        "account": {
            "name": user.name,
            "email": user.email,
            "affiliation": user.affiliation,
            "country": user.country,
            "biography": user.biography,
            "language": user.language,
            "role": user.role.value,
            "since": moment(user.created_at),
            "confirmed": _at(user.confirmed_at),
            "suspended": _at(user.suspended_at),
            "suspended_until": _at(user.suspended_until),
            "suspension_reason": user.suspension_reason,
            "suspension_objection": user.suspension_objection,
            "no_mail_about": [kind for kind in user.quiet.split(",") if kind],
            "no_mail_at_all": db.session.get(NoMail, user.email) is not None,
            "mail_came_back": db.session.get(DeadAddress, user.email) is not None,
        },
        "sessions": [
            {"device": one.device, "from": moment(one.started_at), "last_seen": moment(one.seen_at)}
            for one in _mine(Session, Session.user_id, user)
        ],
        "seats": [
            {
                "discussion": place(one.discussion_id), "role": one.role.value, "name": one.name, "title": one.title,
                "affiliation": one.affiliation, "country": one.country, "biography": one.biography,
                "picture": one.picture,
            }
            for one in _mine(Seat, Seat.user_id, user)
        ],
    }  # fmt: skip


def _words(user: User, place: _Places) -> dict[str, Any]:
    """What they have written, asked and thought of what others wrote."""
    edits = _edits(user)
    return {
        "comments": [
            _comment(one, place(one.discussion_id), edits.get(one.id, []))
            for one in _mine(Comment, Comment.author_id, user)
        ],
        "questions": [
            {
                "discussion": place(one.discussion_id), "text": one.text, "state": one.state.value,
                "at": moment(one.made_at), "without_name": one.is_anonymous, "reason": one.reason,
            }
            for one in _mine(Proposal, Proposal.author_id, user)
        ],
        "votes": [
            {"question": one.proposal_id, "at": moment(one.at)}
            for one in _mine(ProposalVote, ProposalVote.user_id, user)
        ],
        "found_helpful": [
            {"discussion": place(one.discussion_id), "comment": one.comment_id, "at": moment(one.at)}
            for one in _mine(Reaction, Reaction.user_id, user)
            if one.stands
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
    }  # fmt: skip


def _mail(user: User, place: _Places) -> dict[str, Any]:
    """What they are invited to, told of and mailed."""
    return {
        "invited_to": [
            {"discussion": place(one.discussion_id), "name": one.name, "at": moment(one.invited_at)}
            for one in db.session.scalars(select(Guest).where(Guest.email == user.email))
        ],
        "wants_to_come": [
            {"discussion": place(one.discussion_id), "kind": one.kind.value, "time_zone": one.time_zone}
            for one in db.session.scalars(
                select(Rsvp).where(or_(Rsvp.user_id == user.id, Rsvp.email == user.email)).order_by(Rsvp.id)
            )
        ],
        "told_about": [
            {"discussion": place(one.question.discussion_id), "question": one.question.number,
             "time_zone": one.time_zone, "next_letter": _at(one.next_at)}
            for one in db.session.scalars(select(Digest).where(Digest.email == user.email).order_by(Digest.id))
        ],
        "letters": [
            {"at": moment(one.written_at), "sent": _at(one.sent_at), "subject": one.subject}
            for one in db.session.scalars(select(Letter).where(Letter.to == user.email).order_by(Letter.id))
        ],
        "notices": [
            {"discussion": place(one.discussion_id), "kind": one.kind.value, "at": moment(one.at)}
            for one in _mine(Notice, Notice.user_id, user)
        ],
    }  # fmt: skip


def _part(user: User, place: _Places) -> dict[str, Any]:
    """Their part in discussions, and whom they do not read."""
    return {
        "called_on": [
            {"discussion": place(one.discussion_id), "state": one.state.value, "at": moment(one.at)}
            for one in _mine(PanelCall, PanelCall.user_id, user)
        ],
        "said_ready": [moment(one.at) for one in _mine(ReadyAnswer, ReadyAnswer.user_id, user)],
        "asked_ready": [moment(one.asked_at) for one in _mine(ReadyCheck, ReadyCheck.by_id, user)],
        "may_not_write": [
            {
                "discussion": place(one.discussion_id), "reason": one.reason, "at": moment(one.at),
                "until": _at(one.until), "objection": one.objection, "lifted": _at(one.lifted_at),
            }
            for one in _mine(Mute, Mute.user_id, user)
        ],
        "made": [place(one.id) for one in _mine(Discussion, Discussion.owner_id, user)],
        "questions_asked": [
            {"discussion": place(one.discussion_id), "number": one.number, "at": _at(one.asked_at)}
            for one in _mine(Question, Question.asked_by_id, user)
        ],
        "written_down_for_others": [
            f"{place(one.discussion_id)}/c/{one.id}" for one in _mine(Comment, Comment.posted_by_id, user)
        ],
        "does_not_read": [other.name for other in silences.silenced(user)],
    }  # fmt: skip


def _deeds(user: User) -> dict[str, Any]:
    """What was done to them, and what they did."""
    return {
        "record": [
            {"at": moment(line.at), "what": line.verb, "reason": line.reason} for line in record.of_person(user)
        ],
        # Everything that they did for others (asked, muted, decided, invited) stands in the record, and so here.
        "done": [
            {"at": moment(line.at), "what": line.verb, "subject": line.subject, "reason": line.reason}
            for line in _mine(ModerationAction, ModerationAction.actor_id, user)
        ],
    }  # fmt: skip


def _at(at: datetime | None) -> str | None:
    return moment(at) if at else None


def _mine(model: Any, owner: Any, user: User) -> Sequence[Any]:
    """Return the rows of `model` that are `user`'s, oldest first."""
    return db.session.scalars(select(model).where(owner == user.id).order_by(*model.__table__.primary_key)).all()


def _edits(user: User) -> dict[int, list[CommentEdit]]:
    """Return by comment what `user` had written there before: one question for all, however many they are."""
    found: dict[int, list[CommentEdit]] = {}
    mine = select(CommentEdit).join(Comment, Comment.id == CommentEdit.comment_id).where(Comment.author_id == user.id)
    for edit in db.session.scalars(mine.order_by(CommentEdit.id)):
        found.setdefault(edit.comment_id, []).append(edit)
    return found


def _comment(comment: Comment, place: str, edits: Sequence[CommentEdit]) -> dict[str, Any]:
    return {
        "address": f"{place}/c/{comment.id}",
        "question": comment.question.number if comment.question else None,
        "text": comment.source,
        "state": comment.state.value,
        "at": moment(comment.posted_at),
        "before": [{"text": edit.source, "until": moment(edit.replaced_at)} for edit in edits],
    }
