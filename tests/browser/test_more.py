"""“⋯” under a comment in Chromium: by pointer, by keys, by touch, without script, and under what moves meanwhile."""

import pytest

from forum.actions import highlights, sanctions
from forum.models import Discussion
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

PLACES = "() => [...document.querySelectorAll('.comment, footer')].map((e) => e.getBoundingClientRect().y)"
# Whatever of the menu lies under something else, or out of sight, is nothing that can be pressed.
IN_SIGHT = """() => [...document.querySelectorAll('.comment-more > div a')].filter((a) => a.checkVisibility())
  .every((a) => { const r = a.getBoundingClientRect();
    return document.elementFromPoint(r.x + r.width / 2, r.bottom - 2) === a; })"""


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    discussion = scene.house.discussion(ask=1, slug=f"more-{id(scene)}")
    writer = scene.house.user("Ada Lind")
    for number in range(4):
        scene.house.comment(discussion, writer, f"Thought {number}.", question=1)
    return discussion


def more(page, comment):
    return page.locator(f"#c{comment.id} .comment-more")


def button(place):
    return place.get_by_label("More")


def opened(page) -> list[str]:
    return page.evaluate("() => [...document.querySelectorAll('.comment-more > div')].map((m) => m.closest('li').id)")


def test_it_opens_over_the_page_and_closes_as_menus_do(scene, discussion, written):
    page = scene.visit(discussion, scene.house.host_of(discussion))
    first, second = (more(page, comment) for comment in (written[0], written[2]))
    before = page.evaluate(PLACES)
    button(first).click()
    assert first.locator("div a:visible").all_inner_texts() == ["Move", "Hide", "Highlight", "End right to write"]
    assert page.evaluate(PLACES) == before, "nothing moved"
    until(page, IN_SIGHT)
    button(second).click()
    assert opened(page) == [f"c{written[2].id}"]
    page.keyboard.press("Escape")
    assert opened(page) == []
    button(second).click()
    page.locator("h1").click()
    assert opened(page) == []
    # What is done to the comment meanwhile does not shut it.
    button(second).click()
    scene.house.do(highlights.highlight, scene.house.host_of(discussion), written[2])
    second.get_by_text("Highlight no longer").wait_for(timeout=8_000)
    assert opened(page) == [f"c{written[2].id}"]
    second.get_by_text("Highlight no longer").click()
    page.locator("dialog form button").first.click()
    page.wait_for_selector(f"#c{written[2].id} .comment-highlight", state="detached", timeout=8_000)
    assert opened(page) == []


def test_with_keys_alone_and_back_where_one_was(scene, discussion, written):
    page = scene.visit(discussion, scene.house.host_of(discussion))
    page.evaluate("(id) => document.getElementById(id).focus()", f"c{written[0].id}")
    page.keyboard.press("ArrowDown")
    for _ in range(4):  # the time, Reply, Helpful, ⋯
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert opened(page) == [f"c{written[1].id}"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.dataset.action") == "hide"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog [name=reason]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    where = "() => document.activeElement.matches('.comment-more > a') && document.activeElement.closest('li').id"
    assert page.evaluate(where) == f"c{written[1].id}"
    assert opened(page) == []
    # Walking on shuts it, Escape too, and then one stands on what opened it.
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert (page.evaluate(where), opened(page)) == (f"c{written[1].id}", [])
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    assert opened(page) == []


def test_a_form_that_is_long_in_coming_keeps_the_next_waiting_though_its_menu_is_shut(scene, discussion, written):
    page = scene.visit(discussion, scene.house.host_of(discussion))
    waiting = []
    page.route("**/hide", lambda route: waiting.append(route))
    for comment in written[:2]:
        button(more(page, comment)).click()
        more(page, comment).get_by_text("Hide").click()
        page.locator("h1").click()
    until(page, "() => !document.querySelector('.comment-more > div')")
    assert len(waiting) == 1
    waiting[0].continue_()
    page.wait_for_selector("dialog[open]")
    assert page.locator("dialog").count() == 1


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (768, "ar"), (390, "de"), (320, "ar"), (320, "de")])
def test_it_fits_and_lies_under_nothing(scene, width, language):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"more-{id(scene)}", language=language)
    for number in range(12):
        last = house.comment(discussion, house.user(), f"Thought {number}.", question=1)
    house.comment(discussion, house.user(), "Two answer.", question=1, reply_to=last.id)
    screen = {"viewport": {"width": width, "height": 844}, "has_touch": width < 640}
    page = scene.visit(discussion, house.host_of(discussion), **screen)
    for pressed in (page.locator(".comment-more > a").nth(at) for at in (0, 6, -2, -1)):
        for _ in range(2):  # as the first time, so the second
            page.keyboard.press("Escape")
            pressed.click()
            until(page, IN_SIGHT)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        small = "a => a.map((e) => e.getBoundingClientRect()).filter((r) => r.width && (r.width < 24 || r.height < 24))"
        assert page.eval_on_selector_all(".comment-more:has(div) a", small) == []


def test_there_is_one_only_where_it_holds_something(scene, discussion, written):
    house, mina = scene.house, scene.house.user("Mina Mayer")
    own = house.comment(discussion, mina, "My own.", question=1)
    visitor, member = scene.visit(discussion), scene.visit(discussion, mina)
    assert visitor.locator(".comment-more:visible").count() == 0
    assert member.locator(".comment-more:visible").count() == 5
    for comment, words in ((written[0], ["Flag"]), (own, ["Move", "Delete"])):
        button(more(member, comment)).click()
        assert more(member, comment).locator("div a:visible").all_inner_texts() == words
    house.do(sanctions.mute, house.host_of(discussion), discussion, mina, "Off the point")
    member.wait_for_selector("body[data-role=muted]", state="attached", timeout=4_000)
    assert member.locator(".comment-more:visible").count() == 1
    member.keyboard.press("Escape")
    button(more(member, own)).click()
    assert more(member, own).locator("div a:visible").all_inner_texts() == ["Delete"]
    # Without any script it is a page, which leads on.
    bare = scene.context(house.host_of(discussion), java_script_enabled=False).new_page()
    bare.goto(f"{scene.address}/d/{discussion.slug}")
    button(more(bare, written[0])).click()
    bare.get_by_role("link", name="Hide").click()
    assert bare.url.endswith(f"/comments/{written[0].id}/hide")
