"""A host invites an audience in Chromium, with and without script: paste, correct, send once, see what was refused."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from forum.actions import deliveries, guest_mail
from forum.database import db, writing
from forum.models import Guest, Letter, Phase
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

LIST = "Name\tMail\tTime zone\nAda Adler\tada@example.org\tAfrica/Kampala\nBob\tbob(at)example.org\t\n"


def guests() -> list[Guest]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Guest).order_by(Guest.id).all()


@pytest.mark.parametrize("script", [True, False])
def test_a_list_is_looked_through_corrected_and_sent_once(scene: Scene, tmp_path, script):
    house = scene.house
    event = house.discussion(phase=Phase.ANNOUNCED, slug=f"river-{int(script)}", title="Whose river?")
    context = scene.context(house.host_of(event), java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{scene.address}/d/{event.slug}/console")
    page.get_by_role("link", name="Guests").click()
    if script:
        page.get_by_label("Paste a list").fill(LIST)
    else:
        file = tmp_path / "guests.tsv"
        file.write_text(LIST, "utf-16")
        page.get_by_label("Or choose a file").set_input_files(file)
    page.get_by_label("Your own words").fill("Bring maps.")
    page.get_by_role("button", name="Look through it").click()
    assert "1 letter would leave. 1 row needs another look." in page.get_by_role("status").first.inner_text()
    page.get_by_label("Address of line 3").fill("bob@example.org")
    page.get_by_label("Address of line 3").press("Enter")
    page.get_by_role("button", name="Send 2 invitations").wait_for()
    assert page.get_by_label("Your own words").input_value() == "Bring maps."
    page.get_by_role("button", name="Show the letter to bob@example.org").click()
    assert "Hello Bob,\n" in page.locator("pre").inner_text()
    assert "Bring maps." in page.locator("pre").inner_text()
    assert guests() == []

    page.get_by_role("button", name="Send 2 invitations").dblclick()
    page.get_by_role("heading", name="2 guests").wait_for()
    page.reload()
    assert [guest.email for guest in guests()] == ["ada@example.org", "bob@example.org"]

    until = time.monotonic() + 20  # the server's own clockwork writes them
    while any(guest.letter_id is None for guest in guests()):
        assert time.monotonic() < until
        page.wait_for_timeout(200)
    assert db.session.query(Letter).filter_by(kind="guest").count() == 2
    sent_to_bob = guests()[1].letter_id
    with writing():
        letter = db.session.get_one(Letter, sent_to_bob)
        deliveries.refused(letter, "550 5.1.1 No such person")
    page.goto(f"{scene.address}/d/{event.slug}/guests?show=problems")
    row = page.locator("li[id^=guest-]")
    assert row.count() == 1
    assert "refused by the mail server" in row.inner_text()
    assert "550 5.1.1 No such person" in row.inner_text()
    row.get_by_role("link", name="Correct…").click()
    page.get_by_label("Email address").fill("robert@example.org")
    page.get_by_role("button", name="Save and send").click()
    page.get_by_text("1 invitation is on its way.").wait_for()
    assert [guest.email for guest in guests()] == ["ada@example.org", "robert@example.org"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_of_a_list_is_accessible_and_fits(scene: Scene, width, scheme):
    event = scene.house.discussion(phase=Phase.ANNOUNCED, slug=f"wide-{width}")
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    page = scene.context(scene.house.host_of(event), **options).new_page()
    page.goto(f"{scene.address}/d/{event.slug}/guests")
    bad = f"{'w' * 60}\nMia,mia@example.org,Mars/Base\nmia@example.org\n{'x' * 60}@example.org,{'Y' * 70}\n"
    page.get_by_label("Paste a list").fill(bad)
    page.get_by_role("button", name="Look through it").click()
    page.get_by_role("button", name="Send").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    violations = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in violations] == []


def test_a_guest_answers_without_script_and_without_an_account(scene: Scene):
    event = scene.house.discussion(phase=Phase.ANNOUNCED, slug="answered")
    from forum.actions import guests as actions
    from forum.addresses import Row

    row = Row(1, "ada@example.org", "Ada", "", "Africa/Kampala")
    scene.house.do(actions.invite, scene.house.host_of(event), event, [row], "", "k" * 16)
    path = f"/guest/{guest_mail._token(guests()[0])}"
    page = scene.context(java_script_enabled=False).new_page()
    page.goto(scene.address + path)
    assert page.get_by_label("Your time zone").input_value() == "Africa/Kampala"
    page.get_by_role("button", name="I’ll read along").click()
    page.get_by_text("We remind you a day and an hour before").wait_for()
    page.goto(scene.address + path)
    page.get_by_text("You have said that you read along.").wait_for()
    page.goto(f"{scene.address}{path}/stop")
    page.get_by_role("button", name="End these letters").click()
    page.get_by_text("Hosts of this site cannot invite you by mail any more").wait_for()


def test_the_time_zones_of_a_list_are_whole(scene: Scene):
    event = scene.house.discussion(phase=Phase.ANNOUNCED)
    page = scene.context(scene.house.host_of(event)).new_page()
    page.goto(f"{scene.address}/d/{event.slug}/guests")
    zones = ("America/New_York", "America/Argentina/ComodRivadavia", "Nowhere")
    rows = [f"Ada {n}\tada.adler.{n}@partneringlab.example.org\t{zone}" for n, zone in enumerate(zones)]
    page.get_by_label("Paste a list").fill("Name\tMail\tTime zone\n" + "\n".join(rows))
    page.get_by_role("button", name="Look through it").click()
    table = page.locator(".table-wide")
    table.wait_for()
    width, room = table.evaluate("one => [one.scrollWidth, one.clientWidth]")
    assert width <= room
