"""The panel over HTTP: coming in by a link, the green room's page and forms, and the hosts' part of the console."""

import io
import re
import secrets
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from forum.actions import (
    calls,
    comments,
    flags,
    held,
    invitations,
    leaving,
    links,
    moderation,
    phases,
    questions,
    rehearsals,
    seats,
)
from forum.database import db, writing
from forum.live import fragments
from forum.models import BackstageMessage, Comment, CommentState, Event, HeldAnswer, Letter, Session, User

JSON = {"Accept": "application/json"}


class Panel:
    """A live discussion with a panelist and a browser for everybody."""

    def __init__(self, app, house, **fields):
        self.app, self.house = app, house
        self.discussion = house.discussion(ask=1, slug="hour", **fields)
        self.host = house.host_of(self.discussion)
        self.priya = house.panelist(self.discussion)
        self.seat = next(seat for seat in self.discussion.seats if seat.user_id == self.priya.id)
        self.people = {"host": self.client(self.host), "panelist": self.client(self.priya)}

    def client(self, user=None):
        client = self.app.test_client()
        if user is not None:
            self.house.sign_in(client, user)
        return client

    def get(self, who, path="/backstage"):
        client = self.people[who]
        return client.get(f"/d/hour{path}")

    def post(self, who, path, headers=None, **fields):
        client = self.people[who]
        fields.setdefault("csrf_token", self.house.token(client))
        return client.post(f"/d/hour{path}", data=fields, headers=headers)

    def link(self) -> str:
        """The path of the link in the letter."""
        self.house.do(invitations.invite, self.host, self.seat)
        body = db.session.scalars(select(Letter).order_by(Letter.id.desc())).first().body
        return "/invitation/" + body.split("/invitation/")[1].split()[0]


@pytest.fixture
def table(app, house):
    return Panel(app, house)


def token_in(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def come_in(client, link):
    page = client.get(link).get_data(as_text=True)
    return client.post(link, data={"csrf_token": token_in(page)})


def picture(kind="PNG", size=(600, 400)) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return io.BytesIO(out.getvalue())


def test_looking_at_the_link_changes_nothing_and_the_button_signs_in(table):
    link, client = table.link(), table.client()
    for _ in range(3):
        answer = client.get(link)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200 and "Come in as Priya Raman" in page
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/d/hour/backstage").status_code == 404, "no sign-in by looking"
    assert not re.search(r'(href|src)="https?://', page), "nothing on the page could carry the address away"
    assert client.head(link).status_code == 200
    answer = come_in(client, link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/d/hour/backstage/introduction")
    assert "Welcome, Priya Raman." in client.get("/d/hour/backstage/introduction").get_data(as_text=True)
    assert client.get("/d/hour/backstage").status_code == 200
    other = table.client()
    assert come_in(other, link).status_code == 303, "on the phone too"


def test_a_session_planted_before_is_worth_nothing_afterwards(table, app):
    """Session fixation: who set this browser's cookie knows nothing of the session that the link begins."""
    link, attacker = table.link(), table.client(table.house.user("Eve"))
    planted = attacker.get_cookie("roundtext").value
    with attacker.session_transaction() as cookie:
        before = cookie["_user_id"]
    victim = table.client()
    victim.set_cookie("roundtext", planted)
    page = victim.get(link).get_data(as_text=True)
    assert "This browser is signed in as Eve." in page
    assert victim.post(link, data={"csrf_token": token_in(page)}).status_code == 303
    with victim.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert victim.get("/d/hour/backstage").status_code == 200
    assert attacker.get("/d/hour/backstage").status_code == 404
    assert attacker.get("/account").status_code == 303, "the session that was there has ended"


def test_the_link_is_posted_only_with_a_token_and_from_our_own_page(table):
    link, client = table.link(), table.client()
    page = client.get(link).get_data(as_text=True)
    assert client.post(link).status_code == 403
    foreign = client.post(link, data={"csrf_token": token_in(page)}, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert db.session.scalars(select(Session).where(Session.invitation_id.is_not(None))).all() == []


def test_an_old_link_says_that_it_is_old_and_what_to_do(table):
    link = table.link()
    client = table.client()
    assert come_in(client, link).status_code == 303
    table.post("host", f"/panel/{table.seat.id}/revoke")
    assert client.get("/d/hour/backstage").status_code == 404, "whoever came by it is signed out"
    page = client.get(link)
    assert page.status_code == 410 and "ask for a new link" in page.get_data(as_text=True)
    assert client.get("/invitation/" + "x" * 500).status_code == 410


def test_somebody_with_an_account_signs_in_when_the_link_came_from_the_hosts_screen(table):
    with writing():
        table.priya.password_hash = "something"
    shown = table.house.do(invitations.invite, table.host, table.seat)
    client = table.client()
    page = client.get(shown).get_data(as_text=True)
    assert "Come in as" not in page and "/sign-in?next=/d/hour/backstage/introduction" in page.replace("%2F", "/")
    token = token_in(client.get("/sign-in").get_data(as_text=True))
    assert client.post(shown, data={"csrf_token": token}).status_code == 403
    assert client.get("/d/hour/backstage").status_code == 404


def shown_link(table) -> str:
    return table.house.do(invitations.invite, table.host, table.seat)


def is_here(client) -> bool:
    return client.get("/d/hour/backstage").status_code == 200


def send(client, path, headers=None, **fields):
    token = client.get("/sign-in", headers=JSON).get_json()["csrf_token"]
    return client.post(path, data={"csrf_token": token, **fields}, headers=headers)


def test_who_came_by_the_link_that_the_host_sees_takes_part_but_the_account_is_not_theirs(table):
    client = table.client()
    assert come_in(client, shown_link(table)).status_code == 303
    for path, fields in (
        ("/account/password", {"old_password": "", "password": "eleven rivers"}),
        ("/account/address", {"email": "elsewhere@example.org", "email_password": ""}),
        ("/account/leave", {"words": "remove", "leave_password": ""}),
    ):
        answer = send(client, path, JSON, **fields)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "shown_link"), path
        assert "Open the link in the letter that we mailed you" in send(client, path, **fields).text, path
    assert client.get("/account/data.json", headers=JSON).json["error"]["code"] == "shown_link"
    page = client.get("/account").get_data(as_text=True)
    assert "Open the link in the letter that we mailed you" in page
    assert 'action="/account/password"' not in page and "/account/data.json" not in page
    db.session.expire_all()
    assert (table.priya.password_hash, table.priya.left_at) == (None, None)
    said = send(client, "/d/hour/backstage/messages", JSON, body="Hello", key=secrets.token_hex(8))
    assert said.status_code == 201
    said = send(client, "/d/hour/comments", JSON, body="Yes.", question="1", key=secrets.token_hex(8))
    assert said.status_code == 201


def test_the_mailed_link_in_the_same_browser_makes_the_account_ones_own(table):
    shown = shown_link(table)
    body = db.session.scalars(select(Letter)).one().body
    mailed = "/invitation/" + body.split("/invitation/")[1].split()[0]
    client = table.client()
    come_in(client, shown)
    come_in(client, mailed)
    come_in(client, shown)
    assert 'action="/account/password"' in client.get("/account").get_data(as_text=True)
    answer = send(client, "/account/password", JSON, old_password="", password="eleven rivers")
    assert answer.status_code == 200
    assert is_here(client)


def test_whoever_came_by_the_shown_link_is_signed_out_once_the_account_is_worth_more(table, house):
    client, by_mail, link = table.client(), table.client(), table.link()
    come_in(by_mail, link)
    come_in(client, shown_link(table))
    assert is_here(client)
    other = house.discussion()
    assert is_here(client), "another discussion is nothing to her"
    house.seat(other, table.priya, "panelist")
    assert not is_here(client)
    assert is_here(by_mail)


def test_whoever_came_by_the_shown_link_is_signed_out_when_the_seat_is_taken_away(table):
    client, by_mail, link = table.client(), table.client(), table.link()
    come_in(by_mail, link)
    come_in(client, shown_link(table))
    assert is_here(client)
    table.house.do(seats.take, table.host, table.seat)
    assert client.get("/account").status_code == 303
    assert by_mail.get("/account").status_code == 200


def test_a_link_that_was_mailed_to_an_address_ends_as_its_panelist_moves_to_another(table):
    link, mine, stranger = table.link(), table.client(), table.client()
    come_in(mine, link)
    come_in(stranger, link)
    token = table.house.do(lambda: links.token_for(table.priya, "address", "priya@new.example.org"))
    assert send(mine, f"/address/{token}").status_code == 303
    assert is_here(mine)
    assert not is_here(stranger)
    answer = stranger.get(link)
    assert (answer.status_code, "ask for a new link" in answer.text) == (410, True)
    come_in(stranger, table.link())
    assert is_here(stranger)


@pytest.fixture
def rehearsed(house):
    """A host's browser, and what its console in a rehearsal of an event is asked by; the event has a bare moderator."""
    client = house.app.test_client()

    def begin(phase):
        discussion = house.discussion(phase=phase)
        house.seat(discussion, house.user("Mo Bare"), "moderator")
        house.panelist(discussion)
        host = house.host_of(discussion)
        house.sign_in(client, host)
        return house.do(rehearsals.begin, host, discussion)

    def post(rehearsal, path):
        at = f"/d/{rehearsal.slug}/panel{path}"
        return client.post(at, data={"csrf_token": house.token(client)}, headers=JSON)

    return client, begin, post


def test_links_and_passwords_are_sent_from_the_event_and_not_from_its_rehearsal(rehearsed):
    client, begin, post = rehearsed
    rehearsal = begin("announced")
    console = client.get(f"/d/{rehearsal.slug}/console").text
    assert "Priya Raman" in console and "Mo Bare" in console
    for offered in ("Send a link", "Link…", "no link yet", "letter to set a password"):
        assert offered not in console
    letters = db.session.query(Letter).count()
    mo, priya = (next(s.id for s in rehearsal.seats if s.name == name) for name in ("Mo Bare", "Priya Raman"))
    for path in ("/invite", f"/{priya}/invite", f"/{mo}/password"):
        answer = post(rehearsal, path)
        assert answer.status_code == 409 and "from the console of the event itself" in answer.text, path
    assert db.session.query(Letter).count() == letters


def test_the_panel_of_a_draft_comes_to_its_rehearsal_by_links_of_the_rehearsal(rehearsed):
    client, begin, post = rehearsed
    rehearsal = begin("draft")
    console = client.get(f"/d/{rehearsal.slug}/console").text
    assert "Send a link" in console and "It ends with the rehearsal." in console
    (made,) = post(rehearsal, "/invite").json["links"]
    guest = client.application.test_client()
    assert come_in(guest, "/invitation/" + made["link"].rpartition("/")[2]).status_code == 303
    assert guest.get(f"/d/{rehearsal.slug}/backstage").status_code == 200


def test_the_host_sends_links_sees_each_once_and_the_record_says_who(table):
    seat_id = table.seat.id
    answer = table.post("host", f"/panel/{seat_id}/invite")
    page = answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    link = re.search(r'value="http[^"]*(/invitation/[^"]+)"', page)[1]
    assert link not in table.get("host", "/console").get_data(as_text=True)
    letter = db.session.scalars(select(Letter)).one()
    assert letter.to == table.priya.email and link not in letter.body and "/invitation/" in letter.body
    assert come_in(table.client(), link).status_code == 303
    console = table.get("host", "/console").get_data(as_text=True)
    assert "has opened the link" in console and "sent a panelist's link" in console
    everybody = table.post("host", "/panel/invite", JSON)
    assert everybody.json["links"] == [], "nobody is left without a link"
    assert table.post("panelist", f"/panel/{seat_id}/invite").status_code == 404


def test_the_console_offers_no_link_to_who_has_left_the_site(table):
    at = f"/panel/{table.seat.id}/invite"
    assert at in table.get("host", "/console").text
    table.house.do(leaving.leave, table.priya, leaving.Words.KEEP)
    assert at not in table.get("host", "/console").text
    assert table.post("host", at, JSON).status_code == 409
    assert table.seat.id not in [link["seat"] for link in table.post("host", "/panel/invite", JSON).json["links"]]


def test_one_completes_ones_own_seat_with_a_picture_that_is_drawn_anew(table, app):
    fields = {
        "title": "Director", "affiliation": "Lab", "biography": "Writes <b>about</b> water.",
        "csrf_token": table.house.token(table.people["panelist"]), "picture": (picture(), "../../me.svg"),
    }  # fmt: skip
    answer = table.people["panelist"].post("/d/hour/backstage/introduction", data=fields)
    assert answer.status_code == 303
    db.session.expire_all()
    stored = app.config["SETTINGS"].data_dir / "media" / table.seat.picture
    with Image.open(stored) as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (288, 288))
    person = table.client().get(f"/people/{table.priya.id}").get_data(as_text=True)
    assert "Writes &lt;b&gt;about&lt;/b&gt; water." in person
    assert 'title="Verified by the host"' in table.client().get("/d/hour").get_data(as_text=True)
    assert "profile done" in table.get("host", "/console").get_data(as_text=True)


def test_what_is_no_picture_is_refused_and_the_words_stay(table):
    fields = {
        "title": "Director", "biography": "Kept words", "picture": (io.BytesIO(b"<svg onload=alert(1)>"), "me.png"),
        "csrf_token": table.house.token(table.people["panelist"]),
    }  # fmt: skip
    answer = table.people["panelist"].post("/d/hour/backstage/introduction", data=fields)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Kept words" in page and "field-picture" in page
    assert table.seat.picture == ""


@pytest.mark.parametrize("who", ["visitor", "member", "muted"])
def test_the_green_room_is_not_there_for_anybody_else(table, who):
    person = {"visitor": None, "member": table.house.user(), "muted": table.house.user()}[who]
    client = table.client(person)
    nothing = client.get("/d/no-such-thing/backstage").status_code
    assert client.get("/d/hour/backstage").status_code == nothing == 404
    assert client.get("/d/hour/backstage/introduction").status_code == 404
    token = token_in(client.get("/sign-in" if person is None else "/account").get_data(as_text=True))
    for path in ("messages", "check", "ready", "calls/1/pass", "answers/1", "answers/1/release", "held/1/forget"):
        answer = client.post(f"/d/hour/backstage/{path}", data={"csrf_token": token, "body": "x"}, headers=JSON)
        assert answer.status_code == 404, path


def test_messages_come_back_on_both_pages_and_one_key_says_them_once(table):
    key = secrets.token_hex(8)
    first = table.post("panelist", "/backstage/messages", JSON, body="Shall I take finance?", key=key)
    again = table.post("panelist", "/backstage/messages", JSON, body="Shall I take finance?", key=key)
    assert (first.status_code, again.status_code, first.json["id"]) == (201, 200, again.json["id"])
    form = table.post("host", "/backstage/messages", body="Yes please.", key=secrets.token_hex(8))
    assert form.headers["Location"] == "/d/hour/backstage#messages"
    form = table.post("host", "/backstage/messages", body="From the console", **{"from": "console"})
    assert form.headers["Location"] == "/d/hour/console#messages"
    for page in (table.get("host"), table.get("panelist"), table.get("host", "/console")):
        assert "Shall I take finance?" in page.get_data(as_text=True)
    assert len(db.session.scalars(select(BackstageMessage)).all()) == 3
    refused = table.post("host", "/backstage/messages", body="y" * 3000)
    assert refused.status_code == 422 and "y" * 3000 in refused.get_data(as_text=True), "no text is lost"


def test_next_up_is_shown_to_the_panel_and_not_to_readers(app, house):
    table = Panel(app, house, questions_shown="none")
    house.question(table.discussion, "Who pays in the end?")
    skipped = house.question(table.discussion, "Never mind?")
    house.do(questions.skip, table.host, skipped)
    page = table.get("panelist").get_data(as_text=True)
    assert "Who pays in the end?" in page and "Never mind?" not in page
    assert "Who pays" not in table.get("panelist", "").get_data(as_text=True), "their live page is the public one"


def test_ready_is_asked_and_answered(table):
    assert "I am ready" not in table.get("panelist").get_data(as_text=True)
    assert table.post("panelist", "/backstage/check").status_code == 403
    table.post("host", "/backstage/check")
    assert "I am ready" in table.get("panelist").get_data(as_text=True)
    table.post("panelist", "/backstage/ready")
    page = table.get("host", "/console").get_data(as_text=True)
    assert re.search(r'class="is-ready"><bdi>Priya Raman</bdi>: ready', page)
    table.post("host", "/backstage/check", end="yes", **{"from": "console"})
    assert table.post("panelist", "/backstage/ready", JSON).status_code == 409


def test_a_call_reaches_the_panelists_own_pages_and_nobody_elses(table):
    member = table.house.user()
    comment = table.house.comment(table.discussion, member, "Who runs the wells?", question=1)
    console = table.get("host", "/console").get_data(as_text=True)
    assert "Q1: not heard from yet" in console and "Ask the panel…" in console
    said = table.post("host", "/panel/call", JSON, panelist=table.priya.id, question=1)
    assert said.json["notice"].startswith("Priya Raman sees at once")
    table.post("host", "/panel/call", panelist=table.priya.id, comment=comment.id)
    live = table.get("panelist", "").get_data(as_text=True)
    assert "A host asks you to answer Q1." in live and f"?reply={comment.id}#say" in live
    assert "A host asks you" in table.get("panelist").get_data(as_text=True)
    assert "A host asks you" not in table.client(member).get("/d/hour").get_data(as_text=True)
    assert "called on for a comment" in table.get("host", "/console").get_data(as_text=True)
    call = calls.open_calls(table.discussion)[0]
    table.post("panelist", f"/backstage/calls/{call.id}/pass")
    table.post("host", f"/panel/calls/{calls.open_calls(table.discussion)[0].id}/withdraw")
    assert "A host asks you" not in table.get("panelist", "").get_data(as_text=True)
    for fields in (
        {"panelist": table.priya.id},
        {"panelist": "x", "question": 1},
        {"panelist": member.id, "question": 1},
    ):
        assert table.post("host", "/panel/call", JSON, **fields).status_code == 422


def test_what_is_pushed_to_one_person_is_their_tray(table):
    table.house.do(calls.call, table.host, table.discussion, table.priya.id, table.discussion.questions[0])
    mine = f"user:{table.priya.id}"
    events = db.session.scalars(select(Event).where(Event.audience == mine)).all()
    (said,) = fragments.render(table.discussion, events)
    assert "A host asks you to answer Q1." in said["regions"]["for-you"]
    assert "csrf" not in said["regions"]["for-you"]
    page = table.get("panelist", f"/events?after=0&epoch={table.discussion.epoch}").json
    assert any("for-you" in event.get("regions", {}) for event in page["events"])
    page = table.get("host", f"/events?after=0&epoch={table.discussion.epoch}").json
    assert not any("for-you" in event.get("regions", {}) for event in page["events"])


def test_a_tray_shows_no_words_that_readers_do_not_see(table):
    author = table.house.user()
    comment = table.house.comment(table.discussion, author, "Who runs the wells?", question=1)
    table.house.do(calls.call, table.host, table.discussion, table.priya.id, comment)
    asked = select(Event).where(Event.audience == f"user:{table.priya.id}").order_by(Event.seq)

    def pushed() -> str:
        told = db.session.scalars(asked).all()
        assert len(told) > len(heard)
        heard[:] = told
        (said,) = fragments.render(table.discussion, told[-1:])
        return said["regions"]["for-you"]

    heard: list[Event] = []
    assert "Who runs the wells?" in pushed()
    for step, *arguments in (
        (moderation.hide, table.host, comment, "Rude"),
        (moderation.restore, table.host, comment),
        (flags.set_aside, comment, {}),
        (moderation.restore, table.host, comment),
        (comments.edit, author, comment, "Who drinks?"),
        (comments.delete, author, comment),
    ):
        table.house.do(step, *arguments)
        tray = pushed()
        assert ("A host asks you" in tray) is (comment.state is CommentState.PUBLISHED)
        assert comment.source in tray or comment.state is not CommentState.PUBLISHED


@pytest.mark.parametrize("words", [leaving.Words.KEEP, leaving.Words.REMOVE])
def test_a_tray_shows_no_words_of_who_has_left_with_them(table, words):
    author = table.house.user()
    comment = table.house.comment(table.discussion, author, "Who runs the wells?", question=1)
    table.house.do(calls.call, table.host, table.discussion, table.priya.id, comment)
    table.house.do(leaving.leave, author, words)
    mine = select(Event).where(Event.audience == f"user:{table.priya.id}").order_by(Event.seq)
    told = db.session.scalars(mine).all()
    assert len(told) == (2 if words is leaving.Words.REMOVE else 1)
    (said,) = fragments.render(table.discussion, told[-1:])
    assert ("Who runs the wells?" in said["regions"]["for-you"]) is (words is leaving.Words.KEEP)


def test_a_held_answer_goes_from_the_green_room_to_the_page(table):
    q2 = table.house.question(table.discussion, "Who pays?")
    where = f"/backstage/answers/{q2.id}"
    assert "Only you can read it" in table.post("panelist", where, JSON, body="Everybody pays.").json["notice"]
    assert table.post("host", where, JSON, body="x").status_code == 403
    early = table.post("panelist", f"{where}/release", JSON, key="a-key-here", body="Everybody pays a little.")
    assert early.status_code == 409
    assert db.session.scalars(select(HeldAnswer)).one().body == "Everybody pays a little.", "a refusal keeps the newest"
    assert "Everybody pays" not in table.get("host").get_data(as_text=True)
    table.house.do(questions.ask, table.host, q2)
    assert "Your held answer waits." in table.get("panelist", "").get_data(as_text=True)
    page = table.get("panelist").get_data(as_text=True)
    form = page[page.index(f'id="release-{q2.id}"') :]
    key = re.search(r'name="key" value="([^"]+)"', form)[1]
    for _ in range(2):
        assert table.post("panelist", f"{where}/release", key=key).status_code == 303
    (comment,) = db.session.scalars(select(Comment)).all()
    assert comment.source == "Everybody pays a little." and comment.question_id == q2.id
    assert "Everybody pays a little." in table.client().get("/d/hour").get_data(as_text=True)
    assert "Your held answer waits." not in table.get("panelist", "").get_data(as_text=True)


def test_after_the_close_the_green_room_stays_and_held_texts_can_be_read(table):
    q2 = table.house.question(table.discussion, "Who pays?")
    table.house.do(held.hold, table.priya, q2, "Never said.")
    table.house.do(phases.close, table.host, table.discussion)
    page = table.get("panelist").get_data(as_text=True)
    assert "Never said." not in table.get("host").get_data(as_text=True)
    assert table.post("panelist", "/backstage/messages", JSON, body="Thanks, all.").status_code == 201
    assert table.post("panelist", f"/backstage/answers/{q2.id}", JSON, body="More").status_code == 409
    assert "Never said." in page


@pytest.mark.parametrize("late_minutes", [0, 30])
def test_after_the_close_the_green_room_calls_nothing_next_or_open(app, house, late_minutes):
    table = Panel(app, house, late_minutes=late_minutes)
    q2 = house.question(table.discussion, "Who pays?", 20)
    house.question(table.discussion, "What next?", 30)
    house.do(held.hold, table.priya, q2, "Never said.")
    live = table.get("panelist").text
    assert all(words in live for words in ("Next up", "Open now", "planned 30 min after the start", "ahead"))
    house.do(phases.close, table.host, table.discussion)
    page = table.get("panelist").text
    assert "Never said." in page and "Who pays?" in page and "What next?" not in page
    assert not any(words in page for words in ("Next up", "Open now", "after the start", "is-next"))
    assert "Next up" not in table.get("host").text


@pytest.mark.parametrize(("late_minutes", "after", "is_asked"), [(0, 0, False), (30, 10, True), (30, 31, False)])
def test_nobody_is_asked_to_answer_where_nothing_can_be_written_any_more(
    app, house, clock, late_minutes, after, is_asked
):
    table = Panel(app, house, late_minutes=late_minutes)
    house.comment(table.discussion, body="What does @Priya Raman say?", question=1)
    house.do(calls.call, table.host, table.discussion, table.priya.id, table.discussion.questions[0])
    asks = ("A host asks you to answer Q1:", ">Answer</a>", "Answer on the page", ">Reply<")
    assert all(words in table.get("panelist").text for words in asks)
    house.do(phases.close, table.host, table.discussion)
    clock.advance(timedelta(minutes=after))
    page = table.get("panelist").text
    assert [words in page for words in asks] == [is_asked] * len(asks)
    assert "names you" in page


@pytest.mark.parametrize("late_minutes", [0, 30])
def test_after_the_close_the_green_room_says_what_was_answered_and_asks_nothing(app, house, clock, late_minutes):
    table = Panel(app, house, late_minutes=late_minutes)
    for text in ("Who pays?", "What next?"):
        house.do(questions.ask, table.host, house.question(table.discussion, text))
    house.do(held.hold, table.priya, table.discussion.questions[1], "Never released.")
    house.do(phases.close, table.host, table.discussion)
    clock.advance(timedelta(minutes=late_minutes + 1))
    page = table.get("panelist").text
    assert "You answered none of the questions." in page and "Never released." in page
    assert "release the first answer" not in page
    asks = ("you have not answered", "waits for an answer", "Release your answer", "Change your held answer")
    assert not any(words in page for words in asks)
    house.do(phases.extend, table.host, table.discussion, 30)
    assert all(words in table.get("panelist").text for words in asks)
    for number in (1, 3):
        house.comment(table.discussion, table.priya, body="Yes.", question=number)
    house.do(phases.close, table.host, table.discussion)
    clock.advance(timedelta(minutes=late_minutes + 1))
    said = table.get("panelist").text
    assert 'You answered: <a href="/d/hour#q1">Q1</a>, <a href="/d/hour#q3">Q3</a></p>' in said


def test_in_a_pause_a_call_is_read_and_leads_to_no_field(table):
    house = table.house
    house.do(phases.pause, table.host, table.discussion)
    house.do(calls.call, table.host, table.discussion, table.priya.id, table.discussion.questions[0])
    page = table.get("panelist").text
    assert "A host asks you to answer Q1:" in page and ">Answer</a>" not in page and "Answer on the page" not in page


@pytest.mark.parametrize("nonsense", ["", "\0", "x" * 200_000, "\u202etxet", "-1", "99999999999999999999", "[]"])
def test_made_up_fields_are_refused_and_never_a_fault(table, nonsense):
    q1 = table.discussion.questions[0].id
    for path, names in (
        ("/panel/call", ("panelist", "question", "comment")), ("/backstage/messages", ("body", "key")),
        (f"/backstage/answers/{q1}", ("body",)), (f"/backstage/answers/{q1}/release", ("key", "body")),
        ("/backstage/introduction", ("title", "affiliation", "biography", "picture")),
    ):  # fmt: skip
        for who in ("host", "panelist"):
            answer = table.post(who, path, JSON, **dict.fromkeys(names, nonsense))
            assert answer.status_code < 500, (path, who, answer.get_data(as_text=True)[:200])
    assert table.get("panelist", "/backstage?before=" + nonsense.replace("\0", "%00")[:50]).status_code < 500


def test_the_letters_are_counted(table, monkeypatch):
    counted = []
    monkeypatch.setattr("forum.web.panel.throttles.count", lambda kind, *whom: counted.append((kind, *whom)))
    assert table.post("host", f"/panel/{table.seat.id}/invite", JSON).status_code == 200
    assert counted == [("mail to", table.priya.email)]


def test_the_console_says_who_writes_without_a_badge(table):
    owner = db.session.get_one(User, table.discussion.owner_id)
    table.people["owner"] = table.client(owner)
    said = "You have no seat: readers see you without a badge."
    assert f'{said} <a href="/d/hour/seats/new">' in table.get("owner", "/console").text
    assert said not in table.get("host", "/console").text
    table.house.do(phases.close, table.host, table.discussion)
    assert said not in table.get("owner", "/console").text


@pytest.mark.parametrize(
    ("shown", "green_room", "run_sheet"),
    [
        ("all", "readers see this too", "readers see the questions to come"),
        ("count", "readers see only how many there are", "only hosts see this"),
        ("none", "readers do not see this yet", "only hosts see this"),
    ],
)
def test_hosts_and_panel_read_what_readers_see_of_the_questions_to_come(app, house, shown, green_room, run_sheet):
    table = Panel(app, house, questions_shown=shown)
    house.question(table.discussion, "Who pays?")
    assert ("Who pays?" in table.client().get("/d/hour").text) is (shown == "all")
    assert f"<small>{green_room}</small>" in table.get("panelist").text
    assert f"<small>{run_sheet}; times in" in table.get("host", "/console").text


def test_of_a_draft_readers_see_nothing_whatever_is_chosen(app, house):
    draft = house.discussion(phase="draft", slug="hour", questions_shown="all")
    house.question(draft, "Who pays?")
    client = app.test_client()
    house.sign_in(client, house.host_of(draft))
    assert "readers do not see this yet" in client.get("/d/hour/backstage").text
    assert "only hosts see this" in client.get("/d/hour/console").text
