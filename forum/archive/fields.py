"""The fields of a discussion file: the names that they go by, and what a value of each kind may be."""

import difflib
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from forum import countries, zones
from forum.archive.lines import Lines, Path, shown

_MOST_FAULTS = 20
MOST_COUNTED = 1_000_000

# The first name is the one that is written; the others are read as the same.
_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "discussion": {
        "title": (),
        "slug": (),
        "hosted_by": ("host", "organisation", "organization"),
        "intro": ("introduction", "intro_markdown"),
        "summary": ("closing_summary",),
        "editors_note": ("editor_note", "editor's_note", "note"),
        "related_link": ("related", "related_url", "link"),
        "hero": ("hero_picture", "picture", "hero_image"),
        "starts_at": ("start", "starts"),
        "ends_at": ("end", "ends"),
        "time_zone": ("timezone", "tz", "zone"),
        "visibility": (),
        "questions_shown": (),
        "late_minutes": ("late_comments",),
        "digests": ("digest", "letters"),
        "language": ("lang",),
        "draft": (),
        "seats": ("panel",),
        "questions": (),
        "comments": (),
    },
    "related_link": {"url": ("href",), "title": ("text", "label")},
    "hero": {"picture": ("url", "src", "file", "image", "path"), "credit": (), "alt": ("alt_text", "description")},
    "seat": {
        "name": (),
        "email": (),
        "role": (),
        "title": (),
        "affiliation": ("organisation", "organization"),
        "country": ("country_code",),
        "biography": ("bio",),
        "picture": ("photo",),
    },
    "question": {
        "text": ("question", "title"),
        "planned_offset": ("planned_offset_minutes", "offset", "offset_minutes"),
        "length": ("length_minutes", "planned_length", "duration"),
        "opens_at": ("opens", "open_at"),
        "asked_at": ("asked",),
        "skipped": (),
        "spare": (),
        "summary": ("closing_summary",),
        "asked_for": ("credit",),
    },
    "comment": {
        "id": (),
        "author": (),
        "question": (),
        "body": ("text", "source"),
        "at": ("posted_at", "time"),
        "reply_to": (),
        "highlighted": ("highlight",),
        "helpful": (),
        "written_down_by": ("typist",),
        "edited_at": (),
    },
    "author": {
        "name": (),
        "affiliation": ("organisation", "organization"),
        "country": ("country_code",),
        "email": (),
        "seat": (),
    },
}
# These stand beside the object that they belong to.
_BESIDE: dict[str, Path] = {
    "related_title": ("related_link", "title"),
    "hero_credit": ("hero", "credit"),
    "hero_alt": ("hero", "alt"),
}
_SECONDS = {"planned_offset_seconds": "planned_offset", "length_seconds": "length"}
_MINUTES = re.compile(r"(\d{1,6})(?: ?min(?:utes)?)?\Z")
_ISO_LENGTH = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?\Z")
_CLOCK_LENGTH = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d))?\Z")


class FileFaults(Exception):
    """What is wrong with a discussion file; `faults` are (line, path, what to do)."""

    def __init__(self, faults: list[tuple[int, str, str]]) -> None:
        super().__init__("\n".join(f"line {line}: {path}: {words}" for line, path, words in faults))
        self.faults = faults


@dataclass
class DiscussionFile:
    """A file that could be read: plain values under their written names, and where each stood."""

    values: dict[str, Any]
    lines: Lines
    faults: list[tuple[int, str, str]] = field(default_factory=list)

    def fault(self, path: Path, words: str) -> None:
        """Note that the value at `path` is wrong."""
        self.faults.append((self.lines.of(path), shown(path), words))

    def refuse(self) -> None:
        """Raise FileFaults when anything is wrong."""
        if self.faults:
            raise FileFaults(sorted(self.faults)[:_MOST_FAULTS])


def named(file: DiscussionFile, path: Path, values: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return `values` under the written names; a name nobody knows is a fault."""
    known = {other: name for name, others in _NAMES[kind].items() for other in (name, *others)}
    found: dict[str, Any] = {}
    if kind == "discussion":
        known |= {name: name for name in _BESIDE}
    elif kind == "question":
        known |= _SECONDS
    for name, value in values.items():
        plain = name.lower().replace(" ", "_").replace("-", "_")
        if plain not in known:
            file.fault((*path, name), f"is no field of a {kind}. {_suggestion(plain, list(known), kind)}")
            continue
        meant = known[plain]
        if meant in found:
            file.fault((*path, name), f"says {meant} a second time. Keep one.")
            continue
        file.lines.call(_BESIDE.get(meant, (*path, meant)), (*path, name))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        found[meant] = value / 60 if plain in _SECONDS and number else value
    return found


def _suggestion(name: str, known: list[str], kind: str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(_NAMES[kind])}."


def moment(file: DiscussionFile, path: Path, value: Any) -> datetime:
    """Return an ISO 8601 moment in UTC; without an offset it is on the clocks of the event's zone."""
    words = "must be a date and time like 2026-11-23T15:00:00Z."
    if not isinstance(value, str) or len(value) > 40:
        file.fault(path, words)
        return datetime(2000, 1, 1, tzinfo=UTC)
    try:
        read_as = datetime.fromisoformat(value)
        if read_as.tzinfo is None:
            zone = ZoneInfo(file.values["time_zone"])
            local = read_as.replace(tzinfo=zone)
            if local.utcoffset() != local.replace(fold=1).utcoffset():
                file.fault(
                    path, "falls into the change of the clocks. Give it with an offset, like 2026-03-29T01:30:00+00:00."
                )
            read_as = local
        if not 1970 <= read_as.year <= 2200:
            raise ValueError
        return read_as.astimezone(UTC)
    except (ValueError, OverflowError, KeyError, OSError):
        file.fault(path, words)
        return datetime(2000, 1, 1, tzinfo=UTC)


def zone(file: DiscussionFile) -> None:
    """Let the time zone of the event be one that there is, by its name of today."""
    try:
        ZoneInfo(file.values["time_zone"])
        file.values["time_zone"] = zones.of_today(file.values["time_zone"])
    except (ValueError, OSError, LookupError, TypeError):
        file.fault(("time_zone",), "must be the name of a time zone, like Europe/London.")
        file.values["time_zone"] = "UTC"


def words(file: DiscussionFile, holder: dict[str, Any], path: Path, limit: int, *, required: bool) -> None:
    """Let the value at `path` be text of at most `limit` characters, empty where it is missing and not `required`."""
    name = str(path[-1])
    value = holder.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        file.fault(path, "must be text in quotation marks.")
        value = ""
    elif required and not value.strip():
        file.fault(path, "is missing. Fill it in.")
    elif len(value) > limit:
        file.fault(path, f"is {len(value) - limit} characters too long.")
    elif any(0xD800 <= ord(letter) <= 0xDFFF or letter == "\x00" for letter in value):
        file.fault(path, "holds a character that cannot be stored.")
    holder[name] = value


def flag(file: DiscussionFile, holder: dict[str, Any], path: Path) -> None:
    """Let the value at `path` be true or false; false where it is missing."""
    if not isinstance(holder.setdefault(str(path[-1]), False), bool):
        file.fault(path, "must be true or false.")


def count(file: DiscussionFile, holder: dict[str, Any], path: Path) -> None:
    """Let the value at `path` be how many of something there are; none where it is missing."""
    name = str(path[-1])
    value = holder.get(name)
    value = 0 if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_COUNTED:
        file.fault(path, f"must be a whole number from 0 to {MOST_COUNTED}.")
        value = 0
    holder[name] = value


def country(file: DiscussionFile, holder: dict[str, Any], path: Path) -> None:
    """Let the value at `path` be the code of a country, or empty."""
    words(file, holder, path, 80, required=False)
    code = countries.code_of(holder["country"])
    if code is None:
        file.fault(path, "must be a country's two letters (ISO 3166), like KE.")
    holder["country"] = code or ""


def choice(file: DiscussionFile, values: dict[str, Any], name: str, choices: tuple[str, ...]) -> None:
    """Let the value be one of `choices`; the first where it is missing."""
    value = values.get(name, choices[0])
    if value not in choices:
        file.fault((name,), f"must be {', '.join(choices[:-1])} or {choices[-1]}.")
    values[name] = value


def object_in(file: DiscussionFile, name: str, main: str, more: dict[str, Any]) -> dict[str, Any]:
    """Return an object, or its main field alone as text; `more` are fields that stood beside it."""
    value = file.values.get(name) or {}
    if isinstance(value, str):
        value = {main: value}
    if not isinstance(value, dict):
        file.fault((name,), "must be an object.")
        value = {}
    value = {key: word for key, word in more.items() if word is not None} | named(file, (name,), value, name)
    limits = {main: 500, "alt": 300}
    for key in _NAMES[name]:
        words(file, value, (name, key), limits.get(key, 200), required=False)
    return value


def objects_in(file: DiscussionFile, name: str, kind: str) -> list[dict[str, Any]]:
    """Return a list of objects of one `kind`, empty where it is missing."""
    value = file.values.get(name) or []
    if not isinstance(value, list):
        file.fault((name,), "must be a list.")
        return []
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            file.fault((name, index), "must be an object.")
    return [named(file, (name, i), item if isinstance(item, dict) else {}, kind) for i, item in enumerate(value)]


def minutes(file: DiscussionFile, path: Path, value: Any) -> int | None:
    """Return minutes: of a number, "15 min", "PT15M" or "00:15:00"."""
    if value is None or value == "":
        return None
    found: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        found = float(value)
    elif isinstance(value, str):
        if match := _MINUTES.match(value.strip()):
            found = float(match[1])
        elif match := _CLOCK_LENGTH.match(value.strip()):
            found = (
                int(match[1]) * 60 + int(match[2]) + int(match[3] or 0) / 60
                if match[3]
                else int(match[1]) * 60 + int(match[2])
            )
        elif (match := _ISO_LENGTH.match(value.strip())) and any(match.groups()):
            days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
            found = days * 1440 + hours * 60 + minutes + seconds / 60
    if found is None or found != int(found) or not 0 <= found <= 600_000:
        file.fault(path, "must be whole minutes, like 15.")
        return None
    return int(found)
