"""The composer in Chromium: posted once, shown at once, and never lost."""

import pytest

from forum.actions import phases
from forum.database import db
from forum.models import Comment, Discussion, User
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

TEXT = "Who pays the broker? Ours ran out of money."


def field(page):
    return page.locator("[data-composer] textarea")


def posted(discussion: Discussion) -> list[str]:
    db.session.rollback()
    query = db.select(Comment.source).where(Comment.discussion_id == discussion.id).order_by(Comment.id)
    return list(db.session.scalars(query))


def wait_posted(page, discussion: Discussion, *bodies: str) -> None:
    for _ in range(60):
        if posted(discussion) == list(bodies):
            return
        page.wait_for_timeout(100)
    assert posted(discussion) == list(bodies)


def organiser(discussion: Discussion) -> User:
    return db.session.get_one(User, discussion.owner_id)


def test_a_comment_is_shown_at_once_and_confirmed(scene, discussion, member):
    page = scene.visit(discussion, member)
    page.route("**/comments", lambda route: (page.wait_for_timeout(400), route.continue_()))
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_selector("[data-answers='1'] .comment-pending", timeout=300)
    page.wait_for_selector("[data-answers='1'] .comment.mine[data-id]", timeout=4_000)
    assert page.locator(".comment-pending").count() == 0
    assert page.locator("[data-answers='1'] .comment").count() == 1
    assert field(page).input_value() == ""
    assert page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"
    assert posted(discussion) == [TEXT]


def test_two_quick_presses_post_once_and_only_an_empty_field_is_told(scene, discussion, member):
    page = scene.visit(discussion, member)
    page.click(".composer-post")
    assert page.locator("[data-notice]").inner_text() == "Write something first."
    field(page).fill(TEXT)
    page.evaluate(
        "() => { const form = document.querySelector('[data-composer]'); form.requestSubmit(); form.requestSubmit(); }"
    )
    wait_posted(page, discussion, TEXT)
    page.wait_for_timeout(500)
    assert posted(discussion) == [TEXT]
    assert page.locator("[data-answers='1'] .comment").count() == 1
    assert page.locator("[data-notice]").is_hidden()


def test_an_answer_that_gets_lost_is_asked_for_again_and_posts_once(scene, discussion, member):
    page = scene.visit(discussion, member)
    lost = []

    def lose(route):
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.route("**/comments", lose)
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_selector("[data-answers='1'] .comment.mine[data-id]", timeout=8_000)
    page.wait_for_timeout(2_500)
    assert lost == [201]
    assert posted(discussion) == [TEXT]
    assert page.locator("[data-answers='1'] .comment").count() == 1


def test_what_is_posted_offline_goes_out_when_the_line_is_back(scene, discussion, member):
    page = scene.visit(discussion, member)
    page.context.set_offline(True)
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_selector(".comment-pending", timeout=1_000)
    scene.house.comment(discussion, body="Meanwhile.", question=1)
    page.context.set_offline(False)
    wait_posted(page, discussion, "Meanwhile.", TEXT)
    page.wait_for_selector(".comment-pending", state="detached", timeout=15_000)
    scene.same_as_fresh(discussion, page)


def test_a_queue_survives_the_end_of_the_tab(scene, discussion, member):
    context = scene.context(member)
    page = scene.open(context, discussion)
    page.route("**/comments", lambda route: route.abort())
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_selector(".comment-pending", timeout=1_000)
    page.close(run_before_unload=False)
    again = scene.open(context, discussion)
    again.wait_for_selector("[data-answers='1'] .comment.mine[data-id]", timeout=6_000)
    assert posted(discussion) == [TEXT]


def test_typed_text_survives_a_reload_with_its_question_and_reply(scene, discussion, member):
    parent = scene.house.comment(discussion, body="Trust comes first.", question=1)
    page = scene.visit(discussion, member)
    page.click(f"#c{parent.id} [data-action=reply]")
    field(page).press_sequentially(TEXT)
    page.reload()
    scene.wait_for_link(page)
    assert field(page).input_value() == TEXT
    assert page.locator("[data-reply-chip]").count() == 1
    field(page).press("Control+Enter")
    wait_posted(page, discussion, "Trust comes first.", TEXT)
    db.session.rollback()
    assert db.session.scalars(db.select(Comment).order_by(Comment.id.desc())).first().reply_to_id == parent.id


def test_the_writer_is_told_that_the_draft_is_saved_and_no_longer_once_it_is_posted(scene, discussion, member):
    page = scene.visit(discussion, member)
    said = page.get_by_text("Draft saved in this browser")
    field(page).press_sequentially("Half a")
    said.wait_for(timeout=2_000)
    assert said.evaluate("one => one.closest('[aria-live], [role=status], [role=alert], output')") is None
    page.reload()
    scene.wait_for_link(page)
    said.wait_for(timeout=2_000)
    field(page).press("Control+Enter")
    said.wait_for(state="hidden", timeout=2_000)
    # Nothing is claimed where the browser keeps nothing.
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full'); }; }")
    field(page).press_sequentially("And more")
    page.wait_for_timeout(600)
    assert not said.is_visible()


def test_a_visitor_who_writes_first_finds_the_text_after_signing_up(scene, discussion):
    page = scene.visit(discussion)
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    page.wait_for_url("**/sign-up?next=*", timeout=15_000)
    page.fill("input[name=name]", "Nora Newcomer")
    page.fill("input[name=email]", "nora@example.org")
    page.fill("input[name=password]", "a long enough password 42")
    page.locator("main form button[type=submit], main form button:not([type])").first.click()
    page.wait_for_url(f"**/d/{discussion.slug}*", timeout=10_000)
    scene.wait_for_link(page)
    assert field(page).input_value() == TEXT
    field(page).press("Control+Enter")
    wait_posted(page, discussion, TEXT)


def test_a_new_question_touches_neither_text_nor_choice(scene, discussion, member):
    page = scene.visit(discussion, member)
    field(page).press_sequentially("I am still")
    page.evaluate("() => { window.theField = document.querySelector('[data-composer] textarea'); }")
    scene.house.asked(discussion, "And now to something else?")
    page.wait_for_selector("#q2", state="attached", timeout=15_000)
    assert field(page).input_value() == "I am still"
    assert page.evaluate("() => document.activeElement === window.theField && window.theField.isConnected")
    assert page.locator("[data-composer] select").input_value() == "1"
    notice = page.locator("[data-notice]")
    assert "Q2 is open." in notice.inner_text()
    assert "You are still answering Q1." in notice.inner_text()
    field(page).press("Control+Enter")
    page.wait_for_selector("[data-answers='1'] .comment.mine[data-id]", timeout=4_000)
    assert page.locator("[data-composer] select").input_value() == "2"


def test_switching_takes_the_text_to_the_open_question(scene, discussion, member):
    page = scene.visit(discussion, member)
    field(page).fill(TEXT)
    scene.house.asked(discussion, "And now?")
    page.locator("[data-notice] button").click()
    assert page.locator("[data-composer] select").input_value() == "2"
    field(page).press("Control+Enter")
    page.wait_for_selector("[data-answers='2'] .comment.mine[data-id]", timeout=4_000)


def test_the_text_stays_when_the_discussion_closes_while_typing(scene, discussion, member):
    page = scene.visit(discussion, member)
    field(page).fill(TEXT)
    scene.house.do(phases.close, organiser(discussion), discussion)
    until(page, "() => document.querySelector('[data-notice]').textContent.includes('closed')")
    assert field(page).input_value() == TEXT
    field(page).press("Control+Enter")
    page.wait_for_timeout(500)
    assert field(page).input_value() == TEXT
    page.reload()
    page.wait_for_selector("[data-composer] textarea, [data-kept] textarea", timeout=15_000)
    assert page.locator("[data-composer] textarea, [data-kept] textarea").first.input_value() == TEXT


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (409, {"code": "paused", "message": "Paused."}, "The host has paused this discussion."),
        (413, {"code": "too_large", "message": "What you sent is too large."}, "too large"),
        (422, {"code": "invalid", "message": "Write less."}, "Write less."),
        (429, {"code": "too_many", "message": "That was too often.", "retry_after": 2}, "too often"),
        (403, {"code": "sign_in", "message": "Sign in."}, "You were signed out."),
    ],
)
def test_a_refusal_gives_the_text_back_and_says_why(scene, discussion, member, status, error, words):
    page = scene.visit(discussion, member)
    answer = {"status": status, "headers": {"Retry-After": "60"}, "json": {"error": error}}
    page.route("**/comments", lambda route: route.fulfill(**answer))
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    until(page, "(w) => document.querySelector('[data-notice]').textContent.includes(w)", words)
    assert field(page).input_value() == TEXT
    assert page.locator(".comment-pending").count() == 0
    button = page.locator("[data-composer] button[type=submit]:not([name])")
    if status == 429:
        assert button.is_disabled()
        page.wait_for_timeout(2_600)
    assert button.is_enabled()


def test_only_who_has_written_something_is_told_in_a_pause_that_it_is_kept(scene, discussion, member):
    empty, writing = scene.visit(discussion, member), scene.visit(discussion, scene.house.user("Wanda Writer"))
    field(writing).fill(TEXT)
    scene.house.do(phases.pause, scene.house.host_of(discussion), discussion)
    for page in (empty, writing):
        until(page, "() => document.querySelector('[data-notice]').textContent.includes('has paused this discussion.')")
    assert "Your text is kept" not in empty.locator("[data-notice]").first.inner_text()
    assert "Your text is kept" in writing.locator("[data-notice]").first.inner_text()


def test_a_server_that_cannot_save_is_tried_again_by_itself(scene, discussion, member):
    page = scene.visit(discussion, member)
    answers = []

    def answer(route):
        answers.append(1)
        if len(answers) > 1:
            route.continue_()
        else:
            route.fulfill(status=503, json={"error": {"code": "unavailable", "message": "Later.", "retry_after": 1}})

    page.route("**/comments", answer)
    field(page).fill(TEXT)
    field(page).press("Control+Enter")
    until(page, "() => document.querySelector('[data-sending]')?.textContent.includes('Trying again')")
    wait_posted(page, discussion, TEXT)


def test_two_tabs_keep_two_drafts(scene, discussion, member):
    context = scene.context(member)
    one = scene.open(context, discussion)
    field(one).fill("The first tab's text")
    one.wait_for_timeout(600)
    two = scene.open(context, discussion)
    field(two).fill("The second tab's text")
    two.wait_for_timeout(600)
    one.reload()
    two.reload()
    scene.wait_for_link(one)
    scene.wait_for_link(two)
    assert field(one).input_value() == "The first tab's text"
    assert field(two).input_value() == "The second tab's text"


def test_a_text_that_is_too_long_is_named_and_never_cut(scene, discussion, member):
    page = scene.visit(discussion, member)
    field(page).fill("x" * 7_600)
    assert "2400 characters left" in page.locator("[data-notice]").inner_text()
    field(page).fill("x" * 10_212)
    assert "212 characters too many" in page.locator("[data-notice]").inner_text()
    field(page).press("Control+Enter")
    page.wait_for_timeout(300)
    assert len(field(page).input_value()) == 10_212
    assert posted(discussion) == []


def test_the_preview_shows_what_would_be_posted(scene, discussion, member):
    page = scene.visit(discussion, member)
    field(page).fill("One **strong** word")
    page.click("button[name=preview]")
    page.wait_for_selector("[data-preview] strong", timeout=15_000)
    assert field(page).input_value() == "One **strong** word"


def test_an_at_sign_offers_the_panel(scene, discussion, member):
    scene.house.panelist(discussion, "Priya Raman")
    page = scene.visit(discussion, member)
    field(page).press_sequentially("Thank you @pri")
    page.wait_for_selector("[role=option]", timeout=1_000)
    field(page).press("Tab")
    assert field(page).input_value() == "Thank you @Priya Raman "


def test_edit_and_delete_happen_in_the_page(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "First version.", question=1)
    page = scene.visit(discussion, member)
    page.click(f"#c{comment.id} [data-action=edit]")
    page.fill("dialog textarea", "Second version.")
    page.locator("dialog form button").first.click()
    until(page, "(id) => document.querySelector(`#c${id}`).textContent.includes('Second version.')", comment.id)
    page.click(f"#c{comment.id} .comment-more > a")
    page.click(f"#c{comment.id} [data-action=delete]")
    page.locator("dialog form button").first.click()
    page.wait_for_selector(f"#c{comment.id}[data-state=deleted]", state="attached", timeout=15_000)


def test_escape_keeps_what_was_typed_into_a_dialog_and_cancel_does_not(scene, discussion, member):
    comment = scene.house.comment(discussion, member, "First version.", question=1)
    page = scene.visit(discussion, member)
    page.click(f"#c{comment.id} [data-action=edit]")
    page.fill("dialog textarea", "A better version.")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.click(f"#c{comment.id} [data-action=edit]")
    assert page.locator("dialog textarea").input_value() == "A better version."
    page.click("dialog .dialog-cancel")
    page.click(f"#c{comment.id} [data-action=edit]")
    assert page.locator("dialog textarea").input_value() == "First version."


def reloaded(scene, page):
    page.reload()
    scene.wait_for_link(page)
    return page


def test_what_was_typed_into_a_dialog_is_there_after_a_load_until_it_is_sent_or_cancelled(scene, discussion, member):
    first, other = (scene.house.comment(discussion, member, f"Version {n}.", question=1) for n in (1, 2))
    page = scene.visit(discussion, member)
    page.click(f"#c{first.id} [data-action=edit]")
    page.fill("dialog textarea", "A better version.")
    reloaded(scene, page).click(f"#c{other.id} [data-action=edit]")
    assert page.locator("dialog textarea").input_value() == "Version 2."
    page.keyboard.press("Escape")
    page.click(f"#c{first.id} [data-action=edit]")
    assert page.locator("dialog textarea").input_value() == "A better version."
    page.click("dialog .dialog-cancel")
    reloaded(scene, page).click(f"#c{first.id} [data-action=edit]")
    assert page.locator("dialog textarea").input_value() == "Version 1."
    page.fill("dialog textarea", "The best version.")
    page.locator("dialog form button").first.click()
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("() => sessionStorage.getItem('roundtext:typed')") is None


def hide(page, comment):
    page.click(f"#c{comment.id} .comment-more > a")
    page.click(f"#c{comment.id} [data-action=hide]")


def test_what_was_typed_into_a_dialog_is_no_business_of_who_signs_in_next(scene, discussion, member):
    host = scene.house.host_of(discussion)
    comment = scene.house.comment(discussion, member, "To be hidden.", question=1)
    moderator = scene.house.user("Mo Moderator")
    scene.house.seat(discussion, moderator, "moderator")
    page = scene.visit(discussion, host)
    hide(page, comment)
    page.fill("dialog [name=reason]", "What only the host knows")
    cookies = {user: scene.context(user).cookies() for user in (moderator, host)}
    page.context.clear_cookies()
    # Nobody is signed in any more: it waits for whoever typed it.
    reloaded(scene, page)
    assert "only the host" in page.evaluate("() => sessionStorage.getItem('roundtext:typed')")
    page.context.add_cookies(cookies[host])
    hide(reloaded(scene, page), comment)
    assert page.locator("dialog [name=reason]").input_value() == "What only the host knows"
    # Signed in as somebody else in another tab; what is typed on is still the host's.
    page.context.add_cookies(cookies[moderator])
    page.fill("dialog [name=reason]", "What only the host knows well")
    hide(reloaded(scene, page), comment)
    assert page.locator("dialog [name=reason]").input_value() == ""
    assert page.evaluate("() => sessionStorage.getItem('roundtext:typed')") is None


def test_what_the_field_asks_for_stands_as_the_page_reads_and_what_is_typed_as_it_reads_itself(scene: Scene):
    discussion = scene.house.discussion(ask=1, language="ar")
    page = scene.visit(discussion)
    field = page.locator("#say textarea")
    assert field.evaluate("one => getComputedStyle(one).direction") == "rtl"
    field.fill("In English")
    assert field.evaluate("one => getComputedStyle(one).direction") == "ltr"
    field.fill("بالعربية")
    assert field.evaluate("one => getComputedStyle(one).direction") == "rtl"


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_with_large_letters_on_a_phone_post_stays_in_sight(scene, language):
    """Somebody who reads at 200 % could not reach it any more as soon as they typed."""
    discussion = scene.house.discussion(ask=2, language=language)
    page = scene.visit(discussion, scene.house.user("Mara Member"), viewport={"width": 390, "height": 844})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    post = page.locator(".composer-post")
    page.locator("#say textarea").focus()
    page.keyboard.type("x")
    box = post.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_a_reply_says_to_whom_and_escape_ends_it(scene, discussion, member):
    page = scene.visit(discussion, member)
    author = scene.house.user("Otto Other")
    comment = scene.house.comment(discussion, author, "First.", question=1)
    page.wait_for_selector(f"#c{comment.id}", state="attached")
    page.locator(f"#c{comment.id} [data-action=reply]").click()
    field = page.locator("#say textarea")
    ids = field.get_attribute("aria-describedby").split()
    described = " ".join(page.locator(f"#{one}").inner_text() for one in ids)
    assert "to Otto Other" in described
    page.keyboard.press("Escape")
    assert page.locator("[data-reply-chip]").count() == 0 and page.input_value("[name=reply_to]") == ""
