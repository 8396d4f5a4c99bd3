"""What a host says to everybody at once: one text that stays on top of the page until it is taken down."""

from flask_babel import gettext as _

from forum import access, clock, text
from forum.actions import merging
from forum.actions.drafting import clean
from forum.actions.moderation import write_down
from forum.live import log
from forum.models import Discussion, User
from forum.refusals import Refused

LONGEST = 600


def announce(actor: User, discussion: Discussion, words: str, seen: str = "") -> None:
    """Put `words` (Markdown) on top of the page, in place of what stood there; the same again changes nothing.

    Raises Refused (not theirs, invalid), Stale when another one than `seen` (see `merging`) stands there by now.
    """
    access.require(actor, "announcement.make", discussion)
    faults: dict[str, str] = {}
    words = clean(faults, "announcement", words, LONGEST, required=True, lines=True)
    if faults:
        raise Refused("invalid", _("The announcement needs another look."), 422, fields=faults)
    log.lock_and_refresh(discussion)
    stays = merging.untouched(seen, {"announcement": discussion.announcement}, {"announcement": words})
    if stays or words == discussion.announcement:
        return
    _set(actor, discussion, words, "announcement.made")


def take_down(actor: User, discussion: Discussion, seen: str = "") -> None:
    """Take the announcement off the page; without one, nothing changes.

    Raises Refused (not theirs, 409 when another one than `seen`, the marks of the host's page, stands there by now).
    """
    access.require(actor, "announcement.make", discussion)
    log.lock_and_refresh(discussion)
    if not discussion.announcement:
        return
    if seen and seen != merging.marks({"announcement": discussion.announcement}):
        raise Refused("faster", _("Another host has announced something else meanwhile. Read it, then decide."), 409)
    _set(actor, discussion, "", "announcement.taken_down")


def _set(actor: User, discussion: Discussion, words: str, kind: str) -> None:
    before = discussion.announcement
    discussion.announcement = words
    discussion.announcement_html = text.render(words) if words else ""
    discussion.announced_at = clock.now() if words else None
    write_down(
        actor,
        discussion,
        kind,
        "discussion",
        discussion.id,
        before={"announcement": before},
        after={"announcement": words},
    )
    log.record(discussion, kind, discussion.id)
