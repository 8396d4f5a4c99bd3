"""Discussions that took place elsewhere, read into one shape: Discourse topics, tables, and plain text.

What is read here is a proposal: the host sees it, names people and questions, and only then is anything stored.
"""

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from forum import countries, text
from forum.refusals import invalid

LONGEST = 250_000
MOST_COMMENTS = 2000


class Kind(StrEnum):
    """Where it comes from."""

    TEXT = "text"
    CSV = "csv"
    DISCOURSE = "discourse"


@dataclass(frozen=True)
class Said:
    """One comment as it was found. `question` counts from 1, `reply_to` is the place of an earlier one from 1."""

    author: str
    body: str
    question: int | None = None
    at: datetime | None = None
    affiliation: str = ""
    reply_to: int | None = None
    country: str = ""  # ISO 3166-1
    clock: time | None = None  # what stood beside the name, on the event's clocks
    place: int = 0  # among what was found, from 0; it stays when others are left out


@dataclass
class Found:
    """A whole discussion as it was found."""

    title: str = ""
    questions: list[str] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    taken_out: int = 0  # control characters, which nobody sees and nothing can store

    @property
    def authors(self) -> list[str]:
        """Return everybody who wrote, in the order in which they first did."""
        return list(dict.fromkeys(comment.author for comment in self.comments))

    def count(self, author: str) -> int:
        """Return how many comments `author` has."""
        return sum(1 for comment in self.comments if comment.author == author)


def read(kind: Kind, source: str) -> Found:
    """Return what `source` holds, without its control characters.

    Raises Refused (invalid: source) saying what is wrong with it.
    """
    if len(source) > LONGEST:
        raise invalid(
            source=_(
                "This is longer than %(longest)s characters. Split it into two discussions.", longest=f"{LONGEST:,}"
            )
        )
    if not source.strip():
        raise invalid(source=_("Paste the discussion, or choose a file."))
    source = source.replace("\r\n", "\n")
    plain = source if kind is Kind.DISCOURSE else text.without_controls(source)
    try:
        found = {Kind.TEXT: _text, Kind.CSV: _csv, Kind.DISCOURSE: _discourse}[kind](plain.replace("\0", ""))
    except (ValueError, LookupError, TypeError, AttributeError, csv.Error, RecursionError) as error:
        words = {
            Kind.TEXT: _("This could not be read as text. Check the kind, and try again."),
            Kind.CSV: _("This could not be read as a table with a line of headings. Check the kind, and try again."),
            Kind.DISCOURSE: _("This could not be read as a topic’s JSON. Check the kind, and try again."),
        }
        raise invalid(source=words[kind]) from error
    found = _cleaned(found, len(source) - len(plain))
    if not found.comments:
        raise invalid(source=_("Nobody’s words were found in it. In a text a comment begins with a name and a colon."))
    if len(found.comments) > MOST_COMMENTS:
        raise invalid(
            source=_(
                "There are more than %(most_comments)s comments in it. Split it.", most_comments=f"{MOST_COMMENTS:,}"
            )
        )
    return found


def _cleaned(found: Found, taken_out: int) -> Found:
    """JSON writes control characters as letters, so that they show only when it has been read."""

    def clean(words: str) -> str:
        nonlocal taken_out
        plain = text.without_controls(words)
        taken_out += len(words) - len(plain)
        return plain.strip()

    def line(words: str) -> str:
        return " ".join(clean(words).split())

    comments = [
        replace(one, author=line(one.author) or "?", body=clean(one.body), affiliation=line(one.affiliation))
        for one in found.comments
    ]
    kept = [replace(one, place=at) for at, one in enumerate(comments)]
    return Found(line(found.title), [clean(words) for words in found.questions], kept, taken_out)


# ---- plain text ----

_QUESTION = re.compile(r"\s*(?:\*\*|#+\s*)?Q(?:uestion)?\s*(\d{1,2})\s*[:.)–-]\s*(.*)$", re.IGNORECASE)
# "Name:", "Name, Place:", "Name (Place) [15:03]:", "15:03 Name:". Names have a capital and few words.
_SPEAKER = re.compile(
    r"\s*(?:\*\*)?(?:[\[(]?(?P<before>\d{1,2}:\d\d)[\])]?\s+)?(?P<name>[^\W\d_][^:,()\[\]\n]{1,59}?)"
    r"(?:\s*[,(]\s*(?P<place>[^:()\[\]\n]{2,80}?)\)?)?(?:\s*[\[(](?P<after>\d{1,2}:\d\d)[\])])?\s*(?:\*\*)?:(?:\*\*)?(?:\s+|$)(?P<words>.*)$"
)
_MOST_WORDS_IN_A_NAME = 6
_SMALL = {
    "de",
    "da",
    "do",
    "van",
    "von",
    "der",
    "den",
    "la",
    "le",
    "bin",
    "al",
    "el",
    "of",
    "and",
    "y",
    "e",
    "dos",
    "del",
}


def _text(source: str) -> Found:
    """Lines like “Q1: …” begin questions, lines like “Name: …” comments; other lines go on with what there is."""
    everything = source.strip().splitlines()
    found = Found()
    if everything and _is_title(everything):
        found.title = everything.pop(0).strip("#* ")[:200]
    number: int | None = None
    lines: list[str] = []
    for line in everything:
        plain = _plain(line)
        if match := _QUESTION.match(plain):
            lines = [match[2].rstrip().removesuffix("**")]
            found.questions.append("")
            number = len(found.questions)
        elif (speaker := _SPEAKER.match(plain)) and _is_name(speaker["name"]):
            lines = [speaker["words"]]
            place = (speaker["place"] or "").strip()
            clock = _clock(speaker["before"] or speaker["after"] or "")
            found.comments.append(Said(speaker["name"].strip(), "", number, None, place, clock=clock))
        elif not found.questions and not found.comments:
            found.title = found.title or line.strip().strip("#* ")[:200]
            continue
        else:
            lines.append(line)
        said = "\n".join(lines).strip()
        if number is not None and not any(comment.question == number for comment in found.comments):
            found.questions[number - 1] = said
        elif found.comments:
            found.comments[-1] = replace(found.comments[-1], body=said)
    found.comments = [comment for comment in found.comments if comment.body]
    return found


def _clock(typed: str) -> time | None:
    hours, _colon, minutes = typed.partition(":")
    return time(int(hours), int(minutes)) if typed and int(hours) < 24 and int(minutes) < 60 else None


def _plain(line: str) -> str:
    """Return `line` with one space wherever there is space: what is looked for in it takes the square of a long one."""
    return " ".join(line.split())


def _is_title(lines: list[str]) -> bool:
    """Whether the first line is the title though it reads like a name and its words: “Food and Climate: What Now?”.

    It stands alone above the first question, and nobody of that name says anything else.
    """
    plain = [_plain(line) for line in lines]
    speaker = _SPEAKER.match(plain[0])
    alone = len(lines) > 1 and (not plain[1] or _QUESTION.match(plain[1]) is not None)
    if speaker is None or not speaker["words"] or not alone:
        return False
    others = (match["name"] for line in plain[1:] if (match := _SPEAKER.match(line)))
    return speaker["name"] not in others and any(_QUESTION.match(line) for line in plain[1:])


def _is_name(name: str) -> bool:
    words = name.split()
    capitals = [word for word in words if word.casefold() not in _SMALL]
    return (
        0 < len(words) <= _MOST_WORDS_IN_A_NAME
        and bool(capitals)
        and all(word[0].isupper() or not word[0].isascii() or word[0] in "“'\"" for word in capitals)
    )


# ---- a table ----

_COLUMNS = {
    "author": ("author", "name", "user", "username", "who", "writer"),
    "body": ("text", "body", "comment", "message", "content", "raw"),
    "question": ("question", "q", "topic"),
    "at": ("at", "date", "time", "created_at", "posted_at", "timestamp"),
    "affiliation": ("affiliation", "organisation", "organization", "company"),
    "country": ("country", "country_code", "nation"),
    "reply_to": ("reply_to", "in_reply_to", "parent"),
    "id": ("id", "number", "post_number"),
}


def _csv(source: str) -> Found:
    """The first line names the columns; ours are understood, and those that such tables often have."""
    lines = source.lstrip("\ufeff\r\n ").splitlines(keepends=True)
    dialect = ";" if lines[0].count(";") > lines[0].count(",") else "\t" if "\t" in lines[0] else ","
    rows = list(csv.DictReader(lines, delimiter=dialect))
    known = {name.strip().lower(): name for name in rows[0] if name}
    column = {key: next((known[name] for name in names if name in known), None) for key, names in _COLUMNS.items()}
    if column["author"] is None or column["body"] is None:
        raise ValueError("no column of authors, or of texts")
    found, numbers, places = Found(), dict[str, int](), dict[str, int]()

    def cell(row: dict[str, Any], key: str) -> str:
        name = column[key]
        return str(row.get(name) or "").strip() if name is not None else ""

    for row in rows:
        body = (
            cell(row, "body").removeprefix("'")
            if cell(row, "body")[:2] in {"'=", "'+", "'-", "'@"}
            else cell(row, "body")
        )
        if not body or not cell(row, "author"):
            continue
        asked = cell(row, "question")
        if asked and asked not in numbers:
            numbers[asked] = len(numbers) + 1
            found.questions.append(asked)
        places[cell(row, "id") or f"row {len(found.comments)}"] = len(found.comments) + 1
        found.comments.append(
            Said(
                cell(row, "author")[:80], body, numbers.get(asked), moment(cell(row, "at")),
                cell(row, "affiliation")[:120], places.get(cell(row, "reply_to")),
                countries.code_of(cell(row, "country")[:80]) or "",
            )
        )  # fmt: skip
    return found


# ---- Discourse ----


def _discourse(source: str) -> Found:
    """A topic as /t/<id>.json gives it (with `include_raw`, its Markdown)."""
    topic = json.loads(source)
    found, places = Found(title=str(topic.get("title", ""))[:200]), dict[int, int]()
    for post in topic["post_stream"]["posts"]:
        body = str(post.get("raw") or _words(str(post.get("cooked", "")))).strip()
        if not body or post.get("post_type", 1) != 1:
            continue
        places[int(post["post_number"])] = len(found.comments) + 1
        found.comments.append(
            Said(
                str(post.get("name") or post["username"]).strip()[:80],
                body,
                at=moment(str(post.get("created_at", ""))),
                reply_to=places.get(int(post.get("reply_to_post_number") or 0)),
            )
        )
    return found


def _words(html: str) -> str:
    """Return the words of rendered HTML, a blank line between its blocks, links as addresses."""
    said = re.sub(r"<a\b[^>]*href=\"(https?://[^\"]+)\"[^>]*>(.*?)</a>", r"[\2](\1)", html, flags=re.DOTALL)
    said = re.sub(r"<br\s*/?>", "\n", said)
    said = re.sub(r"</(?:p|div|li|blockquote|h\d|pre|aside)>", "\n\n", said)
    said = unescape(re.sub(r"<[^>]*>", "", said))
    return re.sub(r"\n{3,}", "\n\n", said)


# ---- what the host makes of it ----


def moment(typed: str) -> datetime | None:
    """Return a moment as other programs write it, in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(typed.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def with_times(comments: Iterable[Said], begin: datetime, end: datetime, zone: str) -> list[Said]:
    """Return the comments with a time each, in their order: their own, else that of the clock in `zone` that stood
    beside their name, else one spread evenly between their neighbours' (`begin` and `end` around all of them).
    """
    comments = list(comments)
    times: list[datetime] = []
    waiting = 0
    for at in [*_by_their_clocks(comments, begin, end, ZoneInfo(zone)), end]:
        if at is None:
            waiting += 1
            continue
        before = times[-1] if times else begin
        step = (at - before) / (waiting + 1)
        times += [*(before + step * place for place in range(1, waiting + 1)), at]
        waiting = 0
    return [replace(comment, at=at) for comment, at in zip(comments, times, strict=False)]


def _by_their_clocks(comments: list[Said], begin: datetime, end: datetime, zone: ZoneInfo) -> list[datetime | None]:
    """A clock that goes back has passed midnight; one that does not fit between begin and end says nothing."""
    known: list[datetime | None] = []
    latest = begin
    for comment in comments:
        at = comment.at
        if at is None and comment.clock is not None:
            at = datetime.combine(latest.astimezone(zone).date(), comment.clock, zone).astimezone(UTC)
            if at < latest.replace(second=0, microsecond=0):
                at += timedelta(days=1)
            at = max(at, latest) if at <= end else None
            latest = at or latest
        known.append(at)
    return known


def said_by_clocks(comments: list[Said], day: date) -> tuple[datetime, datetime] | None:
    """Return from when to when the clocks beside the names say it lasted, if it began on `day`; None without two."""
    clocks = [comment.clock for comment in comments if comment.clock is not None]
    if len(clocks) < 2:
        return None
    begin, end = (datetime.combine(day, clock, UTC) for clock in (clocks[0], clocks[-1]))
    return begin, end + timedelta(minutes=1) + (timedelta(days=1) if end < begin else timedelta())


def joined(found: Found, no_names: set[str]) -> Found:
    """Return the same, where what stood behind `no_names` goes on with the comment before: they were no names."""
    comments: list[Said] = []
    places: dict[int, int] = {}
    for place, comment in enumerate(found.comments, start=1):
        if comment.author in no_names and comments:
            last = comments[-1]
            comments[-1] = replace(last, body=f"{last.body}\n\n{comment.author}: {comment.body}")
        else:
            comments.append(replace(comment, reply_to=places.get(comment.reply_to or 0)))
        places[place] = len(comments)
    return Found(found.title, found.questions, comments)


def without(found: Found, left_out: set[int]) -> Found:
    """Return the same without the comments at these places; what answered one of them answers nobody."""
    comments: list[Said] = []
    places: dict[int, int] = {}
    for place, comment in enumerate(found.comments, start=1):
        if comment.place not in left_out:
            comments.append(replace(comment, reply_to=places.get(comment.reply_to or 0)))
            places[place] = len(comments)
    return replace(found, comments=comments)


def faults(comments: Iterable[Said]) -> dict[int, str]:
    """Return what is wrong with the text of each comment that cannot be stored, by its place."""
    found: dict[int, str] = {}
    for comment in comments:
        try:
            text.clean_body(comment.body)
        except text.TextFault as fault:
            found[comment.place] = fault.message
    return found


def spread(comments: list[Said]) -> tuple[datetime, datetime] | None:
    """Return from when to when the comments that have a time were written; None when none has."""
    times = [comment.at for comment in comments if comment.at is not None]
    return (min(times), max(times) + timedelta(minutes=1)) if times else None
