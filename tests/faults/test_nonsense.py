"""Nonsense, giants and floods on the wire: memory and log stay flat, and everybody else hears as before."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forum.database import db
from tests.faults.conftest import often
from tests.faults.nonsense import LARGEST, Nonsense, Stranger, frame, kinds, text
from tests.faults.test_freezes import Reader, order
from tests.faults.writers import Crew, accounts, everything_is_there_once
from tests.server import Running, running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

MB = 1024 * 1024


class Hall:
    """A server with readers and writers; `quietly` is a block in which nobody of them may be harmed."""

    def __init__(self, server: Running, discussion, log: Path, crew: Crew, readers: list[Reader]) -> None:
        self.server, self.discussion, self.log, self.crew, self.readers = server, discussion, log, crew, readers

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Nobody has to come again, comments go on, at most 5 MB of memory and nothing of the log are taken."""
        memory, logged, written = self.server.memory_kb(), self.log.stat().st_size, len(self.crew.acknowledged)
        yield
        # What was read in the meantime may still wait for the collector of garbage: give it a moment.
        until = time.monotonic() + 10
        while time.monotonic() < until and (
            self.server.memory_kb() - memory > 5_000 or len(self.crew.acknowledged) < written + 5
        ):
            time.sleep(0.2)
        grown = self.server.memory_kb() - memory
        print(f"\n{grown} KB more memory, {self.log.stat().st_size - logged} bytes of log", end=" ")
        assert grown <= 5_000, f"{grown} KB more"
        assert self.log.stat().st_size - logged < 2_000, self.log.read_text()[-3000:]
        assert len(self.crew.acknowledged) >= written + 5, "nobody can post"
        assert [reader.lines for reader in self.readers] == [1] * len(self.readers), "somebody had to come again"


@pytest.fixture
def hall(site, tmp_path) -> Iterator[Hall]:
    log = tmp_path / "log"
    made = site("sqlite")
    discussion = made.house.discussion()
    with running(made.settings, log=log) as server:
        readers = [Reader(server, discussion, comes_back=False) for _ in range(4)]
        for reader in readers:
            reader.start()
        with Crew([server.address], discussion.slug, accounts(made.house, 2), pause=0.1) as crew:
            while len(crew.acknowledged) < 20 or not all(reader.lines for reader in readers):
                time.sleep(0.1)
            yield Hall(server, discussion, log, crew, readers)
        db.session.rollback()
        db.session.refresh(discussion)
        until = time.monotonic() + 10
        while time.monotonic() < until and any(reader.seq < discussion.last_seq for reader in readers):
            time.sleep(0.1)
        for reader in readers:
            reader.over.set()
        assert everything_is_there_once(crew, discussion) == len(crew.acknowledged)
        assert set(crew.statuses) == {201}
        for reader in readers:
            assert reader.heard == order(discussion), "a reader has another order, a hole or a repeat"


def test_malformed_frames_leave_no_trace(hall):
    said = kinds(hall.discussion.id)
    assert len(said) == 21
    for what in said * 3:
        assert Stranger(hall.server).is_sent_away_for(what), what.name
    with hall.unharmed():
        for what in said * often(20, 1000):
            assert Stranger(hall.server).is_sent_away_for(what), what.name


def test_giants_are_refused_before_they_are_held(hall):
    giant = 200 * MB
    block = b"x" * 65536

    def announced() -> int:
        """One frame of 200 MB."""
        stranger = Stranger(hall.server)
        stranger.wire.sendall(frame(0x81, announced=giant))
        return stranger.pours(block, giant)

    def in_parts() -> int:
        """A message of 200 MB, each part of which would do."""
        stranger = Stranger(hall.server)
        stranger.wire.sendall(frame(0x01, b"4"))
        return stranger.pours(frame(0x00, b"x" * 16_000), giant)

    def inside_an_event() -> int:
        """Events as large as may be, one after the other."""
        return Stranger(hall.server).pours(text('42["join","' + "x" * (LARGEST - 20) + '"]'), giant)

    for pour in (announced, in_parts, inside_an_event):
        pour()
    with hall.unharmed():
        for pour in (announced, in_parts, inside_an_event) * often(2, 20):
            # What the kernels of both sides take in is not ours.
            assert pour() < 20 * MB, pour.__doc__


def test_floods_drown_nobody(hall):
    pieces = [
        Nonsense("pongs", frame(0x8A, b"") * 5000),
        Nonsense("pings", frame(0x89, b"a" * 100) * 500),
        Nonsense("Engine.IO pongs", text("3") * 5000),
        Nonsense("empty parts", frame(0x01, b"4") + frame(0x00) * 5000),
        Nonsense("typing", text('42["typing",{"discussion":1,"question":null}]') * 1000),
        Nonsense("joins", text('421["join",{"discussion":1,"after":0,"epoch":""}]') * 1000),
    ]
    for what in pieces:
        assert Stranger(hall.server).pours(what.frames, 50 * MB) < 20 * MB, what.name
    with hall.unharmed():
        for what in pieces * often(10, 300):
            stranger = Stranger(hall.server)
            assert stranger.pours(what.frames, 50 * MB) < 20 * MB, what.name
            stranger.wire.close()
