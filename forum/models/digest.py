"""What one person is told by mail of one question."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.question import Question


class Digest(Model):
    """One address and one question: when the next letter may be due, and how far the last one went.

    `next_at` is moved by an UPDATE that asks for its old value, in the transaction that writes the letter, so each is
    written once; None when the last one was.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254), index=True)
    time_zone: Mapped[str] = mapped_column(String(60))  # IANA name, of the person if they have told it
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    # What could be read when the last letter was written: the newest comment, and how many there were.
    told_id: Mapped[int] = mapped_column(default=0)
    told_count: Mapped[int] = mapped_column(default=0)

    question: Mapped[Question] = relationship()

    __table_args__ = (UniqueConstraint("question_id", "email"),)
