"""Keeping the time of an event: a question made longer, the rest of the plan moved, an alarm for silence.

Readers see nothing of it; the other hosts do, at once. Every function runs inside `writing()`.
"""

from flask_babel import gettext as _

from forum import access, clock
from forum.actions.moderation import write_down
from forum.actions.questions import LONGEST_MINUTES
from forum.live import log
from forum.models import Audience, Discussion, Question, QuestionState, User
from forum.refusals import Refused, invalid

LONGEST_STEP = 31 * 24 * 60


def lengthen(actor: User, question: Question, minutes: int, seen: int | None) -> bool:
    """Give the open question `minutes` more than `seen`, the length that the host's page showed (None: no plan).

    A second press, or a second host, whose page still shows the old length changes nothing.
    Returns whether it now is as long as this press wanted it. Raises Refused (not theirs, 409 when another one is open
    by now, invalid).
    """
    discussion = question.discussion
    access.require(actor, "question.write", discussion)
    if not 1 <= minutes <= LONGEST_STEP:
        raise invalid(minutes=_("Give 1 to %(longest_step)s minutes.", longest_step=LONGEST_STEP))
    log.lock_and_refresh(question)
    if question.state is not QuestionState.OPEN:
        raise Refused("not_open", _("Another question is open by now, so this one was not made longer."), 409)
    if question.length_minutes != seen:
        return seen is not None and question.length_minutes == seen + minutes
    # Without a plan it has lasted as long as it has.
    lasted = int((clock.now() - (question.asked_at or clock.now())).total_seconds() // 60)
    question.length_minutes = min((lasted if seen is None else seen) + minutes, LONGEST_MINUTES)
    _note(
        actor, discussion, "question.lengthened", question.id, {"minutes": seen}, {"minutes": question.length_minutes}
    )
    return True


def shift(actor: User, discussion: Discussion, minutes: int, seen: int) -> bool:
    """Move the planned times of the questions to come by `minutes`.

    Only if the next is still planned `seen` minutes after the start: two hosts who press together move them once.
    Returns whether it now is planned as this press wanted it.
    Raises Refused (not theirs, invalid, 409 without a plan).
    """
    access.require(actor, "question.write", discussion)
    if not minutes or abs(minutes) > LONGEST_STEP:
        raise invalid(minutes=_("Give 1 to %(longest_step)s minutes.", longest_step=LONGEST_STEP))
    log.lock_and_refresh(discussion)
    # What opens at a moment of its own is never late, and was promised for then.
    coming = [
        q for q in discussion.questions if q.is_coming and q.opens_at is None and q.planned_offset_minutes is not None
    ]
    if not coming:
        raise Refused("unplanned", _("No question to come has a planned time, so there is nothing to move."), 409)
    if coming[0].planned_offset_minutes != seen:
        return coming[0].planned_offset_minutes == seen + minutes
    for question in coming:
        moved = (question.planned_offset_minutes or 0) + minutes
        question.planned_offset_minutes = min(max(0, moved), LONGEST_MINUTES)
    _note(actor, discussion, "question.shifted", coming[0].id, {}, {"minutes": minutes})
    return True


def set_silence(actor: User, discussion: Discussion, minutes: int) -> None:
    """Choose after how many minutes without a comment the console says so; 0 is never.

    Raises Refused (not theirs, invalid).
    """
    access.require(actor, "question.write", discussion)
    if not 0 <= minutes <= LONGEST_STEP:
        raise invalid(
            silence_minutes=_("Give a whole number from 0 (never) to %(longest_step)s.", longest_step=LONGEST_STEP)
        )
    before = discussion.silence_minutes
    if minutes != before:
        discussion.silence_minutes = minutes
        _note(actor, discussion, "discussion.silence", discussion.id, {"minutes": before}, {"minutes": minutes})


def _note(
    actor: User, discussion: Discussion, kind: str, subject_id: int, before: dict[str, object], after: dict[str, object]
) -> None:
    write_down(actor, discussion, kind, kind.partition(".")[0], subject_id, before=before, after=after)
    log.record(discussion, "run.changed", subject_id, Audience.HOSTS)
