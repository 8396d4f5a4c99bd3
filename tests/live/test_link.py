"""One reader's connection: whatever pieces its bytes come in, the same is heard."""

import socket

import pytest

from forum.live import link
from forum.live.link import Link, copy_of

MASK = b"\x11\x22\x33\x44"


def masked(payload: bytes) -> bytes:
    """Return a whole text frame as browsers send it; short payloads only."""
    return bytes((0x81, 0x80 | len(payload))) + MASK + bytes(b ^ MASK[i % 4] for i, b in enumerate(payload))


class Ear:
    """A link over a pair of sockets, and what was heard and whether it has ended."""

    def __init__(self):
        ours, self.theirs = socket.socketpair()
        self.heard, self.is_gone = [], False
        self.link = Link(copy_of(ours.fileno()), self.heard.append, self._gone)
        ours.close()

    def _gone(self):
        self.is_gone = True

    def take(self, *pieces: bytes) -> list[str]:
        for piece in pieces:
            self.theirs.sendall(piece)
            self.link._readable()
        return self.heard


@pytest.fixture
def ear():
    found = Ear()
    yield found
    found.link.close()
    found.theirs.close()


@pytest.mark.parametrize("cut", range(1, 7))
def test_the_answer_to_a_ping_is_heard_whole_or_in_pieces(ear, cut):
    pong = masked(b"3")
    assert ear.take(pong) == ["3"]
    assert ear.take(pong[:cut], pong[cut:]) == ["3", "3"]
    assert ear.take(pong + pong, masked(b"40")) == ["3", "3", "3", "3", "40"]


def test_one_letter_in_the_middle_of_a_message_in_parts_breaks_the_protocol(ear):
    beginning = bytes((0x01, 0x81)) + MASK + bytes((ord("4") ^ MASK[0],))
    ear.take(beginning, masked(b"3"))
    assert ear.heard == []
    assert ear.is_gone


def test_a_byte_that_is_no_text_breaks_the_protocol(ear):
    ear.take(masked(b"\xff"))
    assert ear.heard == []
    assert ear.is_gone


def test_what_is_written_ahead_goes_with_the_next_words_or_by_itself(ear):
    ear.link.write_ahead(b"one ")
    ear.theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        ear.theirs.recv(64)
    ear.link.write(b"two")
    assert ear.theirs.recv(64) == b"one two"
    ear.link.write_ahead(b"three")
    ear.link.flush()
    ear.link.flush()
    assert ear.theirs.recv(64) == b"three"


@pytest.mark.parametrize("word", [b"3", b"40"], ids=["one-letter", "longer"])
def test_who_floods_us_is_hung_up_on_however_long_they_have_been_quiet(ear, monkeypatch, word):
    moment = [ear.link._counted_at]
    monkeypatch.setattr(link.time, "monotonic", lambda: moment[0])
    moment[0] += 24 * 3600
    for _ in range(39):
        ear.take(masked(word))
    assert len(ear.heard) == 39
    moment[0] += 1
    for _ in range(20):
        ear.take(masked(word))
    assert not ear.is_gone, "twenty a second are theirs"
    ear.take(masked(word))
    assert not ear.is_gone
    ear.take(masked(word))
    assert ear.is_gone
    assert len(ear.heard) == 60
