"""The personal link that brings a panelist to their seat."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.letter import Letter
    from forum.models.seat import Seat


class InvitationState(StrEnum):
    """A link is good until a newer one replaces it or a host takes it back; `expires_at` is its end besides."""

    GOOD = "good"
    REPLACED = "replaced"
    REVOKED = "revoked"


class Invitation(Model):
    """One invitation to one seat. Of its two secrets (one mailed, one shown to the host) only the SHA-256 is kept.

    Two, because only the one that went by mail proves that whoever comes with it reads that mailbox.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id", ondelete="CASCADE"), index=True)
    mailed_hash: Mapped[str] = mapped_column(String(64), unique=True)
    shown_hash: Mapped[str] = mapped_column(String(64), unique=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    state: Mapped[InvitationState] = mapped_column(choice(InvitationState), default=InvitationState.GOOD)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id", ondelete="SET NULL"), index=True)

    letter: Mapped["Letter | None"] = relationship()
    seat: Mapped["Seat"] = relationship()

    def is_good(self, now: datetime) -> bool:
        """Whether this link still brings its panelist in."""
        return self.state is InvitationState.GOOD and now < self.expires_at
