"""Finding what was written, by one function over two indexes: SQLite's FTS5 and PostgreSQL's tsvector.

Both hold plain words (no case, no accents). Language is in the question, not in the index: each word is looked for by
its stem in every language that discussions are held in, as the beginning of a word. So "measuring" finds "measures"
and "medición" finds "medicion", and both databases find the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, func, or_, select, text, true
from sqlalchemy.orm import selectinload

from forum import access, languages, people
from forum import text as texts
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Phase, Question, Seat, SeatRole, SiteRole, User, Visibility
from forum.people import Face

MOST = 20
MOST_PAGES = 50
LONGEST = 200
_MOST_WORDS = 12
_MOST_COUNTED = 1000
_AROUND = 90
_PARTS = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')


@dataclass(frozen=True)
class Wanted:
    """What is looked for: words, and if given one discussion, a person, a part, a question's number and days."""

    words: str
    discussion: Discussion | None = None
    person: str = ""
    role: str = ""
    question: int | None = None
    since: date | None = None
    until: date | None = None
    page: int = 0


@dataclass(frozen=True)
class Hit:
    """One comment that was found, who wrote it, and its words with what was looked for marked."""

    comment: Comment
    face: Face
    excerpt: Markup


@dataclass(frozen=True)
class Found:
    """One page of hits. `total` counts no further than `_MOST_COUNTED`."""

    hits: list[Hit]
    total: int
    discussions: list[Discussion]

    @property
    def is_many(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > _MOST_COUNTED


@dataclass(frozen=True)
class _Term:
    """A word by its possible beginnings, or a phrase; to be there, or not to be there."""

    stems: tuple[str, ...] = ()
    phrase: tuple[str, ...] = ()
    is_unwanted: bool = False


def find(reader: User | None, wanted: Wanted) -> Found:
    """Return what `reader` may see of what is `wanted`, newest first."""
    terms = _terms(wanted.words, wanted.discussion)
    if not any(not term.is_unwanted for term in terms):
        return Found([], 0, [])
    found = _comments(reader, wanted, terms)
    total = db.session.scalar(select(func.count()).select_from(found.limit(_MOST_COUNTED + 1).subquery())) or 0
    page = found.order_by(Comment.id.desc()).offset(wanted.page * MOST).limit(MOST)
    ids = list(db.session.scalars(page))
    comments = list(
        db.session.scalars(
            select(Comment)
            .where(Comment.id.in_(ids))
            .options(selectinload(Comment.discussion).selectinload(Discussion.seats), selectinload(Comment.question))
            .order_by(Comment.id.desc())
        )
    )
    hits = [Hit(comment, people.face_of(comment), excerpt(comment.html, terms)) for comment in comments]
    titles = _discussions(reader, terms) if wanted.discussion is None and wanted.page == 0 else []
    return Found(hits, total, titles)


def _terms(typed: str, discussion: Discussion | None) -> list[_Term]:
    spoken = {discussion.language} if discussion else set(db.session.scalars(select(Discussion.language).distinct()))
    terms: list[_Term] = []
    for match in _PARTS.finditer(typed[:LONGEST].replace("\0", " ")):
        is_unwanted = (match[1] or match[3]) == "-"
        words = languages.words_of(match[2] if match[2] is not None else match[4])
        if match[2] is not None and len(words) > 1:
            terms.append(_Term(phrase=tuple(words), is_unwanted=is_unwanted))
            continue
        for word in words:
            stems = {languages.stem(word, language) for language in spoken} or {word}
            shortest = {stem for stem in stems if not any(stem != other and stem.startswith(other) for other in stems)}
            terms.append(_Term(stems=tuple(sorted(shortest)), is_unwanted=is_unwanted))
    return terms[:_MOST_WORDS]


def _comments(reader: User | None, wanted: Wanted, terms: list[_Term]) -> Select[int]:
    found = select(Comment.id).where(Comment.state == CommentState.PUBLISHED, _holds(terms))
    if wanted.discussion is not None:
        found = found.where(Comment.discussion_id == wanted.discussion.id)
    else:
        found = found.where(Comment.discussion_id.in_(select(Discussion.id).where(*_may_be_found(reader))))
    if wanted.question is not None:
        found = found.join(Question, Question.id == Comment.question_id).where(Question.number == wanted.question)
    if wanted.person:
        found = found.where(_by_person(wanted.person))
    if wanted.role:
        found = found.where(_by_role(wanted.role))
    zone = ZoneInfo(wanted.discussion.time_zone) if wanted.discussion else ZoneInfo("UTC")
    if wanted.since is not None:
        found = found.where(Comment.posted_at >= datetime.combine(wanted.since, time.min, zone))
    if wanted.until is not None:
        found = found.where(Comment.posted_at < datetime.combine(wanted.until + timedelta(days=1), time.min, zone))
    return found


def _holds(terms: list[_Term]) -> ColumnElement[bool]:
    """Nothing that somebody typed gets into the index's own language but letters and digits (`languages.words_of`)."""
    wanted = [term for term in terms if not term.is_unwanted]
    unwanted = [term for term in terms if term.is_unwanted]
    if db.engine.dialect.name == "postgresql":
        asked = " & ".join([_tsquery(term) for term in wanted] + [f"!{_tsquery(term)}" for term in unwanted])
        return text("comment.words @@ to_tsquery('simple', :asked)").bindparams(bindparam("asked", asked))  # type: ignore[return-value]
    asked = " AND ".join(_fts5(term) for term in wanted)
    if unwanted:
        asked = f"({asked}) NOT ({' OR '.join(_fts5(term) for term in unwanted)})"
    index = "comment.id IN (SELECT rowid FROM comment_words WHERE comment_words MATCH :asked)"
    return text(index).bindparams(bindparam("asked", asked))  # type: ignore[return-value]


def _tsquery(term: _Term) -> str:
    if term.phrase:
        return f"({' <-> '.join(term.phrase)})"
    return f"({' | '.join(f'{stem}:*' for stem in term.stems)})"


def _fts5(term: _Term) -> str:
    if term.phrase:
        return f'"{" ".join(term.phrase)}"'
    beginnings = " OR ".join(f'"{stem}"*' for stem in term.stems)
    return f"({beginnings})"


def _may_be_found(reader: User | None) -> tuple[ColumnElement[bool], ...]:
    """Public discussions, and those that the reader has a part in and may read."""
    published = and_(Discussion.phase != Phase.DRAFT, Discussion.rehearsal_of_id.is_(None))
    if reader is not None and reader.role is SiteRole.ADMINISTRATOR:
        return (published,)
    mine = or_(false(), Discussion.id.in_(_mine(reader))) if reader is not None else false()
    return published, or_(Discussion.visibility == Visibility.PUBLIC, mine)


def _mine(reader: User) -> list[int]:
    seated = exists().where(Seat.discussion_id == Discussion.id, Seat.user_id == reader.id)
    found = select(Discussion).where(
        Discussion.visibility != Visibility.PUBLIC, or_(seated, Discussion.owner_id == reader.id)
    )
    return [d.id for d in db.session.scalars(found) if access.may(reader, "discussion.read", d)]


def _by_person(part: str) -> ColumnElement[bool]:
    named = or_(
        Comment.author_id.in_(select(User.id).where(User.name.icontains(part, autoescape=True))),
        Comment.byline_name.icontains(part, autoescape=True),
    )
    seat = exists().where(
        Seat.discussion_id == Comment.discussion_id,
        Seat.user_id == Comment.author_id,
        Seat.name.icontains(part, autoescape=True),
    )
    return or_(named, seat)


def _by_role(role: str) -> ColumnElement[bool]:
    here = and_(Seat.discussion_id == Comment.discussion_id, Seat.user_id == Comment.author_id)
    if role in {one.value for one in SeatRole}:
        return exists().where(here, Seat.role == SeatRole(role))
    return ~exists().where(here) if role == "member" else true()


def _discussions(reader: User | None, terms: list[_Term]) -> list[Discussion]:
    """Return the discussions whose title or question has all the words; there are few enough to look at."""
    found = select(Discussion).where(*_may_be_found(reader)).options(selectinload(Discussion.questions))
    hits = []
    for discussion in db.session.scalars(found.order_by(Discussion.starts_at.desc()).limit(_MOST_COUNTED)):
        asked = (question.text for question in discussion.questions if question.number is not None)
        words = languages.words_of(" ".join((discussion.title, discussion.hosted_by, *asked)))
        if all(_stands_in(term, words) is not term.is_unwanted for term in terms):
            hits.append(discussion)
    return hits[:5]


def _stands_in(term: _Term, words: Sequence[str]) -> bool:
    if term.phrase:
        size = len(term.phrase)
        return any(tuple(words[at : at + size]) == term.phrase for at in range(len(words) - size + 1))
    return any(word.startswith(term.stems) for word in words)


def excerpt(html: str, terms: list[_Term]) -> Markup:
    """Return some words of a comment around the first that was looked for, each of those in a <mark>."""
    said = texts.plain(html)
    beginnings = tuple(stem for term in terms if not term.is_unwanted for stem in (*term.stems, *term.phrase))
    marks = [(at, to) for word, at, to in languages.spans(said) if languages.plain(word).startswith(beginnings)]
    first = marks[0][0] if marks else 0
    begin = 0 if first < _AROUND else said.rfind(" ", 0, first - _AROUND // 2) + 1
    end = len(said) if len(said) < begin + 3 * _AROUND else said.rfind(" ", 0, begin + 3 * _AROUND)
    shown, at = escape("…" if begin else ""), begin
    for left, right in marks:
        if left >= begin and right <= end:
            shown += escape(said[at:left]) + Markup("<mark>") + escape(said[left:right]) + Markup("</mark>")
            at = right
    return shown + escape(said[at:end]) + ("…" if end < len(said) else "")
