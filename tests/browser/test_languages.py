"""A discussion in another language, read live: what is pushed and what scripts say is in that language too."""

from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date

from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

# How many pixels of other words stand between the pieces of one element.
BETWEEN = """(element) => {
  const pieces = [...element.getClientRects()];
  const width = Math.max(...pieces.map((one) => one.right)) - Math.min(...pieces.map((one) => one.left));
  return width - pieces.reduce((sum, one) => sum + one.width, 0);
}"""


@pytest.fixture
def agua(scene: Scene):
    return scene.house.discussion(title="¿De quién es el agua?", slug="agua", language="es", ask=1)


def test_a_spanish_discussion_stays_spanish_while_it_is_read(scene: Scene, agua):
    house = scene.house
    first = house.comment(agua, house.panelist(agua), "El agua es de todos.", question=1)
    page = scene.visit(agua, locale="de-DE", timezone_id="America/Bogota")
    house.comment(agua, house.user("Ana Restrepo"), "¿Y quién la paga?", question=1, reply_to=first.id)
    page.wait_for_selector("text=¿Y quién la paga?")
    scene.settle(agua, page)
    assert page.locator('.comment [data-action="reply"]').all_inner_texts() == ["Responder", "Responder"]
    assert page.locator(f'[data-replies="{first.id}"]').inner_text() == "1 respuesta"
    assert page.locator('[data-count="comments"]').first.inner_text() == "2 comentarios"
    assert "En directo" in page.locator("[data-region=chip]").inner_text()
    day = format_date(agua.starts_at.astimezone(ZoneInfo("America/Bogota")), "full", locale="es")
    assert page.locator("time[data-time=day]").first.inner_text() == day
    scene.same_as_fresh(agua, page)


def test_numbers_in_arabic_take_their_forms(scene: Scene):
    house = scene.house
    water = house.discussion(slug="ma", language="ar", ask=1)
    page = scene.visit(water)
    for number in range(1, 4):
        house.comment(water, house.user(), f"Number {number}.", question=1)
        page.wait_for_selector(f"text=Number {number}.")
    scene.settle(water, page)
    assert page.locator('[data-count="comments"]').first.inner_text() == "3 تعليقات"
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    scene.same_as_fresh(water, page)


def test_a_date_in_arabic_stays_in_one_piece_behind_latin_letters(scene: Scene):
    water = scene.house.discussion(ask=1)
    scene.house.comment(water, body="Water.", question=1)
    page = scene.context(locale="ar").new_page()
    page.goto(f"{scene.address}/search?q=water")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator(".hit time").evaluate(BETWEEN) < 1


# Where the words of an element begin and end, whatever box they stand in.
EDGES = """(element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  const { left, right } = range.getBoundingClientRect();
  return [Math.round(left), Math.round(right)];
}"""


def test_a_panelist_of_an_arabic_discussion_reads_questions_from_the_right(scene: Scene):
    """“Q4” before the words was the first letter with a direction, and turned the whole line."""
    house = scene.house
    water = house.discussion(slug="ma", language="ar", ask=1)
    house.question(water, "من يدفع؟")
    room = scene.visit(water, house.panelist(water, "Pia"), "/backstage", locale="ar")
    line = room.locator(".run-text", has_text="من يدفع؟")
    number, words = (line.locator(part).evaluate(EDGES) for part in ("b", "bdi"))
    box = line.bounding_box()
    assert words[1] <= number[0]
    assert abs(number[1] - (box["x"] + box["width"])) <= 2


def test_a_citation_in_an_arabic_discussion_is_read_from_the_left(scene: Scene):
    """“@online{” was shown as “,online{…@”, and a full stop stood before its sentence."""
    water = scene.house.discussion(slug="ma", language="ar", ask=1)
    page = scene.context().new_page()
    page.goto(f"{scene.address}/d/{water.slug}/export")
    shown = page.locator(".citation").evaluate_all("all => all.map((one) => getComputedStyle(one).direction)")
    assert len(shown) > 4
    assert set(shown) == {"ltr"}


def test_a_person_chooses_their_language(scene: Scene):
    mara = scene.house.user("Mara Member")
    context = scene.context(mara, locale="de-DE")
    page = context.new_page()
    page.goto(f"{scene.address}/account")
    assert page.locator("h1").inner_text() == "Ihr Konto"
    page.select_option("#field-language", "es")
    page.locator("#field-language").locator("xpath=ancestor::form").locator("button").click()
    page.wait_for_selector("text=Su cuenta se ha guardado.")
    assert page.locator("h1").inner_text() == "Su cuenta"
    assert page.locator("html").get_attribute("lang") == "es"
