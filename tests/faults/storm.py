"""Thousands of readers in one thread who come back by themselves, as forum/static/js/socket.js and link.js do."""

import contextlib
import errno
import heapq
import json
import random
import re
import resource
import select
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from forum.models import Discussion
from tests.faults.nonsense import handshake, text
from tests.server import Running

# As in socket.js and link.js.
FIRST_RETRY, LAST_RETRY, SPREAD, OPEN_WITHIN, JOIN_WITHIN, SILENCE = 0.5, 5.0, 0.6, 6.0, 10.0, 45.0
SENT_ON_RETRY, GOING_AWAY = 0.15, b"\x03\xe9"
_SEQ = re.compile(rb'"seq":(\d+)')
# In the order in which a reader passes them.
_GONE, _OPENING, _GREETED, _JOINING, _IN = range(5)


@dataclass
class Caller:
    """One reader: where it is on its way in, and what it has. One that is `whole` also remembers every comment."""

    cookie: str
    seq: int
    is_whole: bool
    wire: socket.socket | None = None
    stage: int = _GONE
    attempts: int = 0
    waits_until: float = 0.0
    came_at: float = 0.0
    gone_at: float = 0.0
    longest: float = 0.0  # without a line, in seconds
    refusals: int = 0
    holes: int = 0
    kept: bytearray = field(default_factory=bytearray)
    early: list[bytes] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    next: "Caller | None" = None  # its next connection, while this one still hears
    last: "Caller | None" = None  # and that it is to follow


class Storm:
    """`size` readers of a discussion; every `whole_each`th checks each comment, the first ones carry `cookies`."""

    def __init__(
        self, server: Running, discussion: Discussion, size: int, cookies: list[str], whole_each: int = 20
    ) -> None:
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._server, self._id, self._epoch = server, discussion.id, discussion.epoch
        host, port = server.host.split(":")
        self._place = (host, int(port))
        self._poll = select.epoll()
        self._by_number: dict[int, Caller] = {}
        self._times: list[tuple[float, int, Caller]] = []
        self._ticket = 0
        self.moves = 0  # how often a next connection stood before the last one ended
        self.callers = [
            Caller(cookies[number] if number < len(cookies) else "", discussion.last_seq, number % whole_each == 0)
            for number in range(size)
        ]
        for number, caller in enumerate(self.callers):
            self._wait(caller, number / 2500)

    def run(self, seconds: float, *, until_seq: int | None = None) -> bool:
        """Let them live for some time, or until all are in (and have heard up to `until_seq`); whether they are."""
        end = time.monotonic() + seconds
        looked_at = 0.0
        while time.monotonic() < end:
            now = time.monotonic()
            while self._times and self._times[0][0] <= now:
                at, _, caller = heapq.heappop(self._times)
                if caller.waits_until == at:
                    self._go_on(caller)
            until = min(end, self._times[0][0] if self._times else end)
            for number, _event in self._poll.poll(max(0.0, until - time.monotonic()), 512):
                if caller := self._by_number.get(number):
                    self._hear(caller)
            if until_seq is not None and now - looked_at > 0.05:
                looked_at = now
                if self.are_in(until_seq):
                    return True
        return False

    @contextlib.contextmanager
    def goes_on(self) -> Iterator[None]:
        """Let them live in a thread of their own while the block does something else."""
        is_over = threading.Event()

        def live() -> None:
            while not is_over.is_set():
                self.run(0.05)

        thread = threading.Thread(target=live)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def is_sent_to(self, server: Running) -> None:
        """From now on whoever comes is sent to another process, as a proxy does that is refused by the first."""
        host, port = server.host.split(":")
        self._server, self._place = server, (host, int(port))

    def are_in(self, seq: int = 0) -> bool:
        """Whether everybody has joined, and has what the log says up to `seq`."""
        return all(caller.stage == _IN and caller.seq >= seq for caller in self.callers)

    def how_many_are_in(self) -> int:
        """Return how many have joined."""
        return sum(caller.stage == _IN for caller in self.callers)

    def close(self) -> None:
        """Hang up."""
        for caller in self.callers:
            if caller.wire:
                caller.wire.close()
        self._poll.close()

    def _wait(self, caller: Caller, seconds: float) -> None:
        caller.waits_until = time.monotonic() + seconds
        self._ticket += 1
        heapq.heappush(self._times, (caller.waits_until, self._ticket, caller))

    def _go_on(self, caller: Caller) -> None:
        """A wait is over: that for the next attempt, for the server's answer, or for a join's, which is asked again."""
        if caller.stage == _GONE:
            self._open(caller)
        elif caller.stage == _JOINING:
            caller.refusals += 1
            self._ask(caller)
        else:
            self._end(caller)

    def _ask(self, caller: Caller) -> None:
        assert caller.wire is not None
        caller.stage = _JOINING
        self._wait(caller, JOIN_WITHIN + random.uniform(2, 4))
        place = {"discussion": self._id, "after": caller.seq, "epoch": self._epoch}
        caller.wire.send(text("420" + json.dumps(["join", place])))

    def _open(self, caller: Caller) -> None:
        wire = caller.wire = socket.socket()
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller.kept.clear()
        caller.early.clear()
        caller.stage = _OPENING
        try:
            wire.connect(self._place)  # on one machine the kernel answers at once
            wire.sendall(handshake(self._server, caller.cookie))
            wire.setblocking(False)
        except OSError:
            self._end(caller)
            return
        self._by_number[wire.fileno()] = caller
        self._poll.register(wire, select.EPOLLIN)
        self._wait(caller, OPEN_WITHIN)

    def _end(self, caller: Caller, *, was_sent_on: bool = False) -> None:
        if caller.wire is not None:
            self._by_number.pop(caller.wire.fileno(), None)
            caller.wire.close()  # which also takes it out of the poll
            caller.wire = None
        if caller.stage == _IN:
            caller.gone_at = time.monotonic()
        caller.stage = _GONE
        if caller.next is not None:
            caller.waits_until = 0.0  # what is under way is gone on with
            return
        if caller.last is not None and caller.last.wire is None:
            caller.last.next, caller = None, caller.last
        was_sent_on = was_sent_on or caller.last is not None
        later = SENT_ON_RETRY if was_sent_on else min(FIRST_RETRY * 2**caller.attempts, LAST_RETRY)
        self._wait(caller, later * (1 + SPREAD * random.uniform(-1, 1)))
        caller.attempts += not was_sent_on

    def _hear(self, caller: Caller) -> None:
        assert caller.wire is not None
        try:
            data = caller.wire.recv(1 << 18)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return
            data = b""
        if not data:
            self._end(caller)
            return
        caller.kept += data
        if caller.stage == _OPENING:
            head, blank, rest = bytes(caller.kept).partition(b"\r\n\r\n")
            if not blank:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._end(caller)
                return
            caller.kept = bytearray(rest)
            caller.stage = _GREETED
        for said in _frames(caller.kept):
            if not said or said[:1] == b"\x03":
                self._end(caller, was_sent_on=caller.stage >= _JOINING and said[:2] == GOING_AWAY)
                return
            with contextlib.suppress(BlockingIOError):
                self._understand(caller, said)

    def _understand(self, caller: Caller, said: bytes) -> None:
        assert caller.wire is not None
        if said[:1] == b"0":
            self._wait(caller, SILENCE)
            caller.wire.send(text("40"))
        elif said == b"2":
            caller.wire.send(text("3"))
        elif said[:2] == b"40":
            caller.attempts = 0
            self._ask(self._follow(caller) if caller.last else caller)
        elif said.startswith(b'42["moving"') and caller.stage == _IN and caller.next is None:
            caller.next = Caller(caller.cookie, 0, False, last=caller)
            self._wait(caller.next, SENT_ON_RETRY * (1 + SPREAD * random.uniform(-1, 1)))
        elif said[:3] == b"430":
            self._join(caller, said)
        elif said.startswith(b'42["events"'):
            if caller.stage == _IN:
                self._take(caller, said, 2)
            else:
                caller.early.append(said)

    def _follow(self, following: Caller) -> Caller:
        """Go on with a connection that stands now, and leave the last one."""
        caller, following.waits_until = following.last, 0.0
        assert caller is not None and following.wire is not None
        if caller.wire is not None:
            self._by_number.pop(caller.wire.fileno(), None)
            caller.wire.close()
            self.moves += 1
        if caller.stage == _IN:
            caller.gone_at = time.monotonic()
        caller.wire, caller.kept, caller.next, caller.attempts = following.wire, following.kept, None, 0
        caller.early.clear()
        self._by_number[caller.wire.fileno()] = caller
        return caller

    def _join(self, caller: Caller, said: bytes) -> None:
        if b'"error"' in said[:20]:
            self._wait(caller, random.uniform(2, 4))
            return
        if caller.stage == _IN:
            return  # asked twice
        assert b'"reload":true' not in said
        self._take(caller, said, 3)
        caller.stage, caller.came_at, caller.waits_until = _IN, time.monotonic(), 0.0
        if caller.gone_at:
            caller.longest = max(caller.longest, caller.came_at - caller.gone_at)
        for pushed in caller.early:
            self._take(caller, pushed, 2)

    def _take(self, caller: Caller, said: bytes, start: int) -> None:
        if caller.is_whole:
            content = json.loads(said[start:])[-1]
            if said[:2] == b"42" and content["after"] > caller.seq:
                caller.holes += 1
                return
            for event in content["events"]:
                if event["seq"] > caller.seq and event["kind"] == "comment.posted":
                    caller.heard.append(event["id"])
            caller.seq = max(caller.seq, content["seq"])
        elif found := _SEQ.search(said):
            caller.seq = max(caller.seq, int(found[1]))


def _frames(kept: bytearray) -> list[bytes]:
    """Cut whole frames off the front of `kept`; the payload of a close begins with its code."""
    found = []
    at = 0
    while len(kept) >= at + 2:
        size, start = kept[at + 1], at + 2
        if size == 126:
            size, start = int.from_bytes(kept[at + 2 : at + 4]), at + 4
        elif size == 127:
            size, start = int.from_bytes(kept[at + 2 : at + 10]), at + 10
        if len(kept) < start + size:
            break
        found.append(bytes(kept[start : start + size]))
        at = start + size
    del kept[:at]
    return found
