"""On paper, as Chromium prints it: the text, whole, dark on white, and nothing that could only be pressed."""

import io
from zoneinfo import ZoneInfo

import pypdf
import pytest

from forum.actions import highlights, phases, summaries
from forum.models import Discussion
from tests.browser.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

LONG = "A thought that needs more than a line to be said, and says it in full. " * 6
# What is written in a colour that does not stand out on white paper (WCAG 1.4.3), with its words.
PALE = """() => {
  const light = (c) => { const v = c / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const holder = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !holder.checkVisibility() || holder.closest(".vh, script")) continue;
    const [r, g, b] = getComputedStyle(holder).color.match(/[\\d.]+/g).map(Number);
    const contrast = 1.05 / (0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b) + 0.05);
    if (contrast < 4.5) found.push([walk.currentNode.textContent.trim().slice(0, 30), contrast]);
  }
  return found;
}"""


@pytest.fixture
def report(scene: Scene) -> Discussion:
    """A discussion that is over, long enough for several pages, with one answer in Arabic."""
    house = scene.house
    discussion = house.discussion(
        ask=1, title="What does rain cost?", slug=f"printed-{id(scene)}", hosted_by="The River Table",
        intro="We [propose](https://example.org/proposal) a price.",
    )  # fmt: skip
    host, priya = house.host_of(discussion), house.panelist(discussion)
    first = house.comment(discussion, priya, "Users pay.", question=1)
    for number in range(14):
        house.comment(discussion, priya if number % 3 else house.user(), f"Word {number}. {LONG}", question=1)
    house.asked(discussion, "ما التالي؟")
    house.comment(discussion, priya, "نقيس كل شيء.", question=2, reply_to=first.id)
    house.do(highlights.highlight, host, first)
    house.do(phases.close, host, discussion)
    house.do(summaries.of_discussion, host, discussion, "In short: users.")
    return discussion


def visit(scene: Scene, path: str, **options):
    page = scene.context(**options).new_page()
    page.goto(f"{scene.address}{path}")
    return page


def printed(page) -> list[str]:
    """Return the text of each sheet."""
    page.wait_for_load_state("networkidle")
    return [sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages]


def test_the_transcript_prints_like_a_report(scene, report):
    page = visit(scene, f"/d/{report.slug}/transcript")
    sheets = printed(page)
    said = " ".join(" ".join(sheets).split())
    for words in (
        "What does rain cost?", "The River Table", "Europe/London", "Hosts and panel", "Partnering Lab",
        "In short: users.", "(https://example.org/proposal)", "Highlighted by the hosts", "What about point 1?",
        f"/d/{report.slug}/c/NUMBER", "Word 13.",
    ):  # fmt: skip
        assert words in said, words
    for words in (
        "Sign in",
        "Back to the discussion",
        "Save and cite",
        "Statistics",
        "Search",
        "About this site",
        "Link",
    ):
        assert words not in said, words
    first = page.locator("#q1 .comment").first.get_attribute("id").removeprefix("c")
    assert f"· {first}" in said, "the answer's number stands after its time"
    assert len(sheets) > 2
    for number, sheet in enumerate(sheets, start=1):
        assert f"{number} / {len(sheets)}" in sheet
    # No answer that fits on one sheet is torn: its end stands where its beginning does.
    for number in range(14):
        (sheet,) = [sheet for sheet in sheets if f"Word {number}." in sheet]
        after = sheet.split(f"Word {number}.")[1]
        assert after.replace("\n", " ").count("says it in full.") >= 6, number


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white_whatever_the_screen_is(scene, report, scheme):
    for path in (f"/d/{report.slug}/transcript", f"/d/{report.slug}", f"/d/{report.slug}/statistics"):
        page = visit(scene, path)
        page.emulate_media(media="print", color_scheme=scheme)
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") in {
            "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)",
        }  # fmt: skip
        assert page.evaluate(PALE) == [], path


def test_right_to_left_stays_so_on_paper(scene, report):
    page = visit(scene, f"/d/{report.slug}/transcript")
    page.emulate_media(media="print")
    side = (
        "s => { const style = getComputedStyle(document.querySelector(s)); return style.textAlign + style.direction; }"
    )
    assert page.evaluate(side, "#q2 .comment-text p") == "startrtl"
    assert page.evaluate(side, "#q1 .comment-text p") == "startltr"


def test_what_is_folded_on_the_screen_is_there_on_paper(scene, report):
    page = visit(scene, f"/d/{report.slug}")
    said = " ".join(printed(page))
    assert "Users pay." in said
    assert "Word 13." in said


def test_what_the_page_leaves_out_is_said_on_paper(scene, report):
    page = visit(scene, f"/d/{report.slug}?show=q2")
    page.emulate_media(media="print")
    said = " ".join(" ".join(printed(page)).split())
    assert "15 earlier comments are not on this print. All of them: http" in said
    assert f"/d/{report.slug}/transcript" in said
    assert "Show 15 earlier" not in said
    assert page.locator("summary u:visible").count() == 0, "nothing can be opened on paper"
    assert page.eval_on_selector(".mast", "one => getComputedStyle(one).paddingInlineStart") == "0px"
    number = page.locator("#q2 .comment").get_attribute("id")
    assert f" · #{number}" in said, "its number stands apart from its time"
    # Once they are there, nothing is said to be missing.
    page.emulate_media(media="screen")
    page.click("#q1 .show-earlier")
    page.wait_for_selector("#q1 .show-earlier", state="detached")
    assert "not on this print" not in " ".join(printed(page))


def test_times_in_a_transcript_are_those_of_the_event(scene, report):
    """Its head names the event's zone; the script made the reader's own of the times below it, unsaid."""
    page = visit(scene, f"/d/{report.slug}/transcript", timezone_id="Asia/Tokyo")
    asked = report.questions[0].asked_at
    there = asked.astimezone(ZoneInfo("Europe/London"))
    assert page.locator("#q1 .question-facts time").inner_text() == f"{there:%H:%M}"
