"""What we lean on inside python-engineio and python-socketio is still what it was when we read it."""

import time

import engineio
import pytest
import socketio
from engineio import base_socket
from engineio import socket as engine_socket
from flask import Flask
from flask_socketio import SocketIO
from websocket import WebSocketBadStatusException

from forum.live.engine import Names
from tests.marks import mark_of
from tests.server import running

# A new version has changed one of these: read it, see that forum/live/engine.py still fits, then note the new mark.
READ = {
    engineio.Server.handle_request: "79302edd007f",
    engineio.Server._handle_connect: "049f7c2b2c23",
    engineio.Server._trigger_event: "bc536417c304",
    engineio.Server.disconnect: "3f5faf6e405f",
    engineio.Server.send_packet: "81aec513663f",
    base_socket.BaseSocket: "d787ee3666d0",
    engine_socket.Socket: "275926e45771",
    socketio.Server._handle_eio_connect: "4be135c046ed",
    socketio.Server._handle_eio_message: "65f309c138d6",
    socketio.Server._handle_eio_disconnect: "5c0002fcdb35",
    socketio.Server._handle_event: "3f64c030f25e",
    socketio.Server._send_packet: "3289b949be8c",
    socketio.Manager.pre_connect: "bfdba4c0c8f1",
    socketio.Manager.basic_disconnect: "2933b50bc4b2",
}


@pytest.mark.parametrize("thing", READ, ids=lambda thing: thing.__qualname__)
def test_the_libraries_are_inside_as_we_read_them(thing):
    mark = mark_of(thing)
    assert mark == READ[thing], (
        f"{thing.__module__}.{thing.__qualname__} has changed: {mark}. Read forum/live/engine.py"
    )


def test_who_goes_is_not_looked_for_among_all_others():
    class NotTheirs(dict):
        def __contains__(self, _sid):
            raise AssertionError("looked into the room of somebody else")

    names = Names()
    names.set_server(SocketIO(Flask("any")).server)
    sids = [names.connect(f"wire{number}", "/") for number in range(3)]
    names.rooms["/"]["other"] = NotTheirs()
    names.pre_disconnect(sids[1], "/")
    names.disconnect(sids[1], "/")
    assert [names.is_connected(sid, "/") for sid in sids] == [True, False, True]
    assert not names.pending_disconnect
    del names.rooms["/"]["other"]
    names.disconnect(sids[0], "/")
    names.disconnect(sids[2], "/")
    assert not names.rooms


def test_gevent_websocket_is_not_installed():
    """python-engineio would prefer it, and then nothing limits a frame."""
    with pytest.raises(ImportError):
        import geventwebsocket  # noqa: F401


def test_the_libraries_own_path_still_delivers(database, house, app, monkeypatch):
    from tests.live.conftest import Ear

    with running(database, environment={"FORUM_STOCK_SOCKETS": "1"}) as server:
        discussion = house.discussion()
        ear = Ear(server)
        ear.join(discussion)
        house.comment(discussion, body="By the long road.")
        assert "By the long road." in ear.hear("events")["events"][0]["html"]
        ear.wire.close(timeout=1)


def test_the_server_ends_within_ten_seconds_and_its_readers_see_a_broken_line(database, house):
    from tests.live.conftest import Ear

    with running(database) as server:
        ears = [Ear(server) for _ in range(20)]
        ears[0].join(house.discussion())
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
        assert all(ear.is_closed_within(1) for ear in ears)


@pytest.mark.one_database
def test_a_process_takes_in_as_many_readers_as_the_setting_says(database):
    from tests.live.conftest import Ear

    with running(database.model_copy(update={"most_readers": 2})) as server:
        ears = [Ear(server), Ear(server)]
        with pytest.raises(WebSocketBadStatusException, match="503"):
            Ear(server)
        assert all(not ear.is_closed_within(0.1) for ear in ears)
