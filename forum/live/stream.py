"""Which comments a page shows, and each with what is shown beside it: the writer's face, the quote, the replies."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from forum import people, text
from forum.database import db
from forum.models import Comment, CommentState, Discussion, ModerationAction
from forum.people import Face

# The first page costs the same however long a discussion is: about this many bytes of text, within these bounds.
_PAGE_BYTES = 28_000
_PAGE_MOST = 100
_PAGE_LEAST = 12
_FRAME_BYTES = 400
PAGE_OF_ONE_QUESTION = 200
AROUND = 60
RECENT = 12

# Put together once: it runs for every comment.
_ANSWERED = (
    select(Comment.reply_to_id, func.count())
    .where(Comment.reply_to_id.in_(bindparam("ids", expanding=True)), Comment.state == CommentState.PUBLISHED)
    .group_by(Comment.reply_to_id)
)

Where = int | None | str  # a question's id, None for general remarks, "time" for all of them


@dataclass(frozen=True)
class Quote:
    """The line above a reply; without words when the comment it answers is gone."""

    id: int
    name: str
    words: str
    author_id: int | None = None


@dataclass(frozen=True)
class Shown:
    """One comment as every reader sees it."""

    comment: Comment
    face: Face
    number: int | None
    quote: Quote | None
    replies: int
    hidden_at: datetime | None
    typist: str = ""  # who wrote it down for its author

    @property
    def is_published(self) -> bool:
        """Whether its text can be read."""
        return self.comment.state is CommentState.PUBLISHED


def dress(discussion: Discussion, comments: Sequence[Comment], posted: Collection[int] = ()) -> list[Shown]:
    """Return `comments` in their order with all that is shown beside them; a fixed number of queries for any number.

    Those with an id in `posted` were posted just now, or in the piece of the log whose comments these are. Whoever has
    answered them since stands here too, so nobody is asked; a later answer brings its parent's number with it.
    """
    ids = [comment.id for comment in comments]
    parent_ids = {comment.reply_to_id for comment in comments if comment.reply_to_id} - set(ids)
    by_id = {comment.id: comment for comment in comments}
    if parent_ids:
        by_id.update({c.id: c for c in db.session.scalars(select(Comment).where(Comment.id.in_(parent_ids)))})
    faces = people.faces(discussion, list(by_id.values()))
    numbers = {question.id: question.number for question in discussion.questions}
    replies = _replies(comments, posted)
    typists = people.names(discussion, {c.posted_by_id for c in comments if c.posted_by_id is not None})
    hidden = _hidden_at(discussion, [c.id for c in comments if c.state is CommentState.HIDDEN])
    return [
        Shown(
            comment=comment,
            face=faces[comment.id],
            number=numbers.get(comment.question_id) if comment.question_id else None,
            quote=quote_of(by_id[comment.reply_to_id], faces) if comment.reply_to_id in by_id else None,
            replies=replies.get(comment.id, 0),
            hidden_at=hidden.get(comment.id),
            typist=typists.get(comment.posted_by_id or 0, ""),
        )
        for comment in comments
    ]


def quote_of(parent: Comment, faces: dict[int, Face]) -> Quote:
    """Return the line that a reply to `parent` carries."""
    if parent.state is not CommentState.PUBLISHED:
        return Quote(parent.id, "", "")
    return Quote(parent.id, faces[parent.id].name, text.excerpt(parent.html, 90), parent.author_id)


def _replies(comments: Sequence[Comment], posted: Collection[int]) -> dict[int, int]:
    """Return how many answers each comment has; what has just been posted only those among `comments`."""
    told = Counter(comment.reply_to_id for comment in comments if comment.state is CommentState.PUBLISHED)
    here = {comment_id: told[comment_id] for comment_id in posted}
    return here | reply_counts([comment.id for comment in comments if comment.id not in here])


def reply_counts(ids: Sequence[int]) -> dict[int, int]:
    """Return how many published comments answer each of `ids`."""
    if not ids:
        return {}
    rows = db.session.execute(_ANSWERED, {"ids": list(ids)})
    return {parent: count for parent, count in rows if parent is not None}


def newest(discussion: Discussion) -> list[Comment]:
    """Return what a first page shows, oldest first: the newest comments of the whole discussion."""
    sizes = db.session.execute(
        select(Comment.id, func.length(Comment.html))
        .where(*_in(discussion, "time"))
        .order_by(Comment.id.desc())
        .limit(_PAGE_MOST)
    ).all()
    ids: list[int] = []
    room = _PAGE_BYTES
    for comment_id, length in sizes:
        room -= length + _FRAME_BYTES
        if room < 0 and len(ids) >= _PAGE_LEAST:
            break
        ids.append(comment_id)
    return list(db.session.scalars(select(Comment).where(Comment.id.in_(ids)).order_by(Comment.id)))


def first(discussion: Discussion, limit: int) -> list[Comment]:
    """Return the first published comments, oldest first."""
    found = select(Comment).where(Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED)
    return list(db.session.scalars(found.order_by(Comment.id).limit(limit)))


def before(discussion: Discussion, where: Where, before_id: int | None, limit: int) -> list[Comment]:
    """Return up to `limit` comments of one place, older than `before_id` (None: the newest), oldest first."""
    conditions = list(_in(discussion, where))
    if before_id is not None:
        conditions.append(Comment.id < before_id)
    found = db.session.scalars(select(Comment).where(*conditions).order_by(Comment.id.desc()).limit(limit))
    return list(found)[::-1]


def after(discussion: Discussion, where: Where, after_id: int, limit: int) -> list[Comment]:
    """Return up to `limit` comments of one place, newer than `after_id` (0: the oldest), oldest first."""
    found = select(Comment).where(*_in(discussion, where), Comment.id > after_id).order_by(Comment.id).limit(limit)
    return list(db.session.scalars(found))


def around(discussion: Discussion, centre: Comment) -> list[Comment]:
    """Return the comments about `centre` in its own question, oldest first."""
    older = before(discussion, centre.question_id, centre.id, AROUND // 2)
    newer = db.session.scalars(
        select(Comment)
        .where(*_in(discussion, centre.question_id), Comment.id >= centre.id)
        .order_by(Comment.id)
        .limit(AROUND // 2)
    )
    return older + list(newer)


def count_before(discussion: Discussion, where: Where, first_id: int) -> int:
    """Return how many places of a list lie before the comment `first_id`."""
    return db.session.scalar(select(func.count()).where(*_in(discussion, where), Comment.id < first_id)) or 0


def count_highlights(discussion: Discussion) -> int:
    """Return how many comments readers are pointed to."""
    return db.session.scalar(select(func.count()).where(*Comment.highlighted_in(discussion.id))) or 0


def latest(discussion: Discussion, where: Where, limit: int) -> list[Comment]:
    """Return up to `limit` comments of one place that can be read, newest first."""
    found = select(Comment).where(*_in(discussion, where), Comment.state == CommentState.PUBLISHED)
    return list(db.session.scalars(found.order_by(Comment.id.desc()).limit(limit)))


def recent(discussion: Discussion) -> list[Shown]:
    """Return the newest comments that can be read, newest first."""
    return dress(discussion, latest(discussion, "time", RECENT))


def _in(discussion: Discussion, where: Where) -> tuple[Any, ...]:
    here = (Comment.discussion_id == discussion.id, Comment.state != CommentState.HELD)
    return here if where == "time" else (*here, Comment.question_id == where)


def _hidden_at(discussion: Discussion, ids: Sequence[int]) -> dict[int, datetime]:
    if not ids:
        return {}
    rows = db.session.execute(
        select(ModerationAction.subject_id, ModerationAction.at)
        .where(
            ModerationAction.discussion_id == discussion.id,
            ModerationAction.verb == "comment.hidden",
            ModerationAction.subject_id.in_(ids),
        )
        .order_by(ModerationAction.id)
    )
    return {comment_id: at for comment_id, at in rows}
