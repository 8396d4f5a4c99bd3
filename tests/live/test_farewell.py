"""A process that ends while another serves tells its readers first, and they hear it until they have moved."""

import time

import gevent
import pytest

from forum import create_app, migrating
from forum.config import Settings
from forum.database import db
from forum.live import elsewhere, engine, farewell
from tests.conftest import new_database
from tests.house import House
from tests.live.conftest import Ear
from tests.server import running


@pytest.fixture(scope="module")
def settings(postgresql, tmp_path_factory):
    return Settings(
        data_dir=tmp_path_factory.mktemp("farewell"),
        database_url=new_database(postgresql),
        secret_key="a secret until farewell",
        limits=False,
    )


@pytest.fixture(scope="module")
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
        assert ignores.is_closed_within(9), "who does not move is hung up on"
        assert time.monotonic() - began > 4, "and not before a slow phone could have moved"
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


def test_when_all_processes_are_stopped_nobody_is_kept_waiting_for_one_to_move_to(settings, house):
    """Each begins while it still believes in the other, as under `forum serve --workers 2`."""
    discussion = house.discussion()
    with running(settings, workers=2) as both:
        ear = Ear(both)
        assert "error" not in ear.join(discussion)
        time.sleep(1.5)
        began = time.monotonic()
        assert both.stop() == 0
        assert time.monotonic() - began < farewell.MOVED_WITHIN - 1
        assert ear.is_closed_within(1)


class Wire(engine.Socket):
    """A reader of whom only the end is looked at."""

    def __init__(self) -> None:
        self.closed, self.told_at, self.closed_at = False, 0.0, 0.0

    def write(self, message) -> None:
        self.told_at = time.monotonic()

    def close(self, wait=True, abort=False, reason=None) -> None:
        self.closed, self.closed_at = True, time.monotonic()


def test_who_was_told_of_a_neighbour_that_goes_too_is_not_hung_up_on_all_at_once(monkeypatch):
    wires = [Wire() for _ in range(600)]
    monkeypatch.setattr(engine, "is_closing", lambda: False)
    monkeypatch.setattr(engine, "refuse", lambda server: None)
    monkeypatch.setattr(engine, "everybody", lambda server: [wire for wire in wires if not wire.closed])
    began = time.monotonic()
    farewell.begin(None, lambda: time.monotonic() - began < 0.2, gevent.spawn(lambda: None))
    farewell._over.clear()
    assert any(wire.told_at for wire in wires) and not all(wire.told_at for wire in wires)
    assert max(wire.closed_at for wire in wires) - min(wire.closed_at for wire in wires) > 0.9


def test_it_does_not_end_before_it_has_said_that_it_goes_nor_waits_for_that_for_ever(monkeypatch):
    monkeypatch.setattr(engine, "is_closing", lambda: False)
    monkeypatch.setattr(engine, "refuse", lambda server: None)
    monkeypatch.setattr(engine, "everybody", lambda server: [])
    for takes, within in ((0.3, 0.6), (60, farewell._SAID_WITHIN + 0.5)):
        said = gevent.spawn(gevent.sleep, takes)
        began = time.monotonic()
        farewell.begin(None, lambda: False, said)
        farewell._over.clear()
        assert min(takes, farewell._SAID_WITHIN) <= time.monotonic() - began < within
        said.kill()


@pytest.fixture
def _alone():
    elsewhere._lives.clear()
    elsewhere._gone.clear()
    yield
    elsewhere._lives.clear()
    elsewhere._gone.clear()
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
    elsewhere.hear('{"from":"quiet","here":{}}')
    assert not elsewhere.has_neighbours(), "it had said this before, and it came later"
    elsewhere.hear('{"from":"killed","here":{}}')
    later = time.monotonic() + elsewhere.LIVES_SECONDS + 1
    monkeypatch.setattr(elsewhere.time, "monotonic", lambda: later)
    assert not elsewhere.has_neighbours()
    elsewhere._forget_silent(later)
    assert elsewhere._lives == {}
