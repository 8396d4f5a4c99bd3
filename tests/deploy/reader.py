"""A reader as the browser is one: comes back by itself with the same jitter, and joins after what it has."""

import json
import random
import threading
import time

import websocket
from websocket import ABNF

from tests.deploy.proxy import Proxy, ProxyEar
from tests.faults.storm import FIRST_RETRY, LAST_RETRY, SENT_ON_RETRY, SPREAD


class SentOn(websocket.WebSocketException):
    """The server goes away and has said so."""


class Reader(threading.Thread):
    """Hears comments until `stop()`; `heard` holds their ids in order.

    `silences` tells how many seconds each cut lasted, and `moves` how often the next connection stood before the last
    one was left.
    """

    def __init__(self, proxy: Proxy, discussion_id: int, epoch: str) -> None:
        super().__init__(daemon=True)
        self.proxy, self.discussion_id, self.epoch = proxy, discussion_id, epoch
        self.seq = 0
        self.heard: list[int] = []
        self.silences: list[float] = []
        self.moves = 0
        self.refusals: list[object] = []
        self.has_joined = threading.Event()
        self._must_move = False
        self._over = threading.Event()

    def stop(self) -> None:
        """Stop listening and wait for the end."""
        self._over.set()
        self.join(10)
        assert not self.is_alive()

    def run(self) -> None:
        cut_at, attempts, has_stood = 0.0, 0, False
        while not self._over.is_set():
            try:
                ear = self.proxy.ear()
                ear.wire.settimeout(5)
                self._join(ear)
                if cut_at:
                    self.silences.append(time.monotonic() - cut_at)
                cut_at, attempts, has_stood, self._must_move = 0.0, 0, True, False
                self._listen(ear)
                return
            except (OSError, websocket.WebSocketException, AssertionError) as error:
                cut_at = time.monotonic() if has_stood else cut_at
                was_sent_on = has_stood and isinstance(error, SentOn)
                has_stood = False
            # As socket.js: a moment after a farewell, else half a second, each time twice that, more or less.
            later = SENT_ON_RETRY if was_sent_on else min(FIRST_RETRY * 2**attempts, LAST_RETRY)
            attempts += not was_sent_on
            self._over.wait(later * (1 + SPREAD * random.uniform(-1, 1)))

    def _join(self, ear: ProxyEar) -> None:
        said = {"discussion": self.discussion_id, "after": self.seq, "epoch": self.epoch}
        ear.wire.send(f"421{json.dumps(['join', said])}")
        early = []
        while True:
            frame = str(ear.wire.recv())
            if frame.startswith("431["):
                break
            early.append(frame)
        answer = json.loads(frame[3:])[0]
        if "error" in answer or answer.get("reload"):
            self.refusals.append(answer)
        self._take(answer)
        for frame in early:
            self._hear(ear, frame)
        self.has_joined.set()

    def _listen(self, ear: ProxyEar) -> None:
        ear.wire.settimeout(0.2)
        while not self._over.is_set():
            if self._must_move:
                ear = self._next_after(ear)
                ear.wire.settimeout(0.2)
            try:
                opcode, data = ear.wire.recv_data()
            except websocket.WebSocketTimeoutException:
                continue
            if opcode == ABNF.OPCODE_CLOSE:
                raise SentOn if data[:2] == (1001).to_bytes(2) else websocket.WebSocketConnectionClosedException(data)
            self._hear(ear, data.decode())
        ear.wire.close(timeout=0)

    def _next_after(self, last: ProxyEar) -> ProxyEar:
        """Return the connection that follows `last`, or `last` itself when none can be had now."""
        self._over.wait(SENT_ON_RETRY * (1 + SPREAD * random.uniform(-1, 1)))
        try:
            following = self.proxy.ear()
        except (OSError, websocket.WebSocketException, AssertionError):
            return last
        self._must_move = False
        following.wire.settimeout(5)
        self._join(following)
        last.wire.close(timeout=0)
        self.moves += 1
        return following

    def _hear(self, ear: ProxyEar, frame: str) -> None:
        if frame == "2":
            ear.wire.send("3")
        if frame.startswith('42["moving"'):
            self._must_move = True
        if frame.startswith('42["events"'):
            said = json.loads(frame[2:])[1]
            if said["after"] > self.seq:
                raise AssertionError("a hole: join again")
            self._take(said)

    def _take(self, said: dict) -> None:  # type: ignore[type-arg]
        for event in said.get("events", []):
            if event["seq"] > self.seq and event["kind"] == "comment.posted":
                self.heard.append(event["id"])
        self.seq = max(self.seq, said.get("seq", 0))
