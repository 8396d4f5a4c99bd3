"""Lived in Chromium: a panelist on a phone, a measure and its objection, late comments, the face of a site."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from forum import clock
from forum.actions import silences
from forum.archive import framing
from forum.database import db, writing
from forum.models import Comment, Discussion, Letter, Phase, SiteRole
from tests.browser.scene import Scene, until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def stored(discussion: Discussion) -> list[Comment]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.query(Comment).filter_by(discussion_id=discussion.id).order_by(Comment.id))


def say(page, words: str) -> None:
    """Write in the composer and post."""
    page.locator("[data-composer] textarea").fill(words)
    page.locator("[data-composer] button[type=submit]:not([name=preview])").click()
    page.locator(f".answers .comment:not(.comment-pending):has-text('{words}')").first.wait_for()


def test_a_panelist_on_a_phone_from_the_link_to_the_answer(scene: Scene):
    house = scene.house
    discussion = house.discussion(phase=Phase.ANNOUNCED, slug=f"panel-{id(scene)}")
    house.question(discussion, "Who pays?", 5)
    house.question(discussion, "What next?", 20)
    house.panelist(discussion, "Priya Raman")
    host = scene.visit(discussion, house.host_of(discussion), "/console")

    host.get_by_role("button", name="Send a link to everybody who has none").click()
    host.get_by_role("heading", name="links").wait_for()
    db.session.rollback()
    letter = db.session.query(Letter).order_by(Letter.id.desc()).first()
    path = next(word for word in letter.body.split() if "/invitation/" in word).partition("/invitation/")[2]

    # The link opens on a phone: one button, no password.
    phone = scene.context(**PHONE).new_page()
    phone.goto(f"{scene.address}/invitation/{path}")
    phone.get_by_role("button", name="Come in as Priya Raman").tap()
    phone.get_by_role("heading", name="How readers see you").wait_for()
    phone.get_by_label("Title").fill("Director of Research")
    phone.get_by_label("Short biography").fill("Measures rivers.")
    phone.get_by_role("button", name="Save").tap()
    scene.wait_for_link(phone)
    host.goto(f"{scene.address}/d/{discussion.slug}/console")
    host.get_by_text("profile done").wait_for()
    host.goto(f"{scene.address}/d/{discussion.slug}/backstage")
    scene.wait_for_link(host)
    host.get_by_role("button", name="Ask everybody: ready?").click()
    phone.get_by_role("button", name="I am ready").tap()
    host.locator(".is-ready", has_text="Priya Raman").wait_for()
    host.get_by_label("Message to hosts and panel only").fill("Two minutes, everybody.")
    host.get_by_role("button", name="Send to the green room").click()
    phone.get_by_text("Two minutes, everybody.").wait_for()

    # An answer written ahead, released when the question is there.
    phone.get_by_text("Write an answer to Q1 ahead").tap()
    phone.get_by_label("Your answer to Q1.").fill("Those who use it pay.")
    phone.get_by_role("button", name="Keep it").first.tap()
    phone.get_by_text("You hold an answer.").wait_for()
    host.goto(f"{scene.address}/d/{discussion.slug}/console")
    scene.wait_for_link(host)
    host.get_by_role("button", name="Open now").click()
    host.get_by_role("button", name="Ask Q1 now").click()
    phone.get_by_role("button", name="Release your answer to Q1").tap()
    host.locator(".console-comments", has_text="Those who use it pay.").wait_for()
    assert [comment.source for comment in stored(discussion)] == ["Those who use it pay."]

    # Q2: the host calls on who is silent, and the panelist answers from the call.
    host.get_by_role("button", name="Ask Q2 now").click()
    host.get_by_role("button", name="Call on Priya Raman to answer Q2").click()
    phone.locator(".backstage-call", has_text="A host asks you to answer Q2").wait_for()
    phone.get_by_role("link", name="Answer", exact=True).tap()
    scene.wait_for_link(phone)
    say(phone, "Next we measure.")
    host.get_by_text("Everybody on the panel has answered Q2.").wait_for()
    assert scene.trouble == []


def test_a_measure_an_objection_and_its_end(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"measure-{id(scene)}")
    max_ = house.user("Max Loud")
    comment = house.comment(discussion, max_, "YOU ARE ALL WRONG", question=1)
    member = scene.visit(discussion, max_)
    host = scene.visit(discussion, house.host_of(discussion), "/console")
    member.locator("[data-composer] textarea").fill("AND ANOTHER THING")

    row = host.locator(f"#comment-{comment.id}, [data-comment-id='{comment.id}']").first
    row.locator("summary", has_text="End right to write").click()
    form = row.locator("form[action$='/mute']")
    form.locator("[name=reason]").fill("Please stop shouting")
    form.locator("[name=hours]").fill("2")
    form.locator("button").first.click()
    # Within seconds, on the open page, with the reason, the term, and the text kept.
    notice = member.locator("[data-composer] [data-notice], [data-composer] [data-slot=muted]").first
    until(member, "() => document.querySelector('[data-composer]').textContent.includes('Please stop shouting')")
    assert "until" in notice.inner_text()
    assert member.locator("[data-composer] textarea").input_value() == "AND ANOTHER THING"

    member.reload()
    member.get_by_role("link", name="Object to this").click()
    member.get_by_label("What do you say to it?").fill("My keyboard is stuck.")
    member.get_by_role("button", name="Send it to the hosts").click()
    host.reload()
    host.get_by_text("My keyboard is stuck.").wait_for()
    host.get_by_role("button", name="Let Max Loud write again").click()
    host.get_by_text("My keyboard is stuck.").wait_for(state="detached")
    back = scene.open(member.context, discussion)
    say(back, "Thank you, mended.")
    assert [one.source for one in stored(discussion)][-1] == "Thank you, mended."


def test_who_was_still_typing_at_the_end_can_post(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"late-{id(scene)}")
    with writing():
        db.session.get_one(Discussion, discussion.id).late_minutes = 10
    member, reader = scene.visit(discussion, house.user("Mara Member")), scene.visit(discussion)
    member.locator("[data-composer] textarea").fill("One last")
    with writing():
        db.session.get_one(Discussion, discussion.id).ends_at = clock.now() + timedelta(seconds=1)
    until(member, "() => document.body.dataset.phase === 'closed'", None, 8)
    until(member, "() => document.querySelector('[data-composer]').textContent.includes('You can still post')")
    say(member, "One last thought.")
    reader.get_by_text("after the end").wait_for()
    scene.same_as_fresh(discussion, reader, "a late comment")
    say(member, "And one more to the same question.")
    reader.wait_for_selector("[data-answers='1'] .comment:has-text('And one more')", timeout=4_000)
    assert member.locator("[data-composer] select").input_value() == "1"
    with writing():
        db.session.get_one(Discussion, discussion.id).late_until = clock.now()
    until(member, "() => !document.body.dataset.late", None, 8)
    until(member, "() => document.querySelector('[data-composer]').textContent.includes('This discussion is closed.')")
    scene.same_as_fresh(discussion, reader, "the end of the late comments")
    assert scene.trouble == []


def test_a_host_speaks_for_the_panel_and_then_for_themselves(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"behalf-{id(scene)}", host=house.user("Hana Host-Maier"))
    priya = house.panelist(discussion)
    host, reader = scene.visit(discussion, house.host_of(discussion)), scene.visit(discussion)
    host.locator("[data-composer] textarea").focus()
    host.get_by_label("Posting as").select_option(label="on behalf of Priya Raman")
    say(host, "Said by telephone.")
    reader.locator(".comment-panel", has_text="written down by Hana Host-Maier").wait_for()
    assert host.get_by_label("Posting as").input_value() == ""
    say(host, "Thank you, Priya.")
    assert [one.author_id for one in stored(discussion)] == [priya.id, house.host_of(discussion).id]
    edit = host.locator(".comment", has_text="Said by telephone.").locator("[data-action=edit]")
    edit.click()
    host.get_by_label("Your text").fill("Said by telephone, twice.")
    host.get_by_role("button", name="Save the change").click()
    reader.get_by_text("Said by telephone, twice.").first.wait_for()
    assert scene.trouble == []


def test_what_is_pushed_by_somebody_silenced_is_not_seen(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"silence-{id(scene)}")
    loud, reader = house.user("Lou Loud"), house.user("Rita Reader")
    house.do(silences.silence, reader, loud)
    page, other = scene.visit(discussion, reader), scene.visit(discussion)
    comment = house.comment(discussion, loud, "Can you hear me?", question=1)
    after = house.comment(discussion, house.user("Ann Answer"), "I can.", question=1, reply_to=comment.id)
    for one in (page, other):
        one.wait_for_selector(f"#c{after.id}", state="attached")
    for again in (False, True):
        if again:
            page.reload()
        assert other.locator(f"#c{after.id} .reply-quote").inner_text() == "↩ Lou Loud: Can you hear me?"
        assert page.locator(f"#c{after.id} .reply-quote").inner_text().strip() == "↩ Lou Loud:"
    assert other.locator(f"#c{comment.id} article").is_visible()
    assert not page.locator(f"#c{comment.id} article").is_visible()
    assert not page.locator(f"[data-recent='{comment.id}']").is_visible()
    assert "do not read" in page.evaluate(
        f"getComputedStyle(document.getElementById('c{comment.id}'), '::before').content"
    )
    assert scene.trouble == []


def test_an_administrator_gives_the_site_its_face_and_an_organiser(scene: Scene):
    house = scene.house
    ada, mara = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR), house.user("Mara Member")
    page = scene.context(ada).new_page()
    page.goto(f"{scene.address}/")
    page.get_by_role("link", name="Site", exact=True).click()
    page.get_by_label("Name of the site").fill("Riverside Talks")
    page.get_by_label("A colour of our own:").first.check()
    page.get_by_label("Colour of links and buttons").fill("#7a1f5c")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The settings are saved.").wait_for()
    assert page.locator(".brand").inner_text() == "Riverside Talks"
    link = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--link')")
    assert link.strip() == "#7a1f5c"
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name or address").fill("mara")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Mara Member").click()
    page.locator("summary", has_text="Member").click()
    page.get_by_label("Part on this site").select_option("organiser")
    page.get_by_role("button", name="Change the part").click()
    page.get_by_text("The role is changed.").wait_for()
    other = scene.context(mara).new_page()
    other.goto(f"{scene.address}/organise/new")
    other.get_by_role("heading", name="New discussion").wait_for()
    assert scene.trouble == []


def test_another_site_shows_it_live_in_a_frame_that_grows(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"frame-{id(scene)}", title="Whose “river” & <rain>?")
    line = framing.lines(discussion, scene.address)["script"]
    page = scene.context(bypass_csp=False).new_page()
    news = _Site(f"<!doctype html><meta charset=utf-8><h1>News</h1>{line}<p>After</p>")
    page.goto(news.address)
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Take part").wait_for()
    assert page.get_by_title("Whose “river” & <rain>?").count() == 1  # what a screen reader calls the frame
    until(page, "() => Number(document.querySelector('iframe').height) !== 480", None, 5)
    low = page.evaluate("Number(document.querySelector('iframe').height)")
    for number in range(6):
        house.comment(discussion, house.user(f"Writer {number}"), f"Answer {number}. " * 20, question=1)
    frame.get_by_text("Answer 5.").first.wait_for(timeout=9_000)
    until(page, "(low) => Number(document.querySelector('iframe').height) > low + 300", low, 5)
    news.shutdown()
    assert scene.trouble == []


def test_a_past_discussion_is_played_as_it_unfolded(scene: Scene):
    house = scene.house
    discussion = house.discussion(ask=1, slug=f"replay-{id(scene)}")
    first, second = (house.comment(discussion, house.user(), f"Answer {n}.", question=1) for n in (1, 2))
    with writing():
        db.session.get_one(Comment, second.id).posted_at = first.posted_at + timedelta(minutes=30)
        db.session.get_one(Discussion, discussion.id).ends_at = clock.now()
    page = scene.context().new_page()
    page.goto(f"{scene.address}/d/{discussion.slug}/replay")
    page.get_by_role("button", name="Play").wait_for()
    assert not page.get_by_text("Answer 1.").is_visible()
    page.get_by_label("Speed").select_option("600")
    page.get_by_role("button", name="Play").click()
    page.get_by_text("Answer 1.").wait_for(timeout=4_000)
    assert not page.get_by_text("Answer 2.").is_visible()
    page.get_by_text("Answer 2.").wait_for(timeout=9_000)
    page.get_by_label("Moment of the discussion").fill("10")
    until(page, "() => document.querySelectorAll('#replay [hidden]').length === 1")
    assert scene.trouble == []


class _Site(ThreadingHTTPServer):
    """Another site, with one page."""

    def __init__(self, page: str) -> None:
        super().__init__(("127.0.0.1", 0), self.answer(page))
        self.address = f"http://localhost:{self.server_port}/"
        Thread(target=self.serve_forever, daemon=True).start()

    @staticmethod
    def answer(page: str) -> type[BaseHTTPRequestHandler]:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_words: object) -> None:
                """Keep quiet."""

        return Answer
