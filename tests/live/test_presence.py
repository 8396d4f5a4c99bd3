"""How many read, and who of the panel writes."""

import json
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from forum.access import Role
from forum.database import db
from forum.live import broadcast, elsewhere, presence, sockets, spoken
from forum.live.broadcast import Reader
from forum.live.elsewhere import Here, Writer


def test_everybody_hears_how_many_read(house, listen):
    discussion = house.discussion()
    first = listen()
    first.join(discussion)
    listen().join(discussion)
    assert first.hear("presence", 4, lambda said: said["readers"] == 2)["discussion"] == discussion.id


def test_a_reader_who_goes_is_counted_out(house, listen):
    discussion = house.discussion()
    first, second = listen(), listen()
    first.join(discussion)
    second.join(discussion)
    first.hear("presence", 4, lambda said: said["readers"] == 2)
    second.wire.close(timeout=1)
    first.hear("presence", 4, lambda said: said["readers"] == 1)


def test_a_panelist_who_writes_is_named_until_they_stop(house, listen, person):
    discussion = house.discussion(ask=1)
    priya = house.panelist(discussion)
    reader, writer = listen(), listen(person(priya)[0])
    reader.join(discussion)
    writer.join(discussion)
    writer.ask("typing", {"discussion": discussion.id, "question": 1})
    # Ids begin at 1 in every test, and the server remembers for some seconds who wrote in another's discussion 1.
    wanted = {"user_id": priya.id, "name": "Priya Raman", "question": 1}
    reader.hear("presence", 5, lambda said: wanted in said["writing"])
    reader.hear("presence", 12, lambda said: not said["writing"])


@pytest.mark.parametrize("by", ["id", "slug"])
def test_nothing_of_who_wrote_is_remembered_with_a_socket_that_is_gone(house, by):
    discussion = house.discussion(ask=1)
    priya = house.panelist(discussion)
    said = {"discussion": getattr(discussion, by), "question": 1}
    for _ in range(2):
        reader = Reader("one-name", lambda _frame: None, priya.id)
        broadcast.add(reader)
        spoken.join(reader, {"discussion": discussion.id, "after": 0, "epoch": discussion.epoch})
        spoken.typing(reader, said)
        assert presence.now(discussion.id)["writing"]
        presence.stops(discussion.id, priya.id)
        spoken.typing(reader, said)
        assert not presence.now(discussion.id)["writing"], "looked up every two seconds, not at every key"
        broadcast.remove("one-name")


def test_a_number_is_said_to_thousands_less_often_and_who_writes_as_soon_as_ever(house, monkeypatch):
    discussion = house.discussion(ask=1)
    room, told, moment = [4000], [], [1000.0]
    monkeypatch.setattr(presence, "_said", {})
    monkeypatch.setattr(broadcast, "watched", lambda: [discussion.id])
    monkeypatch.setattr(broadcast, "count", lambda _number: room[0])
    monkeypatch.setattr(broadcast, "send", lambda _number, _event, news: told.append((moment[0], news)))
    monkeypatch.setattr(presence.time, "monotonic", lambda: moment[0])
    while moment[0] < 1020:
        presence.tell()
        moment[0] += 0.5
        room[0] += 1
    assert [at for at, _ in told] == [1000.0, 1008.5, 1017.0], "4,000 readers: every eight seconds and a look"
    presence.types(discussion.id, 7, "Priya Raman", 1)
    presence.tell()
    assert told[-1][0] == 1020.0
    assert told[-1][1]["writing"] == [{"user_id": 7, "name": "Priya Raman", "question": 1}]
    room[0] = 20
    moment[0] += 2
    presence.tell()
    assert told[-1][1]["readers"] == 20, "a small room hears of every change"


def test_a_member_who_writes_is_not_named(house, listen, person):
    discussion = house.discussion()
    reader, writer = listen(), listen(person(house.user("Max Member"))[0])
    reader.join(discussion)
    writer.join(discussion)
    writer.ask("typing", {"discussion": discussion.id, "question": None})
    with pytest.raises(AssertionError):
        reader.hear("presence", 3, lambda said: "Max Member" in str(said["writing"]))


def test_hosts_and_panel_hear_who_of_them_is_here_and_readers_do_not(house, listen, person):
    discussion = house.discussion(ask=1)
    priya, host = house.panelist(discussion), house.host_of(discussion)
    hana, reader = listen(person(host)[0]), listen()
    hana.join(discussion)
    reader.join(discussion)
    hana.hear("presence", 5, lambda said: said.get("here") == [host.id])
    joined = listen(person(priya)[0])
    joined.join(discussion)
    assert joined.hear("presence", 5, lambda said: "here" in said)["here"] == sorted([host.id, priya.id])
    hana.hear("presence", 5, lambda said: said.get("here") == sorted([host.id, priya.id]))
    joined.wire.close(timeout=1)
    hana.hear("presence", 6, lambda said: said.get("here") == [host.id])
    with pytest.raises(AssertionError):
        reader.hear("presence", 2, lambda said: "here" in said)


@pytest.fixture
def moment(monkeypatch):
    """The time by which presence is said, in a process that has said and noted nothing yet; `moment[0]` sets it."""
    now = [1000.0]
    monkeypatch.setattr(presence.time, "monotonic", lambda: now[0])
    for name, empty in (("_said", {}), ("_said_here", {}), ("_peaks", {}), ("_written_at", 0.0)):
        monkeypatch.setattr(presence, name, empty)
    presence._arrived.clear()
    return now


@pytest.fixture
def comes(moment):
    """Let somebody open a page of a discussion; returns them, and what they are told from then on."""

    def come(discussion, user=None, role=Role.VISITOR):
        told = []
        name = f"reader-{len(broadcast._readers)}"
        reader = Reader(name, lambda frame: told.append(json.loads(frame.text[1:])[1]), user.id if user else None)
        broadcast.add(reader)
        broadcast.enter(reader, discussion.id, broadcast.audiences(reader.user_id, role))
        presence.greet(discussion.id, reader)
        return reader, told

    return come


def test_only_the_green_room_is_told_who_is_in_it_and_no_member_is_named_there(house, comes):
    discussion = house.discussion()
    priya, host, member = house.panelist(discussion), house.host_of(discussion), house.user()
    behind = [comes(discussion, priya, Role.PANELIST)[1], comes(discussion, host, Role.HOST)[1]]
    before = [comes(discussion, member, Role.MEMBER)[1], comes(discussion)[1]]
    presence.tell()
    assert presence.seated(discussion.id) == {priya.id, host.id}
    assert all(told[-1]["here"] == sorted([priya.id, host.id]) for told in behind)
    assert [[set(said) for said in told] for told in before] == [[{"discussion", "readers", "writing"}]] * 2


def test_who_goes_is_gone_from_the_green_room_though_another_reader_comes_in_their_place(house, comes, moment):
    discussion = house.discussion()
    priya, host = house.panelist(discussion), house.host_of(discussion)
    panelist, _ = comes(discussion, priya, Role.PANELIST)
    _, told = comes(discussion, host, Role.HOST)
    presence.tell()
    broadcast.remove(panelist.sid)
    visitor = Reader("visitor", lambda _frame: None)
    broadcast.add(visitor)
    broadcast.enter(visitor, discussion.id, broadcast.EVERYBODY)
    moment[0] += presence.BETWEEN_SECONDS
    presence.tell()
    assert told[-1]["here"] == [host.id] and told[-1]["readers"] == 2


def test_who_writes_in_two_processes_is_named_once(house, moment, monkeypatch):
    discussion = house.discussion()
    there = Here(1, (Writer(7, "Priya Raman", 1), Writer(8, "Ola Nordmann", 1)))
    monkeypatch.setattr(elsewhere, "of", lambda _number: [there])
    presence.types(discussion.id, 7, "Priya Raman", 1)
    assert [writer["user_id"] for writer in presence.now(discussion.id)["writing"]] == [7, 8]


def test_arrivals_and_the_most_readers_are_written_down_together_now_and_then(house, comes, moment, statements):
    """Thousands come within seconds: what each of them wrote would be as many transactions."""
    discussion = house.discussion()
    with statements() as made:
        for _ in range(5):
            comes(discussion)
            presence.tell()
            moment[0] += presence.BETWEEN_SECONDS
        presence.tell()
    updates = [statement for statement in made if statement.startswith("UPDATE")]
    assert [sum(name in statement for statement in updates) for name in ("arrivals", "peak_readers")] == [2, 2]
    db.session.refresh(discussion)
    assert (discussion.arrivals, discussion.peak_readers) == (5, 5)


def test_arrivals_that_the_database_could_not_take_are_written_the_next_time(house, comes, moment, monkeypatch):
    def away():
        raise OperationalError("UPDATE", {}, Exception("the server is away"))

    discussion = house.discussion()
    comes(discussion)
    presence._peaks[discussion.id] = (9, moment[0])  # which is written before, and is not what this is about
    with monkeypatch.context() as broken:
        broken.setattr(presence, "writing", away)
        with pytest.raises(OperationalError):
            presence.tell()
    comes(discussion)
    moment[0] += presence.PEAK_SECONDS
    presence.tell()
    db.session.refresh(discussion)
    assert discussion.arrivals == 2


def test_of_a_room_that_is_empty_nothing_is_kept(house, comes):
    discussion = house.discussion()
    reader, _ = comes(discussion, house.host_of(discussion), Role.HOST)
    presence.tell()
    assert discussion.id in presence._said
    broadcast.remove(reader.sid)
    presence.tell()
    assert [presence._said, presence._said_here, presence._peaks, presence._outdated] == [{}, {}, {}, set()]


def test_who_hangs_up_while_they_are_looked_up_is_counted_nowhere(house):
    discussion, visitor = house.discussion(), Reader("gone already", lambda _frame: None)
    broadcast.add(visitor)
    broadcast.remove(visitor.sid)
    broadcast.enter(visitor, discussion.id, broadcast.EVERYBODY)
    assert broadcast.count(discussion.id) == 0 and presence.now(discussion.id)["readers"] == 0


def test_who_hangs_up_while_it_is_asked_who_they_are_is_not_let_in(app, monkeypatch):
    before = broadcast.members()
    monkeypatch.setattr(sockets.engine, "writer", lambda *_: None)
    monkeypatch.setattr(sockets.engine, "link_of", lambda *_: SimpleNamespace(is_open=False))
    monkeypatch.setattr(sockets.cookies, "token_in", lambda *_: "a token")
    monkeypatch.setattr(sockets.sessions, "bearer_of", lambda _token: (1, 1))
    assert sockets._connect(app, "gone already", {"HTTP_HOST": "localhost"}) is False
    assert broadcast.members() == before and broadcast.find("gone already") is None
