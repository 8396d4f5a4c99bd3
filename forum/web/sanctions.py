"""What somebody reads and says when a measure was taken against them, and suspensions by administrators."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from forum import access
from forum.actions import sanctions
from forum.database import db, writing
from forum.models import Discussion, User
from forum.refusals import Refused, unknown
from forum.web import errors, throttles
from forum.web.comments import writer
from forum.web.forms import Fields, texts
from forum.web.guards import private

blueprint = Blueprint("sanctions", __name__)


@blueprint.route("/d/<slug>/objection", methods=["GET", "POST"])
def object_to(slug: str) -> Response:
    """Say something against one's own measure; there is such a page for nobody else."""
    user = writer()
    discussion = Discussion.with_slug(slug)
    mute = access.mute_of(user, discussion) if discussion else None
    if discussion is None or mute is None:
        raise unknown()
    if request.method == "GET":
        return _page(user, discussion, access.told(mute), mute.objection, {})
    fields = Fields()
    words = fields.text("objection")
    try:
        fields.refuse()
        throttles.count("objection of", str(user.id))
        with writing():
            sanctions.object_to(user, discussion, words)
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _page(user, discussion, access.told(mute), words, refusal.fields, refusal.status)
    flash(_("The hosts read it. If they lift the measure, you can write again at once."))
    return make_response(redirect(f"/d/{slug}/objection", 303))


@blueprint.post("/account/objection")
def object_to_suspension() -> Response:
    """Say something against one's own suspension."""
    user = writer()
    (words,) = texts("objection")
    with writing():
        sanctions.object_to_suspension(user, words)
    flash(_("The administrators read it."))
    return make_response(redirect("/account#objection", 303))


@blueprint.post("/people/<int:user_id>/<any(suspend, lift):verb>")
def suspend(user_id: int, verb: str) -> Response:
    """Suspend somebody from the site, or lift it: administrators. Fields reason, hours."""
    user = writer()
    fields = Fields()
    reason, hours = fields.text("reason"), fields.number("hours")
    person = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    access.require_administrator(user)
    if person is None:
        raise unknown()
    fields.refuse()
    with writing():
        if verb == "suspend":
            sanctions.suspend(user, person, reason, hours)
        else:
            sanctions.lift(user, person)
    flash(
        _("They may read but not write, and have been told why.") if verb == "suspend" else _("They may write again.")
    )
    return make_response(redirect(f"/people/{user_id}", 303))


def _page(
    user: User, discussion: Discussion, told: str, typed: str, faults: dict[str, str], status: int = 200
) -> Response:
    page = render_template(
        "discussion/objection.html", me=user, discussion=discussion, told=told, typed=typed, faults=faults
    )
    return private(page, status)
