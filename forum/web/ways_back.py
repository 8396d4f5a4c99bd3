"""Where somebody goes on from a page that says no: to the page whose button they have pressed.

A link is made of the address alone, so it tells nobody what there is.
"""

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from forum import access
from forum.models import Discussion
from forum.refusals import Refused, unknown
from forum.web.forms import signed_in

# The page, who may open it, and the words of a link to it.
_CONSOLE = ("console.show", "console.open", lazy("Back to the console"))
_GREEN_ROOM = ("backstage.show", "backstage.open", lazy("Back to the green room"))
_QUESTIONS = ("audience.show", "discussion.read", lazy("Back to the discussion"))
_DISCUSSION = ("discussion.show", "discussion.read", lazy("Back to the discussion"))
_OF_BLUEPRINT = {"console": _CONSOLE, "queue": _CONSOLE, "said": _CONSOLE, "running": _CONSOLE,
                 "held": _GREEN_ROOM, "backstage": _GREEN_ROOM, "audience": _QUESTIONS}  # fmt: skip


def gone(refusal: Refused) -> Refused:
    """Return what is said of a press on something that is gone, to whoever may open the page it was pressed on.

    To everybody else it stays the refusal it was: an address that they may not know is like one that does not exist.
    """
    slug = (request.view_args or {}).get("slug")
    if not _is_plain(refusal) or request.method != "POST" or not isinstance(slug, str):
        return refusal
    discussion = Discussion.with_slug(slug)
    if discussion is None or not access.may(signed_in(), _page(slug)[1], discussion):
        return refusal
    words = _("This was changed or taken away meanwhile, or it is not yours to do. Go back and look at the page again.")
    return Refused(refusal.code, words, 404)


def back(refusal: Refused) -> tuple[str, str] | None:
    """Return the address of the page that this request came from, and the words of a link to it.

    None where there may be no such page.
    """
    given = request.view_args or {}
    slug, comment_id = given.get("slug"), given.get("comment_id")
    if slug is None or _is_plain(refusal) or (request.method != "POST" and comment_id is None):
        return None
    endpoint, _verb, words = page = _page(slug)
    anchor = f"c{comment_id}" if comment_id and page is _DISCUSSION else None
    return url_for(endpoint, slug=slug, _anchor=anchor), str(words)


def _page(slug: str) -> tuple[str, str, str]:
    if request.path.startswith(f"/d/{slug}/console/"):
        return _CONSOLE
    return _OF_BLUEPRINT.get(request.blueprint or "", _DISCUSSION)


def _is_plain(refusal: Refused) -> bool:
    """Whether it says no more than that there is nothing."""
    return refusal.message == unknown().message
