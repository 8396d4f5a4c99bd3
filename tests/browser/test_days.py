"""Weeks in Chromium: a question is planned in a form, and open pages get it without a hand."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe

from forum import clock
from forum.actions import questions
from forum.actions.questions import QuestionDraft
from forum.database import db, writing
from forum.models import Discussion, Question
from tests.browser.scene import Scene

pytestmark = pytest.mark.browser

LONDON = ZoneInfo("Europe/London")


def weeks(scene: Scene) -> Discussion:
    """Live since yesterday, for three weeks, with Q1 asked and another one to come."""
    made = scene.house.discussion(ask=1, slug=f"weeks-{id(scene)}")
    with writing():
        made.starts_at, made.ends_at = clock.now() - timedelta(days=1), clock.now() + timedelta(days=20, minutes=1)
    scene.house.question(made, "Who pays in the end?")
    return made


def test_a_host_plans_the_moment_and_readers_see_it_at_once(scene: Scene):
    discussion = weeks(scene)
    reader = scene.visit(discussion, timezone_id="Asia/Tokyo")
    assert reader.locator("[data-region=chip]").inner_text() == "Live · 20 days left"
    host = scene.context(scene.house.host_of(discussion)).new_page()
    question = next(q for q in discussion.questions if q.is_coming)
    host.goto(f"{scene.address}/d/{discussion.slug}/questions/{question.id}/edit")
    assert Axe().run(host).response["violations"] == []
    moment = (clock.now() + timedelta(days=3)).astimezone(LONDON).replace(hour=9, minute=0, second=0, microsecond=0)
    host.get_by_label("Date").fill(f"{moment:%Y-%m-%d}")
    host.get_by_label("Time", exact=True).fill("09:00")
    host.get_by_role("button", name="Save the question").click()
    host.get_by_text("The question is changed.").wait_for()
    there = moment.astimezone(ZoneInfo("Asia/Tokyo"))
    reader.locator(f".rail .later:has-text('{there:%H:%M}')").wait_for()
    opens = reader.locator(".rail .later time")
    assert f"{there.day} {there:%b}" in opens.inner_text()
    assert opens.get_attribute("title") == f"{moment:%a} {moment.day} {moment:%b}, 09:00 Europe/London"
    assert reader.locator(".ruler-coming").count() == 1
    scene.same_as_fresh(discussion, reader, "the moment was planned")


def test_an_open_page_gets_the_question_by_itself(scene: Scene):
    discussion = weeks(scene)
    question = next(q for q in discussion.questions if q.is_coming)
    host = scene.house.host_of(discussion)
    reader = scene.visit(discussion)
    draft = QuestionDraft(question.text, opens_at=clock.now() + timedelta(seconds=3))
    scene.house.do(questions.edit, host, question, draft)
    reader.locator("#q2-title", has_text="Who pays in the end?").wait_for(timeout=10_000)
    assert reader.locator("#q2 .question-open").count() == 1
    assert "asks" in reader.locator("#q2 .question-by").inner_text()
    scene.same_as_fresh(discussion, reader, "the clock asked")
    db.session.rollback()
    assert db.session.get_one(Question, question.id).asked_at >= draft.opens_at


@pytest.mark.one_database
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_counted_in_thousands_of_minutes_and_nothing_runs_out_of_the_page(scene: Scene, width):
    discussion = weeks(scene)
    host = scene.house.host_of(discussion)
    plan = QuestionDraft("And then?", opens_at=clock.now() + timedelta(days=9), length_minutes=9 * 1440)
    scene.house.do(questions.write, host, discussion, plan)
    for path in ("", "/console", "/backstage", "/transcript", "/rsvp"):
        page = scene.context(host, viewport={"width": width, "height": 900}).new_page()
        page.goto(f"{scene.address}/d/{discussion.slug}{path}")
        words = page.locator("body").inner_text()
        assert not re.search(r"\d{4,} ?min", words), path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
