"""Feeds, held to RFC 4287: by its grammar, by the rules beside it, and by a reader that people use."""

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
from lxml import etree, html

from forum.actions import comments, discussions, moderation
from forum.database import db
from forum.models import Comment, User
from tests.web.test_archive import draft_of

A = "{http://www.w3.org/2005/Atom}"
GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
HOSTILE = "\"'>]]><script>x</script>&amp;&#0; \ufffe\uffff<b>رواق</b> 雨 \U0001f30a"


def read(app, path: str) -> etree._Element:
    """Return the feed at `path` after every check there is."""
    answer = app.test_client().get(path)
    assert answer.status_code == 200, path
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = etree.fromstring(answer.data, etree.XMLParser(resolve_entities=False, no_network=True))
    assert GRAMMAR.validate(feed), (path, GRAMMAR.error_log)
    entries = feed.findall(f"{A}entry")
    assert feed.find(f"{A}author") is not None or all(entry.find(f"{A}author") is not None for entry in entries)
    base = feed.get("{http://www.w3.org/XML/1998/namespace}base")
    assert urlsplit(base).netloc
    for one in (feed, *entries):
        links = {link.get("rel", "alternate"): link.get("href") for link in one.findall(f"{A}link")}
        assert len(links) == len(one.findall(f"{A}link")), "4.1.1: no two alternates of a kind"
        assert all(urlsplit(address).netloc for address in links.values())
        assert urlsplit(one.findtext(f"{A}id")).scheme, "4.2.6: an absolute IRI"
        assert datetime.fromisoformat(one.findtext(f"{A}updated")).tzinfo is not None
    own = next(link.get("href") for link in feed.findall(f"{A}link") if link.get("rel") == "self")
    assert own.partition("//")[2].partition("/")[2] == path.removeprefix("/")
    ids = [entry.findtext(f"{A}id") for entry in entries]
    assert len({*ids, feed.findtext(f"{A}id")}) == len(ids) + 1, "each thing has its own"
    times = [datetime.fromisoformat(entry.findtext(f"{A}updated")) for entry in entries]
    if times:
        assert datetime.fromisoformat(feed.findtext(f"{A}updated")) == max(times)
    for content in feed.iterfind(f"{A}entry/{A}content"):
        assert content.get("type") == "html"
        assert len(content) == 0, "escaped, not as elements"
        for address in html.fragment_fromstring(content.text or "", create_parent=True).xpath("//@href|//@src"):
            assert urlsplit(address).netloc or base, f"{address} leads nowhere in a feed reader"
    parsed = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert parsed.bozo == 0, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    assert len(parsed.entries) == len(entries)
    for entry in parsed.entries:
        for address in html.fragment_fromstring(entry.content[0].value, create_parent=True).xpath("//@href"):
            assert urlsplit(address).scheme in {"http", "https", "mailto"}, address
    return feed


@pytest.fixture
def room(house, clock):
    """A discussion with two questions and everything in it that a feed could stumble over."""
    room = house.discussion(
        ask=2, slug="river", title=f"Whose river? {HOSTILE}"[:190], hosted_by=f"Org & {HOSTILE}"[:110], intro=HOSTILE
    )
    otto, priya = house.user('Otto <Ode> & "Son"'), house.panelist(room)
    for words in (HOSTILE, f"@{priya.name} [x](/about) <https://x.example/?a=1&b=2>", "```\n]]>\n```", "ascii"):
        clock.advance(timedelta(minutes=1))
        house.comment(room, otto, words, question=1)
        house.comment(room, priya, words, question=2)
    gone = house.comment(room, otto, "zqgoneqz", question=1)
    house.do(moderation.hide, house.host_of(room), gone, "zqreasonqz")
    return room


def paths(room) -> list[str]:
    otto = db.session.query(Comment).filter_by(source="ascii").first().author
    priya = next(seat.user for seat in room.seats if seat.role.value == "panelist")
    own = f"/d/{room.slug}/feed.atom"
    return ["/feed.atom", own, f"{own}?question=2", *(f"/people/{one.id}/feed.atom" for one in (otto, priya))]


def test_every_feed_is_atom(app, house, room):
    house.discussion(phase="announced", slug="coming")
    for path in (*paths(room), "/d/coming/feed.atom"):
        feed = read(app, path)
        assert "zqgoneqz" not in etree.tostring(feed, encoding="unicode")


def test_feeds_of_a_site_where_nothing_is_yet(app, house):
    assert read(app, "/feed.atom").findall(f"{A}entry") == []


def names(app, path: str) -> set[str]:
    feed = read(app, path)
    return {feed.findtext(f"{A}id")} | {entry.findtext(f"{A}id") for entry in feed.findall(f"{A}entry")}


def test_nothing_is_new_because_its_address_is(app, house, room):
    """RFC 4287, 4.2.6: an id never changes. A reader would show the whole discussion again as unread."""
    host = house.host_of(room)
    before = [names(app, path) for path in paths(room)]
    house.do(discussions.edit, host, room, draft_of(room, slug="stream", title="Another title"))
    assert room.slug == "stream"
    assert [names(app, path) for path in paths(room)] == before
    answer = app.test_client().get("/d/river/feed.atom")
    assert (answer.status_code, answer.location) == (301, "/d/stream/feed.atom")


def test_a_changed_comment_is_newer_and_the_same(app, house, room, clock):
    last = db.session.query(Comment).filter_by(source="ascii").first()
    clock.advance(timedelta(minutes=5))
    house.do(comments.edit, db.session.get_one(User, last.author_id), last, "Changed.")
    feed = read(app, "/d/river/feed.atom")
    newest = max(feed.findall(f"{A}entry"), key=lambda entry: entry.findtext(f"{A}updated"))
    assert "Changed." in newest.findtext(f"{A}content")
    assert newest.findtext(f"{A}published") < newest.findtext(f"{A}updated") == feed.findtext(f"{A}updated")


def test_who_has_the_feed_already_is_told_so(app, house, room):
    client = app.test_client()
    first = client.get("/d/river/feed.atom")
    again = client.get("/d/river/feed.atom", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    house.comment(room, house.user(), "News.", question=2)
    assert client.get("/d/river/feed.atom", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    for path in paths(room):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304, path
