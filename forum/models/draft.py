"""What somebody typed and could not post yet, kept on the server for browsers without script."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model


class Draft(Model):
    """A typed text waiting for its writer. `holder` is a random name kept in the browser's own cookie.

    One browser may have several for a discussion, from several windows; `key` is that of the form it was typed into.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    holder: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64), default="", server_default="")
    question: Mapped[int | None]  # the question's number
    reply_to: Mapped[int | None]  # a comment's id; checked when it is posted
    spoken_for: Mapped[int | None]  # the account of a panelist for whom a host types; checked when it is posted
    body: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]

    __table_args__ = (Index("ix_draft_discussion_id_holder", "discussion_id", "holder"),)
