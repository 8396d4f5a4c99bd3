"""A discussion: its words, its times, where it stands, and the head of its log."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, and_, bindparam, false, select, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model, db
from forum.models.columns import PictureName, choice

if TYPE_CHECKING:
    from forum.models.question import Question
    from forum.models.seat import Seat


class Phase(StrEnum):
    """Where a discussion stands. Allowed steps are in STEPS below."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    LIVE = "live"
    PAUSED = "paused"
    CLOSED = "closed"


STEPS: dict[Phase, frozenset[Phase]] = {
    Phase.DRAFT: frozenset({Phase.ANNOUNCED, Phase.LIVE, Phase.CLOSED}),
    Phase.ANNOUNCED: frozenset({Phase.LIVE, Phase.CLOSED, Phase.DRAFT}),
    Phase.LIVE: frozenset({Phase.PAUSED, Phase.CLOSED}),
    Phase.PAUSED: frozenset({Phase.LIVE, Phase.CLOSED}),
    Phase.CLOSED: frozenset({Phase.LIVE}),
}


class Visibility(StrEnum):
    """Who may know of a published discussion: everybody, whoever has the address, or only who has a seat."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    INVITED = "invited"


class QuestionsShown(StrEnum):
    """How much of the questions to come readers see: their texts, only that there are so many, or nothing."""

    ALL = "all"
    COUNT = "count"
    NONE = "none"


class Digests(StrEnum):
    """Whether people who take part get a letter about each question: if it runs for days, in any case, or never."""

    USUAL = "usual"
    ALWAYS = "always"
    NEVER = "never"


# What runs for longer is read in days, not by the minute.
_DAYS, _SECOND = timedelta(hours=24), timedelta(seconds=1)
# Without a comment for so many minutes it is quiet, in an hour and in what runs for days.
USUAL_SILENCE, SILENCE_OF_DAYS = 5, 24 * 60


class Discussion(Model):
    """One timed, moderated, written discussion."""

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    hosted_by: Mapped[str] = mapped_column(String(120), default="")
    intro: Mapped[str] = mapped_column(Text, default="")
    intro_html: Mapped[str] = mapped_column(Text, default="")
    editors_note: Mapped[str] = mapped_column(Text, default="")
    editors_note_html: Mapped[str] = mapped_column(Text, default="")
    related_url: Mapped[str] = mapped_column(String(500), default="")
    related_title: Mapped[str] = mapped_column(String(200), default="")
    announcement: Mapped[str] = mapped_column(Text, default="")  # what a host has put on top of the page
    announcement_html: Mapped[str] = mapped_column(Text, default="")
    announced_at: Mapped[datetime | None]
    summary: Mapped[str] = mapped_column(Text, default="")
    summary_html: Mapped[str] = mapped_column(Text, default="")
    hero: Mapped[str] = mapped_column(PictureName(500), default="")
    hero_credit: Mapped[str] = mapped_column(String(200), default="")
    hero_alt: Mapped[str] = mapped_column(String(300), default="")
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")  # IANA name of the event's zone
    language: Mapped[str] = mapped_column(String(12), default="en", server_default="en")  # BCP 47
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    phase: Mapped[Phase] = mapped_column(choice(Phase), default=Phase.DRAFT)
    visibility: Mapped[Visibility] = mapped_column(choice(Visibility), default=Visibility.PUBLIC)
    questions_shown: Mapped[QuestionsShown] = mapped_column(choice(QuestionsShown), default=QuestionsShown.ALL)
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    silence_minutes: Mapped[int] = mapped_column(
        default=5, server_default="5"
    )  # without a comment until hosts are told; 0 is never
    digests: Mapped[Digests] = mapped_column(choice(Digests), default=Digests.USUAL, server_default="usual")
    takes_proposals: Mapped[bool] = mapped_column(default=True, server_default=true())  # questions of the audience
    takes_anonymous: Mapped[bool] = mapped_column(default=False, server_default=false())  # of people without a name
    # Since when votes for the audience's questions wait to be told to readers; None when they know of all.
    votes_untold_at: Mapped[datetime | None]
    # After the end comments are taken for so many minutes; until when is written down at the end, and gone when over.
    late_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    late_until: Mapped[datetime | None] = mapped_column(index=True)
    # A rehearsal is a discussion of its own, by invitation and without a record, and is thrown away whole.
    rehearsal_of_id: Mapped[int | None] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    peak_readers: Mapped[int] = mapped_column(default=0, server_default="0")  # how many had it open at once
    arrivals: Mapped[int] = mapped_column(default=0, server_default="0")  # how often it was opened to read along
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    epoch: Mapped[str] = mapped_column(String(16))  # random; new when the database is restored from a backup
    last_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    # Of the form that made it, and of what it said: pressed twice it makes one (None: no form, or one without a key).
    key: Mapped[str | None] = mapped_column(String(64))

    questions: Mapped[list["Question"]] = relationship(
        back_populates="discussion", order_by="(Question.position, Question.id)"
    )
    seats: Mapped[list["Seat"]] = relationship(back_populates="discussion", order_by="(Seat.position, Seat.id)")

    __table_args__ = (
        Index("ix_discussion_phase_times", "phase", "starts_at", "ends_at"),
        Index("ix_discussion_owner_key", "owner_id", "key", unique=True),
        Index(
            "ix_discussion_votes_untold",
            "votes_untold_at",
            sqlite_where=text("votes_untold_at IS NOT NULL"),
            postgresql_where=text("votes_untold_at IS NOT NULL"),
        ),
    )

    @property
    def is_rehearsal(self) -> bool:
        """Whether this is where hosts and panel try another discussion out."""
        return self.rehearsal_of_id is not None

    @property
    def rehearsal(self) -> "Discussion | None":
        """The rehearsal of this that is under way, if any."""
        return db.session.scalar(select(Discussion).where(Discussion.rehearsal_of_id == self.id).limit(1))

    @property
    def over_at(self) -> datetime:
        """When it ends, or ended: as planned, or earlier if a host closed it before.

        `ends_at` stays the plan, for whoever makes another like it. What a host closed before its planned start, or
        within the second it was opened in, has no hours of its own, and no calendar takes an end before the beginning.
        """
        if self.phase is not Phase.CLOSED or self.closed_at is None:
            return self.ends_at
        return min(self.closed_at, self.ends_at) if self.closed_at - self.starts_at >= _SECOND else self.ends_at

    @property
    def runs_for_days(self) -> bool:
        """Whether its times need their dates to be understood."""
        return self.ends_at - self.starts_at > _DAYS

    @property
    def usual_silence(self) -> int:
        """The minutes after which such a discussion is quiet, as long as its hosts say nothing else."""
        return SILENCE_OF_DAYS if self.runs_for_days else USUAL_SILENCE

    @property
    def has_usual_silence(self) -> bool:
        """Whether its hosts have left the alarm for silence as it comes."""
        return self.silence_minutes == self.usual_silence

    @property
    def has_digests(self) -> bool:
        """Whether letters are written about its questions; never of a rehearsal."""
        if self.is_rehearsal or self.digests == Digests.NEVER:
            return False
        return self.digests == Digests.ALWAYS or self.runs_for_days

    @property
    def open_question(self) -> "Question | None":
        """The question being asked now, if any."""
        return next((question for question in self.questions if question.state == "open"), None)

    def phase_at(self, now: datetime) -> Phase:
        """Return where the discussion stands at `now`, also when the clock's job has not yet written the step.

        A comment counts if it reached the server before `ends_at`, however late the job runs.
        """
        phase = self.phase
        if phase is Phase.ANNOUNCED and now >= self.starts_at:
            phase = Phase.LIVE
        if phase in {Phase.LIVE, Phase.PAUSED} and now >= self.ends_at:
            phase = Phase.CLOSED
        return phase

    def takes_late(self, now: datetime) -> bool:
        """Whether this is over at `now` and late comments are taken, whether or not the clock's job has come round."""
        if self.phase_at(now) is not Phase.CLOSED:
            return False
        if self.phase is Phase.CLOSED:
            return self.late_until is not None and now < self.late_until
        return now < self.ends_at + timedelta(minutes=self.late_minutes)

    @classmethod
    def closed_before(cls, moment: datetime) -> ColumnElement[bool]:
        """Those that are over, and were at `moment`."""
        return and_(cls.phase == Phase.CLOSED, cls.closed_at < moment)

    @classmethod
    def latest_first(cls) -> tuple[ColumnElement[Any], ...]:
        """The order of a list from the one that begins last, the same each time where several begin together."""
        return cls.starts_at.desc(), cls.id.desc()

    @classmethod
    def soonest_first(cls) -> tuple[ColumnElement[Any], ...]:
        """The other way round."""
        return cls.starts_at.asc(), cls.id.asc()

    @classmethod
    def with_slug(cls, slug: str) -> "Discussion | None":
        """Return the discussion at /d/<slug>, drafts and private ones too: ask `access` before showing it.

        `slug` may be whatever somebody has made up. The database is asked only for what an address can be: PostgreSQL
        takes no NUL.
        """
        if not _SLUG.match(slug):
            return None
        return db.session.scalar(_WITH_SLUG, {"slug": slug})

    @classmethod
    def with_key(cls, owner_id: int, key: str) -> "Discussion | None":
        """Return what the form with this `key` has made for that owner; None for an empty key."""
        if not key:
            return None
        return db.session.scalar(select(cls).where(cls.owner_id == owner_id, cls.key == key))


_SLUG = re.compile(r"[a-z0-9-]{1,80}\Z")
# Put together once: it runs for every request.
_WITH_SLUG = select(Discussion).where(Discussion.slug == bindparam("slug"))
