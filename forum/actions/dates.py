"""The moments at which questions open by themselves: where they may lie, and what becomes of them when plans change.

Whatever is still to be asked stands in the order of its moments. Everything runs inside `writing()`.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_datetime
from flask_babel import gettext as _
from sqlalchemy import select

from forum import clock
from forum.database import db
from forum.models import Discussion, ModerationAction, Question
from forum.refusals import invalid


def require_fit(discussion: Discussion, opens_at: datetime | None, before: datetime | None = None) -> None:
    """Raises Refused (invalid: opens_at) for a moment that never comes: over already, or not while it runs.

    One that stays as it was `before` is nobody's mistake now.
    """
    if opens_at is None or opens_at == before:
        return
    if not discussion.starts_at <= opens_at < discussion.ends_at:
        zone = discussion.time_zone
        raise invalid(
            opens_at=_(
                "The discussion runs from %(begin)s to %(end)s (%(zone)s). "
                "Choose a moment in between, or change its times first.",
                begin=_said(discussion.starts_at, zone),
                end=_said(discussion.ends_at, zone),
                zone=zone,
            )
        )
    if opens_at <= clock.now():
        raise invalid(opens_at=_("This moment is over. Choose one to come, or leave it empty and ask it by hand."))


def put_in_order(discussion: Discussion) -> None:
    """Let the questions that open by themselves change places among each other until their moments ascend."""
    dated = [q for q in run_sheet(discussion) if _is_dated(q)]
    places = [q.position for q in dated]
    for place, question in zip(places, sorted(dated, key=lambda q: (q.opens_at, q.position)), strict=True):
        question.position = place


def keep_in_place(coming: list[Question]) -> None:
    """Give the moments, as they ascend, to the questions that open by themselves in the order of `coming`.

    A host who moves a question by hand changes what is asked on which day, and not the days.
    """
    dated = [q for q in coming if _is_dated(q)]
    for question, moment in zip(dated, sorted(q.opens_at for q in dated if q.opens_at), strict=True):
        question.opens_at = moment


def run_sheet(discussion: Discussion) -> list[Question]:
    """Return all questions in their order, as they are now and not as they were read before."""
    found = select(Question).where(Question.discussion_id == discussion.id).order_by(Question.position, Question.id)
    return list(db.session.scalars(found, execution_options={"populate_existing": True}))


def moved(moment: datetime, start: datetime, zone: str, new_start: datetime, new_zone: str) -> datetime:
    """Return `moment` as far from `new_start` as it was from `start`, in days and hours on the clocks of each zone.

    So nine o'clock stays nine o'clock, also where the clocks change in between; the second half past one of the night
    in which they go back stays the second, where there are two again.
    """
    away = _on_clocks(moment, zone) - _on_clocks(start, zone)
    fold = moment.astimezone(ZoneInfo(zone)).fold
    return (_on_clocks(new_start, new_zone) + away).replace(tzinfo=ZoneInfo(new_zone), fold=fold).astimezone(UTC)


def rounded(moment: datetime) -> datetime:
    """Return the quarter of an hour next to `moment` if it has seconds: a host's hand made it, and nobody plans so."""
    if not moment.second and not moment.microsecond:
        return moment
    quarter = timedelta(minutes=15).total_seconds()
    return datetime.fromtimestamp(round(moment.timestamp() / quarter) * quarter, tz=moment.tzinfo)


def planned_start(discussion: Discussion) -> datetime:
    """Return when `discussion` was to begin, also when a host has opened it early: the record keeps that.

    Where it does not (a rehearsal, an import), a start to the second is rounded.
    """
    steps = select(ModerationAction).where(
        ModerationAction.discussion_id == discussion.id, ModerationAction.verb == "discussion.opened"
    )
    line = db.session.scalar(steps.order_by(ModerationAction.id.desc()).limit(1))
    planned = line.before.get("starts_at") if line else None
    # Times that a host has set since are the plan themselves.
    if line and planned and line.after.get("starts_at") == discussion.starts_at.isoformat():
        return datetime.fromisoformat(planned)
    return rounded(discussion.starts_at)


def planned_end(discussion: Discussion) -> datetime:
    """Return when `discussion` was to end, also when a host has let it go on longer, or opened it again days later.

    The record keeps each of these steps; an end that a host has set since is the plan itself.
    """
    steps = select(ModerationAction).where(
        ModerationAction.discussion_id == discussion.id, ModerationAction.verb == "discussion.extend"
    )
    end = discussion.ends_at
    for line in db.session.scalars(steps.order_by(ModerationAction.id.desc())):
        if line.after.get("ends_at") != end.isoformat():
            break
        end = datetime.fromisoformat(line.before["ends_at"])
    return end if end > planned_start(discussion) else discussion.ends_at


def move_along(discussion: Discussion, start: datetime, zone: str) -> None:
    """Move what opens by itself with the start of `discussion`, which was at `start` in `zone` before."""
    if (discussion.starts_at, discussion.time_zone) == (start, zone):
        return
    for question in discussion.questions:
        if question.opens_at is not None and not question.is_asked:
            question.opens_at = moved(question.opens_at, start, zone, discussion.starts_at, discussion.time_zone)


def _is_dated(question: Question) -> bool:
    return question.is_coming and question.opens_at is not None


def _said(moment: datetime, zone: str) -> str:
    return str(format_datetime(moment.astimezone(ZoneInfo(zone)), "d MMMM y, HH:mm", rebase=False))


def _on_clocks(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
