"""A person with an account, and the sessions they are signed in with."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from flask_login import UserMixin
from sqlalchemy import ForeignKey, String, false, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model, db
from forum.models.columns import choice


class SiteRole(StrEnum):
    """What somebody is on the whole site; parts in one discussion are seats."""

    MEMBER = "member"
    ORGANISER = "organiser"
    ADMINISTRATOR = "administrator"


class User(UserMixin, Model):
    """An account. Its email is kept in lower case; without a password hash it is entered by invitation or reset."""

    __allow_unmapped__ = True  # `session` is no column

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    affiliation: Mapped[str] = mapped_column(String(120), default="")
    country: Mapped[str] = mapped_column(String(2), default="", server_default="")  # ISO 3166-1
    biography: Mapped[str] = mapped_column(String(600), default="")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[SiteRole] = mapped_column(choice(SiteRole), default=SiteRole.MEMBER)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]

    # Suspended by an administrator: they read, and write nowhere, until then (None: until it is lifted).
    suspended_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    suspension_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    suspension_objection: Mapped[str] = mapped_column(String(500), default="", server_default="")

    # Kinds of notices that they do not want by mail, separated by commas.
    quiet: Mapped[str] = mapped_column(String(100), default="", server_default="")

    # The language that they have chosen, or that their browser asked for when they signed up; "" for as it asks now.
    language: Mapped[str] = mapped_column(String(20), default="", server_default="")

    # They have left for good: nothing here says any more who they were.
    left_at: Mapped[datetime | None]

    # The session this request came with; set by the loader, so that sign-out can end exactly it.
    session: "Session | None" = None

    def is_suspended(self, now: datetime) -> bool:
        """Whether a suspension is in force at `now`."""
        return self.suspended_at is not None and (self.suspended_until is None or now < self.suspended_until)

    def get_id(self) -> str:
        """Flask-Login keeps this in the cookie: the session's token, never the account's number."""
        if self.session is None or self.session.token is None:
            raise RuntimeError("a user is signed in through a session")
        return self.session.token

    @classmethod
    def with_email(cls, email: str) -> Self | None:
        """Return the account of `email`, whatever its case."""
        return db.session.scalar(select(cls).where(cls.email == email.strip().lower()))


class Session(Model):
    """One sign-in on one device. The cookie holds a random token, the table only its SHA-256."""

    __allow_unmapped__ = True  # `token` is no column

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(200), default="")
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # The panelist's link that it began with, so that it ends when the link is taken back.
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="SET NULL"))
    # By the twin of it that the host saw too, which proves no address: the account itself is not theirs to change.
    came_by_shown_link: Mapped[bool] = mapped_column(default=False, server_default=false())

    user: Mapped[User] = relationship()

    # The token itself, known only while the request that carries it runs.
    token: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether this session still signs somebody in."""
        return self.ended_at is None and now < self.expires_at
