"""What says who somebody is, and has served: kept for a while, and not for good."""

from datetime import timedelta

from sqlalchemy import select

from forum import clock as forum_clock
from forum import guests as list_of_guests
from forum.actions import deliveries, guests, invitations, members
from forum.addresses import Row
from forum.archive import person
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Letter, SiteRole
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
    monkeypatch.setattr(deliveries, "MOST_AT_ONCE", 2)
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
    clockwork.remind()
    leaves("guest")
    leaves("invited", "welcome", refused=True)
    forum_clock.advance(deliveries.KEPT_FOR + SECOND)
    assert tidied() == ["invited", "welcome", "guest"]
    assert [one.standing for one in list_of_guests.listed(room)] == [list_of_guests.Standing.SENT]
    assert list(list_of_guests.lost_links(room)) == [seat.id]
    forum_clock.advance(deliveries.KEPT_FOR)
    assert tidied() == ["welcome", "guest"], "the panelist's link is over long ago"
