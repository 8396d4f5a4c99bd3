"""Kept pages: what is repeated is what anybody would get, and no more of it than fits."""

import pytest
from werkzeug.test import EnvironBuilder

from forum.live import pages
from forum.live.heads import Head
from forum.live.lines import Lines


class Inside:
    """An app behind the kept pages, whose answer is chosen; it counts how often it was asked."""

    def __init__(self, head, **headers):
        self.head, self.headers, self.body, self.asked = head, headers, b"x" * 1000, 0

    def __call__(self, environ, start_response):
        self.asked += 1
        environ[pages._KEEP] = self.head
        headers = {"Content-Type": "text/html", "Content-Length": str(len(self.body)), **self.headers}
        start_response("200 OK", list(headers.items()))
        return [self.body]


def answer(app, path, method="GET", base="http://localhost"):
    """Return the status, the headers and the bytes that go over the wire."""
    said = []
    environ = EnvironBuilder(path, base, method=method).get_environ()
    body = b"".join(app(environ, lambda status, headers, exc_info=None: said.extend((status, dict(headers)))))
    return *said, body


@pytest.fixture
def inside(house, clock):
    return Inside(Head.of(house.discussion(slug="water")))


@pytest.fixture
def outside(inside, database):
    return pages.Pages(inside, Lines(database), "roundtext")


def test_a_question_for_the_head_gets_no_body_from_a_kept_page_either(inside, outside):
    """After bytes that nobody expects, the next answer on the same line is rubbish."""
    _status, headers, body = answer(outside, "/d/water")
    assert body == inside.body
    again = answer(outside, "/d/water", "HEAD")
    assert again == ("200 OK", headers, b"")
    assert inside.asked == 1


def test_what_gives_somebody_a_cookie_is_repeated_to_nobody(inside, outside):
    inside.headers["Set-Cookie"] = "roundtext=secret"
    for _ in range(2):
        assert answer(outside, "/d/water")[1]["Set-Cookie"] == "roundtext=secret"
    assert inside.asked == 2


@pytest.mark.parametrize("other", ["https://localhost", "http://forum.example"])
def test_what_was_kept_for_one_address_is_not_given_at_another(inside, outside, other):
    """Its links and its policy name the scheme and the host that were asked."""
    answer(outside, "/d/water")
    answer(outside, "/d/water", base=other)
    assert inside.asked == 2
    for base in ("http://localhost", other):
        answer(outside, "/d/water", base=base)
    assert inside.asked == 2


def test_a_page_that_is_made_again_takes_its_place_once(inside, outside, monkeypatch):
    monkeypatch.setattr(pages, "_MOST_BYTES", 3000)
    answer(outside, "/d/water?quiet")
    for seq in range(10, 20):
        inside.head = inside.head._replace(last_seq=seq)  # never what the row says: it is made anew each time
        answer(outside, "/d/water")
    assert len(outside._kept) == 2
    assert outside._bytes == 2000


def test_what_was_asked_for_longest_ago_makes_room(inside, outside, monkeypatch):
    monkeypatch.setattr(pages, "_MOST_PAGES", 2)
    for query in ("one", "two", "one", "three", "one"):
        answer(outside, f"/d/water?{query}")
    assert inside.asked == 3
    answer(outside, "/d/water?two")
    assert inside.asked == 4


@pytest.mark.parametrize("said", ["Cookie", "Accept-Language, Cookie"])
def test_a_cache_is_told_that_an_answer_is_packed_for_who_asked_whatever_else_it_depends_on(inside, outside, said):
    inside.headers |= {"Vary": said, "Set-Cookie": "roundtext=secret"}
    heard = []
    environ = EnvironBuilder("/d/water", headers={"Accept-Encoding": "br"}).get_environ()
    b"".join(outside(environ, lambda _status, headers, exc_info=None: heard.extend(headers)))
    assert ("Content-Encoding", "br") in heard
    assert [value for name, value in heard if name == "Vary"] == [said, "Accept-Encoding"]
