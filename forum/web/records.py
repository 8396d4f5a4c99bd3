"""The record as pages and files: a discussion's for its hosts, the site's for administrators, and one's own."""

from flask import Blueprint, Response, render_template, request

from forum import access, record
from forum.models import Discussion, ModerationAction
from forum.record import Wanted
from forum.refusals import unknown
from forum.web.console import staffed
from forum.web.forms import signed_in
from forum.web.guards import private
from forum.web.view import whole

blueprint = Blueprint("records", __name__)

_LONGEST = 80


@blueprint.get("/d/<slug>/record")
def of_discussion(slug: str) -> Response:
    """Show the record of a discussion. Query: verb, person, before (a line's id)."""
    user, discussion = staffed(slug)
    access.require(user, "record.read", discussion)
    return _page(_wanted(discussion))


@blueprint.get("/d/<slug>/record.<any(csv, json):kind>")
def of_discussion_as(slug: str, kind: str) -> Response:
    """Return the record of a discussion as a file, all of it that the query asks for."""
    user, discussion = staffed(slug)
    access.require(user, "record.read", discussion)
    return _file(_wanted(discussion), kind, f"{discussion.slug}-record")


@blueprint.get("/record")
def of_site() -> Response:
    """Show the record of the whole site, to administrators."""
    access.require_administrator(signed_in())
    return _page(_wanted(None))


@blueprint.get("/record.<any(csv, json):kind>")
def of_site_as(kind: str) -> Response:
    """Return the record of the whole site as a file, to administrators."""
    access.require_administrator(signed_in())
    return _file(_wanted(None), kind, "record")


@blueprint.get("/account/record")
def own() -> Response:
    """Show what was done to this person and to their comments."""
    user = signed_in()
    if user is None:
        raise unknown()
    found = record.of_person(user)
    # One that they may not read (any more) has neither title nor address for them, which may be others by now.
    places = {
        number: place
        for number, place in record.discussions(found).items()
        if access.may(user, "discussion.read", place)
    }
    return private(render_template("accounts/record.html", lines=found, places=places, me=user))


def _wanted(discussion: Discussion | None) -> Wanted:
    verb, person = (request.args.get(name, "").replace("\0", "")[:_LONGEST] for name in ("verb", "person"))
    return Wanted(discussion, verb, person.strip(), whole("before", 1, 2**31 - 1))


def _page(wanted: Wanted) -> Response:
    found = record.lines(wanted, record.MOST + 1)
    shown: list[ModerationAction] = found[: record.MOST]
    return private(
        render_template(
            "console/records.html",
            wanted=wanted,
            discussion=wanted.discussion,
            record=shown,
            older=shown[-1].id if len(found) > record.MOST else None,
            names=record.names(shown),
            places=record.discussions(shown),
            verbs=record.verbs(wanted.discussion),
            asked={name: value for name, value in (("verb", wanted.verb), ("person", wanted.person)) if value},
        )
    )


def _file(wanted: Wanted, kind: str, name: str) -> Response:
    found = record.lines(wanted, None)
    response = private(record.as_csv(found) if kind == "csv" else record.as_json(found))
    response.headers["Content-Type"] = "text/csv; charset=utf-8" if kind == "csv" else "application/json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
