"""The run of an event in Chromium: by keyboard alone, by two hosts at once, and rehearsed before."""

import time
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from forum import clock
from forum.database import db, writing
from forum.models import Comment, Discussion, Phase, SeatRole
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

FOCUSED = """() => {
  const at = document.activeElement;
  return (at.getAttribute('aria-label') || at.textContent || at.name || '').trim().replace(/\\s+/g, ' ');
}"""


def tab_to(page, words: str) -> None:
    """Press Tab until what has the focus is called `words`, as somebody without a mouse does."""
    page.evaluate("document.activeElement?.blur()")
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith(words):
            return
    raise AssertionError(f"Tab never comes to “{words}”")


def now_of(discussion: Discussion) -> Discussion:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Discussion, discussion.id)


def comments_of(discussion: Discussion) -> list[str]:
    db.session.rollback()
    found = db.session.query(Comment).filter_by(discussion_id=discussion.id).order_by(Comment.id)
    return [comment.source for comment in found]


def test_a_whole_event_is_run_by_keyboard_alone(scene: Scene):
    house = scene.house
    discussion = house.discussion(phase=Phase.ANNOUNCED, slug=f"keys-{id(scene)}")
    for words in ("Who pays?", "What next?"):
        house.question(discussion, words, 10)
    page = scene.visit(discussion, house.host_of(discussion), "/console")
    notice = page.locator("[data-console-notice]")

    tab_to(page, "Begin with the usual four")
    page.keyboard.press("Enter")
    notice.get_by_text("Four texts are in the tray.").wait_for()
    tab_to(page, "Open now")
    page.keyboard.press("Enter")
    notice.get_by_text("The discussion is open.").wait_for()
    page.wait_for_selector("form[data-tray-key='1']")
    page.keyboard.press("Shift+Digit1")
    notice.get_by_text("It is posted.").wait_for()

    for number in (1, 2):
        page.get_by_role("button", name=f"Ask Q{number} now").wait_for()
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        notice.get_by_text(f"Q{number} is asked.").wait_for()
        page.wait_for_selector(f".console-pace:has-text('Q{number}:')")
        house.comment(now_of(discussion), house.user(f"Max {number}"), f"A rude answer {number}.", question=number)
        page.wait_for_selector(f".console-comments:has-text('A rude answer {number}.')")
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.keyboard.type("Please be kind")
        page.keyboard.press("Enter")
        page.wait_for_selector(f".console-hidden:has-text('A rude answer {number}.')")
        page.evaluate("document.activeElement?.blur()")
    tab_to(page, "Give Q2 5 minutes more")
    page.keyboard.press("Enter")
    notice.get_by_text("The question has 5 minutes more.").wait_for()
    page.keyboard.press("Shift+Digit4")
    notice.get_by_text("It is posted.").wait_for()
    tab_to(page, "Close…")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Close “").wait_for()
    tab_to(page, "Close it now")
    page.keyboard.press("Enter")
    page.get_by_text("The discussion is closed.").wait_for()

    ended = now_of(discussion)
    assert ended.phase is Phase.CLOSED
    assert [q.number for q in ended.questions] == [1, 2]
    said = comments_of(discussion)
    assert said[0].startswith("Welcome, everybody.")
    assert said[-1].startswith("Thank you all.")
    assert scene.trouble == []


def test_two_hosts_see_one_clock_and_post_a_text_once(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"pace-{id(scene)}")
    house.seat(discussion, house.user("Otto Other"), SeatRole.HOST)
    other_host = next(seat.user for seat in discussion.seats if seat.name == "Otto Other")
    question = discussion.questions[0]
    with writing():
        question.asked_at = clock.now() - timedelta(minutes=12)
        question.length_minutes = 10
        discussion.opened_at = clock.now() - timedelta(minutes=12)
    hana = scene.visit(discussion, house.host_of(discussion), "/console")
    otto = scene.visit(discussion, other_host, "/console")
    for page in (hana, otto):
        page.get_by_text("Q1 is 2 min over its time").wait_for()
        page.get_by_text("Quiet for 12 min").wait_for()
    hana.get_by_role("button", name="Begin with the usual four").click()
    for page in (hana, otto):
        page.wait_for_selector("form[data-tray-key='2']")
    # Both press before either can have heard of the other.
    otto.route("**/console", lambda route: route.abort())
    hana.keyboard.press("Shift+Digit2")
    hana.locator("[data-console-notice]", has_text="It is posted.").wait_for()
    hana.get_by_text("Quiet for").wait_for(state="detached")
    otto.keyboard.press("Shift+Digit2")
    otto.locator("[data-console-notice]", has_text="was posted a moment ago").wait_for()
    assert len(comments_of(discussion)) == 1
    otto.unroute("**/console")
    otto.get_by_role("button", name="Give Q1 5 minutes more").click()
    hana.wait_for_selector(".console-pace:has-text('of 15')", timeout=15_000)


def rehearsing(scene: Scene, discussion: Discussion) -> Page:
    """Open the console for a host, begin a rehearsal there, and return the page of its console."""
    host = scene.visit(discussion, scene.house.host_of(discussion), "/console")
    host.get_by_role("button", name="Rehearse").click()
    host.get_by_text("The rehearsal is open.").wait_for()
    scene.wait_for_link(host)
    return host


def test_a_rehearsal_is_lived_and_thrown_away(scene: Scene):
    house = scene.house
    discussion = house.discussion(phase=Phase.ANNOUNCED, slug=f"try-{id(scene)}")
    house.question(discussion, "Who pays?", 0)
    priya = house.panelist(discussion)
    host = scene.visit(discussion, house.host_of(discussion), "/console")
    panelist = scene.visit(discussion, priya, "/backstage", viewport={"width": 390, "height": 844})
    host.get_by_role("button", name="Rehearse").click()
    host.get_by_text("The rehearsal is open.").wait_for()
    scene.wait_for_link(host)
    panelist.get_by_role("link", name="To the rehearsal").click()
    scene.wait_for_link(panelist)
    host.keyboard.press("n")
    host.keyboard.press("Enter")
    host.wait_for_selector(".run-open")
    waiting = panelist.context.new_page()
    waiting.goto(panelist.url)
    scene.wait_for_link(waiting)
    panelist.get_by_role("link", name="Live page").click()
    scene.wait_for_link(panelist)
    panelist.locator("#say textarea").first.fill("I only try it out.")
    panelist.keyboard.press("Control+Enter")
    host.wait_for_selector(".console-comments:has-text('I only try it out.')", timeout=15_000)
    host.get_by_text("End the rehearsal…").click()
    host.get_by_role("button", name="Throw the rehearsal away").click()
    host.get_by_text("The rehearsal is thrown away").wait_for()
    assert "rehearsed" in host.locator(f"#seat-{discussion.seats[1].id}").inner_text()
    for page in (panelist, waiting):
        page.get_by_text("The rehearsal is over and thrown away.").first.wait_for(timeout=8_000)
        assert page.locator(".chip, .console-chip").first.inner_text() == "Not connected"
        page.get_by_role("main").get_by_role("link", name="To the event").last.click()
        page.wait_for_url(f"**/d/{discussion.slug}/backstage")
    assert comments_of(discussion) == []
    assert scene.trouble == []


def test_who_is_signed_out_in_a_rehearsal_is_told_that_and_not_that_it_is_over(scene: Scene):
    house = scene.house
    discussion = house.discussion(phase=Phase.ANNOUNCED, slug=f"out-{id(scene)}")
    host = rehearsing(scene, discussion)
    reader = host.context.new_page()
    reader.goto(host.url.replace("/console", ""))
    scene.wait_for_link(reader)
    other = host.context.new_page()
    other.goto(f"{scene.address}/about")
    other.get_by_role("button", name="Sign out").click()
    for page in (host, reader):
        page.get_by_role("link", name="Sign in (opens in a new tab)").first.wait_for(timeout=15_000)
        assert "The rehearsal is over" not in page.locator("main").inner_text()


def test_who_throws_a_rehearsal_away_is_led_back_though_its_console_is_gone_before_the_answer(scene: Scene):
    house = scene.house
    discussion = house.discussion(phase=Phase.ANNOUNCED, slug=f"slow-{id(scene)}")
    host = rehearsing(scene, discussion)

    def answer_late(route):
        answer = route.fetch(max_redirects=0)
        time.sleep(3)  # meanwhile the line says that there is nothing here any more
        route.fulfill(response=answer)

    host.route("**/rehearsal/end", answer_late)
    host.get_by_text("End the rehearsal…").click()
    host.get_by_role("button", name="Throw the rehearsal away").click()
    host.wait_for_url(f"**/d/{discussion.slug}/console")
    host.get_by_text("The rehearsal is thrown away").wait_for()


def test_a_members_question_is_wished_for_shortlisted_and_asked_with_credit(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"wish-{id(scene)}")
    mara = scene.visit(discussion, house.user("Mara Member"), viewport={"width": 390, "height": 844})
    voter = scene.visit(discussion, house.user("Vera Voter"))
    host = scene.visit(discussion, house.host_of(discussion), "/console")
    mara.get_by_role("link", name="Ask the panel").click()
    mara.get_by_label("What should the panel be asked?").fill("Who pays for the pipes?")
    mara.get_by_role("button", name="Send it to the hosts").click()
    mara.get_by_text("Your question is with the hosts.").wait_for()
    assert mara.evaluate("document.documentElement.scrollWidth") <= 390
    host.wait_for_selector("#audience:has-text('Who pays for the pipes?')", timeout=4_000)
    host.locator("#audience .console-comment").focus()
    host.keyboard.press("a")
    host.locator("[data-console-notice]", has_text="Everybody sees this question now").wait_for()
    voter.get_by_role("link", name="Ask the panel").first.click()
    voter.get_by_role("button", name="Vote for: Who pays for the pipes?").click()
    voter.get_by_role("button", name="Take your vote back: Who pays for the pipes?").wait_for()
    voter.goto(f"{scene.address}/d/{discussion.slug}")
    scene.wait_for_link(voter)
    host.locator("#audience .console-comment").focus()
    host.keyboard.press("s")
    host.wait_for_selector("#audience:has-text('on the shortlist')")
    host.locator("#audience").get_by_text("Ask…", exact=True).click()
    host.locator("#audience").get_by_role("button", name="Ask it now").click()
    voter.wait_for_selector("#q2 .question-facts:has-text('for Mara Member')", timeout=4_000)
    scene.same_as_fresh(now_of(discussion), voter, "asked for a member")
    mara.reload()
    mara.locator("[id^=mine-]", has_text="asked as Q2").wait_for()
    for page in (mara, host):
        found = Axe().run(page).response["violations"]
        assert not found, [(one["id"], [node["html"] for node in one["nodes"]][:2]) for one in found]
    assert scene.trouble == []
