"""An event of three questions, lived through by a host, a panelist on a phone, a member and an anonymous reader."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from forum import clock
from forum.actions import phases
from forum.database import db, writing
from forum.models import Comment, Discussion
from tests.browser.scene import Scene, until

pytestmark = pytest.mark.browser

ASKED = ("What have you seen work?", "Who pays for it?", "What comes first?")


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    """Announced for in an hour, with three questions on its run sheet."""
    discussion = scene.house.discussion(phase="announced", slug=f"event-{id(scene)}")
    for text in ASKED:
        scene.house.question(discussion, text)
    return discussion


def phase_is(page: Page, phase: str) -> None:
    """Wait at most a second until the open page has become what the host made of the discussion."""
    until(page, "(phase) => document.body.dataset.phase === phase", phase, 1.5)


def ask_next(console: Page, number: int) -> None:
    """One click on the next question's button."""
    console.locator(".run-next .run-ask button").click()
    console.wait_for_selector(f".console-notice:has-text('Q{number}')", timeout=4_000)


def say(page: Page, body: str) -> None:
    """Write and post from the keyboard."""
    field = page.locator("[data-composer] textarea")
    field.fill(body)
    field.press("Control+Enter")


def has_once(page: Page, body: str, question: str) -> None:
    """Wait until `body` stands exactly once on the page, under its question."""
    place = page.locator(f"[data-answers='{question}'] .comment[data-id] .comment-text", has_text=body)
    place.first.wait_for(state="attached", timeout=8_000)
    assert place.count() == 1
    assert page.locator("main .comment-text", has_text=body).count() == 1


@pytest.mark.timeout(900)
def test_three_questions_with_the_network_lost_in_the_middle(scene, discussion):
    host_user = scene.house.host_of(discussion)
    priya = scene.house.panelist(discussion)
    console = scene.context(host_user).new_page()
    console.goto(f"{scene.address}/d/{discussion.slug}/console")
    console.wait_for_selector("body[data-link=live]", state="attached")
    panelist = scene.visit(discussion, priya, viewport={"width": 390, "height": 844}, has_touch=True)
    member = scene.visit(discussion, scene.house.user("Samuel Bekele"))
    reader = scene.visit(discussion)
    everybody = (panelist, member, reader)
    for page in everybody:
        page.evaluate("() => { window.sameVisit = true; }")
    assert reader.locator("[data-countdown]").count() >= 1

    # Opened by hand, an hour early; nobody's page is loaded again.
    console.get_by_role("button", name="Open now").click()
    for page in everybody:
        phase_is(page, "live")
    ask_next(console, 1)
    for page in everybody:
        page.wait_for_selector("#q1:has-text('What have you seen work?')", timeout=2_000)

    say(member, "The school's map did.")
    has_once(reader, "The school's map did.", "1")
    answered = member.locator("[data-answers='1'] .comment").first
    panelist.locator("[data-answers='1'] .comment", has_text="school's map").get_by_text("Reply").click()
    say(panelist, "Whose school was it?")
    has_once(reader, "Whose school was it?", "1")
    quote = reader.locator("[data-answers='1'] .comment", has_text="Whose school").locator(".reply-quote")
    assert "Samuel Bekele" in quote.inner_text()
    assert quote.get_attribute("href").endswith(f"/c/{answered.get_attribute('data-id')}")
    assert "Panel" in reader.locator(".comment", has_text="Whose school").locator(".badge").first.inner_text()

    # The panelist begins a late answer to Q1, the network goes, Q2 comes, the network returns.
    panelist.locator("[data-composer] textarea").press_sequentially("Late, and still about Q1")
    for page in (panelist, reader):
        page.context.set_offline(True)
    ask_next(console, 2)
    member.wait_for_selector("#q2", state="attached", timeout=2_000)
    say(member, "The users pay, in the end.")
    has_once(member, "The users pay, in the end.", "2")
    panelist.locator("[data-composer] textarea").press("Control+Enter")
    panelist.wait_for_selector(".comment-pending", timeout=2_000)
    assert panelist.locator("#q2").count() == 0
    panelist.locator("[data-composer] textarea").press_sequentially("Typed without a line")
    for page in (panelist, reader):
        page.context.set_offline(False)
    for page in everybody:
        page.wait_for_selector("#q2:has-text('Who pays for it?')", timeout=8_000)
        has_once(page, "The users pay, in the end.", "2")
        has_once(page, "Late, and still about Q1", "1")
    assert panelist.locator(".comment-pending").count() == 0
    assert panelist.locator("[data-composer] textarea").input_value() == "Typed without a line"

    # Hidden with a reason and its writer muted, paused, resumed, extended.
    scene.house.comment(discussion, body="Buy my pumps!", question=2)
    unwanted = console.locator("[data-comment]", has_text="Buy my pumps!")
    unwanted.get_by_text("Hide…").click()
    unwanted.get_by_label("Reason, shown to readers").fill("advertising")
    unwanted.get_by_role("button", name="Hide this comment").click()
    for page in everybody:
        until(page, "() => document.getElementById('q2').innerText.includes('advertising')", None, 4)
        assert "Buy my pumps!" not in page.locator("body").inner_text()
    unwanted.get_by_text("End right to write…").click()
    unwanted.get_by_label("Reason, shown to this person").fill("advertising")
    unwanted.get_by_role("button", name="End their right to write").click()
    console.locator(".console-people [id^='muted-']", has_text="advertising").wait_for(timeout=4_000)
    member.locator("[data-composer] textarea").fill("Typed when it was paused.")
    console.get_by_role("button", name="Pause").click()
    for page in everybody:
        phase_is(page, "paused")
    assert member.locator("[data-composer] textarea").is_visible()
    console.get_by_role("button", name="Resume").click()
    for page in everybody:
        phase_is(page, "live")
    assert member.locator("[data-composer] textarea").input_value() == "Typed when it was paused."
    say(member, "Typed when it was paused.")
    has_once(reader, "Typed when it was paused.", "2")

    end = reader.get_attribute("body", "data-ends-at")
    console.get_by_role("button", name="Extend by 10 minutes").click()
    for page in everybody:
        until(page, "(end) => document.body.dataset.endsAt > end", end, 1.5)

    ask_next(console, 3)
    for page in everybody:
        page.wait_for_selector("#q3:has-text('What comes first?')", timeout=2_000)
    console.get_by_role("link", name="Close…").click()
    console.get_by_role("button", name="Close it now").click()
    for page in everybody:
        phase_is(page, "closed")
        assert page.evaluate("() => window.sameVisit") is True, "the page was loaded again"
        scene.same_as_fresh(discussion, page)
    sources = db.session.scalars(db.select(Comment.source).where(Comment.discussion_id == discussion.id))
    assert len(list(sources)) == 6


def test_the_clock_opens_and_closes_while_people_watch_and_write(scene, discussion):
    member = scene.visit(discussion, scene.house.user("Samuel Bekele"))
    owner = discussion.owner_id
    with writing():
        found = db.session.get_one(Discussion, discussion.id)
        found.starts_at = clock.now() + timedelta(seconds=1)
        found.ends_at = clock.now() + timedelta(hours=1)
    assert owner
    phase_waits = "() => document.body.dataset.phase === 'live'"
    until(member, phase_waits, None, 4)
    member.locator("[data-composer] textarea").fill("Not sent in time.")
    with writing():
        found = db.session.get_one(Discussion, discussion.id)
        found.ends_at = clock.now() + timedelta(seconds=1)
    until(member, "() => document.body.dataset.phase === 'closed'", None, 4)
    assert member.locator("[data-composer] textarea").input_value() == "Not sent in time."
    host = scene.house.host_of(db.session.get_one(Discussion, discussion.id))
    scene.house.do(phases.extend, host, db.session.get_one(Discussion, discussion.id), 10)
    until(member, phase_waits, None, 3)
    say(member, member.locator("[data-composer] textarea").input_value())
    has_once(member, "Not sent in time.", "")
