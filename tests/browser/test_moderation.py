"""Two moderators, a member and a reader in Chromium: slow mode, the queue by the keyboard, flags, all on open pages."""

import pytest

from forum.actions import escalation, highlights, queue, sanctions
from forum.actions.escalation import Rules
from forum.models import SeatRole
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

CURRENT = "document.activeElement.querySelector('.console-text').textContent"


@pytest.fixture
def discussion(scene: Scene):
    """A live discussion with one question and one answer."""
    discussion = scene.house.discussion(ask=1, slug=f"queue-{id(scene)}")
    scene.house.comment(discussion, scene.house.host_of(discussion), "Welcome to all.", question=1)
    return discussion


def say(page, body: str) -> None:
    field = page.locator("[data-composer] textarea")
    field.fill(body)
    field.press("Control+Enter")


@pytest.mark.timeout(900)
def test_two_moderators_a_member_and_a_reader(scene, discussion):
    house = scene.house
    tom, mina = house.user("Tom Fuller"), house.user("Mina Mayer")
    house.seat(discussion, tom, SeatRole.MODERATOR)
    first = scene.visit(discussion, house.host_of(discussion), "/console")
    second = scene.visit(discussion, tom, "/console", viewport={"width": 390, "height": 844})
    member = scene.visit(discussion, mina)
    reader = scene.visit(discussion)

    # Slow mode: the second text comes back, and the button counts down.
    first.get_by_text("Slow…").click()
    first.locator("#slow-seconds").fill("50")
    first.get_by_role("button", name="Slow mode on").click()
    reader.wait_for_selector(".notice-box:has-text('once every 50 seconds')", timeout=4_000)
    second.wait_for_selector("#level-slow summary:has-text('Slow: 50 s')", timeout=4_000)
    say(member, "My first answer.")
    reader.wait_for_selector("[data-answers='1'] .comment:has-text('My first answer.')", timeout=4_000)
    until(member, "() => document.querySelector('.composer-post').textContent.includes('0:')")
    say(member, "My second answer.")
    until(member, "() => document.querySelector('[data-composer] textarea').value === 'My second answer.'")
    assert "Slow mode" in member.locator("[data-notice]").inner_text()
    # A second of it, so that the test need not wait.
    house.do(escalation.set_level, house.host_of(discussion), discussion, "slow", 1)

    # Everybody is held: the writer sees it waiting, nobody else sees it at all.
    first.get_by_role("button", name="Hold everyone").click()
    reader.wait_for_selector(".notice-box:has-text('reads every comment')", timeout=4_000)
    member.goto(member.url.partition("#")[0])
    scene.wait_for_link(member)
    assert member.locator("[data-composer] textarea").input_value() == "My second answer."
    member.wait_for_timeout(1_100)
    say(member, "Held number one.")
    member.wait_for_selector(".waiting-comment:has-text('Held number one.')", timeout=4_000)
    member.wait_for_timeout(1_100)
    say(member, "Held number two.")
    member.wait_for_selector(".waiting-comment:has-text('Held number two.')", timeout=4_000)
    assert member.locator("main .comment:has-text('Held number')").count() == 0
    scene.same_as_fresh(discussion, member, "two held")
    scene.same_as_fresh(discussion, reader, "two held")
    assert reader.get_by_text("Held number").count() == 0

    # One claims, the other sees it; by the keyboard: next, approve, then reject the next with a reason.
    for console in (first, second):
        console.wait_for_selector(".queue-count:has-text('2')", timeout=4_000)
    second.locator("#queue [data-review]").nth(1).get_by_role("button", name="Claim").click()
    first.wait_for_selector("[data-review]:has-text('Tom Fuller is looking at this.')", timeout=4_000)
    first.keyboard.press("j")
    assert "Held number one." in first.evaluate(CURRENT)
    first.keyboard.press("a")
    reader.wait_for_selector("[data-answers='1'] .comment:has-text('Held number one.')", timeout=4_000)
    until(first, "() => document.activeElement.matches('[data-review]:only-child')")
    assert "Held number two." in first.evaluate(CURRENT)
    second.wait_for_selector(".queue-count:has-text('1')", timeout=4_000)
    mine = second.locator("#queue [data-review]")
    mine.get_by_text("Reject…").click()
    mine.get_by_label("Reason, shown to its writer").fill("Twice the same")
    mine.get_by_role("button", name="Reject this comment").click()
    member.wait_for_selector(".waiting-comment:has-text('Twice the same')", timeout=4_000)
    member.wait_for_selector("main [data-answers='1'] .comment.mine:has-text('Held number one.')")
    for page in (member, reader):
        scene.same_as_fresh(discussion, page, "one approved, one rejected")
    for console in (first, second):
        console.wait_for_selector(".queue-none", state="attached", timeout=4_000)

    # Undo by one key; the approved one is where it was written, before what came later.
    later = house.comment(discussion, house.host_of(discussion), "Written after both.", question=1)
    first.locator("h1").click()
    first.keyboard.press("z")
    first.wait_for_selector("[data-review]:has-text('Held number two.')", timeout=4_000)
    first.keyboard.press("j")
    first.keyboard.press("a")
    reader.wait_for_selector("[data-answers='1'] .comment:has-text('Held number two.')", timeout=4_000)
    order = reader.locator("[data-answers='1'] .comment-text").all_inner_texts()
    assert order.index("Held number two.") < order.index("Written after both.")
    scene.same_as_fresh(discussion, reader, "approved after a later one")
    scene.same_as_fresh(discussion, member, "approved after a later one")

    # Flags: the member's dialog, the threshold, and the queue.
    first.get_by_role("button", name="Free").click()
    first.wait_for_selector("#level-open [aria-pressed=true]", timeout=4_000)
    rules = Rules(hold_first=False, hold_links=False, words="", hide_after_flags=1)
    house.do(escalation.set_rules, house.host_of(discussion), discussion, rules)
    house.comment(discussion, house.user("Sven Stranger"), "Buy my things.", question=1)
    comment = member.locator("[data-answers='1'] .comment", has_text="Buy my things.")
    comment.wait_for(timeout=4_000)
    assert reader.locator(".comment-more:visible").count() == 0
    own = member.locator(".comment.mine")
    own.first.get_by_label("More").click()
    assert own.locator("[data-action=delete]:visible").count() == 1
    assert own.locator("[data-action=flag]:visible").count() == 0
    member.keyboard.press("Escape")
    # By key: what arrives meanwhile may move the page under a pointer. test_more opens it by pointer.
    comment.get_by_label("More").press("Enter")
    comment.get_by_text("Flag", exact=True).press("Enter")
    member.locator("dialog select").select_option("spam")
    member.locator("dialog").get_by_role("button", name="Flag it").click()
    reader.wait_for_selector(".comment-gone:has-text('Set aside until a host')", timeout=4_000)
    for page in (member, reader):
        scene.same_as_fresh(discussion, page, "set aside")
    first.wait_for_selector("[data-review]:has-text('advertising or repeated')", timeout=4_000)
    first.get_by_role("button", name="Approve").click()
    reader.wait_for_selector("[data-answers='1'] .comment:has-text('Buy my things.')", timeout=4_000)
    for page in (member, reader):
        scene.same_as_fresh(discussion, page, "shown again")

    # A comment that stays says in place of the link that it is flagged.
    comment = member.locator("[data-answers='1'] .comment", has_text="Written after both.")
    comment.get_by_label("More").press("Enter")
    comment.get_by_text("Flag", exact=True).press("Enter")
    member.locator("dialog select").select_option("spam")
    member.locator("dialog").get_by_role("button", name="Flag it").click()
    comment.get_by_text("Flagged. A host looks at it.").wait_for()
    assert comment.get_by_text("Flag", exact=True).count() == 0
    # It still does when the comment is another by now.
    house.do(highlights.highlight, house.host_of(discussion), later)
    comment.get_by_text("Highlighted by the hosts").wait_for()
    assert comment.get_by_text("Flagged. A host looks at it.").is_visible()
    assert comment.get_by_text("Flag", exact=True).count() == 0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_full_queue_fits_and_is_accessible(scene, discussion, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    house, host = scene.house, scene.house.host_of(discussion)
    house.do(escalation.set_level, host, discussion, "everyone", 30)
    for n in range(3):
        house.comment(
            discussion, house.user(), f"Held {n}, with_a_very_long_word_that_must_break_{'x' * 90}", question=1
        )
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    page = scene.visit(discussion, host, "/console", **options)
    for details in page.locator("#queue details, .escalation details").all():
        details.evaluate("(details) => { details.open = true; }")
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []


def test_a_writer_changes_and_takes_back_what_waits_and_an_old_one_is_approved(scene, discussion):
    house, host = scene.house, scene.house.host_of(discussion)
    mina = house.user("Mina Mayer")
    rules = Rules(hold_first=False, hold_links=False, words="wait", hide_after_flags=0)
    house.do(escalation.set_rules, host, discussion, rules)
    old = house.comment(discussion, mina, "I wait before a hundred others.", question=1)
    for n in range(110):
        house.comment(discussion, host, f"Number {n}.", question=1)
    member, reader = scene.visit(discussion, mina), scene.visit(discussion)
    say(member, "I wait too, and change my mind.")
    waiting = member.locator(".waiting-comment", has_text="I wait too")
    waiting.get_by_text("Edit", exact=True).click()
    member.locator("dialog textarea").fill("I wait too, in other words.")
    member.locator("dialog").get_by_role("button", name="Save the change").click()
    member.wait_for_selector(".waiting-comment:has-text('in other words')", timeout=4_000)
    assert member.locator("main .comment:has-text('I wait')").count() == 0
    scene.same_as_fresh(discussion, member, "changed while it waits")
    waiting.get_by_text("Take it back", exact=True).click()
    member.locator("dialog").get_by_role("button", name="Delete it").click()
    waiting.wait_for(state="detached", timeout=4_000)
    scene.same_as_fresh(discussion, member, "taken back")
    # Above what the page shows: only the number of earlier answers grows.
    earlier = int(reader.locator(".show-earlier").get_attribute("data-left"))
    house.do(queue.approve, host, old)
    until(reader, "(n) => document.querySelector('.show-earlier').dataset.left === String(n)", earlier + 1)
    for page in (member, reader):
        scene.same_as_fresh(discussion, page, "approved above what is shown")


def test_who_may_not_write_any_more_is_offered_nothing_that_would_be_refused(scene, discussion):
    house, mina = scene.house, scene.house.user("Mina Mayer")
    own = house.comment(discussion, mina, "My answer.", question=1)
    page = scene.visit(discussion, mina)
    page.locator("[data-composer] textarea").fill("In the middle of")
    house.do(sanctions.mute, house.host_of(discussion), discussion, mina, "Off the point")
    page.wait_for_selector("body[data-role=muted]", state="attached", timeout=4_000)
    assert page.locator(f"#c{own.id} [data-action=edit]").is_hidden()
    page.locator(f"#c{own.id}").get_by_label("More").click()
    assert page.locator(f"#c{own.id} [data-action=delete]").is_visible()
    field, rest = page.locator("[data-composer] textarea"), page.locator("[data-composer] :is(select, [type=submit])")
    assert (field.is_visible(), field.input_value()) == (True, "In the middle of"), "to be copied"
    assert rest.locator("visible=true").count() == 0
    field.fill("")
    page.reload()
    scene.wait_for_link(page)
    assert not field.is_visible()
    assert rest.locator("visible=true").count() == 0
    assert page.locator("[data-composer]").get_by_role("link", name="Object to this").is_visible()
