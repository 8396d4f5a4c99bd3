"""What is said to a screen reader, offered to a keyboard and shown in forced colours."""

import pytest

from forum.actions import moderation, proposals, shortlisting, silences
from forum.models import Comment, ProposalState
from tests.browser.scene import Scene, until
from tests.browser.test_composer import field

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

KEEP = """() => {
  window.said = [];
  const place = document.querySelector('body > .vh[role=status]');
  const note = () => place.textContent && window.said.push(place.textContent);
  new MutationObserver(note).observe(place, {childList: true});
}"""


def listener(scene: Scene, discussion, user, mode: str):
    context = scene.context(user)
    page = scene.open(context, discussion)
    page.evaluate(f"localStorage.setItem('roundtext:announce', '{mode}')")
    page.evaluate(KEEP)
    return page


def test_a_text_that_is_hidden_before_it_is_read_out_is_not_and_whom_one_does_not_read_is_not_heard(scene, discussion):
    house = scene.house
    reader, loud = house.user("Rita Reader"), house.user("Bo Bully")
    house.do(silences.silence, reader, loud)
    own = house.comment(discussion, reader, "What do you think?", question=1)
    page = listener(scene, discussion, reader, "all")
    house.comment(discussion, house.user("Ada Lind"), "The first is read out.", question=1)
    scene.settle(discussion, page)
    until(page, "() => window.said.some((words) => words.includes('The first is read out.'))", None, 4)
    house.comment(discussion, loud, "You again, Rita.", question=1, reply_to=own.id)
    spam = house.comment(discussion, house.user("Sam Spam"), "Visit my casino.", question=1)
    house.comment(discussion, house.user("Ben Lind"), "This one as well.", question=1)
    house.do(moderation.hide, house.host_of(discussion), Comment.with_id(spam.id), "Advertising")
    scene.settle(discussion, page)
    until(page, "() => window.said.some((words) => words.includes('This one as well.'))", None, 25)
    said = " ".join(page.evaluate("window.said"))
    assert "casino" not in said and "You again" not in said and "Bo Bully" not in said


def test_a_name_that_is_taken_gives_the_keys_back_to_the_text(scene, discussion, member):
    scene.house.panelist(discussion, "Priya Raman")
    page = scene.visit(discussion, member)
    field(page).press_sequentially("@pri")
    page.wait_for_selector("[role=option]", timeout=1_000)
    field(page).press("Enter")
    field(page).press("Enter")
    field(page).press_sequentially("I agree.")
    assert field(page).input_value() == "@Priya Raman \nI agree."
    field(page).fill("")
    field(page).press_sequentially("@Priya Raman ")
    field(page).press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "TEXTAREA"


def test_whom_one_does_not_read_is_left_out_among_the_questions_too(scene, member):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"wishes-{id(scene)}")
    host, loud = house.host_of(discussion), house.user("Bo Bully")
    house.do(shortlisting.set_taking, host, discussion, takes=True, anonymous=False)
    house.do(silences.silence, member, loud)
    page = scene.context(member).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}/questions")
    page.wait_for_selector("body[data-link=live]")
    page.evaluate(KEEP)
    for writer, words in ((loud, "Are all of you corrupt?"), (house.user("Ada Lind"), "Who pays for it?")):
        made = house.do(proposals.make, writer, discussion, words)
        house.do(shortlisting.put, host, discussion, made.id, ProposalState.APPROVED, "new")
    page.wait_for_selector(".wish:has-text('Who pays for it?')", timeout=8_000)
    until(page, "() => window.said.some((words) => words.includes('Who pays for it?'))")
    assert not page.get_by_text("Are all of you corrupt?").is_visible()
    assert "corrupt" not in " ".join(page.evaluate("window.said"))


def test_a_preview_that_comes_after_its_text_was_sent_is_not_shown(scene, discussion, member):
    page = scene.visit(discussion, member)
    page.route("**/preview", lambda route: (page.wait_for_timeout(700), route.continue_()))
    field(page).fill("Sent before its preview came.")
    page.locator("button[name=preview]").click()
    field(page).press("Control+Enter")
    page.wait_for_timeout(1_500)
    assert page.locator("[data-preview]").count() == 0


def test_a_lost_line_leads_nobody_off_the_page(scene: Scene):
    discussion = scene.house.discussion(ask=1, slug=f"lost-{id(scene)}")
    writer = scene.house.user("Ada Lind")
    for number in range(70):
        words = "A thought that needs more than a line to be said, and says it in full. " * 6
        scene.house.comment(discussion, writer, f"Number {number}. {words}", question=1)
    page = scene.visit(discussion, writer)
    address = page.url
    page.route("**/comments?*", lambda route: route.abort())
    page.locator("#q1 .show-earlier").evaluate("(link) => link.click()")
    page.wait_for_timeout(500)
    assert page.url == address
    assert "cannot be reached" in page.locator("[data-notice]").inner_text()
    page.unroute("**/comments?*")
    page.locator("#q1 .show-earlier").evaluate("(link) => link.click()")
    until(page, "() => document.querySelector('#q1 .comment').textContent.includes('Number 0.')", None, 5)


def test_what_is_pressed_is_seen_in_forced_colours(scene, discussion):
    scene.house.comment(discussion, question=1)
    page = scene.visit(discussion, forced_colors="active")
    button = page.locator("[data-recent-pause]:visible").first
    before = button.evaluate("(button) => getComputedStyle(button).backgroundColor")
    button.click()
    assert button.evaluate("(button) => getComputedStyle(button).backgroundColor") != before


def test_a_refused_form_begins_at_what_is_wrong(scene, discussion, member):
    page = scene.context(member).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}/questions")
    page.locator("textarea[name=text]").fill("x" * 5000)
    page.get_by_role("button", name="Send it to the hosts").click()
    page.wait_for_selector(".error-summary")
    assert page.evaluate("document.activeElement.className") == "error-summary"
