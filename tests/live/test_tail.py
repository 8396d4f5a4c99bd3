"""The tail sends what the log has grown by: whole, in order, gathered, and whatever goes wrong."""

import pytest

from forum.access import Role
from forum.actions import seats
from forum.actions.seats import SeatDraft
from forum.database import db
from forum.live import broadcast, fragments, tail
from forum.live.broadcast import Reader
from forum.live.log import CATCH_UP_LIMIT, record
from forum.models import Audience, Comment, SeatRole, User


class Heard:
    """A reader whose frames are kept."""

    def __init__(self, discussion, audiences=broadcast.EVERYBODY, name="reader"):
        self.frames = []
        self.reader = Reader(name, lambda frame: self.frames.append(frame))
        broadcast.add(self.reader)
        broadcast.enter(self.reader, discussion.id, audiences)
        tail.watch(discussion)

    def said(self, event="events"):
        import json

        return [json.loads(frame.text[1:])[1] for frame in self.frames if json.loads(frame.text[1:])[0] == event]


def test_what_is_due_goes_out_in_one_frame_that_names_its_range(house):
    discussion = house.discussion()
    heard = Heard(discussion)
    head = discussion.last_seq
    comments = [house.comment(discussion, body=f"Point {number}") for number in range(3)]
    tail.turn()
    [frame] = heard.said()
    assert (frame["after"], frame["seq"], frame["epoch"]) == (head, head + 3, discussion.epoch)
    assert [event["id"] for event in frame["events"]] == [comment.id for comment in comments]


def test_nothing_new_says_nothing(house):
    discussion = house.discussion()
    heard = Heard(discussion)
    tail.turn()
    tail.turn()
    assert heard.frames == []


def test_one_frame_serves_all_who_may_hear_the_same(house):
    discussion = house.discussion()
    one, other = Heard(discussion, name="one"), Heard(discussion, name="other")
    house.comment(discussion)
    tail.turn()
    assert one.frames[0] is other.frames[0]


def test_each_audience_hears_its_own_and_the_same_range(house):
    discussion = house.discussion()
    ada = house.user("Ada Member")
    visitor = Heard(discussion, name="visitor")
    own = Heard(discussion, broadcast.EVERYBODY | {Audience.person(ada.id)}, name="ada")
    house.do(record, discussion, "person.muted", ada.id, Audience.person(ada.id))
    tail.turn()
    assert [event["kind"] for event in own.said()[0]["events"]] == ["person.muted"]
    assert visitor.said()[0]["events"] == []
    assert visitor.said()[0]["seq"] == own.said()[0]["seq"]


@pytest.mark.parametrize("change", ["taken", "changed"])
def test_who_loses_a_seat_hears_nothing_more_of_the_green_room(house, change):
    discussion = house.discussion()
    owner = db.session.get_one(User, discussion.owner_id)
    user = house.user("Mo Moderator")
    seat = house.seat(discussion, user, SeatRole.MODERATOR)
    theirs = Heard(discussion, broadcast.audiences(user.id, Role.MODERATOR))
    theirs.reader.user_id = user.id
    broadcast.add(theirs.reader)
    tail.turn()
    if change == "taken":
        house.do(seats.take, owner, seat)
    else:
        house.do(seats.change, owner, seat, SeatDraft(name=seat.name, email=user.email, role=SeatRole.PANELIST))
    house.do(record, discussion, "backstage.posted", None, Audience.HOSTS)
    tail.turn()
    assert Audience.HOSTS not in theirs.reader.rooms[discussion.id]
    assert (Audience.BACKSTAGE in theirs.reader.rooms[discussion.id]) is (change == "changed")


def test_more_than_can_be_replayed_is_a_hole_that_readers_ask_about(house):
    discussion = house.discussion()
    heard = Heard(discussion)
    tail._sent[discussion.id] = (discussion.epoch, discussion.last_seq - CATCH_UP_LIMIT - 1)
    tail.turn()
    assert heard.said() == [
        {
            "discussion": discussion.id,
            "epoch": discussion.epoch,
            "after": discussion.last_seq,
            "seq": discussion.last_seq,
            "events": [],
        }
    ]


def test_another_epoch_is_told_at_once(house):
    discussion = house.discussion()
    heard = Heard(discussion)
    tail._sent[discussion.id] = ("of-a-lost-past", discussion.last_seq)
    tail.turn()
    assert heard.said()[0]["epoch"] == discussion.epoch


def test_a_fault_while_rendering_loses_nothing(house, monkeypatch):
    discussion = house.discussion()
    heard = Heard(discussion)
    comment = house.comment(discussion)
    with monkeypatch.context() as broken:
        broken.setattr(tail, "render", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tail.turn()
    tail.turn()
    assert [event["id"] for event in heard.said()[0]["events"]] == [comment.id]


def test_the_next_broadcast_waits_twice_as_long_while_many_come(app, monkeypatch):
    """Who comes is silent until they are in; who posts every quarter second must not meet a broadcast each time."""
    moment, came = [100.0], [7]
    monkeypatch.setattr(tail, "_rests_until", 0.0)
    monkeypatch.setattr(tail, "_came_before", 7)
    monkeypatch.setattr(tail.wake, "wait", lambda _seconds: False)
    monkeypatch.setattr(tail.door, "came", lambda: came[0])
    monkeypatch.setattr(tail, "turn", lambda: moment.__setitem__(0, moment[0] + 0.08))
    monkeypatch.setattr(tail.time, "monotonic", lambda: moment[0])
    pauses = []
    for many in (0, tail.MANY_COME, tail.MANY_COME - 1, 500):
        came[0] += many
        tail._wait_and_turn()
        pauses.append(round(tail._rests_until - moment[0], 3))
    assert pauses == [0.08, 0.16, 0.08, 0.16]


@pytest.mark.parametrize(
    ("rings_until", "waits"),
    [(0.0, 0.05), (0.01, 0.07), (0.06, 0.08), (9.0, 0.1)],
    ids=["nobody else", "one more in the pause", "two more", "no end"],
)
def test_a_burst_shares_a_frame_as_long_as_comments_follow_closely(app, monkeypatch, rings_until, waits):
    """A broadcast to thousands takes as long as ten posts: twenty of them must not be worth four broadcasts."""
    moment, heard = [100.0], [100.0]

    def pass_by(seconds):
        moment[0] += seconds

    def wait(seconds):
        """Somebody posts every hundredth of a second for a while."""
        last = min(moment[0], 100.0 + rings_until)
        if seconds == 0.0 and last > heard[0]:
            heard[0] = last
            return True
        following = heard[0] + 0.01
        if following > 100.0 + rings_until or following > moment[0] + seconds:
            pass_by(seconds)
            return False
        pass_by(max(0.0, following - moment[0]))
        heard[0] = following
        return True

    monkeypatch.setattr(tail, "_rests_until", 100.05)
    monkeypatch.setattr(tail, "_gathers_until", 100.1)
    monkeypatch.setattr(tail.wake, "wait", wait)
    monkeypatch.setattr(tail.gevent, "sleep", pass_by)
    monkeypatch.setattr(tail.time, "monotonic", lambda: moment[0])
    tail._gather()
    assert moment[0] - 100.0 == pytest.approx(waits)


def test_a_comment_after_a_quiet_moment_goes_out_at_once(app, monkeypatch):
    moment = [100.0]
    monkeypatch.setattr(tail, "_rests_until", 99.0)
    monkeypatch.setattr(tail, "_gathers_until", 99.5)
    monkeypatch.setattr(tail.wake, "wait", lambda _seconds: pytest.fail("waited"))
    monkeypatch.setattr(tail.gevent, "sleep", lambda seconds: moment.__setitem__(0, moment[0] + seconds))
    monkeypatch.setattr(tail.time, "monotonic", lambda: moment[0])
    tail._gather()
    assert moment == [100.0]


def test_a_comment_costs_six_questions(house, statements):
    """Each is half a millisecond or more, and on PostgreSQL a way to another process."""
    discussion = house.discussion(ask=2)
    house.panelist(discussion)
    heard = Heard(discussion)
    for _ in range(2):  # the first has its numbers counted
        house.comment(discussion, question=1)
        with statements() as made:
            tail.turn()
    assert len(heard.said()) == 2
    assert len([statement for statement in made if statement.startswith("SELECT")]) == 6


def test_an_answer_that_comes_in_the_same_frame_is_counted(house):
    discussion = house.discussion()
    heard = Heard(discussion)
    parent = house.comment(discussion, body="Who pays?")
    house.comment(discussion, body="You do.", reply_to=parent.id)
    house.comment(discussion, body="We do.", reply_to=parent.id)
    tail.turn()
    [frame] = heard.said()
    db.session.remove()
    assert frame["events"][0]["html"] == fragments.comment_html(Comment.with_id(parent.id))
    assert frame["events"][1]["parent"] == {"id": parent.id, "replies": 2}


def test_a_discussion_that_cannot_be_sent_keeps_none_behind_it_waiting(house, monkeypatch):
    discussions = [house.discussion(), house.discussion()]
    heard = [Heard(one, name=f"reader {one.id}") for one in discussions]
    bad = min(one.id for one in discussions)
    send, tries = tail._send, []

    def fails(discussion_id, *more):
        tries.append(discussion_id)
        if discussion_id == bad:
            raise RuntimeError("not to be rendered")
        send(discussion_id, *more)

    monkeypatch.setattr(tail, "_send", fails)
    for one in discussions:
        house.comment(one)
    with pytest.raises(RuntimeError):
        tail.turn()
    assert [len(one.said()) for one in heard] == [0, 1]
    monkeypatch.undo()
    tail.turn()
    assert [len(one.said()) for one in heard] == [1, 1], "and it is tried again"
