"""What is made of a text that is HTML already: its plain words, an excerpt, its form on paper."""

import re
from html import unescape

from forum.text.characters import has_seen

# What some fifteen lines of the console hold; less would hardly save room.
_MANY_CHARACTERS, _MANY_LINES = 900, 20
_TAG = re.compile(r"<[^>]*>")
_LINKED = re.compile(r'<a href="(https?://[^"]*)"([^>]*)>(?!\1<|https?://|www\.)')


def plain(html: str) -> str:
    """Return the words of rendered `html` on one line."""
    spaced = re.sub(r"</?(?:p|li|br|blockquote|pre|hr|ul|ol)\b[^>]*>", " ", html)
    return " ".join(unescape(_TAG.sub("", spaced)).split())


def excerpt(html: str, length: int = 140) -> str:
    """Return the beginning of rendered `html` as one line of plain words, cut between words with an ellipsis."""
    words = plain(html)
    if len(words) <= length:
        return words
    cut = words[:length].rsplit(" ", 1)[0]
    return cut.rstrip(" ,;:.") + "…"


def is_long(html: str) -> bool:
    """Whether rendered `html` takes so much room in a list that its beginning should stand for it."""
    return html.count("\n") > _MANY_LINES or len(plain(html)) > _MANY_CHARACTERS


def shows_something(html: str) -> bool:
    """Whether cleaned `html` has anything to read in it: `&#8203;`, `[](x)`, `---` and `-` are texts that say nothing.

    `1989.` is an answer, though Markdown makes a list of it that begins with that number and is empty.
    """
    return "<ol" in html or has_seen(unescape(_TAG.sub("", html)))


def addressed(html: str) -> str:
    """Return cleaned `html` with the address of each link whose words do not say it in `data-address`, for paper."""
    return _LINKED.sub(r'<a href="\1" data-address="\1"\2>', html)
