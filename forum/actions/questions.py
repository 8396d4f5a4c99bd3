"""Writing, ordering and asking the numbered questions. Every function runs inside `writing()`."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from forum import access, clock
from forum.actions import dates, merging, openings
from forum.actions.drafting import clean
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Audience, Discussion, Question, QuestionsShown, QuestionState, User
from forum.refusals import Refused, invalid, unknown

_MOST_QUESTIONS = 100
LONGEST_MINUTES = 366 * 24 * 60


@dataclass(frozen=True)
class QuestionDraft:
    """A question as its host wrote it; offset (after the start) and length are whole minutes, or None.

    At `opens_at` (aware) the clock asks it by itself. A spare is ready if there is time, and never next by itself.
    """

    text: str
    planned_offset_minutes: int | None = None
    length_minutes: int | None = None
    is_spare: bool = False
    opens_at: datetime | None = None

    def checked(self) -> "QuestionDraft":
        """Return it cleaned. Raises Refused (invalid) naming each field at fault."""
        faults: dict[str, str] = {}
        cleaned = clean(faults, "text", self.text, 1000, required=True, lines=True)
        for field, least in (("planned_offset_minutes", 0), ("length_minutes", 1)):
            minutes = getattr(self, field)
            if minutes is not None and not least <= minutes <= LONGEST_MINUTES:
                faults[field] = _("Give whole minutes, %(least)s or more, or leave this empty.", least=least)
        if self.is_spare and self.opens_at is not None:
            faults["opens_at"] = _("A spare is asked by hand. Take its date away, or say that it is no spare.")
        if faults:
            raise Refused("invalid", _("Some fields need another look."), 422, fields=faults)
        return replace(self, text=cleaned)


def write(actor: User, discussion: Discussion, draft: QuestionDraft, key: str = "") -> Question:
    """Add a question at the end of the run sheet; the same `key` again returns the question it added the first time.

    Raises Refused (not theirs, closed, invalid).
    """
    access.require(actor, "question.write", discussion)
    log.lock(discussion)
    db.session.expire(discussion, ["questions"])
    if key and (before := next((q for q in discussion.questions if q.key == key), None)) is not None:
        return before
    draft = draft.checked()
    dates.require_fit(discussion, draft.opens_at)
    if len(discussion.questions) >= _MOST_QUESTIONS:
        raise invalid(
            text=_(
                "A discussion has %(most_questions)s questions at most. Remove one first.",
                most_questions=_MOST_QUESTIONS,
            )
        )
    question = Question(
        discussion_id=discussion.id,
        position=1 + max((q.position for q in discussion.questions), default=0),
        text=draft.text,
        planned_offset_minutes=draft.planned_offset_minutes,
        length_minutes=draft.length_minutes,
        is_spare=draft.is_spare,
        opens_at=draft.opens_at,
        state=QuestionState.DRAFT,
        key=key or None,
    )
    discussion.questions.append(question)
    db.session.flush()
    _reorder(discussion)
    _note(actor, question, "question.written", after={"text": draft.text})
    return question


def find(discussion: Discussion, question_id: int) -> Question:
    """Return a question of this discussion. Raises Refused (404) for another's, as for one that does not exist."""
    question = next((q for q in discussion.questions if q.id == question_id), None)
    if question is None:
        raise unknown()
    return question


def said(question: Question | QuestionDraft, zone: str) -> dict[str, str]:
    """Return what each field says, for `merging`; its moment on the clocks of `zone`."""
    told = {
        name: "" if getattr(question, name) is None else str(getattr(question, name))
        for name in ("text", "planned_offset_minutes", "length_minutes")
    }
    opens_at = question.opens_at.astimezone(ZoneInfo(zone)).replace(microsecond=0) if question.opens_at else ""
    return told | {"is_spare": "1" if question.is_spare else "", "opens_at": str(opens_at)}


def edit(actor: User, question: Question, draft: QuestionDraft, seen: str = "") -> Question:
    """Change a question's words and plan, also after it was asked.

    With `seen`, the marks of what the form showed, fields that only somebody else has changed meanwhile stay theirs.
    Raises Refused (not theirs, closed, invalid), Stale for fields that both have changed.
    """
    access.require(actor, "question.write", question.discussion)
    draft = draft.checked()
    log.lock_and_refresh(question)
    draft = _merged(question, draft, seen)
    before, was_coming = question.text, question.is_coming
    if not question.is_asked:
        dates.require_fit(question.discussion, draft.opens_at, question.opens_at)
        question.opens_at = draft.opens_at
    if question.is_asked and draft.text != before:
        question.corrected_at = clock.now()
    question.text = draft.text
    question.planned_offset_minutes = draft.planned_offset_minutes
    question.length_minutes = draft.length_minutes
    question.is_spare = draft.is_spare
    _reorder(question.discussion)
    _note(
        actor, question, "question.edited", before={"text": before}, after={"text": draft.text}, was_coming=was_coming
    )
    return question


def _merged(question: Question, draft: QuestionDraft, seen: str) -> QuestionDraft:
    """Return `draft` with the fields as they are now that its writer has left alone."""
    zone = question.discussion.time_zone
    wanted = said(draft, zone)
    if question.is_asked:
        del wanted["opens_at"]  # its form does not show it any more
    stay = merging.untouched(seen, said(question, zone), wanted)
    return replace(draft, **{name: getattr(question, name) for name in stay}).checked()


def move(actor: User, question: Question, position: int) -> None:
    """Put a question that is not asked yet at `position` (from 1) among those still to come; there already, it stays.

    Moments at which questions open by themselves stay with their places.
    Raises Refused (not theirs, 409 when it was asked, invalid).
    """
    access.require(actor, "question.write", question.discussion)
    discussion = question.discussion
    log.lock_and_refresh(question)
    _require_unasked(question)
    ordered = dates.run_sheet(discussion)
    coming = [q for q in ordered if not q.is_asked]
    if not 1 <= position <= len(coming):
        raise invalid(position=_("Choose a place from 1 to %(number)s.", number=len(coming)))
    if coming.index(question) == position - 1:
        return
    coming.remove(question)
    coming.insert(position - 1, question)
    for place, q in enumerate([q for q in ordered if q.is_asked] + coming, start=1):
        q.position = place
    dates.keep_in_place(coming)
    _note(actor, question, "question.moved", after={"position": position})
    db.session.expire(discussion, ["questions"])


def skip(actor: User, question: Question) -> None:
    """Leave a question out; it stays in the run sheet and can come back. Raises Refused (not theirs, asked)."""
    _switch(actor, question, QuestionState.DRAFT, QuestionState.SKIPPED, "question.skipped")


def unskip(actor: User, question: Question) -> None:
    """Put a skipped question back among those to come. Raises Refused (not theirs, asked).

    If its moment has passed meanwhile it waits for a hand: nobody wants it asked by putting it back.
    """
    _switch(actor, question, QuestionState.SKIPPED, QuestionState.DRAFT, "question.unskipped")
    if question.opens_at is not None and question.opens_at <= clock.now():
        question.opens_at = None
    _reorder(question.discussion)


def remove(actor: User, question: Question) -> None:
    """Throw away a question that was never asked. Raises Refused (not theirs, asked)."""
    access.require(actor, "question.write", question.discussion)
    log.lock_and_refresh(question)
    _require_unasked(question)
    _note(actor, question, "question.removed", before={"text": question.text})
    question.discussion.questions.remove(question)
    db.session.delete(question)


def ask(actor: User, question: Question) -> Question:
    """Ask `question`: it gets the next number and becomes the open one, the one before is closed.

    Asking again, by a second click or a second host, returns the same question and changes nothing.
    Raises Refused (not theirs, 409 when the discussion is not live or the question was skipped).
    """
    access.require(actor, "question.ask", question.discussion)
    # Two hosts, or a host and the clock, take turns; the second then sees the first one's number.
    log.lock_and_refresh(question)
    if question.is_asked:
        return question
    db.session.refresh(question.discussion)  # it may have been closed or paused while this one waited
    access.require(actor, "question.ask", question.discussion)
    if question.state is QuestionState.SKIPPED:
        raise Refused("skipped", _("This question was skipped. Put it back first."), 409)
    openings.open_now(question, actor, actor.id)
    return question


def _switch(actor: User, question: Question, come: QuestionState, go: QuestionState, kind: str) -> None:
    access.require(actor, "question.write", question.discussion)
    log.lock_and_refresh(question)
    _require_unasked(question)
    if question.state is come:
        was_coming = question.is_coming
        question.state = go
        _note(actor, question, kind, was_coming=was_coming)


def _reorder(discussion: Discussion) -> None:
    """Put what opens by itself in the order of its moments."""
    db.session.flush()
    dates.put_in_order(discussion)
    db.session.flush()
    db.session.expire(discussion, ["questions"])


def _require_unasked(question: Question) -> None:
    if question.is_asked:
        raise Refused("asked", _("Q%(number)s is already asked, so its place is fixed.", number=question.number), 409)


def _note(
    actor: User,
    question: Question,
    kind: str,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    *,
    was_coming: bool = False,
) -> None:
    write_down(actor, question.discussion, kind, "question", question.id, before=before, after=after)
    log.record(question.discussion, kind, question.id, _audience(question, was_coming=was_coming))


def _audience(question: Question, *, was_coming: bool) -> str:
    """Return who hears that `question` has changed: readers only if they see something of it, now or before.

    The green room shows all that are to come. Else anybody could count what is in preparation, and see hosts at work.
    """
    if question.is_asked:
        return Audience.EVERYONE
    discussion = question.discussion
    db.session.refresh(discussion, ["questions_shown"])  # whoever has changed that meanwhile has told readers already
    is_seen = discussion.questions_shown is not QuestionsShown.NONE and (was_coming or question.is_coming)
    return Audience.EVERYONE if is_seen else Audience.BACKSTAGE
