"""The discussion file: one whole event as one JSON object. docs/discussion-file.md describes it for people."""

import difflib
import json
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from forum import countries
from forum.archive.lines import Lines, Path, refuse_constants, shown

LARGEST_BYTES = 50 * 1024 * 1024
_MOST_FAULTS = 20

# The first name is the one that is written; the others are read as the same.
_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "discussion": {
        "title": (),
        "slug": (),
        "hosted_by": ("host", "organisation", "organization"),
        "intro": ("introduction", "intro_markdown"),
        "summary": ("closing_summary",),
        "asked_for": ("credit",),
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
    },
    "question": {
        "text": ("question", "title"),
        "planned_offset": ("planned_offset_minutes", "offset", "offset_minutes"),
        "length": ("length_minutes", "planned_length", "duration"),
        "opens_at": ("opens", "open_at"),
        "skipped": (),
        "spare": (),
        "summary": ("closing_summary",),
    },
    "comment": {
        "id": (),
        "author": (),
        "question": (),
        "body": ("text", "source"),
        "at": ("posted_at", "time"),
        "reply_to": (),
        "highlighted": ("highlight",),
        "written_down_by": ("typist",),
    },
    "author": {
        "name": (),
        "affiliation": ("organisation", "organization"),
        "country": ("country_code",),
        "email": (),
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


def read(data: bytes) -> DiscussionFile:
    """Return what the JSON in `data` says, every name and type checked. Raises FileFaults with all faults at once."""
    if len(data) > LARGEST_BYTES:
        raise FileFaults([(1, "the file", "is larger than 50 MB. Split it.")])
    try:
        source = data.decode("utf-8-sig")
        values = json.loads(source, parse_constant=refuse_constants)
        lines = Lines(source)
    except json.JSONDecodeError as error:
        raise FileFaults([(error.lineno, "the file", f"is not JSON: {error.msg}. Mend it and try again.")]) from error
    except (ValueError, RecursionError) as error:
        raise FileFaults([(1, "the file", "is not JSON in UTF-8. Save it again as UTF-8.")]) from error
    file = DiscussionFile({}, lines)
    for path in lines.doubled:
        file.fault(path, "stands twice. Keep one.")
    if isinstance(values, dict):
        file.values = _named(file, (), values, "discussion")
        _check(file)
    else:
        file.fault((), "must be one JSON object.")
    file.refuse()
    return file


def _named(file: DiscussionFile, path: Path, values: dict[str, Any], kind: str) -> dict[str, Any]:
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


def _check(file: DiscussionFile) -> None:
    values = file.values
    for name, limit in (
        ("title", 200),
        ("slug", 80),
        ("hosted_by", 120),
        ("intro", 20_000),
        ("editors_note", 20_000),
        ("summary", 5000),
    ):
        _text(file, values, (name,), limit, required=name in {"title", "slug"})
    _text(file, values, ("time_zone",), 60, required=False)
    values["time_zone"] = values.get("time_zone") or "UTC"
    _zone(file)
    for name in ("starts_at", "ends_at"):
        values[name] = moment(file, (name,), values.get(name))
    _choice(file, values, "visibility", ("public", "unlisted", "invited"))
    _choice(file, values, "questions_shown", ("all", "count", "none"))
    _choice(file, values, "digests", ("usual", "always", "never"))
    _text(file, values, ("language",), 12, required=False)
    values["language"] = values["language"] or "en"
    values["late_minutes"] = _minutes(file, ("late_minutes",), values.get("late_minutes")) or 0
    if not isinstance(values.get("draft", False), bool):
        file.fault(("draft",), "must be true or false.")
    values["related_link"] = _object(file, "related_link", "url", {"title": values.pop("related_title", None)})
    values["hero"] = _object(
        file, "hero", "picture", {"credit": values.pop("hero_credit", None), "alt": values.pop("hero_alt", None)}
    )
    values["seats"] = _list(file, "seats", "seat")
    values["questions"] = _list(file, "questions", "question")
    values["comments"] = _list(file, "comments", "comment")
    for index, seat in enumerate(values["seats"]):
        for name, limit in (("name", 80), ("email", 254), ("title", 120), ("affiliation", 120)):
            _text(file, seat, ("seats", index, name), limit, required=name in {"name", "email"})
        _country(file, seat, ("seats", index, "country"))
        if seat.get("role") not in ("host", "moderator", "panelist"):
            file.fault(("seats", index, "role"), "must be host, moderator or panelist.")
    for index, question in enumerate(values["questions"]):
        _text(file, question, ("questions", index, "text"), 1000, required=True)
        _text(file, question, ("questions", index, "summary"), 5000, required=False)
        _text(file, question, ("questions", index, "asked_for"), 80, required=False)
        for name in ("planned_offset", "length"):
            question[name] = _minutes(file, ("questions", index, name), question.get(name))
        _opening(file, question, ("questions", index, "opens_at"))
        for name in ("skipped", "spare"):
            if not isinstance(question.setdefault(name, False), bool):
                file.fault(("questions", index, name), "must be true or false.")
    if values.get("draft") is True and values["comments"]:
        file.fault(("comments",), "cannot stand in a draft. Take out the comments, or draft.")
    for index, comment in enumerate(values["comments"]):
        _comment(file, index, comment)
    _answers(file, values["comments"])


def _opening(file: DiscussionFile, question: dict[str, Any], path: Path) -> None:
    """Read the moment at which a question opens by itself, if it has one; it lies where the discussion runs."""
    typed = question.get("opens_at")
    question["opens_at"] = None
    if typed is None or typed == "":
        return
    known = len(file.faults)
    found = moment(file, path, typed)
    if len(file.faults) > known:
        return
    if not file.values["starts_at"] <= found < file.values["ends_at"]:
        file.fault(path, "must lie between the discussion's start and its end.")
    elif question.get("spare") is True:
        file.fault(path, "cannot stand with a spare, which is asked by hand. Take out one of the two.")
    question["opens_at"] = found


def _answers(file: DiscussionFile, comments: list[dict[str, Any]]) -> None:
    """Put in place of every `reply_to` the index of the comment that it means: by id, or else by place from 1."""
    ids: dict[int | str, int] = {}
    for index, comment in enumerate(comments):
        name = comment.get("id")
        if name is None:
            continue
        if isinstance(name, bool) or not isinstance(name, int | str):
            file.fault(("comments", index, "id"), "must be text or a number.")
        elif name in ids:
            file.fault(("comments", index, "id"), "is another comment's id too. Give each its own.")
        else:
            ids[name] = index
    for index, comment in enumerate(comments):
        answered = comment.get("reply_to")
        if answered is None:
            continue
        if answered not in ids and not (isinstance(answered, int) and 1 <= answered <= len(comments)):
            file.fault(
                ("comments", index, "reply_to"), "must be another comment's id, or its place in the list from 1."
            )
            continue
        comment["reply_to"] = ids[answered] if answered in ids else int(answered) - 1


def _comment(file: DiscussionFile, index: int, comment: dict[str, Any]) -> None:
    path: Path = ("comments", index)
    _text(file, comment, (*path, "body"), 10_000, required=True)
    _text(file, comment, (*path, "written_down_by"), 254, required=False)
    comment["at"] = moment(file, (*path, "at"), comment.get("at"))
    if not isinstance(comment.setdefault("highlighted", False), bool):
        file.fault((*path, "highlighted"), "must be true or false.")
    author = comment.get("author")
    if isinstance(author, dict):
        author = comment["author"] = _named(file, (*path, "author"), author, "author")
        for name, limit in (("name", 80), ("affiliation", 120), ("email", 254)):
            _text(file, author, (*path, "author", name), limit, required=name == "name" and not author.get("email"))
        _country(file, author, (*path, "author", "country"))
    else:
        _text(file, comment, (*path, "author"), 254, required=True)
    number = comment.get("question")
    if isinstance(number, bool) or not (number is None or isinstance(number, int)):
        file.fault((*path, "question"), "must be a question's number, or null for a general remark.")
        comment["question"] = None
    elif number is not None and not (
        1 <= number <= len(file.values["questions"]) and file.values["questions"][number - 1]["skipped"] is not True
    ):
        file.fault((*path, "question"), f"must be a number from 1 to {len(file.values['questions'])}, not skipped.")
    answered = comment.get("reply_to")
    if isinstance(answered, bool) or not (answered is None or isinstance(answered, int | str)):
        file.fault((*path, "reply_to"), "must be another comment's id, or its place in the list from 1.")
        comment["reply_to"] = None


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


def _zone(file: DiscussionFile) -> None:
    try:
        ZoneInfo(file.values["time_zone"])
    except (ValueError, OSError, LookupError, TypeError):
        file.fault(("time_zone",), "must be the name of a time zone, like Europe/London.")
        file.values["time_zone"] = "UTC"


def _text(file: DiscussionFile, holder: dict[str, Any], path: Path, limit: int, *, required: bool) -> None:
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


def _country(file: DiscussionFile, holder: dict[str, Any], path: Path) -> None:
    _text(file, holder, path, 80, required=False)
    code = countries.code_of(holder["country"])
    if code is None:
        file.fault(path, "must be a country's two letters (ISO 3166), like KE.")
    holder["country"] = code or ""


def _choice(file: DiscussionFile, values: dict[str, Any], name: str, choices: tuple[str, ...]) -> None:
    value = values.get(name, choices[0])
    if value not in choices:
        file.fault((name,), f"must be {', '.join(choices[:-1])} or {choices[-1]}.")
    values[name] = value


def _object(file: DiscussionFile, name: str, main: str, more: dict[str, Any]) -> dict[str, Any]:
    """An object, or its main field alone as text; `more` are fields that stood beside it."""
    value = file.values.get(name) or {}
    if isinstance(value, str):
        value = {main: value}
    if not isinstance(value, dict):
        file.fault((name,), "must be an object.")
        value = {}
    value = {key: word for key, word in more.items() if word is not None} | _named(file, (name,), value, name)
    for key in _NAMES[name]:
        _text(file, value, (name, key), 500 if key == main else 200, required=False)
    return value


def _list(file: DiscussionFile, name: str, kind: str) -> list[dict[str, Any]]:
    value = file.values.get(name) or []
    if not isinstance(value, list):
        file.fault((name,), "must be a list.")
        return []
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            file.fault((name, index), "must be an object.")
    return [_named(file, (name, i), item if isinstance(item, dict) else {}, kind) for i, item in enumerate(value)]


def _minutes(file: DiscussionFile, path: Path, value: Any) -> int | None:
    """Minutes: a number, "15 min", "PT15M" or "00:15:00"."""
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
