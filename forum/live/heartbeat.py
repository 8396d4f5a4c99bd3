"""Asks readers every now and then whether they are there, lets go who is not, and drops who does not read.

One greenlet for all of them. Who goes is forgotten at once: strangers who came and were sent away by the thousand were
kept for 25 s, 20 MB of them.
"""

import gc
import itertools
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

import gevent

from forum import clock
from forum.live.link import Link, drop_stuck

log = logging.getLogger("roundtext.sockets")

PING_SECONDS = 25
PONG_SECONDS = 20
# For so long before its time a question goes along with whatever else is sent, in one call of the kernel with it: where
# somebody posts every few seconds it costs nothing then (docs/performance.md).
RIDE_SECONDS = 3
_TICK_SECONDS = 0.5
_FREEZE_EVERY = 400


class Pulse(Protocol):
    """Who is asked: at `link`, `greeted` once they have said a word, and in which `queue` they stand here."""

    link: Link | None
    greeted: bool
    queue: "Queue"

    def give_up(self) -> None:
        """Hang up, for it says nothing."""


class Queue(OrderedDict[Pulse, float]):
    """Who waits until which moment (time.monotonic), in order of time."""

    def put(self, who: Pulse, moment: float) -> None:
        """Be the last here, and in no other line."""
        who.queue.pop(who, None)
        who.queue = self
        self[who] = moment

    def take(self, now: float) -> Iterable[Pulse]:
        """Take out and yield those whose moment has come."""
        while self:
            who, moment = next(iter(self.items()))
            if moment > now:
                return
            del self[who]
            yield who


# Who will be asked, whose question waits for something to go along with, and whose answer is awaited.
due, riding, awaited = Queue(), Queue(), Queue()
# The first question comes sooner for some than for others: who came together would be asked together for ever, 5,000
# of them within 0.1 s in which nothing else is done (measured).
first = tuple(Queue() for _ in range(16))
_turns = itertools.cycle(range(len(first)))
_frozen_at = 0


def begin(who: Pulse) -> None:
    """Ask `who` from now on."""
    turn = next(_turns)
    first[turn].put(who, time.monotonic() + PING_SECONDS * (1 - turn / (2 * len(first))))


def answered(who: Pulse) -> None:
    """Note that `who` is there. An answer that nobody has asked for changes nothing."""
    if who.queue is awaited or (who.queue is riding and who.link is not None and who.link.is_flushed):
        due.put(who, time.monotonic() + PING_SECONDS)


def end(who: Pulse) -> None:
    """Ask `who` no more."""
    who.queue.pop(who, None)


def keep_time(ping: bytes) -> None:
    """Ask by the frame `ping`, for ever."""
    while True:
        gevent.sleep(clock.until_next(_TICK_SECONDS))
        try:
            now = time.monotonic()
            for queue in (due, *first):
                prepare(queue.take(now + RIDE_SECONDS), ping, now)
            ask(riding.take(now), now)
            for silent in awaited.take(now):
                silent.give_up()
            drop_stuck()
            _spare_collector()
        except Exception:
            log.exception("the heartbeat stumbled")


def prepare(some: Iterable[Pulse], ping: bytes, now: float) -> None:
    """Let the question, all the same bytes, ride to each of `some` with what is sent to them next."""
    for who in some:
        riding.put(who, now + RIDE_SECONDS)
        if who.link is not None:
            who.link.write_ahead(ping)


def ask(some: Iterable[Pulse], now: float) -> None:
    """Send the question to those it has not ridden to, and await all answers; who has not said a word is let go."""
    for who in some:
        if not who.greeted or who.link is None:
            who.give_up()
            continue
        awaited.put(who, now + PONG_SECONDS)
        who.link.flush()


def _spare_collector() -> None:
    """Take what readers consist of from the garbage collector, which would walk it all again and again.

    Measured: three pauses of 90 to 160 ms while 5,000 came. A reader who goes is freed by reference count. What waits
    in cycles is collected first (1 ms), or it would be kept for good.
    """
    global _frozen_at
    readers = sum(map(len, (due, riding, awaited, *first)))
    if readers >= _frozen_at + _FREEZE_EVERY:
        _frozen_at = readers
        gc.collect()
        gc.freeze()
