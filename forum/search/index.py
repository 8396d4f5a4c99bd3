"""What is looked for, in the languages of the two indexes."""

import unicodedata
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, func, literal_column, not_, select, text, true

from forum.database import db
from forum.models import Comment
from forum.search.terms import Term


def holds(terms: list[Term]) -> ColumnElement[bool]:
    """Return the condition under which a comment has what is looked for; without `terms` every one has."""
    indexed = [term for term in terms if not term.signs]
    signs = [_has_signs(term) for term in terms if term.signs]
    if any(not term.is_unwanted for term in indexed):
        return and_(_has_words(indexed), *signs)
    return and_(true(), *signs, *(not_(_has_words([replace(term, is_unwanted=False)])) for term in indexed))


def forget() -> None:
    """Let nothing of texts that were removed in this transaction stay in the index's own bytes.

    FTS5 only notes that a word is gone, and its table keeps it until its parts are merged. Merging all of them took
    0.3 s with 20,000 comments of 80 words: for somebody who leaves, not for each comment that is taken back. Its
    “secure-delete” would cost less, but it is new in SQLite 3.42, and an older one cannot read a database, or the
    backup of one, that was ever written so. PostgreSQL's autovacuum does this.
    """
    if db.engine.dialect.name == "sqlite":
        db.session.flush()
        db.session.execute(text("INSERT INTO comment_words (comment_words) VALUES ('optimize')"))


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
    if term.phrases:
        phrases = (" <-> ".join(phrase) for phrase in term.phrases)
        return f"({' | '.join(f'({phrase})' for phrase in phrases)})"
    return f"({' | '.join(f'{stem}:*' for stem in term.stems)})"


def _fts5(term: Term) -> str:
    # This index takes accents off Latin letters only, and leaves a hamza on its letter in one piece.
    if term.phrases:
        phrases = " OR ".join(f'"{" ".join(phrase)}"' for phrase in term.phrases)
        return _whole(f"({phrases})")
    beginnings = " OR ".join(f'"{stem}"*' for stem in term.stems)
    return _whole(f"({beginnings})")


def _whole(asked: str) -> str:
    return unicodedata.normalize("NFC", asked)
