"""Hosts call on one panelist, who alone hears of it; an answer ends the call. Runs inside `writing()`."""

from flask_babel import gettext as _
from sqlalchemy import select

from forum import access, clock
from forum.actions import notices
from forum.database import db
from forum.live import log
from forum.models import (
    Audience,
    CallState,
    Comment,
    CommentState,
    Discussion,
    PanelCall,
    Question,
    Seat,
    SeatRole,
    User,
)
from forum.refusals import Refused, invalid, unknown


def call(actor: User, discussion: Discussion, person_id: int | None, about: Question | Comment) -> PanelCall:
    """Call on a panelist to answer a question that is asked, or a comment. The same call again is the same call.

    Raises Refused (not theirs; invalid: panelist, question, comment).
    """
    access.require(actor, "panelist.call", discussion)
    seat = _panelist(discussion, person_id)
    if isinstance(about, Question) and not about.is_asked:
        raise invalid(question=_("This question is not asked yet. Ask it first, then call on somebody."))
    if isinstance(about, Comment) and (about.state is not CommentState.PUBLISHED or about.author_id == seat.user_id):
        raise invalid(comment=_("Choose a comment that readers can see, and that is somebody else's."))
    question, comment = (about, None) if isinstance(about, Question) else (None, about)
    # Of two hosts who call at once, the second finds the call of the first.
    log.lock(discussion)
    same = select(PanelCall).where(
        PanelCall.discussion_id == discussion.id,
        PanelCall.user_id == seat.user_id,
        PanelCall.state == CallState.OPEN,
        PanelCall.question_id == (question.id if question else None),
        PanelCall.comment_id == (comment.id if comment else None),
    )
    if (earlier := db.session.scalar(same)) is not None:
        return earlier
    made = PanelCall(
        discussion_id=discussion.id,
        user_id=seat.user_id,
        by_id=actor.id,
        question_id=question.id if question else None,
        comment_id=comment.id if comment else None,
        state=CallState.OPEN,
        at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    _tell(discussion, made)
    notices.of_call(made, discussion)
    return made


def withdraw(actor: User, discussion: Discussion, call_id: int) -> None:
    """Take a call back. Raises Refused (not theirs, 404)."""
    access.require(actor, "panelist.call", discussion)
    _end(discussion, _find(discussion, call_id), CallState.WITHDRAWN)


def decline(panelist: User, discussion: Discussion, call_id: int) -> None:
    """Let the hosts know that `panelist` passes. Raises Refused (404 for a call to anybody else)."""
    access.require(panelist, "backstage.write", discussion)
    made = _find(discussion, call_id)
    if made.user_id != panelist.id:
        raise unknown()
    _end(discussion, made, CallState.PASSED)


def note_answer(comment: Comment) -> None:
    """End the calls that `comment`, just posted, answers. Most writers sit nowhere, and cost no query here."""
    discussion = comment.discussion
    seat = next((seat for seat in discussion.seats if seat.user_id == comment.author_id), None)
    if seat is None or seat.role is not SeatRole.PANELIST:
        return
    for made in open_calls(discussion, seat.user_id):
        answers_question = made.question_id is not None and made.question_id == comment.question_id
        answers_comment = made.comment_id is not None and made.comment_id == comment.reply_to_id
        if answers_question or answers_comment:
            _end(discussion, made, CallState.ANSWERED)


def follow(comment: Comment) -> None:
    """Let those who are called on for `comment` look again at what waits for them: its words stood there, or do now."""
    for made in open_calls(comment.discussion):
        if made.comment_id == comment.id:
            _tell(comment.discussion, made)


def follow_writer(discussion: Discussion, writer: User) -> None:
    """The same for all comments here of `writer`, who leaves and takes their words with them."""
    for made in open_calls(discussion):
        if made.comment is not None and made.comment.author_id == writer.id:
            _tell(discussion, made)


def open_calls(discussion: Discussion, user_id: int | None = None) -> list[PanelCall]:
    """Return the calls that stand, oldest first: of one panelist, or of all."""
    found = select(PanelCall).where(PanelCall.discussion_id == discussion.id, PanelCall.state == CallState.OPEN)
    if user_id is not None:
        found = found.where(PanelCall.user_id == user_id)
    return list(db.session.scalars(found.order_by(PanelCall.id)))


def _panelist(discussion: Discussion, person_id: int | None) -> Seat:
    for seat in discussion.seats:
        if seat.user_id == person_id and seat.role is SeatRole.PANELIST:
            return seat
    raise invalid(panelist=_("Choose somebody of the panel."))


def _find(discussion: Discussion, call_id: int) -> PanelCall:
    made = db.session.get(PanelCall, call_id) if 0 < call_id < 2**31 else None
    if made is None or made.discussion_id != discussion.id:
        raise unknown()
    return made


def _end(discussion: Discussion, made: PanelCall, state: CallState) -> None:
    if made.state is not CallState.OPEN:
        return
    made.state = state
    _tell(discussion, made)


def _tell(discussion: Discussion, made: PanelCall) -> None:
    """The panelist hears of it; a host's console sees that the log has grown, and looks."""
    db.session.flush()
    log.record(discussion, "call.changed", made.id, Audience.person(made.user_id))


def require_about(question: Question | None, comment: Comment | None) -> Question | Comment:
    """Return what a call is about. Raises Refused (invalid) when it is about nothing, or about two things."""
    about = question or comment
    if about is None or (question and comment):
        raise Refused("invalid", _("Say what the panelist should answer: a question or a comment."), 422)
    return about
