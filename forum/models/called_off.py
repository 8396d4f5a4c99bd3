"""What was announced and will not take place."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, exists, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model, db
from forum.models.discussion import Discussion, Visibility


class CalledOff(Model):
    """What was announced of a discussion that is a draft again, so that calendars and whoever comes can be told.

    It holds what they knew then: what is written into the draft afterwards is nobody's business. What was by invitation
    stands at no address, whatever the draft becomes. It ends when the discussion is announced anew.
    """

    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), index=True)  # "" where it was by invitation
    title: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    at: Mapped[datetime]
    sequence: Mapped[int]  # higher than any that a calendar was given before
    is_listed: Mapped[bool]  # whether it stood in the calendar of the whole site

    discussion: Mapped["Discussion"] = relationship()

    @property
    def language(self) -> str:
        """The language in which its letters speak to whoever has not said another (BCP 47)."""
        return self.discussion.language

    @property
    def was_private(self) -> bool:
        """Whether it was by invitation, so that nobody outside hears of it."""
        return not self.slug

    @classmethod
    def before(cls, moment: datetime) -> ColumnElement[bool]:
        """Return the condition under which a discussion was called off before `moment`, and not announced anew."""
        return exists().where(cls.discussion_id == Discussion.id, cls.at < moment)

    @classmethod
    def in_private(cls) -> ColumnElement[bool]:
        """Return the condition under which what was called off was by invitation (`was_private`)."""
        return exists().where(cls.discussion_id == Discussion.id, cls.slug == "")

    @classmethod
    def at_address(cls, slug: str) -> "CalledOff | None":
        """Return what was announced at /d/<slug>; nothing for what is by invitation by now."""
        found = db.session.scalar(select(cls).where(cls.slug == slug))
        return found if found is not None and found.discussion.visibility != Visibility.INVITED else None
