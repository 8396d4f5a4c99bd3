"""Finding what was written: the same on both databases, in several languages, and never what the asker may not see."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from babel import Locale

from forum import languages, search
from forum.actions import comments, escalation, moderation, sanctions
from forum.actions.escalation import Rules
from forum.database import db, writing
from forum.models import SiteRole
from forum.search import Wanted


def found(words, reader=None, **more) -> list[str]:
    return [hit.comment.source for hit in search.find(reader, Wanted(words, **more)).hits]


def page(app, house, query, user=None, as_json=False):
    client = app.test_client()
    if user is not None:
        house.sign_in(client, user)
    return client.get("/search", query_string=query, headers={"Accept": "application/json"} if as_json else {})


@pytest.fixture
def room(house, clock):
    return house.discussion(ask=1, host=house.user("Hana Host-Maier"))


@pytest.fixture
def said(house, room, clock):
    member = house.user("Mara Member")
    for body in (
        "We *measure* what we use.",
        "Measuring costs little; the price of water is high.",
        "Über Flüsse und ÖL reden.",
        "La medición del río cuesta.",
        "Prices of bread. See https://example.org/measures",
    ):
        house.comment(room, member, body, question=1)
        clock.advance(timedelta(minutes=1))
    return room


# How many of these are found by what is typed.
TYPED = {
    "measure": 3, "MEASURED": 3, "measuring water": 1, '"price of water"': 1, '"water of price"': 0,
    "measure -costs": 2, "flusse": 1, "öl": 1, "OL": 1, "medicion": 1, "río": 1, "rio": 1,
    "price": 2, "bread water": 0, "": 0, "-bread": 0, "xyzzy": 0, "*": 0, '"': 0, "' OR 1=1 --": 0,
    "AND OR NOT NEAR(": 0, "source:measure": 0, "a" * 300: 0, "measure\0": 3, "🙂 measure": 3,
    "“price of water”": 1, "„water of price“": 0, "«price of water»": 1, "price -“of water”": 1,
    "measure -don't": 3, "measure -e-mail": 3, "measure -l’eau": 3, "measure -example.org": 2, "price -prices-of": 1,
    ":* | !": 0, "example.org": 1, '"ـ ـ"': 0, "ـ": 0, "ً": 0, '"measure ـ"': 1,
}  # fmt: skip


def test_words_are_found_in_their_forms_whatever_is_typed(said):
    assert {words: len(found(words)) for words in TYPED} == TYPED


def test_the_newest_come_first_in_pages(house, room, monkeypatch):
    monkeypatch.setattr(search, "MOST", 2)
    for number in range(5):
        house.comment(room, body=f"Water {number}", question=1)
    assert found("water") == ["Water 4", "Water 3"]
    assert found("water", page=2) == ["Water 0"]
    assert search.find(None, Wanted("water")).total == 5


def test_the_newest_are_those_written_last_whenever_they_were_brought_in(app, house, room, clock, monkeypatch):
    monkeypatch.setattr(search, "MOST", 2)
    member = house.user("Mara Member")
    for number in range(3):
        house.comment(room, member, f"Water today {number}", question=1)
    for days in (3, 2):
        old = house.comment(room, member, f"Water {days} days ago", question=1)
        with writing():
            old.posted_at = clock.now() - timedelta(days=days)
    by_date = ["Water today 2", "Water today 1", "Water today 0", "Water 2 days ago", "Water 3 days ago"]
    assert [body for number in range(3) for body in found("water", page=number)] == by_date
    for path in (f"/people/{member.id}", f"/people/{member.id}/feed.atom"):
        shown = app.test_client().get(path).get_data(as_text=True)
        assert sorted(by_date, key=shown.index) == by_date, path


def test_each_language_has_its_own_forms(house, room):
    for language, written, asked in (
        ("de", "Die Flüssen entlang", "Flüsse"),
        ("pt", "as cidades pagam", "cidade"),
        ("ru", "о реках говорили", "река"),
        ("tr", "nehirleri gördük", "nehir"),
        ("hi", "नदियों का पानी", "नदियों"),
        ("ar", "كتب عن المياه", "المياه"),
    ):
        other = house.discussion(ask=1, language=language)
        house.comment(other, body=written, question=1)
        assert found(asked) == [written], language
        assert found(asked, discussion=other) == [written]


# What is written, what is asked for, and what of it is marked where it is found.
SCRIPTS = [
    ("关于水资源的共同使用，各城市意见不一。", "水资源", "水资源"),
    ("東京の水道料金はガイドで公開されている", "ガイド", "ガイド"),
    ("東京の水道料金は高い", '"水道 料金"', "水道"),
    ("ทุกเมืองมีแผนน้ำของตนเอง", "แผนน้ำ", "แผนน้ำ"),
    ("各市都用AI技術測量", "ai技術", "AI技術"),
    ("모든 도시는 물이 필요하다", "도시", "도시"),
    ("서울의 물나눔 사업", "나눔", "나눔"),
    ("أسعار المياه", "الْمِيَاه", "المياه"),
    ("أسعار المياه", "الميـــاه", "المياه"),
    ("أسعار المياه", '"أَسْعَار الْمِيَاه"', "أسعار"),
    ("قال الْمِيَاه لنا", "الْمِيَاه", "الْمِيَاه"),
    ("قال الْمِيَاه لنا", '"قال الْمِيَاه"', "قال"),
    ("أسعار المياه", "أسعار", "أسعار"),
    ("क़ीमत पानी की", "क़ीमत", "क़ीमत"),
]


def test_words_of_every_script_are_found_without_spaces_between_them_too(house, room):
    for written, asked, marked in SCRIPTS:
        with writing():
            db.session.execute(db.delete(comments.Comment))
        house.comment(room, body=f"{written} {'很长' * 200}", question=1)
        house.comment(room, body="Something else: 100%_水", question=1)
        hits = search.find(None, Wanted(asked)).hits
        assert [written in hit.comment.source for hit in hits] == [True], asked
        assert f"<mark>{marked}</mark>" in hits[0].excerpt and len(hits[0].excerpt) < 500, asked
        assert found(f"{asked} -各城市 else") == [], asked
        assert found("水%") == found("水_") == found("水"), asked


def test_words_without_spaces_are_found_in_titles_and_beside_others(house, room):
    other = house.discussion(ask=1, title="水資源の共有について 물나눔 المياه")
    house.comment(other, body="Water is 水資源 here", question=1)
    for words in ("共有", "나눔", "الْمِيَاه", "الميـاه"):
        assert search.find(None, Wanted(words)).discussions == [other], words
    assert search.find(None, Wanted("무")).discussions == []  # begins as 물 does when taken apart
    assert found("water 資源") == ["Water is 水資源 here"]
    assert found("資源 -water") == found("water -資源") == []


def test_stems_stand_at_the_beginning_of_the_words_they_are_of():
    assert languages.stem("happiness", "en") == "happi"
    assert languages.stem("happy", "en") == "happ"
    assert languages.stem("is", "en") == "is"
    assert languages.stem("ÉTÉS", "xx") == "etes"
    assert set(languages.NAMES) >= {"en", "de", "ar", "sw", "zh"}


def test_languages_are_written_as_they_write_themselves():
    names = languages.NAMES
    assert [names[code] for code in ("de", "vi", "yo", "zu", "xh", "fil")] == [
        "Deutsch", "Tiếng Việt", "Èdè Yorùbá", "isiZulu", "isiXhosa", "Filipino",
    ]  # fmt: skip
    assert names["ka"] == "ქართული"  # its capitals are for whole words only
    theirs = {code: Locale.parse(code).get_language_name(code) for code in names if code != "xh"}
    assert {code: names[code].casefold() for code in theirs} == {code: theirs[code].casefold() for code in theirs}
    assert list(names.values()) == sorted(names.values(), key=str.casefold)
    assert set(languages._STEMMERS) < set(names)


def test_by_person_part_question_and_day(house, room, clock):
    host, priya, mara = house.host_of(room), house.panelist(room, "Priya Raman"), house.user("Mara 100% Member")
    house.asked(room, "What next?")
    for person, question in ((host, 1), (priya, 1), (mara, 2)):
        house.comment(room, person, f"Water, says {person.name}.", question=question)
        clock.advance(timedelta(days=1)) if question == 2 else None
    assert found("water", person="raman") == ["Water, says Priya Raman."]
    assert found("water", person="100%") == ["Water, says Mara 100% Member."]
    assert found("water", role="panelist") == ["Water, says Priya Raman."]
    assert found("water", role="member") == ["Water, says Mara 100% Member."]
    assert found("water", discussion=room, question=2) == ["Water, says Mara 100% Member."]
    today = (clock.now() - timedelta(days=1)).date()
    assert len(found("water", since=today, until=today)) == 3
    assert found("water", until=today - timedelta(days=1)) == []


def test_who_wrote_what_was_found_is_asked_once_for_each_discussion(house, room, statements):
    """With a query for each writer, a page of twenty took twice as long."""
    other = house.discussion(ask=1)
    for number in range(6):
        house.comment((room, other)[number % 2], house.user(f"Ada {number}"), "A zebra.", question=1)

    def asked() -> int:
        db.session.expire_all()
        with statements() as sent:
            hits = search.find(None, Wanted("zebra")).hits
        assert {hit.face.name for hit in hits} == {hit.comment.author.name for hit in hits}
        return len(sent)

    few = asked()
    for number in range(6, 18):
        house.comment((room, other)[number % 2], house.user(f"Ada {number}"), "A zebra.", question=1)
    assert asked() == few


def test_the_form_says_on_whose_clocks_its_days_begin(app, house, room):
    assert "UTC time" in page(app, house, {}).get_data(as_text=True)
    assert "London time" in page(app, house, {"in": room.slug}).get_data(as_text=True)
    comment = house.comment(room, body="Water at night", question=1)
    with writing():
        comment.posted_at, room.time_zone = datetime(2026, 11, 23, 2, tzinfo=UTC), "America/New_York"
    for day, here, anywhere in ((date(2026, 11, 22), 1, 0), (date(2026, 11, 23), 0, 1)):
        assert len(found("water", discussion=room, since=day, until=day)) == here
        assert len(found("water", since=day, until=day)) == anywhere


def test_without_words_the_newest_of_somebody_are_shown(app, house, room, clock):
    mara, otto = house.user("Mara Member"), house.user("Otto Ode")
    secret = house.discussion(ask=1, visibility="invited", host=house.host_of(room))
    house.comment(secret, house.host_of(room), "zqsecretqz", question=1)
    for person, body in ((mara, "First."), (otto, "Second."), (mara, "Third.")):
        house.comment(room, person, body, question=1)
    house.do(moderation.hide, house.host_of(room), house.comment(room, mara, "zqgoneqz", question=1), "no")
    assert found("", person="mara") == found("  ", person="mara") == ["Third.", "First."]
    assert found("", role="member") == found("", question=1) == ["Third.", "Second.", "First."]
    assert found("", person="otto", discussion=room, question=1, since=clock.now().date()) == ["Second."]
    assert found("", person="hana") == found("", person="nobody") == []
    assert found("", discussion=room) == found("-first", person="mara") == found("*", person="mara") == []
    assert search.find(None, Wanted("", person="mara")).discussions == []
    for query in ({"q": "", "person": "Mara"}, {"person": "Mara", "in": room.slug}):
        shown = page(app, house, query).get_data(as_text=True)
        assert "2 comments, the newest first" in shown
        assert "Third." in shown
        assert "zqgoneqz" not in shown
        assert "Second." not in shown
        assert [one["author"] for one in page(app, house, query, as_json=True).json["comments"]] == ["Mara Member"] * 2
    assert "No comment is like that" in page(app, house, {"person": "Nobody"}).get_data(as_text=True)
    for query in ({}, {"q": " "}, {"in": room.slug}):
        assert '<p role="status">' not in page(app, house, query).get_data(as_text=True)
        assert page(app, house, query, as_json=True).json == {"total": 0, "comments": []}


def test_a_comment_that_changes_is_found_by_what_it_says_now(house, room):
    member = house.user()
    comment = house.comment(room, member, "About zebras.", question=1)
    house.do(comments.edit, member, comment, "About lions.")
    assert found("zebra") == []
    assert found("lion") == ["About lions."]
    house.do(comments.delete, member, comment)
    assert found("lion") == []


def test_nobody_finds_what_they_may_not_read(app, house):
    host, member, seated = house.user("Hana Host-Maier"), house.user(), house.user("Sam Seated")
    rooms = {kind: house.discussion(ask=1, host=host, visibility=kind) for kind in ("public", "unlisted", "invited")}
    for kind, room in rooms.items():
        house.comment(room, host, f"zebra in {kind}", question=1)
    house.seat(rooms["invited"], seated, "panelist")
    rules = Rules(hold_first=False, hold_links=False, words="holdme", hide_after_flags=0)
    house.do(escalation.set_rules, host, rooms["public"], rules)
    house.comment(rooms["public"], member, "zebra holdme", question=1)
    gone = house.comment(rooms["public"], member, "zebra hidden", question=1)
    house.do(moderation.hide, host, gone, "no")
    draft = house.discussion(phase="draft", host=host, title="The zebra draft")
    for reader in (None, member):
        assert found("zebra", reader) == ["zebra in public"]
        assert search.find(reader, Wanted("zebra")).discussions == []
    assert found("zebra", host) == ["zebra in invited", "zebra in unlisted", "zebra in public"]
    assert set(found("zebra", seated)) == {"zebra in public", "zebra in invited"}
    ada = house.user(role=SiteRole.ADMINISTRATOR)
    assert len(found("zebra", ada)) == 3
    house.do(sanctions.mute, host, rooms["invited"], seated, "threats", removal=True)
    assert found("zebra", seated) == ["zebra in public"]
    for slug in (rooms["invited"].slug, draft.slug, "no-such"):
        assert page(app, house, {"q": "zebra", "in": slug}, member).status_code == 404
    # Who has the link of an unlisted one may look inside it.
    assert "unlisted" in page(app, house, {"q": "zebra", "in": rooms["unlisted"].slug}).get_data(as_text=True)


def test_titles_and_questions_are_found_too(house):
    room = house.discussion(title="Who owns the glaciers?", ask=1)
    house.asked(room, "And the moraines?")
    house.question(room, "And the secret crevasses?")
    assert search.find(None, Wanted("glacier moraine")).discussions == [room]
    assert search.find(None, Wanted("crevasse")).discussions == []


def test_what_was_looked_for_is_marked_and_nothing_else_is_markup(house, room):
    body = f'{"many words before " * 20} Zébras & <b>lions</b> run; the zebra’s "stripes" {"and after " * 40}'
    comment = house.comment(room, body=body, question=1)
    (hit,) = search.find(None, Wanted("zebra lion")).hits
    assert hit.comment.id == comment.id
    assert str(hit.excerpt).startswith("…")
    assert str(hit.excerpt).endswith("…")
    assert "<mark>Zébras</mark> &amp; <mark>" in hit.excerpt or "<mark>Zébras</mark> &amp;" in hit.excerpt
    assert set(re.findall(r"<[^>]*>", str(hit.excerpt))) == {"<mark>", "</mark>"}
    assert len(hit.excerpt) < 500


def test_the_page_says_what_was_found(app, house, said):
    shown = page(app, house, {"q": "measure", "in": said.slug, "role": "member"}).get_data(as_text=True)
    assert "3 comments, the newest first" in shown
    assert "<mark>measure</mark>" in shown
    assert 'value="measure"' in shown
    assert "No comment has all of these words" in page(app, house, {"q": "xyzzy"}).get_data(as_text=True)
    data = page(app, house, {"q": "bread"}, as_json=True).get_json()
    assert data["total"] == 1
    assert data["comments"][0]["address"].startswith(f"/d/{said.slug}/c/")
    assert page(app, house, {}).status_code == 200


def test_a_damaged_search_is_refused_by_name(app, house):
    for name, value in (
        ("role", "king"), ("question", "x"), ("since", "tomorrow"), ("until", "0001-01-01"), ("page", "-1"),
        ("page", "50"),
    ):  # fmt: skip
        answer = page(app, house, {"q": "water", name: value}, as_json=True)
        assert answer.status_code == 422, (name, value)
        assert set(answer.json["error"]["fields"]) == {name}, value


def test_the_language_of_a_discussion_is_said_where_its_words_stand(app, house):
    room = house.discussion(ask=1, language="it")  # the page itself does not speak it
    house.comment(room, body="Acqua per tutti.", question=1)
    shown = app.test_client().get(f"/d/{room.slug}").get_data(as_text=True)
    assert '<div class="comment-text" dir="auto" lang="it">' in shown
    assert re.search(r'<h1 id="title" dir="auto" lang="it">', shown)
    assert ' lang="it">' in app.test_client().get("/search?q=acqua").get_data(as_text=True)
    english = house.discussion(ask=1)
    assert ' lang="en">' not in app.test_client().get(f"/d/{english.slug}").get_data(as_text=True).replace(
        '<html lang="en"', ""
    )


def test_a_comment_that_goes_takes_its_words_from_the_index(house, room):
    house.comment(room, body="About okapis.", question=1)
    with writing():
        db.session.execute(db.delete(comments.Comment))
    house.comment(room, body="About giraffes.", question=1)
    assert found("okapi") == []
    assert found("giraffe") == ["About giraffes."]


def test_the_page_says_when_there_is_no_word_to_look_for(app, house, said):
    for words, says in (("-water", "Add one"), ('"', "Add one"), ("xyzzy", "Try fewer")):
        told = re.search(r'<p role="status">([^<]*)', page(app, house, {"q": words}).text)
        assert told is not None, words
        assert says in told[1], words


@pytest.mark.parametrize(("path", "leads_to"), [("/d/water", "/search?in=water"), ("/about", "/search")])
def test_the_foot_leads_to_the_search_where_the_bar_has_no_room_for_it(app, house, path, leads_to):
    house.discussion(slug="water")
    foot = app.test_client().get(path).text.partition('<footer class="foot">')[2]
    assert f'href="{leads_to}">Search</a>' in foot
