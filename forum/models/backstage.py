"""What hosts and panel say and ask among themselves: the green room. Nothing of it is ever public."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Optional, Self

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model, db
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.comment import Comment
    from forum.models.discussion import Discussion
    from forum.models.question import Question
    from forum.models.user import User


class BackstageMessage(Model):
    """One message of the green room, kept as typed and as safe HTML."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(64))  # made by the client; unique per author and discussion
    posted_at: Mapped[datetime]

    # Only for who has just sent it: whether this very call did.
    is_new = False

    author: Mapped["User"] = relationship()

    __table_args__ = (
        UniqueConstraint("discussion_id", "author_id", "key"),
        Index("ix_backstage_message_room", "discussion_id", "id"),
    )

    @classmethod
    def with_key(cls, discussion: "Discussion", author: "User", key: str) -> Self | None:
        """Return the message that `author` already sent in `discussion` with this client-made key."""
        return db.session.scalar(
            select(cls).where(cls.discussion_id == discussion.id, cls.author_id == author.id, cls.key == key)
        )


class ReadyCheck(Model):
    """A host's “ready?” to everybody in the green room. One at a time; the next one ends it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    answers: Mapped[list["ReadyAnswer"]] = relationship(order_by="(ReadyAnswer.at, ReadyAnswer.user_id)")


class ReadyAnswer(Model):
    """Somebody's “I am ready”."""

    check_id: Mapped[int] = mapped_column(ForeignKey("ready_check.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]


class CallState(StrEnum):
    """A call stands until its panelist answers or passes, or a host takes it back."""

    OPEN = "open"
    ANSWERED = "answered"
    PASSED = "passed"
    WITHDRAWN = "withdrawn"


class PanelCall(Model):
    """A host calls on one panelist: to answer a question that is asked, or a comment. Only hosts and they see it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"))
    state: Mapped[CallState] = mapped_column(choice(CallState), default=CallState.OPEN)
    at: Mapped[datetime]

    question: Mapped["Question | None"] = relationship()
    comment: Mapped[Optional["Comment"]] = relationship()

    __table_args__ = (CheckConstraint("(question_id IS NULL) <> (comment_id IS NULL)", name="about_one_thing"),)


class HeldAnswer(Model):
    """A panelist's answer to a question that is not asked yet. Nobody but they may read it, hosts neither.

    Without a question its question was thrown away; the text stays theirs. `key` becomes the comment's.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"))
    body: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("question_id", "user_id"),)
