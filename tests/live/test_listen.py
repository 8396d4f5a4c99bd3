"""Several processes on one PostgreSQL: NOTIFY wakes them all, and a cut line to it heals unaided."""

import time

import pytest
from sqlalchemy import text

from forum import create_app, migrating
from forum.config import Settings
from forum.database import db
from tests.conftest import new_database
from tests.house import House
from tests.live.conftest import Ear
from tests.server import running


@pytest.fixture(scope="module")
def two_processes(postgresql, tmp_path_factory):
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("two"), database_url=new_database(postgresql), secret_key="two", limits=False
    )
    app = create_app(settings)
    migrating.upgrade(app)
    with app.app_context(), running(settings, workers=2) as server:
        yield server, House(app)
        db.session.remove()
        db.engine.dispose()


def _waits(ears, house, discussion):
    for number in range(4):
        began = time.monotonic()
        house.comment(discussion, body=f"Point {number}")
        for ear in ears:
            ear.hear("events", where=lambda said, number=number: f"Point {number}" in said["events"][-1]["html"])
        yield time.monotonic() - began


def test_readers_of_every_process_hear_at_once_and_again_after_the_line_was_cut(two_processes):
    server, house = two_processes
    discussion = house.discussion()
    ears = [Ear(server) for _ in range(12)]
    for ear in ears:
        assert "error" not in ear.join(discussion)
    # A poll alone would take half a second on average; four times under that in a row is the bell.
    assert sorted(_waits(ears, house, discussion))[2] < 0.4

    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    )
    assert db.session.scalar(text(cut)) == 2
    db.session.commit()
    time.sleep(2.5)
    assert sorted(_waits(ears, house, discussion))[2] < 0.4
    for ear in ears:
        ear.wire.close(timeout=0)
