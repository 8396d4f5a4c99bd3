"""Mail on its way."""

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model

_UNDER_WAY = text("sent_at IS NULL AND refused_at IS NULL")


class Letter(Model):
    """One mail, written in the same transaction as what it tells of and sent after it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    to: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(String(20), default="", server_default="")
    # The path at which its reader can have no more of the kind, by one click of their mail program (RFC 8058).
    unsubscribe: Mapped[str] = mapped_column(String(300), default="", server_default="")
    # Where an answer to it goes; empty: to its sender.
    reply_to: Mapped[str] = mapped_column(String(320), default="", server_default="")
    # What the last mail server that did not take it said; `refused_at` when that was its last word (ours refused it),
    # `bounced_at` when another one sent it back afterwards, `delayed_at` when one is still trying.
    refusal: Mapped[str] = mapped_column(String(200), default="", server_default="")
    refused_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    delayed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_letter_to", "to"),
        # Asked every few seconds: how many of a kind somebody has had of late.
        Index("ix_letter_kind_written_at", "kind", "written_at"),
        # Asked every few seconds by each process: what has still to leave, among all that ever left.
        Index("ix_letter_under_way", "id", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
    )

    @property
    def has_failed(self) -> bool:
        """Whether its reader will not get it."""
        return self.refused_at is not None or self.bounced_at is not None


class DeadAddress(Model):
    """An address whose mail server has said for good that nobody reads there; it gets no reminders and notices.

    Forgotten when its person signs in, answers a letter or opens the link in one: then somebody does read there.
    """

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    at: Mapped[datetime]
