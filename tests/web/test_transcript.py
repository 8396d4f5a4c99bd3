"""The transcript: whole however long, by question and by time, with everything that makes it worth citing."""

import gzip
import re
from datetime import timedelta

import brotli
import pytest
import requests
from bleach._vendor.html5lib import HTMLParser

from forum.actions import comments, highlights, phases, summaries
from forum.actions.comments import CommentDraft
from forum.database import writing
from forum.web import files


@pytest.fixture
def report(house, clock):
    """An hour that is over, with a panel, two questions, summaries and a highlight."""
    discussion = house.discussion(
        title="What does rain cost?", slug="rain", intro="We [propose](https://example.org/p)."
    )
    host, priya = house.host_of(discussion), house.panelist(discussion)
    house.comment(discussion, host, "Welcome, all.")
    first = house.asked(discussion, "Who pays?")
    clock.advance(timedelta(minutes=3))
    answer = house.comment(discussion, priya, "Users do. See https://example.org/x.", question=1)
    house.asked(discussion, "What next?")
    house.comment(discussion, house.user("Otto Ode"), "A late word.", question=1, reply_to=answer.id)
    house.comment(discussion, priya, "We measure.", question=2)
    house.do(highlights.highlight, host, answer)
    house.do(phases.close, host, discussion)
    house.do(summaries.of_discussion, host, discussion, "In short: users.")
    house.do(summaries.of_question, host, first, "They agree.")
    return discussion


def page(app, path, **headers):
    return app.test_client().get(path, headers=headers).get_data(as_text=True)


def test_it_has_what_a_report_has(app, report):
    said = page(app, "/d/rain/transcript")
    HTMLParser(strict=True).parse(said)
    for words in (
        "What does rain cost?", "Europe/London", "Hosts and panel", "Partnering Lab", "Summary by the hosts",
        "In short: users.", "They agree.", "Highlighted by the hosts", 'href="/d/rain/highlights"',
        'href="/d/rain/statistics"', 'href="/d/rain/transcript?order=time"', "4 comments from 3 people",
    ):  # fmt: skip
        assert words in said, words
    assert len(re.findall(r'class="comment-time" href="/d/rain/c/\d+" data-number="\d+"', said)) == 4
    said = said.partition("<main")[2]
    assert said.index("They agree.") < said.index("Users do.") < said.index("A late word.") < said.index("We measure.")


def test_it_is_there_by_time_too(app, report):
    said = page(app, "/d/rain/transcript?order=time")
    HTMLParser(strict=True).parse(said)
    places = [said.index(words) for words in ("Welcome, all.", "Users do.", "A late word.", "We measure.")]
    assert places == sorted(places)
    assert re.findall(r'<span class="comment-question">(\w+)</span>', said) == ["Hello", "Q1", "Q1", "Q2"]
    assert 'href="/d/rain/transcript"' in said
    assert app.test_client().get("/d/rain/transcript?order=mood").status_code == 422


def test_only_links_that_hide_their_address_say_it_on_paper(app, report):
    said = page(app, "/d/rain/transcript")
    assert '<a href="https://example.org/p" data-address="https://example.org/p"' in said
    assert said.count("data-address") == 1


@pytest.mark.parametrize("order", ["question", "time"])
def test_a_long_one_is_the_same_page_as_a_short_one(app, house, report, monkeypatch, order):
    whole = page(app, f"/d/rain/transcript?order={order}")
    monkeypatch.setattr(files, "MOST_AT_ONCE", 0)
    # Under an address of its own, because the short page is kept.
    answer = app.test_client().get(f"/d/rain/transcript?order={order}&long")
    assert answer.get_data(as_text=True).replace("%26long%3D", "") == whole
    assert answer.content_length is None, "it is sent while it is made"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer.headers["Vary"]
    client = app.test_client()
    house.sign_in(client, house.host_of(report))
    assert "Sign out" in client.get("/d/rain/transcript").get_data(as_text=True)


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress), ("", bytes)])
def test_what_comes_in_pieces_is_packed_in_pieces(app, report, monkeypatch, encoding, unpack):
    monkeypatch.setattr("forum.live.pages._PIECE", 500)
    for path in ("/d/rain/export.html", "/d/rain/export.csv", "/d/rain/export.json"):
        answer = app.test_client().get(path, headers={"Accept-Encoding": encoding})
        assert answer.headers.get("Content-Encoding", "") == encoding
        assert "Accept-Encoding" in " ".join(answer.headers.getlist("Vary"))
        assert unpack(answer.data) == app.test_client().get(path).data
    assert (
        "Content-Encoding"
        not in app.test_client().get("/d/rain/export.epub", headers={"Accept-Encoding": "br"}).headers
    )


def test_a_real_server_sends_a_long_one_whole(served, app, house):
    discussion = house.discussion(ask=2)
    host = house.host_of(discussion)
    with writing():
        for number in range(files.MOST_AT_ONCE + 60):
            comments.post(host, discussion, CommentDraft(f"No. {number}.", 1, None, f"number-{number:05}"))
    answer = requests.get(f"{served.address}/d/{discussion.slug}/transcript", timeout=60)
    assert answer.status_code == 200
    assert answer.text.endswith("</html>") or answer.text.endswith("</html>\n")
    assert answer.text.count('<li class="comment') == files.MOST_AT_ONCE + 60
    assert "Content-Length" not in answer.headers


def test_whoever_takes_a_file_slowly_holds_no_connection(app, house, report, monkeypatch):
    """Ten who read a long file over a weak link held all the database's connections."""
    from forum.archive import export, transcript
    from forum.database import db

    monkeypatch.setattr(transcript, "_AT_ONCE", 1)
    db.session.commit()
    for kind in export.KINDS:
        taken = [db.session().in_transaction() for _ in export.encoded(kind, report)]
        between = taken[1:-1]
        assert not between or not all(between), kind
