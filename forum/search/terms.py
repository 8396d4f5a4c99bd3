"""What somebody typed, taken apart into what is looked for, and looked for in a text that is at hand."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape
from sqlalchemy import select

from forum import languages
from forum import text as texts
from forum.database import db
from forum.models import Discussion

LONGEST = 200
_MOST_WORDS = 12
_AROUND = 90
# As keyboards of many languages write a phrase, and word processors everywhere.
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PARTS = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')


@dataclass(frozen=True)
class Term:
    """A word by its possible beginnings, a phrase as it may be written, or signs anywhere; to be there, or not."""

    stems: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    signs: str = ""
    is_unwanted: bool = False


def terms_of(typed: str, discussion: Discussion | None) -> list[Term]:
    """Return what is looked for, in the forms of the language of `discussion`, or of every language spoken here."""
    spoken = {discussion.language} if discussion else set(db.session.scalars(select(Discussion.language).distinct()))
    terms: list[Term] = []
    plain = unicodedata.normalize("NFC", typed[:LONGEST].replace("\0", " ")).translate(_QUOTES)
    for match in _PARTS.finditer(plain):
        is_unwanted = (match[1] or match[3]) == "-"
        said = match[2] if match[2] is not None else match[4]
        signs = [word for word, _, _ in languages.spans(said) if languages.is_unspaced(word)]
        words = [word for word in languages.words_of(said) if not languages.is_unspaced(word)]
        terms.extend(Term(signs=one, is_unwanted=is_unwanted) for one in signs)
        # Of “-don't” each part alone would keep out what has another word that begins so.
        if (match[2] is not None or is_unwanted) and len(words) > 1 and not signs:
            # Copied with its vowel marks it is found with them and without.
            ways = dict.fromkeys((tuple(words), tuple(languages.words_of(languages.bare(said)))))
            terms.append(Term(phrases=tuple(way for way in ways if way), is_unwanted=is_unwanted))
            continue
        for word in words:
            forms = {word, languages.bare(word)} - {""}
            stems = {languages.stem(form, language) for form in forms for language in spoken} or {word}
            shortest = {stem for stem in stems if not any(stem != other and stem.startswith(other) for other in stems)}
            terms.append(Term(stems=tuple(sorted(shortest)), is_unwanted=is_unwanted))
    return terms[:_MOST_WORDS]


def stands_in(term: Term, words: Sequence[str]) -> bool:
    """Whether `words`, plain and in their order, have what is looked for; whether it is wanted is not asked."""
    if term.signs:
        # Composed, as a syllable of Hangul taken apart begins like many others.
        signs = unicodedata.normalize("NFC", languages.plain(term.signs))
        return any(signs in unicodedata.normalize("NFC", word) for word in words)
    if term.phrases:
        return any(tuple(words[at : at + len(phrase)]) == phrase for phrase in term.phrases for at in range(len(words)))
    return any(word.startswith(term.stems) for word in words)


def excerpt(html: str, terms: list[Term]) -> Markup:
    """Return some words of a comment around the first that was looked for, each of those in a <mark>."""
    said = texts.plain(html)
    wanted = [term for term in terms if not term.is_unwanted]
    beginnings = tuple(stem for term in wanted for words in (term.stems, *term.phrases) for stem in words)
    marks = [(at, to) for word, at, to in languages.spans(said) if languages.plain(word).startswith(beginnings)]
    for term in wanted:
        if term.signs:
            marks.extend(found.span() for found in re.finditer(re.escape(term.signs), said, re.IGNORECASE))
    marks = _apart(marks)
    first = marks[0][0] if marks else 0
    begin = 0 if first < _AROUND else _edge(said, first - _AROUND // 2)
    end = len(said) if len(said) < begin + 3 * _AROUND else _edge(said, begin + 3 * _AROUND)
    shown, at = escape("…" if begin else ""), begin
    for left, right in marks:
        if left >= begin and right <= end:
            shown += escape(said[at:left]) + Markup("<mark>") + escape(said[left:right]) + Markup("</mark>")
            at = right
    return shown + escape(said[at:end]) + ("…" if end < len(said) else "")


def _apart(marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return `marks` in their order, without those that begin inside another."""
    apart: list[tuple[int, int]] = []
    for begin, end in sorted(marks):
        if not apart or begin >= apart[-1][1]:
            apart.append((begin, end))
    return apart


def _edge(said: str, at: int) -> int:
    """Return where a word begins shortly before `at`; `at` itself where words stand without spaces."""
    return max(said.rfind(" ", 0, at) + 1, at - _AROUND // 3)
