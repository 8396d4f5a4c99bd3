"""What says who somebody is, and has served: kept for a while, and not for good."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from forum import clock as forum_clock
from forum import guests as list_of_guests
from forum import panel
from forum.actions import deliveries, first_passwords, forgetting, guests, invitations, members, phases, rsvps
from forum.addresses import Row
from forum.archive import person
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Digest, Digests, Discussion, Letter, Rsvp, RsvpKind, SeatRole, SiteRole
from forum.notify import letters

SECOND = timedelta(seconds=1)


def tidied() -> list[str]:
    """Return the kinds of letters that are still there, the oldest first, after the clock has tidied up."""
    clockwork.tidy()
    db.session.expire_all()
    return list(db.session.scalars(select(Letter.kind).order_by(Letter.id)))


def leaves(*kinds: str, refused: bool = False) -> None:
    """Every letter of these kinds leaves, or is refused."""
    with writing():
        for letter in db.session.scalars(select(Letter).where(Letter.kind.in_(kinds))):
            if refused:
                deliveries.refused(letter, "550 nobody")
            else:
                letter.sent_at = forum_clock.now()


def test_letters_go_a_while_after_they_left_or_were_given_up(house, clock):
    user = house.user("Rita Reader")
    for kind in ("known", "unknown", "reset"):
        house.do(letters.write, user.email, kind)
    leaves("known")
    leaves("reset", refused=True)
    forum_clock.advance(deliveries.KEPT_FOR)
    assert tidied() == ["known", "unknown", "reset"]
    assert len(person.of(user)["letters"]) == 3
    forum_clock.advance(SECOND)
    assert tidied() == ["unknown"], "one is still under way"
    assert len(person.of(user)["letters"]) == 1


def test_a_few_letters_go_at_a_time(house, clock, monkeypatch):
    monkeypatch.setattr(forgetting, "MOST_AT_ONCE", 2)
    for _ in range(5):
        house.do(letters.write, "rita@example.org", "known")
    leaves("known")
    forum_clock.advance(deliveries.KEPT_FOR + SECOND)
    assert [len(tidied()) for _ in range(3)] == [3, 1, 0]


def test_a_letter_stays_as_long_as_a_list_tells_of_it(app, house, clock):
    room = house.discussion(phase="announced", slug="water")
    host, ada = house.host_of(room), house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)
    house.panelist(room)
    seat = room.seats[-1]
    house.do(invitations.invite, host, seat)
    house.do(members.invite, ada, "nina@example.org")
    house.do(guests.invite, host, room, [Row(1, "gus@example.org")], "", "a-key-of-sixteen")
    tom = house.user("Tom Fuller")
    house.seat(room, tom, SeatRole.MODERATOR)
    helper = room.seats[-1]
    house.do(first_passwords.ask, host, helper)
    clockwork.remind()
    leaves("guest")
    leaves("invited", "welcome", "seated", refused=True)
    forum_clock.advance(deliveries.KEPT_FOR + SECOND)
    assert tidied() == ["invited", "welcome", "seated", "guest"]
    assert panel.awaited(room)[helper.id].lost
    assert [one.standing for one in list_of_guests.listed(room)] == [list_of_guests.Standing.SENT]
    assert list(list_of_guests.lost_links(room)) == [seat.id]
    forum_clock.advance(deliveries.KEPT_FOR)
    assert tidied() == ["welcome", "seated", "guest"], "the panelist's link is over long ago"
    with writing():
        db.session.merge(tom).password_hash = "something"
    assert tidied() == ["welcome", "guest"]


def addresses() -> list[str]:
    clockwork.tidy()
    db.session.expire_all()
    return [email for email in db.session.scalars(select(Rsvp.email).order_by(Rsvp.id)) if "@example.org" in email]


def test_visitors_are_forgotten_a_while_after_the_end_and_stay_counted(house, clock):
    room, mara = house.discussion(phase="announced", slug="water"), house.user("Mara Member")
    house.do(rsvps.say, mara, room, RsvpKind.TAKE_PART, "Asia/Tokyo")
    for name, kind in (("vic", RsvpKind.TAKE_PART), ("vera", RsvpKind.READ_ALONG)):
        house.do(rsvps.answer, f"{name}@example.org", room, kind, "Europe/Lisbon", "pt")
    unproven = house.do(rsvps.answer, "ulla@example.org", room, RsvpKind.TAKE_PART, "UTC")
    with writing():
        unproven.confirmed_at = None
    house.do(phases.open_now, house.host_of(room), room)
    clockwork.remind()
    house.do(phases.close, house.host_of(room), room)
    counted, told = rsvps.counts(room), rsvps.reached(room)
    forum_clock.advance(rsvps.KEPT_FOR)
    assert len(addresses()) == 4
    forum_clock.advance(SECOND)
    assert addresses() == [mara.email], "whose address is known as long as they have an account"
    assert rsvps.counts(room) == counted == {RsvpKind.TAKE_PART: 2, RsvpKind.READ_ALONG: 1}
    assert rsvps.reached(room) == told
    assert told["live"] == 3
    assert [rsvp.time_zone for rsvp in db.session.scalars(select(Rsvp).order_by(Rsvp.id))] == [
        "Asia/Tokyo",
        "UTC",
        "UTC",
    ]


def test_nobody_writes_to_who_is_forgotten_when_it_is_opened_again(house, clock):
    room = house.discussion(phase="announced", slug="water", digests=Digests.ALWAYS)
    house.do(rsvps.answer, "vic@example.org", room, RsvpKind.TAKE_PART, "UTC")
    host = house.host_of(room)
    house.do(phases.open_now, host, room)
    house.do(phases.close, host, room)
    forum_clock.advance(rsvps.KEPT_FOR + SECOND)
    assert addresses() == []
    house.do(phases.extend, host, room, 60)
    house.asked(room)
    house.comment(room, question=1)
    forum_clock.advance(timedelta(days=1))
    for _ in range(2):
        clockwork.turn()
        clockwork.remind()
    written_to = set(db.session.scalars(select(Letter.to).where(Letter.written_at > room.closed_at)))
    assert not [email for email in written_to if email.endswith("invalid")]
    assert not [email for email in db.session.scalars(select(Digest.email)) if email.endswith("invalid")]


@pytest.mark.parametrize("visibility", ["public", "invited"])
def test_of_what_was_called_off_nobody_is_kept(house, clock, visibility):
    room = house.discussion(phase="announced", slug="water")
    host, invited = house.host_of(room), ("gus", "bob", "una")
    rows = [Row(number, f"{name}@example.org") for number, name in enumerate(invited)]
    house.do(guests.invite, host, room, rows, "", "a-key-of-sixteen")
    clockwork.remind()
    with writing():  # one letter came back: who answered, and whose mail comes back, is told nothing more as a guest
        deliveries.bounced(
            db.session.scalars(select(Letter).where(Letter.to == "bob@example.org")).one(), "550", is_dead=True
        )
    for name in ("gus", "vic"):
        house.do(rsvps.answer, f"{name}@example.org", room, RsvpKind.TAKE_PART, "UTC")
    with writing():
        db.session.get_one(Discussion, room.id).visibility = visibility
    house.do(phases.withdraw, host, room)
    clockwork.remind()
    forum_clock.advance(rsvps.KEPT_FOR)
    assert addresses() == (["gus@example.org", "vic@example.org"] if visibility == "public" else [])
    assert len(list_of_guests.listed(room)) == 3
    forum_clock.advance(SECOND)
    assert addresses() == []
    assert list_of_guests.listed(room) == []
    assert db.session.scalars(select(Rsvp)).all() == []


def test_what_cannot_be_forgotten_keeps_nothing_else(house, clock, monkeypatch):
    house.do(letters.write, "rita@example.org", "known")
    leaves("known")
    forum_clock.advance(deliveries.KEPT_FOR + SECOND)

    def fails():
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(guests, "forget_old", fails)
    assert tidied() == []


def test_a_first_welcome_that_was_lost_is_not_told_of_when_the_second_is_old(house, clock):
    admin = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)
    [newcomer] = house.do(members.invite, admin, "nora@example.org")
    leaves("welcome", refused=True)
    forum_clock.advance(timedelta(hours=1))
    house.do(members.invite, admin, "nora@example.org")
    leaves("welcome")
    assert list_of_guests.lost_welcomes([newcomer]) == {}
    forum_clock.advance(deliveries.KEPT_FOR + SECOND)
    tidied()
    assert list_of_guests.lost_welcomes([newcomer]) == {}


def test_a_few_visitors_are_forgotten_at_a_time(house, clock, monkeypatch):
    monkeypatch.setattr(forgetting, "MOST_AT_ONCE", 2)
    room = house.discussion(phase="announced", slug="water")
    for number in range(5):
        house.do(rsvps.answer, f"v{number}@example.org", room, RsvpKind.TAKE_PART, "UTC")
    house.do(phases.open_now, house.host_of(room), room)
    house.do(phases.close, house.host_of(room), room)
    forum_clock.advance(rsvps.KEPT_FOR + SECOND)
    assert [len(addresses()) for _ in range(3)] == [3, 1, 0]


def test_a_link_in_an_old_reminder_is_over_and_does_no_harm(house, clock):
    room = house.discussion(phase="announced", slug="water")
    rsvp = house.do(rsvps.answer, "vic@example.org", room, RsvpKind.TAKE_PART, "UTC")
    token = rsvps.stop(rsvp).rpartition("/")[2]
    house.do(phases.open_now, house.host_of(room), room)
    house.do(phases.close, house.host_of(room), room)
    forum_clock.advance(rsvps.KEPT_FOR + SECOND)
    addresses()
    house.do(rsvps.unsubscribe, token)
    assert rsvps.counts(room) == {RsvpKind.TAKE_PART: 1}


def test_who_was_told_of_its_questions_is_forgotten_with_them(house, clock):
    room, mara = house.discussion(ask=1, slug="water", digests=Digests.ALWAYS), house.user("Mara Member")
    house.comment(room, mara, question=1)
    house.do(phases.close, house.host_of(room), room)
    forum_clock.advance(timedelta(hours=1))
    clockwork.remind()
    assert len(person.of(mara)["told_about"]) == 1
    forum_clock.advance(rsvps.KEPT_FOR)
    clockwork.tidy()
    assert person.of(mara)["told_about"] == []


def test_a_list_of_guests_is_emptied_with_what_its_people_said_and_got(house, clock):
    room = house.discussion(phase="announced", slug="water")
    host = house.host_of(room)
    house.do(guests.invite, host, room, [Row(1, "gus@example.org"), Row(2, "gail@example.org")], "", "a-key-of-sixteen")
    clockwork.remind()
    leaves("guest")
    house.do(rsvps.answer, "gus@example.org", room, RsvpKind.TAKE_PART, "UTC")
    house.do(phases.open_now, host, room)
    house.do(phases.close, host, room)
    before = {one.guest.email: one.standing for one in list_of_guests.listed(room)}
    forum_clock.advance(rsvps.KEPT_FOR)
    assert addresses() == ["gus@example.org"]
    assert {one.guest.email: one.standing for one in list_of_guests.listed(room)} == before
    forum_clock.advance(SECOND)
    assert addresses() == []
    assert list_of_guests.listed(room) == []
    assert rsvps.counts(room) == {RsvpKind.TAKE_PART: 1}
    assert tidied() == []
