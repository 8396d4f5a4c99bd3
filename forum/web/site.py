"""The site's own settings and its people: pages for administrators, which are not there for anybody else."""

from dataclasses import replace

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage

from forum import access, guests
from forum.actions import members
from forum.actions import site as rules
from forum.actions.members import Standing, Wanted
from forum.actions.site import SiteDraft
from forum.database import db, once_more, writing
from forum.models import Registration, Site, SiteRole, User
from forum.refusals import Refused, unknown
from forum.web import discussion_form, errors
from forum.web.forms import Fields, signed_in
from forum.web.guards import private
from forum.web.view import whole

blueprint = Blueprint("site", __name__)

_TEXTS = ("name", "accent", "signal", "rules", "held_words")


@blueprint.route("/site", methods=["GET", "POST"])
def settings() -> Response:
    """Show and change name, looks, rules, registration and filters."""
    actor = access.require_administrator(signed_in())
    if request.method == "GET":
        return _settings({}, {})
    try:
        draft, chosen = _draft()
        draft.columns()
        if chosen is not None:
            draft = replace(draft, logo=discussion_form.store(chosen, "logo"))
        with writing():
            rules.change(actor, draft)
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        typed = {name: request.form.get(name, "") for name in (*_TEXTS, "registration", "hold_links")}
        return _settings(typed, refusal.fields, refusal.status)
    flash(_("The settings are saved. Every page shows them from now on."))
    return make_response(redirect("/site", 303))


def _draft() -> tuple[SiteDraft, FileStorage | None]:
    """Return what the form says, and the logo that came with it, stored nowhere yet."""
    fields = Fields()
    texts = {name: fields.text(name) for name in _TEXTS}
    for name in ("accent", "signal"):
        if fields.text(f"own_{name}") != "1":
            texts[name] = ""
    draft = SiteDraft(
        **texts,
        version=fields.number("version") or 0,
        logo="" if fields.text("remove_logo") else Site.current().logo,
        registration=fields.choice("registration", Registration, Registration.OPEN),
        hold_links=fields.text("hold_links") == "1",
    )
    chosen = discussion_form.upload(fields, "logo")
    fields.refuse()
    return draft, chosen


def _settings(typed: dict[str, str], faults: dict[str, str], status: int = 200) -> Response:
    stored = Site.current()
    shown = {name: getattr(stored, name) for name in _TEXTS}
    shown |= {"registration": stored.registration.value, "hold_links": "1" if stored.hold_links else ""}
    page = render_template(
        "site/settings.html", site=stored, typed=shown | typed, faults=faults, kinds=list(Registration)
    )
    return private(page, status)


@blueprint.get("/site/people")
def people() -> Response:
    """List the people of the site. Query: part (of a name or address), standing, page."""
    actor = access.require_administrator(signed_in())
    return _people(actor, "", {})


@blueprint.post("/site/people")
def invite() -> Response:
    """Mail an invitation to a list of addresses (field addresses)."""
    actor = access.require_administrator(signed_in())
    fields = Fields()
    typed = fields.text("addresses")
    try:
        fields.refuse()
        invited = once_more(lambda: members.invite(actor, typed))
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _people(actor, typed, refusal.fields, refusal.status)
    words = ngettext("%(num)s person is invited.", "%(num)s people are invited.", len(invited))
    flash(words if invited else _("All of them have an account already."))
    return make_response(redirect("/site/people?standing=unconfirmed", 303))


def _people(actor: User, addresses: str, faults: dict[str, str], status: int = 200) -> Response:
    wanted = _wanted()
    found, total = members.listed(actor, wanted)
    page = render_template(
        "site/people.html",
        wanted=wanted,
        people=found,
        total=total,
        seen=members.seen(found),
        lost=guests.lost_welcomes(found),
        standings=list(Standing),
        more=(wanted.page + 1) * members.MOST < total,
        may_invite=rules.is_open(invited=True),
        addresses=addresses,
        faults=faults,
    )
    return private(page, status)


def _wanted() -> Wanted:
    part = request.args.get("part", "").replace("\0", "").strip()[:80]
    asked = request.args.get("standing", "all")
    standing = Standing(asked) if asked in {one.value for one in Standing} else Standing.ALL
    return Wanted(part, standing, whole("page", 0, 10_000) or 0)


@blueprint.post("/people/<int:user_id>/role")
def give_role(user_id: int) -> Response:
    """Make somebody a member, organiser or administrator. Field role."""
    actor = access.require_administrator(signed_in())
    fields = Fields()
    role = fields.choice("role", SiteRole, SiteRole.MEMBER)
    fields.refuse()
    with writing():
        person = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
        if person is None:
            raise unknown()
        members.give_role(actor, person, role)
    flash(_("The role is changed."))
    return make_response(redirect(f"/people/{user_id}", 303))
