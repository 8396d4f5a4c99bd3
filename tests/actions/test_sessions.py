"""A session that is over is kept for a while, and not for good."""

from datetime import timedelta

from sqlalchemy import select

from forum import clock as forum_clock
from forum.actions import sessions
from forum.database import db
from forum.live import clockwork
from forum.models import Session


def test_sessions_that_are_over_are_thrown_away_in_time(house, clock):
    user = house.user("Rita Reader")
    ended, _forgotten, used = (house.do(sessions.begin, user, device) for device in ("ended", "forgotten", "used"))
    house.do(sessions.end, user, ended.id)

    def kept() -> list[str]:
        clockwork.tidy()
        return list(db.session.scalars(select(Session.device).order_by(Session.id)))

    forum_clock.advance(sessions.KEPT_FOR)
    assert kept() == ["ended", "forgotten", "used"]
    forum_clock.advance(timedelta(seconds=1))
    assert kept() == ["forgotten", "used"]
    house.do(sessions.see, used.id)
    forum_clock.advance(sessions.LENGTH)
    assert kept() == ["used"], "who never came back ran out, and that is long ago too"
    forum_clock.advance(10 * sessions.LENGTH)
    assert kept() == ["used"], "when somebody was here last, administrators still see"
