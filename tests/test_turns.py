"""A turn is shared by those who stand in line; each gets their own outcome, or what went wrong."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from forum.turns import Interrupted, Line


class Desk:
    """Serves in pieces that are remembered, and only when it is let."""

    def __init__(self, most: int = 8) -> None:
        self.turns: list[list[int]] = []
        self.may_go_on = threading.Event()
        self.line: Line[int, int] = Line(self._serve, most=most, gather_seconds=0.001, most_gather_seconds=0.05)

    def _serve(self, wishes: list[int]) -> list[int]:
        self.turns.append(wishes)
        assert self.may_go_on.wait(5)
        if 13 in wishes:
            raise ValueError("not this one")
        if 14 in wishes:
            raise SystemExit
        return [wish * 10 for wish in wishes]

    def ask_beside_a_first(self, pool: ThreadPoolExecutor, wishes: list[int]) -> list:
        """Let 1 take a turn, and `wishes` come one after the other while it lasts."""
        first = pool.submit(self.line.ask, 1)
        _until(lambda: self.turns)
        others = []
        for wish in wishes:
            others.append(pool.submit(self.line.ask, wish))
            _until(lambda: self.line.length == len(others))
        self.may_go_on.set()
        return [first, *others]


def _until(is_so) -> None:
    until = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.001)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(16) as pool:
        yield pool


def test_who_comes_alone_is_served_at_once():
    desk = Desk()
    desk.may_go_on.set()
    assert [desk.line.ask(wish) for wish in (1, 2, 3)] == [10, 20, 30]
    assert desk.turns == [[1], [2], [3]]
    assert desk.line.is_idle


def test_those_who_come_during_a_turn_share_the_next(pool):
    desk = Desk()
    asked = desk.ask_beside_a_first(pool, [2, 3, 4])
    assert [one.result(5) for one in asked] == [10, 20, 30, 40]
    assert desk.turns == [[1], [2, 3, 4]]
    assert desk.line.is_idle


def test_no_turn_is_shared_by_more_than_it_can_serve(pool):
    desk = Desk(most=2)
    asked = desk.ask_beside_a_first(pool, [2, 3, 4, 5, 6])
    assert [one.result(5) for one in asked] == [10, 20, 30, 40, 50, 60]
    assert desk.turns == [[1], [2, 3], [4, 5], [6]]


def test_what_goes_wrong_is_told_to_each_and_the_line_goes_on(pool):
    desk = Desk(most=2)
    asked = desk.ask_beside_a_first(pool, [13, 2, 3])
    assert asked[0].result(5) == 10
    for one in asked[1:3]:
        with pytest.raises(ValueError, match="not this one"):
            one.result(5)
    assert asked[3].result(5) == 30
    assert desk.line.is_idle


def test_when_the_process_ends_in_the_middle_the_others_hear_of_it(pool):
    desk = Desk()
    asked = desk.ask_beside_a_first(pool, [14, 2])
    assert asked[0].result(5) == 10
    with pytest.raises(SystemExit):
        asked[1].result(5)
    with pytest.raises(Interrupted):
        asked[2].result(5)
    assert desk.line.ask(3) == 30


def test_in_a_busy_line_it_is_waited_for_as_long_as_others_come(pool):
    desk = Desk()
    desk.may_go_on.set()
    desk.line.ask(1)
    desk.line._gather_seconds = 0.3  # long enough for two threads, however busy the machine is
    leading = pool.submit(desk.line.ask, 2)
    _until(lambda: desk.line.length == 1)
    following = pool.submit(desk.line.ask, 3)
    assert (leading.result(5), following.result(5)) == (20, 30)
    assert desk.turns == [[1], [2, 3]]


def test_a_turn_that_is_full_waits_for_nobody(pool):
    desk = Desk(most=2)
    desk.line._gather_seconds = desk.line._most_gather_seconds = 3
    began = time.monotonic()
    asked = desk.ask_beside_a_first(pool, [2, 3])
    assert [one.result(5) for one in asked] == [10, 20, 30]
    assert time.monotonic() - began < 2


def test_who_is_made_to_leave_while_waiting_for_company_holds_nobody_up(pool, monkeypatch):
    desk = Desk()
    desk.may_go_on.set()
    desk.line.ask(1)

    def end(_seconds):
        raise SystemExit

    monkeypatch.setattr("forum.turns.time.sleep", end)
    with pytest.raises(SystemExit):
        desk.line.ask(2)
    monkeypatch.undo()
    assert desk.line.is_idle
    assert desk.line.ask(3) == 30
    assert desk.turns == [[1], [3]]


def test_who_is_made_to_leave_while_standing_in_line_holds_nobody_up(pool, monkeypatch):
    desk, wait = Desk(), threading.Event.wait

    def leave(event, timeout=None):
        if threading.current_thread() is threading.main_thread():
            raise SystemExit
        return wait(event, timeout)

    first = pool.submit(desk.line.ask, 1)
    _until(lambda: desk.turns)
    monkeypatch.setattr(threading.Event, "wait", leave)
    with pytest.raises(SystemExit):
        desk.line.ask(2)
    monkeypatch.undo()
    desk.may_go_on.set()
    assert first.result(5) == 10
    _until(lambda: desk.line.is_idle)
    assert desk.line.ask(3) == 30
    assert desk.turns == [[1], [3]]


def test_who_is_made_to_leave_when_they_were_served_starts_no_second_turn(pool, monkeypatch):
    """Whoever comes then stands in line behind the turn that lasts, and does not take one beside it."""
    desk, wait, may_end = Desk(most=2), threading.Event.wait, threading.Event()

    def serve(wishes):
        assert 3 not in wishes or wait(may_end, 5)
        return desk._serve(wishes)

    def leave(event, timeout=None):
        came = wait(event, timeout)
        if threading.current_thread() is threading.main_thread():
            _until(lambda: desk.line.length == 0)
            raise SystemExit
        return came

    def follow():
        _until(lambda: desk.line.length == 2)
        third = pool.submit(desk.line.ask, 3)
        _until(lambda: desk.line.length == 3)
        desk.may_go_on.set()
        return third.result(5)

    desk.line._serve = serve
    asked = [pool.submit(desk.line.ask, 1)]
    _until(lambda: desk.turns)
    asked.append(pool.submit(desk.line.ask, 2))
    _until(lambda: desk.line.length == 1)
    asked.append(pool.submit(follow))
    monkeypatch.setattr(threading.Event, "wait", leave)
    with pytest.raises(SystemExit):
        desk.line.ask(4)
    monkeypatch.undo()
    assert not desk.line.is_idle
    may_end.set()
    assert [one.result(5) for one in asked] == [10, 20, 30]


def _company_of(desk, pool, monkeypatch, most):
    """In a busy line let 2 lead, and somebody come each time it waits; returns how often it did, and who came."""
    moment, slept, others = [100.0], [], []
    desk.may_go_on.set()
    monkeypatch.setattr("forum.turns.time.monotonic", lambda: moment[0])
    desk.line.ask(1)

    def sleep(_seconds):
        slept.append(len(others))
        moment[0] += 0.03  # of the 0.05 that it waits altogether
        if len(others) < most:
            others.append(pool.submit(desk.line.ask, 3 + len(others)))
            while desk.line.length < 1 + len(others):
                threading.Event().wait(0.001)

    with monkeypatch.context() as waiting:
        waiting.setattr("forum.turns.time.sleep", sleep)
        assert desk.line.ask(2) == 20
        waits = len(slept)
        assert [other.result(5) for other in others] == [30 + 10 * number for number in range(len(others))]
    return waits


def test_who_comes_alone_into_a_busy_line_waits_once(pool, monkeypatch):
    desk = Desk()
    assert _company_of(desk, pool, monkeypatch, most=0) == 1
    assert desk.turns == [[1], [2]]


def test_however_many_come_nobody_waits_for_company_longer_than_said(pool, monkeypatch):
    desk = Desk()
    assert _company_of(desk, pool, monkeypatch, most=6) == 2
    assert desk.turns[1] == [2, 3, 4]
