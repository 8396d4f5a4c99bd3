"""Reading in Chromium: what is over is folded, and never under a reader; the keyboard reaches everything."""

import pytest

from forum.models import Discussion
from tests.browser.scene import Scene, until

pytestmark = pytest.mark.browser

LONG = "A thought that needs more than a line to be said, and says it in full. " * 3


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    """A live discussion with two questions, the second one open, and answers of three people, one of the panel."""
    discussion = scene.house.discussion(ask=1, slug=f"reading-{id(scene)}")
    panelist = scene.house.panelist(discussion, "Priya Raman")
    writers = [panelist, *(scene.house.user(name) for name in ("Ada Lind", "Ben Osei"))]
    first = [
        scene.house.comment(discussion, writers[number % 3], f"{number}. {LONG}", question=1) for number in range(6)
    ]
    scene.house.asked(discussion, "And what about the second point?")
    for number in range(6):
        reply_to = first[0].id if number == 5 else None
        question = 1 if reply_to else 2
        scene.house.comment(discussion, writers[number % 3], f"{number}. {LONG}", question=question, reply_to=reply_to)
    return discussion


def opened(page, number: int) -> bool:
    return bool(page.evaluate("(n) => document.querySelector(`#q${n} > details`).open", number))


def is_in_sight(page, selector: str) -> bool:
    return bool(
        page.evaluate(
            """(s) => { const e = document.querySelector(s), box = e.getBoundingClientRect();
            return e.checkVisibility({contentVisibilityAuto: true}) && box.top >= 0 && box.top < innerHeight; }""",
            selector,
        )
    )


def test_a_question_that_is_over_is_one_line_and_never_folds_under_a_reader(scene, discussion):
    page = scene.visit(discussion)
    comment = page.locator("#q1 .comment").nth(2).get_attribute("id")
    assert not opened(page, 1)
    assert opened(page, 2)
    assert page.locator("#q1 .fold-show").inner_text() == "Show 7"
    assert page.locator("#q1").bounding_box()["height"] < 90
    # The next question opens: what is on the screen stays as it is, and a page loaded now has it folded.
    before = page.locator("#q2 .comment").first.bounding_box()
    scene.house.asked(discussion, "A third point?")
    page.wait_for_selector("#q3", state="attached")
    assert opened(page, 2)
    assert page.locator("#q2 .comment").first.bounding_box() == before
    assert page.locator("#q2 .fold-hide").is_visible()
    scene.same_as_fresh(discussion, page)
    fresh = scene.open(page.context, discussion)
    assert not opened(fresh, 2)
    # An answer that comes to a folded question moves nothing; the bar leads to it.
    late = scene.house.comment(discussion, body=LONG, question=1)
    scene.settle(discussion, fresh)
    assert not opened(fresh, 1)
    assert fresh.locator("#q1 .fold-show").inner_text() == "Show 8"
    fresh.locator("[data-new]").click()
    until(fresh, "(id) => document.activeElement.id === id", f"c{late.id}")
    assert opened(fresh, 1)
    assert is_in_sight(fresh, f"#c{late.id}")
    # Links into what is folded open it: the address, the rail, the list of recent comments.
    linked = scene.open(page.context, discussion, f"#{comment}")
    assert opened(linked, 1)
    assert is_in_sight(linked, f"#{comment}")
    assert not opened(linked, 2)
    linked.click(".rail a[href='#q2']")
    assert opened(linked, 2)
    assert is_in_sight(linked, "#q2 h2")
    fresh.reload()
    scene.wait_for_link(fresh)
    fresh.click(f"[data-recent='{late.id}'] a")
    until(fresh, "() => document.querySelector('#q1 > details').open")
    assert is_in_sight(fresh, f"#c{late.id}")


def test_folded_questions_open_without_script(scene, discussion):
    page = scene.context(java_script_enabled=False).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}")
    assert not page.locator("#q1 .comment").first.is_visible()
    page.click("#q1 summary")
    assert page.locator("#q1 .comment").first.is_visible()
    page.goto(f"{scene.address}/d/{discussion.slug}?show=q1")
    assert page.locator("#q1 .comment").first.is_visible()
    assert page.locator("#q2 .show-earlier").inner_text() == "Show 5 earlier"
