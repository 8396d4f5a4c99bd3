"""HTML of mail programs as Markdown lines, with what is quoted behind `>`.

Mail's HTML is hostile and often broken, and nothing made from it is shown as HTML: what comes out is typed text, which
`text.render` makes safe like any other. So this is a small reader of our own whose time grows with the length and no
faster. Measured on 250 KB of nested tags: nh3 took a minute, and html.parser of Python 3.11 is quadratic on some input
(CVE-2025-6069).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

LONGEST = 250_000
_DEEPEST = 200
_UNSEEN = {"style", "script", "head", "title", "template", "object", "svg", "select", "textarea", "noscript"}
_BLOCKS = {
    "address", "article", "blockquote", "body", "center", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "html", "main", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul",
}  # fmt: skip
_SPACED = {"p", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
_VOID = {"br", "hr", "img", "input", "meta", "link", "wbr", "area", "base", "col", "o:p"}
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*"}
# Where the programs themselves say that a quote stands: Gmail, Apple and Thunderbird, Yahoo, Proton, GMX, Zoho.
_QUOTED_CLASS = re.compile(
    r"(?:^|[\s_])(?:gmail_attr|gmail_quote_attribution|moz-cite-prefix|protonmail_quote|zmail_extra|iosymail)"
    r"|yahoo_quoted|tutanota_quote",
    re.I,
)
_SIGNATURE_CLASS = re.compile(
    r"gmail_signature|moz-signature|protonmail_signature|ms-outlook-mobile-signature|k9mail-signature|Apple-Mail-Signature",
    re.I,
)
# From here on everything is what is answered: Outlook in its kinds.
_REST_QUOTED = re.compile(
    r"^(?:x_)*(?:appendonsend|divRplyFwdMsg|mail-editor-reference-message-container|stopSpelling)$"
)
_OUTLOOK_RULE = re.compile(r"border:\s*none;\s*border-top:\s*solid\s+#\w{6}\s+1\.0pt", re.I)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,30})\s*=\s*(?:\"([^\"]{0,2000})\"|'([^']{0,2000})'|([^\s\"'>]{1,2000}))")
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})")


@dataclass
class _Open:
    """A tag that is open: whether what stands in it is quoted or of no interest, and what ends with it."""

    name: str
    quoted: bool = False
    unseen: bool = False
    mark: str = ""
    href: str = ""
    start: int = 0


@dataclass
class _Writer:
    """The lines so far, and where we are."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    numbers: list[int] = field(default_factory=list)
    is_over: bool = False
    quoted: int = 0
    unseen: int = 0
    pre: int = 0

    def end_line(self, *, even_empty: bool = False) -> None:
        """Write down the line, behind > when it is quoted."""
        words = "".join(self.line)
        words = words.rstrip() if self.pre else re.sub(r"[ \t\n\r\f]+", " ", words).strip()
        self.line.clear()
        for opened in self.stack:
            opened.start = 0
        if words or even_empty:
            self.lines.append((f"> {words}" if self.quoted else words).rstrip())

    def gap(self) -> None:
        """An empty line, not two."""
        if self.lines and self.lines[-1] not in {"", ">"}:
            self.lines.append(">" if self.quoted else "")


def lines_of(html: str) -> str:
    """Return `html` as Markdown lines; what the mail program marks as quoted has `>` before it.

    Past LONGEST characters nothing is read: what somebody wrote stands on top of what they answer.
    """
    writer = _Writer()
    for kind, said in _pieces(html[:LONGEST]):
        if kind == "text":
            _text(writer, said)
        else:
            _tag(writer, said)
        if writer.is_over:
            break
    writer.end_line()
    return "\n".join(writer.lines)


def _pieces(html: str) -> Iterator[tuple[str, str]]:
    """Yield ("text", words) and ("tag", what stands between < and >), each character once."""
    at, end = 0, len(html)
    while at < end:
        start = html.find("<", at)
        if start < 0 or start + 1 >= end:
            yield "text", html[at:]
            return
        if start > at:
            yield "text", html[at:start]
        if html.startswith("<!--", start):
            close = html.find("-->", start + 4)
            at = end if close < 0 else close + 3
        elif html[start + 1].isalpha() or html[start + 1] in "/!?":
            close = html.find(">", start)
            if close < 0:
                return
            yield "tag", html[start + 1 : close]
            at = close + 1
        else:
            yield "text", "<"
            at = start + 1


def _text(writer: _Writer, said: str) -> None:
    if not writer.unseen:
        words = unescape(said).replace("\xa0", " ")
        if writer.pre:
            first, *others = words.split("\n")
            writer.line.append(first)
            for other in others:
                writer.end_line(even_empty=True)
                writer.line.append(other)
        else:
            writer.line.append(words)


def _tag(writer: _Writer, said: str) -> None:
    found = _TAG.match(said)
    if found is None:
        return
    name = found[2].lower()
    if found[1]:
        _close(writer, name)
    else:
        _begin(writer, name, said[found.end() : found.end() + 6000])


def _begin(writer: _Writer, name: str, said: str) -> None:
    attributes = {key.lower(): unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(said)}
    if writer.unseen:
        if name not in _VOID and len(writer.stack) < _DEEPEST:
            _open(writer, _Open(name))
        return
    if _REST_QUOTED.match(attributes.get("id", "")) or _OUTLOOK_RULE.search(attributes.get("style", "")):
        writer.end_line()
        writer.is_over = True
        return
    if name == "br":
        writer.end_line(even_empty=True)
    elif name == "hr":
        writer.end_line()
        writer.gap()
    elif name == "li":
        writer.end_line()
        if writer.numbers and writer.numbers[-1]:
            writer.line.append(f"{writer.numbers[-1]}. ")
            writer.numbers[-1] += 1
        else:
            writer.line.append("- ")
    elif name in {"td", "th"} and "".join(writer.line).strip():
        writer.line.append(" ")
    if name in _BLOCKS:
        writer.end_line()
        if name in _SPACED:
            writer.gap()
    if name not in _VOID and len(writer.stack) < _DEEPEST:
        _open(writer, _opened(name, attributes, len(writer.line)))


def _opened(name: str, attributes: dict[str, str], at: int) -> _Open:
    told = f"{attributes.get('class', '')} {attributes.get('id', '')} {attributes.get('name', '')}"
    style = attributes.get("style", "").replace(" ", "").lower()
    return _Open(
        name,
        quoted=name == "blockquote" or attributes.get("name") == "quote" or bool(_QUOTED_CLASS.search(told)),
        unseen=name in _UNSEEN or "display:none" in style or bool(_SIGNATURE_CLASS.search(told)),
        mark=_MARKS.get(name, ""),
        href=attributes.get("href", "") if name == "a" else "",
        start=at,
    )


def _open(writer: _Writer, opened: _Open) -> None:
    writer.stack.append(opened)
    writer.names[opened.name] += 1
    writer.quoted += opened.quoted
    writer.unseen += opened.unseen
    writer.pre += opened.name == "pre"
    if opened.name in {"ul", "ol"}:
        writer.numbers.append(int(opened.name == "ol"))


def _close(writer: _Writer, name: str) -> None:
    """Close `name` and what was left open in it; a closing tag without an opening one is nothing."""
    if not writer.names[name]:
        return
    if name in _BLOCKS or name == "li":
        writer.end_line()
    while True:
        opened = writer.stack.pop()
        writer.names[opened.name] -= 1
        _dress(writer, opened)
        if opened.quoted and writer.quoted:
            writer.end_line()
        writer.quoted -= opened.quoted
        writer.unseen -= opened.unseen
        writer.pre -= opened.name == "pre"
        if opened.name in {"ul", "ol"} and writer.numbers:
            writer.numbers.pop()
        if opened.name == name:
            break
    if name in _SPACED and not writer.unseen:
        writer.gap()


def _dress(writer: _Writer, opened: _Open) -> None:
    """Put a link's address or a mark for strong words around what has been written since the tag began."""
    if writer.unseen or opened.start >= len(writer.line):
        return
    words = "".join(writer.line[opened.start :])
    inner = re.sub(r"\s+", " ", words).strip()
    if not inner:
        return
    if opened.href:
        address = opened.href.strip()
        plain = inner.rstrip("/") in {address.rstrip("/"), re.sub(r"^(?:https?://|mailto:)", "", address).rstrip("/")}
        if not plain and re.match(r"https?://[^\s()<>]+\Z", address) and "[" not in inner and "]" not in inner:
            writer.line[opened.start :] = [words.replace(words.strip(), f"[{inner}]({address})", 1)]
    elif opened.mark and "*" not in inner:
        writer.line[opened.start :] = [words.replace(words.strip(), f"{opened.mark}{inner}{opened.mark}", 1)]
