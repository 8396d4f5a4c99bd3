"""Two servers on one PostgreSQL: NOTIFY wakes both, each knows who reads at the other, and a cut line heals unaided."""

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
def two_servers(postgresql, tmp_path_factory):
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("two"),
        database_url=new_database(postgresql),
        secret_key="a secret of two processes",
        limits=False,
    )
    app = create_app(settings)
    migrating.upgrade(app)
    with app.app_context(), running(settings) as first, running(settings) as second:
        yield (first, second), House(app)
        db.session.remove()
        db.engine.dispose()


def _waits(ears, house, discussion):
    for number in range(4):
        began = time.monotonic()
        house.comment(discussion, body=f"Point {number}")
        for ear in ears:
            ear.hear("events", where=lambda said, number=number: f"Point {number}" in said["events"][-1]["html"])
        yield time.monotonic() - began


@pytest.fixture
def ears(two_servers):
    opened = [Ear(server) for server in two_servers[0]]
    yield opened
    for ear in opened:
        ear.wire.close(timeout=0)


def test_readers_of_every_process_hear_at_once_and_again_after_the_line_was_cut(two_servers, ears):
    _, house = two_servers
    discussion = house.discussion()
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


def test_who_reads_and_writes_at_another_server_is_counted_and_named(two_servers, ears):
    servers, house = two_servers
    discussion = house.discussion(ask=1)
    priya = house.panelist(discussion)
    writer = Ear(servers[1], cookie=_cookie(house, priya))
    for ear in (*ears, writer):
        ear.join(discussion)
    ears[0].hear("presence", 5, lambda said: said["readers"] == 3)
    writer.ask("typing", {"discussion": discussion.id, "question": 1})
    heard = ears[0].hear("presence", 5, lambda said: bool(said["writing"]))
    assert heard["writing"] == [{"user_id": priya.id, "name": "Priya Raman", "question": 1}]
    writer.wire.close(timeout=0)
    ears[0].hear("presence", 12, lambda said: said["readers"] == 2 and not said["writing"])


def _cookie(house, user):
    client = house.app.test_client()
    house.sign_in(client, user)
    cookie = client.get_cookie(house.app.config["SESSION_COOKIE_NAME"])
    return f"{cookie.key}={cookie.value}"
