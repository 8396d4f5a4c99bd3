"""The green room of one discussion, and the page where its people introduce themselves.

For hosts, moderators and panel; to everybody else it is not there.
"""

import secrets
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _

from forum import access, clock, panel, pictures
from forum.access import Role
from forum.actions import backstage, calls, introductions, rehearsals
from forum.actions.introductions import Introduction
from forum.database import writing
from forum.extensions import limiter
from forum.live import presence
from forum.models import Discussion, Phase, User
from forum.refusals import Refused, Stale, unknown
from forum.web import discussion_form, errors
from forum.web.comments import admitted, by_writer
from forum.web.event import address_of_event
from forum.web.forms import Fields, shown_marks
from forum.web.guards import private, settings
from forum.web.view import whole

blueprint = Blueprint("backstage", __name__, url_prefix="/d/<slug>/backstage")

_WORDS = ("title", "affiliation", "biography", "country")


def entered(slug: str) -> tuple[User, Discussion]:
    """Return the person of this request and the discussion whose green room is open to them.

    Raises Refused (404) for everybody else, whether it exists or not.
    """
    return admitted(slug, "backstage.open")


def done(discussion: Discussion, notice: str, place: str = "", **said: object) -> Response:
    """Answer what has succeeded: back to where the form was (console or green room), or JSON that says so."""
    if errors.wants_json():
        return jsonify(notice=notice, seq=discussion.last_seq, **said)
    if notice:
        flash(notice)
    page = "console" if request.form.get("from") == "console" else "backstage"
    return make_response(redirect(f"/d/{discussion.slug}/{page}{place}", 303))


@blueprint.get("")
def show(slug: str) -> Response:
    """Show the green room. Query: before (a message's id) for older messages."""
    user, discussion = entered(slug)
    role = access.role_of(user, discussion)
    page = render_template(
        "backstage/show.html",
        me=user,
        discussion=discussion,
        role=role,
        phase=discussion.phase_at(clock.now()),
        rehearsal=rehearsals.of(discussion),
        event_address=address_of_event(user, discussion),
        reading=presence.now(discussion.id)["readers"],
        **room(discussion, user, whole("before", 1, 2**31 - 1)),
        **_own(discussion, user, role),
    )
    return private(page)


def room(discussion: Discussion, user: User, before: int | None = None, limit: int = panel.MESSAGES) -> dict[str, Any]:
    """Return what the green room and the console show alike: messages, the check, who is here."""
    messages = panel.messages(discussion, before, limit + 1)
    check = backstage.open_check(discussion)
    ids = {message.author_id for message in messages} | ({check.by_id} if check and check.by_id else set())
    return {
        "messages": messages[:limit],
        "has_older": len(messages) > limit,
        "check": check,
        "ready": {answer.user_id for answer in check.answers} if check else set(),
        "names": panel.names(discussion, ids),
        "here": presence.seated(discussion.id) | {user.id},
        "coming": panel.coming(discussion),
        "message_key": secrets.token_hex(16),
    }


def _own(discussion: Discussion, user: User, role: Role) -> dict[str, Any]:
    """Return what is a panelist's alone."""
    if role is not Role.PANELIST:
        nothing: dict[str, Any] = {name: [] for name in ("calls", "asked", "later", "orphans", "addressed")}
        return {**nothing, "may_post": False, "is_past": False}
    asked, later, orphans = panel.prepared(discussion, user)
    may_post = access.may(user, "comment.post", discussion)
    # In a pause hosts still call on somebody; once nothing can be written any more, no call can be answered.
    is_past = discussion.phase_at(clock.now()) is Phase.CLOSED and not may_post
    return {
        "calls": [] if is_past else calls.open_calls(discussion, user.id),
        "may_post": may_post,
        "is_past": is_past,
        "asked": asked,
        "later": later,
        "orphans": orphans,
        "addressed": panel.addressed_to(discussion, user),
    }


@blueprint.post("/messages")
@limiter.limit("30/minute;600/hour", key_func=by_writer)
def say(slug: str) -> Response:
    """Send a message: fields body, key. 201 JSON `{id, seq, html}` (200 for a key that came before), or 303 back."""
    user, discussion = entered(slug)
    fields = Fields()
    body, key = fields.text("body"), fields.text("key") or secrets.token_hex(16)
    fields.refuse()
    with writing():
        message = backstage.say(user, discussion, body, key)
        said = {"id": message.id, "html": message.html}
    response = done(discussion, "", "#messages", **said)
    if errors.wants_json():
        response.status_code = 201 if message.is_new else 200
    return response


@blueprint.post("/check")
def ask_ready(slug: str) -> Response:
    """Ask everybody whether they are ready, or end the question (`end`)."""
    user, discussion = entered(slug)
    is_over = "end" in request.form
    with writing():
        if is_over:
            backstage.end_ready(user, discussion)
        else:
            backstage.ask_ready(user, discussion)
    return done(discussion, _("The check is over.") if is_over else _("Everybody in the green room is asked."))


@blueprint.post("/ready")
def answer_ready(slug: str) -> Response:
    """Say that one is ready."""
    user, discussion = entered(slug)
    with writing():
        backstage.answer_ready(user, discussion)
    return done(discussion, _("The hosts see that you are ready."))


@blueprint.post("/calls/<int:call_id>/pass")
def decline(slug: str, call_id: int) -> Response:
    """Let the hosts know that somebody else should answer."""
    user, discussion = entered(slug)
    with writing():
        calls.decline(user, discussion, call_id)
    return done(discussion, _("The hosts see that you pass."))


@blueprint.route("/introduction", methods=["GET", "POST"])
def introduce(slug: str) -> Response:
    """Complete one's title, affiliation, biography and picture."""
    user, discussion = entered(slug)
    access.require(user, "seat.introduce", discussion)
    if request.method == "GET":
        return _introduction(discussion, user)
    seat = access.seat_of(user, discussion)
    face = seat.picture if seat else ""
    try:
        fields = Fields()
        words = Introduction(**{name: fields.text(name) for name in _WORDS})
        chosen = discussion_form.upload(fields, "picture")
        fields.refuse()
        words = words.checked()
        picture = discussion_form.store(chosen, "picture") if chosen else ""
        with writing():
            introductions.introduce(user, discussion, replace(words, picture=picture), request.form.get("seen", ""))
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _introduction(discussion, user, refusal)
    if picture:
        pictures.set_aside(face, settings())
    return done(discussion, _("Thank you. This is how readers see you now."))


def _introduction(discussion: Discussion, user: User, refusal: Refused | None = None) -> Response:
    seat = access.seat_of(user, discussion)
    if seat is None:
        raise unknown()
    stored = {name: getattr(seat, name) for name in _WORDS}
    stored |= {"biography": seat.biography or user.biography, "country": seat.country or user.country}
    stale = refusal if isinstance(refusal, Stale) else None
    typed = {name: request.form.get(name, "")[:2000] for name in _WORDS} if request.method == "POST" else stored
    page = render_template(
        "backstage/introduction.html", me=user, discussion=discussion, seat=seat,
        typed=typed | {name: getattr(seat, name) for name in (stale.untouched if stale else ())},
        faults=refusal.fields if refusal else {}, seen=shown_marks(introductions.said(seat), stale),
        theirs=stale.theirs if stale else {},
    )  # fmt: skip
    return private(page, refusal.status if refusal else 200)
