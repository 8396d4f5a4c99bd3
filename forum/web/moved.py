"""What was cited under an old address, or with a slash at its end, is found where it stands."""

from urllib.parse import quote

from flask import Response, current_app, make_response, redirect, request
from werkzeug.exceptions import HTTPException

from forum import access
from forum.database import db
from forum.models import Discussion, OldAddress
from forum.web.forms import signed_in


def way_on() -> Response | None:
    """Return the way to where the discussion of this request stands now, None when the asker may know of none.

    301 for reading, 308 for a form, which the browser then sends again as it was (RFC 9110, 15.4).
    """
    parts = request.path.split("/", 3)
    if len(parts) < 3 or parts[1] != "d" or not 0 < len(parts[2]) <= 80 or "\0" in parts[2]:
        return None
    old = db.session.get(OldAddress, parts[2])
    if old is None or not access.may(signed_in(), "discussion.read", old.discussion):
        return None
    rest = f"/{parts[3]}" if len(parts) > 3 else ""
    address = f"/d/{old.discussion.slug}{rest}" + _query()
    return make_response(redirect(address, 301 if request.method in {"GET", "HEAD"} else 308))


def at(slug: str) -> Discussion | None:
    """Return the discussion that stands at /d/<slug>, or stood there once; ask `access` before telling of it."""
    found = Discussion.with_slug(slug)
    if found is not None or not 0 < len(slug) <= 80 or "\0" in slug:
        return found
    old = db.session.get(OldAddress, slug)
    return old.discussion if old is not None else None


def without_slash() -> Response | None:
    """Return the way to the same address without slashes at its end, None where no page of ours can have it.

    Only the kinds of addresses that we have are looked at, never what there is: the way is the same to a discussion
    that the asker may not know of, and to none; there both are told that there is nothing.
    """
    if request.url_rule is not None or request.method not in {"GET", "HEAD"} or not request.path.endswith("/"):
        return None
    # One slash in front: two would begin the address of another site.
    path = f"/{request.path.strip('/')}"
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return None
    return make_response(redirect(quote(path) + _query(), 301))


def _query() -> str:
    query = request.query_string.decode("ascii", "ignore")
    return f"?{query}" if query else ""
