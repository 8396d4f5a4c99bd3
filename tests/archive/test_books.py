"""The files that are archives: EPUB, held to the standard by epubcheck, and DOCX, opened by another library."""

import io
import os
import re
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docx
import pytest
from PIL import Image

from forum import pictures
from forum.actions import comments, highlights, moderation, phases, summaries
from forum.actions.comments import CommentDraft
from forum.archive import book, epub, export, markup
from forum.database import db, writing
from forum.models import Comment, Discussion
from tests.archive.unpacked import text_of
from tests.machine import missing

SITE = "https://forum.example"
HTML = "{http://www.w3.org/1999/xhtml}"
FOR_PEOPLE = ("html", "markdown", "text", "epub", "docx")
EVERYTHING = """**Bold** and *slanted* and `fixed`, a [link](https://example.org/a b?x=1&y="2") and https://münchen.example/ö

1. first
   - within
2. second

> quoted

```
a < b && c > d
```

---

<script>alert(1)</script> &amp; "quotes" 'too' ]]> \u202e end\x0b"""


@pytest.fixture(scope="module")
def checker() -> Iterator[subprocess.Popen[str]]:
    """epubcheck, one process for all books: to start it is 6 s of CPU, a book is some tenths. Fails without it in CI.

    Java compiles the few lines around it by itself, also where only the headless JRE of Debian is.
    """
    jar = "/usr/share/java/epubcheck.jar"
    if not os.path.exists(jar):
        missing("epubcheck")
    around = str(Path(__file__).with_name("Books.java"))
    with subprocess.Popen(
        ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", jar, around],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    ) as process:  # fmt: skip
        yield process
        process.stdin.close()
        process.wait(30)


@pytest.fixture
def epubcheck(checker, tmp_path) -> Callable[[bytes], str]:
    """`epubcheck(data)` returns what epubcheck says of a book that it does not take, and nothing of one that it takes.

    It stops where a warning is, too (`-w`).
    """

    def ask(data: bytes) -> str:
        path = tmp_path / "book.epub"
        path.write_bytes(data)
        checker.stdin.write(f"{path}\n")
        checker.stdin.flush()
        said: list[str] = []
        while not (said and said[-1].startswith("status ")):
            said.append(checker.stdout.readline())
            assert said[-1], "".join(said)  # the process has ended
        return "" if said[-1] == "status 0\n" else "".join(said)

    return ask


@pytest.fixture
def rich(app, house, clock):
    """A discussion that has everything, and whatever may trouble a file: signs, letters, lists, a picture."""
    picture = io.BytesIO()
    Image.new("RGB", (640, 320), "teal").save(picture, "PNG")
    picture.seek(0)
    hero = pictures.store(picture, app.config["SETTINGS"])
    discussion = house.discussion(
        host=house.user("Hana Host-Maier"), title="Rain & “more” <now>?", slug="rain", hosted_by="A & B",
        intro="We *propose*:\n\n- one\n- two", hero=hero, hero_alt='A "teal" field', hero_credit="Nobody",
    )  # fmt: skip
    host, priya = house.host_of(discussion), house.panelist(discussion)
    house.comment(discussion, host, "Welcome, all.")
    house.asked(discussion, "Who pays & why?")
    otto = house.user("Otto <b>Ode</b> & Co")
    clock.advance(timedelta(minutes=3))
    first = house.comment(discussion, otto, EVERYTHING.replace("\x0b", ""), question=1)
    house.comment(discussion, priya, "שלום עולם, مرحبا", question=1, reply_to=first.id)
    house.comment(discussion, otto, "Thank you, @Priya Raman.", question=1)
    house.do(highlights.highlight, host, first)
    hidden = house.comment(discussion, otto, "Buy zqhiddenqz.", question=1)
    house.do(moderation.hide, host, hidden, "Advertising")
    house.asked(discussion, "ما التالي؟")
    house.question(discussion, "zqneveraskedqz?")
    house.do(phases.close, host, discussion)
    house.do(summaries.of_discussion, host, discussion, "In *short*: users.")
    return discussion


def made(kind: str, discussion: Discussion) -> bytes:
    return b"".join(export.encoded(kind, discussion, SITE))


def pages(data: bytes) -> dict[str, ET.Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.endswith((".xhtml", ".opf", ".xml", ".rels"))]
        return {name: ET.fromstring(archive.read(name)) for name in names}


@pytest.mark.parametrize("kind", ["epub", "docx"])
def test_an_archive_has_what_a_reader_may_see_and_nothing_else(app, rich, kind):
    said = text_of(made(kind, rich))
    for words in (
        "Welcome, all.",
        "Priya Raman",
        "Partnering Lab",
        "Who pays &amp; why?",
        "Otto &lt;b&gt;Ode",
        "Nobody",
    ):
        assert words in said, words
    for words in ("zqhiddenqz", "zqneveraskedqz", "@example.org", "<script"):
        assert words not in said, words
    for comment in db.session.query(Comment).filter(Comment.state == "published"):
        assert f"{SITE}/d/rain/c/{comment.id}" in said


def test_a_file_speaks_the_language_of_its_discussion(app, rich):
    with writing():
        rich.language = "de"
    for kind in FOR_PEOPLE:
        said = text_of(made(kind, rich))
        for words in ("Zusammenfassung der Gastgeber", "Gastgeber", "Podium"):
            assert words in said, (kind, words)
        for words in ("Summary by", "(host)", "(Host)", "panelist", "Hosted by", " comments from", "<html lang=en"):
            assert words not in said, (kind, words)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("26. Oktober 2025, ", "Vereinigtes Königreich")),
        ("es", ("26 de octubre de 2025, ", "Reino Unido")),
        ("en", ("26 October 2025, ", "United Kingdom")),
    ],
)
def test_a_file_names_days_and_countries_as_its_language_does(app, rich, language, words):
    with writing():
        rich.language = language
        rich.starts_at = datetime(2025, 10, 26, 14, tzinfo=UTC)
        for seat in rich.seats:
            seat.country = "GB"
    for kind in FOR_PEOPLE:
        said = text_of(made(kind, rich))
        for word in words:
            assert word in said, (kind, word)


def test_what_machines_read_is_the_same_in_every_language(app, rich):
    before = [made(kind, rich) for kind in ("csv", "json")]
    with writing():
        rich.language = "de"
    after = [made(kind, rich) for kind in ("csv", "json")]
    assert after[0] == before[0]
    assert after[1].replace(b'  "language": "de",\n', b"") == before[1]


def test_a_file_in_a_language_without_a_catalogue_is_in_english_around_the_words(app, rich):
    with writing():
        rich.language = "zh"
    said = made("html", rich).decode()
    assert "<html lang='zh' dir=ltr>" in said
    assert "Summary by the hosts" in said


def test_a_file_to_be_read_from_the_right_says_so(app, rich):
    with writing():
        rich.language = "ar"
    assert "<html lang='ar' dir=rtl>" in made("html", rich).decode()


def test_a_book_is_one_by_epubcheck(app, rich, epubcheck):
    assert epubcheck(made("epub", rich)) == ""


@pytest.mark.one_database
def test_epubcheck_would_find_a_fault_between_two_good_books(app, house, epubcheck):
    """One process looks at all of them: what it found in one is not said of the next, nor forgotten in it."""
    good = made("epub", house.discussion())
    with zipfile.ZipFile(io.BytesIO(good)) as book, io.BytesIO() as spoilt:
        with zipfile.ZipFile(spoilt, "w") as copy:
            for name in book.namelist():
                copy.writestr(name, book.read(name).replace(b"</title>", b"</title><nothing/>"))
        bad = spoilt.getvalue()
    assert [bool(epubcheck(data)) for data in (good, bad, good, bad)] == [False, True, False, True]
    assert "nothing" in epubcheck(bad)


@pytest.mark.parametrize("language", ["ar", "pt", "zh"])
def test_a_book_in_any_language_and_with_nothing_in_it_is_one_too(app, house, epubcheck, language):
    discussion = house.discussion(title="حوار" if language == "ar" else "Conversa", language=language)
    assert epubcheck(made("epub", discussion)) == ""
    package = pages(made("epub", discussion))["EPUB/package.opf"]
    spine = package.find("{http://www.idpf.org/2007/opf}spine")
    assert spine.get("page-progression-direction") == ("rtl" if language == "ar" else None)


def test_a_book_begins_with_its_kind_unpacked(app, rich):
    data = made("epub", rich)
    assert data[30:58] == b"mimetypeapplication/epub+zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # Sizes stand before each entry: some e-readers read no others.
        assert not any(one.flag_bits & 0x08 for one in archive.infolist())


def test_a_book_has_a_chapter_for_each_question_and_leads_from_answer_to_answer(app, rich):
    found = pages(made("epub", rich))
    links = [(link.text, link.get("href")) for link in found["EPUB/nav.xhtml"].iter(f"{HTML}a")]
    assert links == [
        (rich.title, "title.xhtml"), ("General remarks", "general.xhtml"),
        ("Q1: Who pays & why?", "q1.xhtml"), ("Q2: ما التالي؟", "q2.xhtml"),
    ]  # fmt: skip
    first = db.session.query(Comment).filter(Comment.source.startswith("**Bold")).one()
    answer = "".join(ET.tostring(one, encoding="unicode") for one in found["EPUB/q1.xhtml"].iter(f"{HTML}article"))
    assert f"q1.xhtml#c{first.id}" in answer
    assert f"{SITE}/people/" in answer, "a mention leads to the site"
    assert "highlighted by the hosts" in answer
    picture = next(found["EPUB/title.xhtml"].iter(f"{HTML}img"))
    assert (picture.get("src"), picture.get("alt")) == ("hero.jpg", 'A "teal" field')
    said = ET.tostring(found["EPUB/package.opf"], encoding="unicode")
    for words in ("schema:accessMode", "schema:accessibilitySummary", "alternativeText", "Priya Raman", "A &amp; B"):
        assert words in said, words


def test_a_book_is_of_the_day_that_it_was_at_the_event(app, rich):
    with writing():
        rich.starts_at = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
        rich.time_zone = "Asia/Tokyo"
    package = pages(made("epub", rich))["EPUB/package.opf"]
    assert package.find(".//{http://purl.org/dc/elements/1.1/}date").text == "2026-11-24"


def test_a_long_question_is_cut_into_parts_that_e_readers_can_lay_out(app, house, monkeypatch, epubcheck):
    monkeypatch.setattr(epub, "IN_ONE_PART", 3)
    discussion = house.discussion(ask=1)
    host = house.host_of(discussion)
    with writing():
        said = [comments.post(host, discussion, CommentDraft(f"No. {n}.", 1, None, f"number-{n:05}")) for n in range(7)]
        comments.post(host, discussion, CommentDraft("To the first.", 1, said[0].id, "number-99999"))
    data = made("epub", discussion)
    found = pages(data)
    assert [name for name in found if "/q1" in name] == ["EPUB/q1.xhtml", "EPUB/q1-2.xhtml", "EPUB/q1-3.xhtml"]
    assert f'href="q1.xhtml#c{said[0].id}"' in ET.tostring(found["EPUB/q1-3.xhtml"], encoding="unicode").replace(
        "html:", ""
    )
    assert epubcheck(data) == ""


def test_a_document_is_read_by_another_library_as_it_was_meant(app, rich):
    read = docx.Document(io.BytesIO(made("docx", rich)))
    by_style: dict[str, list[str]] = {}
    for paragraph in read.paragraphs:
        by_style.setdefault(paragraph.style.name, []).append(paragraph.text)
    assert by_style["Title"] == [rich.title]
    assert by_style["Heading 1"] == ["General remarks", "Q1: Who pays & why?", "Q2: ما التالي؟"]
    assert by_style["Heading 2"] == ["Summary by the hosts", "Panel"]
    assert sum("Otto <b>Ode</b> & Co" in said for said in by_style["Speaker"]) == 2
    runs = [run for paragraph in read.paragraphs for run in paragraph.runs]
    assert [run.text for run in runs if run.bold and run.text == "Bold"] == ["Bold"]
    assert [run.text for run in runs if run.italic and run.text == "slanted"] == ["slanted"]
    assert "a < b && c > d" in "\n".join(paragraph.text for paragraph in read.paragraphs)
    assert read.core_properties.title == rich.title
    assert read.inline_shapes[0]._inline.docPr.get("descr") == 'A "teal" field'
    said = text_of(made("docx", rich))
    hebrew = next(part for part in said.split("<w:p>") if "שלום" in part)
    assert "<w:bidi/>" in hebrew
    assert "<w:rtl/>" in hebrew
    fields = re.findall(r'w:instr="([^"]*)"', said)
    assert all(re.fullmatch(r' (PAGE|HYPERLINK &quot;[^"\\ ]+&quot;) ', field) for field in fields), fields


def test_the_page_offers_them_and_a_browser_is_told_what_they_are(app, house, rich):
    client = app.test_client()
    page = client.get("/d/rain/export").get_data(as_text=True)
    for kind, content_type in (("epub", "application/epub+zip"), ("docx", "application/vnd.openxml")):
        assert f'href="/d/rain/export.{kind}"' in page
        answer = client.get(f"/d/rain/export.{kind}")
        assert answer.content_type.startswith(content_type)
        assert f'filename="rain.{kind}"' in answer.headers["Content-Disposition"]
        assert "Welcome, all." in text_of(answer.data)
    private = house.discussion(visibility="invited", ask=1)
    for kind in ("epub", "docx"):
        assert client.get(f"/d/{private.slug}/export.{kind}").status_code == 404


@pytest.mark.parametrize("named", ["../secret.webp", "/etc/passwd", "a/b.webp", "gone.webp", "", "..", "x\n.webp"])
def test_a_picture_is_looked_for_in_its_own_folder_alone(app, house, named):
    discussion = house.discussion()
    secret = app.config["SETTINGS"].data_dir / "secret.webp"
    Image.new("RGB", (8, 8)).save(secret, "WEBP")
    with writing():
        db.session.get_one(Discussion, discussion.id).hero = named
    assert book.picture(discussion) is None
    assert "hero.jpg" not in text_of(made("epub", discussion))


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("/people/5", f"{SITE}/people/5"),
        ("https://example.org/a%20b?x=%zz#ö", "https://example.org/a%20b?x=%25zz#%C3%B6"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ('https://example.org/"\\x', "https://example.org/%22%5Cx"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("//evil.example/x", ""), ("javascript:alert(1)", ""), ("https://", ""), ("https://[::1", ""),
        ("https://a_b.example/", ""), ("https://example.org:99999/", ""), ("mailto:", ""), ("", ""),
    ],
)  # fmt: skip
def test_addresses_in_files_are_whole_and_safe(href, found):
    assert markup.address(href, SITE) == found


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<br>b</p>",
        "<p>x",
        "</p></p>",
        "<ul><li>a<li>b</ul>",
        "<p>\x00\x0b\ud800</p>",
        "<p><em>a</p>b</em>",
        "&nbsp;<",
        "",
    ],
)
def test_whatever_is_stored_becomes_xml(html):
    ET.fromstring(f"<body>{markup.xhtml(html, SITE)}</body>")
