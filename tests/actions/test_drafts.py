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
    house.do(drafts.keep, discussion, drafts.Form("long-gone"), CommentDraft("Typed long ago.", None, None, ""))
    forum_clock.advance(timedelta(days=1))
    house.do(drafts.keep, discussion, drafts.Form("still-here"), CommentDraft("Typed a day later.", None, None, ""))
    forum_clock.advance(drafts.KEPT_FOR - timedelta(days=1))
    clockwork.tidy()
    assert db.session.scalars(select(Draft.holder).order_by(Draft.id)).all() == ["long-gone", "still-here"]
    forum_clock.advance(timedelta(seconds=1))
    clockwork.tidy()
    assert db.session.scalars(select(Draft.holder)).all() == ["still-here"]


def test_each_form_has_its_own_text_and_no_browser_has_many(house, clock):
    discussion = house.discussion()

    def keep(body, key="", shown=None, holder="mine"):
        forum_clock.advance(timedelta(seconds=1))
        return house.do(drafts.keep, discussion, drafts.Form(holder, key, shown), CommentDraft(body, None, None, "")).id

    def bodies():
        return [text.body for text in drafts.kept(discussion, "mine")]

    keep("Not mine.", "key-of-a-page-1", holder="somebody else")
    first = keep("One.", "key-of-a-page-1")
    keep("Two.", "key-of-a-page-2")
    assert bodies() == ["Two.", "One."]
    keep("One, longer.", "key-of-a-page-1")
    keep("Two.")
    assert bodies() == ["Two.", "One, longer."], "sent again from the same form, or the same words without a key"
    keep("One, from where it was shown again.", "key-of-a-page-3", first)
    assert bodies() == ["One, from where it was shown again.", "Two."]
    for number in range(drafts.MOST_KEPT):
        keep(f"More {number}.", f"key-of-a-page-1{number}")
    assert bodies() == [f"More {number}." for number in reversed(range(drafts.MOST_KEPT))]
    house.do(drafts.forget, discussion, drafts.Form("mine", "key-of-a-page-13"), "Posted otherwise.")
    house.do(drafts.forget, discussion, drafts.Form("mine"), "More 0.")
    assert bodies() == ["More 4.", "More 2.", "More 1."]
    assert len(drafts.kept(discussion, "somebody else")) == 1
