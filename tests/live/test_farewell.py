"""A process that ends while another serves tells its readers first, and they hear it until they have moved."""

import time

import pytest

from forum import create_app, migrating
from forum.config import Settings
from forum.database import db
from forum.live import elsewhere
from tests.conftest import new_database
from tests.house import House
from tests.live.conftest import Ear
from tests.server import running


@pytest.fixture
def settings(postgresql, tmp_path):
    return Settings(data_dir=tmp_path, database_url=new_database(postgresql), secret_key="farewell", limits=False)


@pytest.fixture
def house(settings):
    app = create_app(settings)
    migrating.upgrade(app)
    with app.app_context():
        yield House(app)
        db.session.remove()
        db.engine.dispose()


def test_who_is_told_to_move_hears_on_until_they_have(settings, house):
    discussion = house.discussion()
    # Nobody reads at the first one, and still the second knows that it is there.
    with running(settings) as stays, running(settings) as goes:
        moves, ignores = Ear(goes), Ear(goes)
        for ear in (moves, ignores):
            assert "error" not in ear.join(discussion)
        time.sleep(1.5)  # until each has said once that it is there
        goes.process.terminate()
        began = time.monotonic()
        for ear in (moves, ignores):
            assert ear.hear("moving") == {}
        follows = Ear(stays)
        assert "error" not in follows.join(discussion)
        house.comment(discussion, body="Said in between")
        for ear in (moves, ignores, follows):
            assert "Said in between" in str(ear.hear("events"))
        moves.wire.close(timeout=0)
        assert ignores.is_closed_within(6), "who does not move is hung up on"
        assert time.monotonic() - began > 2, "and not before a slow phone could have moved"
        assert goes.process.wait(10 - (time.monotonic() - began)) == 0
        house.comment(discussion, body="Said afterwards")
        assert "Said afterwards" in str(follows.hear("events"))
        follows.wire.close(timeout=0)


def test_it_ends_as_soon_as_all_have_moved(settings, house):
    discussion = house.discussion()
    with running(settings), running(settings) as goes:
        ears = [Ear(goes) for _ in range(3)]
        for ear in ears:
            assert "error" not in ear.join(discussion)
        time.sleep(1.5)
        goes.process.terminate()
        began = time.monotonic()
        for ear in ears:
            ear.hear("moving")
            ear.wire.close(timeout=0)
        assert goes.process.wait(10) == 0
        assert time.monotonic() - began < 2.5


def test_the_last_process_sends_nobody_to_one_that_has_gone_before(settings, house):
    discussion = house.discussion()
    with running(settings) as first, running(settings) as last:
        ear = Ear(last)
        assert "error" not in ear.join(discussion)
        time.sleep(1.5)
        assert first.stop() == 0  # it has said so, and is not waited for as one that was killed would be
        last.process.terminate()
        with pytest.raises(Exception, match="closed by the server"):
            ear.hear("moving")


@pytest.fixture
def _alone():
    elsewhere._lives.clear()
    yield
    elsewhere._lives.clear()
    elsewhere._heard.clear()


@pytest.mark.usefixtures("_alone")
def test_a_process_is_a_neighbour_until_it_says_that_it_goes_or_says_nothing(monkeypatch):
    assert not elsewhere.has_neighbours()
    elsewhere.hear(f'{{"from":"{elsewhere.ME}","here":{{}}}}')
    assert not elsewhere.has_neighbours(), "nobody is their own neighbour"
    elsewhere.hear('{"from":"quiet","here":{}}')
    assert elsewhere.has_neighbours()
    elsewhere.hear('{"from":"quiet","here":{},"leaves":true}')
    assert not elsewhere.has_neighbours()
    elsewhere.hear('{"from":"killed","here":{}}')
    later = time.monotonic() + elsewhere.LIVES_SECONDS + 1
    monkeypatch.setattr(elsewhere.time, "monotonic", lambda: later)
    assert not elsewhere.has_neighbours()
    elsewhere._forget_silent(later)
    assert elsewhere._lives == {}
