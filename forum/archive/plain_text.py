"""Plain text that holds a discussion: lines like “Q1: …” begin questions, lines like “Name: …” comments."""

import re
from dataclasses import replace
from datetime import time

from forum.archive.findings import Found, Said

_QUESTION = re.compile(r"\s*(?:\*\*|#+\s*)?Q(?:uestion)?\s*(\d{1,2})\s*[:.)–-]\s*(.*)$", re.IGNORECASE)
# "Name:", "Name, Place:", "Name (Place) [15:03]:", "15:03 Name:". Names have a capital and few words.
_SPEAKER = re.compile(
    r"\s*(?:\*\*)?(?:[\[(]?(?P<before>\d{1,2}:\d\d)[\])]?\s+)?(?P<name>[^\W\d_][^:,()\[\]\n]{1,59}?)"
    r"(?:\s*[,(]\s*(?P<place>[^:()\[\]\n]{2,80}?)\)?)?(?:\s*[\[(](?P<after>\d{1,2}:\d\d)[\])])?\s*(?:\*\*)?:(?:\*\*)?(?:\s+|$)(?P<words>.*)$"
)
_MOST_WORDS_IN_A_NAME = 6
_LONGEST_TITLE = 200
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


def read(source: str) -> Found:
    """Return what `source` holds; lines that begin nothing go on with what there is.

    What stands between the title and the first question or comment is the introduction.
    """
    everything = source.strip().splitlines()
    found = Found()
    if everything and _is_title(everything):
        found.title = everything.pop(0).strip("#* ")[:_LONGEST_TITLE]
    number: int | None = None
    before: list[str] = []
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
            title = line.strip().strip("#* ")
            if found.title or len(title) > _LONGEST_TITLE:
                before.append(line)
            found.title = found.title or title[:_LONGEST_TITLE]
            continue
        else:
            lines.append(line)
        said = "\n".join(lines).strip()
        if number is not None and not any(comment.question == number for comment in found.comments):
            found.questions[number - 1] = said
        elif found.comments:
            found.comments[-1] = replace(found.comments[-1], body=said)
    found.intro = "\n".join(before).strip()
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
