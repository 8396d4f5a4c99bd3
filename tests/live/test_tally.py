"""The tally kept in memory says what counting anew would say."""

from datetime import timedelta

import pytest

from forum.actions import backstage, comments, escalation, reactions
from forum.database import db, writing
from forum.live import tally
from forum.models import Discussion


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


@pytest.mark.parametrize("is_read_by_the_tail", [True, False])
def test_a_comment_that_is_gone_when_it_is_looked_at_is_not_counted(house, clock, is_read_by_the_tail):
    """Who read the discussion before it was deleted is told of its posting, and not yet of its end."""
    discussion = house.discussion(ask=1)
    tally.of(discussion)
    comment = house.comment(discussion, question=1)
    seq = discussion.last_seq
    house.do(comments.delete, comment.author, comment)
    discussion.last_seq = seq
    if is_read_by_the_tail:
        tally.take_in(discussion, {seq: comment})
    assert tally.of(discussion).comments == 0


def test_answers_of_the_panel_are_those_of_panelists(house, clock):
    discussion = house.discussion(ask=1)
    priya, question = house.panelist(discussion), discussion.questions[0].id
    for is_counted_anew in (True, False):
        if is_counted_anew:
            tally._kept.clear()
        else:
            tally.of(discussion)
        for author in (priya, house.host_of(discussion), house.user()):
            house.comment(discussion, author, question=1)
        found = tally.of(discussion)
        assert found.answers[question] == 3 * found.panel[question]
    assert found.panel[question] == 2


def test_what_is_held_has_no_place_yet(house, clock):
    discussion = house.discussion(ask=1)
    house.do(escalation.set_level, house.host_of(discussion), discussion, "everyone", None)
    house.comment(discussion, question=1)
    tally._kept.clear()
    found = tally.of(discussion)
    assert (found.places.total(), found.comments, sum(found.bars)) == (0, 0, 0)


def test_what_is_posted_outside_the_hour_stands_in_no_bar(house, clock):
    discussion = house.discussion(ask=1)
    comment = house.comment(discussion, question=1)
    for moment in (discussion.starts_at - timedelta(minutes=5), discussion.over_at + timedelta(minutes=5)):
        with writing():
            comment.posted_at = moment
        tally._kept.clear()
        counted = tally.of(discussion)
        assert (counted.comments, sum(counted.bars), counted.bar_of(moment)) == (1, 0, None)


@pytest.mark.parametrize("changed", ["epoch", "starts_at", "ends_at"])
def test_after_another_past_or_another_hour_all_is_counted_again(house, clock, changed):
    """A backup that is put back may have as long a log as what it replaces, of other comments."""
    discussion = house.discussion(ask=1)
    house.comment(discussion, question=1)
    before = tally.of(discussion)
    with writing():
        one = db.session.get_one(Discussion, discussion.id)
        if changed == "epoch":
            one.epoch = "of-another-past"
        else:
            setattr(one, changed, getattr(one, changed) + timedelta(minutes=30))
    assert tally.of(discussion) is not before


@pytest.mark.postgresql
def test_what_is_posted_while_all_is_counted_is_counted_once(house, clock):
    discussion, writer = house.discussion(ask=1), house.user()
    house.comment(discussion, writer, question=1)
    tally._kept.clear()
    draft = comments.CommentDraft("And this.", 1, None, "in-the-middle")
    with house.meanwhile(r"SELECT comment\.question_id.*count", comments.post, writer, discussion, draft):
        db.session.rollback()
        tally.of(discussion)
    db.session.rollback()
    db.session.refresh(discussion)
    assert tally.of(discussion).comments == 2


def test_what_is_posted_on_the_minute_stands_in_the_bar_of_that_minute_however_it_is_counted(house, clock):
    """SQLite counted moments in days, where whole seconds are none: bars of whole minutes got two, and others none."""
    discussion = house.discussion(ask=1)
    start = clock.now().replace(second=0, microsecond=0)
    comments = [house.comment(discussion, question=1) for _ in range(tally.BARS)]
    for rest in (timedelta(), timedelta(microseconds=999_900)):
        with writing():
            discussion.starts_at, discussion.ends_at = start, start + timedelta(hours=1)
            for minute, comment in enumerate(comments):
                comment.posted_at = start + timedelta(minutes=minute, seconds=59 if rest else 0) + rest
        tally._kept.clear()
        counted = tally.of(discussion)
        assert counted.bars == [1] * tally.BARS
        assert [counted.bar_of(comment.posted_at) for comment in comments] == list(range(tally.BARS))
