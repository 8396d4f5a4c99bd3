"""A moment in a statement that is put together once is that of each time it runs."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from forum import clock as forum_clock
from forum.database import db
from forum.models import Discussion

# With a discussion that begins an hour after it was made.
_BEGUN_IN = [
    select(Discussion.id).where(Discussion.starts_at <= forum_clock.moment(timedelta(minutes=m))) for m in (0, 30)
]


def test_a_statement_asks_for_the_time_whenever_it_runs(house, clock):
    house.discussion(phase="announced")
    found = []
    for _ in range(3):
        found.append([len(db.session.scalars(statement).all()) for statement in _BEGUN_IN])
        forum_clock.advance(timedelta(minutes=30))
    assert found == [[0, 0], [0, 1], [1, 1]]


def test_a_moment_is_in_utc(house):
    with forum_clock.stopped_at(datetime(2026, 5, 4, 12, tzinfo=UTC)):
        assert forum_clock.moment(timedelta(hours=1)).effective_value == datetime(2026, 5, 4, 13, tzinfo=UTC)
