"""What waits for a host's decision, and the flags that members put on comments."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.comment import Comment
    from forum.models.user import User


class Cause(StrEnum):
    """Why a comment waits for a decision."""

    WORDS = "words"
    LINK = "link"
    EVERYONE = "everyone"
    NEWCOMER = "newcomer"
    FIRST = "first"
    FLAGS = "flags"


class Decision(StrEnum):
    """How a review ended: by hosts, or because the writer took the comment back."""

    APPROVED = "approved"
    KEPT = "kept"
    REJECTED = "rejected"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"


class Review(Model):
    """A comment in the queue; one row for each comment that was ever there. It is open until it has a decision."""

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    cause: Mapped[Cause] = mapped_column(choice(Cause))
    detail: Mapped[str] = mapped_column(String(200), default="")  # the word or address that was found
    opened_at: Mapped[datetime]
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    claimed_until: Mapped[datetime | None]
    decision: Mapped[Decision | None] = mapped_column(choice(Decision))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(200), default="")  # given to the writer of what is rejected
    state_before: Mapped[str] = mapped_column(String(20), default="")  # the comment's, so that a decision can be undone

    comment: Mapped["Comment"] = relationship()
    claimed_by: Mapped["User | None"] = relationship(foreign_keys=[claimed_by_id])
    decided_by: Mapped["User | None"] = relationship(foreign_keys=[decided_by_id])

    __table_args__ = (Index("ix_review_queue", "discussion_id", "decided_at"),)

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.decision is None

    def claimant(self, now: datetime) -> "User | None":
        """Return who is looking at it at `now`, if anybody."""
        return self.claimed_by if self.claimed_until is not None and now < self.claimed_until else None


class FlagReason(StrEnum):
    """What a member finds wrong with a comment."""

    ABUSE = "abuse"
    SPAM = "spam"
    OFF_TOPIC = "off_topic"
    OTHER = "other"


class Flag(Model):
    """One person's wish that a host looks at a comment. Settled when a host has."""

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    reason: Mapped[FlagReason] = mapped_column(choice(FlagReason))
    note: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("comment_id", "user_id"),)
