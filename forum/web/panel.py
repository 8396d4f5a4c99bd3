"""The host's hand on the panel: links made, sent again and taken back, passwords asked for; panelists called on."""

from flask import Blueprint, Response, current_app, jsonify, render_template
from flask_babel import gettext as _

from forum import access
from forum.actions import calls, comments, first_passwords, invitations, seats
from forum.config import Settings
from forum.database import db, writing
from forum.models import Discussion, User
from forum.web import errors, throttles
from forum.web.console import done, staffed
from forum.web.forms import numbers
from forum.web.guards import private

blueprint = Blueprint("panel", __name__, url_prefix="/d/<slug>/panel")


@blueprint.post("/<int:seat_id>/invite")
def invite(slug: str, seat_id: int) -> Response:
    """Make a panelist's link: mailed to them, and shown here once. Older links are dead at once."""
    user, discussion = staffed(slug)
    invitations.require_invite(user, discussion)
    return _show(user, discussion, [seats.find(discussion, seat_id).id])


@blueprint.post("/invite")
def invite_all(slug: str) -> Response:
    """Make a link for everybody on the panel who never had one."""
    user, discussion = staffed(slug)
    invitations.require_invite(user, discussion)
    return _show(user, discussion, [seat.id for seat in invitations.never_invited(discussion)])


def _show(user: User, discussion: Discussion, seat_ids: list[int]) -> Response:
    """Make the links and show them: this page is the only place that ever does, and no cache keeps it."""
    settings: Settings = current_app.config["SETTINGS"]
    for seat_id in seat_ids:
        throttles.count("mail to", seats.find(discussion, seat_id).user.email)
    with writing():
        chosen = [seats.find(discussion, seat_id) for seat_id in seat_ids]
        links = [(seat, settings.public_url + invitations.invite(user, seat)) for seat in chosen]
    if errors.wants_json():
        return private(jsonify(links=[{"seat": seat.id, "name": seat.name, "link": link} for seat, link in links]))
    bare = {seat.id for seat, _link in links if invitations.is_bare(seat.user, discussion, user.id)}
    return private(render_template("console/links.html", discussion=discussion, links=links, bare=bare))


@blueprint.post("/<int:seat_id>/revoke")
def revoke(slug: str, seat_id: int) -> Response:
    """Take a panelist's link back; whoever came by it is signed out."""
    user, discussion = staffed(slug)
    with writing():
        invitations.revoke(user, seats.find(discussion, seat_id))
    return done(discussion, _("The link is dead, and whoever came by it is signed out."), f"#seat-{seat_id}")


@blueprint.post("/<int:seat_id>/password")
def ask_for_password(slug: str, seat_id: int) -> Response:
    """Mail a host or moderator who cannot sign in yet a link to set a password by."""
    user, discussion = staffed(slug)
    seat = seats.find(discussion, seat_id)
    first_passwords.require(user, seat)
    throttles.count("mail to", seat.user.email)
    with writing():
        first_passwords.ask(user, seats.find(discussion, seat_id))
    return done(discussion, _("The letter to %(name)s is on its way.", name=seat.name), f"#seat-{seat_id}")


@blueprint.post("/call")
def call(slug: str) -> Response:
    """Call on a panelist: fields panelist (user id), and question (number) or comment (id)."""
    user, discussion = staffed(slug)
    person_id, number, comment_id = numbers("panelist", "question", "comment")
    with writing():
        question = next((q for q in discussion.questions if q.number and q.number == number), None)
        comment = comments.find(user, discussion, comment_id) if comment_id is not None else None
        made = calls.call(user, discussion, person_id, calls.require_about(question, comment))
        person = db.session.get_one(User, made.user_id)
        seat = access.seat_of(person, discussion)
    name = seat.name if seat else person.name
    return done(discussion, _("%(name)s sees at once that you ask for an answer.", name=name))


@blueprint.post("/calls/<int:call_id>/withdraw")
def withdraw(slug: str, call_id: int) -> Response:
    """Take a call back."""
    user, discussion = staffed(slug)
    with writing():
        calls.withdraw(user, discussion, call_id)
    return done(discussion, _("The call is taken back."))
