"""Hands: work is done in its order, and nothing stands behind somebody else's wait."""

import gevent
from gevent.event import Event

from forum.live import hands


def test_work_is_done_in_its_order_and_goes_on_past_what_waits():
    done, gate = [], Event()

    def wait(number):
        gate.wait(timeout=5)
        done.append(number)

    hands.give(lambda: done.append(0))
    hands.give(lambda: wait("waited"))
    for number in range(1, 4):
        hands.give(lambda number=number: done.append(number))
    gevent.sleep(0.01)
    assert done == [0, 1, 2, 3]
    gate.set()
    gevent.sleep(0.01)
    assert done == [0, 1, 2, 3, "waited"]


def test_a_hand_that_stumbles_takes_nobody_with_it(capsys):
    done = []

    def stumble():
        raise ZeroDivisionError

    for _ in range(3):
        hands.give(stumble)
        hands.give(lambda: done.append(1))
    gevent.sleep(0.01)
    hands.give(lambda: done.append(2))
    gevent.sleep(0.01)
    assert done == [1, 1, 1, 2]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_many_waits_at_once_leave_only_so_many_hands(monkeypatch):
    monkeypatch.setattr(hands, "MOST_FREE", 3)
    monkeypatch.setattr(hands, "_free", [])
    gate, came = Event(), []

    def wait():
        came.append(gevent.getcurrent())
        gate.wait(timeout=5)

    for _ in range(20):
        hands.give(wait)
    gevent.sleep(0.01)
    assert len(set(came)) == 20, "each waits by itself"
    gate.set()
    gevent.sleep(0.01)
    assert len(hands._free) == 3
    assert sum(hand.dead for hand in came) >= 17
