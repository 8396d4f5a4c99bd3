"""What may happen to a discussion as a whole. Every function runs inside `writing()`."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import ColumnElement, or_, select

from forum import access, clock
from forum.actions import dates, merging
from forum.actions.drafting import DiscussionDraft
from forum.actions.moderation import write_down
from forum.database import claims, db
from forum.live import log
from forum.models import CalledOff, Discussion, OldAddress, Phase, User, Visibility
from forum.models.discussion import STEPS
from forum.refusals import Refused, Stale, invalid

__all__ = ["DiscussionDraft"]

_WRONG_STEP = {
    Phase.DRAFT: lazy("This discussion is a draft now, so this cannot be done. Load the page again."),
    Phase.ANNOUNCED: lazy("This discussion is announced now, so this cannot be done. Load the page again."),
    Phase.LIVE: lazy("This discussion is live now, so this cannot be done. Load the page again."),
    Phase.PAUSED: lazy("This discussion is paused now, so this cannot be done. Load the page again."),
    Phase.CLOSED: lazy("This discussion is closed now, so this cannot be done. Load the page again."),
}
_TEXTS = (
    "title", "slug", "hosted_by", "intro", "editors_note", "related_url", "related_title", "hero", "hero_credit",
    "hero_alt",
)  # fmt: skip
_APART = (*_TEXTS, "visibility", "questions_shown", "late_minutes", "digests", "language")
_LONGEST_EXTENSION = 31 * 24 * 60
# What `due` looks for; the clock asks it again and again, so it is put together once.
DUE = select(Discussion.id).where(
    or_(
        (Discussion.phase == Phase.ANNOUNCED) & (Discussion.starts_at <= clock.moment()),
        Discussion.phase.in_([Phase.LIVE, Phase.PAUSED]) & (Discussion.ends_at <= clock.moment()),
        Discussion.late_until <= clock.moment(),
    )
)


def create(organiser: User, draft: DiscussionDraft, key: str = "") -> Discussion:
    """Make a new discussion, a draft that only its staff know of, and return it.

    The same `key` of the same organiser again returns what it made the first time.
    Raises Refused (404 for who may not organise; invalid with the fields at fault, also for a slug in use).
    """
    access.require_create(organiser)
    if (before := made_before(organiser, key)) is not None:
        return before
    columns = draft.columns()
    _require_free_slug(draft.slug, None)
    discussion = Discussion(
        **columns,
        phase=Phase.DRAFT,
        owner_id=organiser.id,
        epoch=secrets.token_hex(8),
        last_seq=0,
        created_at=clock.now(),
        key=key or None,
    )
    discussion.silence_minutes = discussion.usual_silence
    db.session.add(discussion)
    db.session.flush()
    return discussion


def made_before(organiser: User, key: str) -> Discussion | None:
    """Return what the form with this `key` has made for `organiser`, if it has.

    Whoever presses twice at two processes waits here: the second would find the address taken by the first.
    """
    if key:
        db.session.execute(select(User.id).where(User.id == organiser.id).with_for_update(key_share=True))
    return Discussion.with_key(organiser.id, key)


def said(discussion: Discussion | DiscussionDraft) -> dict[str, str]:
    """Return what each field says, for `merging`. The times go together: each is understood by the others."""
    zone = ZoneInfo(discussion.time_zone)
    begin, end = (f"{at.astimezone(zone).replace(microsecond=0)}" for at in (discussion.starts_at, discussion.ends_at))
    return {name: str(getattr(discussion, name)) for name in _APART} | {
        "starts_at": f"{begin} – {end} ({discussion.time_zone})"
    }


def edit(actor: User, discussion: Discussion, draft: DiscussionDraft, seen: str = "") -> Discussion:
    """Change the words, times and settings of `discussion` to those of `draft`.

    With `seen`, the marks of what the form showed, fields that only somebody else has changed meanwhile stay theirs.
    Before it has begun, the moments at which its questions open move with its start.
    Raises Refused (not theirs, invalid), Stale for fields that both have changed.
    """
    access.require(actor, "discussion.edit", discussion)
    log.lock_and_refresh(discussion)
    columns = _merged(discussion, draft, seen).columns()
    draft = replace(draft, slug=str(columns["slug"]), ends_at=cast(datetime, columns["ends_at"]))
    _require_free_slug(draft.slug, discussion)
    before = {name: getattr(discussion, name) for name in columns}
    # The clock may already have opened or closed it: keep that step, so that new times cannot undo it unseen.
    _settle(discussion)
    # The form knows seconds; “Extend” counts from the very moment.
    moved = draft.ends_at.replace(microsecond=0) != discussion.ends_at.replace(microsecond=0)
    if discussion.phase is Phase.CLOSED and moved and draft.ends_at > clock.now():
        raise invalid(ends_at=_("This discussion is closed. You can reopen it with “Open again” in the console."))
    start, zone, has_usual = discussion.starts_at, discussion.time_zone, discussion.has_usual_silence
    for name, value in columns.items():
        setattr(discussion, name, value)
    if has_usual:
        discussion.silence_minutes = discussion.usual_silence
    if discussion.phase in {Phase.DRAFT, Phase.ANNOUNCED}:
        dates.move_along(discussion, start, zone)
    if before["slug"] != discussion.slug:
        _keep_address(discussion, str(before["slug"]))
    if discussion.phase is Phase.CLOSED:
        discussion.late_until = still_late_until(discussion, discussion.closed_at or discussion.ends_at)
    changed = [name for name, value in columns.items() if before[name] != value and not name.endswith("_html")]
    if changed:
        write_down(actor, discussion, "discussion.edit", "discussion", discussion.id, after={"changed": changed})
        log.record(discussion, "discussion.edited", discussion.id)
    return discussion


def _merged(discussion: Discussion, draft: DiscussionDraft, seen: str) -> DiscussionDraft:
    """Return `draft` with the fields as they are now that its writer has left alone."""
    columns = draft.columns()
    wanted = said(replace(draft, **{name: columns[name] for name in _TEXTS}))  # type: ignore[arg-type]
    try:
        stay = merging.untouched(seen, said(discussion), wanted)
    except Stale as stale:
        if "hero" in stale.theirs:
            stale.theirs["hero"] = discussion.hero_alt
        raise
    names = {*stay, "time_zone", "ends_at"} if "starts_at" in stay else stay
    return replace(draft, **{name: getattr(discussion, name) for name in names})


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
    if (
        _step(discussion, Phase.DRAFT, "discussion.withdrawn", actor)
        and discussion.visibility is not Visibility.INVITED
    ):
        _call_off(discussion)


def open_now(actor: User, discussion: Discussion) -> None:
    """Open `discussion` before its time. Raises Refused (not theirs, 409 when it is not announced)."""
    access.require(actor, "discussion.open", discussion)
    _step(discussion, Phase.LIVE, "discussion.opened", actor)


def pause(actor: User, discussion: Discussion) -> None:
    """Stop comments for a while. Raises Refused (not theirs, 409 when it is not live)."""
    access.require(actor, "discussion.pause", discussion)
    _settle(discussion)
    _step(discussion, Phase.PAUSED, "discussion.paused", actor)


def resume(actor: User, discussion: Discussion) -> None:
    """Go on after a pause. Raises Refused (not theirs, 409 when it is not paused)."""
    access.require(actor, "discussion.resume", discussion)
    _step(discussion, Phase.LIVE, "discussion.resumed", actor)


def extend(actor: User, discussion: Discussion, minutes: int, seen: datetime | None = None) -> None:
    """Move the end of `discussion` by `minutes` (from now, if it has ended: that reopens it).

    With `seen`, the end that the host's page showed, a second press, or a second host, whose page still shows the old
    end changes nothing.
    Raises Refused (not theirs, invalid for less than one minute or more than a month).
    """
    access.require(actor, "discussion.extend", discussion)
    if not 1 <= minutes <= _LONGEST_EXTENSION:
        raise invalid(minutes=_("Extend by 1 minute to 31 days."))
    log.lock_and_refresh(discussion)
    _settle(discussion)
    if seen is not None and seen != discussion.ends_at:
        return
    before = discussion.ends_at
    discussion.ends_at = max(before, clock.now()) + timedelta(minutes=minutes)
    if discussion.phase is Phase.CLOSED:
        discussion.ends_at = clock.now() + timedelta(minutes=minutes)
        if discussion.ends_at <= discussion.starts_at:
            # It was held before its planned time, and no calendar takes an end before the beginning.
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


def close(actor: User, discussion: Discussion) -> None:
    """End `discussion` now. Raises Refused (not theirs, 409 when it is not under way)."""
    access.require(actor, "discussion.close", discussion)
    _settle(discussion)
    _step(discussion, Phase.CLOSED, "discussion.closed", actor)


def due() -> list[int]:
    """Return the ids of discussions that the clock should open or close now: one cheap read, no lock."""
    return list(db.session.scalars(DUE))


def take_steps(discussion_id: int) -> bool:
    """Open or close what is due, once, whichever process comes first; return whether it was this call."""
    discussion = db.session.get(Discussion, discussion_id)
    return discussion is not None and _settle(discussion)


def _settle(discussion: Discussion) -> bool:
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
    before = discussion.phase
    if to not in STEPS[before]:
        raise Refused(
            "wrong_phase",
            _WRONG_STEP[before],
            409,
        )
    values: dict[str, object] = {"phase": to}
    if to is Phase.LIVE and discussion.opened_at is None:
        values["opened_at"] = clock.now() if actor else discussion.starts_at
    if to is Phase.CLOSED:
        end = values["closed_at"] = clock.now() if actor else discussion.ends_at
        values["late_until"] = _late_until(discussion, end)
    is_first = claims(discussion, Discussion.phase == before, *still, **values)
    db.session.refresh(discussion)
    if not is_first:
        return False
    write_down(
        actor, discussion, kind, "discussion", discussion.id, before={"phase": before.value}, after={"phase": to.value}
    )
    log.record(discussion, kind, discussion.id)
    return True


def _call_off(discussion: Discussion) -> None:
    """Keep what calendars have of it, so that they can be told."""
    db.session.merge(
        CalledOff(
            discussion_id=discussion.id,
            slug=discussion.slug,
            title=discussion.title,
            starts_at=discussion.starts_at,
            ends_at=discussion.ends_at,
            at=clock.now(),
            sequence=discussion.last_seq,
            is_listed=discussion.visibility is Visibility.PUBLIC,
        )
    )


def _keep_address(discussion: Discussion, old: str) -> None:
    """Let `old` lead to `discussion` for good; an address that it takes up again leads there by itself."""
    again = db.session.get(OldAddress, discussion.slug)
    if again is not None:
        db.session.delete(again)
    db.session.add(OldAddress(slug=old, discussion_id=discussion.id))


def is_taken(slug: str) -> bool:
    """Whether the address leads to a discussion here, or did: such links are kept."""
    return Discussion.with_slug(slug) is not None or db.session.get(OldAddress, slug) is not None


def _require_free_slug(slug: str, besides: Discussion | None) -> None:
    other = Discussion.with_slug(slug)
    if other is not None and other is not besides:
        raise invalid(slug=_("Another discussion has this address. Choose a different one."))
    old = db.session.get(OldAddress, slug)
    if old is not None and (besides is None or old.discussion_id != besides.id):
        raise invalid(slug=_("This address led to another discussion before, and still does. Choose a different one."))
