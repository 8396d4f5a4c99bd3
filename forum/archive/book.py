"""What files for readers say alike: dates for people, the panel, the picture."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import BytesIO
from zoneinfo import ZoneInfo

import gevent
from babel.dates import format_date
from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from PIL import Image

from forum import speaking
from forum.archive.markup import words
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Discussion, SeatRole
from forum.people import Face

_WIDEST = 1200
# A discussion file can name anything; what is looked for lies in the media folder itself.
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,199}\Z")


@dataclass
class Book:
    """One discussion that is being written down. `site` is the public address."""

    discussion: Discussion
    scene: Scene
    site: str

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.discussion.time_zone)

    @cached_property
    def _language(self) -> str:
        return speaking.of_discussion(self.discussion)

    @cached_property
    def _day(self) -> str:
        return self._date(self.discussion.starts_at)

    def _date(self, at: datetime) -> str:
        # In English the day comes first, as on the pages (`web/times.py`); other languages have it as they are used to.
        form = "d MMMM y" if self._language == speaking.SOURCE else "long"
        return format_date(at.astimezone(self._zone), form, locale=self._language)

    def whence(self, face: Face) -> str:
        """Return the organisation and the country that stand beside a name, in the language of the file."""
        return face.whence(self._language)

    def time(self, at: datetime) -> str:
        """Return a moment on the clocks of the event, with the day where it is not that of the beginning.

        With the zone's short name where they were put forward or back since: an hour that comes twice is told apart.
        """
        local = at.astimezone(self._zone)
        begin = self.discussion.starts_at.astimezone(self._zone)
        clock = f"{local:%H:%M}" if local.utcoffset() == begin.utcoffset() else f"{local:%H:%M %Z}"
        return clock if local.date() == begin.date() else f"{self._date(at)}, {clock}"

    def when(self) -> str:
        """Return the day and the hours of the event on its own clocks."""
        d = self.discussion
        return f"{self._day}, {self.time(d.starts_at)}–{self.time(d.over_at)}, {d.time_zone.replace('_', ' ')}"

    def facts(self) -> list[str]:
        """Return what stands under the title: when and where it was, who hosted it."""
        d = self.discussion
        by = f"{_('Hosted by')} {d.hosted_by}" if d.hosted_by else ""
        comments, writers = self.scene.tally.comments, len(self.scene.tally.writers)
        written = ngettext("%(num)s comment", "%(num)s comments", comments)
        written += " " + ngettext("from %(num)s person", "from %(num)s people", writers)
        return [line for line in (self.when(), by, written, address(self.site, d)) if line]

    def facts_html(self) -> Iterator[str]:
        """Yield the same as XHTML, the address a link."""
        *lines, there = self.facts()
        yield from map(words, lines)
        yield f'<a href="{words(there)}">{words(there)}</a>'

    def panel(self) -> list[str]:
        """Return everybody with a seat in one line each: name, part, title, affiliation and country."""
        return [
            ", ".join(
                filter(None, (f"{face.name} ({role(face.role)})" if face.role else "", face.title, self.whence(face)))
            )
            for face in self.scene.seated
        ]

    def lateness(self, shown: Shown) -> str:
        """Return the mark of a comment that came after the end; empty for others."""
        return _("after the end") if self.scene.is_late(shown.comment) else ""

    def edited(self, shown: Shown) -> str:
        """Return the mark of a comment whose words are not the first ones, with when it got them; empty for others."""
        at = shown.comment.edited_at
        return f"{_('edited')} {self.time(at)}" if at else ""

    def facts_of(self, shown: Shown) -> list[str]:
        """Return what stands beside the name of who wrote a comment."""
        facts = [
            role(shown.face.role) if shown.face.role else "",
            self.whence(shown.face),
            typed_by(shown),
            self.lateness(shown),
            self.edited(shown),
            f"★ {_('highlighted by the hosts')}" if shown.comment.highlighted_at else "",
            helpful_to(shown),
        ]
        return [fact for fact in facts if fact]


def role(of_seat: SeatRole) -> str:
    """Return what somebody with such a seat is called."""
    names = {SeatRole.HOST: _("Host"), SeatRole.MODERATOR: _("Moderator"), SeatRole.PANELIST: _("Panel")}
    return str(names[of_seat])


def typed_by(shown: Shown) -> str:
    """Return who has written a comment down for its author; empty where its author did."""
    return f"{_('written down by')} {shown.typist}" if shown.typist else ""


def helpful_to(shown: Shown) -> str:
    """Return how many members found a comment helpful; empty where none said so."""
    count = shown.comment.helpful
    return ngettext("helpful to %(num)s reader", "helpful to %(num)s readers", count) if count else ""


def address(site: str, discussion: Discussion) -> str:
    """Return where the discussion is."""
    return f"{site}/d/{discussion.slug}"


@dataclass(frozen=True)
class Picture:
    """A picture as every reader of files can show it."""

    data: bytes
    width: int
    height: int


def picture(discussion: Discussion) -> Picture | None:
    """Return the picture on top of `discussion` as JPEG, which every reader of files shows; None without."""
    if not _NAME.match(discussion.hero):
        return None
    path = current_app.config["SETTINGS"].data_dir / "media" / discussion.hero
    found: Picture | None = gevent.get_hub().threadpool.apply(_drawn, (str(path),))
    return found


def _drawn(path: str) -> Picture | None:
    try:
        with Image.open(path, formats=("WEBP", "PNG", "JPEG")) as kept:
            drawn = kept.convert("RGB")
    except (OSError, ValueError):
        return None  # a discussion file can name a picture that is not there
    drawn.thumbnail((_WIDEST, _WIDEST))
    out = BytesIO()
    drawn.save(out, "JPEG", quality=85)
    return Picture(out.getvalue(), drawn.width, drawn.height)
