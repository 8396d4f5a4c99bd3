"""The console's button for hosts and moderators who cannot sign in yet, over HTTP."""

import re

import pytest
from sqlalchemy import select

from forum import create_app
from forum.actions import first_passwords, seats
from forum.actions.seats import SeatDraft
from forum.database import db, writing
from forum.models import Letter, SeatRole, SiteRole, User
from tests.conftest import forget_person

JSON = {"Accept": "application/json"}
BUTTON = "Send them a letter to set a password"


class Staff:
    """A discussion, and Mona, whom its host has made a moderator by her address."""

    def __init__(self, app, house):
        self.app, self.house = app, house
        self.discussion = house.discussion(phase="announced", slug="hour")
        self.host = house.host_of(self.discussion)
        with writing():
            self.host.password_hash = "something"
        draft = SeatDraft("Mona Moderator", "mona@example.org", SeatRole.MODERATOR)
        self.seat = house.do(seats.give, self.host, self.discussion, draft)
        self.path = f"/d/hour/panel/{self.seat.id}/password"

    def client(self, user):
        client = self.app.test_client()
        self.house.sign_in(client, user)
        return client

    def press(self, client, headers=None, **fields):
        token = self.house.token(client)
        return client.post(self.path, data={"csrf_token": token, **fields}, headers=headers)


@pytest.fixture
def staff(app, house):
    return Staff(app, house)


@pytest.fixture
def host(staff):
    return staff.client(staff.host)


def line_of(client, seat) -> str:
    page = client.get("/d/hour/console").get_data(as_text=True)
    return re.search(rf'<li id="seat-{seat.id}">.*?</li>', page, re.S)[0]


def letters() -> list[Letter]:
    return list(db.session.scalars(select(Letter).where(Letter.kind == "seated")))


def test_the_console_says_who_has_not_signed_in_and_the_button_writes_to_them(staff, host):
    line = line_of(host, staff.seat)
    assert "has not signed in yet" in line and BUTTON in line and "letter sent" not in line
    answer = staff.press(host)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/d/hour/console#seat-{staff.seat.id}")
    assert "The letter to Mona Moderator is on its way." in host.get("/d/hour/console").get_data(as_text=True)
    assert "letter sent" in line_of(host, staff.seat)
    assert [letter.to for letter in letters()] == ["mona@example.org"]
    assert staff.press(host, JSON).get_json()["notice"] == "The letter to Mona Moderator is on its way."
    assert len(letters()) == 1, "pressed twice"
    own = next(seat for seat in staff.discussion.seats if seat.user_id == staff.host.id)
    assert "signed in" not in line_of(host, own) and BUTTON not in line_of(host, own)


def test_the_seats_form_says_what_comes_next(staff, host):
    fields = {"name": "Nora New", "email": "nora@example.org", "role": "moderator"}
    host.post("/d/hour/seats/new", data=fields | {"csrf_token": staff.house.token(host)})
    assert "They have no password yet" in host.get("/d/hour/edit").get_data(as_text=True)


def test_somebody_with_a_session_and_no_password_has_been_here(staff, host):
    staff.client(staff.seat.user)
    line = line_of(host, staff.seat)
    assert "has no password yet" in line and "signed in" not in line


@pytest.mark.parametrize("headers", [None, JSON])
def test_who_has_a_password_is_left_alone_and_the_host_is_told_why(staff, host, headers):
    with writing():
        staff.seat.user.password_hash = "something"
    assert BUTTON not in line_of(host, staff.seat)
    answer = staff.press(host, headers)
    assert answer.status_code == 409 and "has a password already" in answer.get_data(as_text=True)
    assert letters() == []


def used_link(staff, house) -> str:
    """Return the address of Mona's letter, by which she has set a password."""
    house.do(first_passwords.ask, staff.host, staff.seat)
    token = re.search(r"/seat/(\S+)", letters()[-1].body)[1]
    house.do(first_passwords.choose, token, "a hash")
    return f"/seat/{token}"


def test_the_used_letter_leads_to_the_console(staff, house):
    link = used_link(staff, house)
    answer = staff.client(staff.seat.user).get(link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/d/hour/console")
    page = staff.app.test_client().get(link)
    assert page.status_code == 410 and page.text.count('href="/sign-in?next=/d/hour/console"') == 2
    assert staff.client(house.user("Mo Other")).get(link).status_code == 410


def test_the_used_letter_tells_no_address_once_its_seat_is_gone(staff, house):
    link = used_link(staff, house)
    house.do(seats.take, staff.host, staff.seat)
    page = staff.app.test_client().get(link)
    assert page.status_code == 410 and "/d/hour" not in page.text and page.text.count('href="/sign-in?next=/"') == 2
    for path in ("/seat/no-good", f"{link}x"):
        assert staff.app.test_client().get(path).status_code == 410


def test_a_password_typed_by_the_used_letter_is_not_passed_off_as_set(staff, house):
    link, client = used_link(staff, house), staff.client(staff.seat.user)
    answer = client.post(link, data={"csrf_token": house.token(client), "password": "another long one"})
    assert answer.status_code == 410


@pytest.mark.parametrize(
    ("who", "status"), [("moderator", 403), ("panelist", 404), ("member", 404), ("elsewhere", 404), ("visitor", 404)]
)
def test_nobody_else_sends_it(staff, house, who, status):
    person = house.user("Mo Other")
    if who in {"moderator", "panelist"}:
        house.seat(staff.discussion, person, who)
    elif who == "elsewhere":
        house.discussion(host=person)
    client = staff.app.test_client()
    token = client.get("/sign-in", headers=JSON).get_json()["csrf_token"]
    if who != "visitor":
        house.sign_in(client, person)
        token = house.token(client)
    assert client.post(staff.path, data={"csrf_token": token}).status_code == status
    assert letters() == []
    if who == "moderator":
        line = line_of(client, staff.seat)
        assert "has not signed in yet" in line and BUTTON not in line


def test_owners_and_administrators_send_it_under_their_own_name(staff, house):
    staff.press(staff.client(house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)))
    assert "Ada Adler has made you a moderator" in letters()[0].body
    owner = db.session.get_one(User, staff.discussion.owner_id)
    assert staff.press(staff.client(owner)).status_code == 303


def test_it_takes_a_token_and_a_seat_of_this_discussion(staff, house, host):
    assert host.post(staff.path).status_code == 403
    other = house.discussion(slug="other", host=staff.host)
    house.seat(other, house.user("Mo Other"), SeatRole.MODERATOR)
    staff.path = f"/d/hour/panel/{other.seats[-1].id}/password"
    assert staff.press(host).status_code == 404
    assert letters() == []


@pytest.fixture
def strict(database, app):
    """The same site with its limits on, counting from nothing."""
    strict = create_app(database.model_copy(update={"limits": True}))
    strict.before_request_funcs.setdefault(None, []).insert(0, forget_person)
    strict.testing = True
    yield strict
    create_app(database)  # the limiter is one for the process: off again


def test_five_letters_an_hour_are_enough(staff, strict):
    staff.app = strict
    host = staff.client(staff.host)
    answers = [staff.press(host) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "too often" in answers[-1].get_data(as_text=True)
    assert len(letters()) == 1
