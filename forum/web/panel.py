"""The host's hand on the panel: links made, sent again and taken back; panelists called on."""

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template
from flask_babel import gettext as _

from forum import access
from forum.actions import calls, comments, invitations
from forum.config import Settings
from forum.database import db, writing
from forum.models import Discussion, Seat, SeatRole, User
from forum.refusals import unknown
from forum.web import errors, throttles
from forum.web.console import done, staffed
from forum.web.forms import Fields

blueprint = Blueprint("panel", __name__, url_prefix="/d/<slug>/panel")


@blueprint.post("/<int:seat_id>/invite")
def invite(slug: str, seat_id: int) -> Response:
    """Make a panelist's link: mailed to them, and shown here once. Older links are dead at once."""
    user, discussion = staffed(slug)
    access.require(user, "panelist.invite", discussion)
    return _show(user, discussion, [_seat(discussion, seat_id).id])


@blueprint.post("/invite")
def invite_all(slug: str) -> Response:
    """Make a link for everybody on the panel who never had one."""
    user, discussion = staffed(slug)
    access.require(user, "panelist.invite", discussion)
    known = invitations.latest(discussion)
    seats = [seat for seat in discussion.seats if seat.role is SeatRole.PANELIST and seat.id not in known]
    return _show(user, discussion, [seat.id for seat in seats])


def _show(user: User, discussion: Discussion, seat_ids: list[int]) -> Response:
    """Make the links and show them: this page is the only place that ever does, and no cache keeps it."""
    settings: Settings = current_app.config["SETTINGS"]
    for seat_id in seat_ids:
        throttles.count("mail to", _seat(discussion, seat_id).user.email)
    with writing():
        seats = [_seat(discussion, seat_id) for seat_id in seat_ids]
        links = [(seat, settings.public_url + invitations.invite(user, seat)) for seat in seats]
    if errors.wants_json():
        response = jsonify(links=[{"seat": seat.id, "name": seat.name, "link": link} for seat, link in links])
    else:
        bare = {seat.id for seat, _link in links if invitations.is_bare(seat.user, discussion, user.id)}
        page = render_template("console/links.html", discussion=discussion, links=links, bare=bare)
        response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<int:seat_id>/revoke")
def revoke(slug: str, seat_id: int) -> Response:
    """Take a panelist's link back; whoever came by it is signed out."""
    user, discussion = staffed(slug)
    with writing():
        invitations.revoke(user, _seat(discussion, seat_id))
    return done(discussion, _("The link is dead, and whoever came by it is signed out."), f"#seat-{seat_id}")


@blueprint.post("/call")
def call(slug: str) -> Response:
    """Call on a panelist: fields panelist (user id), and question (number) or comment (id)."""
    user, discussion = staffed(slug)
    fields = Fields()
    person_id, number, comment_id = (fields.number(name) for name in ("panelist", "question", "comment"))
    fields.refuse()
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


def _seat(discussion: Discussion, seat_id: int) -> Seat:
    """Return a seat of this discussion; another's is as unknown as one that does not exist."""
    seat = next((seat for seat in discussion.seats if seat.id == seat_id), None)
    if seat is None:
        raise unknown()
    return seat
