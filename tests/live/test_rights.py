"""The sweep: rights that end or grow reach whoever is connected, in questions that many share."""

import json
from datetime import timedelta

import pytest

from forum import clock as forum_clock
from forum.access import Role
from forum.actions import seats
from forum.database import db, writing
from forum.live import broadcast, rights
from forum.live.broadcast import Reader
from forum.models import Audience, SeatRole, Session, SiteRole, User


@pytest.fixture
def hung_up(monkeypatch):
    """The sockets that were closed."""
    closed = []
    monkeypatch.setattr(rights.engine, "hang_up", lambda _server, sid: closed.append(sid))
    monkeypatch.setattr(rights.gevent, "spawn", lambda work, *said: work(*said))
    monkeypatch.setattr(rights, "_noted_at", -rights.NOTE_SECONDS)
    return closed


def _signed_in(user):
    """A reader with a session that was last seen an hour ago, and what they are told."""
    told, now = [], forum_clock.now()
    session = Session(
        user_id=user.id,
        token_hash=f"hash of {user.id}",
        started_at=now - timedelta(hours=1),
        seen_at=now - timedelta(hours=1),
        expires_at=now + timedelta(days=1),
    )
    with writing():
        db.session.add(session)
    reader = Reader(f"of-{user.id}", lambda frame: told.append(json.loads(frame.text[1:])), user.id, session.id)
    broadcast.add(reader)
    return reader, told


def _end(*readers):
    with writing():
        for reader in readers:
            db.session.get_one(Session, reader.session_id).ended_at = forum_clock.now()


def test_of_many_sessions_only_those_that_have_ended_are_hung_up_on(house, clock, hung_up, monkeypatch):
    monkeypatch.setattr(rights, "_AT_ONCE", 2)
    came = [_signed_in(house.user()) for _ in range(5)]
    readers = [reader for reader, _ in came]
    _end(readers[1], readers[4])
    rights.sweep()
    assert hung_up == [readers[1].sid, readers[4].sid]
    assert [told[0][1]["code"] for _, told in came if told] == ["signed_out"] * 2
    assert broadcast.members() == [readers[0], readers[2], readers[3]]


def test_a_session_that_has_run_out_is_hung_up_on_as_one_that_was_ended(house, clock, hung_up):
    reader, told = _signed_in(house.user())
    forum_clock.advance(timedelta(days=1) - timedelta(seconds=1))
    with writing():  # nobody has noted that it was in use
        db.session.get_one(Session, reader.session_id).seen_at = forum_clock.now()
    rights.sweep()
    assert hung_up == []
    forum_clock.advance(timedelta(seconds=1))
    rights.sweep()
    assert (hung_up, told[0][1]["code"]) == ([reader.sid], "signed_out")


def test_the_sweep_takes_from_a_member_of_an_open_discussion_what_their_seat_gave(house, clock, hung_up):
    discussion, user = house.discussion(), house.user("Mo Moderator")
    seat = house.seat(discussion, user, SeatRole.MODERATOR)
    reader, _ = _signed_in(user)
    broadcast.enter(reader, discussion.id, broadcast.audiences(user.id, Role.MODERATOR))
    rights.sweep()
    assert Audience.HOSTS in reader.rooms[discussion.id]
    house.do(seats.take, house.host_of(discussion), seat)
    rights.sweep()
    assert reader.rooms[discussion.id] == broadcast.audiences(user.id, Role.MEMBER)


def test_who_was_hung_up_on_hears_nothing_more_though_their_socket_is_still_closing(house, clock, hung_up):
    discussion, member = house.discussion(), house.user()
    reader, told = _signed_in(member)
    broadcast.enter(reader, discussion.id, broadcast.audiences(member.id, Role.MEMBER))
    _end(reader)
    rights.sweep()
    broadcast.send(discussion.id, "presence", {})
    assert [event for event, _ in told] == ["revoked"]
    assert broadcast.count(discussion.id) == 0


def test_that_somebody_is_here_is_noted_once_a_minute(house, clock, hung_up, statements):
    reader, _ = _signed_in(house.user())
    with statements() as made:
        for _ in range(3):
            rights.sweep()
    assert len([statement for statement in made if statement.startswith("UPDATE")]) == 1
    assert db.session.get_one(Session, reader.session_id, populate_existing=True).seen_at == clock.now()


def _hears_more_once_made(discussion, user, role) -> None:
    """Hosts' business is not for `user` until they are given this role on the site."""
    reader, _ = _signed_in(user)
    broadcast.enter(reader, discussion.id, broadcast.audiences(user.id, Role.MEMBER))
    rights.sweep_discussion(discussion.id)
    assert Audience.HOSTS not in reader.rooms[discussion.id]
    with writing():
        db.session.get_one(User, user.id).role = role
    rights.sweep_discussion(discussion.id)
    assert Audience.HOSTS in reader.rooms[discussion.id]


def test_a_member_who_is_made_an_administrator_hears_what_they_may_from_then_on(house):
    _hears_more_once_made(house.discussion(), house.user(), SiteRole.ADMINISTRATOR)


def test_an_owner_who_is_made_an_organiser_again_hears_what_hosts_do(house):
    discussion = house.discussion()
    owner = db.session.get_one(User, discussion.owner_id)
    with writing():
        owner.role = SiteRole.MEMBER
    _hears_more_once_made(discussion, owner, SiteRole.ORGANISER)


def test_who_leaves_while_they_are_judged_stays_outside(house, monkeypatch):
    """On PostgreSQL each question lets others in: one of them may be a reader who leaves."""
    discussion, user = house.discussion(), house.user()
    house.seat(discussion, user, SeatRole.MODERATOR)
    reader, _ = _signed_in(user)
    broadcast.enter(reader, discussion.id, broadcast.audiences(user.id, Role.MODERATOR))
    judge = rights.judge

    def leave_meanwhile(*whom):
        broadcast.leave(reader, discussion.id)
        return judge(*whom)

    monkeypatch.setattr(rights, "judge", leave_meanwhile)
    rights.sweep_discussion(discussion.id)
    assert reader.rooms == {}


def test_a_discussion_that_is_there_no_more_is_closed_to_who_reads_it(app):
    told = []
    reader = Reader("visitor", lambda frame: told.append(json.loads(frame.text[1:])))
    broadcast.add(reader)
    broadcast.enter(reader, 17, broadcast.EVERYBODY)
    rights.sweep()
    assert [said["code"] for _, said in told] == ["not_found"]
    assert broadcast.watched() == []
