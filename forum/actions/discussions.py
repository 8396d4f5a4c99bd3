"""Discussions: made, and changed in their words, times and settings. Every function runs inside `writing()`."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from forum import access, clock
from forum.actions import dates, invitations, merging, phases, slugs
from forum.actions.drafting import DiscussionDraft
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Discussion, Phase, User, Visibility
from forum.refusals import Stale, invalid

_TEXTS = (
    "title", "slug", "hosted_by", "intro", "editors_note", "related_url", "related_title", "hero", "hero_credit",
    "hero_alt",
)  # fmt: skip
_APART = (*_TEXTS, "visibility", "questions_shown", "late_minutes", "digests", "language")


def create(organiser: User, draft: DiscussionDraft, key: str = "") -> Discussion:
    """Make a new discussion, a draft that only its staff know of, and return it.

    The same `key` of the same organiser again returns what it made the first time.
    Raises Refused (404 for who may not organise; invalid with the fields at fault, also for a slug in use).
    """
    access.require_create(organiser)
    if (before := made_before(organiser, key)) is not None:
        return before
    columns = draft.columns()
    slugs.require_free(draft.slug)
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
    Before it has begun, the moments at which its questions open move with its start. A rehearsal stays by invitation.
    Raises Refused (not theirs, invalid), Stale for fields that both have changed.
    """
    access.require(actor, "discussion.edit", discussion)
    log.lock_and_refresh(discussion)
    if discussion.is_rehearsal:
        draft = replace(draft, visibility=Visibility.INVITED)
    columns = _merged(discussion, draft, seen).columns()
    draft = replace(draft, slug=str(columns["slug"]), ends_at=cast(datetime, columns["ends_at"]))
    slugs.require_free(draft.slug, discussion)
    before = {name: getattr(discussion, name) for name in columns}
    # The clock may already have opened or closed it: keep that step, so that new times cannot undo it unseen.
    phases.settle(discussion)
    # The form knows seconds; “Extend” counts from the very moment.
    moved = draft.ends_at.replace(microsecond=0) != discussion.ends_at.replace(microsecond=0)
    if discussion.phase is Phase.CLOSED and moved and draft.ends_at > clock.now():
        raise invalid(ends_at=_("This discussion is closed. You can reopen it with “Open again” in the console."))
    starts_at = cast(datetime, columns["starts_at"])
    if discussion.phase in {Phase.LIVE, Phase.PAUSED} and discussion.starts_at != starts_at > clock.now():
        raise invalid(
            starts_at=_(
                "This discussion has begun, so it cannot begin later. To hold it at another time, close it in the "
                "console and make another like it. To let it last longer, change its end."
            )
        )
    start, zone, has_usual = discussion.starts_at, discussion.time_zone, discussion.has_usual_silence
    for name, value in columns.items():
        setattr(discussion, name, value)
    if has_usual:
        discussion.silence_minutes = discussion.usual_silence
    if discussion.phase in {Phase.DRAFT, Phase.ANNOUNCED}:
        dates.move_along(discussion, start, zone)
    invitations.move_along(discussion)
    if before["slug"] != discussion.slug:
        slugs.keep_old(discussion, str(before["slug"]))
    if discussion.phase is Phase.CLOSED:
        if discussion.closed_at == before["ends_at"]:
            # It was not closed early, so a later end that a host gives it (an import's was wrong) is when it ended.
            discussion.closed_at = max(before["ends_at"], discussion.ends_at)
        discussion.late_until = phases.still_late_until(discussion, discussion.closed_at or discussion.ends_at)
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
