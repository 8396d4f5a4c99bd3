"""The letter by which hosts and moderators set a first password: who gets one, how often, how long it is good."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum import panel, record
from forum.actions import deliveries, first_passwords, leaving, seats, sessions
from forum.actions.leaving import Words
from forum.actions.seats import SeatDraft
from forum.database import db, writing
from forum.models import Event, Letter, SeatRole, Session
from forum.record import Wanted
from forum.refusals import Refused


class Staff:
    """A discussion with a host who has a password, and Mona, who was given a seat by an address nobody knew."""

    def __init__(self, house, phase="announced", role=SeatRole.MODERATOR, **fields):
        self.house, self.discussion = house, house.discussion(phase=phase, slug="hour", **fields)
        self.host = house.host_of(self.discussion)
        with writing():
            self.host.password_hash = "something"
        self.seat = self.give(role)

    def give(self, role=SeatRole.MODERATOR, email="mona@example.org", name="Mona Moderator"):
        return self.house.do(seats.give, self.host, self.discussion, SeatDraft(name, email, role))

    def ask(self) -> str:
        """Return the token that was mailed last."""
        self.house.do(first_passwords.ask, self.host, self.seat)
        return re.search(r"/seat/(\S+)", letters()[-1].body)[1]

    def choose(self, token, language=""):
        return self.house.do(first_passwords.choose, token, "a hash", language)

    def awaited(self):
        db.session.expire_all()
        return panel.awaited(self.discussion)


@pytest.fixture
def staff(house, clock):
    return Staff(house)


def letters() -> list[Letter]:
    return list(db.session.scalars(select(Letter).where(Letter.kind == "seated").order_by(Letter.id)))


def refused(code: str, action, *arguments) -> Refused:
    with pytest.raises(Refused) as raised, writing():
        action(*arguments)
    assert raised.value.code == code, raised.value.message
    return raised.value


def test_the_letter_says_who_invites_to_what_and_what_somebody_does_there(staff):
    staff.ask()
    letter = letters()[0]
    assert letter.to == "mona@example.org"
    assert staff.discussion.title in letter.subject
    for words in ("Hello Mona Moderator,", "Hana Host-Maier has made you a moderator", staff.discussion.title):
        assert words in letter.body
    assert "A moderator reads along" in letter.body and "A host prepares it" not in letter.body
    other = staff.give(SeatRole.HOST, "hedda@example.org", "Hedda Second")
    staff.house.do(first_passwords.ask, staff.host, other)
    assert "made you a host" in letters()[-1].body and "A host prepares it" in letters()[-1].body


@pytest.mark.parametrize(("own", "hers"), [("es", "Hola"), ("", "Guten Tag")])
def test_it_is_in_her_language_or_else_in_that_of_the_discussion(house, clock, own, hers):
    staff = Staff(house, language="de")
    with writing():
        staff.seat.user.language = own
    staff.ask()
    assert letters()[0].body.startswith(hers)


def test_a_password_is_set_once_by_it_and_signs_her_out_elsewhere(staff):
    token = staff.ask()
    with writing():
        before = sessions.begin(staff.seat.user)
    assert staff.choose(token, "fr").id == staff.seat.id
    user = staff.seat.user
    assert (user.password_hash, user.language) == ("a hash", "fr")
    assert db.session.get_one(Session, before.id).ended_at is not None
    assert "sign in with it" in refused("link_over", first_passwords.choose, token, "another").message
    assert user.password_hash == "a hash"


def test_it_is_good_for_two_weeks(staff, clock):
    token = staff.ask()
    clock.advance(timedelta(days=14) - timedelta(minutes=1))
    assert first_passwords.seat_of(token).id == staff.seat.id
    clock.advance(timedelta(minutes=1))
    assert refused("link_over", first_passwords.seat_of, token).status == 410


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 300])
def test_what_we_have_not_made_is_no_link(staff, token):
    refused("link_over", first_passwords.seat_of, token)


def test_it_dies_with_the_seat(staff):
    token = staff.ask()
    staff.house.do(seats.take, staff.host, staff.seat)
    refused("link_over", first_passwords.choose, token, "a hash")


def test_it_is_no_way_in_for_who_is_a_panelist_by_now(staff):
    token = staff.ask()
    draft = SeatDraft("Mona Moderator", "", SeatRole.PANELIST)
    staff.house.do(seats.change, staff.host, staff.seat, draft)
    refused("link_over", first_passwords.choose, token, "a hash")


def test_who_has_left_gets_nothing_by_it(staff):
    token = staff.ask()
    staff.house.do(leaving.leave, staff.seat.user, Words.KEEP)
    refused("link_over", first_passwords.seat_of, token)
    assert staff.awaited() == {}, "nobody waits for them"
    assert "has left this site" in refused("has_left", first_passwords.ask, staff.host, staff.seat).message


def test_pressed_twice_within_a_minute_it_is_one_letter(staff, clock):
    for _ in range(2):
        staff.ask()
    clock.advance(timedelta(seconds=59))
    staff.ask()
    assert len(letters()) == 1
    clock.advance(timedelta(seconds=2))
    staff.ask()
    assert len(letters()) == 2


def test_the_next_who_gets_that_seat_is_another_person(staff):
    """SQLite gives the number of a row that is gone to the next one."""
    staff.ask()
    staff.house.do(seats.take, staff.host, staff.seat)
    other = staff.give(email="nora@example.org")
    assert staff.awaited()[other.id].asked_at is None
    staff.house.do(first_passwords.ask, staff.host, other)
    assert [letter.to for letter in letters()] == ["mona@example.org", "nora@example.org"]


def test_two_discussions_write_to_her_at_the_same_moment(staff):
    staff.ask()
    other = staff.house.discussion()
    host, draft = staff.house.host_of(other), SeatDraft("Mona M.", "mona@example.org", SeatRole.HOST)
    seat = staff.house.do(seats.give, host, other, draft)
    staff.house.do(first_passwords.ask, host, seat)
    assert len(letters()) == 2


def test_somebody_with_a_password_gets_no_letter(staff):
    staff.choose(staff.ask())
    refusal = refused("has_password", first_passwords.ask, staff.host, staff.seat)
    assert refusal.status == 409 and "Mona Moderator has a password already" in refusal.message
    assert len(letters()) == 1


def test_a_password_for_an_address_that_nobody_confirmed_may_be_a_strangers(staff):
    with writing():
        staff.seat.user.password_hash, staff.seat.user.confirmed_at = "a stranger's", None
    assert staff.choose(staff.ask()).user.password_hash == "a hash"
    assert staff.seat.user.confirmed_at is not None


def test_panelists_have_links_instead(staff):
    staff.house.panelist(staff.discussion)
    seat = next(seat for seat in staff.discussion.seats if seat.role is SeatRole.PANELIST)
    assert refused("is_panel", first_passwords.ask, staff.host, seat).status == 409
    assert seat.id not in staff.awaited()


def test_only_who_gives_seats_sends_it(staff):
    other = staff.house.user("Mo Other")
    staff.house.seat(staff.discussion, other, SeatRole.MODERATOR)
    assert refused("not_yours", first_passwords.ask, other, staff.seat).status == 403
    assert letters() == []


@pytest.mark.parametrize("phase", ["draft", "announced", "live", "closed"])
def test_who_helps_to_prepare_a_draft_is_written_to_as_well(house, clock, phase):
    staff = Staff(house, phase)
    assert staff.choose(staff.ask()).discussion.slug == "hour"


def test_hosts_see_who_is_awaited_and_hear_each_step(staff, clock):
    assert list(staff.awaited()) == [staff.seat.id]
    assert staff.awaited()[staff.seat.id] == panel.Awaited(has_been_here=False, asked_at=None, lost=None)
    token = staff.ask()
    assert staff.awaited()[staff.seat.id].asked_at is not None
    staff.choose(token)
    assert staff.awaited() == {}
    heard = db.session.execute(select(Event.kind, Event.audience).where(Event.kind.startswith("first_password"))).all()
    assert heard == [("first_password.asked", "hosts"), ("first_password.set", "hosts")]
    assert record.lines(Wanted(staff.discussion))[0].verb == "seat.password_asked"


def test_a_letter_that_did_not_arrive_is_said(staff, clock):
    staff.ask()
    with writing():
        deliveries.bounced(letters()[0], "550 nobody", is_dead=False)
    heard = select(Event.discussion_id, Event.audience).where(Event.kind == "first_password.failed")
    assert db.session.execute(heard).all() == [(staff.discussion.id, "hosts")]
    assert staff.awaited()[staff.seat.id].lost.refusal == "550 nobody"
    clock.advance(timedelta(minutes=2))
    staff.ask()
    assert staff.awaited()[staff.seat.id].lost is None
