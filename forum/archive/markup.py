"""What a cleaned text holds, for files: the same fragment as XML, as paragraphs and runs, or as plain lines."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import groupby
from urllib.parse import quote, urlsplit

from forum.text.characters import NOT_XML

_NOT_ESCAPED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_VOID = {"br", "hr"}
_BLOCKS = {"p", "li", "pre", "blockquote", "hr"}


def words(said: str) -> str:
    """Return `said` escaped for XML, text or attribute, without the characters that no XML can hold."""
    return escape(NOT_XML.sub("", said))


def address(href: str, site: str) -> str:
    """Return an absolute address that every reader takes for one, in ASCII; empty where `href` is none."""
    if href.startswith("/") and not href.startswith("//"):
        href = site + href
    try:
        found = urlsplit(href)
        if found.scheme == "mailto":
            return f"mailto:{quote(found.path, safe='@+.-_')}" if "@" in found.path else ""
        host = (found.hostname or "").encode("idna").decode()
        port = f":{found.port}" if found.port else ""
    except (ValueError, UnicodeError):
        return ""
    if found.scheme not in {"http", "https"} or not _HOST.match(host):
        return ""
    rest = quote(_NOT_ESCAPED.sub("%25", found.path), safe="/%:@!$&'()*+,;=~-._")
    for sign, part in (("?", found.query), ("#", found.fragment)):
        if part:
            rest += sign + quote(_NOT_ESCAPED.sub("%25", part), safe="/%:@!$&'()*+,;=~-._?")
    return f"{found.scheme}://{host}{port}{rest}"


def is_rtl(said: str) -> bool:
    """Whether the first letter that has a direction runs from right to left, as `dir=auto` has it."""
    for letter in said:
        way = unicodedata.bidirectional(letter)
        if way in {"L", "R", "AL"}:
            return way != "L"
    return False


# ---- as XML ----


def xhtml(html: str, site: str) -> str:
    """Return a cleaned fragment as XML: every element closed, every link absolute and one that can be followed."""
    reader = _ToXml(site)
    reader.feed(html)
    reader.close()
    return reader.whole()


class _ToXml(HTMLParser):
    def __init__(self, site: str) -> None:
        super().__init__()
        self._site, self._out, self._open = site, list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = ""
        for name, value in attrs:
            if name == "href":
                href = address(value or "", self._site)
                kept += f' href="{words(href)}"' if href else ""
            elif name == "dir" or (name == "start" and (value or "").isascii() and (value or "").isdigit()):
                kept += f' {name}="{words(value or "")}"'
        if tag in _VOID:
            self._out.append(f"<{tag}{kept}/>")
            return
        self._open.append(tag)
        self._out.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open:
            last = self._open.pop()
            self._out.append(f"</{last}>")
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        self._out.append(words(data))

    def whole(self) -> str:
        return "".join(self._out) + "".join(f"</{tag}>" for tag in reversed(self._open))


# ---- as paragraphs ----


@dataclass(frozen=True)
class Run:
    """Some words of one look. `href` is an absolute address or empty."""

    said: str
    bold: bool = False
    italic: bool = False
    fixed: bool = False
    href: str = ""


@dataclass
class Paragraph:
    """One paragraph. `mark` is what a list puts before it, `depth` how many lists and quotations it stands in."""

    runs: list[Run] = field(default_factory=list)
    mark: str = ""
    depth: int = 0
    quoted: bool = False

    @property
    def said(self) -> str:
        """The words alone."""
        return "".join(run.said for run in self.runs)


def paragraphs(html: str, site: str) -> Iterator[Paragraph]:
    """Return the paragraphs of a cleaned fragment."""
    reader = _ToParagraphs(site)
    reader.feed(html)
    reader.close()
    return (found for found in reader.found if found.said.strip() or found.mark)


def lines(html: str, site: str) -> str:
    """Return a cleaned fragment as plain text: a line for each item of a list, "> " before what is quoted, and behind
    the words of a link its address.
    """
    written = ""
    before: Paragraph | None = None
    for found in paragraphs(html, site):
        quote = "> " if found.quoted else ""
        if before is not None:
            are_quoted, are_items = before.quoted and found.quoted, bool(before.mark and found.mark)
            written += "\n" if are_items else "\n>\n" if are_quoted else "\n\n"
        indent = "  " * (found.depth - found.quoted - bool(found.mark))
        first = f"{quote}{indent}{found.mark} " if found.mark else f"{quote}{indent}"
        rest = f"\n{quote}{indent}{'  ' if found.mark else ''}"
        written += first + rest.join(line.rstrip() for line in _with_addresses(found, site).strip("\n").split("\n"))
        before = found
    return written


def _with_addresses(found: Paragraph, site: str) -> str:
    """Return the words, and behind those of a link its address where they do not say it; a mention has its name."""
    said = ""
    for href, runs in groupby(found.runs, key=lambda run: run.href):
        linked = "".join(run.said for run in runs)
        is_said = href in {address(linked, site), address(f"http://{linked}", site), f"mailto:{linked}"}
        is_mention = linked.startswith("@") and href.startswith(f"{site}/people/")
        said += linked if not href or is_said or is_mention else f"{linked} <{href}>"
    return said


class _ToParagraphs(HTMLParser):
    def __init__(self, site: str) -> None:
        super().__init__()
        self._site = site
        self.found: list[Paragraph] = []
        self._lists: list[int | None] = []  # the next number, None for one without numbers
        self._quotes, self._mark, self._href = 0, "", ""
        self._looks: dict[str, int] = {"strong": 0, "em": 0, "code": 0, "pre": 0}
        self._begin()

    def _begin(self) -> None:
        self.found.append(Paragraph(mark=self._mark, depth=len(self._lists) + self._quotes, quoted=self._quotes > 0))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"ul", "ol"}:
            start = given.get("start") or "1"
            first = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1
            self._lists.append(first if tag == "ol" else None)
        elif tag == "li":
            self._mark = self._next_mark()
            self._begin()
            self._mark = ""
            return
        elif tag == "a":
            self._href = address(given.get("href") or "", self._site)
        elif tag == "br":
            self._add("\n")
        elif tag in self._looks:
            self._looks[tag] += 1
        self._quotes += tag == "blockquote"
        if tag in _BLOCKS and (self.found[-1].runs or not self.found[-1].mark):
            self._begin()

    def _next_mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "•"
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{number}."

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "a":
            self._href = ""
        elif tag in self._looks:
            self._looks[tag] = max(0, self._looks[tag] - 1)
        self._quotes -= tag == "blockquote" and self._quotes > 0
        if tag in _BLOCKS or tag in {"ul", "ol"}:
            self._begin()

    def handle_data(self, data: str) -> None:
        if not self._looks["pre"]:
            data = re.sub(r"\s+", " ", data)
            if not self.found[-1].said or self.found[-1].runs[-1].said.endswith("\n"):
                data = data.lstrip()  # the line's end between two blocks, or after a break
        if data:
            self._add(data)

    def _add(self, said: str) -> None:
        look = self._looks
        is_fixed = look["pre"] > 0 or look["code"] > 0
        self.found[-1].runs.append(Run(said, look["strong"] > 0, look["em"] > 0, is_fixed, self._href))
