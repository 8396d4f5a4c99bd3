"""Members who come back are asked about together, and each is answered as if they had come alone."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from forum import clock as forum_clock
from forum.access import Role
from forum.actions import sanctions, sessions
from forum.database import db, writing
from forum.live import broadcast, log, returning, spoken, tail
from forum.live.broadcast import Reader
from forum.live.heads import Head, Heads
from forum.live.lines import Lines
from forum.live.returning import Return
from forum.models import SeatRole, SiteRole, User


def signed_in(user):
    """Return the id of a session of `user`."""
    with writing():
        return sessions.begin(db.session.get_one(User, user.id)).id


def test_each_of_many_is_answered_as_if_they_had_come_alone(house, clock):
    discussion = house.discussion(ask=1)
    start = discussion.last_seq
    expected = {
        house.user("Mina Member"): True,
        house.user("Otto Organiser", role=SiteRole.ORGANISER): True,
        house.user("Ada Administrator", role=SiteRole.ADMINISTRATOR): False,
        house.panelist(discussion): False,
        house.host_of(discussion): False,
        db.session.get_one(User, discussion.owner_id): False,
    }
    muted, ended = house.user("Max Muted"), house.user("Ed Ended")
    house.do(sanctions.mute, house.host_of(discussion), discussion, muted, "Too loud.")
    house.comment(discussion, question=1)
    db.session.refresh(discussion)
    end = discussion.last_seq
    asked = [(Return(signed_in(user), user.id, discussion.id, start, end), wanted) for user, wanted in expected.items()]
    session_id = signed_in(muted)
    told = next(seq for seq in range(start + 1, end + 1) if _audience(discussion, seq) == f"user:{muted.id}")
    asked += [
        (Return(session_id, muted.id, discussion.id, start, end), False),
        (Return(session_id, muted.id, discussion.id, told, end), True),
        (Return(session_id, muted.id, discussion.id, start, told - 1), True),
        (Return(session_id, muted.id, discussion.id, end, end), True),
        (Return(None, muted.id, discussion.id, end, end), False),
    ]
    over = signed_in(ended)
    house.do(sessions.end, ended, over)
    asked += [
        (Return(over, ended.id, discussion.id, end, end), False),
        # Somebody else's session says nothing about them.
        (Return(session_id, ended.id, discussion.id, end, end), False),
    ]
    returns = [each for each, _wanted in asked]
    answers = [wanted for _each, wanted in asked]
    assert returning.hear_as_any_member(returns) == answers
    assert [returning.hear_as_any_member([each])[0] for each in returns] == answers


def test_who_is_told_last_of_all_or_whose_session_has_run_out_is_asked_about_alone(house, clock):
    discussion, muted = house.discussion(ask=1), house.user("Max Muted")
    start, session_id = discussion.last_seq, signed_in(muted)
    house.do(sanctions.mute, house.host_of(discussion), discussion, muted, "Too loud.")
    db.session.refresh(discussion)
    end = discussion.last_seq
    assert _audience(discussion, end) == f"user:{muted.id}"
    missed, nothing = (Return(session_id, muted.id, discussion.id, after, end) for after in (start, end))
    assert returning.hear_as_any_member([missed, nothing]) == [False, True]
    forum_clock.advance(sessions.LENGTH)
    assert returning.hear_as_any_member([nothing]) == [False]


def test_who_is_told_the_first_of_as_much_as_can_be_replayed_is_asked_about_alone(house, monkeypatch):
    discussion, muted = house.discussion(), house.user("Max Muted")
    start, session_id = discussion.last_seq, signed_in(muted)
    house.do(sanctions.mute, house.host_of(discussion), discussion, muted, "Too loud.")
    house.comment(discussion)
    db.session.refresh(discussion)
    end = discussion.last_seq
    monkeypatch.setattr(returning, "CATCH_UP_LIMIT", end - start)
    assert returning.hear_as_any_member([Return(session_id, muted.id, discussion.id, start, end)]) == [False]


def _audience(discussion, seq):
    found = log.since(discussion, seq - 1, discussion.epoch, {f"user:{n}" for n in range(100)} | {"everyone"})
    return next((event.audience for event in found.events if event.seq == seq), "")


def test_two_discussions_in_one_turn_are_kept_apart(house, clock):
    one, other = house.discussion(ask=1), house.discussion(ask=1)
    person = house.user()
    house.seat(one, person, SeatRole.MODERATOR)
    session_id = signed_in(person)
    returns = [Return(session_id, person.id, place.id, place.last_seq, place.last_seq) for place in (one, other)]
    assert returning.hear_as_any_member(returns) == [False, True]


def test_many_are_asked_about_in_as_many_queries_as_one(house, clock, statements):
    discussion = house.discussion(ask=1)
    end = discussion.last_seq
    people = [house.user() for _ in range(20)]
    returns = [Return(signed_in(user), user.id, discussion.id, end - 1, end) for user in people]
    made = []
    for some in (returns[:1], returns):
        db.session.rollback()
        with statements() as said:
            assert all(returning.hear_as_any_member(some))
        made.append([statement.split()[0] for statement in said])
    assert made[0] == made[1]


def test_who_bears_a_token_is_known_while_it_signs_them_in(house, clock):
    user = house.user()
    with writing():
        session = sessions.begin(db.session.get_one(User, user.id))
        token, number = session.token, session.id
    assert sessions.bearer_of(token) == (user.id, number)
    assert sessions.bearer_of("another") is None
    forum_clock.advance(sessions.LENGTH - timedelta(seconds=1))
    assert sessions.bearer_of(token) == (user.id, number)
    forum_clock.advance(timedelta(seconds=1))
    assert sessions.bearer_of(token) is None


@pytest.mark.parametrize("is_open", [True, False])
def test_who_comes_while_a_discussion_is_closed_to_them_stands_in_no_room(app, house, is_open):
    """Between the look and the entry it became private, and its readers have been told something already."""
    discussion = house.discussion()
    head = Head.of(discussion)
    tail._sent[discussion.id] = (head.epoch, head.last_seq + 1)
    later = head._replace(last_seq=head.last_seq + 1, visibility=head.visibility if is_open else "invited")
    heads = SimpleNamespace(look_lately=lambda *_: head, look=lambda _: later)
    reader = Reader("new here", lambda _frame: None)
    broadcast.add(reader)
    said = {"discussion": discussion.id, "after": later.last_seq if is_open else head.last_seq, "epoch": head.epoch}
    answer = spoken.join_openly(app, heads, None, reader, said)
    assert (answer is not None) is is_open
    assert broadcast.count(discussion.id) == int(is_open)
    broadcast.remove(reader.sid)
    tail._sent.clear()


def test_a_host_who_asks_again_on_the_same_socket_hears_no_less(app, house, database):
    discussion = house.discussion()
    host = house.host_of(discussion)
    heads, returns = Heads(Lines(database)), returning.line(app)
    reader = Reader("a host", lambda _frame: None, user_id=host.id)
    broadcast.add(reader)
    said = {"discussion": discussion.id, "after": discussion.last_seq, "epoch": discussion.epoch}
    for _ in range(2):
        assert spoken.join_openly(app, heads, returns, reader, said) is None
        spoken.join(reader, said)
        assert reader.rooms[discussion.id] == broadcast.audiences(host.id, Role.HOST)
    broadcast.remove(reader.sid)
    tail._sent.clear()
