"""What somebody typed into a form that was refused, as a form that can be pressed again: no refusal costs a text.

What people type is shown and can be changed; keys, versions and choices go along unseen. Passwords, tokens and files
never come back: a password is asked for once more, and a file has to be chosen again.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.exceptions import HTTPException

from forum.models import FlagReason
from forum.refusals import Refused, Stale
from forum.web.forms import signed_in
from forum.web.guards import is_foreign, is_of_this_host

# No form of ours is larger than the server reads (MAX_FORM_MEMORY_SIZE, MAX_FORM_PARTS); what somebody made up is cut.
MOST_FIELDS, MOST_CHARACTERS, _LONGEST_NAME = 600, 520_000, 100
_LONG = 80
_MACHINE = {"key", "version", "seen", "next", "kept"}
_CHOSEN = {"reason": {one.value for one in FlagReason}, "words": {"keep", "remove"}}
_LABELS = {
    "accent": lazy("Colour of links and buttons"),
    "addresses": lazy("Email addresses"),
    "affiliation": lazy("Affiliation"),
    "announcement": lazy("Announcement"),
    "biography": lazy("About you"),
    "editors_note": lazy("Editor's note"),
    "email": lazy("Email address"),
    "ends_at_date": lazy("Ends"),
    "ends_at_time": lazy("Ends"),
    "held_words": lazy("Words that hold a comment for a host"),
    "hero_alt": lazy("What the picture shows"),
    "hero_credit": lazy("Whose picture it is"),
    "hide_after_flags": lazy("Set a comment aside after so many flags, until you have looked (0: never)"),
    "hosted_by": lazy("Hosted by"),
    "hours": lazy("For so many hours; empty: until you lift it"),
    "intro": lazy("Introduction"),
    "late_minutes": lazy("Late comments: for so many minutes"),
    "length_minutes": lazy("Length in minutes"),
    "name": lazy("Name"),
    "objection": lazy("What do you say to it?"),
    "opens_at_date": lazy("Opens by itself"),
    "opens_at_time": lazy("Opens by itself"),
    "planned_offset_minutes": lazy("Planned, in minutes after the start"),
    "reason": lazy("Reason"),
    "registration": lazy("Who gets an account"),
    "related_title": lazy("Words of the link"),
    "related_url": lazy("Address of the link"),
    "reply_to": lazy("Reply"),
    "rules": lazy("Rules"),
    "signal": lazy("Colour of what is live"),
    "silence_minutes": lazy("Say so when nobody has written for so many minutes (0: never)"),
    "slug": lazy("Web address"),
    "source": lazy("What was pasted"),
    "starts_at_date": lazy("Starts"),
    "starts_at_time": lazy("Starts"),
    "summary": lazy("Summary"),
    "text": lazy("Question"),
    "time_zone": lazy("Time zone"),
    "title": lazy("Title"),
    "words": lazy("Your own words"),
    "zone": lazy("Time zone"),
}
_PART = {"date": lazy("Date"), "time": lazy("Time")}
_NUMBERED = re.compile(r"([a-z]{1,20})-([0-9]{1,4})\Z")


@dataclass(frozen=True)
class Shown:
    """A field that can be changed: its name, what it is called, what was typed, and whether it takes many lines."""

    name: str
    label: str
    value: str
    is_long: bool


@dataclass
class Kept:
    """A refused form: what is shown, what goes along unseen, which passwords and files have to be given again."""

    action: str
    shown: list[Shown] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    is_cut: bool = False

    @property
    def is_worth_it(self) -> bool:
        """Whether there is something that a person has typed or chosen; a mere button is pressed on its own page."""
        return bool(self.shown or self.files)


def of_request(refusal: Refused) -> Kept | None:
    """Return what was typed into the form of this request, if it is one of ours that can be pressed again.

    None where nothing was typed, where the form is too large or too damaged to be read, and where another site sent
    it: a page of ours never makes that ready to press.
    """
    if request.method != "POST" or request.endpoint is None or is_foreign():
        return None
    try:
        sent = request.form.items(multi=True)
        files = [name for name, file in request.files.items(multi=True) if file.filename]
    except HTTPException:
        return None
    kept = Kept(_address(), files=sorted({name[:_LONGEST_NAME] for name in files})[:10])
    room = MOST_CHARACTERS
    for count, (name, value) in enumerate(sent):
        if count >= MOST_FIELDS or len(name) > _LONGEST_NAME or room <= 0:
            kept.is_cut = True
            break
        if isinstance(refusal, Stale) and name == "seen":
            value = refusal.seen
        kept.is_cut |= len(value) > room
        _take(kept, name, value[:room], is_at_fault=name in refusal.fields)
        room -= len(value)
    return kept if kept.is_worth_it else None


def sign_in_address(refusal: Refused) -> str:
    """Return where a visitor whose form was refused for that could sign in, or nothing where it would not help."""
    if signed_in() is not None or g.get("nobody_found") or g.get("database_is_away"):
        return ""
    if request.blueprint == "accounts" and not request.path.startswith("/account"):
        return ""  # this is where one signs in, or up
    if refusal.code != "csrf" and refusal.status not in {401, 403, 404}:
        return ""
    referrer = request.referrer or ""
    page = quote(urlsplit(referrer).path) if is_of_this_host(referrer) else ""
    return f"/sign-in?next={quote(page or '/')}"


def _address() -> str:
    """Return where the form went, as a path of this site whatever somebody has made of it."""
    query = request.query_string.decode("ascii", "ignore")
    return "/" + quote(request.path.lstrip("/")) + (f"?{query}" if query else "")


def _take(kept: Kept, name: str, value: str, *, is_at_fault: bool) -> None:
    if name == "csrf_token" or (name == "reply_to" and is_at_fault):
        return  # what it replied to is gone: it goes on without
    if "password" in name:
        kept.passwords = [*kept.passwords, name][:3]
    elif name not in _MACHINE and (is_at_fault or (value.strip() and _is_typed(name, value))):
        kept.shown.append(Shown(name, label(name), value, "\n" in value or len(value) > _LONG or name == "body"))
    else:
        kept.hidden.append((name, value))


def _is_typed(name: str, value: str) -> bool:
    """Whether a person wrote it: by what the field is, else by how it looks, as no machine's value has a space."""
    if value in _CHOSEN.get(name, ()):
        return False
    numbered = _NUMBERED.match(name)
    if name == "body" or name in _LABELS or (numbered is not None and numbered[1] in _LABELS):
        return True
    return not value.isascii() or re.search(r"\s", value.strip()) is not None or len(value) > _LONG


def field_name(column: str) -> str:
    """Return what the field for `column` is called in forms; the column's own name where none of ours has a label."""
    return str(_LABELS.get(column) or _LABELS.get(f"{column}_date") or column.replace("_", " "))


def label(name: str) -> str:
    """Return what the field `name` of a form is called."""
    if name == "body":
        return str(_("Your text, still here"))
    if (numbered := _NUMBERED.match(name)) is not None and numbered[1] in _LABELS:
        return f"{_LABELS[numbered[1]]} {numbered[2]}"
    words = str(_LABELS.get(name) or _("What you typed"))
    part = _PART.get(name.rpartition("_")[2])
    return f"{words}: {part}" if part and name in _LABELS else words
