"""What is kept of rendered comments is bounded by its size: ten thousand characters each are allowed."""

from forum.live import fragments, scene


def test_long_comments_do_not_fill_the_memory(house, monkeypatch):
    monkeypatch.setattr(scene, "_MOST_CHARACTERS", 60_000)
    discussion = house.discussion(ask=1)
    writer = house.user()
    for number in range(12):
        comment = house.comment(discussion, writer, f"{number} " + "word " * 1900, question=1)
        assert f"{number} word" in fragments.comment_html(comment)
        assert sum(map(len, scene._rendered.values())) == scene._characters <= 60_000
    assert fragments.comment_html(comment) == fragments.comment_html(comment)
