"""What waits of one person is found without reading everybody's comments: it is looked for on each member's page."""

import pytest
from sqlalchemy import event

from forum.database import db
from forum.live import waiting


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
