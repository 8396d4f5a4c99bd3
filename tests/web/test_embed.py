"""A discussion inside other pages: for everybody alike, framed by anybody, and never more than everybody may read."""

import html

import pytest
from bleach._vendor.html5lib import HTMLParser
from sqlalchemy import insert

from forum.actions import moderation
from forum.database import db, writing
from forum.models import Comment


def get(app, path, user=None, house=None):
    client = app.test_client()
    if user is not None:
        house.sign_in(client, user)
    return client.get(path)


@pytest.fixture
def room(house):
    return house.discussion(ask=2, host=house.user("Hana Host-Maier"), slug="water", title="Whose <river>?")


def test_any_page_may_frame_it_and_no_other_page_of_ours(app, house, room):
    answer = get(app, "/d/water/embed")
    assert "frame-ancestors *;" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    for path in ("/d/water", "/", "/sign-in", "/d/water/nothing", "/d/water/embed?question=99"):
        other = get(app, path)
        assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"], path
        assert other.headers["X-Frame-Options"] == "DENY", path


def test_it_shows_the_same_to_everybody_and_nothing_to_press(app, house, room):
    house.comment(room, house.user("Mara Member"), "An <i>answer</i>.", question=2)
    gone = house.comment(room, house.user(), "zqgoneqz", question=2)
    house.do(moderation.hide, house.host_of(room), gone, "no")
    anonymous = get(app, "/d/water/embed").get_data(as_text=True)
    hosts = get(app, "/d/water/embed", house.host_of(room), house)
    assert hosts.get_data(as_text=True) == anonymous
    assert "Set-Cookie" not in hosts.headers
    HTMLParser(strict=True).parse(anonymous)
    assert "Mara Member" in anonymous
    assert "zqgoneqz" not in anonymous
    for sign in ("<form", "csrf", "data-action", "<input"):
        assert sign not in anonymous
    assert 'http-equiv="refresh"' in anonymous


@pytest.fixture
def flooded(house, room):
    """Somebody has flooded it after a good answer, and was hidden with all they wrote."""
    good = house.comment(room, house.user(), "zqgoodqz", question=2)
    spam = house.comment(room, house.user("Spam Writer"), "zqspamqz", question=2)
    house.do(moderation.hide, house.host_of(room), spam, "spam")
    row = {column.name: getattr(spam, column.name) for column in Comment.__table__.columns}
    with writing():
        db.session.execute(insert(Comment), [row | {"id": spam.id + n, "key": f"spam-{n}"} for n in range(1, 60)])
        room.last_seq += 1
    return good


@pytest.mark.parametrize("path", ["embed", "feed.atom", "embed?question=2", "feed.atom?question=2"])
def test_what_was_hidden_takes_nobodys_room(app, house, room, flooded, path):
    shown = get(app, f"/d/water/{path}").get_data(as_text=True)
    assert "zqgoodqz" in shown
    assert "spam" not in shown.lower()


def test_where_all_that_was_written_is_hidden_it_says_that_there_is_nothing(app, house, room):
    gone = house.comment(room, house.user(), "zqgoneqz", question=2)
    house.do(moderation.hide, house.host_of(room), gone, "no")
    shown = get(app, "/d/water/embed").get_data(as_text=True)
    assert "Nothing has been written yet." in shown
    assert "<ol" not in shown


def test_one_question_alone(app, house, room):
    house.comment(room, house.user(), "To the first.", question=1)
    house.comment(room, house.user(), "To the second.", question=2)
    shown = get(app, "/d/water/embed?question=1").get_data(as_text=True)
    assert "To the first." in shown
    assert "To the second." not in shown
    assert get(app, "/d/water/embed?question=7").status_code == 422


def test_a_kept_frame_is_new_when_something_is_written(app, house, room):
    first = get(app, "/d/water/embed")
    again = app.test_client().get("/d/water/embed", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    house.comment(room, house.user(), "News.", question=2)
    assert "News." in get(app, "/d/water/embed").get_data(as_text=True)


def test_a_members_browser_that_has_the_frame_is_not_sent_it_again_and_gets_no_cookie_with_it(app, house, room):
    client = app.test_client()
    house.sign_in(client, house.user())
    with client.session_transaction() as cookie:
        cookie.permanent = True
    first = client.get("/d/water/embed")
    again = client.get("/d/water/embed", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    for answer in (first, again):
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/d/{}/embed", "/oembed?url=http://localhost/d/{}"])
def test_what_is_not_for_everybody_is_not_there(app, house, path):
    for discussion in (house.discussion(visibility="invited", ask=1), house.discussion(phase="draft")):
        for user in (None, house.host_of(discussion)):
            assert get(app, path.format(discussion.slug), user, house).status_code == 404
    assert get(app, path.format("no-such")).status_code == 404


def test_other_sites_are_told_how_to_show_it(app, house, room):
    page = get(app, "/d/water").get_data(as_text=True)
    assert 'type="application/json+oembed"' in page
    answer = get(app, "/oembed?url=http://localhost/d/water/c/1&maxwidth=400")
    said = answer.get_json()
    assert (said["version"], said["type"], said["width"], said["height"]) == ("1.0", "rich", 400, 720)
    assert said["html"].startswith("<iframe src=")
    assert 'title="Whose &lt;river&gt;?"' in said["html"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for query, status in (
        ("url=http://elsewhere.example/d/water", 404), ("", 404), ("url=javascript:alert(1)", 404),
        ("url=http://localhost/about", 404), ("url=http://localhost/d/water&format=xml", 501),
        ("url=http://localhost/d/water&maxwidth=-1", 422), ("url=http://[", 404),
    ):  # fmt: skip
        assert get(app, f"/oembed?{query}").status_code == status, query


def test_the_line_for_other_sites_is_on_the_page_and_its_script_may_be_used_there(app, house, room):
    page = get(app, "/d/water/export").get_data(as_text=True)
    assert "&lt;script async src=" in page
    assert "/embed.js" in page
    assert html.unescape(page).count('data-title="Whose &lt;river&gt;?"></script>') == 1
    answer = get(app, "/embed.js")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "iframe" in answer.get_data(as_text=True)
