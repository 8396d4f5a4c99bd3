"""The fields of a discussion as somebody filled them in, checked before anything is stored."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask_babel import gettext as _

from forum import languages, text
from forum.models import Digests, QuestionsShown, Visibility
from forum.refusals import Refused

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
RESERVED_SLUGS = {"new", "edit", "console", "static", "media", "admin"}
# Discussions run for an hour or for weeks; a year is a typing error in one of the two dates.
LONGEST = timedelta(days=366)
LONGEST_LATE = 7 * 24 * 60


@dataclass(frozen=True, kw_only=True)
class DiscussionDraft:
    """Every field of a discussion that an organiser fills in. Times are aware; `time_zone` is an IANA name."""

    title: str
    slug: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str = "UTC"
    hosted_by: str = ""
    intro: str = ""
    editors_note: str = ""  # the page says by itself how to take part
    related_url: str = ""
    related_title: str = ""
    hero: str = ""
    hero_credit: str = ""
    hero_alt: str = ""
    visibility: Visibility = Visibility.PUBLIC
    questions_shown: QuestionsShown = QuestionsShown.ALL
    late_minutes: int = 0
    digests: Digests = Digests.USUAL
    language: str = "en"

    def columns(self) -> dict[str, object]:
        """Return the cleaned values by column name, with the rendered HTML beside each Markdown text.

        Raises Refused (invalid, 422) naming every field at fault at once.
        """
        faults: dict[str, str] = {}
        cleaned: dict[str, object] = {}
        lines = {"title": 200, "hosted_by": 120, "related_title": 200, "hero": 500, "hero_credit": 200, "hero_alt": 300}
        for field, limit in lines.items():
            cleaned[field] = clean(faults, field, getattr(self, field), limit, required=field == "title")
        for field in ("intro", "editors_note"):
            cleaned[field] = clean(faults, field, getattr(self, field), 20_000, lines=True)
        cleaned["slug"] = _slug(faults, self.slug)
        cleaned["related_url"] = _link(faults, self.related_url)
        _times(faults, self)
        if self.hero and not self.hero_alt.strip():
            faults["hero_alt"] = _("Describe the picture in a sentence for people who cannot see it.")
        if self.hero and not self.hero_credit.strip():
            faults["hero_credit"] = _("Say whose picture it is.")
        if self.language not in languages.NAMES:
            faults["language"] = _("Choose a language of the list.")
        if not 0 <= self.late_minutes <= LONGEST_LATE:
            faults["late_minutes"] = _(
                "Give whole minutes, from 0 (none) to %(longest_late)s (a week).", longest_late=LONGEST_LATE
            )
        if faults:
            raise Refused("invalid", _("Some fields need another look."), 422, fields=faults)
        cleaned["intro_html"] = text.render(str(cleaned["intro"]))
        cleaned["editors_note_html"] = text.render(str(cleaned["editors_note"]))
        for field in (
            "starts_at", "ends_at", "time_zone", "visibility", "questions_shown", "late_minutes", "language", "digests",
        ):  # fmt: skip
            cleaned[field] = getattr(self, field)
        return cleaned


def clean(
    faults: dict[str, str], field: str, value: str, limit: int, *, required: bool = False, lines: bool = False
) -> str:
    """Return `value` cleaned; what is wrong with it goes into `faults` under `field`."""
    if not value.strip():
        if required:
            faults[field] = _("Fill this in.")
        return ""
    try:
        return text.clean_text(value, limit) if lines else text.clean_line(value, limit)
    except text.TextFault as fault:
        faults[field] = fault.message
        return ""


def _slug(faults: dict[str, str], slug: str) -> str:
    if not _SLUG.match(slug) or len(slug) > 80:
        faults["slug"] = _(
            "Use small letters a to z, digits and single hyphens, at most 80 of them, like food-and-climate."
        )
    elif slug in RESERVED_SLUGS:
        faults["slug"] = _("This address is used by the site itself. Choose another.")
    return slug


def _link(faults: dict[str, str], url: str) -> str:
    url = clean(faults, "related_url", url, 500)
    try:
        fine = not url or (urlsplit(url).scheme in {"http", "https"} and bool(urlsplit(url).hostname))
    except ValueError:
        fine = False
    if not fine:
        faults["related_url"] = _("Give a whole address that begins with https://.")
    return url


def _times(faults: dict[str, str], draft: DiscussionDraft) -> None:
    try:
        ZoneInfo(draft.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults["time_zone"] = _("Choose a time zone by its name, like Europe/London.")
    if draft.ends_at <= draft.starts_at:
        faults["ends_at"] = _("The end must come after the start.")
    elif draft.ends_at - draft.starts_at > LONGEST:
        faults["ends_at"] = _("A discussion lasts a year at most. Check both dates.")
