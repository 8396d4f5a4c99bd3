"""Characters that nobody sees, that turn the order of others, or that XML cannot hold."""

import re
import unicodedata

_UNSEEN = r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2064\u3164\ufeff"
_TURNS = r"\u202a-\u202e\u2066-\u2069"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
# Embeddings, overrides and isolates of direction.
EMBEDDING = re.compile(f"[{_TURNS}]")
_TAG_CHARACTERS = re.compile(r"[\U000e0000-\U000e007f]")
# What shows something: neither space nor a character that has no picture of its own.
_SEEN = re.compile(
    rf"[^\s{_UNSEEN}{_TURNS}\u200c\u200d\u2065\u206a-\u206f\u2800\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef]"
)
# No language has as many marks on one letter (UAX #15, Stream-Safe Text Format).
_MOST_MARKS = 30
# Letters by their category, and marks where a text is decomposed.
_HALF_WIDTH_MARKS = "\uff9e\uff9f"
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def without_unseen(line: str) -> str:
    """Return `line` without what is invisible, turns the order of letters, or dresses a name up unseen."""
    return _TAG_CHARACTERS.sub("", EMBEDDING.sub("", _INVISIBLE.sub("", line)))


def without_piles(words: str) -> str:
    """Return `words` with as many marks on each letter as any language needs.

    They are put in order before they are composed, in a time that grows with the square of their number: 32,000 on one
    letter stopped everybody's reading for a second.
    """
    if words.isascii():
        return words
    kept: list[str] = []
    pile = 0
    for letter in words:
        pile = pile + 1 if _is_mark(letter) else 0
        if pile <= _MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M" or letter in _HALF_WIDTH_MARKS


def has_seen(words: str) -> bool:
    """Whether anything of `words` can be seen."""
    return _SEEN.search(words) is not None


def for_xml(written: str) -> str:
    """Return an XML document without the characters that XML 1.0 (2.2) cannot hold: one of them, typed by anybody,
    makes all of it unreadable.
    """
    return NOT_XML.sub("\ufffd", written)
