"""Bringing in a past discussion from elsewhere: read, looked through by its host, and only then stored."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _

from forum import access, clock
from forum.actions import imports
from forum.archive import discussion_file, foreign
from forum.archive.discussion_file import FileFaults
from forum.archive.foreign import Found, Kind, Said
from forum.archive.readings import moment
from forum.refusals import Refused, invalid
from forum.web import discussion_form, errors
from forum.web.accounts import twice
from forum.web.forms import Fields, form_key, fresh_key, signed_in, zones

blueprint = Blueprint("importing", __name__)

# So many comments get a choice of question of their own; the others keep the one they came with.
MOST_CHOSEN = 300


@blueprint.route("/organise/import", methods=["GET", "POST"])
def bring_in() -> Response:
    """Fields kind, source or file; then, with `store`, the title, times, names and questions that the host chose."""
    owner = access.require_create(signed_in())
    if request.method == "GET":
        return _page(None, {}, {})
    fields = Fields()
    found: Found | None = None
    try:
        kind = fields.choice("kind", Kind, Kind.TEXT)
        source = _source(fields)
        fields.refuse()
        found = foreign.read(kind, source)
        if not fields.text("store"):
            return _page(found, _proposed(found, kind, source), {})
        values = _values(fields, found)
        fields.refuse()
        # The address is what somebody changes who is told that it is taken, by what they stored themselves.
        key = form_key("slug")
        slug = twice(lambda: imports.store(discussion_file.read(json.dumps(values).encode()), owner, key)).slug
    except FileFaults as faults:
        told = {"source": "; ".join(f"{path}: {words}" for _line, path, words in faults.faults[:5])}
        return _page(found, _typed(), told, 422)
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _page(found, _typed(), refusal.fields, refusal.status)
    flash(_("It is here, with all its comments, under their own dates."))
    return make_response(redirect(f"/d/{slug}", 303))


def _source(fields: Fields) -> str:
    chosen = discussion_form.upload(fields, "file")
    if chosen is None:
        return fields.text("source").replace("\r\n", "\n")
    try:
        return chosen.stream.read(4 * foreign.LONGEST + 1).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise invalid(file=_("This file is not text in UTF-8. Save it again as UTF-8.")) from error


def _proposed(found: Found, kind: Kind, source: str) -> dict[str, str]:
    yesterday = clock.now() - timedelta(days=1)
    begin, end = (
        foreign.spread(found.comments)
        or foreign.said_by_clocks(found.comments, (yesterday - timedelta(days=1)).date())
        or (yesterday - timedelta(hours=1), yesterday)
    )
    return {
        "kind": kind.value,
        "source": source,
        "title": found.title,
        "slug": discussion_form.suggest_slug(found.title) if found.title else "",
        "zone": "UTC",
        **{f"starts_at_{part}": value for part, value in _parts(begin).items()},
        **{f"ends_at_{part}": value for part, value in _parts(end).items()},
    }


def _parts(at: datetime) -> dict[str, str]:
    return {"date": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}"}


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def _values(fields: Fields, found: Found) -> dict[str, Any]:
    """Return the discussion file that the host has made of it."""
    zone = fields.zone("zone")
    begin, end = fields.moment("starts_at", zone), fields.moment("ends_at", zone)
    title, slug = fields.text("title").strip(), fields.text("slug").strip()
    if not title:
        fields.faults["title"] = _("Give it a title.")
    questions = [fields.text(f"words-{number}").strip() for number in range(1, len(found.questions) + 1)]
    names = {author: fields.text(f"name-{at}").strip() or author for at, author in enumerate(found.authors)}
    no_names = {author for at, author in enumerate(found.authors) if fields.text(f"join-{at}") == "1"}
    chosen = [replace(one, question=_question(fields, found, at, one)) for at, one in enumerate(found.comments)]
    whole = foreign.joined(Found(found.title, found.questions, chosen), no_names)
    fields.refuse()
    if begin is None or end is None or end <= begin:
        raise invalid(ends_at=_("The end must come after the start."))
    if end > clock.now():
        raise invalid(ends_at=_("Only what is over can be brought in. For what is to come, make a new discussion."))
    comments = foreign.with_times(whole.comments, begin, end, zone)
    return {
        "title": title,
        "slug": slug or discussion_form.suggest_slug(title),
        "time_zone": zone,
        "starts_at": moment(begin),
        "ends_at": moment(end),
        "questions": [{"text": words or f"Q{number}"} for number, words in enumerate(questions, start=1)],
        "comments": [_comment(one, names) | {"id": str(at + 1)} for at, one in enumerate(comments)],
    }


def _question(fields: Fields, found: Found, at: int, comment: Said) -> int | None:
    if at >= MOST_CHOSEN or f"question-{at}" not in request.form:
        return comment.question
    number = fields.number(f"question-{at}")
    return number if number is not None and 1 <= number <= len(found.questions) else None


def _comment(comment: Said, names: dict[str, str]) -> dict[str, Any]:
    author: dict[str, str] = {"name": names.get(comment.author, comment.author)}
    if comment.affiliation:
        author["affiliation"] = comment.affiliation
    if comment.country:
        author["country"] = comment.country
    said: dict[str, Any] = {"author": author, "question": comment.question, "body": comment.body}
    said["at"] = moment(comment.at) if comment.at else ""
    if comment.reply_to is not None:
        said["reply_to"] = str(comment.reply_to)
    return said


def _page(found: Found | None, typed: dict[str, str], faults: dict[str, str], status: int = 200) -> Response:
    page = render_template(
        "organiser/import.html", found=found, typed=typed, faults=faults, kinds=list(Kind), zones=sorted(zones()),
        most=MOST_CHOSEN, key=fresh_key(),
    )  # fmt: skip
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
