"""What a reader hears, and what a stranger can do with a socket."""

import json
import socket
import struct
import time
from datetime import timedelta

import pytest
import requests
import websocket

from forum.database import db, writing
from forum.live import log, spoken
from forum.live.broadcast import Reader
from forum.live.frames import LARGEST
from forum.models import Discussion, Session, Visibility
from tests import corpora
from tests.faults.nonsense import handshake

NONSENSE = [
    *('42["join"]', '42["join",null]', '42["join",{}]', '42["join",{"discussion":{}}]', '42["join",[1]]'),
    *("42[]", "42{}", "42", "4", "9", "", "40/admin,", "44{}", "42" + "[" * 20000, "b4AAAA"),
    *('42["join",{"discussion":"x","after":true}]', '42["join",{"discussion":1,"after":1e309}]'),
    *('42["join",{"discussion":99999999999999999999,"after":0}]', '42["join",{"discussion":"\\u0000","after":0}]'),
    *('42["typing",{"discussion":"\\ud800"}]', '451-["x",{"_placeholder":true,"num":0}]'),
]


def test_a_visitor_hears_a_comment_within_a_second_of_its_answer(house, listen, posts):
    discussion = house.discussion()
    ear = listen()
    ear.join(discussion)
    posts(house.user("Ada Writer"), discussion, "Rivers know no borders.", "key-of-a-comment-1")
    answered = time.monotonic()
    frame = ear.hear("events")
    assert time.monotonic() - answered < 1
    assert "Rivers know no borders." in frame["events"][-1]["html"]
    assert frame["after"] == discussion.last_seq
    db.session.rollback()
    db.session.refresh(discussion)
    assert frame["seq"] == discussion.last_seq


def test_a_join_answers_with_what_was_missed_and_nothing_twice(house, listen):
    discussion = house.discussion()
    head = discussion.last_seq
    comment = house.comment(discussion, body="While you were away.")
    answer = listen().join(discussion, head)
    assert [(event["kind"], event["id"]) for event in answer["events"]] == [("comment.posted", comment.id)]
    db.session.rollback()
    db.session.refresh(discussion)
    assert (answer["seq"], answer["epoch"], answer["reload"]) == (discussion.last_seq, discussion.epoch, False)


def test_ranges_of_frames_touch_so_that_a_hole_would_be_seen(house, listen, posts):
    discussion = house.discussion()
    ear = listen()
    seq = ear.join(discussion)["seq"]
    author = house.user("Ada Writer")
    for number in range(4):
        posts(author, discussion, f"Point {number}", f"key-of-comment-{number}")
    db.session.rollback()
    db.session.refresh(discussion)
    while seq < discussion.last_seq:
        frame = ear.hear("events")
        assert frame["after"] == seq
        seq = frame["seq"]


def test_what_another_process_writes_arrives_too(house, listen):
    discussion = house.discussion()
    ear = listen()
    ear.join(discussion)
    house.comment(discussion, body="Written elsewhere.")
    assert "Written elsewhere." in ear.hear("events")["events"][0]["html"]


def test_another_epoch_or_a_number_ahead_of_the_log_means_reload(house, listen):
    discussion = house.discussion()
    ear = listen()
    assert ear.ask("join", {"discussion": discussion.slug, "after": 0, "epoch": "of-a-lost-past"})["reload"]
    assert ear.ask("join", {"discussion": discussion.slug, "after": 10**9, "epoch": discussion.epoch})["reload"]


@pytest.mark.parametrize("phase, visibility", [("draft", "public"), ("live", "invited")])
def test_what_one_may_not_know_answers_like_what_does_not_exist(house, listen, phase, visibility):
    discussion = house.discussion(phase=phase, visibility=visibility)
    ear = listen()
    refused = ear.join(discussion)
    assert refused == ear.ask("join", {"discussion": 2**31 - 1, "after": 0, "epoch": ""})
    assert refused["error"]["code"] == "not_found"


def test_a_sixth_discussion_is_refused(house, listen):
    ear = listen()
    answers = [ear.join(house.discussion()) for _ in range(6)]
    assert [("error" in answer) for answer in answers] == [False] * 5 + [True]


def test_after_leaving_nothing_is_heard(house, listen):
    discussion = house.discussion()
    ear = listen()
    ear.join(discussion)
    ear.ask("leave", {"discussion": discussion.id})
    house.comment(discussion)
    with pytest.raises(AssertionError):
        ear.hear("events", 1.6)


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://127.0.0.1:1", "null", "file://", "http://["])
def test_a_page_of_another_site_cannot_connect(listen, origin):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        listen(origin=origin)
    assert refused.value.status_code == 400


def test_who_joins_and_asks_for_no_answer_hears_who_reads_all_the_same(house, listen):
    discussion = house.discussion()
    ear = listen()
    where = {"discussion": discussion.id, "after": discussion.last_seq, "epoch": discussion.epoch}
    ear.wire.send(f'42["join",{json.dumps(where)}]')
    assert ear.hear("presence")["discussion"] == discussion.id


def test_a_session_that_is_kept_no_more_makes_a_visitor_too(house):
    user = house.user("Rita Reader")
    assert spoken._who(Reader("any", print, user.id, 2**31 - 1)) is None
    assert spoken._who(Reader("any", print, user.id)) is user


def test_only_websockets_are_spoken(served):
    answer = requests.get(f"{served.address}/socket.io/?EIO=4&transport=polling", timeout=5)
    assert answer.status_code == 400


@pytest.mark.parametrize("pause", [0, 0.05])
def test_a_handshake_in_pieces_is_one_all_the_same(served, pause):
    host, _, port = served.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        for line in handshake(served).splitlines(keepends=True):
            wire.sendall(line)
            time.sleep(pause)
        assert wire.recv(12) == b"HTTP/1.1 101"


def test_deflate_is_never_agreed_to(served):
    wire = websocket.create_connection(
        f"ws://{served.host}/socket.io/?EIO=4&transport=websocket",
        origin=served.address,
        header=["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"],
        timeout=5,
    )
    assert "sec-websocket-extensions" not in wire.headers
    wire.close()


def test_a_frame_of_200_megabytes_is_refused_at_its_head_with_flat_memory(house, listen, served):
    ear = listen()
    before = served.memory_kb()
    ear.send_head(b"\x81\xff" + struct.pack("!Q", 200_000_000) + b"mask")
    try:
        for _ in range(200):
            ear.send_head(b"x" * 1_000_000)
    except OSError:
        pass
    assert ear.is_closed_within(3)
    assert served.memory_kb() - before < 8_000


def test_many_small_parts_cannot_grow_past_the_limit(listen):
    ear = listen()
    part = struct.pack("!H", 8000) + b"\0" * 4 + b"x" * 8000
    ear.send_head(b"\x01\xfe" + part)
    for _ in range(LARGEST // 8000):
        ear.send_head(b"\x00\xfe" + part)
    assert ear.is_closed_within(3)


def test_malformed_frames_hurt_nobody_else(house, listen, served, capfd):
    discussion = house.discussion()
    steady = listen()
    steady.join(discussion)
    frames = list(NONSENSE)
    if corpora.FOLDER.is_dir():
        frames += corpora.rows("socketio_invalid_packets")
    for frame in frames:
        ear = listen()
        ear.send(frame)
        ear.wire.close(timeout=0)
    house.comment(discussion, body="Still here.")
    assert "Still here." in steady.hear("events")["events"][0]["html"]
    said = capfd.readouterr()
    assert max((len(line) for line in (said.out + said.err).splitlines()), default=0) <= 250
    assert "Traceback" not in said.err + said.out


def test_wrong_shapes_get_an_answer_that_says_so(listen):
    ear = listen()
    for said in ([], [None], [{}], [{"discussion": 1, "after": True}], [{"discussion": 1, "after": "0"}], [1, 2]):
        assert ear.ask("join", *said)["error"]["code"] in {"invalid", "not_found"}


def test_a_flood_of_frames_closes_its_own_connection(listen):
    ear = listen()
    try:
        for _ in range(200):
            ear.send("3")
    except OSError:
        pass
    assert ear.is_closed_within(3)


def test_an_ended_session_closes_its_socket_within_five_seconds(house, listen, person):
    discussion = house.discussion()
    cookie, _token = person(house.panelist(discussion))
    ear = listen(cookie)
    ear.join(discussion)
    with writing():
        for session in db.session.scalars(db.select(Session)):
            session.ended_at = session.started_at
    ended = time.monotonic()
    assert ear.hear("revoked", 5)["code"] == "signed_out"
    assert ear.is_closed_within(5 - (time.monotonic() - ended))


@pytest.fixture
def outside_and_inside(house, listen, person):
    """A public discussion, a visitor and a panelist who have both joined it."""
    discussion = house.discussion()
    visitor, panelist = listen(), listen(person(house.panelist(discussion))[0])
    visitor.join(discussion)
    panelist.join(discussion)
    return discussion, visitor, panelist


def test_a_discussion_that_turns_private_is_silent_within_five_seconds(house, outside_and_inside):
    discussion, visitor, panelist = outside_and_inside
    with writing():
        db.session.get_one(Discussion, discussion.id).visibility = Visibility.INVITED
    assert visitor.hear("revoked", 5)["discussion"] == discussion.id
    house.comment(discussion, house.host_of(discussion), "Among ourselves.")
    assert "Among ourselves." in panelist.hear("events", where=lambda said: said["events"])["events"][-1]["html"]
    with pytest.raises(AssertionError):
        visitor.hear("events", 1.6)
    assert visitor.join(discussion)["error"]["code"] == "not_found"


def test_what_is_posted_right_after_a_discussion_turned_private_reaches_nobody_outside(house, outside_and_inside):
    discussion, visitor, panelist = outside_and_inside
    with writing():
        private = db.session.get_one(Discussion, discussion.id)
        private.visibility = Visibility.INVITED
        log.record(private, "discussion.edited", None)
    house.comment(discussion, house.host_of(discussion), "Among ourselves.")
    assert panelist.hear("events", where=lambda said: "Among ourselves." in str(said))
    with pytest.raises(AssertionError):
        visitor.hear("events", 1, where=lambda said: "Among ourselves." in str(said))
    assert visitor.join(discussion)["error"]["code"] == "not_found"


@pytest.mark.parametrize("phase, visibility", [("draft", "public"), ("live", "invited")])
def test_who_says_they_write_learns_nothing_of_what_they_may_not_know(house, listen, person, phase, visibility):
    secret = house.discussion(phase=phase, visibility=visibility)
    cookie, _token = person(house.user())
    answers = [listen(cookie).ask("typing", {"discussion": slug}) for slug in (secret.slug, "nothing-here")]
    assert answers[0] == answers[1]


def test_only_the_muted_person_hears_that_they_are_muted(house, listen, person):
    from forum.actions import sanctions

    discussion = house.discussion()
    loud = house.user("Lou D. Mouth")
    theirs, visitor = listen(person(loud)[0]), listen()
    theirs.join(discussion)
    visitor.join(discussion)
    house.do(sanctions.mute, house.host_of(discussion), discussion, loud, "Be kind.")
    assert theirs.hear("events")["events"][0]["kind"] == "person.muted"
    assert visitor.hear("events")["events"] == []


def test_the_clock_opens_a_discussion_once_for_everyone(house, listen):
    discussion = house.discussion(phase="announced")
    ear = listen()
    ear.join(discussion)
    with writing():
        due = db.session.get_one(Discussion, discussion.id)
        due.starts_at = due.starts_at - timedelta(hours=1)
    frame = ear.hear("events", 4)
    assert [event["kind"] for event in frame["events"]] == ["discussion.opened"]
    assert ear.hear("status", 4)["phase"] == "live"
