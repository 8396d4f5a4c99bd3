"""What another tab, another part of the stream or a slow line does to an open page: nothing is lost or sent twice."""

import pytest

from forum.actions import comments, escalation, highlights, seats
from forum.actions.seats import SeatDraft
from forum.database import db
from forum.models import Comment, CommentState, Discussion, SeatRole
from tests.browser.scene import Scene, until
from tests.browser.test_composer import TEXT, field, posted, wait_posted

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

RETRIES_END = 10_000
LONG = "A thought that needs more than a line to be said, and says it in full. " * 6


def ids(discussion: Discussion, state: CommentState = CommentState.PUBLISHED) -> list[int]:
    db.session.rollback()
    found = db.select(Comment.id).where(Comment.discussion_id == discussion.id, Comment.state == state)
    return list(db.session.scalars(found.order_by(Comment.id)))


def test_what_goes_on_after_another_tab_has_posted_its_beginning_is_a_comment_of_its_own(scene, discussion, member):
    context = scene.context(member)
    one = scene.open(context, discussion)
    field(one).fill("Half a thought")
    one.wait_for_timeout(600)
    two = scene.open(context, discussion)
    assert field(two).input_value() == "Half a thought"
    field(one).press_sequentially(" and the other half", delay=5)
    field(two).press("Control+Enter")
    wait_posted(two, discussion, "Half a thought")
    scene.settle(discussion, one)
    assert field(one).input_value() == "Half a thought and the other half"
    field(one).press("Control+Enter")
    wait_posted(one, discussion, "Half a thought", "Half a thought and the other half")


def test_what_is_taken_back_in_one_tab_is_not_sent_by_another(scene, discussion, member):
    context = scene.context(member)
    one = scene.open(context, discussion)
    context.route("**/comments", lambda route: route.abort())
    field(one).fill(TEXT)
    field(one).press("Control+Enter")
    one.wait_for_selector(".comment-pending", timeout=1_000)
    two = scene.open(context, discussion)
    two.wait_for_selector(".comment-pending", timeout=1_000)
    # As the button does that comes when all has been tried, most of a minute later.
    one.evaluate(
        "() => Object.keys(localStorage).filter((k) => k.includes(':outbox:')).map((k) => localStorage.removeItem(k))"
    )
    one.close()
    two.wait_for_selector(".comment-pending", state="detached", timeout=1_000)
    context.unroute("**/comments")
    two.wait_for_timeout(6_000)  # two of its tries would have been
    assert posted(discussion) == []


def test_what_is_posted_from_an_old_part_of_the_stream_is_shown_while_it_waits_and_leads_there(
    scene, discussion, member
):
    for number in range(75):
        scene.house.comment(discussion, member, f"Number {number}. {LONG}", question=1)
    page = scene.visit(discussion, member, f"?around={ids(discussion)[1]}")
    assert page.evaluate("document.body.dataset.window") == "closed"
    page.route("**/comments", lambda route: (page.wait_for_timeout(400), route.continue_()))
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_selector(".comment-pending:has-text('broker')", timeout=300)
    page.wait_for_selector(".comment-pending", state="detached", timeout=4_000)
    assert posted(discussion)[-1] == TEXT
    page.locator("[data-notice]").get_by_role("link", name="Go there").click()
    page.wait_for_selector(f"#c{ids(discussion)[-1]}:has-text('broker')", timeout=4_000)


def test_a_key_that_is_held_down_judges_one_comment(scene, discussion):
    house = scene.house
    host = house.host_of(discussion)
    house.do(escalation.set_level, host, discussion, "everyone", None)
    for words in ("Held one.", "Held two.", "Held three."):
        house.comment(discussion, house.user(), words, question=1)
    page = scene.visit(discussion, host, "/console")
    page.keyboard.press("j")
    for _ in range(6):  # the first is the press, the others are its repetition
        page.keyboard.down("a")
        page.wait_for_timeout(250)
    page.keyboard.up("a")
    assert len(ids(discussion, CommentState.HELD)) == 2
    page.keyboard.press("a")
    page.wait_for_timeout(600)
    assert len(ids(discussion, CommentState.HELD)) == 1


def test_who_writes_says_so_every_two_seconds_and_not_at_each_key(scene, discussion):
    panelist, said = scene.house.panelist(discussion), []
    context = scene.context(panelist)
    context.on("page", lambda page: page.on("websocket", lambda wire: wire.on("framesent", lambda f: said.append(f))))
    page = scene.open(context, discussion)
    field(page).press_sequentially("Written by somebody whose finger rests on a key for a while", delay=20)
    assert len([frame for frame in said if "typing" in str(frame)]) in {1, 2}


def test_a_resync_that_never_got_a_page_is_made_when_the_line_is_back(scene, discussion):
    page = scene.visit(discussion)
    seat = scene.house.seat(discussion, scene.house.user("Una Seated"), SeatRole.PANELIST)
    scene.settle(discussion, page)
    page.evaluate("document.body.dataset.slowSeconds = 60")
    page.route(f"**/d/{discussion.slug}", lambda route: route.abort())
    change = SeatDraft(name="Dr Una Renamed", email=seat.user.email, role=SeatRole.PANELIST)
    scene.house.do(seats.change, scene.house.host_of(discussion), seat, change)
    page.wait_for_timeout(RETRIES_END)
    assert "Dr Una Renamed" not in page.locator("[data-region=panel]").inner_text()
    page.unroute(f"**/d/{discussion.slug}")
    page.context.set_offline(True)
    page.wait_for_timeout(300)
    page.context.set_offline(False)
    until(page, "() => document.querySelector('[data-region=panel]').textContent.includes('Dr Una Renamed')", None, 8)
    assert page.evaluate("'slowSeconds' in document.body.dataset") is False
    scene.same_as_fresh(discussion, page)


def test_a_line_on_which_every_page_comes_late_gets_the_last_one_and_what_is_missing_in_it(scene, discussion):
    page = scene.visit(discussion)
    seat = scene.house.seat(discussion, scene.house.user("Una Seated"), SeatRole.PANELIST)
    late = scene.context().request.get(f"{scene.address}/d/{discussion.slug}").text()
    page.route(f"**/d/{discussion.slug}", lambda route: route.fulfill(body=late, content_type="text/html"))
    scene.house.comment(discussion, body="Posted meanwhile.", question=1)
    until(page, "() => document.querySelector('[data-region=panel]').textContent.includes('Una Seated')", None, 20)
    scene.same_as_fresh(discussion, page)
    assert seat.name == "Una Seated"


def test_earlier_answers_come_without_a_hole_where_an_older_one_was_moved(scene: Scene):
    discussion = scene.house.discussion(ask=2, slug=f"moved-{id(scene)}")
    writer = scene.house.user("Ada Lind")
    old = scene.house.comment(discussion, writer, "Older than all of Q2.", question=1)
    for number in range(70):
        scene.house.comment(discussion, writer, f"Number {number}. {LONG}", question=2)
    page = scene.visit(discussion)
    page.locator("#q1 .show-earlier").evaluate("(link) => link.click()")
    page.wait_for_selector(f"#q1 #c{old.id}", state="attached")
    host = scene.house.host_of(discussion)
    scene.house.do(comments.move, host, Comment.with_id(old.id), 2)
    page.wait_for_selector(f"#q2 #c{old.id}", state="attached")
    scene.house.do(highlights.highlight, host, Comment.with_id(old.id))
    page.wait_for_selector(f"#q2 #c{old.id} .comment-highlight", state="attached")
    page.locator("#q2 .show-earlier").evaluate("(link) => link.click()")
    until(page, "() => !document.querySelector('#q2 .show-earlier')", None, 5)
    shown = page.evaluate("() => [...document.querySelectorAll('#q2 .comment')].map((c) => +c.dataset.id)")
    assert shown == ids(discussion)


def test_what_an_input_method_confirms_takes_no_name(scene, discussion, member):
    scene.house.panelist(discussion, "Priya Raman")
    page = scene.visit(discussion, member)
    field(page).press_sequentially("Thank you @pri")
    page.wait_for_selector("[role=option]", timeout=1_000)
    confirm = (
        "(field) => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    field(page).evaluate(confirm)
    assert field(page).input_value() == "Thank you @pri"
    field(page).press("Shift+Tab")
    assert field(page).input_value() == "Thank you @pri"
