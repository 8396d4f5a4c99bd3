"""A text that hosts have prepared for a moment of the event."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model


class Snippet(Model):
    """One text of a discussion's tray. `times` counts how often it was posted, so that no two hosts post it at once."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(Text)
    times: Mapped[int] = mapped_column(default=0)
    posted_at: Mapped[datetime | None]
