"""No refusal costs what somebody has typed: it comes back in a form that can be pressed again, and only that."""

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from forum.actions import passwords, rsvps
from forum.database import db, writing
from forum.models import Discussion, Phase, RsvpKind, Session, Site, SiteRole
from tests.web.test_organiser import WHOLE, picture

INTRO = "Who shares the river, <b>and how</b>?\r\nCome & say so."


class Form(HTMLParser):
    """The form of a refused page: where it goes, what it would send, and what a person sees of it."""

    def __init__(self, page: str, sign: str = 'class="form"') -> None:
        super().__init__()
        self.action, self.sends, self.seen, self.labels, self._area = None, [], {}, {}, None
        self.types: dict[str, str] = {}
        start = page.rfind("<form", 0, page.find(sign)) if sign in page else -1
        if start >= 0:
            self.feed(page[start : page.index("</form>", start)])

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form":
            self.action, self.enctype = found["action"], found.get("enctype")
        elif tag == "input":
            kind = found.get("type", "text")
            self.types[found["name"]] = kind
            if kind != "file":
                self.sends.append((found["name"], found.get("value", "")))
            if kind != "hidden":
                self.seen[found["name"]] = found.get("value", "")
        elif tag == "textarea":
            self._area = (found["name"], "hidden" in found, [])

    def handle_data(self, data):
        if self._area:
            self._area[2].append(data)

    def handle_endtag(self, tag):
        if tag == "textarea":
            name, hidden, parts = self._area
            value = "".join(parts).removeprefix("\n")
            self.sends.append((name, value))
            if not hidden:
                self.seen[name] = value
            self._area = None

    def press(self, client):
        fields: dict[str, list[str]] = {}
        for name, value in self.sends:
            fields.setdefault(name, []).append(value)
        return client.post(self.action, data=fields, content_type=self.enctype or "application/x-www-form-urlencoded")


FORMS = [
    ("/organise/new", WHOLE | {"intro": INTRO, "slug": "new-one"}, "intro"),
    ("/d/{slug}/edit", WHOLE | {"intro": INTRO}, "intro"),
    ("/d/{slug}/questions/new", {"text": INTRO, "length_minutes": "10", "is_spare": "1"}, "text"),
    ("/organise/import", {"kind": "text", "source": "Q1: Why?\r\nOtto: So.\r\n" * 90}, "source"),
    ("/d/{slug}/seats/new", {"name": "Nia Okafor", "email": "nia@example.org", "role": "panelist"}, "name"),
    ("/d/{slug}/guests", {"source": "a@example.org\r\nb@example.org", "words": "Come!", "key": "k" * 20}, "words"),
    ("/account", {"name": "Hana Hosts", "biography": INTRO, "language": "en"}, "biography"),
    ("/d/{slug}/console/announcement", {"announcement": "Tea!"}, "announcement"),
    ("/d/{slug}/console/summary", {"summary": INTRO}, "summary"),
    ("/d/{slug}/console/comments/1/hide", {"reason": "Rude."}, "reason"),
    ("/site", {"seen": "", "registration": "open", "rules": INTRO, "name": "Rivers"}, "rules"),
    ("/d/{slug}/rsvp", {"kind": "take_part", "zone": "Africa/Kampala"}, "zone"),
]


def put_off(room: Discussion) -> None:
    """Let `room` be one whose start may lie ahead, as that of WHOLE does."""
    with writing():
        room.phase = Phase.ANNOUNCED
        room.starts_at += timedelta(days=3)
        room.ends_at += timedelta(days=3)


@pytest.mark.parametrize(("path", "fields", "typed"), FORMS, ids=[path for path, *_ in FORMS])
def test_an_expired_form_comes_back_whole_and_can_be_pressed(host, room, path, fields, typed):
    if path.endswith("/edit"):
        put_off(room)
    refused = host.post(path.format(slug=room.slug), data=fields | {"csrf_token": "an old one"})
    assert refused.status_code == 403
    form = Form(refused.text)
    assert form.action == path.format(slug=room.slug)
    assert form.seen[typed].replace("\r\n", "\n") == fields[typed].replace("\r\n", "\n")
    sent = {name: value.replace("\r\n", "\n") for name, value in form.sends if name != "csrf_token"}
    assert sent == {name: value.replace("\r\n", "\n") for name, value in fields.items()}
    assert "an old one" not in refused.text
    assert "<b>and how" not in refused.text
    assert "Sign in in another tab" not in refused.text
    again = form.press(host)
    assert "form has expired" not in again.text, again.text
    assert again.status_code in ({404} if "/comments/" in path else {200, 303})


class Choices(HTMLParser):
    """The boxes, circles and lists of the form that sends `sign`: what each offers by its name, and what is chosen."""

    def __init__(self, page: str, sign: str) -> None:
        super().__init__()
        self.fields, self.offered, self.chosen, self._list = {}, {}, {}, ""
        start = page.rfind("<form", 0, page.index(f'name="{sign}"'))
        self.feed(page[start : page.index("</form>", start)])

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        name, kind, value = found.get("name", ""), found.get("type"), found.get("value", "")
        if tag == "select":
            self._list = name
        elif kind in {"checkbox", "radio"}:
            self.offered.setdefault(name, [] if kind == "radio" else [""]).append(value)
            self._choose(name, value, "checked" in found)
        elif tag == "option" and self._list:
            self.offered.setdefault(self._list, []).append(value)
            self._choose(self._list, value, "selected" in found)
        elif tag == "input" and kind not in {"file", "submit"}:
            self.fields[name] = value

    def handle_endtag(self, tag):
        if tag == "select":
            self._list = ""

    def _choose(self, name, value, is_chosen):
        if is_chosen or name not in self.chosen:
            self.chosen[name] = value if is_chosen else ""

    def others(self):
        """What nobody had chosen, for each."""
        return {
            name: next(value for value in offered[::-1] if value != self.chosen[name])
            for name, offered in self.offered.items()
        }


CHOOSING = [
    ("/organise/new", {"title": ""}),
    ("/d/{slug}/edit", {"title": ""}),
    ("/d/{slug}/seats/new", {"name": ""}),
    ("/d/{slug}/questions/new", {"text": ""}),
    ("/d/{slug}/questions", {"text": "x" * 3000}),
    ("/d/{slug}/rsvp", {"zone": "Nowhere"}),
    ("/account", {"name": ""}),
    ("/account/leave", {"leave_password": "not mine"}),
    ("/organise/import", {"source": ""}),
    ("/site", {"held_words": "x" * 60_000}),
]


@pytest.mark.parametrize(("path", "wrong"), CHOOSING, ids=[path for path, _ in CHOOSING])
def test_a_refused_form_keeps_what_was_chosen(house, host, path, wrong):
    """Boxes, circles and lists, each with what is not there at first."""
    admin = house.user("Ada Admin", role=SiteRole.ADMINISTRATOR)
    room = house.discussion(phase="announced", host=admin)
    with writing():
        room.takes_anonymous, room.hero, room.hero_credit, room.hero_alt = True, "a" * 32 + ".webp", "Ada", "A river"
        site = Site.fresh()
        site.logo = "b" * 32 + ".webp"
        db.session.add(site)
        admin.password_hash = passwords.hashed("eleven rivers")
        rsvps.say(admin, room, RsvpKind.TAKE_PART, "UTC")
    house.sign_in(host, admin)
    path = path.format(slug=room.slug)
    sign = next(iter(wrong))
    before = Choices(host.get(path.removesuffix("/leave")).text, sign)
    chosen = before.others()
    sent = before.fields | {name: value for name, value in chosen.items() if value} | wrong
    refused = host.post(path, data=sent | {"csrf_token": house.token(host)})
    assert refused.status_code == 422, refused.text
    assert Choices(refused.text, sign).chosen == chosen
    assert chosen, "or it has nothing to choose, and need not stand in this list"


def test_what_people_type_has_a_label_and_machines_words_are_not_shown(host, room):
    fields = WHOLE | {"intro": INTRO, "key": "0123456789abcdef"}
    page = host.post(f"/d/{room.slug}/edit", data=fields).text
    form = Form(page)
    for name in ("visibility", "questions_shown", "key"):
        assert name not in form.seen
        assert (name, fields[name]) in form.sends
    for field in re.findall(r'<(?:input|textarea) id="([^"]+)"', page):
        assert f'<label for="{field}">' in page, field
    assert '<label for="typed">Title</label>' in page


def test_who_is_no_longer_signed_in_signs_in_beside_it_and_sends_it(app, house, host, room):
    with host.session_transaction() as cookie:
        cookie.clear()
    path = f"/d/{room.slug}/edit"
    put_off(room)
    away = host.post(
        path, data=WHOLE | {"intro": INTRO, "slug": room.slug}, headers={"Referer": f"http://localhost{path}"}
    )
    assert away.status_code == 403
    assert f'<a href="/sign-in?next={path}" target="_blank">' in away.text
    house.sign_in(host, house.host_of(room))
    with host.session_transaction() as cookie:
        cookie.pop("csrf_token", None)  # as a sign-in does
    once_more = Form(away.text).press(host)
    assert once_more.status_code == 403
    done = Form(once_more.text).press(host)
    assert done.status_code == 303
    db.session.expire_all()
    assert Discussion.with_slug(room.slug).intro == INTRO.replace("\r\n", "\n")


@pytest.mark.parametrize("referrer", ["http://[", "http://elsewhere.example/d/x", "//"])
def test_a_referrer_that_is_none_of_ours_leads_nowhere(client, room, referrer):
    """What came from no page of ours goes on at the home page, and a made-up address is a refusal like any other."""
    data = {"announcement": "We begin late."}
    refused = client.post(f"/d/{room.slug}/console/announcement", data=data, headers={"Referer": referrer})
    assert refused.status_code == 403
    assert 'href="/sign-in?next=/"' in refused.text


def test_a_session_that_was_ended_elsewhere_costs_no_text_either(app, house, host, room):
    """The cookie and its token are still there, so that the page is simply unknown."""
    token = house.token(host)
    for session in db.session.query(Session).all():
        db.session.delete(session)
    db.session.commit()
    gone = host.post(f"/d/{room.slug}/questions/new", data={"csrf_token": token, "text": "And who\r\npays?"})
    assert gone.status_code == 404
    assert Form(gone.text).seen["text"].splitlines() == ["And who", "pays?"]
    assert "Sign in in another tab" in gone.text
    away = host.post("/account", data={"csrf_token": token, "name": "Hana Hosts", "biography": "I host."})
    assert away.status_code == 403
    assert Form(away.text).seen["biography"] == "I host."
    assert "Sign in in another tab" in away.text
    assert Form(host.post("/d/never/questions/new", data={"text": "And who pays?"}).text).seen, "as for any address"


@pytest.mark.parametrize(("fault", "status"), [(OperationalError, 503), (ZeroDivisionError, 500)])
def test_a_fault_or_a_database_that_is_away_costs_no_text(house, host, room, fault, status):
    def refuse(_connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO question"):
            raise fault("INSERT", {}, Exception("gone")) if status == 503 else fault

    sent = {"csrf_token": house.token(host), "text": "And who pays?"}
    event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        answer = host.post(f"/d/{room.slug}/questions/new", data=sent)
    finally:
        event.remove(db.engine, "before_cursor_execute", refuse)
    assert answer.status_code == status
    assert Form(answer.text).seen == {"text": "And who pays?"}
    assert "Sign in in another tab" not in answer.text
    assert Form(answer.text).press(host).status_code == 303


def test_a_conflict_gives_the_text_back(house, host, room):
    question = house.question(room)
    path = f"/d/{room.slug}/questions/{question.id}/summary"
    refused = host.post(path, data={"csrf_token": house.token(host), "summary": "Nobody knows yet."})
    assert refused.status_code == 409
    assert Form(refused.text).seen == {"summary": "Nobody knows yet."}


def test_another_site_gets_no_form_that_is_ready_to_press(host, room):
    for header in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = host.post(f"/d/{room.slug}/console/announcement", data={"announcement": "Buy this!"}, headers=header)
        assert answer.status_code == 403
        assert "Buy this!" not in answer.text


def test_passwords_and_files_never_come_back(host, client):
    refused = client.post(
        "/sign-in", data={"email": "ada@example.org", "password": "eleven rivers", "next": "/account"}
    )
    assert refused.status_code == 403
    assert "eleven rivers" not in refused.text
    form = Form(refused.text)
    assert (form.seen["email"], form.seen["password"], form.types["password"]) == ("ada@example.org", "", "password")
    assert 'target="_blank"' not in refused.text, "this is where one signs in"
    refused = host.post("/organise/new", data=WHOLE | {"hero": picture()}, content_type="multipart/form-data")
    assert Form(refused.text).types["hero"] == "file"
    assert Form(refused.text).enctype == "multipart/form-data"
    assert "Choose the file again" in refused.text


def test_every_value_of_a_field_comes_back(host, room):
    data = {"guest": ["1", "2", "3"], "words": "So and so."}
    form = Form(host.post(f"/d/{room.slug}/guests/again", data=data).text)
    assert [value for name, value in form.sends if name == "guest"] == ["1", "2", "3"]


def test_a_mere_button_gets_no_form_and_is_told_what_to_do(host, room):
    refused = host.post(f"/d/{room.slug}/console/extend", data={"minutes": "10"})
    assert Form(refused.text).action is None
    assert "press once more" in refused.text


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example/x", "/d/x/edit?a=%22%3E%3Cb%3E"])
def test_the_form_stays_on_this_site(host, path):
    answer = host.post(path, data={"text": "Some words."})
    action = Form(answer.text).action
    assert action is None or (re.match(r"/[^/\\]", action) and "<b>" not in unescape(action).replace("%3Cb%3E", ""))


def test_what_somebody_made_up_is_bounded(host):
    many = {f"field{number}": "some words" for number in range(3000)}
    page = host.post("/organise/new", data=many).text
    assert page.count("some words") <= 600
    assert "Go back in your browser" in page
    page = host.post("/organise/new", data={"title": "A title", "x" * 5000: "some words"}).text
    assert "x" * 200 not in page
    huge = host.post("/organise/new", data={"intro": "é" * 120_000})
    assert huge.status_code in {403, 413}


def test_the_log_does_not_know_what_was_typed(host, caplog):
    host.post("/organise/new", data=WHOLE | {"intro": "a very secret thought"})
    assert "secret thought" not in caplog.text


def test_programs_are_told_as_before(host):
    answer = host.post("/organise/new", data=WHOLE, headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "csrf"
