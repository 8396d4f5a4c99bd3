"""From phase to phase: published, opened, paused, closed and opened again, by a host or by the clock.

Every function runs inside `writing()`.
"""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import ColumnElement, or_, select

from forum import access, clock
from forum.actions import invitations
from forum.actions.drafting import LONGEST
from forum.actions.moderation import write_down
from forum.database import claims, db
from forum.live import log
from forum.models import CalledOff, Discussion, Phase, User, Visibility
from forum.models.discussion import STEPS
from forum.refusals import Refused, invalid

_WRONG_STEP = {
    Phase.DRAFT: lazy("This discussion is a draft now, so this cannot be done. Load the page again."),
    Phase.ANNOUNCED: lazy("This discussion is announced now, so this cannot be done. Load the page again."),
    Phase.LIVE: lazy("This discussion is live now, so this cannot be done. Load the page again."),
    Phase.PAUSED: lazy("This discussion is paused now, so this cannot be done. Load the page again."),
    Phase.CLOSED: lazy("This discussion is closed now, so this cannot be done. Load the page again."),
}
_LONGEST_EXTENSION = 31 * 24 * 60
# What `due` looks for; the clock asks it again and again, so it is put together once.
DUE = select(Discussion.id).where(
    or_(
        (Discussion.phase == Phase.ANNOUNCED) & (Discussion.starts_at <= clock.moment()),
        Discussion.phase.in_([Phase.LIVE, Phase.PAUSED]) & (Discussion.ends_at <= clock.moment()),
        Discussion.late_until <= clock.moment(),
    )
)


def publish(actor: User, discussion: Discussion) -> None:
    """Announce a draft: from now on readers know of it. Raises Refused (not theirs, already published, over)."""
    access.require(actor, "discussion.publish", discussion)
    if clock.now() >= discussion.ends_at:
        raise invalid(ends_at=_("The end lies in the past. Set a new time before you publish."))
    _step(discussion, Phase.ANNOUNCED, "discussion.published", actor)
    if (off := db.session.get(CalledOff, discussion.id)) is not None:
        db.session.delete(off)


def withdraw(actor: User, discussion: Discussion) -> None:
    """Make an announced discussion a draft again. Raises Refused (not theirs, already begun)."""
    access.require(actor, "discussion.withdraw", discussion)
    if _step(discussion, Phase.DRAFT, "discussion.withdrawn", actor):
        _call_off(discussion)


def open_now(actor: User, discussion: Discussion) -> None:
    """Open `discussion` before its time, which is its start from then on: so it was held.

    What is planned by minutes moves along; what opens at a date of its own keeps that.

    Raises Refused (not theirs, 409 when it is not announced).
    """
    access.require(actor, "discussion.open", discussion)
    _step(discussion, Phase.LIVE, "discussion.opened", actor)


def pause(actor: User, discussion: Discussion) -> None:
    """Stop comments for a while. Raises Refused (not theirs, 409 when it is not live)."""
    access.require(actor, "discussion.pause", discussion)
    settle(discussion)
    _step(discussion, Phase.PAUSED, "discussion.paused", actor)


def resume(actor: User, discussion: Discussion) -> None:
    """Go on after a pause. Raises Refused (not theirs, 409 when it is not paused)."""
    access.require(actor, "discussion.resume", discussion)
    _step(discussion, Phase.LIVE, "discussion.resumed", actor)


def extend(
    actor: User, discussion: Discussion, minutes: int, seen: datetime | None = None, *, reopens: bool | None = None
) -> bool:
    """Move the end of `discussion` by `minutes` (from now, if it has ended: that reopens it).

    With `seen`, the end that the host's page showed, a second press, or a second host, whose page still shows the old
    end changes nothing. `reopens` says whether that page offered to open the discussion again; None is either.
    Returns whether the end now lies where this press wanted it. Raises Refused (not theirs, invalid for less than one
    minute or more than a month, 409 when closed meanwhile).
    """
    access.require(actor, "discussion.extend", discussion)
    if not 1 <= minutes <= _LONGEST_EXTENSION:
        raise invalid(minutes=_("Extend by 1 minute to 31 days."))
    log.lock_and_refresh(discussion)
    settle(discussion)
    if reopens is False and discussion.phase is Phase.CLOSED:
        raise Refused("closed", _("The discussion has been closed meanwhile. To go on, open it again."), 409)
    if seen is not None and seen != discussion.ends_at:
        return discussion.ends_at - seen == timedelta(minutes=minutes)
    before = discussion.ends_at
    discussion.ends_at = _end_after(discussion, minutes)
    invitations.move_along(discussion)
    if discussion.phase is Phase.CLOSED:
        if discussion.ends_at <= discussion.starts_at:
            # It was held before its planned time, by a version that kept that as its start, and no calendar takes an
            # end before the beginning.
            discussion.starts_at = discussion.opened_at or clock.now()
        discussion.phase = Phase.LIVE
        discussion.closed_at = discussion.late_until = None
    write_down(
        actor,
        discussion,
        "discussion.extend",
        "discussion",
        discussion.id,
        before={"ends_at": before.isoformat()},
        after={"ends_at": discussion.ends_at.isoformat()},
    )
    log.record(discussion, "discussion.extended", discussion.id)
    return True


def _end_after(discussion: Discussion, minutes: int) -> datetime:
    """Return the end that `minutes` more give. Raises Refused (invalid) for one that no edit and no file would take."""
    now = clock.now()
    end = (now if discussion.phase is Phase.CLOSED else max(discussion.ends_at, now)) + timedelta(minutes=minutes)
    if end - discussion.starts_at > LONGEST:
        raise invalid(
            minutes=_("A discussion lasts a year at most, and this one began before that. Make a new one like it.")
        )
    return end


def close(actor: User, discussion: Discussion) -> None:
    """End `discussion` now. Raises Refused (not theirs, 409 when it is not under way)."""
    access.require(actor, "discussion.close", discussion)
    settle(discussion)
    _step(discussion, Phase.CLOSED, "discussion.closed", actor)


def due() -> list[int]:
    """Return the ids of discussions that the clock should open or close now: one cheap read, no lock."""
    return list(db.session.scalars(DUE))


def take_steps(discussion_id: int) -> bool:
    """Open or close what is due, once, whichever process comes first; return whether it was this call."""
    discussion = db.session.get(Discussion, discussion_id)
    return discussion is not None and settle(discussion)


def settle(discussion: Discussion) -> bool:
    """Write the steps that the clock has already made; return whether there was one.

    The UPDATE repeats on the row what the step was made of, so of two processes only one makes it and records it, and
    none does where somebody has moved its time since it was read.
    """
    now = clock.now()
    settled = False
    if discussion.phase is Phase.ANNOUNCED and now >= discussion.starts_at:
        same_start = Discussion.starts_at == discussion.starts_at
        settled |= _step(discussion, Phase.LIVE, "discussion.opened", None, same_start)
    if discussion.phase in {Phase.LIVE, Phase.PAUSED} and now >= discussion.ends_at:
        same_end = Discussion.ends_at == discussion.ends_at
        same_late = Discussion.late_minutes == discussion.late_minutes
        settled |= _step(discussion, Phase.CLOSED, "discussion.closed", None, same_end, same_late)
    if discussion.late_until is not None and now >= discussion.late_until:
        settled |= _end_late(discussion)
    return settled


def _late_until(discussion: Discussion, end: datetime) -> datetime | None:
    """Return until when late comments are taken after `end`; None when none are."""
    return end + timedelta(minutes=discussion.late_minutes) if discussion.late_minutes else None


def still_late_until(discussion: Discussion, end: datetime) -> datetime | None:
    """Return until when late comments are taken after an `end` that may lie long ago; None when none are now."""
    until = _late_until(discussion, end)
    return until if until is not None and until > clock.now() else None


def _end_late(discussion: Discussion) -> bool:
    """Take late comments no longer, once, and tell open pages; return whether this call was the one."""
    is_first = claims(discussion, Discussion.late_until == discussion.late_until, late_until=None)
    db.session.refresh(discussion)
    if is_first:
        log.record(discussion, "discussion.late_over", discussion.id)
    return is_first


def _step(discussion: Discussion, to: Phase, kind: str, actor: User | None, *still: ColumnElement[bool]) -> bool:
    """Take one step of the phase, if `still` holds of the row, record it, and return whether this call took it."""
    before, has_usual = discussion.phase, discussion.has_usual_silence
    if to not in STEPS[before]:
        raise Refused(
            "wrong_phase",
            _WRONG_STEP[before],
            409,
        )
    values: dict[str, object] = {"phase": to}
    plan: dict[str, str] = {}
    if to is Phase.LIVE and discussion.opened_at is None:
        begin = values["opened_at"] = clock.now() if actor else discussion.starts_at
        if begin < discussion.starts_at:
            plan = {"starts_at": discussion.starts_at.isoformat()}
            values["starts_at"] = begin.replace(microsecond=0)
    if to is Phase.CLOSED:
        end = values["closed_at"] = clock.now() if actor else discussion.ends_at
        values["late_until"] = _late_until(discussion, end)
    is_first = claims(discussion, Discussion.phase == before, *still, **values)
    db.session.refresh(discussion)
    if not is_first:
        return False
    if plan and has_usual:
        discussion.silence_minutes = discussion.usual_silence  # it may run for days by that
    write_down(
        actor,
        discussion,
        kind,
        "discussion",
        discussion.id,
        before={"phase": before.value} | plan,
        after={"phase": to.value} | {name: getattr(discussion, name).isoformat() for name in plan},
    )
    log.record(discussion, kind, discussion.id)
    return True


def _call_off(discussion: Discussion) -> None:
    """Keep what calendars and those who come have of it, so that they can be told."""
    db.session.merge(
        CalledOff(
            discussion_id=discussion.id,
            slug="" if discussion.visibility is Visibility.INVITED else discussion.slug,
            title=discussion.title,
            starts_at=discussion.starts_at,
            ends_at=discussion.ends_at,
            at=clock.now(),
            sequence=discussion.last_seq,
            is_listed=discussion.visibility is Visibility.PUBLIC,
        )
    )
