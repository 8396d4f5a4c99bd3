"""The site's own settings and its people: pages for administrators, which are not there for anybody else."""

from dataclasses import replace

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage

from forum import access, guests
from forum.actions import members, merging
from forum.actions import site as rules
from forum.actions.members import Standing, Wanted
from forum.actions.site import SiteDraft
from forum.database import db, once_more, writing
from forum.models import Registration, Site, SiteRole, User
from forum.refusals import Refused, Stale, unknown
from forum.web import discussion_form, errors
from forum.web.forms import Fields, signed_in
from forum.web.guards import private
from forum.web.view import whole

blueprint = Blueprint("site", __name__)

_TEXTS = ("name", "accent", "signal", "rules", "held_words")
_COLOURS = ("accent", "signal")
_KINDS = {
    Registration.OPEN: lazy("Everybody who signs up"),
    Registration.INVITED: lazy(
        "Only who is invited: by an administrator on the page of people, or by a host to a panel"
    ),
    Registration.CLOSED: lazy("Nobody new, but for who is named host or panelist"),
}


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
        once_more(lambda: rules.change(actor, draft, request.form.get("seen", "")))
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _settings(_typed(), refusal.fields, refusal.status, refusal if isinstance(refusal, Stale) else None)
    flash(_("The settings are saved. Every page shows them from now on."))
    return make_response(redirect("/site", 303))


def _draft() -> tuple[SiteDraft, FileStorage | None]:
    """Return what the form says, and the logo that came with it, stored nowhere yet."""
    fields = Fields()
    texts = {name: fields.text(name) for name in _TEXTS}
    for name in _COLOURS:
        if fields.text(f"own_{name}") != "1":
            texts[name] = ""
    draft = SiteDraft(
        **texts,
        logo="" if fields.text("remove_logo") else Site.current().logo,
        registration=fields.choice("registration", Registration, Registration.OPEN),
        hold_links=fields.text("hold_links") == "1",
    )
    chosen = discussion_form.upload(fields, "logo")
    fields.refuse()
    return draft, chosen


def _typed() -> dict[str, str]:
    """Return the fields as they were sent; a colour whose box is not ticked is none."""
    typed = {name: request.form.get(name, "") for name in (*_TEXTS, "remove_logo", "registration", "hold_links")}
    return typed | {name: "" for name in _COLOURS if request.form.get(f"own_{name}") != "1"}


def _settings(typed: dict[str, str], faults: dict[str, str], status: int = 200, stale: Stale | None = None) -> Response:
    stored = Site.current()
    shown = {name: getattr(stored, name) for name in _TEXTS}
    shown |= {"registration": stored.registration.value, "hold_links": "1" if stored.hold_links else ""}
    typed = {name: words for name, words in typed.items() if stale is None or name not in stale.untouched}
    page = render_template(
        "site/settings.html", site=stored, typed=shown | typed, faults=faults, kinds=_KINDS,
        seen=_seen(stored, stale), theirs=_theirs(stale) if stale else {},
    )  # fmt: skip
    return private(page, status)


def _seen(stored: Site, stale: Stale | None) -> str:
    """Return the marks of what the form shows: what came, until what somebody else has changed is shown beside it."""
    if stale is not None:
        return stale.seen
    return request.form.get("seen", "") if request.method == "POST" else merging.marks(rules.said(stored))


def _theirs(stale: Stale) -> dict[str, str]:
    """Return what stands there now in words; a logo is shown beside them."""
    theirs = dict(stale.theirs)
    if "registration" in theirs:
        theirs["registration"] = str(_KINDS[Registration(theirs["registration"])])
    if theirs.get("logo"):
        theirs["logo"] = _("Another logo: the one below.")
    return theirs


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
