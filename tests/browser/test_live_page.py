"""The live page in Chromium: what is pushed arrives, nothing moves what is being read, and an absence is made good."""

from datetime import UTC, datetime

import pytest

from forum.actions import comments, questions
from forum.actions.comments import CommentDraft
from forum.database import db, writing
from forum.live import log
from forum.models import Comment, Discussion
from tests.browser.scene import Scene, until

pytestmark = pytest.mark.browser

LONG = "A thought that needs more than a line to be said, and says it in full. " * 4


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    """A live discussion with two questions and twenty answers to each."""
    discussion = scene.house.discussion(ask=1, slug=f"live-{id(scene)}")
    writers = [scene.house.user(name) for name in ("Ada Lind", "Ben Osei", "Chidi Okoro")]
    for question in (1, 2):
        if question == 2:
            scene.house.asked(discussion, "And what about the second point?")
        with writing():  # twenty at once: each in a transaction of its own was half of what most tests here took
            for number in range(20):
                draft = CommentDraft(f"{number}. {LONG}", question, None, f"before-{question}-{number:02}")
                comments.post(writers[number % 3], discussion, draft)
    return discussion


def top_of(page, selector: str) -> float:
    return float(page.evaluate("(s) => document.querySelector(s).getBoundingClientRect().top", selector))


def read(page, comment) -> None:
    """Scroll until `comment` is what the reader has before them."""
    page.evaluate("(id) => document.getElementById(id).scrollIntoView({block: 'center'})", f"c{comment.id}")
    page.wait_for_timeout(150)


def test_a_comment_reaches_an_anonymous_reader_within_two_seconds(scene, discussion):
    page = scene.visit(discussion)
    comment = scene.house.comment(discussion, body="Just in: the tap runs.", question=2)
    page.wait_for_selector(f"[data-answers='2'] #c{comment.id}", state="attached", timeout=2_000)
    page.wait_for_selector(f"[data-recent='{comment.id}']", state="attached", timeout=1_000)


@pytest.mark.one_database
def test_a_comment_that_lands_above_does_not_move_what_is_read(scene, discussion):
    page = scene.visit(discussion)
    here = scene.house.comment(discussion, body=LONG, question=2)
    scene.settle(discussion, page)
    read(page, here)
    before = top_of(page, f"#c{here.id}")
    late = scene.house.comment(discussion, body=f"Late to this. {LONG}", question=1)
    scene.settle(discussion, page)
    page.wait_for_timeout(200)
    assert page.locator(f"#c{late.id}").count() == 1
    assert abs(top_of(page, f"#c{here.id}") - before) <= 1


@pytest.mark.one_database
def test_without_the_browsers_own_anchoring_the_place_is_kept_as_well(scene, discussion):
    context = scene.context()
    context.add_init_script(
        "const real = CSS.supports.bind(CSS);"
        "CSS.supports = (a, b) => (a === 'overflow-anchor' ? false : b === undefined ? real(a) : real(a, b));"
        "addEventListener('DOMContentLoaded', () => { document.documentElement.style.overflowAnchor = 'none'; });"
    )
    page = scene.open(context, discussion)
    here = scene.house.comment(discussion, body=LONG, question=2)
    scene.settle(discussion, page)
    read(page, here)
    before = top_of(page, f"#c{here.id}")
    scene.house.comment(discussion, body=f"Late to this. {LONG}", question=1)
    scene.settle(discussion, page)
    page.wait_for_timeout(200)
    assert abs(top_of(page, f"#c{here.id}") - before) <= 1


@pytest.mark.one_database
def test_a_comment_that_would_push_the_text_waits_until_it_does_not(scene, discussion):
    page = scene.visit(discussion)
    page.evaluate("() => document.querySelector('#q2').scrollIntoView({block: 'start'})")
    page.evaluate("() => scrollBy(0, -300)")
    page.wait_for_timeout(150)
    before = top_of(page, "#q2")
    late = scene.house.comment(discussion, body=LONG, question=1)
    scene.settle(discussion, page)
    page.wait_for_timeout(200)
    assert abs(top_of(page, "#q2") - before) <= 1
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    page.wait_for_selector(f"#c{late.id}:not([hidden])", state="attached", timeout=2_000)


@pytest.mark.one_database
def test_the_bar_counts_what_is_below_and_leads_to_the_first_unread(scene, discussion):
    page = scene.visit(discussion)
    page.evaluate("() => document.querySelector('#q2').scrollIntoView({block: 'start'})")
    page.wait_for_timeout(150)
    first = scene.house.comment(discussion, body=LONG, question=2)
    scene.house.comment(discussion, body=LONG, question=2)
    scene.settle(discussion, page)
    bar = page.locator("[data-new]")
    bar.wait_for(state="visible", timeout=2_000)
    # The bar is drawn a frame after the log is read, and the two comments may come in two frames.
    until(page, "() => document.querySelector('[data-new]').innerText.includes('2 new answers to Q2')", None, 2)
    assert page.title().startswith("(2) ")
    assert page.locator(".unread-line").count() == 1
    bar.click()
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.activeElement.id") == f"c{first.id}"
    box = page.locator(f"#c{first.id}").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900


def test_what_is_said_of_no_answers_goes_with_the_first_and_comes_back(scene):
    discussion = scene.house.discussion(ask=2)
    page = scene.visit(discussion)
    invitation, remarks = page.locator("#q2 .answers-empty"), page.locator("#general")
    assert invitation.is_visible()
    assert not remarks.is_visible()

    first = scene.house.comment(discussion, body="The first of all.", question=2)
    scene.house.comment(discussion, body="Hello to all.")
    page.wait_for_selector(".comment:has-text('Hello to all.')", state="attached")
    assert not invitation.is_visible()
    assert remarks.is_visible()
    assert page.locator("#q1 .answers-empty").is_visible()

    with writing():
        comments.move(scene.house.host_of(discussion), first, 1)
    invitation.wait_for()
    page.locator("#q1 .answers-empty").wait_for(state="hidden")
    scene.same_as_fresh(discussion, page)


def test_a_new_question_arrives_and_is_open_for_everybody(scene, discussion):
    page = scene.visit(discussion)
    question = scene.house.asked(discussion, "What would you do first?")
    page.wait_for_selector("#q3", state="attached", timeout=15_000)
    assert question.number == 3
    assert "What would you do first?" in page.locator("#q3").inner_text()
    assert page.locator("[data-composer] select[name=question]").input_value() == "3"
    assert page.locator("[role=status]").count() == 1


def test_what_came_while_the_line_was_cut_is_there_when_it_is_back(scene):
    # Few and short, so that a fresh page shows all of them too.
    discussion = scene.house.discussion(ask=2, slug=f"cut-{id(scene)}")
    scene.house.comment(discussion, body="Before the cut.", question=1)
    page = scene.visit(discussion)
    page.context.set_offline(True)
    scene.house.comment(discussion, body="While you were away.", question=2)
    scene.house.do(questions.ask, scene.house.host_of(discussion), scene.house.question(discussion, "A third?"))
    scene.house.comment(discussion, body="And to the third.", question=3)
    page.wait_for_timeout(500)
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    scene.settle(discussion, page)
    scene.same_as_fresh(discussion, page)


@pytest.mark.one_database
def test_a_reader_whose_websocket_is_blocked_still_follows(scene, discussion):
    context = scene.context()
    context.add_init_script(
        "window.WebSocket = class {"
        " constructor() { setTimeout(() => this.onclose?.(new CloseEvent('close', {code: 1006}))); } close() {} };"
    )
    page = context.new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}")
    page.wait_for_selector("body[data-link=checking]", state="attached", timeout=20_000)
    assert "Checking" in page.locator("[data-region=chip]").inner_text()
    comment = scene.house.comment(discussion, body="By another road.", question=2)
    page.evaluate("() => document.querySelector('[data-notice] button').click()")
    page.wait_for_selector(f"#c{comment.id}", state="attached", timeout=15_000)


def test_the_recent_list_pauses_filters_and_refreshes(scene, discussion):
    panelist = scene.house.panelist(discussion)
    page = scene.visit(discussion)
    page.click("[data-recent-pause]")
    held = scene.house.comment(discussion, body="Held back.", question=1)
    scene.settle(discussion, page)
    assert page.locator(f"[data-recent='{held.id}']").count() == 0
    page.click("[data-recent-refresh]")
    page.wait_for_selector(f"[data-recent='{held.id}']", timeout=10_000)
    page.click("[data-recent-pause]")
    spoken = scene.house.comment(discussion, panelist, "From the panel.", question=1)
    page.wait_for_selector(f"[data-recent='{spoken.id}'].fresh", timeout=10_000)
    page.click("[data-recent-filter]")
    assert page.locator(f"[data-recent='{spoken.id}']").is_visible()
    assert not page.locator(f"[data-recent='{held.id}']").is_visible()


# Whether something can be pressed where it stands: in sight, and below nothing else.
IS_FREE = """(selector) => {
  const tab = document.querySelector(selector);
  const { left, right, top, bottom } = tab.getBoundingClientRect();
  const points = [left + 4, (left + right) / 2, right - 4];
  return points.every((x) => tab.contains(document.elementFromPoint(x, (top + bottom) / 2)));
}"""


@pytest.mark.one_database
@pytest.mark.parametrize("language", ["en", "ar", "es", "de", "fr", "pt"])
def test_on_a_phone_without_script_they_are_there_too(scene, language):
    discussion = scene.house.discussion(ask=7, language=language)
    page = scene.context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}")
    assert page.evaluate(IS_FREE, ".tabs [aria-current][href$='#q7']")
    assert page.evaluate(IS_FREE, ".tab-recent")


@pytest.mark.one_database
@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_the_open_question_and_the_recent_list_are_always_among_the_tabs(scene, language):
    discussion = scene.house.discussion(ask=7, language=language)
    page = scene.visit(discussion, viewport={"width": 390, "height": 844})
    for number in (7, 8):
        if number == 8:
            page.eval_on_selector(".tabs > div", "bar => bar.scrollTo(0, 0)")
            scene.house.asked(discussion, "And what is next?")
        page.wait_for_selector(f".tabs [aria-current][href$='#q{number}']", state="attached")
        assert page.evaluate(IS_FREE, ".tabs [aria-current]")
        assert page.evaluate(IS_FREE, ".tab-recent")
    # What the reader looks for afterwards stays where it is.
    page.eval_on_selector(".tabs > div", "bar => bar.scrollTo(0, 0)")
    comment = scene.house.comment(discussion, body="One more.", question=8)
    page.wait_for_selector(f"#c{comment.id}", state="attached")
    assert page.eval_on_selector(".tabs > div", "bar => bar.scrollLeft") == 0
    assert page.evaluate(IS_FREE, ".tab-recent")


def test_readers_are_counted_and_a_writing_panelist_is_named(scene, discussion):
    panelist = scene.house.panelist(discussion, "Priya Raman")
    reader = scene.visit(discussion)
    writer = scene.visit(discussion, panelist)
    writer.locator("[data-composer] textarea").press_sequentially("I think")
    until(reader, "() => document.querySelector('[data-writing]')?.textContent.includes('Priya Raman')")
    until(reader, "() => document.querySelector('[data-readers]')?.textContent.includes('2')")


@pytest.mark.one_database
def test_the_dot_breathes_when_something_comes_and_then_the_page_rests(scene, discussion):
    """Without an end it drew the whole page sixty times a second, for as long as the page was open."""
    page = scene.visit(discussion)
    moving = "() => document.getAnimations().filter(a => a.timeline === document.timeline).map(a => a.animationName)"
    until(page, f"() => ({moving})().length === 0")
    scene.house.comment(discussion, body="Just in.", question=2)
    until(page, f"() => ({moving})().includes('breathe')")
    until(page, f"() => ({moving})().length === 0")


def test_times_are_said_in_the_readers_zone_across_a_change_of_the_clocks(scene):
    discussion = scene.house.discussion(ask=1, slug=f"zones-{id(scene)}")
    # New Zealand goes from UTC+13 to UTC+12 at 3 in the morning of 5 April 2026: half past two comes twice.
    moments = [datetime(2026, 4, 4, hour, 30, tzinfo=UTC) for hour in (12, 13, 14, 15)]
    ids = [scene.house.comment(discussion, question=1).id for _ in moments]
    with writing():
        for comment_id, moment in zip(ids, moments, strict=True):
            db.session.get_one(Comment, comment_id).posted_at = moment
    page = scene.visit(discussion, timezone_id="Pacific/Auckland")
    shown = [page.locator(f"#c{comment_id} .comment-time time").inner_text() for comment_id in ids]
    assert [text[-5:] for text in shown] == ["01:30", "02:30", "02:30", "03:30"]


@pytest.mark.one_database
def test_the_keys_lead_through_the_stream_and_sleep_while_typing(scene, discussion):
    page = scene.visit(discussion, scene.house.user("Kim Typing"))
    page.keyboard.press("j")
    first = page.evaluate("() => document.activeElement.id")
    page.keyboard.press("j")
    assert first.startswith("c")
    assert page.evaluate("() => document.activeElement.id") != first
    page.keyboard.press("r")
    field = page.locator("[data-composer] textarea")
    assert page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type("jk?")
    assert field.input_value() == "jk?"
    assert page.locator("[data-reply-chip]").count() == 1
    field.blur()
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()


@pytest.mark.one_database
def test_another_title_is_that_of_the_open_page_too(scene, discussion):
    page = scene.visit(discussion)
    with writing():
        discussion.title = "How should towns share water?"
        log.record(discussion, "discussion.edited", discussion.id)
    until(page, "(title) => document.querySelector('.crumb').textContent === title", discussion.title)
    until(page, "(title) => document.title.includes(title)", discussion.title)


@pytest.mark.one_database
def test_the_way_past_everything_leads_to_the_question_that_is_open_now(scene):
    discussion = scene.house.discussion()
    page = scene.visit(discussion)
    way = page.locator("a.skip[href^='#q']")
    assert page.locator("a.skip[data-region=skip]").is_hidden()
    for number in (1, 2):
        scene.house.asked(discussion)
        scene.settle(discussion, page)
        way.focus()
        page.keyboard.press("Enter")
        until(page, "(hash) => location.hash === hash", f"#q{number}")
