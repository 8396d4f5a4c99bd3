"""The questions of the audience beside the stream: who votes there, and what everybody sees of it without asking."""

import pytest
from playwright.sync_api import expect

from forum.actions import proposals, shortlisting
from forum.models import Discussion, Proposal, ProposalState
from tests.browser.scene import Scene

pytestmark = pytest.mark.browser


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    return scene.house.discussion(ask=1, slug=f"votes-{id(scene)}")


@pytest.fixture
def wishes(scene: Scene, discussion: Discussion) -> list[Proposal]:
    asker = scene.house.user("Ada Asker")
    made = [scene.house.do(proposals.make, asker, discussion, f"Who pays for point {number}?") for number in (1, 2)]
    host = scene.house.host_of(discussion)
    for wish in made:
        scene.house.do(shortlisting.put, host, discussion, wish.id, ProposalState.APPROVED, "new")
    return made


def vote(page, wish):
    return page.locator(f"[data-wish='{wish.id}']")


def test_a_vote_is_one_press_and_everybody_sees_it(scene, discussion, wishes):
    reader = scene.visit(discussion)
    first, second = (scene.visit(discussion, scene.house.user(name)) for name in ("Mina Member", "Nora Neighbour"))
    expect(vote(first, wishes[1])).to_have_attribute("aria-pressed", "false")
    vote(first, wishes[1]).click()
    expect(vote(first, wishes[1])).to_have_attribute("aria-pressed", "true")
    vote(second, wishes[1]).click()
    for page in (first, second, reader):
        expect(vote(page, wishes[1]).locator("[data-voted]")).to_have_text("2 votes", timeout=8_000)
        expect(page.locator(".side-wishes li").first).to_contain_text(
            "point 1"
        )  # as it was: it would move under a finger
    expect(vote(first, wishes[1])).to_have_attribute("aria-pressed", "true")
    vote(first, wishes[1]).press("Space")
    expect(vote(first, wishes[1])).to_have_attribute("aria-pressed", "false")
    expect(vote(reader, wishes[1]).locator("[data-voted]")).to_have_text("1 vote", timeout=8_000)
    for page in (first, second, reader):
        scene.same_as_fresh(discussion, page)
    expect(scene.visit(discussion).locator(".side-wishes li").first).to_contain_text("point 2")


def test_a_vote_in_one_tab_or_on_the_page_of_all_questions_shows_in_the_other_tabs(scene, discussion, wishes):
    context = scene.context(scene.house.user("Mina Member"))
    first, second = scene.open(context, discussion), scene.open(context, discussion)
    vote(first, wishes[1]).click()
    expect(vote(second, wishes[1])).to_have_attribute("aria-pressed", "true")
    all_of_them = context.new_page()
    all_of_them.goto(f"{scene.address}/d/{discussion.slug}/questions")
    all_of_them.locator("form[action$='/unvote'] button").click()
    for page in (first, second):
        expect(vote(page, wishes[1])).to_have_attribute("aria-pressed", "false")
        expect(vote(page, wishes[1]).locator("[data-voted]")).to_have_text("0 votes", timeout=8_000)


@pytest.mark.one_database
def test_a_visitor_is_led_to_the_page_of_them_all(scene, discussion, wishes):
    page = scene.visit(discussion)
    assert vote(page, wishes[0]).get_attribute("role") is None
    vote(page, wishes[0]).click()
    page.wait_for_url(f"**/questions#wish-{wishes[0].id}")


def test_ones_own_is_refused_where_it_stands(scene, discussion, wishes):
    page = scene.visit(discussion, wishes[0].author)
    vote(page, wishes[0]).click()
    expect(page.locator(".side-wishes .press-refused")).to_contain_text("This is your own question")
    expect(vote(page, wishes[0])).to_have_attribute("aria-pressed", "false")
    # Other people's votes do not take away what somebody is reading.
    scene.house.do(proposals.vote, scene.house.user(), discussion, wishes[0].id, wants=True)
    expect(vote(page, wishes[0]).locator("[data-voted]")).to_have_text("1 vote")
    expect(page.locator(".side-wishes .press-refused")).to_have_count(1)


@pytest.mark.one_database
def test_who_has_voted_by_pointer_sees_what_comes_after_it(scene, discussion, wishes):
    page = scene.visit(discussion, scene.house.user("Mina Member"))
    vote(page, wishes[0]).click()
    page.mouse.move(5, 5)
    host = scene.house.host_of(discussion)
    scene.house.do(shortlisting.put, host, discussion, wishes[1].id, ProposalState.NEW, "approved")
    expect(page.locator(".side-wishes li")).to_have_count(1)


def test_one_that_hosts_take_out_of_sight_goes_for_everybody(scene, discussion, wishes):
    page = scene.visit(discussion)
    host = scene.house.host_of(discussion)
    scene.house.do(shortlisting.put, host, discussion, wishes[0].id, ProposalState.NEW, "approved")
    expect(page.locator(".side-wishes li")).to_have_count(1)
    scene.house.do(shortlisting.put, host, discussion, wishes[1].id, ProposalState.NEW, "approved")
    expect(page.locator(".side-wishes")).to_be_hidden()


@pytest.mark.one_database
def test_one_that_comes_takes_no_place_from_what_somebody_is_about_to_press(scene, discussion, wishes):
    house, host = scene.house, scene.house.host_of(discussion)
    more = [house.do(proposals.make, house.user(), discussion, f"And point {number}?") for number in (3, 4)]
    house.do(shortlisting.put, host, discussion, more[0].id, ProposalState.APPROVED, "new")
    page = scene.visit(discussion)
    rows = page.locator(".side-wishes li")
    expect(rows).to_have_count(3)
    vote(page, wishes[1]).hover()
    house.do(shortlisting.put, host, discussion, wishes[1].id, ProposalState.NEW, "approved")
    house.do(shortlisting.put, host, discussion, more[1].id, ProposalState.APPROVED, "new")
    scene.settle(discussion, page)
    page.wait_for_timeout(300)
    expect(rows.nth(1)).to_have_text("")
    page.mouse.move(5, 5)
    expect(rows.nth(1)).to_contain_text("point 4")
    expect(rows).to_have_count(3)
