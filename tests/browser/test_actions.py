"""Small pages over the page (edit, hide, move, flag) in Chromium: pressed twice, late, without a network, and moved."""

import pytest
from playwright.sync_api import expect

from forum.actions import comments, escalation
from forum.database import db
from forum.models import Comment, Discussion
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    return scene.house.discussion(ask=2, slug=f"actions-{id(scene)}")


@pytest.fixture
def member(scene):
    return scene.house.user("Mina Member")


def hold_back(page, address: str) -> list:
    """Keep what is asked of `address` waiting; return what waits."""
    waiting = []
    page.route(address, lambda one: waiting.append(one) if one.request.method == "GET" else one.continue_())
    return waiting


def arrived(page, waiting: list, number: int = 1) -> None:
    until_there = 100
    while len(waiting) < number and until_there:
        page.wait_for_timeout(50)
        until_there -= 1
    assert len(waiting) >= number


def test_pressed_twice_it_opens_once_and_the_change_stands(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "Frist version.", question=2)
    page = scene.visit(discussion, member)
    waiting = hold_back(page, "**/edit")
    link = page.locator(f"#c{comment.id} [data-action=edit]")
    link.dblclick()
    link.click()
    arrived(page, waiting)
    assert link.get_attribute("aria-busy") == "true"
    for route in waiting:
        route.continue_()
    page.fill("dialog textarea", "First version.")
    assert (len(waiting), page.locator("dialog").count()) == (1, 1)
    page.locator("dialog form button").first.click()
    page.wait_for_selector("dialog", state="detached")
    page.wait_for_timeout(300)
    assert page.locator("dialog").count() == 0
    db.session.rollback()
    assert db.session.get_one(Comment, comment.id).source == "First version."


@pytest.mark.parametrize("change", ["escape", "typing"])
def test_what_comes_late_takes_nothing_from_who_has_gone_on(scene, discussion, member, change):
    comment = scene.house.comment(discussion, member, "Mine.", question=2)
    page = scene.visit(discussion, member)
    field = page.locator("[data-composer] textarea")
    field.focus()
    waiting = hold_back(page, "**/edit")
    page.click(f"#c{comment.id} [data-action=edit]")
    arrived(page, waiting)
    if change == "escape":
        page.keyboard.press("Escape")
    page.keyboard.type("A long thought")
    waiting[0].continue_()
    page.wait_for_timeout(600)
    page.keyboard.type(" that goes on")
    assert page.locator("dialog").count() == 0
    assert field.input_value() == "A long thought that goes on"


def test_without_a_network_the_page_stays_and_says_so(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "Mine.", question=2)
    page = scene.visit(discussion, member)
    page.context.set_offline(True)
    page.click(f"#c{comment.id} [data-action=edit]")
    said = page.locator(f"#c{comment.id} .press-refused")
    expect(said).to_contain_text("The server does not answer")
    assert page.url.endswith(discussion.slug)
    page.context.set_offline(False)
    page.click(f"#c{comment.id} [data-action=edit]")
    page.wait_for_selector("dialog textarea")


def test_what_is_gone_meanwhile_is_said_in_its_place(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "Mine.", question=2)
    page = scene.visit(discussion, member)
    page.route("**/edit", lambda route: route.fulfill(status=404, body="Nothing here"))
    page.click(f"#c{comment.id} [data-action=edit]")
    expect(page.locator(f"#c{comment.id} .press-refused")).to_contain_text("changed or taken away meanwhile")
    assert page.url.endswith(discussion.slug)


def test_what_was_changed_elsewhere_is_shown_beside_the_own_words_which_then_take_its_place(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "First version.", question=2)
    page = scene.visit(discussion, member)
    edit, field = page.locator(f"#c{comment.id} [data-action=edit]"), page.locator("dialog textarea")
    edit.click()
    field.fill("What I wrote for ten minutes.")
    scene.house.do(comments.edit, member, comment, "Second version, from the phone.")
    save = page.locator("dialog form button").first
    save.click()
    expect(page.locator("dialog blockquote")).to_have_text("Second version, from the phone.")
    page.keyboard.press("Escape")
    edit.click()
    expect(field).to_have_value("What I wrote for ten minutes.")
    scene.house.do(comments.edit, member, comment, "Third version.")
    save.click()
    expect(page.locator("dialog blockquote")).to_have_text("Third version.")
    save.click()
    expect(page.locator(f"#c{comment.id} .comment-text")).to_have_text("What I wrote for ten minutes.")


def test_the_focus_goes_along_with_a_comment_that_moves(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "Mine.", question=2)
    page = scene.visit(discussion, scene.house.host_of(discussion))
    focused = "() => document.activeElement.closest('.comment')?.id"
    page.evaluate("(id) => document.getElementById(id).focus()", f"c{comment.id}")
    assert page.evaluate(focused) == f"c{comment.id}"
    scene.house.do(comments.move, scene.house.host_of(discussion), comment, 1)
    page.wait_for_selector(f"#q1 #c{comment.id}", state="attached", timeout=8_000)
    assert page.evaluate(focused) == f"c{comment.id}"
    # One's own move, through “⋯” and its small page.
    page.locator(f"#c{comment.id} .comment-more > a").press("Enter")
    page.locator(f"#c{comment.id} [data-action=move]").press("Enter")
    page.locator("dialog select").select_option("2")
    page.locator("dialog form button").first.click()
    page.wait_for_selector(f"#q2 #c{comment.id}", timeout=8_000)
    page.wait_for_timeout(300)
    assert page.evaluate(focused) == f"c{comment.id}"


def test_the_list_of_keys_gives_the_focus_back_to_an_open_menu(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "Mine.", question=2)
    page = scene.visit(discussion, member)
    page.locator(f"#c{comment.id} .comment-more > a").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    page.wait_for_selector("dialog.keys")
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement.matches('.comment-more > a')")


@pytest.mark.parametrize(("after", "within"), [("open", 0), ("slow", 5)])
def test_who_waits_for_slow_mode_waits_no_longer_than_it_lasts(scene, discussion, member, after, within):
    house, host = scene.house, scene.house.host_of(discussion)
    house.do(escalation.set_level, host, discussion, "slow", 300)
    page = scene.visit(discussion, member)
    field, post = page.locator("[data-composer] textarea"), page.locator(".composer-post")
    field.fill("My first answer.")
    field.press("Control+Enter")
    expect(post).to_contain_text("Post in", timeout=8_000)
    field.fill("My second answer.")
    house.do(escalation.set_level, host, discussion, after, within or None)
    expect(post).to_have_text("Post", timeout=8_000 + within * 1000)
    assert post.is_enabled()
    assert page.locator("[data-notice]").is_hidden()
    assert field.input_value() == "My second answer."


def test_a_dialogs_buttons_look_like_what_they_do(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "Mine.", question=2)
    page = scene.visit(discussion, member)
    colour = "(e) => getComputedStyle(e).color"
    page.locator(f"#c{comment.id} .comment-more > a").click()
    page.click(f"#c{comment.id} [data-action=delete]")
    danger = page.locator("dialog .button-danger").evaluate(colour)
    assert danger == page.evaluate("""() => { const e = document.createElement('i'); e.style.color = 'var(--danger)';
      document.body.append(e); return getComputedStyle(e).color; }""")
    page.click("dialog .dialog-cancel")
    page.click(f"#c{comment.id} [data-action=edit]")
    assert page.locator("dialog .button-main").evaluate(colour) != page.locator("dialog").evaluate(colour)


def test_greetings_older_than_what_the_page_shows_keep_their_line(scene, discussion, member):
    scene.house.comment(discussion, member, "Good evening from Kampala.", question=None)
    for number in range(110):
        scene.house.comment(discussion, scene.house.host_of(discussion), f"Thought {number}.", question=2)
    page = scene.visit(discussion)
    assert page.locator("#general .comment").count() == 0, "or this test looks at nothing"
    page.locator("#general summary").click()
    page.locator("#general .show-earlier").click()
    expect(page.locator("#general .comment-text")).to_have_text("Good evening from Kampala.")
    until(page, "() => document.querySelector('#general .show-earlier') === null")
