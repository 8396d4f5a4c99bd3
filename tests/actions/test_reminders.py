"""Saying that one will come, and the letters that follow: each once, in the person's own time, with a way out."""

import random
import re
import smtplib
import time
from datetime import timedelta
from email import message_from_bytes, policy
from string import ascii_lowercase, digits
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from forum import clock as real_clock
from forum.actions import accounts, calls, discussions, phases, reminders, rsvps, shortlisting
from forum.actions.drafting import DiscussionDraft
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Discussion, Letter, NoMail, Rsvp, RsvpKind
from forum.notify.sender import message_of
from forum.refusals import Refused
from tests.actions.test_after_the_end import page, refused

DAY = timedelta(days=1)


def letters(kind=None) -> list[Letter]:
    db.session.rollback()
    found = db.session.query(Letter).order_by(Letter.id)
    return [letter for letter in found if kind in {None, letter.kind}]


def kinds() -> list[str]:
    return [letter.kind for letter in letters()]


def later(house, discussion, **changes) -> None:
    """The organiser changes times by the same action as the form."""
    fields = ("title", "slug", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown")
    draft = DiscussionDraft(**{name: getattr(discussion, name) for name in fields} | changes)
    house.do(discussions.edit, house.host_of(discussion), discussion, draft)


@pytest.fixture
def event(house, clock):
    """Announced, three days ahead."""
    discussion = house.discussion(phase="announced", title="Whose river?", slug="river")
    begin = clock.now() + 3 * DAY
    later(house, discussion, starts_at=begin, ends_at=begin + timedelta(hours=1))
    return discussion


@pytest.fixture
def mailing(app):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_url": "smtp://127.0.0.1:9"})
    return app


def test_a_day_an_hour_and_live_each_once(house, clock, event):
    mara = house.user("Mara Member")
    house.do(rsvps.say, mara, event, RsvpKind.TAKE_PART, "Asia/Tokyo")
    for step in (timedelta(days=1), timedelta(hours=23, minutes=59)):
        clock.advance(step)
        clockwork.remind()
    assert kinds() == []
    clock.advance(timedelta(minutes=1))
    for _ in range(3):
        clockwork.remind()
    assert kinds() == ["day"]
    local = event.starts_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"{local:%H:%M} (Asia/Tokyo)" in letters()[0].body
    clock.advance(timedelta(hours=23))
    clockwork.remind()
    clockwork.remind()
    assert kinds() == ["day", "hour"]
    clock.advance(timedelta(hours=1))
    clockwork.turn()
    clockwork.remind()
    clockwork.remind()
    assert kinds() == ["day", "hour", "live"]
    assert "Sign in on the page to write" in letters("live")[0].body


@pytest.mark.parametrize("takes", [True, False])
def test_the_letter_a_day_before_asks_for_questions_only_where_the_hosts_take_them(house, clock, event, takes):
    house.do(rsvps.say, house.user(), event, RsvpKind.TAKE_PART, "UTC")
    house.do(shortlisting.set_taking, house.host_of(event), event, takes=takes, anonymous=False)
    clock.advance(2 * DAY)
    clockwork.remind()
    (letter,) = letters("day")
    assert ("/d/river/questions" in letter.body) == takes
    assert "\n\n\n" not in letter.body


def test_the_longest_address_gets_letters_with_their_end_in_them(house, clock, event, mailing, client):
    chance = random.Random(1)
    parts = ["".join(chance.choices(ascii_lowercase + digits, k=length)) for length in (60, 55, 55, 55)]
    email = f"{parts[0]}@{'.'.join(parts[1:])}.example.org"
    said = client.post("/d/river/rsvp", data={"kind": "take_part", "zone": "UTC", "email": email})
    assert said.status_code == 303
    house.do(rsvps.confirm, re.search(r"/rsvp/(\S+)", letters("rsvp")[0].body)[1])
    clock.advance(2 * DAY)
    clockwork.remind()
    (letter,) = letters("day")
    assert letter.unsubscribe == ""
    assert client.get(re.search(r"/unsubscribe/\S+", letter.body)[0]).status_code == 200


def test_nobody_reads_tomorrow_of_what_is_today_where_they_are(house, clock, event):
    """It is 14:00 UTC; it begins at 20:00, three days from now, and the server was off until half past midnight."""
    later(house, event, starts_at=event.starts_at + timedelta(hours=6), ends_at=event.ends_at + timedelta(hours=6))
    for zone in ("Europe/London", "America/New_York"):
        house.do(rsvps.say, house.user(zone), event, RsvpKind.TAKE_PART, zone)
    clock.advance(2 * DAY + timedelta(hours=10, minutes=30))
    clockwork.remind()
    london, new_york = letters()
    assert (london.subject, new_york.subject) == ("Today: Whose river?", "Tomorrow: Whose river?")
    assert london.body.startswith("It begins today:\n\nWhose river?\n")
    assert new_york.body.startswith("A day from now it begins:\n\nWhose river?\n")


def test_hosts_alone_see_how_far_it_reached(app, house, clock, event):
    for kind in (RsvpKind.TAKE_PART, RsvpKind.READ_ALONG, RsvpKind.READ_ALONG):
        house.do(rsvps.say, house.user(), event, kind, "UTC")
    clock.advance(2 * DAY)
    clockwork.remind()
    shown = page(app, house, house.host_of(event), "/d/river/statistics")
    numbers = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", shown[: shown.index("Nothing has been")])
    assert dict(numbers)["wanted to read along"] == "2"
    assert dict(numbers)["reminded a day before"] == "3"
    for other in (None, house.user()):
        assert "Reach" not in page(app, house, other, "/d/river/statistics")


def test_a_clock_that_is_set_and_a_server_that_was_off_double_and_lie_nothing(house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    clock.advance(2 * DAY)
    clockwork.remind()
    clock.advance(timedelta(hours=-1))
    clockwork.remind()
    clock.advance(timedelta(hours=1))
    clockwork.remind()
    assert kinds() == ["day"]
    # Off until ten minutes before: "in an hour" would not be true any more.
    clock.advance(timedelta(hours=23, minutes=50))
    clockwork.remind()
    assert kinds() == ["day"]
    clock.advance(timedelta(minutes=40))
    clockwork.turn()
    clockwork.remind()
    assert kinds() == ["day"]


def test_two_processes_write_one_letter(house, clock, event):
    rsvp = house.do(rsvps.say, house.user(), event, RsvpKind.TAKE_PART, "UTC")
    clock.advance(2 * DAY)
    ids = reminders.due()
    assert ids == [rsvp.id]
    with writing():
        mine = db.session.get_one(Rsvp, rsvp.id)
        assert mine.day_at is None
        # The other one was faster, after this one had looked.
        db.session.execute(
            update(Rsvp).where(Rsvp.id == rsvp.id).values(day_at=clock.now()),
            execution_options={"synchronize_session": False},
        )
        assert reminders.take(ids) == 0
    assert kinds() == []


def test_who_said_it_at_the_last_minute_is_not_told_of_what_they_know(house, clock, event):
    clock.advance(3 * DAY - timedelta(minutes=55))
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    clockwork.remind()
    assert kinds() == []
    clock.advance(timedelta(minutes=55))
    clockwork.turn()
    clockwork.remind()
    assert kinds() == ["live"]
    # And who says so while it goes on reads there that it does.
    clock.advance(timedelta(minutes=1))
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    clockwork.remind()
    assert kinds() == ["live"]


def test_a_moved_event_tells_everyone_and_is_reminded_of_anew(house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    clock.advance(2 * DAY)
    clockwork.remind()
    begin = event.starts_at + 2 * DAY
    later(house, event, starts_at=begin, ends_at=begin + timedelta(hours=1))
    clockwork.remind()
    clockwork.remind()
    assert kinds() == ["day", "moved_event"]
    clock.advance(2 * DAY)
    clockwork.remind()
    assert kinds() == ["day", "moved_event", "day"]


def test_only_who_was_written_to_was_reminded(house, clock, event):
    """Moved so near that a reminder would come too late, it is not written, and nobody is told that it was."""
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    clock.advance(2 * DAY)
    clockwork.remind()
    house.do(rsvps.say, house.user(), event, RsvpKind.TAKE_PART, "UTC")
    clock.advance(timedelta(minutes=20))
    begin = clock.now() + timedelta(minutes=50)
    later(house, event, starts_at=begin, ends_at=begin + timedelta(hours=1))
    clockwork.remind()
    clockwork.remind()
    assert kinds() == ["day", "moved_event", "moved_event"]
    assert rsvps.reached(event) == {"day": 1, "hour": 0, "live": 0}


def test_a_cancelled_event_says_so_once_and_a_new_announcement_too(house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    house.do(phases.withdraw, house.host_of(event), event)
    clockwork.remind()
    clockwork.remind()
    assert kinds() == ["cancelled"]
    house.do(phases.publish, house.host_of(event), event)
    clockwork.remind()
    assert kinds() == ["cancelled", "moved_event"]


def test_a_letter_that_cannot_be_written_costs_nobody_else_theirs(house, clock, event):
    for number in range(3):
        house.do(rsvps.say, house.user(f"Comer {number}"), event, RsvpKind.TAKE_PART, "UTC")
    with writing():
        # A zone that was renamed: the computer's tables do not know it any more.
        broken = db.session.query(Rsvp).order_by(Rsvp.id).offset(1).first()
        broken.time_zone = "Nowhere/Gone"
        address = broken.email
    clock.advance(2 * DAY)
    clockwork.remind()
    clockwork.remind()
    assert kinds() == ["day", "day"]
    assert address not in {letter.to for letter in letters()}


def test_made_private_nobody_outside_hears_of_it_any_more(house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    house.do(rsvps.say, house.host_of(event), event, RsvpKind.TAKE_PART, "UTC")
    later(house, event, visibility="invited")
    clock.advance(2 * DAY)
    clockwork.remind()
    assert [letter.to for letter in letters()] == [house.host_of(event).email]


@pytest.mark.parametrize("opened_up", [False, True])
def test_made_private_and_withdrawn_it_tells_nobody_outside_its_private_title(house, clock, event, opened_up):
    panelist, host = house.panelist(event), house.host_of(event)
    for person in (house.user(), panelist):
        house.do(rsvps.say, person, event, RsvpKind.READ_ALONG, "UTC")
    house.do(rsvps.answer, "nora@example.org", event, RsvpKind.READ_ALONG, "UTC")
    later(house, event, visibility="invited", title="Whom we dismiss")
    house.do(phases.withdraw, host, event)
    if opened_up:
        later(house, event, visibility="public", title="A new one")
    clockwork.remind()
    assert [(letter.to, letter.subject) for letter in letters()] == [
        (panelist.email, "It will not take place: Whom we dismiss")
    ]
    assert [rsvp.user_id for rsvp in db.session.query(Rsvp)] == [panelist.id]


def test_without_an_account_an_address_counts_once_it_is_proven(app, house, clock, event, mailing):
    client = app.test_client()
    data = {"kind": "read_along", "email": "Nora@Example.org", "zone": "America/Bogota"}
    assert client.post("/d/river/rsvp", data=data).status_code == 303
    (letter,) = letters()
    assert (letter.kind, letter.to) == ("rsvp", "nora@example.org")
    assert sum(rsvps.counts(event).values()) == 0
    path = re.search(r"/rsvp/\S+", letter.body)[0]
    shown = client.get(path).get_data(as_text=True)
    assert "(America/Bogota)" in letter.body
    assert sum(rsvps.counts(event).values()) == 0, "a mail scanner opened it"
    token = shown.split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post(path, data={"csrf_token": token}).status_code == 303
    assert rsvps.counts(event) == {RsvpKind.READ_ALONG: 1}
    assert client.get(path[:-3] + "abc").status_code == 410


def press(client, path):
    token = client.get(path).get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(path, data={"csrf_token": token})


def test_what_somebody_else_typed_for_an_address_changes_nothing_before_its_owner_presses(app, house, event, mailing):
    client = app.test_client()

    def says() -> tuple[str, str, str]:
        db.session.rollback()
        (found,) = db.session.query(Rsvp)
        return found.kind.value, found.time_zone, found.language

    for kind, zone, language in (("take_part", "America/Bogota", "es"), ("read_along", "Asia/Tokyo", "de")):
        data = {"kind": kind, "email": "nora@example.org", "zone": zone, "language": language}
        assert client.post("/d/river/rsvp", data=data).status_code == 303
        if kind == "take_part":
            assert press(client, re.search(r"/rsvp/\S+", letters()[0].body)[0]).status_code == 303
        assert says() == ("take_part", "America/Bogota", "es")
    asked = letters()[-1]
    assert "(Asia/Tokyo)" in asked.body, "the letter speaks of what was typed"
    path = re.search(r"/rsvp/\S+", asked.body)[0]
    assert "Asia/Tokyo" in client.get(path).get_data(as_text=True)
    assert says()[0] == "take_part", "a mail scanner opened it"
    assert press(client, path).status_code == 303
    assert says() == ("read_along", "Asia/Tokyo", "de")


def test_a_link_that_was_mailed_before_wishes_were_signed_still_counts(app, house, event, mailing):
    house.do(rsvps.ask, "nora@example.org", event, RsvpKind.TAKE_PART, "Asia/Tokyo", "de")
    (found,) = db.session.query(Rsvp)
    assert press(app.test_client(), f"/rsvp/{rsvps._token('rsvp', found.id, found.email)}").status_code == 303
    assert rsvps.counts(event) == {RsvpKind.TAKE_PART: 1}
    db.session.rollback()
    assert (found.time_zone, found.language) == ("Asia/Tokyo", "de")


def test_what_an_account_has_said_since_stays_when_an_older_letter_is_pressed(app, house, event, mailing):
    mara = house.user("Mara Member")
    house.do(rsvps.ask, mara.email, event, RsvpKind.READ_ALONG, "UTC")
    path = re.search(r"/rsvp/\S+", letters()[-1].body)[0]
    house.do(rsvps.say, mara, event, RsvpKind.TAKE_PART, "UTC")
    assert press(app.test_client(), path).status_code == 303
    assert rsvps.counts(event) == {RsvpKind.TAKE_PART: 1}


def test_one_click_of_a_mail_program_ends_the_letters(app, house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    clock.advance(2 * DAY)
    clockwork.remind()
    (letter,) = letters()
    message = message_from_bytes(bytes(message_of(letter, app.config["SETTINGS"])), policy=policy.default)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.fullmatch(r"<(https?://[^>]+)>", message["List-Unsubscribe"])[1]
    assert address in letter.body
    path = address[address.index("/unsubscribe") :]
    client = app.test_client()
    assert "Whose river?" in client.get(path).get_data(as_text=True)
    assert len(list(db.session.query(Rsvp))) == 1, "looking ends nothing"
    # RFC 8058: no cookie, no token, no referrer.
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    db.session.rollback()
    assert list(db.session.query(Rsvp)) == []
    assert client.post(f"{path}x").status_code == 410
    clock.advance(timedelta(hours=23))
    clockwork.remind()
    assert kinds() == ["day"]


def test_a_letter_with_these_headers_is_taken_by_a_mail_server(app, house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    clock.advance(2 * DAY)
    clockwork.remind()
    raw = bytes(message_of(letters()[0], app.config["SETTINGS"]))
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998  # RFC 5322, 2.1.1
    assert smtplib.SMTP is not None


def test_who_may_not_know_of_it_cannot_come(app, house, clock, event):
    hidden = house.discussion(phase="announced", visibility="invited")
    draft = house.discussion(phase="draft")
    over = house.discussion(phase="closed")
    member = house.user()
    for discussion, status in ((hidden, 404), (draft, 404), (over, 409)):
        assert refused(house, rsvps.say, member, discussion, RsvpKind.TAKE_PART, "UTC").status == status
        data = {"kind": "read_along", "email": "x@example.org", "zone": "UTC"}
        assert app.test_client().post(f"/d/{discussion.slug}/rsvp", data=data).status_code == status
    una = house.user(confirmed=False)
    assert refused(house, rsvps.say, una, event, RsvpKind.TAKE_PART, "UTC").code == "confirm_address"
    assert list(db.session.query(Rsvp)) == []


def test_no_letter_asks_an_address_that_wants_none(house, event, mailing):
    with writing():
        db.session.add(NoMail(email="nora@example.org", at=event.starts_at))
    house.do(rsvps.ask, "nora@example.org", event, RsvpKind.TAKE_PART, "UTC")
    assert letters() == []


def test_a_link_that_is_pressed_after_the_end_counts_nobody(house, clock, event, mailing):
    house.do(rsvps.ask, "nora@example.org", event, RsvpKind.TAKE_PART, "UTC")
    token = re.search(r"/rsvp/(\S+)", letters()[0].body)[1]
    clock.advance(10 * DAY)
    clockwork.turn()
    assert refused(house, rsvps.confirm, token).code == "over"
    assert rsvps.counts(event) == {}


def test_a_link_in_a_letter_tells_nothing_of_what_has_turned_private_or_is_a_draft_again(house, event, mailing):
    house.do(rsvps.ask, "nora@example.org", event, RsvpKind.TAKE_PART, "UTC")
    token = re.search(r"/rsvp/(\S+)", letters()[0].body)[1]
    found = rsvps.by_token(token)[0]
    of_host = house.do(rsvps.say, house.host_of(event), event, RsvpKind.READ_ALONG, "UTC")
    assert rsvps.may_be_named(found)
    later(house, event, visibility="invited")
    assert refused(house, rsvps.confirm, token).code == "link_over"
    assert not rsvps.may_be_named(found)
    later(house, event, visibility="public")
    house.do(phases.withdraw, house.host_of(event), event)
    assert refused(house, rsvps.confirm, token).code == "link_over"
    # A host may read a draft, but whoever has come by a letter to a host may not.
    assert not rsvps.may_be_named(found) and not rsvps.may_be_named(of_host)
    assert rsvps.counts(event) == {RsvpKind.READ_ALONG: 1}


def test_a_link_to_an_older_address_counts_nobody_at_the_new_one(house, event, mailing):
    house.do(rsvps.ask, "nora@example.org", event, RsvpKind.TAKE_PART, "UTC")
    token = re.search(r"/rsvp/(\S+)", letters()[0].body)[1]
    with writing():
        db.session.query(Rsvp).one().email = "else@example.org"
    assert refused(house, rsvps.confirm, token).code == "link_over"
    assert rsvps.counts(event) == {}


def test_a_cancelled_events_letter_says_what_had_been_announced_and_not_what_is_written_since(house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "UTC")
    house.do(phases.withdraw, house.host_of(event), event)
    later(house, event, title="A secret plan")
    clockwork.remind()
    (letter,) = letters("cancelled")
    assert "Whose river?" in letter.subject + letter.body
    assert "A secret plan" not in letter.subject + letter.body


def test_nobody_is_asked_to_come_to_what_is_over_though_the_clock_has_not_come_round(app, house, clock, event):
    clock.advance(event.ends_at - clock.now())
    page = app.test_client().get(f"/d/{event.slug}/rsvp").text
    assert "It is over." in page
    assert 'name="kind"' not in page


def test_a_member_changes_their_mind_on_the_page(app, house, clock, event):
    mara = house.user("Mara Member")
    client = app.test_client()
    house.sign_in(client, mara)
    token = house.token(client)
    for kind in ("take_part", "read_along", "none", "none"):
        answer = client.post("/d/river/rsvp", data={"csrf_token": token, "kind": kind, "zone": "Europe/London"})
        assert answer.status_code == 303, kind
        db.session.rollback()
        assert [one.kind.value for one in db.session.query(Rsvp)] == ([kind] if kind != "none" else [])
    answer = client.post("/d/river/rsvp", data={"csrf_token": token, "kind": "dance", "zone": "Mars/Olympus"})
    assert answer.status_code == 422
    for name in ("kind", "zone"):
        assert f'href="#field-{name}"' in answer.get_data(as_text=True)
    assert "I want to come" in page(app, house, None, "/d/river")


def test_a_visitor_hears_at_once_of_every_field_at_fault(app, event):
    data = {"kind": "dance", "email": "nobody", "zone": "Mars/Olympus"}
    answer = app.test_client().post("/d/river/rsvp", data=data)
    assert answer.status_code == 422
    for name in ("kind", "email", "zone"):
        assert f'href="#field-{name}"' in answer.text, name


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("tokyo", "Asia/Tokyo"), ("new york", "America/New_York"), ("", "Europe/London"),
        ("europe/paris", "Europe/Paris"), ("utc", "UTC"), ("Pacific", None), ("to", None),
        ("istanbul", "Europe/Istanbul"), ("kolkata", "Asia/Kolkata"), ("sydney", "Australia/Sydney"),
        ("victoria", None), ("north", None), ("GMT+5", None),  # IANA's Etc/GMT+5 lies five hours west
    ],
)  # fmt: skip
def test_a_city_is_a_time_zone_when_only_one_is_named_after_it(app, event, typed, zone):
    data = {"kind": "read_along", "email": "mara@example.org", "zone": typed}
    answer = app.test_client().post("/d/river/rsvp", data=data)
    assert answer.status_code == (303 if zone else 422)
    assert [one.time_zone for one in db.session.query(Rsvp)] == ([zone] if zone else [])


def test_the_letters_of_an_address_that_was_taken_by_an_account_stay_one(house, clock, event):
    house.do(rsvps.ask, "mara@example.org", event, RsvpKind.READ_ALONG, "UTC")
    mara = house.user()
    with writing():
        mara.email = "mara@example.org"
    house.do(rsvps.say, mara, event, RsvpKind.TAKE_PART, "UTC")
    house.do(rsvps.ask, "mara@example.org", event, RsvpKind.READ_ALONG, "UTC")
    assert [one.kind for one in db.session.query(Rsvp)] == [RsvpKind.TAKE_PART]
    assert isinstance(db.session.get_one(Discussion, event.id), Discussion)
    with pytest.raises(Refused):
        rsvps.by_token("nonsense")


def test_a_changed_address_takes_along_what_its_owner_has_said(house, clock, event):
    """And what was said from the new address before is theirs too: they come once, and are reminded once."""
    mara = house.user("Mara Member")
    house.do(rsvps.say, mara, event, RsvpKind.TAKE_PART, "UTC")
    house.do(rsvps.ask, "new@example.org", event, RsvpKind.READ_ALONG, "UTC")
    house.do(accounts.move, mara, "new@example.org")
    assert rsvps.counts(event) == {RsvpKind.TAKE_PART: 1}
    house.do(rsvps.say, mara, event, RsvpKind.READ_ALONG, "UTC")
    assert rsvps.counts(event) == {RsvpKind.READ_ALONG: 1}
    clock.advance(2 * DAY)
    clockwork.remind()
    assert [letter.to for letter in letters("day")] == ["new@example.org"]


def test_what_stayed_behind_at_an_older_address_comes_along_when_it_is_said_again(house, clock, event):
    """Addresses were changed without it once."""
    mara = house.user("Mara Member")
    old = mara.email
    house.do(rsvps.say, mara, event, RsvpKind.TAKE_PART, "UTC")
    with writing():
        mara.email = "new@example.org"
    house.do(rsvps.say, mara, event, RsvpKind.READ_ALONG, "UTC")
    assert [(one.email, one.kind) for one in db.session.query(Rsvp)] == [("new@example.org", RsvpKind.READ_ALONG)]
    with writing():
        db.session.add(twice := rsvps._new(event, old))
        twice.user_id = mara.id
    house.do(rsvps.take_back, mara, event)
    assert list(db.session.query(Rsvp)) == []


def test_a_running_server_writes_them_by_itself(served, app, house):
    """Reminder and call, by the job of a real process, which has no request to lean on."""
    soon = house.discussion(phase="announced", title="Soon")
    rsvp = house.do(rsvps.say, house.user(), soon, RsvpKind.READ_ALONG, "Asia/Tokyo")
    live = house.discussion(ask=1)
    priya = house.panelist(live)
    house.do(calls.call, house.host_of(live), live, priya.id, live.questions[0])
    with writing():
        now = real_clock.now()
        found = db.session.get_one(Rsvp, rsvp.id)
        found.made_at = now - DAY
        found.discussion.starts_at = found.told_starts_at = now + timedelta(minutes=45)
        found.discussion.ends_at = now + timedelta(hours=2)
    until = time.monotonic() + 20
    while {"hour", "notices"} - set(kinds()) and time.monotonic() < until:
        time.sleep(0.2)
    assert sorted(kinds()) == ["hour", "notices"]


def later_letters(clock, event) -> list[Letter]:
    """Go through the day, the hour and the opening, and return what was written."""
    for ahead in (timedelta(days=1), timedelta(hours=1), timedelta()):
        clock.advance(event.starts_at - ahead - clock.now())
        clockwork.remind()
    clockwork.turn()
    clockwork.remind()
    return letters()


def test_a_reader_in_bogota_reads_spanish_and_their_own_time(client, house, clock, event):
    fields = {"kind": "read_along", "zone": "America/Bogota", "email": "ana@example.org", "language": "es"}
    client.post("/d/river/rsvp", data=fields, headers={"Accept-Language": "en"})
    local = event.starts_at.astimezone(ZoneInfo("America/Bogota"))
    day, hour, live = later_letters(clock, event)
    assert [day.kind, hour.kind, live.kind] == ["day", "hour", "live"]
    assert day.subject == "Mañana: Whose river?"
    assert "Empieza dentro de un día:" in day.body
    assert f"jueves, {local.day} de noviembre de 2026, {local:%H:%M} (America/Bogota)" in day.body
    assert hour.subject == "Dentro de una hora: Whose river?"
    assert f"{local:%H:%M} (America/Bogota)" in hour.body
    assert live.subject == "Estamos en directo: Whose river?"
    assert "Ha empezado. Entre:" in live.body
    for letter in (day, hour, live):
        assert "Recibe este mensaje porque" in letter.body
        assert "You get this" not in letter.body
    page = client.get(day.unsubscribe).text  # whatever the browser asks for, the letter was Spanish
    assert '<html lang="es"' in page
    assert "Dejaremos de recordarle" in page


def test_a_member_is_written_to_in_the_language_of_their_account(house, clock, event):
    mara = house.user("Mara Member")
    with writing():
        mara.language = "de"
    house.do(rsvps.say, mara, event, RsvpKind.TAKE_PART, "Europe/Berlin", "es")
    day, hour, live = later_letters(clock, event)
    assert (day.subject, hour.subject) == ("Morgen: Whose river?", "In einer Stunde: Whose river?")
    assert "Donnerstag, 26. November 2026, 15:00 (Europe/Berlin)" in day.body
    assert "Melden Sie sich auf der Seite an, um zu schreiben" in live.body


def test_who_has_said_no_language_is_written_to_in_that_of_the_discussion(house, clock, event):
    later(house, event, language="fr")
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "Europe/Paris")
    later(house, event, language="fr", starts_at=event.starts_at + DAY, ends_at=event.ends_at + DAY)
    clockwork.remind()
    assert letters()[-1].subject == "Nouvel horaire\N{NO-BREAK SPACE}: Whose river?"
    assert "vendredi 27 novembre 2026" in letters()[-1].body


def test_in_arabic_the_time_stays_readable(house, clock, event):
    house.do(rsvps.say, house.user(), event, RsvpKind.READ_ALONG, "Africa/Cairo", "ar")
    day = later_letters(clock, event)[0]
    assert day.subject == "غدًا: Whose river?"
    assert "16:00 (Africa/Cairo)" in day.body


def test_a_reset_is_written_in_the_language_of_the_account_and_else_of_who_asks(client, mailing, house):
    ana = house.user("Ana Restrepo")
    with writing():
        ana.language = "es"
    for email in (ana.email, "nobody@example.org"):
        token = client.get("/reset", headers={"Accept": "application/json"}).json["csrf_token"]
        client.post("/reset", data={"email": email, "csrf_token": token}, headers={"Accept-Language": "de"})
    assert [letter.subject for letter in letters()] == [
        "Establezca una contraseña nueva para Roundtext",
        "Kein Konto auf Roundtext",
    ]


@pytest.mark.postgresql
def test_whom_another_process_writes_to_is_left_to_it(house, clock, event):
    """Both take the same fifty: the second waited for the first row by row, until its line was cut."""
    for _ in range(3):
        house.do(rsvps.say, house.user(), event, RsvpKind.TAKE_PART, "UTC")
    clock.advance(2 * DAY)
    ids = reminders.due()
    db.session.rollback()
    with db.engine.connect().execution_options(isolation_level="READ COMMITTED") as other:
        other.execute(update(Rsvp).where(Rsvp.id == ids[0]).values(day_at=clock.now()))
        assert house.do(reminders.take, ids) == 2
        other.rollback()
    assert house.do(reminders.take, reminders.due()) == 1, "it died, and wrote none"
    assert kinds() == ["day"] * 3
