"""Letters to whoever wants to come: a day before, an hour before, when it opens, and when it is moved or cancelled.

A letter and the note that it was written are one transaction, and the note is set by an UPDATE that asks for its
absence: whoever comes first writes it, so a restart, a second process or a clock that is set never doubles one.
A reminder whose time was missed by too much (the server was off) is not sent late: "in an hour" would be a lie.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from forum import access, clock
from forum.actions import rsvps
from forum.database import claims, db, unclaimed
from forum.models import CalledOff, Discussion, Phase, Rsvp, User

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# How late a reminder may still go out.
_DAY_LATE, _HOUR_LATE, _LIVE_LATE = timedelta(hours=6), timedelta(minutes=40), timedelta(minutes=20)
_AT_ONCE = 50
_ANNOUNCED = Discussion.phase == Phase.ANNOUNCED
# What `due` looks for; the clock asks it again and again, so it is put together once.
DUE = (
    select(Rsvp.id)
    .join(Discussion, Discussion.id == Rsvp.discussion_id)
    .where(
        Rsvp.confirmed_at.is_not(None),
        or_(
            and_(_ANNOUNCED, Rsvp.told_starts_at != Discussion.starts_at),
            and_(_ANNOUNCED, Rsvp.cancelled_at.is_not(None)),
            and_(Discussion.phase == Phase.DRAFT, Rsvp.cancelled_at.is_(None)),
            and_(
                _ANNOUNCED,
                Rsvp.day_at.is_(None),
                Discussion.starts_at <= clock.moment(DAY),
                Discussion.starts_at > clock.moment(DAY - _DAY_LATE),
                Rsvp.made_at < clock.moment(-HOUR),
            ),
            and_(
                _ANNOUNCED,
                Rsvp.hour_at.is_(None),
                Discussion.starts_at <= clock.moment(HOUR),
                Discussion.starts_at > clock.moment(HOUR - _HOUR_LATE),
                Rsvp.made_at < clock.moment(-timedelta(minutes=10)),
            ),
            and_(
                Discussion.phase == Phase.LIVE,
                Rsvp.live_at.is_(None),
                Discussion.opened_at > clock.moment(-_LIVE_LATE),
                Rsvp.made_at <= Discussion.opened_at,  # who said so later saw it go on
            ),
        ),
    )
    .order_by(Rsvp.id)
    .limit(_AT_ONCE)
)


def due() -> list[int]:
    """Return the ids of those who may have to be told something now: one read, no lock. `take` decides."""
    return list(db.session.scalars(DUE))


def take(ids: list[int]) -> int:
    """Write what is due to those with these `ids`, each once, and return how many letters were written."""
    # All of them are stored together at the end, as in `guest_mail.take`.
    with db.session.no_autoflush:
        return sum(_tell(rsvp) for rsvp in unclaimed(Rsvp, ids))


def _tell(rsvp: Rsvp) -> int:
    discussion, now = rsvp.discussion, clock.now()
    person = db.session.get(User, rsvp.user_id) if rsvp.user_id is not None else None
    if not _may_hear(person, discussion):
        # It has been made private meanwhile: nothing more of it reaches this person.
        db.session.delete(rsvp)
        return 0
    if discussion.phase is Phase.DRAFT:
        return _once(rsvp, Rsvp.cancelled_at, "cancelled") if rsvp.cancelled_at is None else 0
    if discussion.phase is Phase.ANNOUNCED and (
        rsvp.cancelled_at is not None or rsvp.told_starts_at != discussion.starts_at
    ):
        return _tell_moved(rsvp, now)
    ahead = discussion.starts_at - now
    if discussion.phase is Phase.LIVE:
        return _once(rsvp, Rsvp.live_at, "live") if rsvp.live_at is None else 0
    if rsvp.hour_at is None and HOUR - _HOUR_LATE < ahead <= HOUR:
        return _once(rsvp, Rsvp.hour_at, "hour")
    if rsvp.day_at is None and DAY - _DAY_LATE < ahead <= DAY:
        # A little late, the letter can come on the very day.
        return _once(rsvp, Rsvp.day_at, "today" if _is_today(rsvp, now) else "day")
    return 0


def _may_hear(person: User | None, discussion: Discussion) -> bool:
    """Whether `person` may be told of `discussion`; of what is a draft again, whether they knew of it to the last."""
    if discussion.phase is not Phase.DRAFT:
        return access.may(person, "discussion.read", discussion)
    off = db.session.get(CalledOff, discussion.id)
    return (off is not None and not off.was_private) or access.is_invited(person, discussion)


def _is_today(rsvp: Rsvp, now: datetime) -> bool:
    zone = ZoneInfo(rsvp.time_zone)
    return rsvp.discussion.starts_at.astimezone(zone).date() == now.astimezone(zone).date()


def _once(rsvp: Rsvp, note: InstrumentedAttribute[datetime | None], kind: str) -> int:
    if not claims(rsvp, note.is_(None), **{note.key: clock.now()}):
        return 0
    rsvps.write(rsvp.email, kind, rsvp)
    return 1


def _tell_moved(rsvp: Rsvp, now: datetime) -> int:
    """Tell of the new time; reminders of the old one are forgotten, so that those of the new one go out.

    What that is too late for is noted as of when they said that they come: nothing was written, and nothing is.
    """
    starts_at = rsvp.discussion.starts_at
    if not claims(
        rsvp,
        or_(Rsvp.told_starts_at != starts_at, Rsvp.cancelled_at.is_not(None)),
        told_starts_at=starts_at,
        cancelled_at=None,
        day_at=None if starts_at > now + DAY else func.coalesce(Rsvp.day_at, Rsvp.made_at),
        hour_at=None if starts_at > now + HOUR else func.coalesce(Rsvp.hour_at, Rsvp.made_at),
    ):
        return 0
    rsvps.write(rsvp.email, "moved_event", rsvp)
    return 1
