"""Past discussions from elsewhere: read, looked through, and stored whole, with their own dates."""

import html
import json
import re
from datetime import UTC, date, datetime, time
from io import BytesIO

import pytest
from sqlalchemy import select

from forum.archive import export, findings, foreign
from forum.archive.foreign import Kind
from forum.database import db
from forum.models import Comment, Discussion, SiteRole
from forum.refusals import Refused

TEXT = """Who owns the rain?

Q1: What should a city do first?
And what never?

Maria dos Santos (River Office): Start with the meters.

Note that half of it is never billed: nobody knows why.
See https://example.org/a for more.

15:20 Otto Ode: Agreed, Maria.
Q2. Who pays?
Priya Raman, Partnering Lab [15:31]: Those who use it.
Remember: not those who cannot.
"""
TOPIC = {
    "title": "Whose river?",
    "post_stream": {
        "posts": [
            {"post_number": 1, "username": "maria", "name": "Maria Santos", "created_at": "2025-03-01T10:00:00.000Z",
             "cooked": "<p>Start <b>here</b>.</p><p>See <a href=\"https://example.org/x\">this</a> &amp; that.</p>"},
            {"post_number": 2, "username": "system", "name": "", "created_at": "2025-03-01T10:01:00.000Z",
             "cooked": "<p>closed</p>", "post_type": 3},
            {"post_number": 3, "username": "otto", "name": "", "created_at": "2025-03-01T10:05:00.000Z",
             "raw": "I *agree*.", "reply_to_post_number": 1},
        ]
    },
}  # fmt: skip


@pytest.fixture
def desk(app, house):
    client = app.test_client()
    house.sign_in(client, house.user("Olga Winter", role=SiteRole.ORGANISER))
    client.token = house.token(client)
    return client


def send(client, **fields):
    return client.post("/organise/import", data={"csrf_token": client.token, "kind": "text"} | fields)


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of the form that `page` shows."""
    form = page[page.index('<form class="plain-form"') :]
    found = {
        name: html.unescape(value) for name, value in re.findall(r'<input [^>]*?name="([^"]+)" value="([^"]*)"', form)
    }
    found |= {
        name: html.unescape(words)
        for name, words in re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    }
    for name, inner in re.findall(r'<select name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        found[name] = re.search(r'value="([^"]*)" selected', inner)[1]
    found |= {name: value for name, value in re.findall(r'name="([a-z]+_(?:date|time))" value="([^"]*)"', form)}
    found |= dict(re.findall(r'id="field-(title|slug|zone)" name="[a-z]+" type="text" value="([^"]*)"', form))
    found.pop("join-0", None)
    return {name: value for name, value in found.items() if not name.startswith(("join-", "out-"))}


def test_the_common_shape_of_old_panels_is_read():
    found = foreign.read(Kind.TEXT, TEXT)
    assert found.title == "Who owns the rain?"
    assert found.questions == ["What should a city do first?\nAnd what never?", "Who pays?"]
    assert [(one.author, one.affiliation, one.question) for one in found.comments] == [
        ("Maria dos Santos", "River Office", 1), ("Otto Ode", "", 1), ("Priya Raman", "Partnering Lab", 2),
        ("Remember", "", 2),
    ]  # fmt: skip
    assert "half of it is never billed: nobody knows why." in found.comments[0].body
    assert "https://example.org/a" in found.comments[0].body


def test_a_title_with_a_colon_is_no_speaker_and_a_first_speaker_no_title():
    found = foreign.read(Kind.TEXT, "Rain and Cities: Who Pays?\n\n**Q1: Who?**\nAnna: Not me.\nOtto: Nor I.")
    assert found.title == "Rain and Cities: Who Pays?"
    assert found.questions == ["Who?"]
    assert found.authors == ["Anna", "Otto"]
    found = foreign.read(Kind.TEXT, "Anna: Welcome.\n\nQ1: Who?\nAnna: Not me.")
    assert [one.body for one in found.comments] == ["Welcome.", "Not me."]


def test_what_stands_between_the_title_and_the_first_question_is_the_introduction(desk, clock):
    source = "Rain\n\nHeld by the River Office.\n\n- Panel of four\n\nQ1: Who?\nAnna: Not me."
    fields = fields_of(send(desk, source=source).text)
    assert fields["intro"] == "Held by the River Office.\n\n- Panel of four"
    assert send(desk, **fields | {"intro": "x" * 20_001, "store": "1"}).text.count('id="fault-intro"') == 1
    assert send(desk, **fields | {"store": "1"}).status_code == 303
    assert Discussion.with_slug("rain").intro == "Held by the River Office.\n\n- Panel of four"


def test_a_first_line_that_is_too_long_for_a_title_stays_whole():
    words = "What was said " * 20
    found = foreign.read(Kind.TEXT, f"{words}\nQ1: Who?\nAnna: Not me.")
    assert words.startswith(found.title) and found.intro == words.strip()


def test_empty_lines_above_a_pasted_table_are_no_headings():
    assert foreign.read(Kind.CSV, "\n\r\nauthor,text\nAda,Hello\n").authors == ["Ada"]


def test_a_preview_stores_nothing_and_the_host_decides(app, desk, clock):
    shown = send(desk, source=TEXT).get_data(as_text=True)
    assert "4 comments were found" in shown
    assert "Nothing is stored yet." in shown
    assert db.session.query(Discussion).count() == 0
    fields = fields_of(shown)
    assert fields["title"] == "Who owns the rain?"
    assert fields["slug"] == "who-owns-the-rain"
    # “Remember” is no name, Otto has another one, and his comment belongs to Q2.
    fields |= {"join-3": "1", "name-1": "Otto O. Ode", "question-1": "2", "store": "1"}
    fields |= {"starts_at_date": "2019-05-01", "starts_at_time": "15:00", "zone": "Europe/London"}
    fields |= {"ends_at_date": "2019-05-01", "ends_at_time": "16:00"}
    answer = send(desk, **fields)
    assert (answer.status_code, answer.location) == (303, "/d/who-owns-the-rain"), answer.get_data(as_text=True)
    made = Discussion.with_slug("who-owns-the-rain")
    assert (made.phase.value, f"{made.starts_at:%Y-%m-%d %H:%M}") == ("closed", "2019-05-01 14:00")
    stored = db.session.query(Comment).order_by(Comment.id).all()
    assert [(one.byline_name, one.question.number) for one in stored] == [
        ("Maria dos Santos", 1), ("Otto O. Ode", 2), ("Priya Raman", 2),
    ]  # fmt: skip
    assert stored[2].source.endswith("Remember: not those who cannot.")
    assert stored[0].byline_affiliation == "River Office"
    assert made.starts_at < stored[0].posted_at < stored[2].posted_at < made.ends_at
    page = app.test_client().get("/d/who-owns-the-rain/transcript").get_data(as_text=True)
    assert "Start with the meters." in page


def test_what_is_at_fault_comes_back_with_everything_that_was_typed(desk, clock):
    fields = fields_of(send(desk, source=TEXT).get_data(as_text=True)) | {
        "store": "1",
        "title": "",
        "words-1": "Changed?",
    }
    fields |= {"ends_at_date": "2018-01-01"}
    answer = send(desk, **fields)
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert 'href="#field-title"' in shown
    assert "Changed?" in shown
    assert "Priya Raman" in shown
    fields |= {"title": "Rain", "ends_at_date": "2099-01-01", "starts_at_date": "2098-12-31"}
    assert "Only what is over can be brought in" in send(desk, **fields).get_data(as_text=True)
    assert db.session.query(Discussion).count() == 0


LONG = "Water. " * 1500


def test_what_is_wrong_with_a_comment_is_told_and_mended_in_the_preview(desk, clock):
    source = f"Rain?\n\nQ1: x\nAnn Lee: bad\x07char\nOtto Ode: {LONG}\nOtto Ode: Short.\nOtto Ode: {LONG}\n"
    shown = send(desk, source=source).get_data(as_text=True)
    assert "1 control character was taken out" in shown
    assert "\x07" not in shown
    assert "Comment 2, Otto Ode: This is 499 characters too long." in shown
    assert 'href="#field-body-1"' in shown
    assert 'id="field-body-1"' in shown
    fields = fields_of(shown)
    assert {name for name in fields if name.startswith("body-")} == {"body-1", "body-3"}
    fields |= {"name-1": "Otto O. Ode", "words-1": "Who pays?", "starts_at_date": "2019-05-01", "store": "1"}
    fields |= {"ends_at_date": "2019-05-02", "body-1": "Mended.", "title": "Whose rain?"}
    again = send(desk, **fields)
    assert again.status_code == 422
    kept = fields_of(again.get_data(as_text=True))
    assert "Comment 2," not in again.get_data(as_text=True)
    lost = {name for name in fields if name not in {"store", "csrf_token"} and kept.get(name) != fields[name]}
    assert lost == set()
    answer = send(desk, **kept | {"out-3": "1", "store": "1"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    stored = [(one.byline_name, one.source) for one in db.session.query(Comment).order_by(Comment.id)]
    assert stored == [("Ann Lee", "badchar"), ("Otto O. Ode", "Mended."), ("Otto O. Ode", "Short.")]


@pytest.mark.parametrize("language", ["es", "de", "fr", "pt", "ar"])
def test_faults_stand_at_the_pages_own_fields_in_the_persons_language(desk, house, clock, language):
    house.discussion(ask=1, slug="taken")
    headers = {"Accept-Language": language}

    def ask(**fields):
        data = {"csrf_token": desk.token, "kind": "text"} | fields
        return desk.post("/organise/import", data=data, headers=headers).get_data(as_text=True)

    shown = ask(source=f"Q1: x\nAnn Lee: {LONG}")
    fields = fields_of(shown) | {"slug": "taken", "title": "x" * 201, "words-1": "y" * 1001, "name-0": "z" * 81}
    for page in (shown, ask(**fields, store="1"), ask(**fields | {"slug": "Not good"}, store="1")):
        assert not re.search(r"comments\[|slug:|too long|is taken|Some fields|Use small", page)
        assert re.search(r'name="body-0"[^>]* aria-describedby="[^"]*fault-body-0" aria-invalid', page)
    stored = ask(**fields, store="1")
    for name in ("title", "slug", "words-1", "name-0", "body-0"):
        assert f'href="#field-{name}"' in stored, name
        assert f'id="fault-{name}"' in stored, name
        assert f'id="field-{name}"' in stored, name


def test_what_answers_a_comment_that_is_left_out_or_later_is_stored_without_the_link(desk, clock):
    rows = "id,name,text,at,reply_to\n1,Ada,First.,2019-05-01T10:00:00Z,\n2,Bob,Answer.,2019-05-01T09:00:00Z,1\n"
    rows += "3,Cid,Second.,2019-05-01T11:00:00Z,2\n4,Dan,Old.,2001-05-01T11:00:00Z,3\n"
    rows += "5,Eve,Fine.,2019-05-01T12:00:00Z,3\n"
    fields = fields_of(send(desk, kind="csv", source=rows).get_data(as_text=True))
    fields |= {"title": "T", "slug": "t", "starts_at_date": "2019-05-01", "starts_at_time": "08:00", "store": "1"}
    told = send(desk, **fields | {"kind": "csv"}).get_data(as_text=True)
    assert "Comment 4, Dan: Its time must lie" in told
    answer = send(desk, **fields | {"kind": "csv", "out-3": "1"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    stored = {one.byline_name: one for one in db.session.query(Comment)}
    assert set(stored) == {"Ada", "Bob", "Cid", "Eve"}
    assert stored["Bob"].reply_to is None
    assert stored["Cid"].reply_to is stored["Bob"]
    assert stored["Eve"].reply_to is stored["Cid"]


def test_a_long_text_in_any_script_comes_back_whole(desk, clock):
    source = f"Q1: x\nAnna: {'水' * 9_000}\n" + f"Otto: {'水' * 11_000}\n" * 20
    shown = send(desk, source=source)
    assert shown.status_code == 200
    again = send(desk, **fields_of(shown.get_data(as_text=True)), store="1")
    assert again.status_code == 422
    assert "Comment 21, Otto:" in again.get_data(as_text=True)


def test_the_form_with_the_most_fields_is_read(desk):
    """Two thousand people said one thing each, and all of it was wrong."""
    names = ("name", "join", "words", "question", "body", "at", "out")
    fields = {f"{name}-{at}": "1" for name in names for at in range(foreign.MOST_COMMENTS)}
    assert send(desk, source="Ada: Yes.", **fields).status_code == 200


def test_a_row_without_an_author_is_proposed_with_one_to_be_named(desk, clock):
    rows = "at,author,text,question\n2024-03-05 10:00,Ann,Hello,Who pays?\n2024-03-05 10:10,,All of us.,What next?\n"
    shown = send(desk, kind="csv", source=rows).text
    assert "2 comments were found" in shown and "All of us." in shown and "What next?" in shown
    assert "It is not said who wrote this." in shown and 'href="#field-name-1"' in shown
    fields = fields_of(shown) | {"title": "T", "slug": "t", "kind": "csv", "store": "1"}
    assert "It is not said who wrote this." in send(desk, **fields).text
    assert send(desk, **fields | {"name-1": "Bo Ray"}).status_code == 303
    made = db.session.query(Comment).order_by(Comment.id)
    stored = [(one.byline_name, one.source, one.question.text) for one in made]
    assert stored == [("Ann", "Hello", "Who pays?"), ("Bo Ray", "All of us.", "What next?")]


@pytest.mark.parametrize("chosen", [{"out-1": "1"}, {"join-1": "1"}])
def test_what_nobody_is_named_for_is_left_out_or_goes_on_with_the_comment_before(desk, clock, chosen):
    shown = send(desk, kind="csv", source="author,text\nAnn,Hello\n,All of us.\n").text
    fields = fields_of(shown) | {"title": "T", "slug": "t", "kind": "csv", "store": "1"} | chosen
    assert send(desk, **fields).status_code == 303
    assert [one.source for one in db.session.query(Comment)] == [
        "Hello" if "out-1" in chosen else "Hello\n\nAll of us."
    ]


def test_what_is_left_out_of_a_table_is_told(desk, clock):
    table = "author,text,question,affiliation,country\nAnn,Hello,First?,{},Atlantis\nBo,,Second?,,\n,,Third?,,\n,,,,\n"
    shown = send(desk, kind="csv", source=table.format("x" * 121) + "Cy,Well,First?,,,and more\n").text
    for words in ("row has no text", "row has more cells", "affiliation was longer than 120", "country is none that"):
        assert f"1 {words}" in shown, words
    assert "to 3 questions" in shown
    assert 'class="notice"' not in send(desk, kind="csv", source="author,text\nAnn,Hello\n").text


@pytest.mark.parametrize("kind", ["csv", "discourse"])
def test_a_name_is_not_cut_but_shown_for_correction(desk, clock, kind):
    name = "Ann " * 20 + "Lee of the River"
    posts = [{"post_number": 1, "username": "a", "name": name, "raw": "Hello"}]
    topic = json.dumps({"title": "T", "post_stream": {"posts": posts}})
    shown = send(desk, kind=kind, source=topic if kind == "discourse" else f"author,text\n{name},Hello\n").text
    assert f'value="{name}"' in shown and 'id="fault-name-0"' in shown


ODD = "time,name,text\n05/03/2024 10:00,Ann,hello\n2024-03-05 10:30,Bob,hi\n,Carl,yo\n2024-13-01,Dan,no\n"


def test_a_time_that_cannot_be_read_is_named_and_mended_in_the_preview(desk, clock):
    shown = send(desk, kind="csv", source=ODD).get_data(as_text=True)
    for words in ("Comment 1, Ann: The time “05/03/2024 10:00”", "Comment 4, Dan: The time “2024-13-01”"):
        assert f"{words} could not be read. Write it as 2024-03-05 10:00, or leave it empty." in shown
    assert 'href="#field-at-0"' in shown and 'id="field-at-0"' in shown
    fields = fields_of(shown) | {"title": "T", "slug": "t", "kind": "csv", "store": "1"}
    fields |= {"at-0": "05/03/2024 10:00", "at-3": "2024-13-01"}
    assert send(desk, **fields).status_code == 422
    again = send(desk, **fields | {"at-0": "2024-03-05 10:00", "at-3": "soon"}).get_data(as_text=True)
    assert "Ann: The time" not in again and 'name="at-0" value="2024-03-05 10:00"' in again
    assert "Dan: The time “soon”" in again
    fields |= {"starts_at_time": "10:00", "ends_at_time": "11:00", "at-0": "2024-03-05 10:00", "at-3": ""}
    assert send(desk, **fields).status_code == 303
    stored = {one.byline_name: f"{one.posted_at:%H:%M}" for one in db.session.query(Comment)}
    assert stored == {"Ann": "10:00", "Bob": "10:30", "Carl": "10:40", "Dan": "10:50"}
    page = desk.get("/d/t").get_data(as_text=True)
    assert "2 had no time of their own, and were given one in between." in page


def test_a_topics_time_that_cannot_be_read_is_named_and_one_without_is_none():
    posts = [
        {"post_number": at, "username": "a", "raw": "b"} | more
        for at, more in enumerate(({}, {"created_at": None}, {"created_at": "yesterday"}), 1)
    ]
    found = foreign.read(Kind.DISCOURSE, json.dumps({"title": "T", "post_stream": {"posts": posts}}))
    assert [(one.at, one.unread) for one in found.comments] == [(None, ""), (None, ""), (None, "yesterday")]


@pytest.mark.parametrize("typed", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:00-05:00", "1969-12-31 10:00"])
def test_a_time_that_no_discussion_can_have_is_none(typed):
    (one,) = foreign.read(Kind.CSV, f"at,author,text\n{typed},Ada,Hello\n").comments
    assert (one.at, one.unread) == (None, typed)


def test_the_preview_says_when_each_comment_was_written(desk, clock):
    rows = "at,author,text\n2025-03-01T10:00:00+01:00,Ada,Hello\n2025-03-01 10:30,Cid,Yes\n,Bob,Hi\n"
    shown = send(desk, kind="csv", source=rows).get_data(as_text=True)
    assert re.findall(r"<small>(2025-[^<]*|no time[^<]*)</small>", shown) == [
        "2025-03-01 09:00 UTC", "2025-03-01 10:30", "no time of its own",
    ]  # fmt: skip
    shown = send(desk, source="15:20 Ann: Agreed.\n\n15:31 Bo: No.").get_data(as_text=True)
    assert re.findall(r"</b> <small>(\d\d:\d\d)</small> <span", shown) == ["15:20", "15:31"]


def _at(*times: str) -> str:
    return "at,author,text\n" + "".join(f"{at},Ada,Hello {n}.\n" for n, at in enumerate(times))


def _stored() -> list[str]:
    """When it began, when each comment was written, and when it ended, in UTC."""
    made = Discussion.with_slug("t")
    written = [one.posted_at for one in db.session.query(Comment).order_by(Comment.id)]
    return [f"{at:%H:%M:%S}".removesuffix(":00") for at in (made.starts_at, *written, made.ends_at)]


@pytest.mark.parametrize(
    ("times", "stored"),
    [
        (("2024-03-05 10:00", "2024-03-05 10:30:20"), ["04:30", "04:30", "05:00:20", "05:01"]),
        (("2024-03-05T10:00:40Z", "2024-03-05T10:30Z"), ["10:00", "10:00:40", "10:30", "10:31"]),
        (("2024-03-05 10:00", "2024-03-05T05:30Z"), ["04:30", "04:30", "05:30", "05:31"]),
    ],
)
def test_begin_end_and_times_without_an_offset_follow_the_zone_of_the_event(desk, clock, times, stored):
    fields = fields_of(send(desk, kind="csv", source=_at(*times)).get_data(as_text=True))
    fields |= {"kind": "csv", "title": "T", "slug": "t", "zone": "Asia/Kolkata", "store": "1"}
    assert send(desk, **fields).status_code == 303
    assert _stored() == stored


def test_what_is_refused_comes_back_with_begin_and_end_in_the_zone_that_was_chosen(desk, clock):
    source = _at("2024-03-05T10:00:00Z", "2024-03-05T10:30:00Z")
    fields = fields_of(send(desk, kind="csv", source=source).get_data(as_text=True))
    fields |= {"kind": "csv", "title": "", "slug": "t", "store": "1"}
    for zone, begin, end in (("Asia/Kolkata", "15:30", "16:01"), ("America/New_York", "05:00", "05:31")):
        fields = fields_of(send(desk, **fields | {"zone": zone}).get_data(as_text=True)) | {"kind": "csv", "store": "1"}
        assert (fields["starts_at_time"], fields["ends_at_time"]) == (begin, end)
    assert send(desk, **fields | {"title": "T"}).status_code == 303
    assert _stored() == ["10:00", "10:00", "10:30", "10:31"]


def test_begin_and_end_that_the_host_has_typed_stay(desk, clock):
    fields = fields_of(send(desk, kind="csv", source=_at("2024-03-05T10:00:00Z")).get_data(as_text=True))
    fields |= {"kind": "csv", "title": "T", "slug": "t", "zone": "Asia/Kolkata", "store": "1"}
    fields |= {"starts_at_time": "15:00", "ends_at_time": "17:00"}
    assert send(desk, **fields).status_code == 303
    assert _stored() == ["09:30", "10:00", "11:30"]


def test_a_time_in_the_change_of_the_clocks_is_asked_for_with_an_offset(desk, clock):
    source = _at("2024-10-27 00:30", "2024-10-27 01:30", "2024-10-27 03:00")
    fields = fields_of(send(desk, kind="csv", source=source).get_data(as_text=True))
    fields |= {"kind": "csv", "title": "T", "slug": "t", "zone": "Europe/London", "store": "1"}
    shown = send(desk, **fields).get_data(as_text=True)
    assert "Comment 2, Ada: Its time falls into the change of the clocks." in shown
    assert 'name="at-1" value="2024-10-27 01:30:00"' in shown
    assert "Comment 1, " not in shown and "Comment 3, " not in shown
    assert send(desk, **fields | {"at-1": "2024-10-27 01:30+00:00"}).status_code == 303
    assert _stored() == ["23:30", "23:30", "01:30", "03:00", "03:01"]


def test_what_begins_before_any_form_of_ours_is_refused_as_ever(desk, clock):
    fields = fields_of(send(desk, kind="csv", source=_at("1985-03-05T10:00:00Z")).get_data(as_text=True))
    fields |= {"kind": "csv", "title": "T", "slug": "t", "store": "1"}
    assert 'id="fault-starts_at"' in send(desk, **fields).get_data(as_text=True)


def test_control_characters_are_taken_out_of_json_too():
    post = {"post_number": 1, "username": "a\ud800", "raw": "\x00b\x1fc"}
    found = foreign.read(Kind.DISCOURSE, json.dumps({"title": "A\x07\u2028B", "post_stream": {"posts": [post]}}))
    assert (found.title, found.authors, found.comments[0].body, found.taken_out) == ("A B", ["a"], "bc", 4)


def test_a_topic_of_discourse(desk, clock):
    found = foreign.read(Kind.DISCOURSE, json.dumps(TOPIC))
    assert found.title == "Whose river?"
    assert [one.author for one in found.comments] == ["Maria Santos", "otto"]
    assert found.comments[0].body == "Start here.\n\nSee [this](https://example.org/x) & that."
    assert found.comments[1].reply_to == 1
    file = BytesIO(json.dumps(TOPIC).encode())
    fields = fields_of(send(desk, kind="discourse", file=(file, "topic.json")).get_data(as_text=True))
    assert (fields["starts_at_date"], fields["starts_at_time"]) == ("2025-03-01", "10:00")
    answer = send(desk, **fields, store="1")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    first, second = db.session.query(Comment).order_by(Comment.id)
    assert second.reply_to is first
    assert second.posted_at.isoformat() == "2025-03-01T10:05:00+00:00"


def test_our_own_table_comes_back_as_it_went(app, house, desk, clock):
    room = house.discussion(ask=1, slug="water")
    first = house.comment(room, house.user("Mara Member"), "=Sum, they *say*;\nand more.", question=1)
    house.comment(room, house.user("Otto Ode"), "Yes.", question=1, reply_to=first.id)
    house.comment(room, house.user("Otto Ode"), "Hello.")
    found = foreign.read(Kind.CSV, export.whole("csv", room))
    assert [one.body for one in found.comments] == ["=Sum, they *say*;\nand more.", "Yes.", "Hello."]
    assert [one.reply_to for one in found.comments] == [None, 1, None]
    assert [one.question for one in found.comments] == [1, 1, None]
    assert found.comments[0].at == first.posted_at


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "|", "%"])
def test_our_own_table_comes_back_without_what_we_put_before_a_formula(house, sign):
    room = house.discussion(ask=1)
    house.comment(room, house.user(f"{sign}Mara"), f"{sign} of it\n{sign} all", question=1)
    assert f"'{sign}" in export.whole("csv", room)
    (found,) = foreign.read(Kind.CSV, export.whole("csv", room)).comments
    assert (found.author, found.body) == (f"{sign}Mara", f"{sign} of it\n{sign} all")


def test_an_apostrophe_of_ones_own_stays():
    (found,) = foreign.read(Kind.CSV, "author,text\n'Mara,'Tis so.").comments
    assert (found.author, found.body) == ("'Mara", "'Tis so.")


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("text", ""), ("text", "no name here"), ("text", "x" * 250_001), ("csv", "a,b\n1,2"), ("csv", "author,text\n"),
        ("csv", "\n"), ("discourse", "{}"), ("discourse", "[]"), ("discourse", "null"), ("discourse", "[" * 5000),
        ("discourse", '{"post_stream": {"posts": [{"post_number": "x", "username": "u", "cooked": "<p>w</p>"}]}}'),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_words(kind, source):
    with pytest.raises(Refused) as caught:
        foreign.read(Kind(kind), source)
    assert "source" in caught.value.fields


def test_rubbish_in_a_text_takes_no_time_and_no_harm(desk, clock):
    for source in (
        "A: " * 60_000,
        "Q1:" * 60_000,
        "(" * 200_000,
        "Anna: <script>alert(1)</script>\n" * 2000,
        "Ä" * 200_000 + ":",
        "Q1: a" + " " * 200_000 + "x",
        "Q1" + " " * 200_000 + "x",
        "Anna, " + " " * 200_000 + "x",
    ):
        answer = send(desk, source=source)
        assert answer.status_code in {200, 422}
        assert "<script>alert" not in answer.get_data(as_text=True)


def test_it_is_for_organisers(app, house):
    client = app.test_client()
    assert client.get("/organise/import").status_code == 404
    house.sign_in(client, house.user())
    assert client.get("/organise/import").status_code == 404


def _said(*clocks: str | None) -> list[findings.Said]:
    return [findings.Said("Ada", "Yes.", clock=clock and time.fromisoformat(clock)) for clock in clocks]


def test_clocks_beside_names_are_the_times_of_the_comments_on_the_events_clocks():
    begin, end = datetime(2025, 3, 1, 14, 0, tzinfo=UTC), datetime(2025, 3, 1, 16, 0, tzinfo=UTC)
    said = findings.with_times(_said("15:02", None, "15:04", "15:03", "23:00", None), begin, end, "Europe/Paris")
    times = [one.at for one in said]
    assert times == sorted(times)
    assert (f"{times[0]:%H:%M}", f"{times[1]:%H:%M}", f"{times[2]:%H:%M}") == ("14:02", "14:03", "14:04")
    assert begin <= times[0] and times[-1] <= end


def test_a_clock_that_goes_back_has_passed_midnight():
    begin, end = datetime(2025, 3, 1, 22, 0, tzinfo=UTC), datetime(2025, 3, 2, 2, 0, tzinfo=UTC)
    said = findings.with_times(_said("23:50", "00:10"), begin, end, "UTC")
    assert [f"{one.at:%d %H:%M}" for one in said] == ["01 23:50", "02 00:10"]
    assert findings.said_by_clocks(said, date(2025, 3, 1)) == (
        datetime(2025, 3, 1, 23, 50, tzinfo=UTC),
        datetime(2025, 3, 2, 0, 11, tzinfo=UTC),
    )


def test_the_times_of_a_pasted_panel_are_stored(desk):
    fields = fields_of(send(desk, source=TEXT).get_data(as_text=True))
    assert fields["starts_at_time"] == "15:20"
    answer = send(
        desk, **fields | {"zone": "Africa/Kampala", "starts_at_time": "15:00", "ends_at_time": "16:00", "store": "1"}
    )
    assert answer.status_code == 303
    stored = {comment.byline_name: comment.posted_at for comment in db.session.scalars(select(Comment))}
    assert (f"{stored['Otto Ode']:%H:%M}", f"{stored['Priya Raman']:%H:%M}") == ("12:20", "12:31")
