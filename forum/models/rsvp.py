"""Who wants to come to a discussion, and what they have been told of it."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.discussion import Discussion


class RsvpKind(StrEnum):
    """As a writer, or as a reader."""

    TAKE_PART = "take_part"
    READ_ALONG = "read_along"


class Rsvp(Model):
    """One address for one discussion, of a member or of somebody without an account who has proven it.

    Of the latter only that they wanted to come is kept for good (`rsvps.forget_old`): the address is none then.

    Each of `day_at`, `hour_at` and `live_at` is set in the transaction that writes its letter, and so only once. Of
    the first two one that is `made_at` was never written: the discussion was moved so near that it was too late for it.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    kind: Mapped[RsvpKind] = mapped_column(choice(RsvpKind))
    time_zone: Mapped[str] = mapped_column(String(60))  # IANA name of the person's own zone
    language: Mapped[str] = mapped_column(String(20), default="", server_default="")  # of the letters; "" is unknown
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    told_starts_at: Mapped[datetime]  # the time that this person knows of
    cancelled_at: Mapped[datetime | None]  # when they were told that it will not take place
    day_at: Mapped[datetime | None]
    hour_at: Mapped[datetime | None]
    live_at: Mapped[datetime | None]

    discussion: Mapped["Discussion"] = relationship()

    __table_args__ = (UniqueConstraint("discussion_id", "email"),)


class NoMail(Model):
    """An address whose owner wants nothing from us but what they ask for themselves."""

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    at: Mapped[datetime]
