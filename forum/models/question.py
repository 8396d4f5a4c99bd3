"""A numbered question."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.discussion import Discussion
    from forum.models.user import User


class QuestionState(StrEnum):
    """A question waits as a draft, is open while it is the one being asked, then closed; or it is skipped."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    SKIPPED = "skipped"


class Question(Model):
    """One numbered question of a discussion. It has no number until it is asked."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]  # place in the run sheet, from 1
    number: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    planned_offset_minutes: Mapped[int | None]  # after the discussion's start
    length_minutes: Mapped[int | None]
    # The moment at which the clock asks it, if its host has given one; it goes before the offset, which is only a plan.
    opens_at: Mapped[datetime | None] = mapped_column(index=True)
    is_spare: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  # ready if there is time, and not in the run by itself
    state: Mapped[QuestionState] = mapped_column(choice(QuestionState), default=QuestionState.DRAFT)
    # Whose question it is, if it came from the audience: a name, or nothing for somebody who wants none shown.
    is_from_audience: Mapped[bool] = mapped_column(default=False, server_default=false())
    asked_for: Mapped[str] = mapped_column(String(80), default="", server_default="")
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None]
    corrected_at: Mapped[datetime | None]  # its words were changed after it was asked
    summary: Mapped[str] = mapped_column(Text, default="")
    summary_html: Mapped[str] = mapped_column(Text, default="")
    # When letters about it were last prepared for whoever takes part, and when for the last time: it was over.
    digest_looked_at: Mapped[datetime | None]
    digest_ended_at: Mapped[datetime | None]
    key: Mapped[str | None] = mapped_column(String(64))  # of the form that wrote it, as a discussion's

    discussion: Mapped["Discussion"] = relationship(back_populates="questions")
    asked_by: Mapped["User | None"] = relationship()

    __table_args__ = (
        UniqueConstraint("discussion_id", "number"),
        Index("ix_question_discussion_key", "discussion_id", "key", unique=True),
    )

    @property
    def is_coming(self) -> bool:
        """Whether it is in the run and still to be asked: neither skipped nor a spare."""
        return self.state is QuestionState.DRAFT and not self.is_spare

    @property
    def planned_at(self) -> datetime | None:
        """When it is to be asked: at its own moment, else so long after the discussion's start; None without a plan."""
        if self.opens_at is not None or self.planned_offset_minutes is None:
            return self.opens_at
        return self.discussion.starts_at + timedelta(minutes=self.planned_offset_minutes)

    @property
    def is_asked(self) -> bool:
        """Whether readers have seen it under its number."""
        return self.number is not None
