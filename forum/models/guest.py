"""Whom hosts have invited to come and read or write along, and how far each invitation has come."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model

if TYPE_CHECKING:
    from forum.models.discussion import Discussion
    from forum.models.letter import Letter


class Mailing(Model):
    """One press of “Send”: its `key` makes that it counts once, its `count` is what the limits add up."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    key: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(String(1000))  # the host's own, as plain text
    count: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("discussion_id", "key"),)


class Guest(Model):
    """One invited address of one discussion. Whether they come is said by the Rsvp of the same address.

    While `is_waiting` a letter is still to be written (see actions.guest_mail.due); `letter_id` is the newest one.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(12))  # BCP 47; empty: the discussion's
    time_zone: Mapped[str] = mapped_column(String(60))  # IANA name; empty: the event's
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id", ondelete="CASCADE"))
    invited_at: Mapped[datetime]
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id", ondelete="SET NULL"))
    is_waiting: Mapped[bool] = mapped_column(default=True)  # for its letter to be written
    opened_at: Mapped[datetime | None]  # a button behind the link was pressed; mail scanners press none
    unsubscribed_at: Mapped[datetime | None]
    told_starts_at: Mapped[datetime | None]  # the time that this person has been told
    cancelled_at: Mapped[datetime | None]  # when they were told that it will not take place

    discussion: Mapped["Discussion"] = relationship()
    mailing: Mapped[Mailing] = relationship()
    letter: Mapped["Letter | None"] = relationship()

    __table_args__ = (
        UniqueConstraint("discussion_id", "email"),
        Index("ix_guest_waiting", "is_waiting", "discussion_id"),
        Index("ix_guest_letter_id", "letter_id"),
    )
