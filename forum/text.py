"""Words: Markdown into safe HTML, excerpts, clean input, and names that imitate other names.

Markdown is read with `html=False`, cleaned by bleach (the owner's choice; it reached its end of life in June 2026) and
then by nh3, which has the last word and sets `rel` on links.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from typing import Any

import nh3
from bleach.sanitizer import Cleaner
from flask_babel import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr"}
_ATTRIBUTES = {
    "a": {"href", "class", "data-user"},
    "p": {"dir"},
    "li": {"dir"},
    "blockquote": {"dir"},
    "ol": {"start"},
}
_SCHEMES = {"http", "https", "mailto"}
_DIRECTED = {"paragraph_open", "list_item_open", "blockquote_open"}
# Deeper nesting is not writing but an attempt on the renderer; markdown-it then shows the rest as text.
_DEEPEST = 20
# Past this many of the characters that markup is made of, the text is shown as it was typed (see `render`).
_MOST_MARKS = 2_500
_MARKS = re.compile(r"[*_\[\]!<>`&@]")


@dataclass(frozen=True)
class Mention:
    """Somebody who can be mentioned: their name, where the mention leads, and their account's id."""

    name: str
    href: str
    user_id: int | None


class TextFault(Exception):
    """A text that cannot be taken; `message` says what to do. Codes: empty, too_long, nul, surrogate."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


# ---- Markdown ----


def render(source: str, mentions: Mapping[str, Mention] | None = None) -> str:
    """Return `source` (Markdown) as safe HTML. `mentions` maps names to the people that `@Name` may link to.

    The time is bounded: a text that is mostly markup signs is shown as typed, because CommonMark's rules for them
    cost the square of their number (measured on the pathological corpora at 10,000 characters).
    """
    if len(_MARKS.findall(source)) > _MOST_MARKS:
        return _as_typed(source)
    source = re.sub(r"(?m)^([ \t]*)[•‣▪]\s+", r"\1- ", source)
    try:
        tokens = _parser().parse(source)
    except (RecursionError, ValueError, IndexError):
        return _as_typed(source)
    _soften(tokens)
    if mentions:
        _link_mentions(tokens, mentions)
    parser = _parser()
    return clean_html(parser.renderer.render(tokens, parser.options, {}))


def clean_html(html: str) -> str:
    """Return `html` with nothing in it but what a comment may hold."""
    cleaned: str = nh3.clean(
        _cleaner().clean(html),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow ugc noopener",
        allowed_classes=None,
    )
    return cleaned


_TAG = re.compile(r"<[^>]*>")
_LINKED = re.compile(r'<a href="(https?://[^"]*)"([^>]*)>(?!\1<|https?://|www\.)')


def addressed(html: str) -> str:
    """Return cleaned `html` with the address of each link whose words do not say it in `data-address`, for paper."""
    return _LINKED.sub(r'<a href="\1" data-address="\1"\2>', html)


def shows_something(html: str) -> bool:
    """Whether cleaned `html` has anything to read in it: `&#8203;`, `[](x)`, `---` and `-` are texts that say nothing.

    `1989.` is an answer, though Markdown makes a list of it that begins with that number and is empty.
    """
    return "<ol" in html or _SEEN.search(unescape(_TAG.sub("", html))) is not None


def _as_typed(source: str) -> str:
    paragraphs = [escape(part).replace("\n", "<br>") for part in re.split(r"\n{2,}", source) if part.strip()]
    return clean_html("".join(f'<p dir="auto">{part}</p>' for part in paragraphs))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": _DEEPEST})
    parser.enable("linkify")
    parser.disable(["image", "html_block", "html_inline", "reference"])
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_ip": False, "fuzzy_email": True, "fuzzy_link": True})
    return parser


@cache
def _cleaner() -> Cleaner:
    return Cleaner(
        tags=_TAGS,
        attributes={tag: sorted(names) for tag, names in _ATTRIBUTES.items()},
        protocols=_SCHEMES,
        strip=True,
    )


def _soften(tokens: list[Token]) -> None:
    """Make headings bold paragraphs, and let every block find its own direction."""
    for index, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            opening = token.type == "heading_open"
            token.type, token.tag = ("paragraph_open", "p") if opening else ("paragraph_close", "p")
            if opening and tokens[index + 1].children is not None:
                inner = tokens[index + 1]
                inner.children = [
                    Token("strong_open", "strong", 1),
                    *(inner.children or []),
                    Token("strong_close", "strong", -1),
                ]
        if token.type in _DIRECTED:
            token.attrSet("dir", "auto")


def _link_mentions(tokens: list[Token], mentions: Mapping[str, Mention]) -> None:
    pattern, people = _mention_pattern(mentions)
    for block in tokens:
        if block.type != "inline" or "@" not in block.content:
            continue
        children: list[Token] = []
        inside_link = 0
        for child in block.children or []:
            inside_link += (child.type == "link_open") - (child.type == "link_close")
            if child.type == "text" and not inside_link:
                children.extend(_split_mentions(child, pattern, people))
            else:
                children.append(child)
        block.children = children


def _mention_pattern(mentions: Mapping[str, Mention]) -> tuple[re.Pattern[str], dict[str, Mention]]:
    """Full names, and first names that only one person has; longest first."""
    people = {name.casefold(): mention for name, mention in mentions.items()}
    firsts: dict[str, list[Mention]] = {}
    for name, mention in mentions.items():
        firsts.setdefault(name.split()[0].casefold(), []).append(mention)
    for first, found in firsts.items():
        if len(found) == 1:
            people.setdefault(first, found[0])
    names = "|".join(re.escape(name) for name in sorted(people, key=len, reverse=True))
    return re.compile(rf"(?<!\w)@({names})(?!\w)", re.IGNORECASE), people


def _split_mentions(token: Token, pattern: re.Pattern[str], people: Mapping[str, Mention]) -> list[Token]:
    parts: list[Token] = []
    at = 0
    for match in pattern.finditer(token.content):
        mention = people.get(match[1].casefold())
        if mention is None:
            continue
        attributes: dict[str, str | int | float] = {"class": "mention", "href": mention.href}
        if mention.user_id is not None:
            attributes["data-user"] = str(mention.user_id)
        opening = Token("link_open", "a", 1, attrs=attributes)
        parts += [_text(token.content[at : match.start()]), opening, _text(match[0]), Token("link_close", "a", -1)]
        at = match.end()
    return [*parts, _text(token.content[at:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def plain(html: str) -> str:
    """Return the words of rendered `html` on one line."""
    spaced = re.sub(r"</?(?:p|li|br|blockquote|pre|hr|ul|ol)\b[^>]*>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", spaced)).split())


def excerpt(html: str, length: int = 140) -> str:
    """Return the beginning of rendered `html` as one line of plain words, cut between words with an ellipsis."""
    words = plain(html)
    if len(words) <= length:
        return words
    cut = words[:length].rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:.") + "…"


_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(written: str) -> str:
    """Return an XML document without the characters that XML 1.0 (2.2) cannot hold: one of them, typed by anybody,
    makes all of it unreadable.
    """
    return _NOT_XML.sub("\ufffd", written)


# ---- clean input ----

_UNSEEN = r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2064\u3164\ufeff"
_TURNS = r"\u202a-\u202e\u2066-\u2069"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
_EMBEDDING = re.compile(f"[{_TURNS}]")
_OVERRIDING = re.compile(r"[\u202a-\u202e]")
_TAG_CHARACTERS = re.compile(r"[\U000e0000-\U000e007f]")
# What shows something: neither space nor a character that has no picture of its own.
_SEEN = re.compile(
    rf"[^\s{_UNSEEN}{_TURNS}\u200c\u200d\u2065\u206a-\u206f\u2800\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def clean_line(value: str, limit: int) -> str:
    """Return `value` as one line: NFC, single spaces, nothing invisible that could dress one name up as another.

    Raises TextFault (empty, too_long, nul, surrogate).
    """
    _refuse_unreadable(value)
    line = _TAG_CHARACTERS.sub("", _EMBEDDING.sub("", _INVISIBLE.sub("", without_controls(value))))
    line = " ".join(unicodedata.normalize("NFC", line).split())
    # A joiner means something only between letters of scripts that join, and inside emoji.
    line = re.sub(r"(?<![^\x00-\u05ff])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u05ff])", "", line)
    return _within(line, limit)


def clean_body(value: str, limit: int = 10_000) -> str:
    """Return `value` as a text of lines: NFC, Unix line ends, overrides of direction closed where they began.

    Raises TextFault (empty, too_long, nul, surrogate).
    """
    _refuse_unreadable(value)
    value = without_controls(value)
    lines = [_close_directions(line.rstrip()) for line in unicodedata.normalize("NFC", value).split("\n")]
    body = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n")
    return _within(body, limit)


def clean_text(value: str, limit: int) -> str:
    """Return `value` as `clean_body` does, for what is no comment: nothing in it turns the order of its letters.

    In what the hosts say, or the site, an embedding or override serves nobody, and lets one address look like another.
    Raises TextFault as `clean_body`.
    """
    return clean_body(_OVERRIDING.sub("", value), limit)


def without_controls(value: str) -> str:
    """Return `value` without control characters, NUL and halves of characters; those that end a line end one still.

    Nobody sees them, so nobody could take them out: programs for documents leave them in what is pasted.
    """
    value = re.sub("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", value)
    return re.sub("[\x00\ud800-\udfff]", "", _CONTROLS.sub("", value))


def _refuse_unreadable(value: str) -> None:
    if "\x00" in value:
        raise TextFault(
            "nul", _("This holds a character that cannot be stored (NUL). Type it again or paste it as plain text.")
        )
    if _SURROGATES.search(value):
        raise TextFault("surrogate", _("This holds half of a character. Type it again or paste it as plain text."))


def _within(value: str, limit: int) -> str:
    if not _SEEN.search(value):
        raise TextFault("empty", _("Write something first."))
    if len(value) > limit:
        raise TextFault(
            "too_long",
            _(
                "This is %(number)s characters too long. Nothing is cut: shorten it to %(limit)s.",
                number=len(value) - limit,
                limit=limit,
            ),
        )
    return value


def _close_directions(line: str) -> str:
    """Close embeddings and isolates at the end of their line (UAX #9 does so for paragraphs; HTML's are longer)."""
    if not _EMBEDDING.search(line):
        return line
    stack: list[str] = []
    for letter in line:
        if letter in "\u202a\u202b\u202d\u202e":
            stack.append("\u202c")
        elif letter in "\u2066\u2067\u2068":
            stack.append("\u2069")
        elif letter in "\u202c\u2069" and stack and stack[-1] == letter:
            stack.pop()
    return line + "".join(reversed(stack))


# ---- names ----

_BADGE_WORDS = {"host", "panel", "panelist", "panellist", "moderator", "mod", "organiser", "organizer", "admin"}
_BADGE_WORDS |= {"administrator", "official", "verified", "staff", "roundtext"}
_BADGE_SIGNS = re.compile(r"[✓✔✅☑★☆⭐🛡🏅🎖🔰👑®™©]")
_TITLES = {"dr", "prof", "mr", "mrs", "ms", "sir", "dame", "phd", "md"}
# Letters that together look like another: UTS #39 lists single characters only for most of these.
_LOOK_TOGETHER = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))
_LOOK_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "!": "l", "5": "s", "$": "s", "3": "e", "@": "a"})


def skeleton(name: str) -> str:
    """Return what `name` looks like, so that names that look alike have the same skeleton (after UTS #39)."""
    return "".join(sorted(_parts(name)))


def looks_like(name: str, names: Iterable[str]) -> str | None:
    """Return which of `names` somebody called `name` could be taken for, or None."""
    mine = set(_parts(name))
    for other in names:
        theirs = set(_parts(other))
        if not theirs or not mine:
            continue
        if mine == theirs or "".join(sorted(mine)) == "".join(sorted(theirs)) or _joined(name) == _joined(other):
            return other
        if len(theirs) > 1 and theirs < mine and mine - theirs <= _extras():
            return other
    return None


def has_badge_word(name: str) -> bool:
    """Whether `name` carries a word or sign that could be taken for a badge."""
    words = {word.casefold() for word in re.findall(r"\w+", unicodedata.normalize("NFKC", name))}
    return bool(words & _BADGE_WORDS) or bool(_BADGE_SIGNS.search(name))


@cache
def _extras() -> frozenset[str]:
    """Words that make no other person of a name: badges and titles."""
    return frozenset(part for word in _BADGE_WORDS | _TITLES for part in _parts(word))


@cache
def _look_alikes() -> dict[int, str]:
    """What each confusable character looks like in ASCII (Unicode's UTS #39 data)."""
    from confusable_homoglyphs import confusables

    table: dict[int, str] = {}
    data: dict[str, list[dict[str, Any]]] = confusables.confusables_data
    for character, likes in data.items():
        if len(character) != 1 or character.isascii():
            continue
        for like in likes:
            if like["c"].isascii() and like["c"].isalnum():
                table[ord(character)] = like["c"]
                break
    return table


def _parts(name: str) -> list[str]:
    return [part for part in (_look(word) for word in re.split(r"[\s\W_]+", _shown(name))) if part]


def _joined(name: str) -> str:
    return _look(re.sub(r"[\s\W_]+", "", _shown(name)))


def _shown(name: str) -> str:
    name = _TAG_CHARACTERS.sub("", _EMBEDDING.sub("", _INVISIBLE.sub("", name)))
    name = re.sub(r"[\u200c\u200d]", "", name)
    return unicodedata.normalize("NFKC", name.translate(_look_alikes()))


def looks_of(value: str) -> list[str]:
    """Return the words of `value` as they look: one case, no accents, nothing invisible, look-alikes as one letter."""
    return [word for word in (_folded(part) for part in re.split(r"[\s\W_]+", _shown(value))) if word]


def _folded(word: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return bare.translate(_look_alikes()).casefold().translate(_LOOK_ALIKE)


def _look(word: str) -> str:
    word = _folded(word)
    for together, like in _LOOK_TOGETHER:
        word = word.replace(together, like)
    return word


def initials(name: str) -> str:
    """Return one or two letters for a person without a picture, in any script."""
    words: list[str] = re.findall(r"[^\W\d_]+", name)
    if not words:
        return name[:1].upper() or "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue(name: str) -> int:
    """Return the tint (1 to 6) of a person's initials; the same name always has the same."""
    return zlib.crc32(name.encode("utf-8", "replace")) % 6 + 1
