"""Somebody's part in one discussion."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.columns import PictureName, choice

if TYPE_CHECKING:
    from forum.models.discussion import Discussion
    from forum.models.user import User


class SeatRole(StrEnum):
    """The parts somebody can have in a discussion; each shows as a badge."""

    HOST = "host"
    MODERATOR = "moderator"
    PANELIST = "panelist"


class Seat(Model):
    """A user's part in one discussion. `name` is the name they carry there; a seat's name is nobody else's."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    role: Mapped[SeatRole] = mapped_column(choice(SeatRole))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(120), default="")
    affiliation: Mapped[str] = mapped_column(String(120), default="")
    country: Mapped[str] = mapped_column(String(2), default="", server_default="")  # ISO 3166-1
    picture: Mapped[str] = mapped_column(PictureName(200), default="")
    biography: Mapped[str] = mapped_column(String(600), default="")
    rehearsed_at: Mapped[datetime | None]  # when its person last wrote in a rehearsal
    introduced_at: Mapped[datetime | None]  # when its person last completed their own words and picture

    discussion: Mapped["Discussion"] = relationship(back_populates="seats")
    user: Mapped["User"] = relationship()

    __table_args__ = (UniqueConstraint("discussion_id", "user_id"),)
