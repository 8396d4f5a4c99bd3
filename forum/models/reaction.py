"""Who finds which comment helpful, and what of it readers have been told."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model


class Reaction(Model):
    """Somebody finds a comment helpful; once per person. The number that readers see is the comment's own.

    It is in that number when `is_told`. What was told and then taken back stays, without `stands`, until that is told.
    """

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    stands: Mapped[bool] = mapped_column(default=True)
    is_told: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_reaction_mine", "user_id", "discussion_id"),
        # What waits to be told is a handful of rows, however many there are.
        Index(
            "ix_reaction_untold", "discussion_id", "at",
            sqlite_where=text("is_told = 0"), postgresql_where=text("NOT is_told"),
        ),
    )  # fmt: skip
