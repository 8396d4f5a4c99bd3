"""The page of the audience's questions, open while hosts decide and others vote."""

import pytest

from forum.actions import phases, proposals, rehearsals, shortlisting
from forum.models import Phase, ProposalState
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

SAID = "(words) => document.querySelector('body > .vh[role=status]').textContent.includes(words)"


def test_questions_votes_and_decisions_arrive_while_somebody_writes(scene: Scene):
    house = scene.house
    discussion = house.discussion(slug=f"wishes-{id(scene)}", ask=1)
    host, mara, voter = house.host_of(discussion), house.user("Mara Member"), house.user()
    house.do(shortlisting.set_taking, host, discussion, takes=True, anonymous=False)
    seen = house.do(proposals.make, house.user(), discussion, "Who pays for it?")
    hers = house.do(proposals.make, mara, discussion, "Who decides?")
    page = scene.visit(discussion, mara, "/questions", viewport={"width": 390, "height": 500})
    reader = scene.visit(discussion, path="/questions")
    assert page.locator("#mine-title").is_visible()
    assert not reader.locator("#mine-title").is_visible()
    page.get_by_label("What should the panel be asked?").fill("And what if it")

    house.do(shortlisting.put, host, discussion, seen.id, ProposalState.APPROVED, "new")
    for each in (page, reader):
        each.wait_for_selector(f"#wish-{seen.id}:has-text('Who pays for it?')", timeout=6_000)
        assert each.get_by_text("None yet that the hosts have approved.").is_hidden()
    until(reader, SAID, "Everybody’s: Who pays for it?")
    assert "Who decides?" not in reader.content()

    page.evaluate(f"document.querySelector('#wish-{seen.id}').scrollIntoView({{ block: 'start' }})")
    page.get_by_role("button", name="Vote for: Who pays for it?").focus()
    top = page.evaluate(f"document.querySelector('#wish-{seen.id}').getBoundingClientRect().top")
    house.do(proposals.vote, voter, discussion, seen.id, wants=True)
    house.do(shortlisting.decline, host, discussion, hers.id, "Asked already", "new")
    page.wait_for_selector(f"#wish-{seen.id} .wish-votes:has-text('1')", timeout=6_000)
    page.wait_for_selector(f"#mine-{hers.id}:has-text('Asked already')", timeout=6_000)
    until(page, SAID, "Yours: Who decides?: declined: Asked already")
    late = house.do(proposals.make, house.user(), discussion, "When does it end?")
    house.do(shortlisting.put, host, discussion, late.id, ProposalState.SHORTLISTED, "new")
    page.wait_for_selector(f"#wish-{late.id}", timeout=6_000)
    assert page.evaluate("document.activeElement.ariaLabel") == "Vote for: Who pays for it?"
    assert page.evaluate(f"document.querySelector('#wish-{seen.id}').getBoundingClientRect().top") == top
    assert page.get_by_label("What should the panel be asked?").input_value() == "And what if it"

    # A second vote within five seconds is told of to nobody, and yet arrives.
    house.do(proposals.vote, mara, discussion, seen.id, wants=True)
    reader.wait_for_selector(f"#wish-{seen.id} .wish-votes:has-text('2')", timeout=12_000)
    house.do(shortlisting.put, host, discussion, seen.id, ProposalState.NEW, "approved")
    reader.wait_for_selector(f"#wish-{seen.id}", state="detached", timeout=6_000)
    # What had the focus is gone; the list it was in has it.
    page.wait_for_selector(f"#wish-{seen.id}", state="detached", timeout=6_000)
    until(page, "() => document.activeElement.id === 'wishes-title'")


def test_it_says_that_the_line_is_lost_and_that_a_rehearsal_is_thrown_away(scene: Scene):
    house = scene.house
    discussion = house.discussion(phase=Phase.ANNOUNCED, slug=f"ask-{id(scene)}")
    house.question(discussion, "Who pays?", 0)
    host, priya = house.host_of(discussion), house.panelist(discussion)
    rehearsal = house.do(rehearsals.begin, host, discussion)
    page = scene.visit(rehearsal, priya, "/questions", viewport={"width": 390, "height": 500})
    notice = page.locator("[data-notice]")
    assert notice.is_hidden()
    page.context.set_offline(True)
    until(
        page,
        "() => document.querySelector('[data-notice]').textContent.startsWith('The connection is lost.')",
        None,
        15,
    )
    page.context.set_offline(False)
    until(page, "() => document.querySelector('[data-notice]').hidden")
    house.do(rehearsals.end, host, rehearsal)
    page.get_by_text("The rehearsal is over and thrown away.").wait_for(timeout=8_000)
    notice.get_by_role("link", name="To the event").click()
    page.wait_for_url(f"**/d/{discussion.slug}/backstage")


def test_a_vote_leaves_its_reader_where_they_are(scene: Scene):
    """Each led to the top of the page, with the focus on a line there."""
    house = scene.house
    discussion = house.discussion(slug=f"wishes-{id(scene)}", ask=1)
    host, mara = house.host_of(discussion), house.user("Mara Member")
    house.do(shortlisting.set_taking, host, discussion, takes=True, anonymous=False)
    made = [house.do(proposals.make, house.user(), discussion, f"Question {number}?") for number in range(6)]
    for one in made:
        house.do(shortlisting.put, host, discussion, one.id, ProposalState.APPROVED, "new")
    page = scene.visit(discussion, mara, "/questions", viewport={"width": 390, "height": 500})
    page.evaluate("window.stays = true")
    row = page.locator(f"#wish-{made[-1].id}")
    row.scroll_into_view_if_needed()
    top = row.bounding_box()["y"]
    for counted, said in ((1, "Your vote counts."), (0, "Your vote is taken back.")):
        row.locator("form[action$=vote] button").click()
        until(page, SAID, said)
        until(page, f"() => document.querySelector('#wish-{made[-1].id} .wish-votes b').textContent === '{counted}'")
        assert row.bounding_box()["y"] == pytest.approx(top, abs=1)
        assert page.evaluate("document.activeElement.closest('.wish')?.id") == f"wish-{made[-1].id}"
    assert page.evaluate("window.stays"), "the page was not loaded again"
    # Refused, it says why beside the question.
    house.do(phases.close, host, discussion)
    page.route("**/about", lambda route: route.continue_())
    row.locator("form[action$=vote] button").click()
    row.locator(".press-refused").wait_for()
