"""What search engines and other sites are told, held to the vocabularies: schema.org, OpenGraph, oEmbed, sitemaps."""

import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree, html
from PIL import Image

from forum.actions import comments, highlights, leaving, moderation, phases, proposals, shortlisting, summaries
from forum.actions.leaving import Words
from forum.database import db, writing
from forum.models import Comment, ProposalState, User
from forum.web import feeds
from tests.standards.machines import tsc

MAP = etree.XMLSchema(etree.parse(Path(__file__).with_name("sitemap.xsd")))
EVIL = "\"'></script><script>alert(1)</script><!-- &amp; \\ رواق 雨"
# https://developers.google.com/search/docs/appearance/structured-data/discussion-forum: what is required of each type.
REQUIRED = {
    "DiscussionForumPosting": ({"author"}, {"datePublished"}, {"text", "image", "video"}),
    "Comment": ({"author"}, {"datePublished"}, {"text", "image", "video"}),
    "Person": ({"name"},),
    "Organization": ({"name"},),
    "CommentAction": (),
    "InteractionCounter": ({"interactionType"}, {"userInteractionCount"}),
}


def blocks(page: bytes) -> list[str]:
    """Return every JSON-LD of a page, as a browser's parser finds them."""
    return [one.text or "" for one in html.fromstring(page).xpath('//script[@type="application/ld+json"]')]


def nodes(said: object) -> list[dict]:
    """Return every object in `said`."""
    if isinstance(said, dict):
        return [said, *(node for value in said.values() for node in nodes(value))]
    return [node for value in said for node in nodes(value)] if isinstance(said, list) else []


def check(said: dict) -> None:
    for node in nodes(said):
        for names in REQUIRED[node["@type"]]:
            assert any(node.get(name) for name in names) or names == {"userInteractionCount"}, (node, names)
        for name in ("url", "@id"):
            assert name not in node or urlsplit(node[name]).netloc, node
        for name in ("datePublished", "dateModified"):
            assert name not in node or datetime.fromisoformat(node[name]).tzinfo is not None


@pytest.fixture
def past(house, clock):
    """An event that is over, with everything in it that could get into what machines are told."""
    room = house.discussion(
        host=house.user("Hana Host-Maier"), slug="rain", title=f"What does rain cost? {EVIL}", hosted_by=EVIL,
        intro=f"We propose {EVIL}.",
    )  # fmt: skip
    host, priya = house.host_of(room), house.panelist(room)
    house.do(shortlisting.set_taking, host, room, takes=True, anonymous=True)
    nemo = house.user("zqnamelessqz")
    wish = house.do(proposals.make, nemo, room, "Asked by nobody?", is_anonymous=True)
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    house.do(shortlisting.plan, host, room, wish.id, ask=True)
    otto, zoe = house.user("Otto Ode"), house.user("Zoe zqleftqz")
    for words in (EVIL, "```\n</script>\n```", "**", "https://x.example/", "雨" * 2000):
        clock.advance(timedelta(minutes=1))
        house.comment(room, otto, words, question=1)
        house.comment(room, priya, words)
    house.do(moderation.hide, host, house.comment(room, otto, "zqhiddenqz", question=1), "zqreasonqz")
    house.do(comments.delete, otto, house.comment(room, otto, "zqdeletedqz", question=1))
    edited = house.comment(room, otto, "zqbeforeqz", question=1)
    house.do(comments.edit, otto, edited, "After.")
    house.comment(room, zoe, "I leave.", question=1)
    house.do(highlights.highlight, host, edited)
    house.do(leaving.leave, zoe, Words.KEEP)
    house.do(phases.close, host, room)
    house.do(summaries.of_question, host, room.questions[0], f"In short: {EVIL}")
    return room


def test_what_search_engines_are_told_is_schema_org(app, house, past, tmp_path):
    """Each JSON-LD is typed as TypeScript knows schema.org (schema-dts is made from the vocabulary itself)."""
    bare = house.discussion(phase="announced", slug="bare", intro="", hosted_by="")
    for seat in list(bare.seats):
        with writing():
            db.session.delete(seat)
    long = house.discussion(slug="long", ask=1)
    host = house.host_of(long)
    with writing():
        for number in range(500):
            comments.post(host, long, comments.CommentDraft(f"No. {number}.", 1, None, f"number-{number:05}"))
    for room in (bare, long):
        if room is bare:
            house.do(phases.publish, db.session.get_one(User, bare.owner_id), bare) if bare.phase == "draft" else None
            with writing():
                bare.ends_at = bare.starts_at + timedelta(minutes=1)
                bare.starts_at, bare.ends_at = bare.starts_at - timedelta(days=9), bare.ends_at - timedelta(days=9)
        else:
            house.do(phases.close, host, room)
    lines = ['import type { DiscussionForumPosting, WithContext } from "schema-dts";']
    for slug in ("rain", "long", "bare"):
        for path in (f"/d/{slug}", f"/d/{slug}/transcript"):
            (block,) = blocks(app.test_client().get(path).data)
            said = json.loads(block)
            check(said)
            assert not re.search(r"zq(hidden|deleted|reason|before|nameless|left)qz", block)
            assert len(said.get("comment", [])) <= 100
            lines.append(f"export const said{len(lines)}: WithContext<DiscussionForumPosting> = {block};")
    assert len(lines) == 7
    (tmp_path / "said.ts").write_text("\n".join(lines))
    assert tsc(tmp_path) == []


def test_the_type_check_would_find_a_fault(tmp_path):
    wrong = '{"@context": "https://schema.org", "@type": "DiscussionForumPosting", "headlines": "x"}'
    types = 'import type { DiscussionForumPosting, WithContext } from "schema-dts";\n'
    (tmp_path / "said.ts").write_text(f"{types}export const said: WithContext<DiscussionForumPosting> = {wrong};")
    assert "headlines" in "\n".join(tsc(tmp_path))


def test_only_what_is_over_and_public_is_told(app, house, past):
    live, draft = house.discussion(ask=1), house.discussion(phase="draft")
    for room in (live, house.discussion(phase="closed", visibility="unlisted"), draft):
        for path in (f"/d/{room.slug}", f"/d/{room.slug}/transcript"):
            assert blocks(app.test_client().get(path).data) == [], path


# ---- OpenGraph ----


@pytest.mark.parametrize("title", [EVIL, "هل الماء حق؟ " * 9, "雨はいくらか" * 20, "x" * 200, "Wort " * 40, "🌊"])
def test_other_sites_are_told_what_opengraph_asks_for(app, house, title):
    room = house.discussion(phase="announced", slug="river", title=title[:200], intro=EVIL)
    page = html.fromstring(app.test_client().get("/d/river").data)
    said = {tag.get("property"): tag.get("content") for tag in page.xpath("//head/meta[starts-with(@property, 'og:')]")}
    assert {"og:title", "og:type", "og:image", "og:url"} <= set(said), "https://ogp.me, basic metadata"
    assert said["og:title"] == room.title
    assert urlsplit(said["og:url"]).path == "/d/river"
    picture = app.test_client().get(urlsplit(said["og:image"]).path)
    with Image.open(io.BytesIO(picture.data)) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (1200, 630))


# ---- oEmbed ----


def test_oembed_is_found_and_is_what_its_specification_says(app, house):
    house.discussion(ask=1, slug="river", title=EVIL)
    page = html.fromstring(app.test_client().get("/d/river").data)
    (found,) = page.xpath('//head/link[@rel="alternate" and @type="application/json+oembed"]')
    where = urlsplit(found.get("href"))
    assert where.path == "/oembed"
    (about,) = parse_qs(where.query)["url"]
    assert urlsplit(about).path == "/d/river"
    answer = app.test_client().get(f"/oembed?{where.query}")
    assert answer.content_type == "application/json"
    said = answer.get_json()
    assert (said["version"], said["type"]) == ("1.0", "rich"), "https://oembed.com, 2.3.4"
    assert {"html", "width", "height"} <= set(said), "2.3.4.4"
    assert isinstance(said["width"], int) and isinstance(said["height"], int)
    (frame,) = html.fragments_fromstring(said["html"])
    assert frame.tag == "iframe"
    assert len(frame) == 0
    assert urlsplit(frame.get("src")).path == "/d/river/embed"
    assert frame.get("title") == said["title"] == EVIL
    assert app.test_client().get(f"/oembed?{where.query}&format=xml").status_code == 501
    small = app.test_client().get(f"/oembed?{where.query}&maxwidth=200&maxheight=100").get_json()
    assert (small["width"], small["height"]) == (200, 100)
    assert small.get("thumbnail_width", 0) <= 200 and small.get("thumbnail_height", 0) <= 100, (
        "2.2: maxwidth holds for it"
    )


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "//", "http://[", "http://[::1", "javascript:alert(1)", "file:///etc/passwd", "http://elsewhere.example/d/river",
        "http://localhost.elsewhere.example/d/river", "http://localhost@elsewhere.example/d/river",
        "http://elsewhere.example\\@localhost/d/river", "http://localhost/d/", "http://localhost/d/%00", "http://localhost/d/\0",
        "http://localhost/d/" + "x" * 3000, "http://localhost/account", "http://localhost/d/river%2f..%2f..", "http://localhost:99999/d/river",
        "ftp://localhost/d/river", "http://localhost/d/\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)  # fmt: skip
def test_oembed_describes_nothing_but_our_discussions(app, house, url):
    house.discussion(ask=1, slug="river")
    assert app.test_client().get("/oembed", query_string={"url": url}).status_code == 404


@pytest.mark.parametrize("size", ["0", "-1", "x", "9" * 30, "1e3", "٤٠٠", " 5"])
def test_oembed_refuses_a_size_that_is_none(app, house, size):
    house.discussion(ask=1, slug="river")
    answer = app.test_client().get("/oembed", query_string={"url": "http://localhost/d/river", "maxwidth": size})
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or isinstance(answer.get_json()["width"], int)


# ---- the map of the site ----


def site_map(app, path="/sitemap.xml") -> etree._Element:
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    tree = etree.fromstring(answer.data)
    assert MAP.validate(tree), MAP.error_log
    return tree


def places(tree) -> list[str]:
    return tree.xpath("//*[local-name()='loc']/text()")


def test_the_map_is_one_by_its_protocol(app, house, past):
    site_map(app)
    assert app.test_client().get("/sitemap.xml").headers["Content-Type"].startswith("application/xml")


def test_a_site_with_more_than_a_map_holds_has_several(app, house, past, monkeypatch):
    """The protocol: 50,000 addresses in a map; nothing that is public is left out."""
    monkeypatch.setattr(feeds, "_MOST_MAPPED", 3)
    rooms = [house.discussion(slug=f"room-{number}") for number in range(7)]
    tree = site_map(app)
    assert etree.QName(tree).localname == "sitemapindex"
    found = [place for one in places(tree) for place in places(site_map(app, urlsplit(one).path))]
    assert len(found) == len(set(found)) == 2 + 2 * (len(rooms) + 1)
    assert {f"/d/{room.slug}" for room in (*rooms, past)} <= {urlsplit(place).path for place in found}
    assert app.test_client().get("/sitemap-99.xml").status_code == 404
    assert db.session.query(Comment).count()
