"""What somebody typed and could not post waits for them, though not for ever."""

from datetime import timedelta

from sqlalchemy import select

from forum import clock as forum_clock
from forum.actions import drafts
from forum.actions.posting import CommentDraft
from forum.database import db
from forum.live import clockwork
from forum.models import Draft


def test_what_nobody_comes_back_for_is_thrown_away(house, clock):
    discussion = house.discussion()
    house.do(drafts.keep, discussion, "long-gone", CommentDraft("Typed long ago.", None, None, ""))
    forum_clock.advance(timedelta(days=1))
    house.do(drafts.keep, discussion, "still-here", CommentDraft("Typed a day later.", None, None, ""))
    forum_clock.advance(drafts.KEPT_FOR - timedelta(days=1))
    clockwork.tidy()
    assert db.session.scalars(select(Draft.holder).order_by(Draft.id)).all() == ["long-gone", "still-here"]
    forum_clock.advance(timedelta(seconds=1))
    clockwork.tidy()
    assert db.session.scalars(select(Draft.holder)).all() == ["still-here"]
