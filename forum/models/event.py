"""One row of a discussion's log."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model


class Audience:
    """Who hears of an event. One person is `user:<id>`."""

    EVERYONE = "everyone"
    BACKSTAGE = "backstage"
    HOSTS = "hosts"

    @staticmethod
    def person(user_id: int) -> str:
        """Return the audience that is one person."""
        return f"user:{user_id}"


class Event(Model):
    """Something changed. It points at what changed and never carries a text."""

    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    audience: Mapped[str] = mapped_column(String(30), default=Audience.EVERYONE)
    at: Mapped[datetime]
