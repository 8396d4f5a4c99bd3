"""A moment in a statement that is put together once is that of each time it runs."""

from datetime import UTC, datetime, timedelta

import pytest
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


@pytest.mark.parametrize("every", [0.5, 1.0, 5.0])
def test_what_looks_again_looks_at_the_same_moments(monkeypatch, every):
    at = forum_clock._BEGAN
    monkeypatch.setattr(forum_clock.time, "monotonic", lambda: at)
    looks = set()
    for busy in (0.0, 0.3, 0.01, 1.7, 0.49):
        at += busy
        at += forum_clock.until_next(every)
        looks.add(round((at - forum_clock._BEGAN) / every, 6))
    assert all(look == int(look) for look in looks), "also where a look took its time"
    assert 0 < forum_clock.until_next(every) <= every
