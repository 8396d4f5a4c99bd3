"""What waits of one person is found without reading everybody's comments: it is looked for on each member's page."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from forum import clock as forum_clock
from forum.actions import escalation, questions
from forum.actions import held as held_answers
from forum.database import db
from forum.live import for_you, waiting


# PostgreSQL plans by what tables hold: there `make bench` measures the page of a long discussion instead.
@pytest.mark.one_database
def test_ones_own_waiting_comments_are_found_by_an_index(house):
    discussion = house.discussion(ask=1)
    writer = house.user()
    house.comment(discussion, writer, "Mine.", question=1)
    asked: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(db.engine, "before_cursor_execute")
    def listen(connection, cursor, statement, parameters, context, many):
        asked.append((statement, parameters))

    assert waiting.items(discussion, writer.id) == []
    event.remove(db.engine, "before_cursor_execute", listen)
    statement, parameters = next(one for one in asked if "JOIN review" in one[0])
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    steps = [row[3] for row in plan]
    assert any("ix_comment_author (author_id=? AND discussion_id=?)" in step for step in steps), steps


def test_of_many_that_wait_the_newest_stand_there_in_their_order(house, clock, monkeypatch):
    monkeypatch.setattr(waiting, "_MOST", 2)
    discussion, writer = house.discussion(), house.user()
    house.do(escalation.set_level, house.host_of(discussion), discussion, "everyone", None)
    held = []
    for number in range(3):
        held.append(house.comment(discussion, writer, f"Point {number}.").id)
        forum_clock.advance(timedelta(minutes=1))  # slow mode comes with this step
    assert [one.comment.id for one in waiting.items(discussion, writer.id)] == held[1:]


def test_an_answer_that_was_held_can_be_released_once_its_question_is_asked(house):
    discussion = house.discussion(ask=1)
    priya, coming = house.panelist(discussion), house.question(discussion, "What comes next?")
    house.do(held_answers.hold, priya, coming, "This.")
    before = for_you.html(discussion, priya.id)
    house.do(questions.ask, house.host_of(discussion), coming)
    after = for_you.html(discussion, priya.id)
    assert "#held-" not in before
    assert f"#held-{coming.id}" in after
    assert "#held-" not in for_you.html(discussion, house.panelist(discussion, "Luc Arrieta").id)
