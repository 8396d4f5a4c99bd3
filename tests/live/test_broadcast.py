"""Frames, links and rooms: the same bytes to everybody, and nobody waits for the slow."""

import socket
import struct

import gevent
import pytest

from forum.access import Role
from forum.live import broadcast, link
from forum.live.broadcast import Reader
from forum.live.engine import event_frame
from forum.live.frames import LARGEST, Opcode, Parser, Violation, accept_key, frame
from forum.live.link import Link


def masked(opcode: int, payload: bytes, *, last: bool = True) -> bytes:
    size = len(payload)
    head = bytes([(0x80 if last else 0) | opcode])
    head += bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    mask = b"\x11\x22\x33\x44"
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def test_the_standards_own_example_of_a_handshake():
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, section 1.3


@pytest.mark.parametrize("size", [0, 1, 3, 125, 126, 127, 65_535])
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_a_message_arrives_whole_however_it_is_cut(size, step):
    if step == 1 and size > 1000:
        step = 997
    payload = bytes(number % 251 for number in range(size))
    data, parser, got = masked(Opcode.BINARY, payload), Parser(), []
    for start in range(0, len(data), step):
        got += parser.feed(data[start : start + step])
    assert got == [(Opcode.BINARY, payload)]


def test_parts_are_put_together_around_a_ping():
    data = masked(1, b"Hel", last=False) + masked(9, b"?") + masked(0, b"lo")
    assert list(Parser().feed(data)) == [None, (Opcode.PING, b"?"), (Opcode.TEXT, b"Hello")]


@pytest.mark.parametrize(
    "data, code",
    [
        (b"\x81\xff" + struct.pack("!Q", LARGEST + 1), 1009),
        (b"\x81\xff" + struct.pack("!Q", 2**63), 1009),
        (b"\x81\x05Hello", 1002),
        (masked(0, b"alone"), 1002),
        (b"\xc1\x80", 1002),
        (b"\x83\x80", 1002),
        (b"\x09\x80", 1002),
        (b"\x89\xfe", 1002),
        (masked(1, b"a", last=False) + masked(1, b"b"), 1002),
    ],
    ids=[
        "large",
        "larger",
        "unmasked",
        "no-beginning",
        "extension",
        "unknown",
        "split-ping",
        "long-ping",
        "interrupted",
    ],
)
def test_a_broken_rule_is_named_at_the_head(data, code):
    with pytest.raises(Violation) as broken:
        list(Parser().feed(data))
    assert broken.value.code == code


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    gone = []
    kept = Link(link.copy_of(ours.fileno()), lambda text: None, lambda: gone.append(True))
    ours.close()
    yield kept, theirs, gone
    kept.close()
    theirs.close()


def fill(kept):
    """Write to a reader who does not read, until something has to wait."""
    while not kept._queued:
        kept.write(frame(Opcode.TEXT, b"x" * 60_000))


def read_all(kept, theirs):
    """Let the other end read until nothing waits any more."""
    theirs.setblocking(False)
    for _ in range(2000):
        if not kept._queued:
            return
        try:
            theirs.recv(65_536)
        except BlockingIOError:
            gevent.sleep(0.002)
    raise AssertionError("something waits for ever")


def test_a_reader_who_never_reads_is_dropped_when_its_outbox_overflows(pair):
    kept, _theirs, gone = pair
    piece = frame(Opcode.TEXT, b"x" * 60_000)
    written = 0
    while kept.is_open and written < 10 * link.OUTBOX_BYTES:
        kept.write(piece)
        written += len(piece)
    assert gone == [True]
    assert written < 2 * link.OUTBOX_BYTES


def test_a_reader_who_is_stuck_is_dropped_in_time(pair, monkeypatch):
    kept, _theirs, gone = pair
    fill(kept)
    link.drop_stuck()
    assert not gone
    monkeypatch.setattr(link, "STUCK_SECONDS", -1.0)
    link.drop_stuck()
    assert gone == [True]


def test_who_has_caught_up_is_never_called_stuck(pair, monkeypatch):
    """Else whoever was slow once would be dropped half a minute later, in a quiet room."""
    kept, theirs, gone = pair
    fill(kept)
    read_all(kept, theirs)
    monkeypatch.setattr(link, "STUCK_SECONDS", -1.0)
    link.drop_stuck()
    assert not gone


def test_who_reads_slowly_is_not_stuck(pair, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(link.time, "monotonic", lambda: moment[0])
    kept, theirs, gone = pair
    fill(kept)
    kept.write(frame(Opcode.TEXT, b"x" * 600_000))
    moment[0] += link.STUCK_SECONDS - 1
    theirs.setblocking(False)
    before = kept._queued
    for _ in range(2000):
        if kept._queued < before:
            break
        try:
            theirs.recv(65_536)
        except BlockingIOError:
            gevent.sleep(0.002)
    assert 0 < kept._queued < before
    moment[0] += 2
    link.drop_stuck()
    assert not gone
    moment[0] += link.STUCK_SECONDS
    link.drop_stuck()
    assert gone == [True]


def test_who_is_hung_up_on_by_us_is_not_told_of_as_gone(pair):
    kept, theirs, gone = pair
    kept.close()
    assert not gone
    assert theirs.recv(64) == b"\x88\x02\x03\xe8"


def test_what_did_not_fit_follows_in_order(pair):
    kept, theirs, gone = pair
    numbers = range(40)
    whole = b"".join(frame(Opcode.TEXT, bytes([number]) * 20_000) for number in numbers)
    for number in numbers:
        kept.write(frame(Opcode.TEXT, bytes([number]) * 20_000))
    assert kept._queued
    theirs.setblocking(False)
    got = b""
    for _ in range(2000):
        if len(got) == len(whole):
            break
        try:
            got += theirs.recv(65_536)
        except BlockingIOError:
            gevent.sleep(0.002)
    assert got == whole
    assert not gone


def test_what_is_written_while_something_waits_goes_behind_it(pair):
    """Also where the kernel has room again by then: in between stands half a frame."""
    kept, theirs, _gone = pair
    fill(kept)
    waits = kept._queued
    theirs.recv(65_536)
    kept.write(b"later")
    assert kept._queued == waits + len(b"later")


def test_a_room_is_entered_and_left():
    reader = Reader("a", lambda frame: None)
    broadcast.add(reader)
    broadcast.enter(reader, 7, broadcast.EVERYBODY)
    assert broadcast.count(7) == 1
    broadcast.remove("a")
    assert (broadcast.count(7), broadcast.find("a"), 7 in broadcast.watched()) == (0, None, False)


def test_a_member_who_has_gone_is_no_member_here_any_more():
    reader = Reader("a", lambda frame: None, user_id=5)
    broadcast.add(reader)
    assert reader in broadcast.members()
    broadcast.remove("a")
    assert reader not in broadcast.members()


def test_in_a_room_of_thousands_everybody_hears_each_word_once():
    heard = []
    crowd = [Reader(str(number), lambda frame, number=number: heard.append(number)) for number in range(1203)]
    broadcast.write(crowd, event_frame("status", {}))
    assert heard == list(range(1203))


@pytest.mark.parametrize("role, heard", [(Role.MEMBER, 2), (Role.MUTED, 2), (Role.PANELIST, 3), (Role.HOST, 4)])
def test_the_panel_hears_more_than_members_and_hosts_more_than_the_panel(role, heard):
    assert len(broadcast.audiences(5, role)) == heard
    assert broadcast.audiences(None, Role.VISITOR) == broadcast.EVERYBODY
