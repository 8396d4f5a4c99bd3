"""Where organisers make discussions: their list, the form with every field, the seats."""

from datetime import datetime

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from forum import access, clock, languages, pictures, zones
from forum.actions import discussions, first_passwords, seats, templates
from forum.database import db, once_more, writing
from forum.models import Discussion, QuestionsShown, Seat, SeatRole, User, Visibility
from forum.refusals import Refused, Stale, unknown
from forum.web import discussion_form, errors
from forum.web.console import staffed
from forum.web.forms import form_key, fresh_key, is_ambiguous, shown_marks, signed_in
from forum.web.guards import private, settings
from forum.web.run_sheet import run_sheet

blueprint = Blueprint("organiser", __name__)


@blueprint.get("/organise")
def mine() -> Response:
    """List the discussions that this person runs or made, drafts too; who has none and makes none finds no page."""
    user = signed_in()
    if user is None or not access.runs_any(user):
        raise unknown()
    asked = select(Discussion).where(access.run_by(user)).order_by(*Discussion.latest_first()).limit(200)
    found = db.session.scalars(asked).all()
    return private(render_template("organiser/mine.html", me=user, discussions=found))


@blueprint.route("/organise/new", methods=["GET", "POST"])
def new() -> Response:
    """Make a new discussion: a draft that only its staff know of. Query: like (the slug of one to make it like)."""
    user = access.require_create(signed_in())
    like = staffed(request.args["like"])[1] if request.args.get("like") else None
    if request.method == "GET":
        return _form(None, discussion_form.like(like) if like else discussion_form.fresh(), {}, like=like)
    try:
        draft, key = discussion_form.draft(None, like), form_key()

        def make() -> Discussion:
            return templates.create(user, draft, like, key) if like else discussions.create(user, draft, key)

        discussion = once_more(make)
    except Refused as refusal:
        return _again(None, refusal, like)
    if like:
        flash(_("The draft is saved, with the seats, the questions and the prepared texts. Look through them below."))
    else:
        flash(_("The draft is saved. Add its host, its panel and its questions below, then publish it."))
    return make_response(redirect(url_for("organiser.edit", slug=discussion.slug), 303))


@blueprint.route("/d/<slug>/edit", methods=["GET", "POST"])
def edit(slug: str) -> Response:
    """Change every field of a discussion."""
    user, discussion = staffed(slug)
    access.require(user, "discussion.edit", discussion)
    if request.method == "GET":
        return _form(discussion, discussion_form.stored(discussion), {})
    planned, hero = _planned(discussion), discussion.hero
    try:
        draft = discussion_form.draft(discussion)
        with writing():
            discussions.edit(user, discussion, draft, request.form.get("seen", ""))
    except Refused as refusal:
        return _again(discussion, refusal)
    if discussion.hero != hero:
        pictures.set_aside(hero, settings())
    if _planned(discussion) == planned:
        flash(_("The discussion is saved."))
    else:
        flash(_("The discussion is saved. The dates of its questions have moved with the start: look through them."))
    return make_response(redirect(url_for("organiser.edit", slug=discussion.slug), 303))


@blueprint.route("/d/<slug>/seats/new", methods=["GET", "POST"])
def give_seat(slug: str) -> Response:
    """Name a host, a moderator or a panelist."""
    user, discussion = staffed(slug)
    access.require(user, "seat.give", discussion)
    if request.method == "GET":
        return _seat_form(discussion, None)
    try:
        draft = discussion_form.seat_draft(None)
        seat = once_more(lambda: seats.give(user, discussion, draft))
    except Refused as refusal:
        return _seat_again(discussion, None, refusal)
    notice = _("%(name)s has a seat.", name=seat.name)
    may_ask = seat.role is not SeatRole.PANELIST and not discussion.is_rehearsal
    if may_ask and first_passwords.is_missing(seat.user):
        notice += " " + _("They have no password yet: in the console you can send them a letter to set one.")
    return _to_seats(discussion, notice)


@blueprint.route("/d/<slug>/seats/<int:seat_id>/edit", methods=["GET", "POST"])
def change_seat(slug: str, seat_id: int) -> Response:
    """Change the name, the role and the words of a seat."""
    user, discussion = staffed(slug)
    access.require(user, "seat.give", discussion)
    seat = seats.find(discussion, seat_id)
    if request.method == "GET":
        return _seat_form(discussion, seat)
    face = seat.picture
    try:
        draft = discussion_form.seat_draft(seat)
        with writing():
            seats.change(user, seats.find(discussion, seat_id), draft, request.form.get("seen", ""))
    except Refused as refusal:
        return _seat_again(discussion, seat, refusal)
    if draft.picture:
        pictures.set_aside(face, settings())
    return _to_seats(discussion, _("The seat is changed."))


@blueprint.post("/d/<slug>/seats/<int:seat_id>/take")
def take_seat(slug: str, seat_id: int) -> Response:
    """Take a seat away; what its person wrote stays."""
    user, discussion = staffed(slug)
    access.require(user, "seat.give", discussion)
    face = seats.find(discussion, seat_id).picture
    with writing():
        seats.take(user, seats.find(discussion, seat_id))
    pictures.set_aside(face, settings())
    return _to_seats(discussion, _("The seat is taken away. What was written stays."))


def _planned(discussion: Discussion) -> dict[int, datetime | None]:
    """Return when each question opens by itself."""
    return {question.id: question.opens_at for question in discussion.questions}


def _form(
    discussion: Discussion | None,
    typed: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
    like: Discussion | None = None,
    stale: Stale | None = None,
) -> Response:
    twice = {
        name: is_ambiguous(typed[f"{name}_date"], typed[f"{name}_time"], typed["time_zone"])
        for name in ("starts_at", "ends_at")
    }
    page = render_template(
        "organiser/form.html",
        key=fresh_key(),
        seen=shown_marks(discussions.said(discussion), stale) if discussion else "",
        theirs=stale.theirs if stale else {},
        discussion=discussion,
        like=like,
        asks_zone=request.method == "GET" and discussion is None and like is None,
        typed=typed,
        faults=faults,
        twice=twice,
        zones=sorted(zones.names()),
        languages=languages.NAMES,
        visibilities=list(Visibility),
        shown=list(QuestionsShown),
        phase=discussion.phase_at(clock.now()) if discussion else None,
        me=signed_in(),
        sheet=run_sheet(discussion) if discussion else None,
        emails=_emails(discussion) if discussion else {},
    )
    return private(page, status)


def _emails(discussion: Discussion) -> dict[int, str]:
    """Return the addresses of who has a seat by their ids: in one question, and not in one for each seat."""
    found = select(User.id, User.email).join(Seat, Seat.user_id == User.id).where(Seat.discussion_id == discussion.id)
    return dict(db.session.execute(found).tuples().all())


def _again(discussion: Discussion | None, refusal: Refused, like: Discussion | None = None) -> Response:
    """Show the form with what was typed; refusals that are about no field go to the one handler."""
    if not refusal.fields or errors.wants_json():
        raise refusal
    typed = discussion_form.typed()
    if discussion is not None and isinstance(refusal, Stale):
        now = discussion_form.stored(discussion)
        typed |= {name: now[name] for name in discussion_form.fields_of(refusal.untouched)}
        return _form(discussion, typed, refusal.fields, refusal.status, stale=refusal)
    return _form(discussion, typed, refusal.fields, refusal.status, like)


def _seat_form(discussion: Discussion, seat: Seat | None, refusal: Refused | None = None) -> Response:
    stale = refusal if isinstance(refusal, Stale) else None
    page = render_template(
        "organiser/seat.html",
        discussion=discussion,
        seat=seat,
        typed=discussion_form.seat_fields(seat, stale.untouched if stale else ()),
        faults=refusal.fields if refusal else {},
        seen=shown_marks(seats.said(seat), stale) if seat else "",
        theirs=stale.theirs if stale else {},
    )
    return private(page, refusal.status if refusal else 200)


def _seat_again(discussion: Discussion, seat: Seat | None, refusal: Refused) -> Response:
    if not refusal.fields or errors.wants_json():
        raise refusal
    return _seat_form(discussion, seat, refusal)


def _to_seats(discussion: Discussion, notice: str) -> Response:
    flash(notice)
    return make_response(redirect(url_for("organiser.edit", slug=discussion.slug) + "#seats", 303))
