"""Mail on its way."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model


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
