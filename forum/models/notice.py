"""Something that happened to somebody, and that they hear of by mail if they do not see it on the site."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.comment import Comment
    from forum.models.discussion import Discussion
    from forum.models.question import Question
    from forum.models.user import User


class NoticeKind(StrEnum):
    """Somebody answered them, named them, asked their question, or a host calls on them."""

    REPLY = "reply"
    MENTION = "mention"
    ASKED = "asked"
    CALLED = "called"


class Notice(Model):
    """It waits until its person has been on the site since, or a letter with it was written: `done_at`."""

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    kind: Mapped[NoticeKind] = mapped_column(choice(NoticeKind))
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    user: Mapped["User"] = relationship()
    discussion: Mapped["Discussion"] = relationship()
    comment: Mapped["Comment | None"] = relationship()
    question: Mapped["Question | None"] = relationship()

    __table_args__ = (Index("ix_notice_waiting", "done_at", "user_id"),)
