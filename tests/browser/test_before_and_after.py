"""What pages before and after a discussion look like, measured: apart, legible, uncovered, in the right direction."""

import itertools
from datetime import timedelta

import pytest

from forum import clock
from forum.actions import guest_mail, guests, phases, summaries
from forum.addresses import Row
from forum.database import db, writing
from forum.models import Guest, Phase, SiteRole
from tests.browser.scene import Scene
from tests.machine import chromium_path

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

PHONE = {"viewport": {"width": 390, "height": 844}}
ARABIC = "لكل مدينة خطة لمياهها.\n\n- عداد واحد\n- سعر واحد\n\n> كما قيل"


DAY = 24 * 60


def minutes(clock):
    """Return how far into the day "17:55" or "17:55:01" is."""
    hours, minutes, *_seconds = clock.split(":")
    return 60 * int(hours) + int(minutes)


def tops_and_sides(page, selector):
    return page.eval_on_selector_all(selector, "all => all.map(one => one.getBoundingClientRect().toJSON())")


@pytest.mark.parametrize(("width", "language"), [(320, "en"), (390, "ar"), (640, "de"), (1280, "ar")])
def test_words_in_the_chart_are_as_large_as_others_and_stand_where_time_begins(scene: Scene, width, language):
    past = scene.house.discussion(slug=f"past-{width}", language=language, ask=1)
    scene.house.comment(past, question=1)
    page = scene.context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{scene.address}/d/{past.slug}/statistics")
    words = tops_and_sides(page, ".chart-words")
    scale = page.evaluate("document.querySelector('.chart svg').getBoundingClientRect().width / 640")
    size_of = "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
    sizes = page.eval_on_selector_all(".chart-words", size_of)
    assert len(words) == 3
    assert min(sizes) * scale >= 12.9
    assert all(word["left"] >= 0 and word["right"] <= width for word in words)
    # The first hour stands where reading begins.
    begins, ends = words[-2:]
    assert (begins["left"] > ends["left"]) == (language == "ar")


def test_no_label_of_the_chart_stands_on_another_or_runs_out_of_it(scene: Scene):
    past = scene.house.discussion(slug="near", ask=5)
    scene.house.comment(past, question=1)
    with writing():
        starts_at = past.starts_at = clock.now() - timedelta(minutes=59)
        past.ends_at = starts_at + timedelta(minutes=60)
        for question, minutes in zip(past.questions, (5, 20, 21.5, 23, 58.5), strict=True):
            question.asked_at = starts_at + timedelta(minutes=minutes)
    page = scene.context().new_page()
    for width in (390, 600, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{scene.address}/d/{past.slug}/statistics")
        labels = sorted(tops_and_sides(page, ".chart-words:not(.chart-ends)"), key=lambda label: label["left"])
        labels = [label for label in labels if label["right"] > label["left"]]
        assert len(labels) >= 3, width
        assert all(one["right"] <= other["left"] for one, other in itertools.pairwise(labels)), width
        assert all(label["left"] >= 0 and label["right"] <= width for label in labels), width
        assert page.locator(".chart-mark").count() >= 4


def test_the_bar_of_a_replay_stays_below_the_top_bar_and_goes_by_the_clock_of_the_comments(scene: Scene):
    past = scene.house.discussion(slug="past", ask=1)
    for number in range(12):
        scene.house.comment(past, body=f"Number {number}.\n\nAnd more.", question=1)
    scene.house.do(summaries.of_discussion, scene.house.host_of(past), past, "All said.")
    page = scene.context(timezone_id="Asia/Tokyo", locale="en-US", **PHONE).new_page()
    page.goto(f"{scene.address}/d/past/replay")
    page.locator("#replay-at").fill("1000")
    page.get_by_text("Number 11.").scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 100
    assert tops_and_sides(page, ".replay-bar")[0]["top"] >= tops_and_sides(page, ".top")[0]["bottom"] - 1
    said = minutes(page.locator(".answers time").last.inner_text())
    # At its end the discussion may be a minute older than its last comment, but in no other zone.
    assert (minutes(page.locator("#replay-clock").inner_text()) - said) % DAY < 10


def test_lists_quotations_and_questions_to_come_read_from_the_right_in_arabic(scene: Scene):
    soon = scene.house.discussion(phase=Phase.ANNOUNCED, slug="soon", language="ar", intro=ARABIC)
    scene.house.question(soon, "ماذا ينبغي أن تفعل المدينة أولا؟", 0)
    page = scene.context(**PHONE).new_page()
    page.goto(f"{scene.address}/d/soon")
    for part in ("ul", "blockquote"):
        assert page.eval_on_selector(f".prose {part}", "one => getComputedStyle(one).direction") == "rtl"
    number, words = tops_and_sides(page, ".coming li > *")
    assert number["left"] >= words["right"]


def test_buttons_of_an_invitation_stand_apart(scene: Scene):
    soon = scene.house.discussion(phase=Phase.ANNOUNCED, slug="soon")
    host = scene.house.host_of(soon)
    scene.house.do(guests.invite, host, soon, [Row(1, "ann@example.org", "Ann")], "", "key-of-the-guests")
    token = guest_mail._token(db.session.query(Guest).one())
    page = scene.context(**PHONE).new_page()
    page.goto(f"{scene.address}/guest/{token}")
    take_part, read_along, look = tops_and_sides(page, ".form-buttons button")
    assert read_along["left"] - take_part["right"] >= 8
    assert look["top"] - take_part["bottom"] >= 8
    assert tops_and_sides(page, ".form-buttons + p")[0]["top"] - look["bottom"] >= 8


def test_an_example_of_an_address_is_shown_and_guests_stand_in_one_line(scene: Scene):
    soon = scene.house.discussion(phase=Phase.ANNOUNCED, slug="soon")
    host = scene.house.host_of(soon)
    page = scene.context(host, **PHONE).new_page()
    page.goto(f"{scene.address}/d/soon/guests")
    assert "like: Ada Adler <ada@example.org>." in page.locator("#hint-source").inner_text()
    rows = [Row(number, f"{name}@example.org", name) for number, name in enumerate(("ann", "ben"), 1)]
    scene.house.do(guests.invite, host, soon, rows, "", "key-of-the-guests")
    ann = db.session.query(Guest).filter_by(email="ann@example.org").one()
    scene.house.do(guest_mail.take, [ann.id])
    scene.house.do(guest_mail.unsubscribe, guest_mail._token(ann))
    page.reload()
    names = tops_and_sides(page, ".guests-list b > bdi")
    assert page.locator(".guests-choice").count() < len(names)
    assert len({name["left"] for name in names}) == 1
    assert {tool["left"] for tool in tops_and_sides(page, ".guests-list .console-tools")} == {names[0]["left"]}


def test_titles_on_the_page_of_a_person_are_whole_on_a_phone(scene: Scene):
    event = scene.house.discussion(title="Wie sollen sich Städte das Trinkwasserversorgungsnetz teilen?", ask=1)
    author = scene.house.panelist(event)
    scene.house.comment(event, author, question=1)
    page = scene.context(author, locale="de-DE", **PHONE).new_page()
    page.goto(f"{scene.address}/people/{author.id}")
    assert page.eval_on_selector(".recent a > bdi", "one => one.scrollWidth <= one.clientWidth")
    assert "Panelist" not in page.locator("main").inner_text()


@pytest.mark.parametrize(("language", "path"), [("de", "/statistics"), ("es", "")])
def test_languages_with_long_words_fit_320_pixels(scene: Scene, language, path):
    house = scene.house
    event = house.discussion(slug=f"narrow-{language}", language=language, ask=1)
    seated = house.user("Ines Duarte")
    house.seat(event, seated, "panelist", affiliation="Water for Towns")
    house.comment(event, seated, question=1)
    member = house.user("Ana Restrepo")
    house.comment(event, member, question=1)
    page = scene.context(member, viewport={"width": 320, "height": 800}).new_page()
    page.goto(f"{scene.address}/d/{event.slug}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("language", ["en", "es", "de", "ar"])
def test_the_bar_on_top_holds_every_way_out_at_every_width(scene: Scene, language):
    live = scene.house.discussion(slug=f"live-{language}", language=language, ask=1)
    host = scene.house.host_of(live)
    host.role = SiteRole.ADMINISTRATOR
    host.language = language
    db.session.commit()
    locale = {"en": "en-GB", "es": "es-CO", "de": "de-DE", "ar": "ar-EG"}[language]
    for who in (host, None):
        page = scene.context(who, locale=locale).new_page()
        page.goto(f"{scene.address}/d/{live.slug}")
        for width in (320, 360, 390, 641, 768, 897, 960, 993, 1024, 1185, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (who, width)
            bar = page.eval_on_selector(".top nav", "nav => nav.scrollWidth - nav.clientWidth")
            assert bar <= 0, (who, width, "something in the bar is out of sight")


def test_the_time_left_stands_in_one_line_beside_a_long_title(scene: Scene):
    title = "How should the cities of a river basin share their drinking water when the rains have failed again?"
    live = scene.house.discussion(title=title, ask=1)
    page = scene.context(timezone_id="America/New_York").new_page()
    for width in (1024, 1185, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{scene.address}/d/{live.slug}")
        assert tops_and_sides(page, ".top .chip")[0]["height"] < 34, width


@pytest.mark.parametrize("width", [390, 1280])
def test_the_word_that_folds_a_question_stands_below_its_summary(scene: Scene, width):
    past = scene.house.discussion(slug="past", ask=2)
    scene.house.comment(past, question=1)
    scene.house.do(summaries.of_question, scene.house.host_of(past), past.questions[0], "Meters first, then prices.")
    scene.house.do(phases.close, scene.house.host_of(past), past)
    page = scene.context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{scene.address}/d/past")
    word = tops_and_sides(page, "#q1 .fold-hide")[0]
    assert word["height"] > 0
    assert word["top"] >= tops_and_sides(page, "#q1 .summary")[0]["bottom"]
    assert word["bottom"] <= tops_and_sides(page, "#q1 .comment")[0]["top"]


# What stands in a browser's settings as the usual size of letters; 16 is what it comes with.
@pytest.mark.parametrize("letters", [24, 32])
def test_pages_hold_large_letters_on_a_phone(scene: Scene, letters):
    soon = scene.house.discussion(phase=Phase.ANNOUNCED, slug="soon")
    scene.house.panelist(soon)
    live = scene.house.discussion(ask=2, slug="live")
    scene.house.comment(live, scene.house.panelist(live), question=1)
    for number in range(12):
        scene.house.comment(live, scene.house.user(f"Member with a long name {number}"), "Good morning.")
    settings = ["--no-sandbox", f"--blink-settings=defaultFontSize={letters}"]
    browser = scene.browser.browser_type.launch(executable_path=chromium_path(), args=settings)
    page = browser.new_page(**PHONE)
    for path in ("soon", "live", "live/statistics"):
        page.goto(f"{scene.address}/d/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert all(skip["bottom"] < 0 for skip in tops_and_sides(page, ".skip:not([hidden])")), path
        for tab, recent in zip(
            tops_and_sides(page, ".tabs [aria-current]"), tops_and_sides(page, ".tab-recent"), strict=False
        ):
            assert tab["right"] <= recent["left"], path
        bar = tops_and_sides(page, ".top")[0]
        for chip in tops_and_sides(page, ".top .chip"):
            assert chip["top"] >= bar["top"] and chip["bottom"] <= bar["bottom"], path
        skip = page.locator(".skip").last
        skip.focus()
        assert skip.bounding_box()["y"] == 0, path
    browser.close()


def test_buttons_below_a_sentence_stand_apart_from_it(scene: Scene):
    live = scene.house.discussion(slug="live", ask=1)
    mara = scene.house.user("Mara")
    comment = scene.house.comment(live, mara, question=1)
    page = scene.context(scene.house.host_of(live), **PHONE).new_page()
    for verb in ("highlight", "flag"):
        page.goto(f"{scene.address}/d/live/comments/{comment.id}/{verb}")
        # Of the last form of the page: the sentence before its button.
        sentence, button = tops_and_sides(page, "main form:last-of-type > :is(p, .button)")
        assert button["top"] - sentence["bottom"] >= 8, verb


def test_the_list_of_recent_comments_offers_nothing_where_nothing_is(scene: Scene):
    soon = scene.house.discussion(phase=Phase.ANNOUNCED, slug="soon")
    live = scene.house.discussion(slug="live", ask=1)
    past = scene.house.discussion(slug="past", ask=1)
    scene.house.comment(past, question=1)
    scene.house.do(phases.close, scene.house.host_of(past), past)
    page = scene.visit(soon)
    beside = page.locator("#recent")
    assert beside.inner_text().split("\n\n") == ["Recent comments", "Nothing has been written yet."]
    page.goto(f"{scene.address}/d/past")
    assert beside.locator("button:visible").all_inner_texts() == ["Panel only"]
    assert not beside.locator(".recent-none").is_visible()
    page = scene.visit(live)
    beside = page.locator("#recent")
    assert beside.locator("button:visible").count() == 0
    scene.house.comment(live, question=1)
    beside.locator("button").first.wait_for()
    assert beside.locator("button:visible").all_inner_texts() == ["Panel only", "Pause", "Refresh"]
    assert not beside.locator(".recent-none").is_visible()


def test_names_beside_recent_comments_begin_where_the_page_begins_to_be_read(scene: Scene):
    live = scene.house.discussion(slug="live", language="ar", ask=1)
    scene.house.comment(live, scene.house.user("Ann Lee"), "مرحبا بكم في النقاش", question=1)
    page = scene.context(locale="ar-EG", **PHONE).new_page()
    for path, name in (("/", ".recent a > bdi"), ("/d/live", ".recent b > bdi")):
        page.goto(f"{scene.address}{path}")
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl", path
        # Where the letters stand: the box of the name may be wider than they are.
        ends = page.eval_on_selector(
            name,
            """one => {
              const letters = new Range();
              letters.selectNodeContents(one);
              return letters.getBoundingClientRect().right;
            }""",
        )
        assert abs(ends - tops_and_sides(page, ".recent a > :is(p, .recent-words)")[0]["right"]) <= 1, path


def test_what_a_finger_presses_is_large_enough(scene: Scene):
    live = scene.house.discussion(slug="live", ask=1)
    panelist, host = scene.house.panelist(live), scene.house.host_of(live)
    said = scene.house.comment(live, panelist, question=1)
    scene.house.comment(live, question=1, reply_to=said.id)
    places = {
        (None, "/sign-in"): [".brand", ".field input"],
        (None, "/d/live"): [".brand", ".side-tools button"],
        (None, "/d/live/highlights"): [".facts a"],
        (None, "/d/live/questions"): [".facts a"],
        (panelist, "/d/live/backstage"): [".console-tools > a"],
        (host, "/organise"): [".organiser-links a"],
    }
    pages = {
        who: scene.context(who, has_touch=True, is_mobile=True, **PHONE).new_page() for who in (None, panelist, host)
    }
    for (who, path), wanted in places.items():
        page = pages[who]
        page.goto(f"{scene.address}{path}")
        for selector in wanted:
            boxes = [box for box in tops_and_sides(page, selector) if box["height"]]
            assert boxes, (path, selector)
            assert min(min(box["height"], box["width"]) for box in boxes) >= 44 - 0.01, (path, selector)
