"""The tally kept in memory says what counting anew would say."""

from datetime import timedelta

from forum.actions import backstage, comments, reactions
from forum.database import writing
from forum.live import tally


def test_two_greenlets_that_carry_a_tally_on_at_once_count_once(house, clock, monkeypatch):
    discussion = house.discussion(ask=1)
    house.comment(discussion, question=1)
    assert tally.of(discussion).comments == 1
    house.comment(discussion, question=1)
    execute, let_in = tally.db.session.execute, []

    def execute_and_let_another_in(*arguments, **named):
        # On PostgreSQL a query lets other greenlets run; here the other one comes in the middle of the first.
        answer = execute(*arguments, **named)
        if not let_in:
            let_in.append(True)
            assert tally.of(discussion).comments == 2
        return answer

    monkeypatch.setattr(tally.db.session, "execute", execute_and_let_another_in)
    assert tally.of(discussion).comments == 2
    assert let_in


def test_what_is_said_in_the_green_room_is_no_reason_to_count_again(house, clock):
    discussion = house.discussion(ask=1)
    house.comment(discussion, question=1)
    before = tally.of(discussion)
    house.do(backstage.say, house.host_of(discussion), discussion, "Two minutes left.", "green-room-message")
    house.comment(discussion, question=1)
    assert tally.of(discussion) is before
    assert before.comments == 2


def test_what_readers_find_helpful_is_no_reason_to_count_again(house, clock):
    discussion = house.discussion(ask=1)
    comment = house.comment(discussion, question=1)
    before = tally.of(discussion)
    house.do(reactions.react, house.user(), comment, wants=True)
    assert tally.of(discussion) is before
    assert before.seq == discussion.last_seq


def test_what_the_tail_has_read_itself_is_taken_in_once(house, clock, statements):
    discussion = house.discussion(ask=1)
    tally.of(discussion)
    comment = house.comment(discussion, question=1)
    posted = {discussion.last_seq: comment}
    with statements() as made:
        for _ in range(2):
            tally.take_in(discussion, posted)
            assert tally.of(discussion).comments == 1
    assert made == []


def test_what_the_tail_has_not_read_whole_is_asked_for(house, clock):
    discussion = house.discussion(ask=1)
    before = tally.of(discussion)
    house.comment(discussion, question=1)
    last = house.comment(discussion, question=1)
    tally.take_in(discussion, {discussion.last_seq: last})
    assert before.comments == 0
    assert tally.of(discussion).comments == 2


def test_a_comment_that_is_gone_already_is_asked_for(house, clock):
    discussion = house.discussion(ask=1)
    before = tally.of(discussion)
    comment = house.comment(discussion, question=1)
    seq = discussion.last_seq
    house.do(comments.delete, comment.author, comment)
    tally.take_in(discussion, {seq: comment})
    assert before.comments == 0
    assert tally.of(discussion).comments == 0


def test_what_is_posted_in_the_first_moment_stands_in_the_first_bar(house, clock):
    """SQLite knows moments to the millisecond: what came just after the beginning lay before it, in the last bar."""
    discussion = house.discussion(ask=1)
    comment = house.comment(discussion, question=1)
    with writing():
        discussion.starts_at = clock.now() + timedelta(microseconds=705_261)
        comment.posted_at = clock.now() + timedelta(microseconds=705_900)
    tally._kept.clear()
    counted = tally.of(discussion)
    assert (counted.bars[0], sum(counted.bars)) == (1, 1)
    assert counted.bar_of(comment.posted_at) == 0
