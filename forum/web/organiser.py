"""Where organisers make discussions: their list, the form with every field, the seats."""

import re
import unicodedata
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import or_, select
from werkzeug.datastructures import FileStorage

from forum import access, clock, pictures
from forum.actions import discussions, seats
from forum.actions.drafting import EDITORS_NOTE, DiscussionDraft
from forum.actions.seats import SeatDraft
from forum.database import db, writing
from forum.models import Discussion, QuestionsShown, Seat, SeatRole, SiteRole, Visibility
from forum.refusals import Refused, unknown
from forum.web import errors
from forum.web.console import staffed
from forum.web.forms import Fields, is_ambiguous, signed_in, zones
from forum.web.guards import settings
from forum.web.run_sheet import run_sheet

blueprint = Blueprint("organiser", __name__)

_TEXTS = (
    "title", "slug", "hosted_by", "intro", "editors_note", "related_url", "related_title", "hero_credit", "hero_alt",
)  # fmt: skip
_TYPED = (
    *_TEXTS, "time_zone", "visibility", "questions_shown",
    "starts_at_date", "starts_at_time", "starts_at_fold", "ends_at_date", "ends_at_time", "ends_at_fold",
)  # fmt: skip
_SEAT_TEXTS = ("name", "email", "title", "affiliation")


@blueprint.get("/organise")
def mine() -> Response:
    """List the discussions that this person runs or made, drafts too."""
    user = access.require_create(signed_in())
    asked = select(Discussion).order_by(Discussion.starts_at.desc()).limit(200)
    if user.role is not SiteRole.ADMINISTRATOR:
        seated = select(Seat.discussion_id).where(Seat.user_id == user.id, Seat.role != SeatRole.PANELIST)
        asked = asked.where(or_(Discussion.owner_id == user.id, Discussion.id.in_(seated)))
    found = db.session.scalars(asked).all()
    return _private(render_template("organiser/mine.html", me=user, discussions=found))


@blueprint.route("/organise/new", methods=["GET", "POST"])
def new() -> Response:
    """Make a new discussion: a draft that only its staff know of."""
    user = access.require_create(signed_in())
    if request.method == "GET":
        return _form(None, _fresh(), {})
    try:
        draft = _draft(None)
        with writing():
            discussion = discussions.create(user, draft)
    except Refused as refusal:
        return _again(None, refusal)
    flash(_("The draft is saved. Add its host, its panel and its questions below, then publish it."))
    return make_response(redirect(url_for("organiser.edit", slug=discussion.slug), 303))


@blueprint.route("/d/<slug>/edit", methods=["GET", "POST"])
def edit(slug: str) -> Response:
    """Change every field of a discussion."""
    user, discussion = staffed(slug)
    access.require(user, "discussion.edit", discussion)
    if request.method == "GET":
        return _form(discussion, _stored(discussion), {})
    try:
        draft = _draft(discussion)
        with writing():
            discussions.edit(user, discussion, draft)
    except Refused as refusal:
        return _again(discussion, refusal)
    flash(_("The discussion is saved."))
    return make_response(redirect(url_for("organiser.edit", slug=discussion.slug), 303))


@blueprint.route("/d/<slug>/seats/new", methods=["GET", "POST"])
def give_seat(slug: str) -> Response:
    """Name a host, a moderator or a panelist."""
    user, discussion = staffed(slug)
    access.require(user, "seat.give", discussion)
    if request.method == "GET":
        return _seat_form(discussion, None, {})
    try:
        draft = _seat_draft(None)
        with writing():
            seat = seats.give(user, discussion, draft)
    except Refused as refusal:
        return _seat_again(discussion, None, refusal)
    return _to_seats(discussion, _("%(name)s has a seat.", name=seat.name))


@blueprint.route("/d/<slug>/seats/<int:seat_id>/edit", methods=["GET", "POST"])
def change_seat(slug: str, seat_id: int) -> Response:
    """Change the name, the role and the words of a seat."""
    user, discussion = staffed(slug)
    access.require(user, "seat.give", discussion)
    seat = _seat(discussion, seat_id)
    if request.method == "GET":
        return _seat_form(discussion, seat, {})
    try:
        draft = _seat_draft(seat)
        with writing():
            seats.change(user, _seat(discussion, seat_id), draft)
    except Refused as refusal:
        return _seat_again(discussion, seat, refusal)
    return _to_seats(discussion, _("The seat is changed."))


@blueprint.post("/d/<slug>/seats/<int:seat_id>/take")
def take_seat(slug: str, seat_id: int) -> Response:
    """Take a seat away; what its person wrote stays."""
    user, discussion = staffed(slug)
    access.require(user, "seat.give", discussion)
    with writing():
        seats.take(user, _seat(discussion, seat_id))
    return _to_seats(discussion, _("The seat is taken away. What was written stays."))


def suggest_slug(title: str) -> str:
    """Return an address made from `title` that no discussion has yet."""
    plain = unicodedata.normalize("NFKD", title[:300]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or f"discussion-{clock.now():%Y-%m-%d}"
    taken = set(db.session.scalars(select(Discussion.slug).where(Discussion.slug.startswith(slug))))
    tries = (f"{slug}-{count}" for count in range(2, len(taken) + 3))
    return slug if slug not in taken else next(other for other in tries if other not in taken)


def _draft(discussion: Discussion | None) -> DiscussionDraft:
    """Return what the form says. Raises Refused (invalid) naming every field at fault; a picture is stored last."""
    fields = Fields()
    texts = {name: fields.text(name) for name in _TEXTS}
    if not texts["slug"].strip() and "slug" not in fields.faults:
        texts["slug"] = discussion.slug if discussion else suggest_slug(texts["title"])
    texts["slug"] = texts["slug"].strip()
    zone = fields.zone("time_zone")
    starts_at, ends_at = fields.moment("starts_at", zone), fields.moment("ends_at", zone)
    upload = _upload(fields, "hero")
    kept = "" if discussion is None or request.form.get("remove_hero") else discussion.hero
    draft = DiscussionDraft(
        **texts,
        time_zone=zone,
        visibility=fields.choice("visibility", Visibility, Visibility.PUBLIC),
        questions_shown=fields.choice("questions_shown", QuestionsShown, QuestionsShown.ALL),
        # A time at fault is named already; what stands in for it only lets the other fields be judged.
        starts_at=starts_at or (ends_at or clock.now()) - timedelta(hours=1),
        ends_at=ends_at or (starts_at or clock.now()) + timedelta(hours=1),
        hero="new" if upload else kept,
    )
    try:
        draft.columns()
    except Refused as refusal:
        fields.refuse(refusal.fields)
    fields.refuse()
    return replace(draft, hero=_store(upload, "hero")) if upload else draft


def _upload(fields: Fields, name: str) -> FileStorage | None:
    """Return the file that came with the form under `name`, if any."""
    files = [file for file in request.files.getlist(name) if file.filename]
    if len(files) > 1 or request.form.get(name):
        fields.faults[name] = "Choose one picture file."
    return files[0] if files else None


def _store(upload: FileStorage, field: str) -> str:
    """Keep a picture and return its file name. Raises Refused naming `field` when it is no picture we can show."""
    try:
        return pictures.store(upload.stream, settings())
    except Refused as refusal:
        raise Refused(refusal.code, refusal.message, refusal.status, fields={field: refusal.message}) from refusal


def _seat_draft(seat: Seat | None) -> SeatDraft:
    """Return what the form says. Raises Refused (invalid) naming every field at fault; a picture is stored last."""
    fields = Fields()
    texts = {name: fields.text(name) for name in _SEAT_TEXTS}
    if seat is not None:
        texts["email"] = seat.user.email
    role = fields.choice("role", SeatRole, SeatRole.PANELIST)
    upload = _upload(fields, "picture")
    try:
        draft = SeatDraft(role=role, **texts).checked()
    except Refused as refusal:
        fields.refuse(refusal.fields)
        raise
    fields.refuse()
    return replace(draft, picture=_store(upload, "picture")) if upload else draft


def _seat(discussion: Discussion, seat_id: int) -> Seat:
    """Return a seat of this discussion; another's is as unknown as one that does not exist."""
    seat = next((seat for seat in discussion.seats if seat.id == seat_id), None)
    if seat is None:
        raise unknown()
    return seat


def _fresh() -> dict[str, str]:
    """Return the fields of a new discussion: an hour, a week from now."""
    day = (clock.now() + timedelta(days=7)).date().isoformat()
    return {
        **dict.fromkeys(_TYPED, ""),
        "editors_note": EDITORS_NOTE,
        "time_zone": "UTC",
        "visibility": Visibility.PUBLIC.value,
        "questions_shown": QuestionsShown.ALL.value,
        "starts_at_date": day,
        "starts_at_time": "15:00",
        "ends_at_date": day,
        "ends_at_time": "16:00",
    }


def _stored(discussion: Discussion) -> dict[str, str]:
    """Return the fields of `discussion` as the form shows them, its times on the clocks of its own zone."""
    values = {name: str(getattr(discussion, name)) for name in (*_TEXTS, "time_zone", "visibility", "questions_shown")}
    for name in ("starts_at", "ends_at"):
        local = getattr(discussion, name).astimezone(ZoneInfo(discussion.time_zone))
        values[f"{name}_date"] = f"{local:%Y-%m-%d}"
        values[f"{name}_time"] = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        values[f"{name}_fold"] = "second" if local.fold else "first"
    return values


def _form(discussion: Discussion | None, typed: dict[str, str], faults: dict[str, str], status: int = 200) -> Response:
    twice = {
        name: is_ambiguous(typed[f"{name}_date"], typed[f"{name}_time"], typed["time_zone"])
        for name in ("starts_at", "ends_at")
    }
    page = render_template(
        "organiser/form.html",
        discussion=discussion,
        typed=typed,
        faults=faults,
        twice=twice,
        zones=sorted(zones()),
        visibilities=list(Visibility),
        shown=list(QuestionsShown),
        phase=discussion.phase_at(clock.now()) if discussion else None,
        me=signed_in(),
        sheet=run_sheet(discussion) if discussion else None,
    )
    return _private(page, status)


def _again(discussion: Discussion | None, refusal: Refused) -> Response:
    """Show the form with what was typed; refusals that are about no field go to the one handler."""
    if not refusal.fields or errors.wants_json():
        raise refusal
    typed = {name: request.form.get(name, "") for name in _TYPED}
    return _form(discussion, typed, refusal.fields, refusal.status)


def _seat_form(discussion: Discussion, seat: Seat | None, faults: dict[str, str], status: int = 200) -> Response:
    if request.method == "POST":
        typed = {name: request.form.get(name, "") for name in (*_SEAT_TEXTS, "role")}
    elif seat is not None:
        typed = {name: str(getattr(seat, name)) for name in ("name", "title", "affiliation", "role")}
        typed["email"] = seat.user.email
    else:
        typed = dict.fromkeys(_SEAT_TEXTS, "") | {"role": SeatRole.PANELIST.value}
    page = render_template(
        "organiser/seat.html", discussion=discussion, seat=seat, typed=typed, faults=faults, roles=list(SeatRole)
    )
    return _private(page, status)


def _seat_again(discussion: Discussion, seat: Seat | None, refusal: Refused) -> Response:
    if not refusal.fields or errors.wants_json():
        raise refusal
    return _seat_form(discussion, seat, refusal.fields, refusal.status)


def _to_seats(discussion: Discussion, notice: str) -> Response:
    flash(notice)
    return make_response(redirect(url_for("organiser.edit", slug=discussion.slug) + "#seats", 303))


def _private(page: str, status: int = 200) -> Response:
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
