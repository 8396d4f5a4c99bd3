"""Readers are asked whether they are there: not all at once, and whoever goes is forgotten."""

import socket
import time
from collections import Counter
from contextlib import ExitStack
from types import SimpleNamespace

import engineio
import gevent
import pytest

from forum.live import heartbeat, link
from forum.live.engine import Socket
from forum.live.link import Link, copy_of


class Somebody:
    """A reader of whom only the place in the line is looked at."""

    def __init__(self) -> None:
        self.queue = heartbeat.due
        self.link, self.greeted, self.is_given_up = None, True, False

    def give_up(self) -> None:
        self.is_given_up = True


@pytest.fixture
def heart(monkeypatch):
    """The heart that beats in the background, fast; returns a wait, of a second at most, for what it brings about."""
    monkeypatch.setattr(heartbeat, "_TICK_SECONDS", 0.005)
    monkeypatch.setattr(heartbeat, "RIDE_SECONDS", 0.01)
    beating = gevent.spawn(heartbeat.keep_time, b"2")

    def wait_until(is_so):
        with gevent.Timeout(1):
            while not is_so():
                gevent.sleep(0.005)

    yield wait_until
    beating.kill()


def test_who_goes_is_kept_nowhere():
    """Strangers who come and are sent away by the thousand stood in the line for pings for 25 seconds each."""
    server = SimpleNamespace(sockets={}, reason=engineio.Server.reason, _trigger_event=lambda *_said, **_how: None)
    with ExitStack() as stack:
        sockets = []
        for number in range(3):
            here, there = (stack.enter_context(end) for end in socket.socketpair())
            sockets.append(Socket(server, f"wire{number}"))
            sockets[-1].attach(copy_of(here.fileno()), b"")
            sockets[-1].greeted = True
            there.setblocking(False)
        assert all(one in one.queue for one in sockets)
        sockets[0].close()
        assert sockets[0] not in sockets[0].queue
        heartbeat.prepare(sockets[1:], b"", time.monotonic())
        assert all(one.queue is heartbeat.riding and one in heartbeat.riding for one in sockets[1:])
        assert not set(sockets) & set().union(heartbeat.due, *heartbeat.first)
        heartbeat.ask(sockets[1:], time.monotonic())
        assert all(one.queue is heartbeat.awaited and one in heartbeat.awaited for one in sockets[1:])
        assert not set(sockets) & set().union(heartbeat.due, *heartbeat.first)
        sockets[1]._heard("3")
        assert sockets[1] in heartbeat.due and sockets[1] not in heartbeat.awaited
        sockets[2].close()
        sockets[1].close()
        assert not set(sockets) & set().union(heartbeat.due, heartbeat.awaited, *heartbeat.first)


def test_who_come_together_are_not_asked_together():
    crowd = [Somebody() for _ in range(320)]
    now = time.monotonic()
    for one in crowd:
        heartbeat.begin(one)
    waits = Counter(round(one.queue[one] - now, 1) for one in crowd)
    for one in crowd:
        heartbeat.end(one)
    assert max(waits.values()) == 20
    assert heartbeat.PING_SECONDS / 2 <= min(waits) <= max(waits) == heartbeat.PING_SECONDS


def test_an_answer_that_nobody_asked_for_changes_nothing():
    """Else whoever sends them all the time would never be asked."""
    one = Somebody()
    heartbeat.begin(one)
    due = dict(one.queue)
    heartbeat.answered(one)
    assert one.queue == due
    heartbeat.end(one)


@pytest.fixture
def asked():
    """A reader whose question is prepared, its socket, and what comes out at the other end of its connection."""
    server = SimpleNamespace(sockets={}, reason=engineio.Server.reason, _trigger_event=lambda *_said, **_how: None)
    here, there = socket.socketpair()
    there.setblocking(False)
    reader = Socket(server, "wire")
    reader.attach(copy_of(here.fileno()), b"hello")
    reader.greeted = True
    heartbeat.prepare([reader], b"?", time.monotonic())
    yield reader, lambda: there.recv(1000)
    reader.close()
    for end in (here, there):
        end.close()


def test_a_question_goes_along_with_what_is_sent_next(asked):
    """Each write costs a call of the kernel, and a phone's radio is woken by each."""
    reader, sent = asked
    assert sent() == b"hello"
    link.write_all([reader.link], b"comment")
    assert sent() == b"?comment"
    reader._heard("3")
    assert reader.queue is heartbeat.due
    link.write_all([reader.link], b"comment")
    assert sent() == b"comment"


def test_a_question_that_nothing_came_along_for_goes_by_itself(asked):
    reader, sent = asked
    assert sent() == b"hello"
    heartbeat.ask([reader], time.monotonic())
    assert sent() == b"?" and reader.queue is heartbeat.awaited


def test_an_answer_before_the_question_has_gone_changes_nothing(asked):
    reader, _sent = asked
    reader._heard("3")
    assert reader.queue is heartbeat.riding


def test_who_does_not_answer_a_question_that_went_along_is_asked_no_second_time(asked):
    reader, sent = asked
    link.write_all([reader.link], b"comment")
    assert sent() == b"hello?comment"
    heartbeat.ask([reader], time.monotonic())
    assert reader.queue is heartbeat.awaited
    with pytest.raises(BlockingIOError):
        sent()


def test_who_does_not_answer_in_time_is_let_go_and_who_still_may_is_not(heart):
    silent, late = Somebody(), Somebody()
    heartbeat.awaited.put(silent, time.monotonic() - 1)
    heartbeat.awaited.put(late, time.monotonic() + 10)
    heart(lambda: silent.is_given_up)
    assert not late.is_given_up
    assert list(heartbeat.awaited) == [late]
    heartbeat.end(late)


def test_who_has_not_said_a_word_by_the_first_question_is_let_go(heart):
    here, there = socket.socketpair()
    stranger = Somebody()
    stranger.link, stranger.greeted = Link(copy_of(here.fileno()), lambda _text: None, lambda: None), False
    heartbeat.due.put(stranger, time.monotonic() - 1)
    heart(lambda: stranger.is_given_up)
    assert stranger not in heartbeat.awaited
    stranger.link.close()
    for end in (here, there):
        end.close()


def test_who_does_not_read_is_dropped_by_the_clock(heart, monkeypatch):
    here, there = socket.socketpair()
    gone = []
    deaf = Link(copy_of(here.fileno()), lambda _text: None, lambda: gone.append(True))
    while not deaf._queued:
        deaf.write(b"x" * 60_000)
    monkeypatch.setattr(link, "STUCK_SECONDS", -1.0)
    heart(lambda: gone)
    for end in (here, there):
        end.close()
