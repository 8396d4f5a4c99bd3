"""When a question of a discussion file was asked, where the file does not say."""

from datetime import datetime, timedelta


def usual(
    starts_at: datetime, ends_at: datetime, offset: int | None, opens_at: datetime | None, first: datetime | None
) -> datetime:
    """Return when a question was asked as far as its plan tells, or its `first` answer where that is earlier.

    The plan is the moment at which it opens by itself, or its `offset` in minutes from the start. Moments are aware.
    """
    planned = opens_at or starts_at + timedelta(minutes=offset or 0)
    return min(planned, first or planned, ends_at)
