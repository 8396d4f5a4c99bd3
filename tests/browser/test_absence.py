"""What somebody missed: earlier answers, another history after a restore, a crash, an ended session."""

import pytest
from sqlalchemy import delete, update

from forum import clock
from forum.actions import passwords
from forum.database import db, writing
from forum.models import Comment, Discussion, Event, Session, User
from tests.browser.scene import until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

LONG = "A thought that needs more than a line to be said, and says it in full. " * 6


@pytest.fixture
def discussion(scene) -> Discussion:
    """A live discussion with one question and more answers than a first page shows."""
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    writer = scene.house.user("Ada Lind")
    for number in range(130):
        scene.house.comment(discussion, writer, f"Number {number}. {LONG}", question=1)
    return discussion


def test_earlier_answers_come_in_below_their_link_each_once(scene, discussion):
    page = scene.visit(discussion)
    shown = page.locator("[data-answers='1'] .comment").count()
    assert shown < 130
    link = page.locator("#q1 .show-earlier")
    link.scroll_into_view_if_needed()
    assert str(130 - shown) in link.inner_text()
    before = link.evaluate("(link) => link.getBoundingClientRect().top")
    link.click()
    until(page, "(n) => document.querySelectorAll('[data-answers=\"1\"] .comment').length === n", min(shown + 50, 130))
    # The link stays under the pointer, and the keyboard goes to the first of what has come below it.
    assert abs(link.evaluate("(link) => link.getBoundingClientRect().top") - before) <= 2
    first = page.locator("[data-answers='1'] .comment").first.get_attribute("id")
    assert page.evaluate("document.activeElement.id") == first
    while page.locator("#q1 .show-earlier:visible").count():
        count = page.locator("[data-answers='1'] .comment").count()
        page.locator("#q1 .show-earlier").evaluate("(link) => link.click()")
        until(page, "(n) => document.querySelectorAll('[data-answers=\"1\"] .comment').length > n", count)
    ids = page.evaluate(
        "() => [...document.querySelectorAll('[data-answers=\"1\"] .comment')].map((c) => +c.dataset.id)"
    )
    assert len(ids) == 130
    assert ids == sorted(set(ids))


def test_another_history_replaces_the_page_and_not_what_is_typed(scene):
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    kept = scene.house.comment(discussion, body="Before the backup.", question=1)
    lost = scene.house.comment(discussion, body="After the backup.", question=1)
    page = scene.visit(discussion, scene.house.user("Mina Mayer"))
    page.locator("[data-composer] textarea").fill("In the middle of a thought")
    # What `forum restore` does to the rows, while the page stays open.
    with writing():
        found = db.session.get_one(Discussion, discussion.id)
        found.epoch, found.last_seq = "another-epoch", found.last_seq - 1
        db.session.delete(db.session.get_one(Comment, lost.id))
        db.session.execute(delete(Event).where(Event.discussion_id == found.id, Event.seq > found.last_seq))
    until(page, "() => document.body.dataset.epoch === 'another-epoch'", None, 8)
    until(page, "(id) => !document.getElementById(id)", f"c{lost.id}", 5)
    assert page.locator(f"#c{kept.id}").count() == 1
    assert page.locator("[data-composer] textarea").input_value() == "In the middle of a thought"
    fresh = scene.house.comment(discussion, body="A new beginning.", question=1)
    page.wait_for_selector(f"#c{fresh.id}", state="attached", timeout=15_000)


def test_a_connection_that_is_back_is_no_longer_said_to_be_lost(scene):
    """Who read through the page by ear met both sentences, one after the other."""
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    page = scene.visit(discussion, scene.house.user("Mina Mayer"))
    page.locator("[data-composer] textarea").fill("In the middle of a thought")
    page.context.set_offline(True)
    said = "(role) => document.querySelector(`body > .vh[role=${role}]`).textContent"
    until(page, f"() => ({said})('alert').startsWith('The connection is lost.')", seconds=20)
    page.context.set_offline(False)
    until(page, f"() => ({said})('status').startsWith('Back.')", seconds=10)
    assert page.evaluate(said, "alert") == ""


def test_what_was_typed_before_a_crash_is_there_afterwards(scene):
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    member = scene.house.user("Mina Mayer")
    page = scene.visit(discussion, member)
    page.locator("[data-composer] textarea").press_sequentially("Typed, and then the battery died")
    until(page, "() => JSON.stringify({...localStorage}).includes('battery died')", None, 3)
    state = page.context.storage_state()
    page.context.close()
    scene.contexts.remove(page.context)
    again = scene.visit(discussion, member, storage_state=state)
    field = again.locator("[data-composer] textarea")
    assert field.input_value() == "Typed, and then the battery died"
    field.press("Control+Enter")
    again.wait_for_selector("[data-answers='1'] .comment.mine[data-id]", timeout=4_000)


def test_a_session_that_ends_while_somebody_types_costs_a_sign_in_and_no_word(scene):
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    member = scene.house.user("Mina Mayer")
    email = member.email
    with writing():
        db.session.get_one(User, member.id).password_hash = passwords.hashed("a long enough password 42")
    page = scene.visit(discussion, member)
    field = page.locator("[data-composer] textarea")
    field.fill("Half of a thought, ")
    with writing():
        db.session.execute(update(Session).where(Session.user_id == member.id).values(ended_at=clock.now()))
    field.press_sequentially("and the other half")
    field.press("Control+Enter")
    page.locator("[data-notice] a[href^='/sign-in?next=']").click(timeout=8_000)
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", "a long enough password 42")
    page.locator("main form .button-main").click()
    page.wait_for_url(f"**/d/{discussion.slug}*", timeout=10_000)
    scene.wait_for_link(page)
    assert page.locator("[data-composer] textarea").input_value() == "Half of a thought, and the other half"
    page.locator("[data-composer] textarea").press("Control+Enter")
    page.wait_for_selector("[data-answers='1'] .comment.mine[data-id]", timeout=4_000)
    assert page.locator("[data-answers='1'] .comment").count() == 1


def test_signed_out_in_another_tab_is_said_where_one_types_and_costs_a_sign_in_and_no_word(scene):
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    host = scene.house.host_of(discussion)
    with writing():
        db.session.get_one(User, host.id).password_hash = passwords.hashed("a long enough password 42")
    comment = scene.house.comment(discussion, host, "First version.", question=1)
    page = scene.visit(discussion, host)
    console = scene.open(page.context, discussion, "/console")
    page.click(f"#c{comment.id} [data-action=edit]")
    page.fill("dialog textarea", "Second version.")
    console.locator("#announcement summary").click()
    console.locator("textarea[name=announcement]").fill("We begin late.")
    other = page.context.new_page()
    other.goto(f"{scene.address}/about")
    other.click(".top-out button")
    other.wait_for_selector("header a[href^='/sign-in']")
    save = page.locator("dialog form button").first
    announce = console.locator("form:has(textarea[name=announcement]) button")
    for tab, button, said in ((page, save, ".dialog-trouble"), (console, announce, "[data-console-notice]")):
        button.click()
        link = tab.locator(f"{said} a[href^='/sign-in?next='][target=_blank]")
        link.wait_for(timeout=8_000)
        assert "Sign in in another tab" in tab.locator(said).inner_text()
    other.goto(f"{scene.address}/sign-in")
    other.fill("input[name=email]", host.email)
    other.fill("input[name=password]", "a long enough password 42")
    other.locator("main form .button-main").click()
    other.wait_for_selector(".top-out", state="attached")
    save.click()
    page.wait_for_selector(f"#c{comment.id}:has-text('Second version.')", timeout=8_000)
    announce.click()
    page.wait_for_selector(".announcement:has-text('We begin late.')", timeout=8_000)


def sign_in_instead(scene, page, user) -> None:
    """Somebody else signs in in another tab of the same browser."""
    theirs = scene.context(user)
    page.context.add_cookies(theirs.cookies(scene.address))


def test_what_one_person_wrote_is_not_sent_under_the_name_of_the_next(scene):
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    mina, bo = scene.house.user("Mina Mayer"), scene.house.user("Bo Barnes")
    page = scene.visit(discussion, mina)
    field = page.locator("[data-composer] textarea")
    field.fill("Words of Mina.")
    sign_in_instead(scene, page, bo)
    notice = page.locator("[data-notice]")  # the same words are read out elsewhere
    for _ in range(2):  # by the second time the page may have the next person's token
        field.press("Control+Enter")
        notice.get_by_text("Somebody else is signed in here by now.").wait_for(timeout=8_000)
        until(page, "() => document.querySelector('[data-composer] textarea').value === 'Words of Mina.'")
    db.session.rollback()
    assert db.session.query(Comment).filter_by(discussion_id=discussion.id).all() == []


def test_what_is_begun_in_a_discussion_waits_for_who_began_it(scene):
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}")
    mina, bo = scene.house.user("Mina Mayer"), scene.house.user("Bo Barnes")
    page = scene.visit(discussion, mina)
    hers, context = page.context.cookies(), page.context
    page.locator("[data-composer] textarea").fill("Words of Mina.")
    page.goto(f"{scene.address}/about")

    def begun(tab) -> str:
        tab.goto(f"{scene.address}/d/{discussion.slug}")
        scene.wait_for_link(tab)
        return tab.locator("[data-composer] textarea").input_value()

    sign_in_instead(scene, page, bo)
    assert begun(page) == begun(context.new_page()) == ""
    page.locator("[data-composer] textarea").fill("Words of Bo.")
    page.goto(f"{scene.address}/about")
    page.go_back()
    page.wait_for_timeout(500)
    assert page.locator("[data-composer] textarea").input_value() == "Words of Bo."
    context.clear_cookies()
    assert begun(context.new_page()) == ""
    context.add_cookies(hers)
    page.go_back()
    page.go_forward()
    page.wait_for_timeout(500)
    assert begun(page) == begun(context.new_page()) == "Words of Mina."


def test_signed_out_of_what_is_by_invitation_the_console_keeps_what_is_typed(scene):
    discussion = scene.house.discussion(ask=1, slug=f"absent-{id(scene)}", visibility="invited")
    host = scene.house.host_of(discussion)
    console = scene.visit(discussion, host, "/console")
    console.locator("#announcement summary").click()
    console.locator("textarea[name=announcement]").fill("We begin late.")
    with writing():
        db.session.execute(update(Session).where(Session.user_id == host.id).values(ended_at=clock.now()))
    console.get_by_text("This discussion is no longer open to you.").wait_for(timeout=15_000)
    assert console.locator("textarea[name=announcement]").input_value() == "We begin late."
