"""The panelist's personal link: a page with one button, because mail scanners open links, and coming in by it."""

from flask import Blueprint, Response
from flask_babel import gettext as _

from forum.actions import invitations
from forum.actions.invitations import Opened
from forum.database import writing
from forum.web import signing, throttles
from forum.web.account_forms import done, page
from forum.web.forms import signed_in

blueprint = Blueprint("invitations", __name__, url_prefix="/invitation/<token>")


@blueprint.get("")
def show(token: str) -> Response:
    """Show whom the link brings where. Nothing happens before the button is pressed."""
    opened = invitations.find(token)
    facts = {"seat": opened.seat, "discussion": opened.seat.discussion, "invitation": opened.invitation}
    said: dict[str, object] = {"name": opened.seat.name, "signs_in": opened.signs_in}
    return _guarded(page("invitations/show.html", said, signs_in=opened.signs_in, **facts))


@blueprint.post("")
def enter(token: str) -> Response:
    """Sign the panelist in, under a session that this browser never had before, and lead them to their seat."""
    throttles.count("sign-in from", throttles.visitor())
    with writing():
        opened = invitations.enter(token)
        user = opened.seat.user
        before = signed_in()
        is_in_already = before is not None and before.id == user.id and before.session is not None
        if opened.is_mailed and invitations.unproven(user):
            is_in_already = False  # the mailed link proves what the shown one did not
        if not is_in_already:
            invitations.begin(opened, signing.begin(user))
    throttles.give_back("sign-in from", throttles.visitor())
    if not is_in_already:
        signing.enter(user)
    return _guarded(done(_way_on(opened), _("Welcome, %(name)s.", name=opened.seat.name)))


def _way_on(opened: Opened) -> str:
    at = f"/d/{opened.seat.discussion.slug}/backstage"
    return at if opened.seat.introduced_at else f"{at}/introduction"


def _guarded(response: Response) -> Response:
    """The address holds a secret: no other page and no search engine hears of it."""
    # Not no-referrer: the form's own Origin would be null then, and refused.
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
