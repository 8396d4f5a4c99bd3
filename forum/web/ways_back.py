"""Where somebody goes on from a page that says no: to the page whose button they have pressed.

The address alone is asked, so a link tells nobody what there is.
"""

from flask import request, url_for
from flask_babel import gettext as _

from forum import access
from forum.models import Discussion
from forum.refusals import Refused, unknown
from forum.web.forms import signed_in

_PAGES = {"console": "console.show", "queue": "console.show", "said": "console.show", "running": "console.show",
          "held": "backstage.show", "backstage": "backstage.show", "audience": "audience.show"}  # fmt: skip


def gone(refusal: Refused) -> Refused:
    """Return what is said of a press on something that is gone, where the page it was pressed on is there.

    Everything else stays the refusal it was: an address that somebody may not know is like one that does not exist.
    """
    slug = (request.view_args or {}).get("slug")
    if refusal.message != unknown().message or request.method != "POST" or not isinstance(slug, str):
        return refusal  # or it says more itself
    discussion = Discussion.with_slug(slug)
    if discussion is None or not access.may(signed_in(), "discussion.read", discussion):
        return refusal
    words = _("This was changed or taken away meanwhile, or it is not yours to do. Go back and look at the page again.")
    return Refused(refusal.code, words, 404)


def back() -> tuple[str, str] | None:
    """Return the address of the page that this request came from, and the words of a link to it."""
    given = request.view_args or {}
    slug, comment_id = given.get("slug"), given.get("comment_id")
    if slug is None or (request.method != "POST" and comment_id is None):
        return None
    page = _PAGES.get(request.blueprint or "", "discussion.show")
    place = url_for(page, slug=slug)
    if page == "console.show":
        return place, _("Back to the console")
    if page == "backstage.show":
        return place, _("Back to the green room")
    return (f"{place}#c{comment_id}" if comment_id else place), _("Back to the discussion")
