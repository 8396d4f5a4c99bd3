"""The console in Chromium: two hosts see each other's hand, the keys do what they say, and typing is left alone."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from forum.actions import comments, escalation, held, seats
from forum.database import db
from forum.models import Comment, CommentState, Discussion, SeatRole
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture
def discussion(scene: Scene) -> Discussion:
    """A live discussion with one asked question, three to come and two comments."""
    discussion = scene.house.discussion(ask=1, slug=f"console-{id(scene)}")
    for words in ("Who pays?", "Who decides?", "What next?"):
        scene.house.question(discussion, words, 20)
    member = scene.house.user("Mara Member")
    scene.house.comment(discussion, member, "The first answer.", question=1)
    scene.house.comment(discussion, member, "The second answer.")
    return discussion


@pytest.fixture
def host(scene, discussion):
    return scene.visit(discussion, scene.house.host_of(discussion), "/console")


def coming(page) -> list[str]:
    return [words.strip() for words in page.locator(".run-line[data-place] .run-text").all_inner_texts()]


def test_what_one_host_does_shows_on_the_others_console(scene, discussion, host):
    other = scene.visit(discussion, scene.house.host_of(discussion), "/console")
    host.get_by_role("button", name="Ask Q2 now").click()
    other.wait_for_selector(".run-open .run-text:has-text('Who pays?')", timeout=15_000)
    assert other.locator(".run-next .run-text").inner_text() == "Who decides?"
    other.get_by_role("button", name="Pause").click()
    host.get_by_role("button", name="Resume").wait_for(timeout=15_000)
    host.locator("[data-console-notice]", has_text="Q2 is asked.").wait_for()


def test_a_mute_shows_on_the_others_console(scene, discussion, host):
    other = scene.visit(discussion, scene.house.host_of(discussion), "/console")
    first = host.locator("[data-comment]").first
    first.get_by_text("End right to write…").click()
    first.get_by_label("Reason, shown to this person").fill("Not here")
    first.get_by_role("button", name="End their right to write").click()
    other.get_by_role("button", name="Let Mara Member write again").wait_for(timeout=4_000)


def test_n_then_enter_asks_the_next_question_once(scene, discussion, host):
    host.keyboard.press("n")
    assert "press Enter" in host.locator("[data-console-notice]").inner_text()
    host.keyboard.press("Enter")
    host.wait_for_selector(".run-open .run-text:has-text('Who pays?')")
    host.keyboard.press("Enter")
    host.wait_for_timeout(600)
    db.session.rollback()
    db.session.expire_all()
    assert [q.number for q in discussion.questions] == [1, 2, None, None]


def test_keys_walk_the_comments_hide_and_move(scene, discussion, host):
    host.keyboard.press("j")
    host.keyboard.press("j")
    host.keyboard.press("k")
    focused = host.evaluate("document.activeElement.textContent")
    assert "The second answer." in focused
    host.keyboard.press("1")
    host.wait_for_selector("[data-comment]:focus .console-head:has-text('Q1')")
    host.keyboard.press("x")
    host.keyboard.type("Off the point, n and x")
    host.keyboard.press("Enter")
    host.wait_for_selector(".console-hidden:focus .console-why:has-text('Off the point, n and x')")
    host.keyboard.press("j")
    host.wait_for_selector("[data-comment]:focus:has-text('The first answer.')")


def test_a_long_comment_comes_folded_and_stays_open_for_who_has_opened_it(scene, discussion, host):
    member = scene.house.user("Lena Long")
    long = scene.house.comment(discussion, member, "The beginning. " + "And so on. " * 120 + "The end.", question=1)
    item = host.locator(f"#comment-{long.id}")
    item.get_by_text("Show all of it").wait_for(timeout=15_000)
    assert not item.locator(".console-text").is_visible()
    item.get_by_text("Show all of it").click()
    another = scene.house.comment(discussion, member, "Another long one. " + "On and on. " * 120, question=1)
    host.locator(f"#comment-{another.id}").get_by_text("Show all of it").wait_for(timeout=15_000)
    assert item.locator(".console-text").is_visible() and not item.locator(".console-start").is_visible()
    assert not host.locator(f"#comment-{another.id} .console-text").is_visible()
    scene.house.do(comments.edit, member, long, "The insult. " + "And so on. " * 120)
    item.locator(".console-text", has_text="The insult.").wait_for(timeout=15_000)
    assert item.locator(".console-text").is_visible()
    item.get_by_text("Show less").click()
    assert item.locator(".console-start").is_visible()


def test_the_order_changes_by_alt_and_arrows(scene, discussion, host):
    host.locator(".run-line[data-place]", has_text="What next?").focus()
    host.keyboard.press("Alt+ArrowUp")
    host.wait_for_selector(".run-line[data-place='2']:has-text('What next?')")
    assert "What next?" in host.evaluate("document.activeElement.textContent")
    host.keyboard.press("Alt+ArrowUp")
    host.wait_for_selector(".run-next:has-text('What next?')")


def test_presses_that_come_before_the_answer_each_move_the_question_by_one(scene, discussion, host):
    host.locator(".run-line[data-place]", has_text="What next?").focus()
    host.keyboard.press("Alt+ArrowUp")
    host.keyboard.press("Alt+ArrowUp")
    host.wait_for_selector(".run-next:focus:has-text('What next?')")


def test_the_order_changes_by_dragging(scene, discussion, host):
    line = host.locator(".run-line[data-place]", has_text="What next?").locator(".run-text")
    line.drag_to(host.locator(".run-next .run-label"))
    host.wait_for_selector(".run-next:has-text('What next?')")


def test_what_a_host_holds_with_the_mouse_stays_in_the_hand_when_a_comment_arrives(scene, discussion, host):
    line = host.locator(".run-line[data-place]", has_text="What next?").locator(".run-text")
    line.hover()
    host.mouse.down()
    scene.house.comment(discussion, body="Just arrived.", question=1)
    host.wait_for_selector("[data-comment]:has-text('Just arrived.')", timeout=15_000)
    host.locator(".run-next .run-label").hover()
    host.locator(".run-next .run-label").hover(position={"x": 5, "y": 5})
    host.mouse.up()
    host.wait_for_selector(".run-next:has-text('What next?')")


def test_what_a_host_types_outlives_what_arrives(scene, discussion, host):
    host.locator("#new-question").fill("Half a quest")
    first = host.locator("[data-comment]").first
    first.get_by_text("Hide…").click()
    first.get_by_label("Reason, shown to readers").fill("Half a rea")
    scene.house.comment(discussion, body="Just arrived.", question=1)
    host.wait_for_selector("[data-comment]:has-text('Just arrived.')", timeout=15_000)
    assert host.locator("#new-question").input_value() == "Half a quest"
    reason = host.locator("details[open] input[name=reason]")
    assert reason.input_value() == "Half a rea"
    assert reason.evaluate("e => e === document.activeElement")
    reason.press_sequentially("son")
    assert reason.input_value() == "Half a reason"


def test_what_a_host_has_typed_and_folded_up_stays_while_the_console_changes(scene, discussion, host):
    first = host.locator("[data-comment]").first
    first.get_by_text("Hide…").click()
    reason = first.get_by_label("Reason, shown to readers")
    reason.fill("Half a reason")
    first.get_by_text("Hide…").click()
    scene.house.comment(discussion, body="Just arrived.", question=1)
    host.wait_for_selector("[data-comment]:has-text('Just arrived.')", timeout=15_000)
    field = host.locator("[data-comment] details:not([open]) input[name=reason]")
    assert field.evaluate_all("(all) => all.map(({ value }) => value).filter(Boolean)") == ["Half a reason"]


def test_what_a_host_types_outlives_a_load_and_stands_in_sight(scene, discussion, host):
    host.locator("#new-question").fill("Half a question")
    first = host.locator("[data-comment]").first
    first.get_by_text("Hide…").click()
    first.get_by_label("Reason, shown to readers").fill("Half a reason")
    host.reload()
    scene.wait_for_link(host)
    assert host.locator("#new-question").input_value() == "Half a question"
    reason = host.locator("details[open] input[name=reason]")
    assert reason.input_value() == "Half a reason" and reason.is_visible()
    reason.press("Enter")
    host.wait_for_selector("[data-console-notice]:has-text('hidden')", timeout=15_000)
    host.locator("#new-question").fill("")
    host.reload()
    scene.wait_for_link(host)
    assert host.locator("#new-question").input_value() == ""
    assert host.locator("details[open] input[name=reason]").count() == 0
    assert host.evaluate("() => sessionStorage.getItem('roundtext:typed')") is None


def test_what_is_sent_under_one_comment_leaves_what_is_begun_under_another(scene, discussion):
    for name in ("Ada Able", "Pia Panelist"):
        panelist = scene.house.panelist(discussion, name)
    host = scene.visit(discussion, scene.house.host_of(discussion), "/console")
    for item in host.locator(".console-comment").all():
        item.get_by_text("Ask the panel…").click()
        item.locator("[id^=call-whom]").select_option(label="Pia Panelist")
    host.get_by_role("button", name="Call on them").first.click()
    host.wait_for_selector("[data-console-notice]:not(:empty)")
    host.reload()
    chosen = host.locator("details[open] [id^=call-whom]")
    assert chosen.evaluate_all("(all) => all.map(({ value }) => value)") == [str(panelist.id)]


def test_the_keys_can_be_switched_off(scene, discussion, host):
    host.get_by_label("Keys on").uncheck()
    host.locator("h1").click()
    host.keyboard.press("n")
    assert host.locator(".run-ask button").first.evaluate("e => e !== document.activeElement")


def test_without_script_every_button_works(scene, discussion):
    context = scene.context(scene.house.host_of(discussion), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}/console")
    page.get_by_role("button", name="Ask Q2 now").click()
    assert "Q2 is asked." in page.inner_text("[data-console-notice]")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("link", name="Close…").click()
    page.get_by_role("button", name="Close it now").click()
    assert "The discussion is closed." in page.inner_text("[data-console-notice]")


@pytest.mark.parametrize("width", [1280, 768, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_console_fits_and_is_accessible(scene, discussion, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    page = scene.visit(discussion, scene.house.host_of(discussion), "/console", **options)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []


def test_a_host_is_shown_what_the_other_has_announced_before_it_is_replaced(scene, discussion, host):
    other = scene.visit(discussion, scene.house.host_of(discussion), "/console")
    for page, words in ((host, "Tea at four."), (other, "Coffee at five.")):
        page.locator("#announcement summary").click()
        page.get_by_label("Everybody sees this on top of the page").fill(words)
    host.get_by_role("button", name="Announce it").click()
    host.locator("[data-console-notice]", has_text="Everybody sees your announcement").wait_for()
    other.get_by_role("button", name="Announce it").click()
    other.locator("[data-theirs] blockquote", has_text="Tea at four.").wait_for()
    assert "Somebody else has changed this" in other.locator("[data-console-notice]").inner_text()
    assert other.get_by_label("Everybody sees this on top of the page").input_value() == "Coffee at five."
    other.get_by_role("button", name="Announce it").click()
    host.get_by_text("Take the announcement down").wait_for()
    other.locator("[data-theirs]").wait_for(state="detached")
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get(Discussion, discussion.id).announcement == "Coffee at five."


def test_the_same_question_twice_on_purpose_is_two_with_script(scene, discussion, host):
    for number in (5, 6):
        host.get_by_label("Add a question").fill("Anything else?")
        host.get_by_role("button", name="Add to the run sheet").click()
        host.locator(".run-line").nth(number - 1).wait_for()
        assert host.locator(".run-line").count() == number


def test_what_somebody_types_on_when_their_comment_was_decided_is_no_command(scene, discussion, host):
    house = scene.house
    house.do(escalation.set_level, house.host_of(discussion), discussion, "everyone", None)
    for words in ("Held one.", "Held two.", "Held three."):
        house.comment(discussion, house.user(), words, question=1)
    host.locator("[data-review]", has_text="Held three.").wait_for()
    first = host.locator("[data-review]", has_text="Held one.")
    first.get_by_text("Reject…").click()
    reason = first.locator("details[data-hide] input[name=reason]")
    reason.press_sequentially("Off")
    review = first.get_attribute("id")
    other = scene.visit(discussion, house.host_of(discussion), "/console")
    other.locator(f"#{review}").get_by_role("button", name="Approve").click()
    first.get_by_text("Somebody else has decided this meanwhile.").wait_for()
    host.keyboard.type(" topic and against our rules, sorry")
    assert reason.input_value() == "Off topic and against our rules, sorry"
    host.evaluate("document.activeElement.blur()")
    host.keyboard.type("a n nn")
    host.keyboard.press("Space")
    host.keyboard.press("Escape")
    host.wait_for_timeout(600)
    db.session.rollback()
    db.session.expire_all()
    assert [q.number for q in discussion.questions] == [1, None, None, None]
    states = {c.source: c.state for c in db.session.scalars(select(Comment)) if c.source.startswith("Held")}
    assert states["Held one."] is CommentState.PUBLISHED
    assert states["Held two."] is states["Held three."] is CommentState.HELD


def test_a_question_is_asked_while_a_panelist_types_ahead(scene, discussion, host):
    panelist = scene.house.panelist(discussion, "Pia Panelist")
    room = scene.visit(discussion, panelist, "/backstage")
    room.get_by_text("Write an answer to Q2 ahead").click()
    room.get_by_label("Your answer to Q2.").press_sequentially("We should start with soi")
    room.locator("[data-hold-said]:not(:empty)").first.wait_for()
    host.get_by_role("button", name="Ask Q2 now").click()
    room.get_by_role("button", name="Release your answer to Q2").wait_for()
    room.keyboard.type("l and water for the farmers")
    field = room.get_by_label("Your answer to Q2.")
    assert field.input_value() == "We should start with soil and water for the farmers"
    room.locator("[id^=hold-]", has=field).wait_for()
    room.evaluate("document.activeElement.blur()")
    room.keyboard.type("rr")
    room.wait_for_timeout(400)
    db.session.rollback()
    assert not db.session.scalar(select(Comment).where(Comment.author_id == panelist.id))
    room.keyboard.press("Escape")
    room.keyboard.press("r")
    host.locator(".console-comments", has_text="soil and water for the farmers").wait_for()


@pytest.fixture
def holding(scene, discussion):
    """A panelist, the question they hold an answer to, and the form in which it stands open in their green room."""
    panelist, question = scene.house.panelist(discussion, "Pia Panelist"), discussion.questions[0]
    scene.house.do(held.hold, panelist, question, "Old words.")
    room = scene.visit(discussion, panelist, "/backstage")
    room.get_by_text("Change your held answer to Q1").click()
    return panelist, question, room.locator("details[open] form[data-hold]")


def posted(discussion: Discussion) -> list[str]:
    """What stands there from the panel."""
    db.session.rollback()
    found = select(Comment.source).where(Comment.discussion_id == discussion.id).order_by(Comment.id)
    return list(db.session.scalars(found))[2:]


def test_a_held_answer_is_released_over_what_another_window_has_shown(scene, discussion, holding):
    panelist, question, form = holding
    scene.house.do(held.hold, panelist, question, "Words from the phone.")
    form.locator("textarea").fill("The words I want.")
    form.page.locator("h1").click()
    form.page.keyboard.press("r")
    form.locator("blockquote", has_text="Words from the phone.").wait_for()
    assert posted(discussion) == []
    form.page.wait_for_timeout(600)  # the page has been made fresh
    form.page.keyboard.press("r")
    form.page.locator("[data-console-notice]", has_text="Your answer is posted.").wait_for()
    assert posted(discussion) == ["The words I want."]


@pytest.mark.parametrize("way", ["Release", "Keep it"])
def test_what_is_pressed_waits_for_the_save_that_is_on_its_way(scene, discussion, holding, way):
    _panelist, _question, form = holding
    saves = []
    form.page.route(re.compile(r"/answers/\d+$"), lambda route: saves.append((route, route.fetch())), times=1)
    field = form.locator("textarea")
    field.fill("We should build wells")
    while not saves:
        form.page.wait_for_timeout(50)
    field.press_sequentially(".")
    form.get_by_role("button", name=way).click()
    form.page.wait_for_timeout(300)
    route, answer = saves[0]
    route.fulfill(response=answer)
    said = "Your answer is posted." if way == "Release" else "Kept. Only you can read it."
    form.page.locator("[data-console-notice]", has_text=said).wait_for()
    assert posted(discussion) == (["We should build wells."] if way == "Release" else [])


# Whether an element is in sight, whole and below nothing else.
IS_FREE = """(element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight && element.contains(found);
}"""


def test_on_a_phone_what_a_host_presses_is_one_row_and_the_page_stays_in_sight(scene: Scene):
    discussion = scene.house.discussion(ask=1)
    scene.house.question(discussion, "What next?", 20)
    page = scene.visit(discussion, scene.house.host_of(discussion), "/console", viewport={"width": 390, "height": 844})
    page.evaluate("scrollTo(0, 400)")
    bar = page.locator(".console-sticky").bounding_box()
    assert bar["y"] == 0
    assert bar["height"] <= 125
    buttons = page.locator(".console-hands .console-button:visible")
    buttons.first.focus()
    for number in range(buttons.count()):
        assert buttons.nth(number).evaluate("one => one === document.activeElement"), number
        assert page.evaluate(f"({IS_FREE})(document.activeElement)"), number
        page.keyboard.press("Tab")
    # The row stays where it was moved while the console changes.
    left = page.eval_on_selector(".console-hands", "row => row.scrollLeft")
    assert left > 0
    comment = scene.house.comment(discussion, question=1)
    page.locator(f".console-comments [data-comment='{comment.id}']").wait_for()
    assert page.eval_on_selector(".console-hands", "row => row.scrollLeft") == left
    page.eval_on_selector(".console-hands", "row => row.scrollTo(0, 0)")
    page.get_by_text("Slow…").click()
    until(page, f"() => ({IS_FREE})(document.querySelector('#slow-seconds'))")
    assert page.eval_on_selector("#level-slow button", IS_FREE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def long_console(scene: Scene) -> Page:
    """Open the console of a discussion with more comments than a screen holds."""
    discussion = scene.house.discussion(ask=1)
    for number in range(12):
        scene.house.comment(discussion, body=f"Number {number}.", question=1)
    page = scene.context(scene.house.host_of(discussion)).new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}/console")
    return page


def test_every_part_of_the_console_is_one_press_away_where_they_stand_below_each_other(scene: Scene):
    page = long_console(scene)
    ways = page.locator(".console-parts a")
    assert ways.count() == 5
    assert not ways.first.is_visible()
    for width in (390, 768, 1100):
        page.set_viewport_size({"width": width, "height": 844})
        for way in ways.all():
            page.evaluate("scrollTo(0, 0)")
            way.click()
            name = way.inner_text()
            title = page.get_by_role("heading", name=name).first.bounding_box()
            bar = page.locator(".console-sticky").bounding_box()
            assert bar["y"] + bar["height"] <= title["y"] <= 844 - title["height"], (width, name)


def test_the_bar_below_the_top_leaves_room_for_the_focus_of_its_buttons(scene: Scene):
    page = long_console(scene)
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 700})
        page.evaluate("scrollTo(0, 500)")
        top = page.locator(".top").bounding_box()
        tops = [button.bounding_box()["y"] for button in page.locator(".console-bar .console-button:visible").all()]
        # The ring is 3 wide and stands 2 off.
        assert min(tops) - top["y"] - top["height"] >= 5, width


def ended_asks(page) -> list[str]:
    """What the page fetches of itself and does not get, from now on."""
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url) if answer.status == 404 else None)
    return asked


def test_a_console_whose_session_has_ended_says_so_and_stops_asking(scene, discussion):
    host = scene.visit(discussion, scene.house.host_of(discussion), "/console")
    host.locator("#new-question").fill("Half a question")
    asked = ended_asks(host)
    other = host.context.new_page()
    other.goto(f"{scene.address}/about")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url(f"{scene.address}/")
    notice = host.locator("[data-console-notice]")
    notice.get_by_text("You are not signed in, or no longer.").wait_for(timeout=8_000)
    notice.get_by_role("link", name="Sign in").wait_for()
    scene.house.comment(discussion, body="Just arrived.", question=1)
    host.wait_for_timeout(3_500)
    assert len(asked) <= 2
    assert host.locator("#new-question").input_value() == "Half a question"

    scene.sign_in(host.context, scene.house.host_of(discussion))
    host.evaluate("window.dispatchEvent(new Event('focus'))")
    host.wait_for_selector("[data-comment]:has-text('Just arrived.')", timeout=8_000)
    assert notice.inner_text() == ""
    assert host.locator("#new-question").input_value() == "Half a question"


def test_a_press_whose_answer_was_lost_is_done_once_and_says_so(scene, discussion, host):
    """Pressed again by hand, on the console that had meanwhile been made anew, ten minutes more were twenty."""
    before = discussion.ends_at
    lost = []

    def lose(route):
        lost.append(route.fetch().status)
        route.abort()

    host.route("**/extend", lose, times=1)
    host.get_by_role("button", name="+10 min").click()
    notice = host.locator("[data-console-notice]")
    notice.get_by_text("Not sent yet. Trying again…").wait_for()
    notice.get_by_text("The discussion goes on 10 minutes longer.").wait_for()
    assert lost == [200]
    db.session.rollback()
    db.session.refresh(discussion)
    assert discussion.ends_at - before == timedelta(minutes=10)


def test_a_removal_whose_answer_was_lost_is_not_said_to_have_met_nothing(scene, discussion, host):
    def lose(route):
        route.fetch()
        route.abort()

    host.route("**/remove", lose, times=1)
    line = host.locator(".run-line", has_text="What next?")
    line.get_by_text("Remove…").click()
    line.get_by_role("button", name="Remove").last.click()
    host.locator("[data-console-notice]", has_text="See whether what you pressed last was done").wait_for()
    assert "What next?" not in coming(host)


def test_what_was_pressed_for_a_server_that_stays_away_is_not_sent_long_after(scene, discussion, host):
    before = discussion.ends_at
    host.route("**/extend", lambda route: route.abort())
    host.get_by_role("button", name="+10 min").click()
    notice = host.locator("[data-console-notice]")
    notice.get_by_text("Not sent yet.").wait_for()
    host.evaluate("() => { const now = Date.now(); Date.now = () => now + 60_000; }")
    notice.get_by_text("See whether what you pressed last was done").wait_for()
    host.unroute("**/extend")
    db.session.rollback()
    db.session.refresh(discussion)
    assert discussion.ends_at == before
    host.get_by_role("button", name="+10 min").click()
    notice.get_by_text("The discussion goes on 10 minutes longer.").wait_for()
    db.session.rollback()
    db.session.refresh(discussion)
    assert discussion.ends_at - before == timedelta(minutes=10)


@pytest.mark.parametrize("place", ["/console", "/backstage"])
def test_whose_seat_is_taken_is_told_on_the_open_page(scene, discussion, place):
    otto = scene.house.user("Otto Other")
    seat = scene.house.seat(discussion, otto, SeatRole.HOST)
    page = scene.visit(discussion, otto, place)
    asked = ended_asks(page)
    scene.house.do(seats.take, scene.house.host_of(discussion), seat)
    scene.house.comment(discussion, body="Just arrived.", question=1)
    page.locator("[data-console-notice]", has_text="no longer open to you").wait_for(timeout=8_000)
    page.wait_for_timeout(2_500)
    assert len(asked) <= 2
