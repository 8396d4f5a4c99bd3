"""What happens to a member's comment before it is shown: slow mode, escalation, filters. No rows are changed."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import bindparam, func, select

from forum import access, clock, filters
from forum.access import Role
from forum.config import Settings
from forum.database import db
from forum.models import Cause, Comment, CommentState, Discussion, Level, Safeguards, Site, User
from forum.refusals import Refused

# Whoever has as many comments published on this site is no newcomer any more.
KNOWN_AFTER = 3

# Put together once: it runs for every comment. Of neither has there to be a row.
_SET = (
    select(Safeguards, Site)
    .select_from(Discussion)
    .outerjoin(Safeguards, Safeguards.discussion_id == Discussion.id)
    .outerjoin(Site, Site.id == 1)
    .where(Discussion.id == bindparam("of"))
)


@dataclass(frozen=True)
class Finding:
    """Why a comment is held, and the word or address that was found in it, if that is why."""

    cause: Cause
    detail: str = ""


@dataclass(frozen=True)
class Screen:
    """How the comments of one discussion are looked at in this transaction; read once for all of them."""

    discussion: Discussion
    safeguards: Safeguards
    words: tuple[str, ...]
    holds_links: bool

    @classmethod
    def of(cls, discussion: Discussion) -> Self:
        """Return what the hosts, the administrators and the settings of this server ask for."""
        settings: Settings = current_app.config["SETTINGS"]
        set_here, set_for_site = db.session.execute(_SET, {"of": discussion.id}).one()
        safeguards, site = set_here or Safeguards.usual(discussion.id), set_for_site or Site.fresh()
        words = filters.entries(safeguards.words) + filters.entries(site.held_words) + filters.of_site(settings)
        return cls(
            discussion, safeguards, tuple(words), safeguards.hold_links or site.hold_links or settings.hold_links
        )

    def require_pace(self, author: User, role: Role) -> None:
        """Let a member write once in so many seconds. Raises Refused (slow_mode, 429, with retry_after)."""
        seconds = self.safeguards.slow_seconds
        if not seconds or role in access.PANEL:
            return
        latest = db.session.scalar(
            select(func.max(Comment.posted_at)).where(
                Comment.author_id == author.id, Comment.discussion_id == self.discussion.id
            )
        )
        left = (latest + timedelta(seconds=seconds) - clock.now()).total_seconds() if latest else 0.0
        if left > 0:
            # After the machine's clock was set back the last comment lies ahead; the wait is none the longer for it.
            wait = min(math.ceil(left), seconds)
            raise Refused(
                "slow_mode",
                _(
                    "Slow mode: one comment every %(seconds)s s. Your text is kept; post it in %(wait)s s.",
                    seconds=seconds,
                    wait=wait,
                ),
                429,
                retry_after=wait,
            )

    def finding(self, author: User, role: Role, source: str, html: str) -> Finding | None:
        """Return why what `author` wrote waits for a host, None when it is shown at once.

        Hosts, moderators and panelists are never held.
        """
        if role in access.PANEL:
            return None
        if word := filters.word_in(source, html, self.words):
            return Finding(Cause.WORDS, word[:200])
        if self.holds_links and (address := filters.link_in(html)):
            return Finding(Cause.LINK, address[:200])
        level, hold_first = self.safeguards.level, self.safeguards.hold_first
        if level is Level.EVERYONE:
            return Finding(Cause.EVERYONE)
        if level is Level.NEWCOMERS or hold_first:
            known = _published(author)
            if level is Level.NEWCOMERS and known < KNOWN_AFTER:
                return Finding(Cause.NEWCOMER)
            if hold_first and known == 0:
                return Finding(Cause.FIRST)
        return None


def _published(author: User) -> int:
    """Return how many comments of `author` can be read on this site; more than KNOWN_AFTER are not counted."""
    some = (
        select(Comment.id)
        .where(Comment.author_id == author.id, Comment.state == CommentState.PUBLISHED)
        .limit(KNOWN_AFTER)
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(some)) or 0
