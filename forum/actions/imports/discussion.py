"""The discussion itself, as a discussion file describes it: its words, times and settings, and the phase it is in."""

import secrets
from typing import Any

from forum import clock
from forum.actions import phases, slugs
from forum.actions.drafting import DiscussionDraft
from forum.actions.imports.summaries import summed_up
from forum.archive.discussion_file import DiscussionFile
from forum.archive.lines import Path
from forum.database import db
from forum.models import Digests, Discussion, Phase, QuestionsShown, User, Visibility
from forum.refusals import Refused

# Where a draft's field stands in the file.
_PLACES: dict[str, Path] = {
    "related_url": ("related_link", "url"),
    "related_title": ("related_link", "title"),
    "hero": ("hero", "picture"),
    "hero_credit": ("hero", "credit"),
    "hero_alt": ("hero", "alt"),
}


def make(file: DiscussionFile, owner: User | None) -> Discussion:
    """Make the discussion of `file`, a draft without seats and questions. Raises FileFaults."""
    values = file.values
    draft = _draft(values)
    columns: dict[str, Any] = {}
    try:
        columns = draft.columns()
    except Refused as refusal:
        for name, words in refusal.fields.items():
            file.fault(_PLACES.get(name, (name,)), words)
    if not file.faults and slugs.is_taken(draft.slug):
        file.fault(("slug",), "is taken by another discussion here. Choose a different one.")
    file.refuse()
    discussion = Discussion(
        **columns,
        **summed_up(file, (), values),
        phase=Phase.DRAFT,
        owner_id=owner.id if owner else None,
        epoch=secrets.token_hex(8),
        last_seq=0,
        created_at=clock.now(),
    )
    discussion.silence_minutes = discussion.usual_silence
    db.session.add(discussion)
    db.session.flush()
    return discussion


def _draft(values: dict[str, Any]) -> DiscussionDraft:
    return DiscussionDraft(
        title=values["title"],
        slug=values["slug"],
        hosted_by=values["hosted_by"],
        intro=values["intro"],
        editors_note=values["editors_note"],
        related_url=values["related_link"]["url"],
        related_title=values["related_link"]["title"],
        hero=values["hero"]["picture"],
        hero_credit=values["hero"]["credit"],
        hero_alt=values["hero"]["alt"],
        time_zone=values["time_zone"],
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
        visibility=Visibility(values["visibility"]),
        questions_shown=QuestionsShown(values["questions_shown"]),
        late_minutes=values["late_minutes"],
        digests=Digests(values["digests"]),
        language=values["language"],
    )


def take_steps(discussion: Discussion) -> None:
    """Publish `discussion`, and open and close it if its times have passed."""
    now = clock.now()
    discussion.phase = Phase.ANNOUNCED
    if now >= discussion.starts_at:
        discussion.opened_at = discussion.starts_at
        discussion.phase = Phase.LIVE
    if now >= discussion.ends_at:
        discussion.closed_at = discussion.ends_at
        discussion.phase = Phase.CLOSED
        discussion.late_until = phases.still_late_until(discussion, discussion.ends_at)
