"""What has just been posted goes out as it was rendered at the desk, if nothing else has happened; else it is read."""

import secrets

import pytest

from forum.actions import escalation, moderation, seats
from forum.actions.escalation import Rules
from forum.actions.posting import CommentDraft
from forum.actions.seats import SeatDraft
from forum.database import db
from forum.live import broadcast, fragments, fresh, log, stream, tail
from forum.models import Comment, Event, Seat, SeatRole, User
from forum.web import desk
from forum.web.desk import Sheet
from tests.actions.test_after_the_end import late_room, over
from tests.live.test_tail import Heard


@pytest.fixture
def hand_in(app, house):
    """Return a way to the desk: several bodies by several people share a turn."""

    def hand_in(discussion, *bodies, question=None, reply_to=None, author=None):
        sheets = []
        for body in bodies:
            user = author or house.user("Ada Writer")
            draft = CommentDraft(body, question, reply_to, secrets.token_hex(8))
            sheets.append(Sheet(user.id, draft, None, True, "en"))
        outcomes = desk._post(discussion.slug, sheets)
        assert all(isinstance(outcome, desk.Receipt) for outcome in outcomes), outcomes
        db.session.rollback()
        db.session.refresh(discussion)
        return outcomes

    return hand_in


def the_log_says(discussion, after):
    """Return what the events after `after` are for everybody, read as the tail reads them."""
    db.session.expire_all()
    found = db.session.query(Event).where(Event.discussion_id == discussion.id, Event.seq > after)
    return tail.render(discussion, found.order_by(Event.seq).all())


def test_it_is_what_the_log_says_and_asks_for_nothing(house, hand_in, statements):
    discussion = house.discussion(ask=2)
    panelist = house.panelist(discussion)
    heard, head = Heard(discussion), discussion.last_seq
    hand_in(discussion, "Rivers first.", "And the **sea**?", question=1)
    with statements() as made:
        tail.turn()
    assert len(made) == 1  # where the log stands
    [frame] = heard.said()
    assert (frame["after"], frame["seq"]) == (head, head + 2)
    assert frame["events"] == the_log_says(discussion, head)
    [first] = hand_in(discussion, "From the panel.", question=2, author=panelist)
    tail.turn()
    assert heard.said()[-1]["events"] == the_log_says(discussion, head + 2)
    hand_in(discussion, "An answer to that.", "Another one.", question=2, reply_to=first.id)
    with statements() as made:
        tail.turn()
    assert len(made) == 1
    frame = heard.said()[-1]
    assert [event["parent"] for event in frame["events"]] == [{"id": first.id, "replies": 2}] * 2
    assert frame["events"] == the_log_says(discussion, head + 3)


def test_what_is_laid_out_is_the_writers_answer_too(house, hand_in, monkeypatch):
    """A comment is dressed once, for who wrote it and for who reads along."""
    discussion, dressed, dress = house.discussion(ask=1), [], stream.dress
    monkeypatch.setattr(stream, "dress", lambda *said: dressed.append(1) or dress(*said))
    heard = Heard(discussion)
    receipts = hand_in(discussion, "One.", "Another.", question=1)
    tail.turn()
    assert [receipt.html for receipt in receipts] == [event["html"] for event in heard.said()[0]["events"]]
    assert dressed == [1]
    monkeypatch.undo()
    assert [receipt.html for receipt in receipts] == [
        fragments.comment_html(Comment.with_id(receipt.id)) for receipt in receipts
    ]


def test_what_comes_late_is_counted_in_the_closing_words(house, hand_in, clock):
    discussion = late_room(house)
    over(house, clock, discussion)
    heard, head = Heard(discussion), discussion.last_seq
    hand_in(discussion, "A last word.")
    tail.turn()
    [frame] = heard.said()
    assert frame["events"] == the_log_says(discussion, head)
    assert "notice" in frame["events"][0]["regions"]


def test_several_pieces_share_a_frame(house, hand_in):
    discussion = house.discussion(ask=1)
    heard, head = Heard(discussion), discussion.last_seq
    hand_in(discussion, "One.", question=1)
    hand_in(discussion, "Another.", "A third.", question=1)
    tail.turn()
    [frame] = heard.said()
    assert (frame["after"], frame["seq"]) == (head, head + 3)
    assert [event["seq"] for event in frame["events"]] == [head + 1, head + 2, head + 3]
    assert frame["events"][-1] == the_log_says(discussion, head)[-1]


def test_a_text_that_is_hidden_meanwhile_is_never_sent(house, hand_in):
    discussion = house.discussion()
    heard = Heard(discussion)
    [receipt] = hand_in(discussion, "Buy my wonderful pills.")
    house.do(moderation.hide, house.host_of(discussion), Comment.with_id(receipt.id), "Advertising")
    tail.turn()
    [frame] = heard.said()
    assert "wonderful" not in str(frame)
    assert [event["state"] for event in frame["events"]] == ["hidden"]


def test_what_waits_for_a_host_is_not_laid_out(house, hand_in):
    discussion = house.discussion()
    heard = Heard(discussion)
    house.do(
        escalation.set_rules,
        house.host_of(discussion),
        discussion,
        Rules(hold_first=False, hold_links=True, words="", hide_after_flags=0),
    )
    hand_in(discussion, "Come to https://example.org/pills", "Nothing of that kind.")
    assert fresh._pieces == {}
    tail.turn()
    assert "pills" not in str(heard.said())
    assert "Nothing of that kind" in str(heard.said())


@pytest.mark.postgresql
def test_what_another_process_did_between_the_reading_and_the_writing_is_read(house, hand_in, monkeypatch):
    """The desk has read the seats before it has the lock; a badge that was given, and told, meanwhile goes out too."""
    discussion, ada = house.discussion(), house.user("Ada Writer")
    heard, lock = Heard(discussion), log.lock
    seat_id, host_id = house.seat(discussion, ada, SeatRole.MODERATOR).id, house.host_of(discussion).id
    tail.turn()
    change = SeatDraft(name="Dr Ada Writer", email=ada.email, role=SeatRole.PANELIST)

    def lock_late(wanted):
        monkeypatch.undo()
        with house.app.app_context():
            house.do(lambda: seats.change(db.session.get_one(User, host_id), db.session.get_one(Seat, seat_id), change))
        with house.app.app_context():
            tail.turn()
        lock(wanted)

    monkeypatch.setattr(log, "lock", lock_late)
    hand_in(discussion, "Who am I?", author=ada)
    with house.app.app_context():
        tail.turn()
    told, posted = heard.said()[-2:]
    assert [event["kind"] for event in told["events"]] == ["seat.changed"]
    assert [event["panel"] for event in posted["events"]] == [True]
    assert "Dr Ada Writer" in posted["events"][0]["html"]


def test_a_fault_at_the_desk_costs_nobody_their_comment(house, hand_in, monkeypatch):
    discussion = house.discussion()
    heard = Heard(discussion)
    with monkeypatch.context() as broken:
        broken.setattr(fragments, "just_posted", lambda *_: 1 / 0)
        [receipt] = hand_in(discussion, "Still here.")
    assert receipt.state == "published"
    tail.turn()
    assert [event["id"] for event in heard.said()[0]["events"]] == [receipt.id]


def test_of_what_nobody_reads_nothing_is_kept(house, hand_in):
    discussion = house.discussion()
    hand_in(discussion, "To an empty room.")
    assert fresh._pieces == {}
    heard = Heard(discussion)
    hand_in(discussion, "To one.")
    assert len(fresh._pieces[discussion.id]) == 1
    broadcast.remove(heard.reader.sid)
    tail.turn()
    assert fresh._pieces == {}


@pytest.mark.parametrize(
    ("laid", "asked", "found"),
    [
        ([(3, 4), (4, 6)], (3, 6), [4, 5, 6]),
        ([(2, 3), (3, 4)], (3, 4), [4]),
        ([(3, 4), (5, 6)], (3, 6), None),
        ([(4, 5)], (3, 5), None),
        ([(3, 5)], (3, 4), None),
        ([(3, 4), (4, 5)], (3, 4), [4]),
        ([], (3, 4), None),
    ],
    ids=["joined", "after an old one", "a hole", "begins late", "goes too far", "the next waits", "nothing"],
)
def test_pieces_are_taken_whole_and_without_a_hole(laid, asked, found):
    fresh._pieces[7] = [
        fresh._Piece("now", after, seq, [{"seq": number} for number in range(after + 1, seq + 1)])
        for after, seq in laid
    ]
    taken = fresh.take(7, "now", *asked)
    assert (None if taken is None else [event["seq"] for event in taken]) == found
    assert [piece.after for piece in fresh._pieces.get(7, [])] == [after for after, _ in laid if after >= asked[1]]


def test_another_history_is_not_mixed_in():
    fresh._pieces[7] = [fresh._Piece("before the backup", 3, 4, [{"seq": 4}])]
    assert fresh.take(7, "restored", 3, 4) is None
