"""What a guest finds behind the link of an invitation: buttons, because mail scanners open links, and the way out."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from forum import zones
from forum.actions import guest_mail, rsvps
from forum.database import once_more
from forum.models import RsvpKind
from forum.refusals import Refused
from forum.web import errors
from forum.web.forms import Fields
from forum.web.guards import private
from forum.web.rsvps import promise

blueprint = Blueprint("guests", __name__, url_prefix="/guest/<token>")


@blueprint.get("")
def show(token: str) -> Response:
    """Show what the invitation is to, and the buttons. Looking changes nothing."""
    return _page(token, {})


@blueprint.post("")
def answer(token: str) -> Response:
    """Note what the guest wants: fields kind (take_part, read_along, look) and zone."""
    fields = Fields()
    kind = fields.text("kind")
    zone = fields.zone("zone") if kind != "look" else ""
    if kind not in {"look", *(one.value for one in RsvpKind)}:
        fields.faults["kind"] = _("Choose one of the buttons.")
    try:
        fields.refuse()
        if kind == "look":
            discussion = once_more(lambda: guest_mail.open_link(token).discussion)
        else:
            discussion = once_more(lambda: guest_mail.answer(token, RsvpKind(kind), zone).discussion)
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _page(token, refusal.fields, refusal.status)
    if kind != "look":
        flash(promise(discussion))
    return make_response(redirect(f"/d/{discussion.slug}", 303))


@blueprint.route("/stop", methods=["GET", "POST"])
def stop(token: str) -> Response:
    """End invitations to this address: by a button for people, by one POST for mail programs (RFC 8058)."""
    if request.method == "POST":
        once_more(lambda: guest_mail.unsubscribe(token))
    mine = guest_mail.coming_by(token)
    page = render_template(
        "discussion/guest_stop.html", done=guest_mail.is_unsubscribed(token), mine=mine,
        reminders=rsvps.stop(mine) if mine else "",
    )  # fmt: skip
    return _guarded(page)


stop.needs_no_token = True  # type: ignore[attr-defined]


def _page(token: str, faults: dict[str, str], status: int = 200) -> Response:
    guest = guest_mail.by_token(token)
    page = render_template(
        "discussion/guest.html", guest=guest, discussion=guest.discussion, mine=guest_mail.coming(guest),
        is_open=rsvps.is_to_come(guest.discussion), begun=rsvps.goes_on(guest.discussion),
        faults=faults, typed=request.form, zones=sorted(zones.names()),
    )  # fmt: skip
    return _guarded(page, status)


def _guarded(page: str, status: int = 200) -> Response:
    """The address holds a secret: no other page, no search engine and no cache hears of it."""
    response = private(page, status)
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
