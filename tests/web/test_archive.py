"""What stays of a discussion: files, citations, numbers, feeds, and what machines read, each held to its standard."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests
from bleach._vendor.html5lib import HTMLParser
from icalendar import Calendar
from PIL import Image
from sqlalchemy import event, select

from forum.actions import comments, discussions, highlights, imports, moderation, phases, summaries
from forum.actions.comments import CommentDraft
from forum.actions.drafting import DiscussionDraft
from forum.archive import card, citing, discussion_file, export, statistics
from forum.database import db, writing
from forum.live import presence, spoken
from forum.live.broadcast import Reader
from forum.models import Comment, Discussion, SiteRole, User
from forum.refusals import Refused
from tests.archive.unpacked import said as said_in

ATOM = "{http://www.w3.org/2005/Atom}"


def get(app, house, path, user=None):
    client = app.test_client()
    if user is not None:
        house.sign_in(client, user)
    return client.get(path)


def draft_of(discussion, **changes) -> DiscussionDraft:
    fields = ("title", "slug", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown", "intro")
    return DiscussionDraft(**{name: getattr(discussion, name) for name in fields} | changes)


@pytest.fixture
def past(house, clock):
    """An hour that is over: two questions, seven comments of four people, one of them hidden."""
    discussion = house.discussion(
        host=house.user("Hana Host-Maier"), title="What does rain cost?", slug="rain", intro="We propose <**this**>."
    )
    host, priya = house.host_of(discussion), house.panelist(discussion)
    otto, mara = house.user("Otto Ode"), house.user("Mara Member")
    house.comment(discussion, host, "Welcome, all.")
    house.asked(discussion, "Who pays & why?")
    clock.advance(timedelta(minutes=3))
    first = house.comment(discussion, otto, "=Those who *use* it.", question=1)
    clock.advance(timedelta(minutes=5))
    house.comment(discussion, priya, "Agree.", question=1, reply_to=first.id)
    house.comment(discussion, mara, "Me too.", question=1, reply_to=first.id)
    house.asked(discussion, "What next?")
    clock.advance(timedelta(minutes=10))
    hidden = house.comment(discussion, otto, "Buy zqhiddenqz.", question=2)
    house.do(moderation.hide, host, hidden, "Advertising")
    house.comment(discussion, mara, "We </script><b>measure</b>.", question=2)
    house.question(discussion, "zqneveraskedqz?")
    house.do(phases.close, host, discussion)
    house.do(summaries.of_discussion, host, discussion, "In *short*: users.")
    return discussion


# ---- files ----


def test_every_file_has_what_a_reader_may_see_and_nothing_else(app, house, past):
    for kind in ("html", "md", "txt", "csv", "json"):
        _has_what_a_reader_may_see(get(app, house, f"/d/rain/export.{kind}"), kind)


def _has_what_a_reader_may_see(answer, kind):
    assert answer.status_code == 200
    assert f'filename="rain.{kind}"' in answer.headers["Content-Disposition"]
    said = answer.get_data(as_text=True)
    for words in ("Welcome, all.", "Agree.", "Priya Raman", "Q1" if kind == "csv" else "Who pays"):
        assert words in said
    for words in ("zqhiddenqz", "zqneveraskedqz", "@example.org"):
        assert words not in said
    if kind != "csv":
        assert "In *short*" in said or "In short" in said or "In <em>short</em>" in said


def test_a_real_server_sends_the_whole_file(served, app, house):
    """Sent after the request is over, when the session that found the discussion is closed."""
    discussion = house.discussion(ask=2)
    host = house.host_of(discussion)
    with writing():
        for number in range(450):
            comments.post(host, discussion, comments.CommentDraft(f"No. {number}.", 1, None, f"number-{number:05}"))
    for kind in ("html", "md", "txt", "csv", "json"):
        answer = requests.get(f"{served.address}/d/{discussion.slug}/export.{kind}", timeout=30)
        assert answer.status_code == 200, kind
        assert "No. 0." in answer.text, kind
        assert "No. 449." in answer.text, kind
        if kind == "json":
            assert len(answer.json()["comments"]) == 450


def test_hosts_get_the_file_that_makes_the_discussion_again(app, house, past):
    said = get(app, house, "/d/rain/export.json", house.host_of(past)).get_json()
    assert said["questions"][-1] == {"text": "zqneveraskedqz?", "skipped": True}
    assert {seat["email"] for seat in said["seats"]} == {seat.user.email for seat in past.seats}
    assert said == json.loads(export.whole("json", past))
    with writing():
        said["slug"] = "again"
        made = imports.store(discussion_file.read(json.dumps(said).encode()))
    assert json.loads(export.whole("json", made)) == said


def test_a_readers_file_can_be_read_in_again_too(app, house, past):
    said = get(app, house, "/d/rain/export.json").get_json()
    said["slug"] = "again"
    with writing():
        made = imports.store(discussion_file.read(json.dumps(said).encode()))
    assert json.loads(export.whole("json", made, for_hosts=False)) == said


def test_long_files_come_in_pieces_and_lose_nothing(app, house, past, monkeypatch):
    monkeypatch.setattr(export, "_AT_ONCE", 2)
    said = json.loads(export.whole("json", past))
    assert [comment["body"][:4] for comment in said["comments"]] == ["Welc", "=Tho", "Agre", "Me t", "We <"]
    assert [comment.get("reply_to") for comment in said["comments"]] == [None, None, 2, 2, None]
    assert len(list(export.pieces("json", past))) > 5


def test_the_page_file_is_whole_and_safe(app, house, past):
    answer = get(app, house, "/d/rain/export.html")
    html = answer.get_data(as_text=True)
    HTMLParser(strict=True).parse(html)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "</script>" not in html
    assert not re.search(r"<(?!meta|!doctype)[^>]*\s(src|srcset)=", html)
    assert f"/d/rain/c/{db.session.query(Discussion).count() and 1}" in html


def test_files_for_people_say_times_on_the_clocks_of_the_event(app, house, past):
    with writing():
        past = db.session.get_one(Discussion, past.id)
        past.time_zone = "America/New_York"
    begin, end = (at.astimezone(ZoneInfo("America/New_York")) for at in (past.starts_at, past.over_at))
    first = db.session.scalars(select(Comment.posted_at).order_by(Comment.id).limit(1)).one()
    posted = first.astimezone(ZoneInfo("America/New_York"))
    for kind in ("html", "markdown", "text"):
        said = export.whole(kind, past)
        assert f"{begin:%-d %B %Y, %H:%M}–{end:%H:%M}, America/New York" in said, kind
        machine = re.findall(r"<time datetime='(\d{4}-\d\d-\d\dT[^']+Z)'>", said)
        assert len(machine) == (6 if kind == "html" else 0)
        assert not re.search(r"\dT\d\d:\d\d", re.sub(r"<time [^>]*>", "", said)), kind
        assert re.search(rf"Hana Host-Maier.*{posted:%H:%M}", said), kind


def test_the_text_file_keeps_the_lines_of_lists_and_quotations(app, house):
    written = (
        "> Who pays?\n> Nobody.\n>\n> Then who?\n\nTwo:\n\n- Soil\n- Seed\n  1. Wheat\n  2. Rye\n\nThat *is* it.\n"
    )
    room = house.discussion(ask=1)
    house.comment(room, house.user("Lena Lines"), written, question=1)
    kept = "> Who pays?\n> Nobody.\n>\n> Then who?\n\nTwo:\n\n• Soil\n• Seed\n  1. Wheat\n  2. Rye\n\nThat is it.\n"
    assert kept in export.whole("text", room)


def test_the_text_file_tells_where_links_lead_where_their_words_do_not(house):
    room = house.discussion(ask=1)
    priya = house.panelist(room, "Priya Raman")
    for written, kept in (
        ("See [the **report** now](https://who.int/r?a=é).", "See the report now <https://who.int/r?a=%C3%A9>."),
        ("https://x.org/bare, www.y.org and me@x.org", "https://x.org/bare, www.y.org and me@x.org"),
        ("https://bücher.de/é is [one](https://a.org)", "https://bücher.de/é is one <https://a.org>"),
        ("- [mail](mailto:a@b.org)\n- [here](/d/rain)", "• mail <mailto:a@b.org>\n• here <https://site.test/d/rain>"),
        ("@Priya Raman, [now](https://[)?", "@Priya Raman, now?"),  # that is no address
    ):
        house.comment(room, priya, written, question=1)
        assert f"\n\n{kept}\n\n" in export.whole("text", room, "https://site.test"), written


def test_a_file_names_nothing_above_what_answers_a_hidden_comment(house):
    room = house.discussion(ask=1)
    hidden = house.comment(room, body="Rude words.", question=1)
    house.comment(room, body="Please stay kind.", question=1, reply_to=hidden.id)
    assert f"href='#c{hidden.id}'" in export.whole("html", room)
    house.do(moderation.hide, house.host_of(room), hidden, "rude")
    assert f"#c{hidden.id}'" not in export.whole("html", room)


def test_the_text_file_has_no_marks_in_summaries_and_the_markdown_file_all(house):
    room = house.discussion(ask=1)
    host = house.host_of(room)
    house.do(phases.close, host, room)
    house.do(summaries.of_discussion, host, room, "In *short*: [users](https://example.org).")
    house.do(summaries.of_question, host, room.questions[0], "**Rain**, mostly.")
    said = export.whole("text", room)
    assert "Summary by the hosts\n\nIn short: users <https://example.org>.\n" in said
    assert "Summary by the hosts\n\nRain, mostly.\n" in said
    assert {"In *short*: [users](https://example.org).", "**Rain**, mostly."} <= set(
        export.whole("markdown", room).split("\n")
    )


def test_an_hour_that_comes_twice_is_told_apart(app, house):
    """London put its clocks back on 25 October 2026 at 01:00 UTC."""
    room = house.discussion(ask=1)
    written = [house.comment(room, question=1) for _ in range(2)]
    with writing():
        room.starts_at, room.ends_at = (datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 2))
        for hour, comment in enumerate(written):
            comment.posted_at = datetime(2026, 10, 25, hour, 20, tzinfo=UTC)
    read = get(app, house, f"/d/{room.slug}/transcript").get_data(as_text=True)
    for kind in ("html", "markdown", "text", "epub", "docx", "page"):
        said = re.findall(r"(?<!T)01:20[ A-Z]*", read if kind == "page" else said_in(kind, room))
        assert [time.strip() for time in said] == ["01:20", "01:20 GMT"], kind


def test_the_editors_note_is_told_from_the_introduction_that_it_follows(app, house):
    def whole(note: str) -> dict[str, str]:
        room = house.discussion(intro="We propose this.", editors_note=note, language="de")
        read = get(app, house, f"/d/{room.slug}/transcript").get_data(as_text=True)
        return {kind: said_in(kind, room) for kind in ("html", "markdown", "text", "epub", "docx")} | {"page": read}

    for kind, said in whole("").items():
        assert "Anmerkung der Redaktion" not in said, kind
    for kind, said in whole("*Slow* reading.").items():
        intro, title, note = (said.find(words) for words in ("We propose this.", "Anmerkung der Redaktion", "Slow"))
        assert 0 < intro < title < note, kind


def test_a_file_says_that_a_comment_was_edited_and_when(house, clock):
    kinds = ("html", "markdown", "text", "epub", "docx")
    room = house.discussion(ask=1, language="de")
    with writing():
        room.time_zone = "America/New_York"
    written = house.comment(room, house.user("Edda Edit"), "First words.", question=1)
    for kind in kinds:
        assert "bearbeitet" not in said_in(kind, room), kind
    clock.advance(timedelta(minutes=4))
    house.do(comments.edit, written.author, written, "Better words.")
    at = written.edited_at.astimezone(ZoneInfo("America/New_York"))
    for kind in kinds:
        said = said_in(kind, room)
        assert f"bearbeitet {at:%H:%M}" in re.sub(r"<time[^>]*>", "", said), kind
        if kind == "html":
            assert f"datetime='{written.edited_at:%Y-%m-%dT%H:%M:%SZ}'" in said


def test_machines_are_told_that_a_comment_was_edited_and_a_file_read_in_again_knows_it(house, clock):
    room = house.discussion(ask=1)
    written = house.comment(room, house.user("Edda Edit"), "First words.", question=1)
    house.comment(room, question=1)
    clock.advance(timedelta(minutes=4))
    house.do(comments.edit, written.author, written, "Better words.")
    rows = list(csv.DictReader(io.StringIO(said_in("csv", room))))
    at = rows[0]["edited_at"]
    assert datetime.fromisoformat(at) == written.edited_at > written.posted_at
    assert list(rows[0])[-3:] == ["edited_at", "written_down_by", "highlighted"], "new columns come last"
    assert rows[1]["edited_at"] == ""
    for for_hosts in (True, False):
        file = json.loads(export.whole("json", room, for_hosts=for_hosts))
        assert [comment.get("edited_at") for comment in file["comments"]] == [at, None]
    file["slug"] = "again"
    with writing():
        made = imports.store(discussion_file.read(json.dumps(file).encode()))
    assert json.loads(export.whole("json", made, for_hosts=False)) == file


def test_the_table_has_no_formula_and_an_address_for_every_row(app, house, past):
    rows = list(csv.DictReader(io.StringIO(get(app, house, "/d/rain/export.csv").get_data(as_text=True))))
    assert [row["text"][:2] for row in rows][1] == "'="
    assert all(re.search(r"/d/rain/c/\d+$", row["address"]) for row in rows)
    assert [row["question"] for row in rows] == ["", "Q1", "Q1", "Q1", "Q2"]


@pytest.mark.parametrize("path", ["/export", "/export.json", "/export.html", "/statistics", "/card.png"])
def test_a_private_discussion_has_no_files_for_others(app, house, path):
    private = house.discussion(visibility="invited", ask=1)
    draft = house.discussion(phase="draft")
    for discussion in (private, draft):
        assert get(app, house, f"/d/{discussion.slug}{path}", house.user()).status_code == 404
    assert get(app, house, "/d/rain/export.exe").status_code == 404


# ---- citing ----


def test_citations_are_those_of_the_styles(house, past):
    said = citing.styles(past, "https://x.example/d/rain", "Roundtext")
    assert said["APA"] == (
        "Hana Host-Maier. (2026, November 23). What does rain cost? [Online discussion]. Roundtext. "
        "https://x.example/d/rain"
    )
    assert said["Chicago"] == (
        "Hana Host-Maier. “What does rain cost?” Online discussion, Roundtext, November 23, 2026. "
        "Accessed November 23, 2026. https://x.example/d/rain."
    )
    assert said["BibTeX"].startswith(
        "@online{rain,\n  author = {{Hana Host-Maier}},\n  title = {{What does rain cost?}}"
    )
    assert "urldate = {2026-11-23}" in said["BibTeX"]
    assert said["RIS"].split("\n")[0] == "TY  - ELEC"
    assert said["RIS"].split("\n")[-1] == "ER  -"


def test_signs_of_bibtex_are_escaped(house):
    discussion = house.discussion(title="50% of {rain} & _snow_ #1", hosted_by="Site")
    said = citing.styles(discussion, "https://x.example/d/a_b", "Site")
    assert r"title = {{50\% of \textbraceleft{}rain\textbraceright{} \& \_snow\_ \#1}}" in said["BibTeX"]
    assert said["APA"].count("Site") == 1


@pytest.mark.parametrize(
    "title", ["{", "}", "{{a}", "\\", "~^", "100% & #1_$", "al-Ḥasan ibn al-Haytham", "雨 {", '"x"']
)
def test_no_title_and_no_name_breaks_a_citation(house, title):
    """BibTeX counts braces whatever stands before them, and RIS is one field a line."""
    discussion = house.discussion(title=f"On {title}", hosted_by=f"Org and {title}")
    said = citing.styles(discussion, "https://x.example/d/a", "Site & Co")
    depth = 0
    for letter in said["BibTeX"]:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0
    assert depth == 0
    assert said["BibTeX"].count("\n") == 8
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  -( .+)?", line) for line in said["RIS"].split("\n"))


def test_several_hosts_are_several_authors_in_each_style(house):
    discussion = house.discussion(title="Rain", host=house.user("Ada von Alm"))
    for name in ("Bo Bø", "王 小明"):
        house.seat(discussion, house.user(name), "host")
    said = citing.styles(discussion, "https://x.example/d/rain", "Site")
    assert said["APA"].startswith("Ada von Alm, Bo Bø, & 王 小明. (")
    assert said["Chicago"].startswith("Ada von Alm, Bo Bø, and 王 小明. “Rain.”")
    assert "author = {{Ada von Alm} and {Bo Bø} and {王 小明}}" in said["BibTeX"]
    assert [line for line in said["RIS"].split("\n") if line.startswith("AU")] == [
        "AU  - Ada von Alm", "AU  - Bo Bø", "AU  - 王 小明",
    ]  # fmt: skip


# ---- what machines read ----


def ld(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])


def check_posting(said: dict) -> None:
    """The required and recommended properties of schema.org's DiscussionForumPosting as search engines check them."""
    assert (said["@context"], said["@type"]) == ("https://schema.org", "DiscussionForumPosting")
    assert said["headline"]
    assert said["text"]
    assert said["url"].startswith("http")
    assert datetime.fromisoformat(said["datePublished"]).tzinfo is not None
    for author in said["author"]:
        assert author["@type"] in {"Person", "Organization"}
        assert author["name"]
    assert said["interactionStatistic"]["@type"] == "InteractionCounter"
    assert said["interactionStatistic"]["userInteractionCount"] == said["commentCount"]
    for comment in said.get("comment", []):
        assert comment["@type"] == "Comment"
        assert comment["text"]
        assert comment["author"]["name"]
        assert datetime.fromisoformat(comment["datePublished"]).tzinfo is not None


def test_search_engines_are_told_what_it_is(app, house, past):
    said = ld(get(app, house, "/d/rain").get_data(as_text=True))
    check_posting(said)
    whole = ld(get(app, house, "/d/rain/transcript").get_data(as_text=True))
    check_posting(whole)
    assert len(whole["comment"]) == whole["commentCount"] == 5
    assert "zqhiddenqz" not in json.dumps(whole)
    live = house.discussion(ask=1)
    assert "ld+json" not in get(app, house, f"/d/{live.slug}").get_data(as_text=True)
    unlisted = house.discussion(visibility="unlisted", ask=1)
    for path in ("", "/transcript"):
        page = get(app, house, f"/d/{unlisted.slug}{path}").get_data(as_text=True)
        assert "ld+json" not in page
        assert "og:title" not in page
        assert "noindex" in page


def test_no_answer_about_an_unlisted_discussion_may_be_listed_by_search_engines(app, house, clock):
    ends = [f"/export.{kind}" for kind in ("html", "txt", "md", "csv", "json", "epub", "docx")]
    ends += ["", "/transcript", "/export", "/feed.atom", "/calendar.ics", "/card.png", "/recent", "/comments"]
    rooms = {kind: house.discussion(visibility=kind, ask=1) for kind in ("public", "unlisted")}
    for kind, room in rooms.items():
        house.comment(room, question=1)
        for _ in range(2):  # made, and kept
            for end in ends:
                answer = get(app, house, f"/d/{room.slug}{end}")
                assert answer.status_code == 200 and answer.get_data(), end
                assert answer.headers.get("X-Robots-Tag") == (None if kind == "public" else "noindex"), end
    invited = house.discussion(visibility="invited", ask=1)
    answer = get(app, house, f"/d/{invited.slug}/export.txt", house.host_of(invited))
    assert answer.get_data() and answer.headers["X-Robots-Tag"] == "noindex"


def test_others_show_a_picture_beside_the_link(app, house, past):
    page = get(app, house, "/d/rain").get_data(as_text=True)
    assert re.search(r'property="og:image" content="http[^"]*/d/rain/card.png"', page)
    answer = get(app, house, "/d/rain/card.png")
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert len(answer.data) < 60_000
    for title in ("", "雨はいくらか", "x" * 200, "Long words " * 18):
        assert card.draw(title, "Сайт")[:4] == b"\x89PNG"


def test_the_picture_is_only_of_what_everybody_may_read_as_caches_keep_it_for_everybody(app, house):
    for one in (house.discussion(phase="draft"), house.discussion(visibility="invited")):
        answer = get(app, house, f"/d/{one.slug}/card.png", house.host_of(one))
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_what_caches_keep_for_everybody_carries_nobodys_cookie(app, house, past):
    client = app.test_client()
    house.sign_in(client, house.user())
    for path in (
        "/feed.atom", "/calendar.ics", "/sitemap.xml", "/robots.txt", "/favicon.ico", "/embed.js", "/d/rain/card.png",
    ):  # fmt: skip
        with client.session_transaction() as cookie:
            cookie.permanent = True
        assert "Set-Cookie" in client.get("/about").headers, "a member's own pages keep their cookie fresh"
        answer = client.get(path)
        assert answer.headers["Cache-Control"].startswith("public"), path
        assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.vary, path
        assert answer.get_data() == app.test_client().get(path).get_data(), path


@pytest.mark.parametrize(
    "path", ["/feed.atom", "/d/rain/feed.atom", "/d/rain/feed.atom?question=1", "/people/{otto}/feed.atom"]
)
def test_feeds_are_atom(app, house, past, path):
    otto = next(c.author for c in db.session.query(comments.Comment) if c.source.startswith("="))
    answer = get(app, house, path.format(otto=otto.id))
    assert answer.content_type.startswith("application/atom+xml")
    feed = ET.fromstring(answer.get_data(as_text=True))
    assert feed.tag == f"{ATOM}feed"
    own = [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own[0].endswith(path.format(otto=otto.id))
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == len(entries)
    for one in (feed, *entries):
        for name in ("id", "title", "updated"):  # RFC 4287, 4.1.1 and 4.1.2
            assert one.findtext(f"{ATOM}{name}"), name
        assert datetime.fromisoformat(one.findtext(f"{ATOM}updated"))
    assert all(entry.find(f"{ATOM}author/{ATOM}name") is not None for entry in entries)
    assert "zqhiddenqz" not in answer.get_data(as_text=True)
    if "question" in path:
        assert len(entries) == 3


def test_a_discussion_is_as_new_to_the_feed_as_it_is_to_its_readers(app, house, clock):
    """Weeks in which it was prepared made it old before anybody could read it, and an import before it was there."""
    draft = house.discussion(phase="draft", slug="late")
    brought = house.discussion(phase="closed", slug="brought")
    with writing():
        brought.starts_at = brought.opened_at = clock.now() - timedelta(days=900)
        brought.ends_at = brought.closed_at = brought.starts_at + timedelta(hours=1)
    clock.advance(timedelta(minutes=40))
    house.do(phases.publish, db.session.get_one(User, draft.owner_id), draft)
    feed = ET.fromstring(get(app, house, "/feed.atom").get_data(as_text=True))
    times = {
        entry.find(f"{ATOM}link").get("href").rpartition("/")[2]: [
            datetime.fromisoformat(entry.findtext(f"{ATOM}{name}")) for name in ("published", "updated")
        ]
        for entry in feed.findall(f"{ATOM}entry")
    }
    assert times["late"] == [clock.now().replace(microsecond=0)] * 2
    assert times["brought"][0] == times["brought"][1] == brought.created_at.replace(microsecond=0)


def test_feeds_and_maps_name_only_what_is_public(app, house, past):
    hidden = [house.discussion(visibility=kind, ask=1) for kind in ("unlisted", "invited")]
    hidden.append(house.discussion(phase="draft"))
    writer = house.user("Secret Writer")
    house.comment(hidden[0], writer, "Psst.", question=1)
    for path in ("/feed.atom", "/sitemap.xml", "/calendar.ics"):
        said = get(app, house, path, house.host_of(hidden[1])).get_data(as_text=True)
        assert "/d/rain" in said
        assert not [d.slug for d in hidden if f"/d/{d.slug}" in said], path
    assert get(app, house, f"/people/{writer.id}/feed.atom").status_code == 404
    assert get(app, house, f"/people/{2**70}/feed.atom").status_code == 404


def test_the_map_and_the_calendar_are_what_they_say(app, house, past):
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    tree = ET.fromstring(get(app, house, "/sitemap.xml").get_data(as_text=True))
    places = [place.text for place in tree.findall("s:url/s:loc", names)]
    assert [place.partition("//")[2].partition("/")[2] for place in places] == [
        "",
        "about",
        "d/rain",
        "d/rain/transcript",
    ]
    calendar = Calendar.from_ical(get(app, house, "/calendar.ics").data)
    (event,) = calendar.walk("VEVENT")
    assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "URL"} <= set(event)
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in get(app, house, "/calendar.ics").data
    robots = get(app, house, "/robots.txt").get_data(as_text=True)
    assert re.search(r"^Sitemap: http.*/sitemap.xml$", robots, re.M)
    allowed = re.findall(r"^Allow: (.*)$", robots, re.M)
    assert allowed == ["/static/"], "the longest rule wins, and of two of one length the one that allows (RFC 9309)"


def test_pages_are_html_by_a_strict_parser(app, house, past):
    for path in ("", "/transcript", "/export", "/statistics"):
        HTMLParser(strict=True).parse(get(app, house, f"/d/rain{path}").get_data(as_text=True))


# ---- addresses ----


def test_an_old_address_leads_on_for_good(app, house, past):
    host = house.host_of(past)
    house.do(discussions.edit, host, past, draft_of(past, slug="price-of-rain"))
    house.do(discussions.edit, host, past, draft_of(past, slug="rain-3"))
    for path in ("", "/transcript", "/c/1", "/export.csv", "/events?after=0"):
        for old in ("rain", "price-of-rain"):
            answer = get(app, house, f"/d/{old}{path}")
            assert (answer.status_code, answer.location) == (301, f"/d/rain-3{path}")
    client = app.test_client()
    house.sign_in(client, host)
    answer = client.post("/d/rain/comments", data={"csrf_token": house.token(client), "body": "x"})
    assert (answer.status_code, answer.location) == (308, "/d/rain-3/comments")
    # Where it is named within another address too.
    embedded = get(app, house, "/oembed?url=http://localhost/d/rain").get_json()
    assert "/d/rain-3/embed" in embedded["html"]
    assert 'name="in" value="rain-3"' in get(app, house, "/search?q=pays&in=rain").get_data(as_text=True)


def test_an_old_address_is_nobody_elses_and_tells_nobody_of_a_private_one(app, house, past):
    host = house.host_of(past)
    house.do(discussions.edit, host, past, draft_of(past, slug="new-rain"))
    other = house.discussion()
    with pytest.raises(Refused) as caught:
        house.do(discussions.edit, house.host_of(other), other, draft_of(other, slug="rain"))
    assert "led to another discussion" in caught.value.fields["slug"]
    # It may take it up again itself.
    house.do(discussions.edit, host, past, draft_of(past, slug="rain"))
    assert get(app, house, "/d/rain").status_code == 200
    assert get(app, house, "/d/new-rain").location == "/d/rain"
    house.do(discussions.edit, host, past, draft_of(past, visibility="invited"))
    for path in ("/d/new-rain", "/oembed?url=http://localhost/d/new-rain", "/search?in=new-rain"):
        assert get(app, house, path, house.user()).status_code == 404
    assert get(app, house, "/d/new-rain", host).status_code == 301


def test_a_slash_at_the_end_leads_to_the_address_without_it(app, past):
    for path, location in (
        ("/d/rain/", "/d/rain"),
        ("/d/rain/transcript/?order=time&x=%C3%B6", "/d/rain/transcript?order=time&x=%C3%B6"),
        ("/d/rain//", "/d/rain"),
        ("/about/", "/about"),
        ("/d/r%C3%A4in%3Fx/", "/d/r%C3%A4in%3Fx"),
    ):
        for method in ("GET", "HEAD"):
            answer = app.test_client().open(path, method=method)
            assert (answer.status_code, answer.location) == (301, location), (method, path)


def test_a_slash_at_the_end_of_what_no_page_can_have_leads_nowhere(app, past):
    for path in ("/nothing/", "//evil.example/", "/\\evil.example/", "/d/", "/sign-out/", "/d/rain/x/y/"):
        answer = app.test_client().get("/", environ_overrides={"PATH_INFO": path})
        assert (answer.status_code, answer.location) == (404, None), path


def test_a_form_is_not_sent_on_for_a_slash(app, house, past):
    client = app.test_client()
    house.sign_in(client, house.host_of(past))
    answer = client.post("/d/rain/comments/", data={"csrf_token": house.token(client), "body": "x"})
    assert (answer.status_code, answer.location) == (404, None)


def test_a_slash_at_the_end_tells_nobody_of_a_private_discussion(app, house):
    house.discussion(visibility="invited", slug="private")
    house.discussion(phase="draft", slug="drafted")
    visitor = app.test_client()
    for end in ("/", "/transcript/", "/console/", "/export.json/"):
        told = []
        for slug in ("private", "drafted", "missing"):
            first = visitor.get(f"/d/{slug}{end}")
            then = visitor.get(first.location)
            told.append(
                (first.status_code, first.location.replace(slug, ""), then.status_code, sorted(first.headers.keys()))
            )
        assert told[0] == told[1] == told[2], end
        assert told[0][2] == 404


# ---- numbers ----


def test_numbers_are_those_of_the_comments_that_can_be_read(house, past):
    found = statistics.of(past)
    assert (found.comments, found.replies, found.writers) == (5, 2, 4)
    first, second = found.questions[1:]
    assert (first.comments, first.writers, first.panel, first.first_after) == (3, 3, 1, timedelta(minutes=3))
    assert (second.comments, second.first_after) == (1, timedelta(minutes=10))
    assert found.questions[0].question is None
    assert dict((part, (people, comments)) for part, people, comments in found.roles) == {
        "member": (2, 3), "host": (1, 1), "panelist": (1, 1),
    }  # fmt: skip
    assert found.organisations == [("Partnering Lab", 1, 1)]
    assert sorted(found.pairs) == [("Mara Member", "Otto Ode", 1), ("Priya Raman", "Otto Ode", 1)]
    assert sum(bar.comments for bar in found.bars) == 5
    assert [bar.asked for bar in found.bars if bar.asked] == [(1,), (2,)]
    assert len(found.bars) <= statistics.MOST_BARS


def test_the_page_of_numbers_has_a_table_for_every_chart(app, house, past):
    page = get(app, house, "/d/rain/statistics").get_data(as_text=True)
    assert page.count("<svg viewBox") == page.count('<svg viewBox="0 0 640 170" role="img"')
    assert "The same as a table" in page
    assert "zqhiddenqz" not in page
    empty = house.discussion()
    assert "Nothing has been written yet." in get(app, house, f"/d/{empty.slug}/statistics").get_data(as_text=True)


@pytest.mark.parametrize("page", ["replay", "statistics"])
def test_a_page_on_the_clock_of_the_event_says_so(app, house, past, page):
    with writing():
        past.time_zone = "America/New_York"
    assert "Times in New York." in get(app, house, f"/d/rain/{page}").get_data(as_text=True)


def test_weeks_get_as_many_bars_as_an_hour(house, clock):
    discussion = house.discussion(ask=1)
    with writing():
        db.session.get_one(Discussion, discussion.id).ends_at = clock.now() + timedelta(days=40)
    for _ in range(9):
        house.comment(discussion, house.user(role=SiteRole.MEMBER), question=1)
        clock.advance(timedelta(days=4))
    found = statistics.of(discussion)
    assert 9 <= len(found.bars) <= statistics.MOST_BARS
    assert sum(bar.comments for bar in found.bars) == 9


def test_a_bar_is_labelled_with_the_minute_that_it_counts(house, clock):
    clock.advance(timedelta(seconds=40))
    discussion = house.discussion(ask=1)
    for _ in range(3):
        house.comment(discussion, house.user(), question=1)
        clock.advance(timedelta(seconds=25))
    at = [comment.posted_at.replace(second=0, microsecond=0) for comment in db.session.query(Comment)]
    bars = {bar.begins_at: bar.comments for bar in statistics.of(discussion).bars}
    assert {minute: bars[minute] for minute in at} == Counter(at)


def test_a_row_says_who_wrote_it_down_and_that_hosts_point_it_out(house):
    room = house.discussion(ask=1)
    host, panelist = house.host_of(room), house.panelist(room)
    said = house.do(comments.post, panelist, room, CommentDraft("By telephone.", 1, None, "k" * 16), typist=host)
    house.do(highlights.highlight, host, said)
    house.comment(room, question=1)
    rows = csv.DictReader(io.StringIO(said_in("csv", room)))
    assert [(row["written_down_by"], row["highlighted"]) for row in rows] == [(host.name, "yes"), ("", "")]


def test_the_most_readers_at_once_are_remembered(app, house, monkeypatch):
    discussion = house.discussion()
    monkeypatch.setattr(presence, "_peaks", {})
    for readers, moment in ((3, 0.0), (9, 5.0), (7, 20.0), (8, 40.0)):
        presence._note_peak(discussion.id, readers, moment)
    db.session.expire_all()
    # Nine came too soon after the three, and seven is more than three.
    assert discussion.peak_readers == 8


def test_arrivals_are_counted_once_for_each_page_and_shown_to_hosts(app, house, monkeypatch):
    discussion, other = house.discussion(ask=1), house.discussion()
    monkeypatch.setattr(presence, "_arrived", Counter())
    monkeypatch.setattr(presence, "_written_at", 0.0)
    said = {"discussion": discussion.id, "after": 0, "epoch": discussion.epoch}
    readers = [Reader(f"sid{number}", lambda _frame: None) for number in range(3)]
    for reader in readers:
        spoken.join(reader, said)
    spoken.join(readers[0], said)  # the same page asks again
    spoken.join(Reader("back", lambda _frame: None), said | {"again": True})  # it had lost its link
    spoken.join(readers[0], {"discussion": other.id, "after": 0, "epoch": other.epoch})
    presence._note_arrivals(100.0)
    spoken.join(Reader("sid4", lambda _frame: None), said)
    presence._note_arrivals(101.0)
    db.session.expire_all()
    assert (discussion.arrivals, other.arrivals) == (3, 1), "not sooner than ten seconds later"
    presence._note_arrivals(111.0)
    db.session.expire_all()
    assert (discussion.arrivals, other.arrivals) == (4, 1)
    assert presence._arrived == Counter()
    hosts = get(app, house, f"/d/{discussion.slug}/statistics", house.host_of(discussion)).get_data(as_text=True)
    assert re.search(r"times opened to read along</dt><dd>4</dd>", hosts)
    assert "times opened" not in get(app, house, f"/d/{discussion.slug}/statistics").get_data(as_text=True)


def test_arrivals_are_written_down_in_the_order_of_their_discussions(house, monkeypatch):
    """Two processes that lock the same rows, each in the order in which its readers came, would wait for each other."""
    ids = sorted(house.discussion().id for _ in range(3))
    monkeypatch.setattr(presence, "_arrived", Counter({ids[1]: 1, ids[2]: 1, ids[0]: 1}))
    monkeypatch.setattr(presence, "_written_at", 0.0)
    written = []

    def note(_connection, _cursor, _statement, _parameters, context, _many) -> None:
        if context.isupdate:
            written.extend(row["id_1"] for row in context.compiled_parameters)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        presence._note_arrivals(100.0)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert written == ids


@pytest.mark.parametrize("path", ["highlights", "embed?question=1", "replay"])
def test_what_answers_something_that_stands_elsewhere_leads_there(app, house, path):
    """An anchor of this page led nowhere: a page of some of the comments has not what all of them answer."""
    room = house.discussion(ask=2, slug="rain")
    first, gone = house.comment(room, question=2), house.comment(room, question=1)
    for parent in (first, gone):
        answer = house.comment(room, house.user(), "So it is.", question=1, reply_to=parent.id)
        house.do(highlights.highlight, house.host_of(room), answer)
        again = house.comment(room, house.user(), "It is.", question=1, reply_to=answer.id)
        house.do(highlights.highlight, house.host_of(room), again)
    house.do(moderation.hide, house.host_of(room), gone, "no")
    page = get(app, house, f"/d/rain/{path}").get_data(as_text=True)
    quotes = re.findall(r'<(a|span) class="reply-quote"(?: href="([^"]*)")?', page)
    assert len(quotes) == 4
    assert {tag for tag, to in quotes if not to} == {"span"}, "nothing is to be read where it was"
    for _tag, to in quotes:
        assert not to.startswith("#") or f'id="{to[1:]}"' in page
    elsewhere = [to for _tag, to in quotes if to and not to.startswith("#")]
    assert [to[to.index("/d/") :] for to in elsewhere] == ([] if path == "replay" else [f"/d/rain/c/{first.id}"])
