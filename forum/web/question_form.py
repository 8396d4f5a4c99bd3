"""The form of a question: what it shows, and what it says when it comes back."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from flask import request

from forum.actions.questions import QuestionDraft
from forum.models import Discussion, Question
from forum.refusals import Refused
from forum.web.forms import Fields

_PLAIN = ("text", "planned_offset_minutes", "length_minutes")
_OPENING = ("opens_at_date", "opens_at_time", "opens_at_fold")
_TYPED = (*_PLAIN, "is_spare", *_OPENING)


def typed() -> dict[str, str]:
    """Return the fields of a question as they were sent."""
    return {name: request.form.get(name, "") for name in _TYPED}


def stored(question: Question | None) -> dict[str, str]:
    """Return the fields of `question` as the form shows them, its moment on the clocks of the event; of a new one."""
    values = dict.fromkeys(_TYPED, "")
    if question is None:
        return values
    for name in _PLAIN:
        kept = getattr(question, name)
        values[name] = "" if kept is None else str(kept)
    values["is_spare"] = "1" if question.is_spare else ""
    if question.opens_at is not None:
        local = question.opens_at.astimezone(ZoneInfo(question.discussion.time_zone))
        values["opens_at_date"] = f"{local:%Y-%m-%d}"
        values["opens_at_time"] = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        values["opens_at_fold"] = "second" if local.fold else "first"
    return values


def fields_of(names: Iterable[str]) -> list[str]:
    """Return the fields of the form in which these fields of a question are typed: its moment in three."""
    return [field for name in names for field in (_OPENING if name == "opens_at" else (name,))]


def draft(discussion: Discussion) -> QuestionDraft:
    """Return what the form says. Raises Refused (invalid) naming every field at fault."""
    fields = Fields()
    has_moment = any(fields.text(name).strip() for name in _OPENING[:2])
    made = QuestionDraft(
        fields.text("text"),
        fields.number("planned_offset_minutes"),
        fields.number("length_minutes"),
        bool(request.form.get("is_spare")),
        fields.moment("opens_at", discussion.time_zone) if has_moment else None,
    )
    try:
        checked = made.checked()
    except Refused as refusal:
        fields.refuse(refusal.fields)
        raise
    fields.refuse()
    return checked
