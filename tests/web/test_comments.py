"""Posting over HTTP: the contract's answers, and every way to send rubbish."""

import re
import time
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum.actions import comments, escalation, highlights, moderation, phases
from forum.actions.escalation import Rules
from forum.database import db
from forum.models import Audience, Comment, CommentState, Event
from forum.web.comments import by_writer

JSON = {"Accept": "application/json"}


@pytest.fixture
def live(house):
    """A live discussion with two questions asked."""
    return house.discussion(ask=2)


def send(client, discussion, member, path="comments", **fields):
    """Post a form and return the answer."""
    data = {"body": "Water is shared.", "question": "1", "key": "abcdefgh", "csrf_token": member.form_token} | fields
    return client.post(f"/d/{discussion.slug}/{path}", data=data, headers=JSON)


def test_posting_answers_201_and_the_same_key_200(client, live, member):
    first = send(client, live, member)
    again = send(client, live, member)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    assert first.json["state"] == "published"
    assert "Water is shared." in first.json["html"]
    assert {"id", "seq", "state", "html"} <= set(first.json)


@pytest.mark.parametrize("state", ["published", "held"])
def test_the_same_key_gives_the_same_answer_whatever_was_said_meanwhile(client, house, live, member, state):
    if state == "held":
        rules = Rules(hold_first=True, hold_links=False, words="", hide_after_flags=0)
        house.do(escalation.set_rules, house.host_of(live), live, rules)
    first = send(client, live, member)
    house.comment(live, house.host_of(live), "Meanwhile.")
    again = send(client, live, member)
    assert (first.status_code, again.status_code, first.json["state"]) == (201, 200, state)
    assert again.json == first.json
    told = db.session.get_one(Event, (live.id, first.json["seq"]))
    assert (told.subject_id, told.audience != Audience.HOSTS) == (first.json["id"], True)


def test_the_same_key_gives_the_same_answer_to_who_writes_for_a_panelist(client, house, live):
    typist = house.host_of(live)
    house.sign_in(client, typist)
    typist.form_token = house.token(client)
    said = {"for": str(house.panelist(live).id)}
    first = send(client, live, typist, **said)
    house.comment(live, typist, "Meanwhile.")
    again = send(client, live, typist, **said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json


def test_a_form_leads_to_the_comment_on_the_page(client, live, member):
    answer = client.post(
        f"/d/{live.slug}/comments", data={"body": "By form", "question": "2", "csrf_token": member.form_token}
    )
    comment = db.session.scalars(select(Comment)).one()
    assert answer.status_code == 303
    assert answer.location.endswith(f"#c{comment.id}")
    assert "By form" in client.get(answer.location.split("#")[0]).get_data(as_text=True)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"body": ""}, "body"),
        ({"body": "a\0b"}, "body"),
        ({"body": "x" * 10_001}, "body"),
        ({"body": ["a", "b"]}, "body"),
        ({"question": "null"}, "question"),
        ({"question": "1e309"}, "question"),
        ({"question": "99"}, "question"),
        ({"question": "-1"}, "question"),
        ({"reply_to": "999999999"}, "reply_to"),
        ({"reply_to": "[]"}, "reply_to"),
        ({"key": "!"}, "key"),
        ({"key": "k" * 65}, "key"),
    ],
)
def test_rubbish_is_refused_by_the_field_and_nothing_is_stored(client, live, member, fields, name):
    answer = send(client, live, member, **fields)
    assert answer.status_code == 422
    assert name in answer.json["error"]["fields"]
    assert db.session.scalar(select(func.count()).select_from(Comment)) == 0


def test_a_megabyte_is_refused(client, live, member):
    assert send(client, live, member, body="x" * 1_000_000).status_code in {413, 422}


def test_a_form_larger_than_the_server_reads_is_refused_with_words(client, live, member):
    """The page of the refusal gives typed text back, and must not stumble over a text that cannot be read."""
    page = client.post(f"/d/{live.slug}/comments", data={"body": "x" * (7 * 1024 * 1024)})
    assert page.status_code == 413 and "What you sent is too large." in page.text


URLENCODED = "application/x-www-form-urlencoded"


def of_a_visitor(client: FlaskClient, slug: str, form: bytes) -> int:
    client.delete_cookie("roundtext")
    begun = time.process_time()
    page = client.post(f"/d/{slug}/comments", data=form, content_type=URLENCODED)
    assert time.process_time() - begun < 1.5
    assert page.status_code != 413 or "What you sent is too large." in page.text
    return page.status_code


@pytest.mark.parametrize("form", [b"a&" * 1_500_000, b"a&" * 25_000, b"body=" + b"%ff" * 2_000_000])
def test_a_visitors_form_that_would_take_seconds_to_take_apart_is_refused_before(client, live, form):
    """Of 3 MB of separators it took 3 s, of 6 MB of what is no letter as long as 6 s, in which nobody read along."""
    assert of_a_visitor(client, live.slug, form) == 413


def test_a_visitors_longest_comment_is_read_whatever_its_script(client, live):
    """Every letter of it has twelve signs in an address; it is kept for after the sign-in."""
    said = "\U00010428" * 10_000
    assert of_a_visitor(client, live.slug, f"body={quote(said)}".encode()) == 303
    assert said in client.get(f"/d/{live.slug}").text


def test_a_members_form_has_as_few_fields_as_a_visitors(client, live, member):
    page = client.post(f"/d/{live.slug}/comments", data=b"a&" * 25_000, content_type=URLENCODED)
    assert page.status_code == 413


def test_a_form_without_its_token_is_refused(client, live, member):
    answer = send(client, live, member, csrf_token="")
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "csrf")


def test_a_form_from_another_site_is_refused(client, live, member):
    answer = client.post(
        f"/d/{live.slug}/comments",
        data={"body": "Hi", "csrf_token": member.form_token},
        headers=JSON | {"Origin": "https://evil.example"},
    )
    assert answer.json["error"]["code"] == "foreign_origin"


def test_another_host_name_is_refused(client, live):
    refused = client.get(f"/d/{live.slug}", headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert "FORUM_SITE_URL" in refused.get_data(as_text=True), "whoever has just put it up reads what is missing"


def test_a_closed_discussion_answers_409_and_a_form_gets_its_text_back(client, house, live, member):
    house.do(phases.close, house.host_of(live), live)
    assert send(client, live, member).status_code == 409
    page = client.post(f"/d/{live.slug}/comments", data={"body": "Too late & kept", "csrf_token": member.form_token})
    assert page.status_code == 409
    assert "Too late &amp; kept" in page.get_data(as_text=True)


def test_a_visitor_finds_the_text_again_after_signing_in(client, house, live):
    answer = client.post(f"/d/{live.slug}/comments", data={"body": "Typed before signing in", "question": "1"})
    assert answer.status_code == 303
    assert answer.location == f"/sign-up?next=/d/{live.slug}%23say"
    house.sign_in(client, house.user())
    assert "Typed before signing in" in client.get(f"/d/{live.slug}").get_data(as_text=True)


def test_a_visitor_who_asks_for_json_is_told_to_sign_in(client, live):
    answer = client.post(f"/d/{live.slug}/comments", data={"body": "Hi"}, headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "sign_in")


def test_a_draft_and_nothing_answer_alike_on_every_surface(client, house, member):
    draft = house.discussion(phase="draft")
    private = house.discussion(visibility="invited")
    for part in (
        "",
        "/events?after=0&epoch=x",
        "/recent",
        "/transcript",
        "/feed.atom",
        "/calendar.ics",
        "/comments",
        "/console",
    ):
        answers = {
            (answer.status_code, answer.get_data(as_text=True).replace(slug, "SLUG"))
            for slug in (draft.slug, private.slug, "no-such-thing")
            for answer in [client.get(f"/d/{slug}{part}", headers=JSON)]
        }
        assert len(answers) == 1, part
        assert next(iter(answers))[0] == 404
    for slug in (draft.slug, private.slug, "no-such-thing"):
        answer = client.post(
            f"/d/{slug}/comments", data={"body": "Hi", "csrf_token": member.form_token, "key": "abcdefgh"}, headers=JSON
        )
        assert answer.status_code == 404
    assert draft.title not in client.get("/").get_data(as_text=True)


def test_the_writer_edits_moves_and_deletes_and_nobody_else_can(client, house, live, member):
    made = send(client, live, member).json["id"]
    assert send(client, live, member, f"comments/{made}/edit", body="Changed").json["html"].count("Changed") == 1
    bare = {"csrf_token": member.form_token}  # the general remarks are nowhere to go by default
    assert client.post(f"/d/{live.slug}/comments/{made}/move", data=bare, headers=JSON).status_code == 422
    assert send(client, live, member, f"comments/{made}/move", question="2").status_code == 200
    other = house.comment(live)
    for action in ("edit", "delete"):
        assert send(client, live, member, f"comments/{other.id}/{action}", body="x").status_code == 404
    for action in ("hide", "restore", "mute", "move"):
        answer = send(client, live, member, f"comments/{other.id}/{action}", reason="x", question="2")
        assert answer.status_code in {403, 404}
    assert send(client, live, member, f"comments/{made}/delete").json["state"] == "deleted"


def test_what_is_hidden_or_deleted_is_on_no_surface(client, house, live):
    host = house.host_of(live)
    comment = house.comment(live, body="Xylophone secret", question=1)
    house.comment(live, body="An answer", reply_to=comment.id, question=1)
    house.sign_in(client, host)
    host.form_token = house.token(client)
    assert send(client, live, host, f"comments/{comment.id}/hide", reason="advertising").json["state"] == "hidden"
    with client.application.test_client() as visitor:
        for part in ("", "?order=time", "?show=q1", "/recent", "/transcript", "/feed.atom", "/comments?question=1"):
            assert "Xylophone" not in visitor.get(f"/d/{live.slug}{part}").get_data(as_text=True), part
        found = visitor.get(f"/d/{live.slug}/events?after=0&epoch={live.epoch}").get_data(as_text=True)
        assert "Xylophone" not in found
        assert "Xylophone" not in visitor.get("/").get_data(as_text=True)
    db.session.expire_all()
    assert db.session.get_one(Comment, comment.id).state is CommentState.HIDDEN


def test_a_members_pages_are_for_them_alone_and_a_visitors_are_as_they_were(client, house):
    user = house.user()
    assert "Cache-Control" not in client.get("/about").headers
    house.sign_in(client, user)
    for path in ("/", f"/people/{user.id}", "/about"):
        assert client.get(path).headers["Cache-Control"] == "private, no-cache", path
    assert client.get("/account").headers["Cache-Control"] == "no-store", "what a view has said stays"


def test_every_page_has_a_strict_policy_and_visitors_get_no_cookie(client, live):
    for path in ("/", f"/d/{live.slug}", "/about", "/no-such-page"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "name, value",
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    ],
)
def test_every_answer_tells_browsers_what_not_to_do_with_it(client, live, name, value):
    for path in ("/", f"/d/{live.slug}", "/no-such-page", "/static/nothing"):
        assert client.get(path).headers.get(name) == value, path


def test_visitors_of_one_household_are_counted_as_one(app):
    """An IPv6 household has 2^64 addresses, and whoever could use each as somebody else had no limit."""

    def key(address: str) -> str:
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            return by_writer()

    assert key("2001:db8:1:2::3") == key("2001:db8:1:2:ffff::4") != key("2001:db8:1:3::3")
    assert key("192.0.2.7") != key("192.0.2.8")


@pytest.mark.parametrize("as_member", [False, True])
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("POST", "/nope", 404, "not_found"), ("PUT", "/", 405, "wrong_method"), ("POST", "/healthz", 405, "wrong_method")],
)
def test_where_no_form_goes_none_has_expired(app, house, client, as_member, method, path, status, code):
    if as_member:
        house.sign_in(client, house.user())
    answer = client.open(path, method=method, data={"body": "Hi"}, headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert ("GET" in answer.headers.get("Allow", "")) is (status == 405)


def test_who_flags_without_script_reads_that_it_is_flagged(house, client, live):
    comment = house.comment(live, house.user(), "Buy my pumps!", question=1)
    house.sign_in(client, house.user())
    sent = {"csrf_token": house.token(client), "reason": "spam"}
    answer = client.post(f"/d/{live.slug}/comments/{comment.id}/flag", data=sent)
    assert (answer.status_code, answer.location) == (303, f"/d/{live.slug}?around={comment.id}"), "the words are on top"
    assert "Flagged. A host looks at it." in client.get(answer.location).get_data(as_text=True)


def test_what_is_behind_the_three_dots_is_a_page_without_script(app, house, live):
    writer, other, host = house.user("Ada Lind"), house.user("Ben Odd"), house.host_of(live)
    comment = house.comment(live, writer, "Buy my pumps!", question=1)
    at = f"/d/{live.slug}/comments/{comment.id}"

    def offered(user, at=at):
        browser = app.test_client()
        if user is not None:
            house.sign_in(browser, user)
        answer = browser.get(f"{at}/more")
        return re.findall(rf'href="{at}/(\w+)"', answer.text) if answer.status_code == 200 else answer.status_code

    assert offered(writer) == ["move", "delete"]
    assert offered(other) == ["flag"]
    assert offered(host) == ["move", "hide", "highlight", "mute"]
    house.do(highlights.highlight, host, comment)
    assert offered(host) == ["move", "hide", "unhighlight", "mute"]
    house.do(moderation.hide, host, comment, "An advertisement")
    assert (offered(host), offered(other), offered(writer)) == (["restore"], 404, 404)
    assert offered(None) == app.test_client().get(f"{at}/flag").status_code
    house.do(moderation.restore, host, comment)
    house.do(comments.delete, writer, comment)
    assert (offered(host), offered(writer)) == (404, 404)
    imported = house.discussion(ask=1)
    assert offered(other, f"/d/{imported.slug}/comments/{comment.id}") == 404
