"""Finding words and links in a comment, however they are dressed up: accents, look-alikes, invisible letters, signs."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from forum import text
from forum.config import Settings

log = logging.getLogger("roundtext")

# "b u y" and "b.u.y" are a word too; two letters alone are more often an abbreviation.
_SPELLED = 3
_SIGNS = str.maketrans({"$": "s", "@": "a", "€": "e"})
_LINK = re.compile(r"<a\b(?![^>]*class=\"mention\")[^>]*\bhref=\"([^\"]*)\"", re.IGNORECASE)
# No match begins inside a run of letters and hyphens: from each of 10,000 hyphens the rest was looked through again.
_ADDRESS = re.compile(
    r"(?<![\w@.-])(?:https?://|www\.)\S+|(?<![\w@.-])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S", re.IGNORECASE
)


def entries(typed: str) -> list[str]:
    """Return the words, phrases and addresses of a list: one a line, or separated by commas."""
    return [entry for entry in (part.strip() for part in re.split(r"[\n,]", typed)) if text.looks_of(entry)]


def of_site(settings: Settings) -> list[str]:
    """Return what holds a comment in every discussion of the site.

    While the file of words cannot be read, what this process has last read of it counts, and the log says so once.
    """
    found = entries(settings.held_words)
    if settings.held_words_file is not None:
        found += _of_file(settings.held_words_file)
    return found


# What each file held when it was read, with the time of its last change then; and why those are away that are.
_read: dict[Path, tuple[int, list[str]]] = {}
_away: dict[Path, str] = {}


def _of_file(path: Path) -> list[str]:
    changed, found = _read.get(path, (None, []))
    try:
        now = path.stat().st_mtime_ns
        if now != changed:
            found = entries(path.read_text(encoding="utf-8", errors="replace"))
            _read[path] = now, found
        _away.pop(path, None)
    except OSError as error:
        why = error.strerror or type(error).__name__
        if _away.get(path) != why:
            log.error("the held words in %s cannot be read (%s): those read before it still count", path, why)
        _away[path] = why
    return found


def word_in(source: str, html: str, wanted: Iterable[str]) -> str | None:
    """Return the first of `wanted` that a comment holds: whole words, or their beginning where the entry ends with *.

    Both the Markdown and what is read of it are looked at, since either can break a word that the other shows.
    """
    wanted = list(wanted)
    if not wanted:
        return None
    shown = {source, text.plain(html)}
    lines = [_line(said) for one in shown for said in {one, one.translate(_SIGNS)}]
    for entry in wanted:
        needle = " ".join(text.looks_of(entry))
        needle = f" {needle}" if entry.endswith("*") else f" {needle} "
        if needle.strip() and any(needle in line for line in lines):
            return entry
    return None


def _line(said: str) -> str:
    """Return the words as they look between spaces, and once more with spelled-out words put together."""
    words = text.looks_of(said)
    joined: list[str] = []
    run: list[str] = []
    for word in [*words, "  "]:
        if len(word) == 1:
            run.append(word)
            continue
        if len(run) >= _SPELLED:
            joined.append("".join(run))
        run = []
    return f" {' '.join(words)}  {'  '.join(joined)} "


def link_in(html: str) -> str | None:
    """Return the first address that a comment leads to or spells out, None without one. Mentions are no links."""
    if found := _LINK.search(html):
        return found[1]
    spelled = _ADDRESS.search(text.plain(html))
    return spelled[0] if spelled else None
