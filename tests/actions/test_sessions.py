"""A session that is over is kept for a while, and not for good."""

from datetime import timedelta

import pytest
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


@pytest.mark.parametrize("seen", [sessions.see, lambda one: sessions.see_all([one])], ids=["a page", "an open page"])
def test_a_session_that_was_ended_does_not_live_on_by_what_is_still_open(house, clock, seen):
    user = house.user("Rita Reader")
    ended, used = (house.do(sessions.begin, user, device) for device in ("ended", "used"))
    house.do(sessions.end, user, ended.id)
    before = ended.expires_at
    forum_clock.advance(timedelta(days=1))
    for one in (ended, used):
        house.do(seen, one.id)
    db.session.expire_all()
    assert ended.expires_at == before
    assert used.expires_at == forum_clock.now() + sessions.LENGTH
