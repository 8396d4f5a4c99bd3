"""Two of the same at the very same moment, in two windows or by a mail program that asks again: once, and no fault."""

import pytest

from forum import addresses
from forum.actions import (
    comments,
    flags,
    guest_mail,
    guests,
    held,
    invitations,
    moderation,
    proposals,
    rehearsals,
    rsvps,
    sanctions,
    seats,
    silences,
)
from forum.actions.merging import marks
from forum.actions.seats import SeatDraft
from forum.database import db
from forum.models import (
    CommentState,
    Discussion,
    Event,
    Flag,
    FlagReason,
    Guest,
    HeldAnswer,
    Invitation,
    InvitationState,
    Letter,
    Mailing,
    Mute,
    Proposal,
    Rsvp,
    RsvpKind,
    Seat,
    SiteRole,
    User,
)
from forum.refusals import Refused

pytestmark = pytest.mark.postgresql

# What the second one sends first: the lock of the discussion, or without it already what it makes.
FIRST = r"SELECT discussion\..*FOR UPDATE|INSERT INTO (mute|discussion|proposal|guest|mailing|flag) |UPDATE comment "


@pytest.fixture
def guest(house) -> Guest:
    discussion = house.discussion(phase="announced")
    rows = [addresses.checked(addresses.Row(0, "ann@example.org", "", "", ""))]
    house.do(guests.invite, house.host_of(discussion), discussion, rows, "", "k" * 20)
    return db.session.query(Guest).one()


def test_who_says_twice_that_they_come_comes_once(house, client):
    discussion, user = house.discussion(phase="announced"), house.user()
    house.sign_in(client, user)
    fields = {"kind": "take_part", "zone": "UTC", "csrf_token": house.token(client)}
    with house.meanwhile(r"INSERT INTO rsvp", rsvps.say, user, discussion, RsvpKind.READ_ALONG, "UTC"):
        assert client.post(f"/d/{discussion.slug}/rsvp", data=fields).status_code == 303
    assert [one.kind for one in db.session.query(Rsvp)] == [RsvpKind.TAKE_PART]


def test_a_visitor_who_asks_twice_is_noted_once(house, client):
    discussion = house.discussion(phase="announced")
    fields = {"kind": "take_part", "zone": "UTC", "email": "ann@example.org"}
    with house.meanwhile(r"INSERT INTO rsvp", rsvps.ask, "ann@example.org", discussion, RsvpKind.TAKE_PART, "UTC"):
        assert client.post(f"/d/{discussion.slug}/rsvp", data=fields).status_code == 303
    assert db.session.query(Rsvp).count() == 1


def test_a_guest_answers_twice(house, client, guest):
    token = guest_mail._token(guest)
    house.do(guest_mail.open_link, token)
    page = client.get(f"/guest/{token}").text
    csrf_token = page.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"kind": "take_part", "zone": "UTC", "csrf_token": csrf_token}
    with house.meanwhile(r"INSERT INTO rsvp", guest_mail.answer, token, RsvpKind.TAKE_PART, "UTC"):
        assert client.post(f"/guest/{token}", data=fields).status_code == 303
    assert db.session.query(Rsvp).count() == 1


def test_a_mail_program_asks_twice_for_no_more_letters(house, client, guest):
    token = guest_mail._token(guest)
    with house.meanwhile(r"INSERT INTO no_mail", guest_mail.unsubscribe, token):
        assert client.post(f"/guest/{token}/stop").status_code == 200
    assert guest_mail.is_unsubscribed(token)


def test_somebody_is_silenced_twice(house, client):
    discussion, user, other = house.discussion(), house.user(), house.user("Loud One")
    house.comment(discussion, other)
    house.sign_in(client, user)
    token = house.token(client)
    with house.meanwhile(r"INSERT INTO silence", silences.silence, user, other):
        assert client.post(f"/people/{other.id}/silence", data={"csrf_token": token}).status_code == 303
    assert silences.ids(user) == [other.id]


def test_an_answer_that_is_kept_in_two_windows_for_the_first_time_loses_neither(house, client):
    discussion = house.discussion()
    panelist, question = house.panelist(discussion), house.question(discussion)
    house.sign_in(client, panelist)
    fields = {"body": "From the second.", "seen": marks({"body": ""}), "csrf_token": house.token(client)}
    path = f"/d/{discussion.slug}/backstage/answers/{question.id}"
    with house.meanwhile(r"INSERT INTO held_answer", held.hold, panelist, question, "From the first."):
        answer = client.post(path, data=fields, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "stale")
    assert [one.body for one in db.session.query(HeldAnswer)] == ["From the first."]


def test_of_two_hosts_who_make_a_link_one_has_a_good_one(house):
    discussion = house.discussion(phase="announced")
    panelist = house.panelist(discussion)
    seat = next(one for one in discussion.seats if one.user_id == panelist.id)
    host = house.host_of(discussion)
    with house.meanwhile(r"SELECT discussion\..*FOR UPDATE", invitations.invite, host, seat):
        house.do(invitations.invite, host, seat)
    states = [one.state for one in db.session.query(Invitation).order_by(Invitation.id)]
    assert states == [InvitationState.REPLACED, InvitationState.GOOD]


def test_whom_two_hosts_mute_at_once_is_muted_once_and_has_one_letter(house):
    discussion, person = house.discussion(), house.user()
    host = house.host_of(discussion)
    with house.meanwhile(FIRST, sanctions.mute, host, discussion, person, "shouting"):
        house.do(sanctions.mute, host, discussion, person, "rude")
    assert [one.reason for one in db.session.query(Mute)] == ["shouting"]
    assert db.session.query(Letter).filter_by(to=person.email).count() == 1


def test_who_is_unmuted_twice_at_once_is_told_once(house):
    discussion, person = house.discussion(), house.user()
    host = house.host_of(discussion)
    house.do(sanctions.mute, host, discussion, person, "shouting")
    with house.meanwhile(r"SELECT discussion\..*FOR UPDATE|UPDATE mute ", sanctions.unmute, host, discussion, person):
        house.do(sanctions.unmute, host, discussion, person)
    assert [one.kind for one in db.session.query(Event)].count("person.unmuted") == 1


def test_whom_two_administrators_suspend_at_once_is_suspended_once_and_has_one_letter(house):
    chief, person = house.user(role=SiteRole.ADMINISTRATOR), house.user()
    with house.meanwhile(
        r'SELECT.*FROM "user".*FOR NO KEY|UPDATE "user" ', sanctions.suspend, chief, person, "shouting"
    ):
        house.do(sanctions.suspend, chief, person, "rude")
    assert db.session.get_one(User, person.id).suspension_reason == "shouting"
    assert db.session.query(Letter).filter_by(to=person.email).count() == 1


@pytest.mark.parametrize("action", ["take", "change"])
def test_a_seat_that_another_host_takes_at_that_moment_is_gone(house, action):
    discussion = house.discussion()
    host, panelist = house.host_of(discussion), house.panelist(discussion)
    seat = next(seat for seat in discussion.seats if seat.user_id == panelist.id)
    draft = SeatDraft("Priya Sharma", panelist.email, seat.role)
    more = (draft,) if action == "change" else ()
    with house.meanwhile(FIRST + "|UPDATE seat |DELETE FROM seat ", seats.take, host, seat), pytest.raises(Refused):
        house.do(getattr(seats, action), host, seat, *more)
    assert [one.user_id for one in db.session.query(Seat)] == [host.id]
    assert [one.kind for one in db.session.query(Event)].count("seat.taken") == 1


def test_two_hosts_who_begin_a_rehearsal_at_once_are_in_the_same(house):
    discussion = house.discussion(phase="announced")
    host = house.host_of(discussion)
    with house.meanwhile(FIRST, rehearsals.begin, host, discussion):
        made = house.do(rehearsals.begin, host, discussion)
    assert [one.id for one in db.session.query(Discussion).filter_by(rehearsal_of_id=discussion.id)] == [made.id]


def test_a_question_that_is_proposed_in_two_windows_is_one(house):
    discussion, author = house.discussion(), house.user()
    with house.meanwhile(FIRST, proposals.make, author, discussion, "Who pays?"):
        house.do(proposals.make, author, discussion, "Who pays?")
    assert [one.text for one in db.session.query(Proposal)] == ["Who pays?"]


def test_two_hosts_who_write_to_the_same_guest_again_write_once(house, guest):
    host, discussion = house.host_of(guest.discussion), guest.discussion
    house.do(setattr, guest, "is_waiting", False)
    with house.meanwhile(FIRST, guests.send_again, host, discussion, {guest.id}, "a" * 20), pytest.raises(Refused):
        house.do(guests.send_again, host, discussion, {guest.id}, "b" * 20)
    assert [one.key for one in db.session.query(Mailing).order_by(Mailing.id)] == ["k" * 20, "a" * 20]


def test_who_flags_a_comment_in_two_windows_has_flagged_it_once(house):
    comment, member = house.comment(house.discussion()), house.user()
    with house.meanwhile(FIRST, flags.flag, member, comment, "spam"):
        house.do(flags.flag, member, comment, "other")
    assert [one.reason for one in db.session.query(Flag)] == [FlagReason.SPAM]


def test_a_change_that_waits_while_a_host_hides_the_comment_changes_nothing(house):
    discussion, author = house.discussion(), house.user()
    comment, host = house.comment(discussion, author, "Rude words."), house.host_of(discussion)
    with house.meanwhile(FIRST, moderation.hide, host, comment, "rude"), pytest.raises(Refused):
        house.do(comments.edit, author, comment, "Other words.")
    assert (comment.state, comment.source) == (CommentState.HIDDEN, "Rude words.")
