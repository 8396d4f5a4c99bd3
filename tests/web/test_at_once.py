"""Two of the same at the very same moment, in two windows or by a mail program that asks again: once, and no fault."""

import pytest

from forum import addresses
from forum.actions import guest_mail, guests, held, invitations, rsvps, silences
from forum.actions.merging import marks
from forum.database import db
from forum.models import Guest, HeldAnswer, Invitation, InvitationState, Rsvp, RsvpKind

pytestmark = pytest.mark.postgresql


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
    with house.meanwhile(r"SELECT discussion\.id.*FOR UPDATE", invitations.invite, host, seat):
        house.do(invitations.invite, host, seat)
    states = [one.state for one in db.session.query(Invitation).order_by(Invitation.id)]
    assert states == [InvitationState.REPLACED, InvitationState.GOOD]
