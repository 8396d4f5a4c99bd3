"""Measures against a person: the end of the right to write, removal, suspension, and what they say against it.

Every function runs inside `writing()`. Each measure tells its person what happened, why, until when and how to object.
"""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import or_, select

from forum import access, clock
from forum.actions import accounts
from forum.actions.drafting import clean
from forum.actions.moderation import checked_reason, require_below, write_down
from forum.database import db
from forum.live import log
from forum.models import Audience, Discussion, Mute, SiteRole, User
from forum.notify import letters
from forum.refusals import Refused, invalid, unknown

LONGEST_OBJECTION = 500
_LONGEST_HOURS = 366 * 24
# Ends that lie no further apart are one end: that of a second press, or of two hosts who press together.
_SAME_END = timedelta(minutes=1)


def mute(
    actor: User, discussion: Discussion, person: User, reason: str, hours: int | None = None, *, removal: bool = False
) -> Mute:
    """End the right of `person` to write in `discussion`, for `hours` or until it is lifted; they may still read.

    A removal also takes from them what a seat lets them see. The same again changes nothing. A longer term, or a
    removal, takes the place of what is in force, with what its person says against it, and never makes it end earlier.
    Raises Refused (not theirs; invalid: reason, hours; 409 for hosts, moderators and whoever runs the discussion, and
    measured where a harder measure is in force).
    """
    access.require(actor, "person.mute", discussion)
    reason, until = checked_reason(reason), _until(hours)
    log.lock(discussion)
    earlier = access.mute_of(person, discussion)
    if earlier is not None:
        is_harder, is_longer = removal and not earlier.is_removal, _is_later(until, earlier.until)
        is_milder = _is_later(earlier.until, until) or (is_longer and earlier.is_removal and not removal)
        if is_milder and not is_harder:
            raise _measured(person)
        if not is_harder and not is_longer:
            return earlier
        until = until if is_longer else earlier.until
    require_below(actor, discussion, person)
    if earlier is not None:
        earlier.lifted_at = clock.now()
    muted = Mute(
        discussion_id=discussion.id, user_id=person.id, reason=reason, by_id=actor.id, at=clock.now(), until=until,
        is_removal=removal, objection=earlier.objection if earlier else "", lifted_at=None,
    )  # fmt: skip
    db.session.add(muted)
    verb = "person.removed" if removal else "person.muted"
    after = {"until": until.isoformat() if until else ""}
    write_down(actor, discussion, verb, "user", person.id, reason=reason, after=after)
    log.record(discussion, "person.muted", person.id, Audience.person(person.id))
    _tell(person, "removed" if removal else "muted", f"/d/{discussion.slug}/objection", discussion, reason, until)
    return muted


def unmute(actor: User, discussion: Discussion, person: User) -> None:
    """Give `person` back the right to write. Raises Refused (not theirs)."""
    access.require(actor, "person.mute", discussion)
    log.lock(discussion)
    muted = access.mute_of(person, discussion)
    if muted is None:
        return
    muted.lifted_at = clock.now()
    write_down(actor, discussion, "person.unmuted", "user", person.id)
    log.record(discussion, "person.unmuted", person.id, Audience.person(person.id))


def mutes(actor: User | None, discussion: Discussion) -> list[tuple[Mute, User]]:
    """Return the measures in force with their people, newest first. Raises Refused (not theirs)."""
    access.require(actor, "record.read", discussion)
    rows = db.session.execute(
        select(Mute, User)
        .join(User, User.id == Mute.user_id)
        .where(
            Mute.discussion_id == discussion.id,
            Mute.lifted_at.is_(None),
            or_(Mute.until.is_(None), Mute.until > clock.now()),
        )
        .order_by(Mute.id.desc())
    )
    return [(row[0], row[1]) for row in rows]


def find(discussion: Discussion, user_id: int) -> User:
    """Return somebody who may not write here. Raises Refused (404): anybody else is as unknown as nobody."""
    person = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    if person is None or access.mute_of(person, discussion) is None:
        raise unknown()
    return person


def object_to(person: User, discussion: Discussion, words: str) -> Mute:
    """Let the hosts read what `person` says against their measure, in place of what they said before.

    The same words again change nothing.
    Raises Refused (404 without a measure, invalid: objection).
    """
    muted = access.mute_of(person, discussion)
    if muted is None:
        raise unknown()
    said = _objection(words)
    if said == muted.objection:
        return muted
    muted.objection = said
    log.record(discussion, "run.changed", person.id, Audience.HOSTS)
    return muted


def suspend(actor: User, person: User, reason: str, hours: int | None = None) -> None:
    """End the right of `person` to write anywhere on the site, for `hours` or until it is lifted.

    Again changes nothing. Raises Refused (404 for who is no administrator; 409 for administrators; invalid).
    """
    access.require_administrator(actor)
    reason, until = checked_reason(reason), _until(hours)
    is_suspended = _is_suspended(person)
    if person.role is SiteRole.ADMINISTRATOR:
        raise Refused("staff", _("An administrator cannot be suspended. Take that role from them first."), 409)
    if is_suspended:
        return
    person.suspended_at, person.suspended_until = clock.now(), until
    person.suspension_reason, person.suspension_objection = reason, ""
    after = {"until": until.isoformat() if until else ""}
    write_down(actor, None, "person.suspended", "user", person.id, reason=reason, after=after)
    _tell(person, "suspended", "/account", None, reason, until)


def lift(actor: User, person: User) -> None:
    """End a suspension; without one nothing changes. Raises Refused (404 for who is no administrator)."""
    access.require_administrator(actor)
    if _is_suspended(person):
        person.suspended_at = person.suspended_until = None
        person.suspension_reason = person.suspension_objection = ""
        write_down(actor, None, "person.lifted", "user", person.id)


def _is_suspended(person: User) -> bool:
    """Whether `person` is suspended now, once whoever else is about to change that has ended."""
    db.session.refresh(person, with_for_update={"key_share": True})
    return person.is_suspended(clock.now())


def object_to_suspension(person: User, words: str) -> None:
    """Let administrators read what `person` says against their suspension.

    Raises Refused (404 without one, invalid).
    """
    if not person.is_suspended(clock.now()):
        raise unknown()
    person.suspension_objection = _objection(words)


def _tell(
    person: User, kind: str, path: str, discussion: Discussion | None, reason: str, until: datetime | None
) -> None:
    if (discussion is not None and discussion.is_rehearsal) or accounts.has_left(person):
        return  # who has left has no address, and nobody writes to it
    facts = {"title": discussion.title if discussion else "", "reason": reason, "until": until}
    letters.write(person.email, kind, path, facts=facts, language=discussion.language if discussion else "")


def _until(hours: int | None) -> datetime | None:
    if hours is not None and not 1 <= hours <= _LONGEST_HOURS:
        raise invalid(hours=_("Give whole hours, from 1 to a year, or leave this empty for no end."))
    return clock.now() + timedelta(hours=hours) if hours is not None else None


def _measured(person: User) -> Refused:
    name = person.name
    words = _("A harder measure against %(name)s is in force here. Lift it first if you want another.", name=name)
    return Refused("measured", words, 409)


def _is_later(end: datetime | None, other: datetime | None) -> bool:
    """Whether `end` comes after `other`; None comes last."""
    return other is not None and (end is None or end > other + _SAME_END)


def _objection(words: str) -> str:
    faults: dict[str, str] = {}
    words = clean(faults, "objection", words, LONGEST_OBJECTION, required=True, lines=True)
    if faults:
        raise invalid(**faults)
    return words
