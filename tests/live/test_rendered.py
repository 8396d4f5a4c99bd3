"""What is kept of rendered comments is bounded by its size: ten thousand characters each are allowed."""

from datetime import timedelta

from forum.live import fragments, scene
from tests.actions.test_reminders import later

DAYS = timedelta(days=2)


def test_long_comments_do_not_fill_the_memory(house, monkeypatch):
    monkeypatch.setattr(scene, "_MOST_CHARACTERS", 60_000)
    discussion = house.discussion(ask=1)
    writer = house.user()
    for number in range(12):
        comment = house.comment(discussion, writer, f"{number} " + "word " * 1900, question=1)
        assert f"{number} word" in fragments.comment_html(comment)
        assert sum(map(len, scene._rendered.values())) == scene._characters <= 60_000
    assert fragments.comment_html(comment) == fragments.comment_html(comment)


def test_what_is_kept_says_another_day_once_the_event_begins_on_another(house, clock):
    """A greeting says its day where that is not the day on which it begins, and an event may be put off."""
    discussion = house.discussion(phase="announced")
    comment = house.comment(discussion, house.host_of(discussion), "Welcome.")
    before = fragments.comment_html(comment)
    later(house, discussion, starts_at=discussion.starts_at + DAYS, ends_at=discussion.ends_at + DAYS)
    assert fragments.comment_html(comment) != before
