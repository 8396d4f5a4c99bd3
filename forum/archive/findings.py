"""A discussion as it was found elsewhere, and what its host makes of it before anything is stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from forum import text

# Whoever wrote a comment of which that is not said: the host names them before anything is stored.
NAMELESS = "?"


@dataclass(frozen=True)
class Said:
    """One comment as it was found. `question` counts from 1, `reply_to` is the place of an earlier one from 1."""

    author: str
    body: str
    question: int | None = None
    at: datetime | None = None  # in UTC, or without a zone, on the event's clocks
    affiliation: str = ""
    reply_to: int | None = None
    country: str = ""  # ISO 3166-1
    clock: time | None = None  # what stood beside the name, on the event's clocks
    place: int = 0  # among what was found, from 0; it stays when others are left out
    unread: str = ""  # what stood where its time should, and says none
    is_spread: bool = False  # its time is ours

    @property
    def when(self) -> str:
        """Return the time that it came with, empty for none."""
        if self.at is not None:
            return f"{self.at:%Y-%m-%d %H:%M}" + (" UTC" if self.at.tzinfo else "")
        return f"{self.clock:%H:%M}" if self.clock is not None else ""


@dataclass
class Found:
    """A whole discussion as it was found."""

    title: str = ""
    intro: str = ""
    questions: list[str] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    taken_out: int = 0  # control characters, which nobody sees and nothing can store
    told: list[str] = field(default_factory=list)  # what was left out or cut, in sentences

    @property
    def authors(self) -> list[str]:
        """Return everybody who wrote, in the order in which they first did."""
        return list(dict.fromkeys(comment.author for comment in self.comments))

    def count(self, author: str) -> int:
        """Return how many comments `author` has."""
        return sum(1 for comment in self.comments if comment.author == author)


def moment(typed: str) -> datetime | None:
    """Return a moment as other programs write it, in UTC, or without a zone as it came; None for what is none."""
    try:
        found = datetime.fromisoformat(typed.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    if not 1970 <= found.year <= 2200:
        return None
    return found.astimezone(UTC) if found.tzinfo else found


def dated(comment: Said, typed: str) -> Said:
    """Return `comment` with the time that `typed` says, none for nothing; words that say no time are `unread`."""
    at = moment(typed)
    return replace(comment, at=at, unread="" if at else typed)


def on_clocks(comments: Iterable[Said], zone: str) -> list[Said]:
    """Return the comments with their own times in UTC; one without an offset is on the clocks of `zone`."""
    return [
        replace(one, at=one.at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)) if one.at and not one.at.tzinfo else one
        for one in comments
    ]


def in_a_change(comments: Iterable[Said], zone: str) -> list[Said]:
    """Return those whose time the clocks of `zone` show twice, or never: it says no moment."""
    return [
        one
        for one in comments
        if one.at
        and not one.at.tzinfo
        and len({one.at.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1)}) > 1
    ]


def with_times(comments: Iterable[Said], begin: datetime, end: datetime, zone: str) -> list[Said]:
    """Return the comments with a time each, in their order: their own, else that of the clock in `zone` that stood
    beside their name, else one spread evenly between their neighbours' (`begin` and `end` around all of them).
    """
    comments = on_clocks(comments, zone)
    own = _by_their_clocks(comments, begin, end, ZoneInfo(zone))
    times: list[datetime] = []
    waiting = 0
    for at in [*own, end]:
        if at is None:
            waiting += 1
            continue
        before = times[-1] if times else begin
        step = (at - before) / (waiting + 1)
        times += [*(before + step * place for place in range(1, waiting + 1)), at]
        waiting = 0
    return [
        replace(comment, at=at, is_spread=before is None)
        for comment, at, before in zip(comments, times, own, strict=False)
    ]


def _by_their_clocks(comments: list[Said], begin: datetime, end: datetime, zone: ZoneInfo) -> list[datetime | None]:
    """A clock that goes back has passed midnight; one that does not fit between begin and end says nothing."""
    known: list[datetime | None] = []
    latest = begin
    for comment in comments:
        at = comment.at
        if at is None and comment.clock is not None:
            at = datetime.combine(latest.astimezone(zone).date(), comment.clock, zone).astimezone(UTC)
            if at < latest.replace(second=0, microsecond=0):
                at += timedelta(days=1)
            at = max(at, latest) if at <= end else None
            latest = at or latest
        known.append(at)
    return known


def said_by_clocks(comments: list[Said], day: date) -> tuple[datetime, datetime] | None:
    """Return from when to when the clocks beside the names say it lasted, if it began on `day`; None without two."""
    clocks = [comment.clock for comment in comments if comment.clock is not None]
    if len(clocks) < 2:
        return None
    begin, end = (datetime.combine(day, clock, UTC) for clock in (clocks[0], clocks[-1]))
    return begin, end + timedelta(minutes=1) + (timedelta(days=1) if end < begin else timedelta())


def joined(found: Found, no_names: set[str]) -> Found:
    """Return the same, where what stood behind `no_names` goes on with the comment before: they were no names."""
    comments: list[Said] = []
    places: dict[int, int] = {}
    for place, comment in enumerate(found.comments, start=1):
        if comment.author in no_names and comments:
            last = comments[-1]
            said = comment.body if comment.author == NAMELESS else f"{comment.author}: {comment.body}"
            comments[-1] = replace(last, body=f"{last.body}\n\n{said}")
        else:
            comments.append(replace(comment, reply_to=places.get(comment.reply_to or 0)))
        places[place] = len(comments)
    return replace(found, comments=comments)


def without(found: Found, left_out: set[int]) -> Found:
    """Return the same without the comments at these places; what answered one of them answers nobody."""
    comments: list[Said] = []
    places: dict[int, int] = {}
    for place, comment in enumerate(found.comments, start=1):
        if comment.place not in left_out:
            comments.append(replace(comment, reply_to=places.get(comment.reply_to or 0)))
            places[place] = len(comments)
    return replace(found, comments=comments)


def faults(comments: Iterable[Said]) -> dict[int, str]:
    """Return what is wrong with the text of each comment that cannot be stored, by its place."""
    found: dict[int, str] = {}
    for comment in comments:
        try:
            text.clean_body(comment.body)
        except text.TextFault as fault:
            found[comment.place] = fault.message
    return found


def spread(comments: Iterable[Said], zone: str) -> tuple[datetime, datetime] | None:
    """Return from which minute to which the comments that have a time were written, an event in `zone`; None when none
    has.
    """
    times = [comment.at.replace(second=0, microsecond=0) for comment in on_clocks(comments, zone) if comment.at]
    return (min(times), max(times) + timedelta(minutes=1)) if times else None
