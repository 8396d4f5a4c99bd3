"""The page on which one searches."""

from datetime import date

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _

from forum import access, clock, search
from forum.extensions import limiter
from forum.models import Discussion
from forum.refusals import invalid, unknown
from forum.search import Found, Wanted
from forum.web import errors, moved, silences
from forum.web.comments import by_writer
from forum.web.forms import signed_in
from forum.web.guards import private
from forum.web.view import whole

blueprint = Blueprint("search", __name__)

_ROLES = ("", "host", "moderator", "panelist", "member")


@blueprint.get("/search")
@limiter.limit("60/minute", key_func=by_writer)
def show() -> Response:
    """Search. Query: q (words, "a phrase", -without), in (a slug), person, role, question, since, until, page.

    Without q it shows the newest of what the other fields ask for.
    """
    wanted = _wanted()
    found = search.find(signed_in(), wanted)
    if errors.wants_json():
        return private(jsonify(total=found.total, comments=[_as_json(hit) for hit in found.hits]))
    return private(_page(wanted, found))


def _page(wanted: Wanted, found: Found) -> str:
    last = (wanted.page + 1) * search.MOST >= min(found.total, search.MOST * search.MOST_PAGES)
    asked = {name: value for name, value in request.args.items() if name != "page" and value}
    return render_template(
        "home/search.html",
        wanted=wanted,
        found=found,
        asked=asked,
        is_last=last,
        roles=_ROLES,
        silence_style=silences.style(signed_in()),
    )


def _as_json(hit: search.Hit) -> dict[str, object]:
    comment = hit.comment
    return {
        "id": comment.id,
        "discussion": comment.discussion.slug,
        "question": comment.question.number if comment.question else None,
        "author": hit.face.name,
        "at": clock.in_utc(comment.posted_at),
        "address": f"/d/{comment.discussion.slug}/c/{comment.id}",
        "excerpt": str(hit.excerpt),
    }


def _wanted() -> Wanted:
    """Read the address. Raises Refused (invalid, naming the field; 404 for a discussion that the asker cannot know)."""
    role = request.args.get("role", "")
    if role not in _ROLES:
        raise invalid(role=_("“role” is host, moderator, panelist, member or nothing."))
    return Wanted(
        words=request.args.get("q", "").replace("\0", " ")[: search.LONGEST],
        discussion=_discussion(request.args.get("in", "")),
        person=request.args.get("person", "").replace("\0", "").strip()[:80],
        role=role,
        question=whole("question", 1, 1000),
        since=_day("since"),
        until=_day("until"),
        page=whole("page", 0, search.MOST_PAGES - 1) or 0,
    )


def _discussion(slug: str) -> Discussion | None:
    if not slug:
        return None
    found = moved.at(slug)
    if found is None or not access.may(signed_in(), "discussion.read", found):
        raise unknown()
    return found


def _day(name: str) -> date | None:
    typed = request.args.get(name, "").strip()
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        day = date.min
    if not 1970 <= day.year <= 2200:
        raise invalid(**{name: _("“%(name)s” is a day like 2026-11-23.", name=name)})
    return day
