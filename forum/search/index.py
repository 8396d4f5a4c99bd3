"""What is looked for, in the languages of the two indexes."""

import unicodedata
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, func, literal_column, not_, select, text

from forum.database import db
from forum.models import Comment
from forum.search.terms import Term


def holds(terms: list[Term]) -> ColumnElement[bool]:
    """Return the condition under which a comment has what is looked for; one of `terms` at least is wanted."""
    indexed = [term for term in terms if not term.signs]
    signs = [_has_signs(term) for term in terms if term.signs]
    if any(not term.is_unwanted for term in indexed):
        return and_(_has_words(indexed), *signs)
    return and_(*signs, *(not_(_has_words([replace(term, is_unwanted=False)])) for term in indexed))


def _has_signs(term: Term) -> ColumnElement[bool]:
    has = Comment.source.icontains(term.signs, autoescape=True)
    return not_(has) if term.is_unwanted else has


def _has_words(terms: list[Term]) -> ColumnElement[bool]:
    """Nothing that somebody typed gets into the index's own language but letters and digits (`languages.words_of`)."""
    wanted = [term for term in terms if not term.is_unwanted]
    unwanted = [term for term in terms if term.is_unwanted]
    if db.engine.dialect.name == "postgresql":
        asked = " & ".join([_tsquery(term) for term in wanted] + [f"!{_tsquery(term)}" for term in unwanted])
        return literal_column("comment.words").bool_op("@@")(func.to_tsquery("simple", asked))
    asked = " AND ".join(_fts5(term) for term in wanted)
    if unwanted:
        asked = f"({asked}) NOT ({' OR '.join(_fts5(term) for term in unwanted)})"
    index = literal_column("comment_words").bool_op("MATCH")(asked)
    return Comment.id.in_(select(literal_column("rowid")).select_from(text("comment_words")).where(index))


def _tsquery(term: Term) -> str:
    if term.phrase:
        return f"({' <-> '.join(term.phrase)})"
    return f"({' | '.join(f'{stem}:*' for stem in term.stems)})"


def _fts5(term: Term) -> str:
    # This index takes accents off Latin letters only, and leaves Hangul and a hamza on its letter in one piece.
    if term.phrase:
        return _whole(f'"{" ".join(term.phrase)}"')
    beginnings = " OR ".join(f'"{stem}"*' for stem in term.stems)
    return _whole(f"({beginnings})")


def _whole(asked: str) -> str:
    return unicodedata.normalize("NFC", asked)
