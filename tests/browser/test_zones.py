"""A reader far from the event: every time is said with the zone it is in, and theirs wherever they decide by it."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from forum.actions import guest_mail, guests, invitations, phases
from forum.addresses import Row
from forum.database import db, writing
from forum.models import Discussion, Guest, Phase, SiteRole
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
AWAY = {"timezone_id": "America/New_York"}
DATED = "author,text,date\nAnn,Agreed.,2025-03-01T10:00:00Z\nBo,No.,2025-03-01T10:05:00Z\n"


def in_berlin(scene: Scene, **fields: object) -> Discussion:
    event = scene.house.discussion(**fields)
    with writing():
        event.time_zone = "Europe/Berlin"
    return event


def shown(scene: Scene, path: str, user=None, selector: str = "body", **options: object) -> str:
    page = scene.context(user, **(AWAY | options)).new_page()
    page.goto(f"{scene.address}{path}")
    page.wait_for_load_state()
    return re.sub(r"\s+", " ", page.locator(selector).first.inner_text())


def hour(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"


def test_no_time_of_the_readers_zone_is_called_one_of_another(scene: Scene):
    event = in_berlin(scene, slug="far", ask=1)
    host = scene.house.host_of(event)
    host.role = SiteRole.ORGANISER
    db.session.commit()
    scene.house.comment(event, host, question=1)
    priya = scene.house.panelist(event)
    seat = next(seat for seat in event.seats if seat.user_id == priya.id)
    invitation = scene.house.do(invitations.invite, host, seat)
    began, ends = hour(event.starts_at, NEW_YORK), hour(event.ends_at, NEW_YORK)
    home = shown(scene, "/")
    assert re.search(rf"until [^:]*\b{ends} \(New York\)", home)
    assert f"{began}–{ends} New York" in shown(scene, "/organise", host)
    assert f"{began}–{ends} New York" in shown(scene, invitation)
    live = shown(scene, "/d/far")
    assert f"{began}–{ends} New York {hour(event.starts_at, BERLIN)}–{hour(event.ends_at, BERLIN)} Berlin" in live
    assert "Times in New York" in live
    account = shown(scene, "/account", host)
    assert re.search(r"Since [^:]*\d\d:\d\d New York, last seen [^:]*\d\d:\d\d New York", account)
    letter = shown(scene, "/outbox", selector=".letter p")
    assert letter.endswith("New York")
    for said in (home, account, letter, live.replace(f"{hour(event.ends_at, BERLIN)} Berlin", "")):
        assert not re.search(r"Berlin|UTC", said)


def test_pages_that_keep_to_the_clock_of_the_event_say_so(scene: Scene):
    event = in_berlin(scene, slug="far", ask=1)
    host = scene.house.host_of(event)
    asked = hour(event.questions[0].asked_at, BERLIN)
    record = shown(scene, "/d/far/record", host)
    assert "Times in Europe/Berlin" in record
    assert asked in record
    assert "Times in Europe/Berlin" in shown(scene, "/d/far/backstage", host)


@pytest.mark.parametrize("options", [{"timezone_id": "Europe/Paris"}, {**AWAY, "java_script_enabled": False}])
def test_the_same_hours_are_said_once(scene: Scene, options):
    event = in_berlin(scene, phase=Phase.ANNOUNCED, slug="near")
    facts = shown(scene, "/d/near", selector=".facts", **options)
    city = "Berlin" if "java_script_enabled" in options else "Paris"
    assert f"{hour(event.starts_at, BERLIN)}–{hour(event.ends_at, BERLIN)} {city}" in facts
    assert facts.count(hour(event.starts_at, BERLIN)) == 1
    box = shown(scene, "/d/near", selector=".notice-box", **options)
    assert box.count(hour(event.starts_at, BERLIN)) == 1


@pytest.mark.parametrize(("script", "zone"), [(True, "America/New_York"), (False, "Europe/Berlin")])
def test_who_wants_to_come_is_asked_in_their_own_zone(scene: Scene, script, zone):
    event = in_berlin(scene, phase=Phase.ANNOUNCED, slug="soon")
    there = NEW_YORK if script else BERLIN
    rows = [Row(1, "ann@example.org", "Ann")]
    scene.house.do(guests.invite, scene.house.host_of(event), event, rows, "", "key-of-the-guests")
    token = guest_mail._token(db.session.query(Guest).one())
    for path in ("/d/soon/rsvp", f"/guest/{token}"):
        page = scene.context(**AWAY, java_script_enabled=script).new_page()
        page.goto(f"{scene.address}{path}")
        assert page.get_by_label("Your time zone").input_value() == zone
        said = page.locator("h1 + p").inner_text()
        city = "New York" if script else "Berlin"
        assert f"{hour(event.starts_at, there)}–{hour(event.ends_at, there)} {city}" in said
        assert said.count("Berlin") == 1
        assert said.count(hour(event.starts_at, BERLIN)) == 1


def test_a_zone_that_was_told_stays(scene: Scene):
    event = in_berlin(scene, phase=Phase.ANNOUNCED, slug="soon")
    member = scene.house.user()
    page = scene.context(member, **AWAY).new_page()
    page.goto(f"{scene.address}/d/soon/rsvp")
    page.get_by_label("Your time zone").fill("Asia/Tokyo")
    page.get_by_role("button", name="Remind me").click()
    page.get_by_role("button", name="Save").wait_for()
    assert page.get_by_label("Your time zone").input_value() == "Asia/Tokyo"
    assert hour(event.starts_at, ZoneInfo("Asia/Tokyo")) in page.locator("h1 + p").inner_text()


def test_a_frame_in_another_page_says_day_zone_and_question(scene: Scene):
    event = in_berlin(scene, slug="far", ask=1)
    scene.house.comment(event, body="To the first.", question=1)
    scene.house.comment(event, body="Good morning.")
    with writing():
        event.questions[0].state = "closed"
    said = shown(scene, "/d/far/embed")
    assert f"{event.starts_at.astimezone(NEW_YORK):%Y}, {hour(event.starts_at, NEW_YORK)}–" in said
    assert f"{hour(event.ends_at, NEW_YORK)} New York" in said
    assert "Q1" in said
    assert "Hello" in said


def test_a_frame_is_made_anew_only_by_news_and_keeps_the_readers_hours(scene: Scene):
    event = in_berlin(scene, slug="far", ask=1)
    scene.house.comment(event, body="The first.", question=1)
    page = scene.context(**AWAY).new_page()
    page.goto(f"{scene.address}/d/far/embed")
    page.evaluate("() => { document.getElementById('main').kept = true }")
    look = "() => document.dispatchEvent(new Event('visibilitychange'))"
    with page.expect_request_finished(lambda request: request.url.endswith("/embed")):
        page.evaluate(look)
    assert page.evaluate("() => document.getElementById('main').kept")
    late = scene.house.comment(event, body="The second.", question=1)
    page.evaluate(look)
    page.get_by_text("The second.").wait_for()
    assert not page.evaluate("() => document.getElementById('main').kept")
    assert page.locator(f"#c{late.id} time").inner_text() == hour(late.posted_at, NEW_YORK)


def test_a_date_of_another_year_keeps_its_year(scene: Scene):
    event = in_berlin(scene, slug="old", ask=1)
    old = scene.house.comment(event, body="Water then.", question=1)
    now = scene.house.comment(event, body="Water now.", question=1)
    scene.house.do(phases.close, scene.house.host_of(event), event)
    with writing():
        began = datetime(2019, 5, 1, 14, 20, tzinfo=UTC)
        event.starts_at, event.ends_at, event.closed_at = began, began + timedelta(hours=1), began + timedelta(hours=1)
        old.posted_at = began
    tokyo = {"timezone_id": "Asia/Tokyo"}
    assert "1 May 2019, 23:20 (Tokyo)" in shown(scene, "/", **tokyo)
    assert "Closed 2 May 2019, 00:20" in shown(scene, "/d/old", selector=".notice-box", **tokyo)
    hits = shown(scene, "/search?q=water", selector=".hits", **tokyo)
    assert "1 May 2019, 23:20" in hits
    here = now.posted_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f", {here:%H:%M}" in hits
    assert str(here.year) not in hits


def test_a_city_is_called_by_its_name_of_today(scene: Scene):
    in_berlin(scene, phase=Phase.ANNOUNCED, slug="soon")
    page = scene.context(scene.house.user(), timezone_id="Asia/Calcutta").new_page()
    page.goto(f"{scene.address}/d/soon/rsvp")
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Asia/Calcutta"
    assert page.get_by_label("Your time zone").input_value() == "Asia/Kolkata"
    assert " Kolkata · " in page.locator("h1 + p").inner_text()
    page.get_by_role("button", name="Remind me").click()
    page.get_by_role("button", name="Save").wait_for()
    said = page.locator("h1 + p").inner_text()
    assert " Kolkata · " in said
    assert said.endswith(" Berlin")


def test_a_new_discussion_is_offered_in_the_zone_of_who_makes_it(scene: Scene):
    page = scene.context(scene.house.user(role=SiteRole.ORGANISER), **AWAY).new_page()
    zone = page.get_by_label("Time zone of the event")
    page.goto(f"{scene.address}/organise/new")
    assert zone.input_value() == "America/New_York"
    zone.fill("UTC")
    page.get_by_role("button", name="Save the draft").click()
    page.locator(".field-wrong").first.wait_for()
    assert zone.input_value() == "UTC"
    for source, offered in (
        ("15:20 Ann: Agreed.\n\n15:31 Bo: No.", "America/New_York"),
        (DATED, "UTC"),
        (DATED.replace("Z", ""), "America/New_York"),
    ):
        page.goto(f"{scene.address}/organise/import")
        if "," in source:
            page.get_by_label("A table (CSV)").check()
        page.get_by_label("Paste it here").fill(source)
        page.get_by_role("button", name="Look through it").click()
        page.get_by_role("button", name="Store it").wait_for()
        assert zone.input_value() == offered
