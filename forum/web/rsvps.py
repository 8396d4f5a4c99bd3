"""Saying that one will come, with or without an account, and the way out of the letters."""

from urllib.parse import quote

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from forum import clock, speaking, zones
from forum.actions import accounts, rsvps
from forum.database import once_more, writing
from forum.models import Discussion, RsvpKind
from forum.refusals import Refused, invalid
from forum.web import errors, throttles
from forum.web.archive import public_url
from forum.web.comments import find, unchecked
from forum.web.forms import Fields, signed_in
from forum.web.guards import private, settings

blueprint = Blueprint("rsvps", __name__)


@blueprint.get("/d/<slug>/rsvp")
def show(slug: str) -> Response:
    """Show the form."""
    return _page(find(slug), {})


@blueprint.post("/d/<slug>/rsvp")
def say(slug: str) -> Response:
    """Note what somebody wants: fields kind (take_part, read_along, none), zone, language, email of a visitor."""
    discussion = find(slug)
    fields = Fields()
    kind, zone = fields.text("kind"), fields.zone("zone", discussion.time_zone)
    email = accounts.clean_email(fields.text("email"))
    language = speaking.known(fields.text("language")) or speaking.asked_for()
    if signed_in() is None and email is None:
        fields.faults.setdefault("email", _("Give your email address, like name@example.org."))
    if kind not in {"none", *(one.value for one in RsvpKind)}:
        fields.faults["kind"] = _("Choose one of the list.")
    try:
        fields.refuse()
        words = _said(slug, kind, zone, email or "", language)
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _page(discussion, refusal.fields, refusal.status)
    flash(words)
    return make_response(redirect(f"/d/{slug}/rsvp", 303))


# A visitor's form comes from a page that is the same for everybody; see web.guards.
say.visitors_need_no_token = True  # type: ignore[attr-defined]


def _said(slug: str, kind: str, zone: str, email: str, language: str) -> str:
    user = signed_in()
    if user is not None:
        if kind == "none":
            with writing():
                rsvps.take_back(user, unchecked(slug))
            return str(_("You will not be reminded."))
        once_more(lambda: rsvps.say(user, unchecked(slug), RsvpKind(kind), zone, language))
        return promise(unchecked(slug))
    if kind == "none":
        raise invalid(kind=_("Use the link in one of our letters to get no more of them."))
    throttles.count("reset from", throttles.visitor())
    throttles.count("mail to", email)
    once_more(lambda: rsvps.ask(email, unchecked(slug), RsvpKind(kind), zone, language))
    if settings().sends_mail:
        return str(_("Look into your mail: the link in our letter is what counts."))
    return promise(unchecked(slug))


def _page(discussion: Discussion, faults: dict[str, str], status: int = 200) -> Response:
    user = signed_in()
    mine = rsvps.of(user, discussion) if user is not None else None
    page = render_template(
        "discussion/rsvp.html",
        discussion=discussion,
        is_open=rsvps.is_to_come(discussion),
        begun=rsvps.goes_on(discussion),
        mine=mine,
        typed=request.form,
        faults=faults,
        counts=rsvps.counts(discussion),
        zones=sorted(zones.names()),
        calendars=_calendars(discussion),
    )
    return private(page, status)


def promise(discussion: Discussion) -> str:
    """Return what somebody who has said that they come can count on: reminders, until it has begun."""
    if rsvps.goes_on(discussion):
        return str(_("It is going on now."))
    return str(_("We remind you a day and an hour before, and when it begins."))


def _calendars(discussion: Discussion) -> list[tuple[str, str]]:
    """Return the links that add the event to the calendars of big sites; each takes times in UTC."""
    begin, end = (f"{moment:%Y%m%dT%H%M%SZ}" for moment in (discussion.starts_at, discussion.ends_at))
    title, address = quote(discussion.title), quote(f"{public_url()}/d/{discussion.slug}")
    google = f"action=TEMPLATE&text={title}&dates={begin}/{end}&details={address}"
    outlook = (
        f"path=/calendar/action/compose&rru=addevent&subject={title}&body={address}"
        f"&startdt={clock.in_utc(discussion.starts_at)}&enddt={clock.in_utc(discussion.ends_at)}"
    )
    return [
        ("Google", f"https://calendar.google.com/calendar/render?{google}"),
        ("Outlook", f"https://outlook.live.com/calendar/0/deeplink/compose?{outlook}"),
    ]


@blueprint.route("/rsvp/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Response:
    """Show a button, because mail scanners open links, and count the answer when it is pressed."""
    rsvp, wish = rsvps.by_token(token)
    _speak(wish.language)
    if request.method == "GET":
        return _small("discussion/rsvp_confirm.html", discussion=rsvp.discussion, email=rsvp.email, zone=wish.time_zone)
    with writing():
        discussion = rsvps.confirm(token).discussion
    flash(promise(discussion))
    return make_response(redirect(f"/d/{discussion.slug}", 303))


@blueprint.route("/unsubscribe/<token>", methods=["GET", "POST"])
def unsubscribe(token: str) -> Response:
    """End the letters about one discussion: by a button for people, by one POST for mail programs (RFC 8058)."""
    rsvp = rsvps.unsubscribed_from(token)
    _speak(rsvp.language if rsvp is not None else "")
    if request.method == "GET":
        title = rsvp.discussion.title if rsvp is not None and rsvps.may_be_named(rsvp) else ""
        return _small("discussion/unsubscribe.html", ends=rsvp is not None, title=title, done=False)
    with writing():
        rsvps.unsubscribe(token)
    return _small("discussion/unsubscribe.html", ends=False, title="", done=True)


unsubscribe.needs_no_token = True  # type: ignore[attr-defined]


def _speak(language: str) -> None:
    """Speak as the letter did that led here."""
    if speaking.known(language) and signed_in() is None:
        speaking.speak(language)


def _small(template: str, **facts: object) -> Response:
    return private(render_template(template, **facts))
