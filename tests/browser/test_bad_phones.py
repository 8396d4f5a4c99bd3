"""Bad lines and old phones in Chromium: answers cut off, a script that comes late, a wrong clock, no dialogs."""

from datetime import timedelta

import pytest

from forum import clock
from forum.actions import comments
from tests.browser.scene import until
from tests.browser.test_composer import TEXT, field, wait_posted

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


def without_push(page) -> None:
    """Let what is pushed reach `page` no more than it reaches a phone on a very bad line."""
    page.route_web_socket("**/socket.io/**", lambda _wire: None)


def held_back(page) -> list:
    """Hold the scripts of `page` back; return those that wait."""
    waiting = []
    page.route(lambda address: address.split("?")[0].endswith(".js"), lambda route: waiting.append(route))
    return waiting


def test_an_answer_cut_off_in_the_middle_is_asked_for_again_and_posts_once(scene, discussion, member):
    context = scene.context(member)
    page = context.new_page()
    without_push(page)
    page.goto(f"{scene.address}/d/{discussion.slug}")
    page.route("**/comments", lambda route: route.fulfill(response=route.fetch(), body='{"id": 1, "se'), times=1)
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_selector("[data-answers='1'] .comment.mine[data-id]", timeout=8_000)
    wait_posted(page, discussion, TEXT)
    assert field(page).input_value() == ""
    assert page.locator("[data-notice]").is_hidden()


def test_a_text_that_came_back_though_it_had_arrived_is_a_new_one_once_it_is_changed(scene, discussion, member):
    context = scene.context(member)
    page = context.new_page()
    without_push(page)
    page.goto(f"{scene.address}/d/{discussion.slug}")
    refusal = {"status": 429, "body": '{"error": {"code": "slow", "message": "Later."}}'}
    page.route("**/comments", lambda route: (route.fetch(), route.fulfill(**refusal)), times=1)
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    until(page, f"() => document.querySelector('[data-composer] textarea').value === {TEXT!r}")
    field(page).fill("A better ending.")
    field(page).press("Control+Enter")
    wait_posted(page, discussion, TEXT, "A better ending.")


def test_words_typed_before_the_script_comes_stay_and_the_older_draft_waits(scene, discussion, member):
    context = scene.context(member)
    page = scene.open(context, discussion)
    field(page).fill("An older draft.")
    page.wait_for_selector("[data-saved]:visible")
    page.close()
    page = context.new_page()
    waiting = held_back(page)
    page.goto(f"{scene.address}/d/{discussion.slug}", wait_until="commit")
    field(page).press_sequentially("Typed early.")
    for script in waiting:
        script.continue_()
    page.wait_for_selector("[data-saved]:visible")
    assert field(page).input_value() == "Typed early."
    page.locator(".composer-post").click()
    wait_posted(page, discussion, "Typed early.")
    assert field(scene.open(context, discussion)).input_value() == "An older draft."


def test_words_typed_before_the_script_comes_may_go_on_with_the_draft(scene, discussion, member):
    page = scene.visit(discussion, member)
    field(page).fill("A draft")
    page.wait_for_selector("[data-saved]:visible")
    waiting = held_back(page)
    page.reload(wait_until="commit")
    field(page).fill("A draft that goes on.")
    for script in waiting:
        script.continue_()
    page.wait_for_selector("[data-saved]:visible")
    assert field(page).input_value() == "A draft that goes on."


def test_what_was_posted_before_the_script_came_is_no_draft_any_more(scene, discussion, member):
    page = scene.visit(discussion, member)
    field(page).fill(f"{TEXT} *Really.*")
    page.wait_for_selector("[data-saved]:visible")
    held_back(page)
    page.reload(wait_until="commit")
    field(page).fill(f"{TEXT} *Really.*")
    page.locator(".composer-post").click()
    wait_posted(page, discussion, f"{TEXT} *Really.*")
    page.unroute_all()
    page.reload()
    scene.wait_for_link(page)
    assert page.url.endswith(f"#c{page.locator('.comment.mine').get_attribute('data-id')}")
    assert field(page).input_value() == ""


def test_a_phone_whose_clock_is_an_hour_fast_can_edit_what_it_has_posted(scene, discussion, member):
    page = scene.context(member).new_page()
    page.clock.install(time=clock.now() + timedelta(hours=1))
    page.goto(f"{scene.address}/d/{discussion.slug}")
    scene.wait_for_link(page)
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_selector(".comment.mine[data-id]")
    assert page.locator(".comment.mine [data-action=edit]").is_visible()


def test_a_browser_without_dialogs_goes_to_the_small_page(scene, discussion, member):
    comment = scene.house.comment(discussion, member, TEXT, question=1)
    context = scene.context(member)
    context.add_init_script("delete HTMLDialogElement.prototype.showModal")
    page = scene.open(context, discussion)
    page.click(f"#c{comment.id} [data-action=edit]")
    page.wait_for_url(f"**/comments/{comment.id}/edit")


def test_a_long_comment_that_ends_in_sight_gets_short_and_moves_nobody(scene, discussion, member):
    house = scene.house
    tall = house.comment(discussion, member, "A thought that takes its time.\n\n" * 60, question=1)
    read, *_rest = [house.comment(discussion, house.user(), f"Thought {number}.", question=1) for number in range(12)]
    page = scene.visit(discussion, viewport={"width": 390, "height": 844})
    page.evaluate("(id) => scrollBy(0, document.getElementById(id).getBoundingClientRect().top - 260)", f"c{read.id}")
    before = page.locator(f"#c{read.id}").bounding_box()
    house.do(comments.edit, member, tall, "Short.", "")
    page.wait_for_selector(f"#c{tall.id}:has-text('Short.')", state="attached", timeout=8_000)
    assert page.locator(f"#c{read.id}").bounding_box()["y"] == pytest.approx(before["y"], abs=2)


@pytest.mark.parametrize(
    ("keeps", "words"), [(True, "It is kept on this device."), (False, "this device keeps nothing")]
)
def test_where_a_text_lies_that_does_not_get_there_is_said_truly(scene, discussion, member, keeps, words):
    context = scene.context(member)
    page = context.new_page()
    if not keeps:
        page.add_init_script(
            "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
        )
    # Tried again at once, and not after 2, 5, 15 and 30 seconds.
    page.add_init_script(
        "const later = setTimeout; window.setTimeout = (act, _wait, ...more) => later(act, 20, ...more)"
    )
    without_push(page)
    page.goto(f"{scene.address}/d/{discussion.slug}")
    page.route("**/comments", lambda route: route.abort())
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.locator(".comment-unsent", has_text=TEXT).get_by_text(words).wait_for(timeout=8_000)


def test_who_turns_the_phone_while_writing_goes_on_seeing_what_they_write(scene, discussion, member):
    for number in range(20):
        scene.house.comment(discussion, scene.house.user(), f"A thought, number {number}.", question=1)
    context = scene.context(member, viewport={"width": 390, "height": 844}, has_touch=True)
    page = scene.open(context, discussion)
    field(page).fill(TEXT)
    sees = """() => {
      const { top, bottom } = document.activeElement.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }"""
    for width, height in ((844, 390), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        until(page, sees)
    assert page.evaluate("() => document.activeElement.value") == TEXT
