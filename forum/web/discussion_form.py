"""The forms of a discussion and of a seat: what they show, and what they say when they come back."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from forum import clock, pictures
from forum.actions import dates, seats, slugs
from forum.actions.drafting import RESERVED_SLUGS, DiscussionDraft
from forum.actions.seats import SeatDraft
from forum.aside import aside_alone
from forum.models import Digests, Discussion, QuestionsShown, Seat, SeatRole, Visibility
from forum.refusals import Refused
from forum.web.forms import Fields
from forum.web.guards import settings

_TEXTS = (
    "title", "slug", "hosted_by", "intro", "editors_note", "related_url", "related_title", "hero_credit", "hero_alt",
)  # fmt: skip
_TYPED = (
    *_TEXTS, "remove_hero", "time_zone", "visibility", "questions_shown", "late_minutes", "language", "digests",
    "starts_at_date", "starts_at_time", "starts_at_fold", "ends_at_date", "ends_at_time", "ends_at_fold",
)  # fmt: skip
_TIMES = ("time_zone", "starts_at_", "ends_at_")
_SEAT_TEXTS = ("name", "email", "title", "affiliation", "country")


def fresh() -> dict[str, str]:
    """Return the fields of a new discussion: an hour, a week from now."""
    day = (clock.now() + timedelta(days=7)).date().isoformat()
    return {
        **dict.fromkeys(_TYPED, ""),
        "time_zone": "UTC",
        "visibility": Visibility.PUBLIC.value,
        "questions_shown": QuestionsShown.ALL.value,
        "late_minutes": "0",
        "digests": Digests.USUAL.value,
        "language": "en",
        "starts_at_date": day,
        "starts_at_time": "15:00",
        "ends_at_date": day,
        "ends_at_time": "16:00",
    }


def stored(discussion: Discussion) -> dict[str, str]:
    """Return the fields of `discussion` as the form shows them, its times on the clocks of its own zone."""
    values = {
        name: str(getattr(discussion, name))
        for name in (*_TEXTS, "time_zone", "visibility", "questions_shown", "late_minutes", "language", "digests")
    }
    for name in ("starts_at", "ends_at"):
        local = getattr(discussion, name).astimezone(ZoneInfo(discussion.time_zone))
        values[f"{name}_date"] = f"{local:%Y-%m-%d}"
        values[f"{name}_time"] = _clock_time(local)
        values[f"{name}_fold"] = "second" if local.fold else "first"
    return values


def _clock_time(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def like(discussion: Discussion) -> dict[str, str]:
    """Return the fields of a new discussion like `discussion`: the same weekday and hours, in the next week to come.

    Those of the plan: a host may have opened it early, closed it early, and opened it again.
    """
    zone = ZoneInfo(discussion.time_zone)
    planned = (dates.planned_start(discussion), dates.planned_end(discussion))
    begin, end = (at.astimezone(zone) for at in planned)
    weeks = max(1, -(-(clock.now() + timedelta(days=1) - begin).days // 7))
    values = stored(discussion) | {"slug": ""}
    for name, moment in (("starts_at", begin), ("ends_at", end)):
        values[f"{name}_date"] = f"{moment + timedelta(weeks=weeks):%Y-%m-%d}"
    values |= {"starts_at_time": f"{begin:%H:%M}", "ends_at_time": _clock_time(end)}
    return values | {"starts_at_fold": "", "ends_at_fold": ""}


def typed() -> dict[str, str]:
    """Return the fields of a discussion as they were sent."""
    return {name: request.form.get(name, "") for name in _TYPED}


def fields_of(names: Iterable[str]) -> list[str]:
    """Return the fields of the form in which these fields of a discussion are typed: its times in seven."""
    found: list[str] = []
    for name in names:
        found += [field for field in _TYPED if field.startswith(_TIMES)] if name == "starts_at" else [name]
    return [field for field in found if field in _TYPED]


def draft(discussion: Discussion | None, like: Discussion | None = None) -> DiscussionDraft:
    """Return what the form says; a new one keeps the picture of the one it is made `like`.

    Raises Refused (invalid) naming every field at fault; a picture is stored last.
    """
    fields = Fields()
    texts = {name: fields.text(name) for name in _TEXTS}
    if not texts["slug"].strip() and "slug" not in fields.faults:
        texts["slug"] = discussion.slug if discussion else suggest_slug(texts["title"])
    texts["slug"] = texts["slug"].strip()
    zone = fields.zone("time_zone")
    starts_at, ends_at = fields.moment("starts_at", zone), fields.moment("ends_at", zone)
    chosen = upload(fields, "hero")
    before = discussion or like
    kept = "" if before is None or request.form.get("remove_hero") else before.hero
    told = before.digests if before else Digests.USUAL
    is_rehearsal = discussion is not None and discussion.is_rehearsal  # whose form has no choice of who sees it
    found = DiscussionDraft(
        **texts,
        time_zone=zone,
        visibility=Visibility.INVITED if is_rehearsal else fields.choice("visibility", Visibility, Visibility.PUBLIC),
        questions_shown=fields.choice("questions_shown", QuestionsShown, QuestionsShown.ALL),
        language=fields.text("language").strip() or "en",
        late_minutes=fields.number("late_minutes") or 0,
        digests=fields.choice("digests", Digests, Digests.USUAL) if "digests" in request.form else told,
        # A time at fault is named already; what stands in for it only lets the other fields be judged.
        starts_at=starts_at or (ends_at or clock.now()) - timedelta(hours=1),
        ends_at=ends_at or (starts_at or clock.now()) + timedelta(hours=1),
        hero="new" if chosen else kept,
    )
    try:
        found.columns()
    except Refused as refusal:
        fields.refuse(refusal.fields)
    fields.refuse()
    return replace(found, hero=store(chosen, "hero")) if chosen else found


def seat_draft(seat: Seat | None) -> SeatDraft:
    """Return what the form says. Raises Refused (invalid) naming every field at fault; a picture is stored last."""
    fields = Fields()
    texts = {name: fields.text(name) for name in _SEAT_TEXTS}
    if seat is not None:
        texts["email"] = seat.user.email
    role = fields.choice("role", SeatRole, SeatRole.PANELIST)
    chosen = upload(fields, "picture")
    try:
        found = SeatDraft(role=role, **texts).checked()
    except Refused as refusal:
        fields.refuse(refusal.fields)
        raise
    fields.refuse()
    return replace(found, picture=store(chosen, "picture")) if chosen else found


def seat_fields(seat: Seat | None, untouched: Collection[str] = ()) -> dict[str, str]:
    """Return the fields of a seat: as they were sent (but for those left `untouched`), else as stored, else empty."""
    sent = {name: request.form.get(name, "") for name in (*_SEAT_TEXTS, "role") if name not in untouched}
    if seat is not None:
        kept = seats.said(seat) | {"email": seat.user.email}
        return kept | sent if request.method == "POST" else kept
    if request.method == "POST":
        return sent
    return dict.fromkeys(_SEAT_TEXTS, "") | {"role": SeatRole.PANELIST.value}


def suggest_slug(title: str) -> str:
    """Return an address made from `title` that leads, and led, to no discussion yet."""
    plain = unicodedata.normalize("NFKD", title[:300]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or f"discussion-{clock.now():%Y-%m-%d}"
    taken = slugs.taken_like(slug) | (RESERVED_SLUGS & {slug})
    tries = (f"{slug}-{count}" for count in range(2, len(taken) + 3))
    return slug if slug not in taken else next(other for other in tries if other not in taken)


def upload(fields: Fields, name: str) -> FileStorage | None:
    """Return the file that came with the form under `name`, if any."""
    files = [file for file in request.files.getlist(name) if file.filename]
    if len(files) > 1 or request.form.get(name):
        fields.faults[name] = _("Choose one picture file.")
    return files[0] if files else None


def store(chosen: FileStorage, field: str) -> str:
    """Keep a picture and return its file name; a face (`picture`) is cut to a square, a `logo` made small.

    Raises Refused naming `field` when it is no picture we can show.
    """
    square, kept = pictures.FACE if field == "picture" else 0, settings()
    try:
        # A large picture takes seconds, and everybody who reads along would wait for it.
        return aside_alone(lambda: pictures.store(chosen.stream, kept, square=square, logo=field == "logo"))
    except Refused as refusal:
        raise Refused(refusal.code, refusal.message, refusal.status, fields={field: refusal.message}) from refusal
