"""Clean input: what somebody typed or pasted, as it is kept; and why it cannot be taken."""

import re
import unicodedata

from flask_babel import gettext as _
from flask_babel import ngettext

from forum.text.characters import EMBEDDING, has_seen, without_piles, without_unseen

_OVERRIDING = re.compile(r"[\u202a-\u202e]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


class TextFault(Exception):
    """A text that cannot be taken; `message` says what to do. Codes: empty, too_long, nul, surrogate."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def clean_line(value: str, limit: int) -> str:
    """Return `value` as one line: NFC, single spaces, nothing invisible that could dress one name up as another.

    Raises TextFault (empty, too_long, nul, surrogate).
    """
    _refuse_unreadable(value)
    line = without_piles(without_unseen(without_controls(value)))
    line = " ".join(unicodedata.normalize("NFC", line).split())
    # A joiner means something only between letters of scripts that join, and inside emoji.
    line = re.sub(r"(?<![^\x00-\u05ff])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u05ff])", "", line)
    return _within(line, limit)


def clean_body(value: str, limit: int = 10_000) -> str:
    """Return `value` as a text of lines: NFC, Unix line ends, overrides of direction closed where they began.

    Raises TextFault (empty, too_long, nul, surrogate).
    """
    _refuse_unreadable(value)
    value = without_piles(without_controls(value))
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
    if not has_seen(value):
        raise TextFault("empty", _("Write something first."))
    if len(value) > limit:
        raise TextFault(
            "too_long",
            ngettext(
                "This is 1 character too long. Nothing is cut: shorten it to %(limit)s.",
                "This is %(num)s characters too long. Nothing is cut: shorten it to %(limit)s.",
                len(value) - limit,
                limit=limit,
            ),
        )
    return value


def _close_directions(line: str) -> str:
    """Close embeddings and isolates at the end of their line (UAX #9 does so for paragraphs; HTML's are longer)."""
    if not EMBEDDING.search(line):
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
