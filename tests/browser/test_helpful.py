"""Finding a comment helpful in Chromium: by pointer, by keys, by touch, while the network is away, in two tabs."""

import time

import pytest
from playwright.sync_api import expect

from forum.actions import comments, reactions, sanctions
from forum.database import db
from forum.models import Discussion
from tests.browser.scene import Scene

pytestmark = pytest.mark.browser


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    discussion = scene.house.discussion(ask=1, slug=f"helpful-{id(scene)}")
    writers = [scene.house.user(name) for name in ("Ada Lind", "Ben Osei")]
    for number in range(4):
        scene.house.comment(discussion, writers[number % 2], f"Thought {number}.", question=1)
    return discussion


def button(page, comment):
    return page.locator(f"#c{comment.id} [data-action=helpful]")


def focus(page, comment) -> None:
    page.evaluate("(id) => { const c = document.getElementById(id); c.tabIndex = -1; c.focus(); }", f"c{comment.id}")


def becomes(comment, number: int) -> None:
    """Wait until so many find it helpful, and see that it stays so."""
    end = time.monotonic() + 5
    while stored(comment) != number and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.2)
    assert stored(comment) == number


def stored(comment) -> int:
    """How many find it helpful, told or not."""
    db.session.rollback()
    return db.session.query(reactions.Reaction).filter_by(comment_id=comment.id, stands=True).count()


def test_a_press_counts_for_everybody_and_the_next_takes_it_back(scene, discussion, written):
    member, reader = scene.visit(discussion, scene.house.user("Mina Member")), scene.visit(discussion)
    pressed = button(member, written[0])
    assert (pressed.get_attribute("role"), pressed.get_attribute("aria-pressed")) == ("button", "false")
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(pressed).to_have_text("Helpful 1")
    expect(button(reader, written[0])).to_have_text("Helpful 1", timeout=8_000)
    # The second within five seconds waits for the clock, and comes without anybody asking.
    other = scene.visit(discussion, scene.house.user("Otto Other"))
    button(other, written[0]).click()
    expect(button(other, written[0])).to_have_text("Helpful 2")
    expect(button(reader, written[0])).to_have_text("Helpful 2", timeout=8_000)
    expect(pressed).to_have_text("Helpful 2")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "false")
    expect(button(reader, written[0])).to_have_text("Helpful 1", timeout=8_000)
    for page in (reader, member):
        scene.same_as_fresh(discussion, page)


def test_it_is_remembered_and_stays_through_changes_of_the_comment(scene, discussion, written):
    context = scene.context(scene.house.user("Mina Member"))
    page = scene.open(context, discussion)
    button(page, written[1]).click()
    expect(button(page, written[1])).to_have_text("Helpful 1")
    scene.house.do(comments.edit, written[1].author, written[1], "Thought 1, and then some.")
    expect(page.locator(f"#c{written[1].id}")).to_contain_text("and then some")
    expect(button(page, written[1])).to_have_attribute("aria-pressed", "true")
    again = scene.open(context, discussion)
    expect(button(again, written[1])).to_have_attribute("aria-pressed", "true")
    expect(button(again, written[0])).to_have_attribute("aria-pressed", "false")


@pytest.mark.one_database
def test_keys_say_it_and_a_key_that_is_held_down_says_it_once(scene, discussion, written):
    page = scene.visit(discussion, scene.house.user("Mina Member"))
    focus(page, written[2])
    page.keyboard.press("l")
    expect(button(page, written[2])).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[role=status]").first).to_contain_text("Helpful: counted")
    becomes(written[2], 1)
    for _ in range(6):
        page.keyboard.down("l")
    page.keyboard.up("l")
    expect(button(page, written[2])).to_have_attribute("aria-pressed", "false")
    becomes(written[2], 0)
    button(page, written[3]).focus()
    page.keyboard.press("Space")
    becomes(written[3], 1)
    page.keyboard.press("Enter")
    becomes(written[3], 0)


def test_two_presses_at_once_are_one(scene, discussion, written):
    page = scene.visit(discussion, scene.house.user("Mina Member"))
    page.evaluate("(id) => { for (let n = 0; n < 2; n++) document.querySelector(id).click(); }",
                  f"#c{written[0].id} [data-action=helpful]")  # fmt: skip
    becomes(written[0], 1)


@pytest.mark.one_database
def test_without_a_network_it_says_so_and_takes_the_mark_back(scene, discussion, written):
    context = scene.context(scene.house.user("Mina Member"))
    page = scene.open(context, discussion)
    context.set_offline(True)
    button(page, written[0]).click()
    expect(page.locator(f"#c{written[0].id} .press-refused")).to_contain_text("Press again")
    expect(button(page, written[0])).to_have_attribute("aria-pressed", "false")
    context.set_offline(False)
    button(page, written[0]).click()
    becomes(written[0], 1)


def test_an_answer_that_is_lost_is_asked_for_again(scene, discussion, written):
    page = scene.visit(discussion, scene.house.user("Mina Member"))
    lost = []

    def lose(route):
        route.fetch()
        lost.append(route)
        route.abort()

    page.route("**/helpful", lose, times=1)
    button(page, written[0]).click()
    expect(button(page, written[0])).to_have_text("Helpful 1")
    expect(button(page, written[0])).to_have_attribute("aria-pressed", "true")
    becomes(written[0], 1)
    assert len(lost) == 1
    expect(page.locator(".press-refused")).to_have_count(0)


def test_two_tabs_of_one_person_agree_and_a_load_loses_no_press(scene, discussion, written):
    context = scene.context(scene.house.user("Mina Member"))
    first, second = scene.open(context, discussion), scene.open(context, discussion)
    scene.house.do(reactions.react, scene.house.user(), written[1], wants=True)  # what follows waits to be told
    button(first, written[0]).click()
    expect(button(second, written[0])).to_have_attribute("aria-pressed", "true")
    expect(button(first, written[0])).to_have_text("Helpful 1")
    first.reload()
    expect(button(first, written[0])).to_have_text("Helpful 1")
    scene.wait_for_link(first)
    first.wait_for_timeout(7_000)
    expect(button(first, written[0])).to_have_text("Helpful 1")
    expect(button(second, written[0])).to_have_text("Helpful 1")


@pytest.mark.one_database
def test_a_session_that_has_ended_is_said_with_the_way_to_sign_in(scene, discussion, written):
    context = scene.context(scene.house.user("Mina Member"))
    page = scene.open(context, discussion)
    context.clear_cookies()
    button(page, written[0]).click()
    said = page.locator(f"#c{written[0].id} .press-refused")
    expect(said).to_contain_text("Not counted: you are not signed in any more.")
    expect(said.locator("a")).to_contain_text("Sign in")
    expect(button(page, written[0])).to_have_attribute("aria-pressed", "false")


@pytest.mark.one_database
def test_by_key_a_visitor_stays_on_the_page(scene, discussion, written):
    page = scene.visit(discussion)
    page.keyboard.press("l")
    expect(page.locator(".press-refused")).to_contain_text("Sign in to say what is helpful.")
    assert page.url.endswith(discussion.slug)


@pytest.mark.one_database
def test_who_may_not_write_is_told_why(scene, discussion, written):
    muted = scene.house.user("Max Silent")
    page = scene.visit(discussion, muted)
    scene.house.do(sanctions.mute, scene.house.host_of(discussion), discussion, muted, "shouting")
    button(page, written[0]).click()
    expect(page.locator(f"#c{written[0].id} .press-refused")).to_contain_text("shouting")
    expect(button(page, written[0])).to_have_attribute("aria-pressed", "false")


def test_ones_own_shows_the_number_alone_and_a_visitor_is_led_to_sign_in(scene, discussion, written):
    author = written[0].author
    page = scene.visit(discussion, author)
    expect(button(page, written[0])).to_be_hidden()
    scene.house.do(reactions.react, scene.house.user(), written[0], wants=True)
    expect(button(page, written[0])).to_have_text("Helpful 1")
    assert button(page, written[0]).get_attribute("href") is None
    focus(page, written[0])
    page.keyboard.press("l")
    visitor = scene.visit(discussion)
    button(visitor, written[1]).click()
    visitor.wait_for_url("**/sign-in?next=**")
    assert stored(written[0]) == 1


def test_a_press_that_another_one_cancels_leaves_no_wrong_number(scene, discussion, written):
    first, second = (scene.visit(discussion, scene.house.user(name)) for name in ("Ann First", "Bea Second"))
    button(first, written[0]).click()
    expect(button(first, written[0])).to_have_text("Helpful 1")
    button(second, written[0]).click()
    expect(button(second, written[0])).to_have_text("Helpful 2")
    button(first, written[0]).click()
    expect(button(first, written[0])).to_have_text("Helpful")
    for page in (first, second):
        expect(button(page, written[0])).to_have_text("Helpful 1", timeout=8_000)


def test_a_page_that_is_fetched_while_a_press_is_on_its_way_does_not_lose_it(scene, discussion, written):
    page = scene.visit(discussion, scene.house.user("Mina Member"))
    page.route("**/helpful", lambda route: (time.sleep(1.5), route.continue_()))
    button(page, written[0]).click(no_wait_after=True)
    page.evaluate("document.body.dataset.helpful = ''")  # as a page from before the press says
    page.evaluate("(id) => document.querySelector(id).click()", f"#c{written[0].id} [data-action=helpful]")
    becomes(written[0], 1)
    expect(button(page, written[0])).to_have_attribute("aria-pressed", "true")


@pytest.mark.one_database
def test_the_line_does_not_move_when_a_number_comes(scene, discussion, written):
    page = scene.visit(discussion, scene.house.user("Mina Member"))
    place = f"document.querySelector('#c{written[0].id} [data-action=helpful]').getBoundingClientRect().width"
    before = page.evaluate(place)
    for _ in range(11):
        scene.house.do(reactions.react, scene.house.user(), written[0], wants=True)
    expect(button(page, written[0])).to_have_text("Helpful 11", timeout=8_000)
    assert page.evaluate(place) == before
    button(page, written[0]).click()
    expect(button(page, written[0])).to_have_text("Helpful 12")
    assert page.evaluate(place) == before
