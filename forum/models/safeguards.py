"""How strictly the comments of one discussion are looked at before they are shown."""

from enum import StrEnum
from typing import Self

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model, db
from forum.models.columns import choice


class Level(StrEnum):
    """The steps of the escalation, each with those before it; the last, the pause, is the discussion's phase."""

    OPEN = "open"
    SLOW = "slow"
    NEWCOMERS = "newcomers"
    EVERYONE = "everyone"


class Safeguards(Model):
    """The escalation and the filters of one discussion. One without a row is open and filters nothing of its own."""

    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[Level] = mapped_column(choice(Level), default=Level.OPEN)
    slow_mode_seconds: Mapped[int] = mapped_column(default=30)
    hold_first: Mapped[bool] = mapped_column(default=False)
    hold_links: Mapped[bool] = mapped_column(default=False)
    words: Mapped[str] = mapped_column(Text, default="")  # one word, phrase or address a line
    hide_after_flags: Mapped[int] = mapped_column(default=0)  # 0: flags never hide by themselves

    @classmethod
    def of(cls, discussion_id: int) -> Self:
        """Return the safeguards of a discussion; those of one that has no row yet are new and not in the session."""
        return db.session.get(cls, discussion_id) or cls.usual(discussion_id)

    @classmethod
    def usual(cls, discussion_id: int) -> Self:
        """Return how a discussion begins: a row that is new and not in the session."""
        return cls(
            discussion_id=discussion_id,
            level=Level.OPEN,
            slow_mode_seconds=30,
            hold_first=False,
            hold_links=False,
            words="",
            hide_after_flags=0,
        )

    @property
    def slow_seconds(self) -> int:
        """How long a member waits between two comments; 0 without slow mode."""
        return 0 if self.level is Level.OPEN else self.slow_mode_seconds

    @property
    def holds(self) -> bool:
        """Whether the escalation holds comments of some or of all."""
        return self.level in {Level.NEWCOMERS, Level.EVERYONE}
