"""Discussions that took place elsewhere, read into one shape: Discourse topics, tables, and plain text.

What is read here is a proposal: the host sees it, names people and questions, and only then is anything stored.
"""

import csv
import json
import re
from dataclasses import replace
from enum import StrEnum
from html import unescape
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from forum import countries, text
from forum.archive import plain_text, readings
from forum.archive.findings import NAMELESS, Found, Said, dated
from forum.refusals import invalid

LONGEST = 250_000
MOST_COMMENTS = 2000


class Kind(StrEnum):
    """Where it comes from."""

    TEXT = "text"
    CSV = "csv"
    DISCOURSE = "discourse"


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
        found = {Kind.TEXT: plain_text.read, Kind.CSV: _csv, Kind.DISCOURSE: _discourse}[kind](plain.replace("\0", ""))
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
        replace(
            one, author=line(one.author) or NAMELESS, body=clean(one.body), affiliation=line(one.affiliation),
            unread=line(one.unread)[:80],
        )
        for one in found.comments
    ]  # fmt: skip
    kept = [replace(one, place=at) for at, one in enumerate(comments)]
    title, intro, questions = line(found.title), clean(found.intro), [clean(words) for words in found.questions]
    return replace(found, title=title, intro=intro, questions=questions, comments=kept, taken_out=taken_out)


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
_LONGEST_AFFILIATION = 120
_BEYOND = "\0"  # the cells beyond the headings, none of which can be called so


def _csv(source: str) -> Found:
    """The first line names the columns; ours are understood, and those that such tables often have."""
    lines = source.lstrip("\ufeff\r\n ").splitlines(keepends=True)
    dialect = ";" if lines[0].count(";") > lines[0].count(",") else "\t" if "\t" in lines[0] else ","
    rows: list[dict[str, Any]] = list(csv.DictReader(lines, restkey=_BEYOND, delimiter=dialect))
    known = {name.strip().lower(): name for name in rows[0] if name}
    column = {key: next((known[name] for name in names if name in known), None) for key, names in _COLUMNS.items()}
    if column["author"] is None or column["body"] is None:
        raise ValueError("no column of authors, or of texts")
    found, numbers, places = Found(), dict[str, int](), dict[str, int]()

    def cell(row: dict[str, Any], key: str) -> str:
        name = column[key]
        return readings.from_cell(str(row.get(name) or "").strip()).strip() if name is not None else ""

    for row in rows:
        body = cell(row, "body")
        asked = cell(row, "question")
        if asked and asked not in numbers:
            numbers[asked] = len(numbers) + 1
            found.questions.append(asked)
        if not body:
            continue
        places[cell(row, "id") or f"row {len(found.comments)}"] = len(found.comments) + 1
        found.comments.append(
            dated(
                Said(
                    cell(row, "author"), body, numbers.get(asked),
                    affiliation=cell(row, "affiliation")[:_LONGEST_AFFILIATION],
                    reply_to=places.get(cell(row, "reply_to")),
                    country=countries.code_of(cell(row, "country")[:80]) or "",
                ),
                cell(row, "at"),
            )
        )  # fmt: skip
    said = [(cell(row, "affiliation"), cell(row, "country")) for row in rows if cell(row, "body")]
    _tell(
        found,
        wordless=sum(1 for row in rows if not cell(row, "body") and _says_more(row, column["question"])),
        beyond=sum(1 for row in rows if any(more.strip() for more in row.get(_BEYOND) or [])),
        long=sum(1 for affiliation, _country in said if len(affiliation) > _LONGEST_AFFILIATION),
        nowhere=sum(1 for _affiliation, country in said if country and not countries.code_of(country[:80])),
    )
    return found


def _says_more(row: dict[str, Any], question: str | None) -> bool:
    """Whether a row says anything besides its question."""
    return any(str(value or "").strip() for name, value in row.items() if name not in {question, _BEYOND})


def _tell(found: Found, *, wordless: int, beyond: int, long: int, nowhere: int) -> None:
    """Note of how many rows something is left out."""
    if wordless:
        found.told.append(
            ngettext(
                "%(num)s row has no text and was left out.", "%(num)s rows have no text and were left out.", wordless
            )
        )
    if beyond:
        found.told.append(
            ngettext(
                "%(num)s row has more cells than there are headings, and what stood in them was left out. "
                "Put texts with commas in quotation marks.",
                "%(num)s rows have more cells than there are headings, and what stood in them was left out. "
                "Put texts with commas in quotation marks.",
                beyond,
            )
        )
    if long:
        found.told.append(
            ngettext(
                "%(num)s affiliation was longer than %(most)s characters and was cut there.",
                "%(num)s affiliations were longer than %(most)s characters and were cut there.",
                long,
                most=_LONGEST_AFFILIATION,
            )
        )
    if nowhere:
        found.told.append(
            ngettext(
                "%(num)s country is none that we know and was left out.",
                "%(num)s countries are none that we know and were left out.",
                nowhere,
            )
        )


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
            dated(
                Said(
                    str(post.get("name") or post["username"]).strip(),
                    body,
                    reply_to=places.get(int(post.get("reply_to_post_number") or 0)),
                ),
                str(post.get("created_at") or "").strip(),
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
