"""Reading in Chromium: what is over is folded, and never under a reader; the keyboard reaches everything."""

import itertools
from datetime import timedelta

import pytest

from forum import clock
from forum.actions import phases, sanctions
from forum.database import writing
from forum.models import Discussion
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

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
    linked.click(".rail a[href$='#q2']")
    assert opened(linked, 2)
    assert is_in_sight(linked, "#q2 h2")
    fresh.reload()
    scene.wait_for_link(fresh)
    fresh.click(f"[data-recent='{late.id}'] a")
    until(fresh, "() => document.querySelector('#q1 > details').open")
    assert is_in_sight(fresh, f"#c{late.id}")


def test_the_lines_of_folded_parts_are_true_after_the_page_was_fetched_anew(scene, discussion):
    page = scene.visit(discussion)
    page.evaluate("() => { document.body.dataset.epoch = 'before-the-backup'; }")
    scene.house.comment(discussion, body="Late to this.", question=1)
    scene.house.comment(discussion, body="Hello from Jimma!")
    scene.same_as_fresh(discussion, page)
    assert page.locator("#q1 .fold-show").inner_text() == "Show 8"


def test_folded_questions_open_without_script(scene, discussion):
    page = scene.context(java_script_enabled=False).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}")
    assert not page.locator("#q1 .comment").first.is_visible()
    page.click("#q1 summary")
    assert page.locator("#q1 .comment").first.is_visible()
    page.goto(f"{scene.address}/d/{discussion.slug}?show=q1")
    assert page.locator("#q1 .comment").first.is_visible()
    assert page.locator("#q2 .show-earlier").inner_text() == "Show 5 earlier"


# Every element of the stream that Tab stops at, by the comment it belongs to.
STOPS = """() => [...document.querySelectorAll('.answers .comment, .answers .comment :is(a, summary)')]
  .filter((e) => e.tabIndex >= 0 && e.checkVisibility()).map((e) => e.closest('.comment').id)"""
FOCUSED = "() => document.activeElement.closest('.comment')?.id"


def test_somebody_with_a_keyboard_alone_reads_answers_and_is_told_what_they_want(scene, discussion):
    panelist = next(seat.user for seat in discussion.seats if seat.name == "Priya Raman")
    page = scene.visit(discussion, scene.house.user("Kim Typing"))
    first, second = (page.locator("#q2 .comment").nth(n).get_attribute("id") for n in (0, 1))

    # The stream is one stop; arrows go through it, Tab goes into the actions of one comment, and out again.
    assert set(page.evaluate(STOPS)) == {first}
    page.focus("#q2 .question-facts a")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == first
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => document.activeElement.id") == second
    assert set(page.evaluate(STOPS)) == {second}
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == second
    assert page.evaluate("() => document.activeElement.localName") == "a"
    for _ in page.evaluate(STOPS)[1:]:
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) is None
    assert page.evaluate("() => document.activeElement.matches('[data-composer] *')")
    page.evaluate("() => document.activeElement.blur()")

    # What is said of new answers is the reader's choice, and is remembered.
    page.keyboard.press("?")
    page.get_by_label("new answers").select_option("panel")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    spoken = scene.house.comment(discussion, panelist, "Wells before pipes.", question=2)
    scene.settle(discussion, page)
    until(
        page, "() => document.querySelector('body > [role=status]').textContent === 'Priya Raman: Wells before pipes.'"
    )
    assert set(page.evaluate(STOPS)) == {second}
    assert f"c{spoken.id}" in page.evaluate("() => [...document.querySelectorAll('#q2 .comment')].map((c) => c.id)")
    page.reload()
    scene.wait_for_link(page)
    page.keyboard.press("?")
    assert page.get_by_label("new answers").input_value() == "panel"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")

    # A first name that the text begins with offers the person; Tab takes it, going on typing does not.
    page.keyboard.press("c")
    page.keyboard.type("Priya,")
    page.keyboard.press("Tab")
    page.keyboard.type("wells it is. Ada, you too.")
    field = page.locator("[data-composer] textarea")
    assert field.input_value() == "@Priya Raman, wells it is. Ada, you too."
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".comment.mine .mention")
    assert page.evaluate("() => document.activeElement.localName") == "textarea"


def test_somebody_whose_right_to_write_ends_is_told_at_once_and_keeps_the_text(scene, discussion):
    member = scene.house.user("Kim Typing")
    page = scene.visit(discussion, member)
    field = page.locator("[data-composer] textarea")
    field.press_sequentially("Buy my")
    scene.house.do(sanctions.mute, scene.house.host_of(discussion), discussion, member, "Advertising")
    notice = page.locator("[data-notice]")
    until(page, "() => document.querySelector('[data-notice]').textContent.includes('Advertising')")
    field.press_sequentially(" wares")
    assert "You can go on reading" in notice.inner_text()
    objecting = notice.get_by_role("link", name="Object to this")
    assert objecting.get_attribute("href") == f"/d/{discussion.slug}/objection"
    assert field.input_value() == "Buy my wares"
    assert not page.locator(".composer-post").is_visible()
    page.reload()
    scene.wait_for_link(page)
    assert "You can go on reading" in notice.inner_text()
    assert field.input_value() == "Buy my wares"
    scene.house.do(sanctions.unmute, scene.house.host_of(discussion), discussion, member)
    until(page, "() => document.body.dataset.role === 'member'")
    assert not notice.is_visible()
    assert page.locator(".composer-post").is_visible()


def test_without_script_no_time_on_the_ruler_of_a_phone_is_cut_by_another_word(scene):
    discussion = scene.house.discussion(ask=3, slug=f"ruler-{id(scene)}")
    page = scene.context(java_script_enabled=False, viewport={"width": 390, "height": 800}).new_page()
    for begun, asked in ((42, (40, 30, 6)), (57, (50, 44, 22))):
        with writing():
            now = clock.now()
            discussion.starts_at, discussion.ends_at = (
                now - timedelta(minutes=begun),
                now + timedelta(minutes=60 - begun),
            )
            for question, ago in zip(discussion.questions, asked, strict=True):
                question.asked_at = now - timedelta(minutes=ago)
        page.goto(f"{scene.address}/d/{discussion.slug}")
        words = page.locator(".ruler :is(li > a, li:not([data-now]) > time, [data-now])")
        boxes = [box for box in (one.bounding_box() for one in words.all()) if box and box["width"] > 1]
        assert len(boxes) >= 4, begun
        edges = sorted((box["x"], box["x"] + box["width"]) for box in boxes)
        assert [pair for pair in itertools.pairwise(edges) if pair[0][1] > pair[1][0] + 1] == [], begun


def _past_hour(scene: Scene, slug: str, asked: tuple[float, ...]) -> Discussion:
    """A discussion that is over after an hour, with a question `asked` at each of these minutes of it."""
    discussion = scene.house.discussion(ask=len(asked), slug=slug)
    with writing():
        starts_at = discussion.starts_at = clock.now() - timedelta(minutes=90)
        for question, minutes in zip(discussion.questions, asked, strict=True):
            question.asked_at = starts_at + timedelta(minutes=minutes)
    scene.house.do(phases.close, scene.house.host_of(discussion), discussion)
    with writing():
        discussion.closed_at = discussion.ends_at = starts_at + timedelta(minutes=60)
    return discussion


@pytest.mark.parametrize("asked", [(0, 20, 59.7), (0, 50, 57.6), (30, 47, 51)])
@pytest.mark.parametrize("script", [True, False])
def test_a_question_asked_near_the_end_stays_on_the_ruler(scene, asked, script):
    discussion = _past_hour(scene, f"late-{id(scene)}", asked)
    page = scene.context(java_script_enabled=script).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}")
    for direction, width in itertools.product(("ltr", "rtl"), (390, 768, 1280)):
        page.set_viewport_size({"width": width, "height": 800})
        turn = "(direction) => { document.documentElement.dir = direction; dispatchEvent(new Event('resize')); }"
        page.evaluate(turn, direction)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        ruler = page.locator(".ruler").bounding_box()
        words = page.locator(".ruler :is(li > a, li > time)")
        boxes = [box for box in (one.bounding_box() for one in words.all()) if box and box["width"] > 1]
        edges = sorted((box["x"], box["x"] + box["width"]) for box in boxes)
        assert edges[0][0] >= ruler["x"] - 1
        assert edges[-1][1] <= ruler["x"] + ruler["width"] + 1
        assert [pair for pair in itertools.pairwise(edges) if pair[0][1] > pair[1][0] + 3] == []
        assert page.locator(".ruler li:nth-child(3) a").is_visible()
        has_room = asked[-1] < 54 or (asked[-1] < 58 and width == 1280)
        assert page.locator(".ruler-end time").is_visible() or not has_room


@pytest.mark.parametrize("script", [True, False])
def test_every_question_of_the_last_minutes_is_read_out_and_shown_to_who_points_at_its_tick(scene, script):
    discussion = _past_hour(scene, f"crowd-{id(scene)}", (0, 57.6, 58.2, 59.4))
    page = scene.context(java_script_enabled=script).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}")
    labels = [page.locator(".ruler").get_by_role("link", name=f"Q{number}", exact=True) for number in (1, 2, 3, 4)]
    assert [label.count() for label in labels] == [1, 1, 1, 1], "one display: none has no role"

    def widths() -> list[bool]:
        return [label.bounding_box()["width"] > 20 for label in labels]

    before = widths()
    assert before[0] and not all(before)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for number, label in enumerate(labels):
            ruler, at = page.locator(".ruler").bounding_box(), (0, 96, 97, 99)[number]
            page.mouse.move(ruler["x"] + ruler["width"] * at / 100, ruler["y"] + 8)
            assert widths()[number], "pointed at"
            page.mouse.move(0, 0)
            label.focus()
            assert widths()[number], "by keys"
            box = label.bounding_box()
            assert box["x"] >= ruler["x"] - 1 and box["x"] + box["width"] <= ruler["x"] + ruler["width"] + 1
            label.blur()
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_last_minutes_are_said_once_each_and_the_ruler_says_the_time(scene):
    discussion = scene.house.discussion(ask=1, slug=f"minutes-{id(scene)}")
    with writing():
        # The page's clock goes on while the browser is busy, and has almost a minute until it says the next one.
        ends_at = discussion.ends_at = discussion.ends_at.replace(second=35, microsecond=0)
    page = scene.context().new_page()
    page.clock.install(time=ends_at - timedelta(minutes=10, seconds=30))
    page.goto(f"{scene.address}/d/{discussion.slug}")
    page.wait_for_selector("body[data-link]", state="attached")
    # A clock that leaps breaks the line too, and that is said in the same place: so everything said is written down.
    page.evaluate("""() => {
      window.said = [];
      const place = document.querySelector('body > [role=status]');
      const note = () => place.textContent && window.said.push(place.textContent);
      new MutationObserver(note).observe(place, {childList: true, characterData: true, subtree: true});
    }""")
    assert "11 min left" in page.locator("[data-chip-words]").inner_text()
    for minutes, words in ((1, "10 minutes left"), (5, "5 minutes left"), (4, "1 minute left")):
        page.clock.run_for(minutes * 60_000)
        until(page, "(words) => window.said.includes(words)", words)
    assert page.evaluate("() => window.said.filter((words) => words.endsWith('left')).length") == 3
    assert page.locator("[data-now] time").inner_text() == f"{ends_at - timedelta(seconds=30):%H:%M}"


def test_who_listens_hears_that_it_stops_goes_on_and_is_over(scene, discussion):
    """Only who had typed something heard anything of it, and that only at the end."""
    page = scene.visit(discussion)
    host = scene.house.host_of(discussion)
    said = "(words) => document.querySelector('body > [role=status]').textContent === words"
    page.locator("#q2-title").evaluate("title => { title.tabIndex = -1; title.focus(); }")
    for step, words in (
        (phases.pause, "The host has paused this discussion."),
        (phases.resume, "The discussion goes on."),
        (phases.close, "This discussion is closed."),
    ):
        scene.house.do(step, host, discussion)
        until(page, said, words)
    assert page.evaluate("document.activeElement.id") == "q2-title", "and nobody is led to the top of the page by it"
