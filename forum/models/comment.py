"""A comment, and the versions it had before it was edited."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Optional

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.elements import ColumnElement

from forum.database import Model, db
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.discussion import Discussion
    from forum.models.question import Question
    from forum.models.user import User


class CommentState(StrEnum):
    """Published; held for a host; hidden by a host; deleted by its writer."""

    PUBLISHED = "published"
    HELD = "held"
    HIDDEN = "hidden"
    DELETED = "deleted"


class Comment(Model):
    """What somebody wrote. Without a question it is a general remark (hello, thanks).

    Imported comments of people without an account have a byline instead of an author.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"))
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id", ondelete="SET NULL"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    # The host or moderator who wrote down what its author said by telephone or letter.
    posted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    byline_name: Mapped[str] = mapped_column(String(80), default="")
    byline_affiliation: Mapped[str] = mapped_column(String(120), default="")
    byline_country: Mapped[str] = mapped_column(String(2), default="", server_default="")  # ISO 3166-1
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    state: Mapped[CommentState] = mapped_column(choice(CommentState), default=CommentState.PUBLISHED)
    hidden_reason: Mapped[str] = mapped_column(String(200), default="")
    key: Mapped[str | None] = mapped_column(String(64))  # made by the client; unique per author and discussion
    posted_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    highlighted_at: Mapped[datetime | None]
    # How many find it helpful, as readers have been told, and where the log tells of the last change (`Reaction`).
    helpful: Mapped[int] = mapped_column(default=0, server_default="0")
    helpful_seq: Mapped[int] = mapped_column(default=0, server_default="0", deferred=True)

    # Only for who has just posted it, or sent its key again: whether this very call did, and where the log tells of it.
    is_new = False
    told_at_seq = 0

    discussion: Mapped["Discussion"] = relationship()
    question: Mapped["Question | None"] = relationship()
    author: Mapped["User | None"] = relationship(foreign_keys=[author_id])
    reply_to: Mapped[Optional["Comment"]] = relationship(remote_side=[id])

    __table_args__ = (
        UniqueConstraint("discussion_id", "author_id", "key"),
        Index("ix_comment_author", "author_id", "discussion_id", "id"),
        Index("ix_comment_stream", "discussion_id", "id"),
        Index("ix_comment_answers", "question_id", "id"),
        # SQLite sorts what it finds in any case; of 100,000 comments PostgreSQL took the newest in a third of the time.
        Index("ix_comment_posted", "posted_at", "id").ddl_if(dialect="postgresql"),
        Index(
            "ix_comment_helpful",
            "discussion_id",
            "helpful_seq",
            sqlite_where=text("helpful_seq > 0"),
            postgresql_where=text("helpful_seq > 0"),
        ),
        CheckConstraint("(author_id IS NULL) <> (byline_name = '')", name="signed"),
    )

    @classmethod
    def newest_first(cls) -> tuple[ColumnElement[Any], ...]:
        """Return how comments of several discussions are ordered: ids are no time where a past one was brought in."""
        return cls.posted_at.desc(), cls.id.desc()

    @classmethod
    def highlighted_in(cls, discussion_id: int) -> tuple[ColumnElement[bool], ...]:
        """Return what is true of the comments of a discussion that readers are pointed to."""
        return (
            cls.discussion_id == discussion_id,
            cls.highlighted_at.is_not(None),
            cls.state == CommentState.PUBLISHED,
        )

    @classmethod
    def with_id(cls, comment_id: int) -> "Comment | None":
        """Return the comment with this id, whichever discussion it is in."""
        # PostgreSQL refuses to compare with a number that its column cannot hold.
        return db.session.get(cls, comment_id) if 0 < comment_id < 2**31 else None

    @classmethod
    def with_key(cls, discussion: "Discussion", author: "User", key: str) -> "Comment | None":
        """Return the comment that `author` already made in `discussion` with this client-made key."""
        return cls.with_keys(discussion, [(author, key)]).get((author.id, key))

    @classmethod
    def with_keys(
        cls, discussion: "Discussion", wanted: Iterable[tuple["User", str]]
    ) -> "dict[tuple[int, str], Comment]":
        """Return what each of these authors already made in `discussion` with their client-made key.

        By the author's id and the key; who has made nothing with it is left out.
        """
        pairs = [(author.id, key) for author, key in wanted]
        said = {"discussion": discussion.id, "authors": [id for id, _ in pairs], "keys": [key for _, key in pairs]}
        found = {(comment.author_id, comment.key): comment for comment in db.session.scalars(_WITH_KEYS, said)}
        return {pair: found[pair] for pair in pairs if pair in found}


# Put together once: it runs for every comment.
_WITH_KEYS = select(Comment).where(
    Comment.discussion_id == bindparam("discussion"),
    Comment.author_id.in_(bindparam("authors", expanding=True)),
    Comment.key.in_(bindparam("keys", expanding=True)),
)


class CommentEdit(Model):
    """What a comment said before its writer changed it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]
