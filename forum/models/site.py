"""What administrators have set for the whole site: one row, or none while everything is as it came."""

from enum import StrEnum
from typing import Self

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.database import Model, db
from forum.models.columns import PictureName, choice


class Registration(StrEnum):
    """Who gets an account: everybody; who an administrator or a host invites; only who sits on a panel."""

    OPEN = "open"
    INVITED = "invited"
    CLOSED = "closed"


class Site(Model):
    """Name, looks, rules and registration. An empty field is as the settings and the product have it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(default=0)  # grows with every change, so that no kept page outlives one
    name: Mapped[str] = mapped_column(String(60), default="")
    accent: Mapped[str] = mapped_column(String(7), default="")  # "#0b4fa8": links and buttons
    signal: Mapped[str] = mapped_column(String(7), default="")  # the mark, and what is live
    logo: Mapped[str] = mapped_column(PictureName(60), default="")
    rules: Mapped[str] = mapped_column(Text, default="")
    rules_html: Mapped[str] = mapped_column(Text, default="")
    registration: Mapped[Registration] = mapped_column(choice(Registration), default=Registration.OPEN)
    held_words: Mapped[str] = mapped_column(Text, default="")  # one word, phrase or address a line
    hold_links: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def current(cls) -> Self:
        """Return what is set; where nothing is set yet, how the product comes."""
        return db.session.get(cls, 1) or cls.fresh()

    @classmethod
    def fresh(cls) -> Self:
        """Return how the product comes: a row that is new and not in the session."""
        return cls(
            id=1, version=0, name="", accent="", signal="", logo="", rules="", rules_html="",
            registration=Registration.OPEN, held_words="", hold_links=False,
        )  # fmt: skip
