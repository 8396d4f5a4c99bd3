"""Every page there is, read by the Nu HTML Checker, which is what validator.w3.org runs."""

import re
from pathlib import Path

import pytest

from forum.actions import phases
from tests.browser.test_every_page import Street
from tests.standards.machines import nu

pytestmark = pytest.mark.one_database

# The one thing that it says and we leave: a comment is an <article> named by its writer's name (aria-labelledby). A
# heading for each of 500 comments would bury those of the questions, by which people find their way.
LEFT = {"Article lacks heading. Consider using “h2”-“h6” elements to add identifying headings to all articles."}
# What a visitor's page has of the style sheet and the checker does not know yet (CSS Scroll-driven Animations 1, CSS
# Basic User Interface 4); a browser that does not know it either leaves it out.
LEFT |= {
    f"CSS: “{name}”: Property “{name}” doesn't exist."
    for name in ("animation-timeline", "animation-range", "field-sizing")
}


class Shelf:
    """Pages as files, and whose each is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.names = folder, {}

    def put(self, where: str, answer) -> None:
        assert answer.content_type.startswith("text/html"), where
        name = f"{len(self.names):03}.html"
        (self.folder / name).write_bytes(answer.data)
        self.names[name] = where

    def check(self) -> None:
        faults = [
            f"{self.names[one['url'].rpartition('/')[2]]}: {one['message']} «{one.get('extract', '')}»"
            for one in nu(self.folder)
            if one["message"] not in LEFT
        ]
        if faults:
            pytest.fail("\n".join(faults), pytrace=False)


@pytest.mark.timeout(900)
def test_every_page_is_html_by_the_nu_checker(app, house, tmp_path):
    street, shelf = Street(house), Shelf(tmp_path)
    clients = {}
    for role, user in street.people.items():
        clients[role] = app.test_client()
        if user is not None:
            house.sign_in(clients[role], user)
    for endpoint, role, path in street.pages():
        answer = clients[role].get(path)
        assert answer.status_code in {200, 410}, (path, answer.status_code)
        shelf.put(f"{endpoint} for {role} at {path}", answer)
    visitor, host = clients["visitor"], clients["host"]
    # Files that people keep, refusals as pages, forms that come back, and what a page is in its other forms.
    for path in (
        "/d/closed/export.html", "/d/water/export.html", "/d/nothing", "/d/water/embed?question=99",
        "/search?q=&role=king", "/d/water?show=q1", "/d/water?show=general", "/d/water?refresh=5", "/d/water?reply=1",
        "/d/water?around=1", "/d/water/embed?question=1", "/d/water?order=time&before=3",
    ):  # fmt: skip
        shelf.put(path, visitor.get(path))
    for client, path, fields in (
        (visitor, "/sign-up", {"name": "", "email": "no", "password": "x"}),
        (visitor, "/sign-in", {"email": "no", "password": "x"}),
        (visitor, "/d/announced/rsvp", {"kind": "dance", "zone": "Mars", "email": "no"}),
        (host, "/d/water/edit", {"title": "", "starts_at_date": ""}),
        (host, "/d/water/questions/new", {"text": ""}),
        (host, "/d/water/seats/new", {"name": "", "email": "x"}),
        (clients["member"], "/d/water/comments", {"body": ""}),
        (clients["member"], "/account", {"name": ""}),
        (clients["owner"], "/organise/new", {"title": ""}),
        (clients["owner"], "/organise/import", {"kind": "text", "source": "Q1: Why?\nAda: Because.\nOtto: <No>."}),
    ):
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path.replace("comments", "") or "/").text)
        sent = {**fields, "csrf_token": token[1]} if token else fields
        shelf.put(f"POST {path}", client.post(path, data=sent))
    assert len(shelf.names) > 90
    shelf.check()


@pytest.mark.timeout(900)
def test_pages_with_hostile_and_foreign_words_are_html_too(app, house, tmp_path):
    """What people write must not break a page: every field that is shown holds what breaks badly written ones."""
    shelf = Shelf(tmp_path)
    evil = "\"'><script>x</script>&amp;<!-- --&gt; \u202e\u200f\ufeff مرحبا 雨"
    room = house.discussion(
        host=house.user("Hana <b>&\"'"), title=evil, slug="evil", hosted_by=evil,
        intro=f"# {evil}\n\n|a|b|\n|-|-|\n|1|2|\n\n1. x",
        language="ar",
    )  # fmt: skip
    house.asked(room, evil)
    writer = house.user("' onload=x \"")
    said = (
        evil, "> quoted\n>\n> > twice\n\n```html\n<p>\n```", "- a\n- b\n\n***\n\n![x](https://x.example/a b.png)",
        "https://x.example/?a=1&b=2#%zz", "[a](http://[::1]/\"onclick=)",
        "# One\n\n### Three", "<div>not</div>", "`a`" * 30,
        "1. x\n2. y\n\n7. z", "a  \nb", "**[x](https://x.example \"t&quot;\")**", "&#0;&#x80;&nbsp;", "<https://x.example/é|>",
    )  # fmt: skip
    for words in said:
        house.comment(room, writer, words, question=1)
        house.comment(room, writer, words)
    client = app.test_client()
    paths = ("", "/transcript", "/embed", "/statistics", "/export", "/export.html", "/rsvp", "/replay", "?order=time")
    for path in paths:
        shelf.put(path, client.get(f"/d/evil{path}"))
    house.do(phases.close, house.host_of(room), room)
    for path in (*paths, "/highlights"):
        shelf.put(f"closed {path}", client.get(f"/d/evil{path}"))
    shelf.put("search", client.get("/search", query_string={"q": "quoted \"'><", "in": "evil"}))
    shelf.put("home", client.get("/"))
    shelf.put("person", client.get(f"/people/{writer.id}"))
    shelf.check()
