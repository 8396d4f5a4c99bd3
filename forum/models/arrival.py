"""Mail that came in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model


class Arrival(Model):
    """One answer by mail that was dealt with: posted, held or given back. The same mail again has the same key.

    Nothing of what it said is kept here.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (Index("ix_arrival_person", "user_id", "at"),)
