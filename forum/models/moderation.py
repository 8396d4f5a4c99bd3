"""The record of what hosts and moderators did, and who may not write."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model

if TYPE_CHECKING:
    from forum.models.user import User


class ModerationAction(Model):
    """Who did what to what, when and why, before and after. Triggers in the database refuse any change to a row."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int | None] = mapped_column(ForeignKey("discussion.id"), index=True)  # None: the whole site
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # None: the clock did it
    verb: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(40))  # "comment", "user", "question", "discussion", "seat"
    subject_id: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200), default="")
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime]

    actor: Mapped["User | None"] = relationship()


class Mute(Model):
    """The end of somebody's right to write in one discussion; they may still read.

    It ends at `until` by itself, or when `lifted_at` is set. A removal also ends what a seat lets them see.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    is_removal: Mapped[bool] = mapped_column(default=False, server_default=false())
    objection: Mapped[str] = mapped_column(String(500), default="", server_default="")  # what its person says to it
    lifted_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_mute_person", "discussion_id", "user_id"),)
