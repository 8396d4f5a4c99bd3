"""What was cited under an old address is found under the new one."""

from flask import Response, make_response, redirect, request

from forum import access
from forum.database import db
from forum.models import OldAddress
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
    query = request.query_string.decode("ascii", "ignore")
    rest = f"/{parts[3]}" if len(parts) > 3 else ""
    address = f"/d/{old.discussion.slug}{rest}" + (f"?{query}" if query else "")
    return make_response(redirect(address, 301 if request.method in {"GET", "HEAD"} else 308))
