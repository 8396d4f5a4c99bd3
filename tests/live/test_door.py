"""The door: handshakes come in one after the other, everything else passes, and a line that is too long is refused."""

import gevent

from forum.live import door
from forum.live.door import Door


def ask(outer, path, answers):
    status = []
    body = outer({"PATH_INFO": path}, lambda said, _headers: status.append(said))
    answers.append(status[0][:3] if status else body[0].decode())


def test_all_come_in_in_their_order_and_others_pass_them():
    came, answers = [], []

    def app(environ, _start_response):
        came.append(environ["PATH_INFO"])
        return [b"in"]

    outer = Door(app, app)
    readers = [gevent.spawn(ask, outer, f"/socket.io/{number}", answers) for number in range(50)]
    readers.append(gevent.spawn(ask, outer, "/d/water", answers))
    gevent.joinall(readers, timeout=5)
    assert answers == ["in"] * 51
    assert [path for path in came if path != "/d/water"] == [f"/socket.io/{number}" for number in range(50)]
    assert came.index("/d/water") <= door.AT_ONCE
    gevent.sleep(5 * door.TURN_SECONDS)
    assert not outer._is_kept, "nothing runs while nobody comes"


def test_a_line_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(door, "MOST_WAITING", 10)
    answers = []
    outer = Door(None, lambda _environ, _start_response: [b"in"])
    gevent.joinall([gevent.spawn(ask, outer, "/socket.io/", answers) for _ in range(40)], timeout=5)
    assert answers.count("in") == 10 + door.AT_ONCE
    assert answers.count("503") == 40 - 10 - door.AT_ONCE


def test_no_more_come_in_at_a_turn_than_leave_the_others_theirs(monkeypatch):
    came, at_each_turn, sleep = [], [], gevent.sleep

    def turn(_seconds):
        at_each_turn.append(len(came))
        sleep(0)

    outer = Door(lambda *_: [], lambda *_: [])
    monkeypatch.setattr(door.gevent, "sleep", turn)
    for number in range(3 * door.AT_ONCE + 1):
        assert outer.admit(lambda number=number: came.append(number))
    while outer._is_kept:
        sleep(0)
    assert came == list(range(3 * door.AT_ONCE + 1))
    assert at_each_turn == [door.AT_ONCE, 2 * door.AT_ONCE, 3 * door.AT_ONCE, len(came)]


def test_every_handshake_that_is_let_into_the_line_is_counted(monkeypatch):
    monkeypatch.setattr(door, "MOST_WAITING", 1)
    before, outer = door.came(), Door(lambda *_: [], lambda *_: [])
    taken = [outer.admit(lambda: None) for _ in range(door.AT_ONCE + 3)]
    assert taken.count(True) == door.AT_ONCE + 1 == door.came() - before
