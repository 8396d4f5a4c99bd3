"""Bringing in a past discussion from elsewhere: read, looked through by its host, and only then stored."""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from forum import access, clock, text, zones
from forum.actions import imports, slugs
from forum.actions.drafting import DiscussionDraft, clean
from forum.actions.imports.comments import AHEAD, EARLIEST
from forum.archive import discussion_file, findings, foreign
from forum.archive.discussion_file import FileFaults
from forum.archive.findings import Found, Said
from forum.archive.foreign import Kind
from forum.archive.readings import moment
from forum.database import once_more
from forum.models import Discussion, User
from forum.refusals import Refused, invalid
from forum.web import discussion_form, errors
from forum.web.forms import Fields, form_key, fresh_key, signed_in
from forum.web.guards import private

blueprint = Blueprint("importing", __name__)

# So many comments get a choice of question of their own; the others keep the one they came with.
MOST_CHOSEN = 300
_LASTED = ("starts_at_date", "starts_at_time", "ends_at_date", "ends_at_time")
_LEFT_OUT = re.compile(r"out-[0-9]{1,4}\Z")


@blueprint.route("/organise/import", methods=["GET", "POST"])
def bring_in() -> Response:
    """Fields kind, source or file; then, with `store`, what the host made of it: title, intro, times, names and so on.

    `body-N` is the text of the comment at place N and `at-N` its time, where they were at fault or changed, and `out-N`
    leaves it out.
    """
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
            return _page(found, _proposed(found, kind, source), _faults(fields, found, found.comments))
        slug, spread = _store(fields, found, owner)
    except FileFaults as faults:
        return _page(found, _typed(fields, found), _named(faults), 422)
    except Refused as refusal:
        if not refusal.fields or errors.wants_json():
            raise
        return _page(found, _typed(fields, found), refusal.fields, refusal.status)
    flash(_brought_in(spread))
    return make_response(redirect(f"/d/{slug}", 303))


# What was pasted comes back with every correction, and three signs of the address for each byte of many a script.
bring_in.longest_form = 6 * 1024 * 1024  # type: ignore[attr-defined]


def _brought_in(spread: int) -> str:
    if not spread:
        return str(_("It is here, with all its comments, under their own dates."))
    return str(
        ngettext(
            "It is here, with all its comments. %(num)s had no time of its own, and was given one in between.",
            "It is here, with all its comments. %(num)s had no time of their own, and were given one in between.",
            spread,
        )
    )


def _store(fields: Fields, found: Found, owner: User) -> tuple[str, int]:
    """Store what the form says; return its address and how many comments were given a time.

    Pressed twice, the address is that of what the first press has stored.
    """
    timed = _timed(fields, found)
    spread = sum(one.is_spread for one in timed.comments)
    # The address is what somebody changes who is told that it is taken, by what they stored themselves.
    key = form_key("slug")
    if (before := Discussion.with_key(owner.id, key)) is not None:
        return before.slug, spread
    values = _values(fields, found, timed)
    fields.refuse()
    return once_more(lambda: imports.store(discussion_file.read(json.dumps(values).encode()), owner, key)).slug, spread


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
    own = findings.spread(found.comments, "UTC")
    begin, end = (
        own
        or findings.said_by_clocks(found.comments, (yesterday - timedelta(days=1)).date())
        or (yesterday - timedelta(hours=1), yesterday)
    )
    return {
        "kind": kind.value,
        "source": source if kind is Kind.DISCOURSE else text.without_controls(source),
        "title": found.title,
        "slug": discussion_form.suggest_slug(found.title) if found.title else "",
        "intro": found.intro,
        "zone": "UTC",
        **_lasted(begin, end, "UTC"),
        **({} if own else {"proposed": ""}),
    }


def _lasted(begin: datetime, end: datetime, zone: str) -> dict[str, str]:
    """Return the fields of begin and end on the clocks of `zone`, and what tells that the host has left them alone."""
    values = [f"{at.astimezone(ZoneInfo(zone)):{part}}" for at in (begin, end) for part in ("%Y-%m-%d", "%H:%M")]
    return dict(zip(_LASTED, values, strict=True)) | {"proposed": " ".join(values)}


def _followed(fields: Fields, comments: list[Said], zone: str) -> tuple[datetime, datetime] | None:
    """Return begin and end as the comments say with their own times; None where the host has said something else."""
    if fields.text("proposed") != " ".join(fields.text(name) for name in _LASTED):
        return None
    lasted = findings.spread(comments, zone)
    return lasted if lasted and lasted[0].year >= 2000 else None  # no form takes an earlier one


def _typed(fields: Fields, found: Found | None) -> dict[str, str]:
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    zone = zones.named(typed.get("zone", "").strip())
    lasted = _followed(fields, _chosen(fields, found).comments, zone) if found and zone else None
    return typed | _lasted(*lasted, zone) if lasted and zone else typed


@dataclass(frozen=True)
class _Timed:
    """When it was on the clocks of `zone`, and its comments with a time each."""

    zone: str
    begin: datetime
    end: datetime
    comments: list[Said]


def _timed(fields: Fields, found: Found) -> _Timed:
    zone = fields.zone("zone")
    comments = _chosen(fields, found).comments
    begin, end = _followed(fields, comments, zone) or (fields.moment("starts_at", zone), fields.moment("ends_at", zone))
    if begin is not None and end is not None and end > begin and end > clock.now():
        words = _("Only what is over can be brought in. For what is to come, make a new discussion.")
        fields.faults.setdefault("ends_at", words)
    if begin is None or end is None:
        end = clock.now()
        begin = end - timedelta(hours=1)  # a time at fault is named already; this lets the rest be judged
    for one in findings.in_a_change(comments, zone):
        fault = _("Its time falls into the change of the clocks. Give it with an offset, like 2026-03-29 01:30+00:00.")
        fields.faults[f"at-{one.place}"] = _of_comment(one, fault)
    return _Timed(zone, begin, end, findings.with_times(comments, begin, end, zone))


def _values(fields: Fields, found: Found, timed: _Timed) -> dict[str, Any]:
    """Return the discussion file that the host has made of it. Raises Refused (invalid) naming the page's fields."""
    zone, begin, end, comments = timed.zone, timed.begin, timed.end, timed.comments
    title = fields.text("title").strip()
    slug = fields.text("slug").strip() or discussion_form.suggest_slug(title)
    intro = text.without_controls(fields.text("intro")) if "intro" in request.form else found.intro
    names = {author: fields.text(f"name-{at}").strip() or author for at, author in enumerate(found.authors)}
    draft = DiscussionDraft(title=title or "?", slug=slug, intro=intro, starts_at=begin, ends_at=end, time_zone=zone)
    told = _faults(fields, found, comments) | _heads(title, draft)
    for one in comments:
        if one.at is not None and not begin - EARLIEST <= one.at <= clock.now() + AHEAD:
            fault = _("Its time must lie at most a year before the start, and not in the future. Else leave it out.")
            told.setdefault(f"body-{one.place}", _of_comment(one, fault))
    if not comments:
        told["comments"] = _("Every comment is left out. Keep one at least.")
    fields.refuse(told)
    return {
        "title": title,
        "slug": slug,
        "intro": intro,
        "time_zone": zone,
        "starts_at": moment(begin),
        "ends_at": moment(end),
        "questions": [{"text": words or f"Q{number}"} for number, words in enumerate(_questions(fields, found), 1)],
        "comments": [_comment(one, names, comments) | {"id": str(at + 1)} for at, one in enumerate(comments)],
    }


def _chosen(fields: Fields, found: Found) -> Found:
    """Return what was found as the host has changed it: texts, times, questions, what is left out or no name."""
    left_out = {at for at in range(len(found.comments)) if request.form.get(f"out-{at}") == "1"}
    no_names = {author for at, author in enumerate(found.authors) if fields.text(f"join-{at}") == "1"}
    changed = [
        replace(_dated(fields, at, one), question=_question(fields, found, at, one), body=_body(fields, at, one))
        for at, one in enumerate(found.comments)
    ]
    kept = findings.without(replace(found, comments=changed), left_out)
    return findings.joined(kept, no_names)


def _body(fields: Fields, at: int, comment: Said) -> str:
    return text.without_controls(fields.text(f"body-{at}")) if f"body-{at}" in request.form else comment.body


def _dated(fields: Fields, at: int, comment: Said) -> Said:
    if f"at-{at}" not in request.form:
        return comment
    return findings.dated(comment, text.without_controls(fields.text(f"at-{at}")).strip()[:80])


def _questions(fields: Fields, found: Found) -> list[str]:
    return [
        (fields.text(f"words-{number}") if f"words-{number}" in request.form else words).strip()
        for number, words in enumerate(found.questions, start=1)
    ]


def _faults(fields: Fields, found: Found, comments: list[Said]) -> dict[str, str]:
    """Return what cannot be stored of names, questions and comments, under the names of the fields that mend it."""
    told: dict[str, str] = {}
    for number, words in enumerate(_questions(fields, found), start=1):
        if words:
            clean(told, f"words-{number}", words, 1000, lines=True)
    said_by = {comment.author for comment in comments}
    for at, author in enumerate(found.authors):
        if author not in said_by:
            continue
        name = fields.text(f"name-{at}").strip() or author
        if name == findings.NAMELESS:
            told[f"name-{at}"] = _("It is not said who wrote this. Name them, or leave out what they wrote.")
        else:
            clean(told, f"name-{at}", name, 80)
    for one in comments:
        if one.unread:
            fault = _(
                "The time “%(typed)s” could not be read. Write it as 2024-03-05 10:00, or leave it empty.",
                typed=one.unread,
            )
            told[f"at-{one.place}"] = _of_comment(one, fault)
    by_place = {comment.place: comment for comment in comments}
    for place, words in findings.faults(comments).items():
        told[f"body-{place}"] = _of_comment(by_place[place], words)
    return told


def _of_comment(comment: Said, fault: str) -> str:
    return str(_("Comment %(n)s, %(author)s: %(fault)s", n=comment.place + 1, author=comment.author, fault=fault))


def _heads(title: str, draft: DiscussionDraft) -> dict[str, str]:
    """Return what is wrong with title, address, introduction and times."""
    told: dict[str, str] = {}
    if not title:
        told["title"] = _("Give it a title.")
    try:
        draft.columns()
    except Refused as refusal:
        told |= refusal.fields
    if "slug" not in told and slugs.is_taken(draft.slug):
        told["slug"] = _("This address is taken by another discussion here. Choose a different one.")
    return told


_HEADS = {"title", "slug", "intro", "zone", "starts_at", "ends_at", "comments"}
_PLACE = re.compile(r"(?:comments\[(\d+)\]|questions\[(\d+)\])")


def _named(faults: FileFaults) -> dict[str, str]:
    """Return what only the file's own check has found, under this page's fields and in the person's language."""
    told: dict[str, str] = {}
    for _line, path, _words in faults.faults:
        name = {"time_zone": "zone"}.get(path, path)
        if (match := _PLACE.match(path)) is not None:
            name = f"words-{int(match[2]) + 1}" if match[2] else "comments"
        if name not in _HEADS and not name.startswith("words-"):
            name = "source"
        told[name] = _("This cannot be stored as it is. Look at it once more, or leave it out.")
    return told


def _question(fields: Fields, found: Found, at: int, comment: Said) -> int | None:
    if f"question-{at}" not in request.form:
        return comment.question
    number = fields.number(f"question-{at}")
    return number if number is not None and 1 <= number <= len(found.questions) else None


def _comment(comment: Said, names: dict[str, str], comments: list[Said]) -> dict[str, Any]:
    author: dict[str, str] = {"name": names.get(comment.author, comment.author)}
    if comment.affiliation:
        author["affiliation"] = comment.affiliation
    if comment.country:
        author["country"] = comment.country
    said: dict[str, Any] = {"author": author, "question": comment.question, "body": comment.body}
    said["at"] = moment(comment.at) if comment.at else ""
    if comment.reply_to is not None:
        before = comments[comment.reply_to - 1].at
        # By the clocks of some tables an answer comes before what it answers; its text matters more than the link.
        if before is not None and comment.at is not None and before <= comment.at:
            said["reply_to"] = str(comment.reply_to)
    return said


def _page(found: Found | None, typed: dict[str, str], faults: dict[str, str], status: int = 200) -> Response:
    # Times with a zone of their own are proposed on the clocks of UTC, and stay there.
    has_zone = found is not None and any(one.at and one.at.tzinfo for one in found.comments)
    asks_zone = found is not None and "store" not in typed and not has_zone
    page = render_template(
        "organiser/import.html", found=found, typed=typed, faults=faults, kinds=list(Kind), zones=sorted(zones.names()),
        most=MOST_CHOSEN, left_out={int(name[4:]) for name in typed if _LEFT_OUT.match(name)}, key=fresh_key(),
        asks_zone=asks_zone, nameless=findings.NAMELESS,
    )  # fmt: skip
    return private(page, status)
