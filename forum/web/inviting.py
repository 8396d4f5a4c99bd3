"""Where hosts invite an audience: a list is read, looked through and corrected, and only then stored and sent.

Between looking and sending the list stays in the page, as with an import: nothing is kept of who is not invited.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from forum import access, addresses, guests, zones
from forum.actions import guest_mail
from forum.actions import guests as actions
from forum.actions.guests import Planned, Why
from forum.addresses import Row
from forum.database import writing
from forum.guests import Show
from forum.models import Discussion, User
from forum.refusals import Refused
from forum.web import discussion_form, errors
from forum.web.console import staffed
from forum.web.forms import Fields
from forum.web.guards import private, settings
from forum.web.view import whole

blueprint = Blueprint("inviting", __name__, url_prefix="/d/<slug>/guests")

# So many rows can be corrected in the page at once, three fields each: a form has at most 400 parts.
MOST_CORRECTED = 100
A_PAGE = 100
_KEY = re.compile(r"[A-Za-z0-9_-]{16,40}\Z")
_PLACE = re.compile(r"(email|name|zone)-([0-9]{1,4})\Z")


@dataclass
class Look:
    """A list that is being looked through: what becomes of each row, and the letter of one."""

    planned: list[Planned]
    source: str
    words: str
    key: str
    shown: Row | None
    letter: tuple[str, str] | None

    @property
    def count(self) -> int:
        """How many letters would leave."""
        return sum(1 for one in self.planned if one.why is None)

    @property
    def digest(self) -> str:
        """What would be sent, in short: the page says it back with “Send”, so that nothing else leaves."""
        return _bound("seen", self.words, *(f"{one.row}" for one in self.planned if one.why is None))

    @property
    def bound_key(self) -> str:
        """The form's key for exactly this list and these words; another list that comes with it is another sending."""
        return _bound(self.key, self.words, *(f"{one.row}" for one in self.planned))

    @property
    def faulty(self) -> list[tuple[int, Row]]:
        """The rows that something is wrong with, by their place."""
        return [(at, one.row) for at, one in enumerate(self.planned) if one.why is Why.FAULTY]


@blueprint.get("")
def show(slug: str) -> Response:
    """Show who is invited and how that stands, and the form for more. Query: show, page."""
    user, discussion = _hosted(slug, "guest.list")
    return _list(user, discussion)


@blueprint.post("")
def invite(slug: str) -> Response:
    """Look through a list (source or file), with words, corrections (email-N, name-N, zone-N) and show; or send it.

    `seen` says what the page showed: where something is another now, the page is shown again instead of sending.
    """
    user, discussion = _hosted(slug, "guest.list")
    actions.require_invite(user, discussion)
    fields = Fields()
    key = _key(fields)
    look: Look | None = None
    try:
        fields.refuse()
        look = _look(user, discussion, fields, key)
        if not fields.text("send") or fields.text("show"):
            return _preview(discussion, look)
        if (before := actions.with_key(discussion, look.bound_key)) is not None:
            return _sent(discussion, before.count)
        if fields.text("seen") != look.digest:
            told = {"send": _("The list is another now. Look at it once more, then send.")}
            return _preview(discussion, look, told, 409)
        with writing():
            mailing = actions.invite(user, discussion, [one.row for one in look.planned], look.words, look.bound_key)
            count = mailing.count
    except Refused as refusal:
        if errors.wants_json() or not (refusal.fields or refusal.code == "too_many"):
            raise
        told = refusal.fields or {"send": refusal.message}
        return (
            _preview(discussion, look, told, refusal.status) if look else _list(user, discussion, told, refusal.status)
        )
    return _sent(discussion, count)


@blueprint.post("/again")
def again(slug: str) -> Response:
    """Send the invitation again to chosen guests: fields guest (ids) and key."""
    user, discussion = _hosted(slug, "guest.list")
    chosen = {int(one) for one in request.form.getlist("guest")[:A_PAGE] if re.fullmatch(r"[0-9]{1,9}", one)}
    fields = Fields()
    key = _key(fields)
    try:
        fields.refuse()
        with writing():
            count = actions.send_again(user, discussion, chosen, _bound(key, *map(str, sorted(chosen))))
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _list(user, discussion, refusal.fields, refusal.status)
    return _sent(discussion, count)


@blueprint.route("/<int:guest_id>", methods=["GET", "POST"])
def correct(slug: str, guest_id: int) -> Response:
    """Correct a guest's address, name, language or zone, and send the invitation there."""
    user, discussion = _hosted(slug, "guest.list")
    guest = actions.find(discussion, guest_id)
    names = ("email", "name", "language", "zone")
    if request.method == "GET":
        stored = dict(zip(names, (guest.email, guest.name, guest.language, guest.time_zone), strict=True))
        return _correction(discussion, guest_id, stored, {})
    fields = Fields()
    key = _key(fields)
    typed = {name: fields.text(name) for name in names}
    try:
        fields.refuse()
        row = addresses.checked(Row(0, typed["email"], typed["name"], typed["language"], typed["zone"]))
        with writing():
            actions.correct(user, discussion, guest_id, row, _bound(key, f"{guest_id} {row}"))
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _correction(discussion, guest_id, typed, refusal.fields, refusal.status)
    return _sent(discussion, 1)


@blueprint.post("/<int:guest_id>/remove")
def remove(slug: str, guest_id: int) -> Response:
    """Take a guest off the list."""
    user, discussion = _hosted(slug, "guest.list")
    with writing():
        actions.remove(user, discussion, guest_id)
    return _back(discussion, _("Taken off the list. Their link opens nothing any more."))


@blueprint.get("/list.csv")
def file(slug: str) -> Response:
    """Return the list as a table for a spreadsheet."""
    _user, discussion = _hosted(slug, "guest.list")
    response = private(guests.as_csv(guests.listed(discussion)))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{discussion.slug}-guests.csv"'
    return response


def _hosted(slug: str, verb: str) -> tuple[User, Discussion]:
    user, discussion = staffed(slug)
    access.require(user, verb, discussion)
    return user, discussion


def _key(fields: Fields) -> str:
    """Return the form's key; a form that has lost it gets one that is new, and so sends once at least."""
    typed = fields.text("key")
    return typed if _KEY.match(typed) else secrets.token_urlsafe(16)


def _bound(key: str, *said: str) -> str:
    """Return `key` for exactly what is `said`: a form that comes back changed, by “Back”, is not sent already."""
    return hashlib.sha256("\0".join((key, *said)).encode("utf-8", "replace")).hexdigest()[:40]


def _look(user: User, discussion: Discussion, fields: Fields, key: str) -> Look:
    chosen = discussion_form.upload(fields, "file")
    source = addresses.decode(chosen.stream.read(addresses.MOST_BYTES + 1)) if chosen else fields.text("source")
    typed_words = fields.text("words")
    fields.refuse()
    rows = addresses.corrected(addresses.read(source), _corrections())
    planned = actions.plan(discussion, rows)
    words = actions.clean_words(typed_words)
    asked = fields.text("show")
    mailed = [one.row for one in planned if one.why is None]
    shown = next((row for row in mailed if row.email == asked), mailed[0] if mailed else None)
    letter = None
    if shown is not None:
        letter = guest_mail.preview(user, discussion, shown.name, shown.language, shown.zone, words)
    return Look(planned, addresses.written(rows), words, key, shown, letter)


def _corrections() -> dict[int, dict[str, str]]:
    """Return what was typed over rows of the list, by their place."""
    found: dict[int, dict[str, str]] = {}
    for field, typed in request.form.items():
        if (match := _PLACE.match(field)) is not None:
            found.setdefault(int(match[2]), {})[match[1]] = typed
    return found


def _preview(discussion: Discussion, look: Look, told: dict[str, str] | None = None, status: int = 200) -> Response:
    page = render_template(
        "console/invite.html", discussion=discussion, look=look, faults=told or {}, most=MOST_CORRECTED,
        sends_mail=settings().sends_mail, zones=sorted(zones.names()),
    )  # fmt: skip
    return private(page, status)


def _list(user: User, discussion: Discussion, faults: dict[str, str] | None = None, status: int = 200) -> Response:
    found = guests.listed(discussion)
    asked = request.args.get("show", "")
    part = Show(asked) if asked in {one.value for one in Show} else Show.ALL
    chosen = guests.shown(found, part)
    page = whole("page", 0, 1000) or 0
    rendered = render_template(
        "console/guests.html", discussion=discussion, faults=faults or {}, part=part, counts=guests.counts(found),
        shown=chosen[page * A_PAGE : (page + 1) * A_PAGE], page=page, more=len(chosen) > (page + 1) * A_PAGE,
        typed={name: request.form.get(name, "") for name in ("source", "words")}, key=secrets.token_urlsafe(16),
        closed_door=_closed_door(user, discussion), sends_mail=settings().sends_mail,
        looks_back=bool(settings().mail_bounces),
    )  # fmt: skip
    return private(rendered, status)


def _closed_door(user: User, discussion: Discussion) -> str:
    """Return why nobody can be invited now, or nothing when somebody can."""
    try:
        actions.require_invite(user, discussion)
    except Refused as refusal:
        return refusal.message if refusal.code != "closed" else _("It is over: nobody can be invited to it any more.")
    return ""


def _correction(
    discussion: Discussion, guest_id: int, typed: dict[str, str], faults: dict[str, str], status: int = 200
) -> Response:
    page = render_template(
        "console/guest.html", discussion=discussion, guest_id=guest_id, typed=typed, faults=faults,
        key=secrets.token_urlsafe(16) if status == 200 else request.form.get("key", ""), zones=sorted(zones.names()),
    )  # fmt: skip
    return private(page, status)


def _sent(discussion: Discussion, count: int) -> Response:
    words = ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", count)
    return _back(discussion, words)


def _back(discussion: Discussion, words: str) -> Response:
    flash(words)
    return make_response(redirect(url_for("inviting.show", slug=discussion.slug), 303))
