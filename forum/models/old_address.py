"""An address that a discussion had before."""

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model

if TYPE_CHECKING:
    from forum.models.discussion import Discussion


class OldAddress(Model):
    """/d/<slug> led to this discussion once, and leads there for good."""

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)

    discussion: Mapped["Discussion"] = relationship()
