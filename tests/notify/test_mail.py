"""Mail by a real conversation with a mail server on loopback, and what an asker can learn from the site meanwhile."""

import asyncio
import re
import smtplib
import threading
import time
from datetime import timedelta
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from argon2 import PasswordHasher
from sqlalchemy import text

from forum import clock as now_clock
from forum import create_app
from forum.actions import first_passwords, seats
from forum.actions.seats import SeatDraft
from forum.database import db, writing
from forum.models import Letter, SeatRole, User
from forum.notify import letters, mail, sender
from forum.notify.sender import bell, is_final, message_of
from tests.conftest import forget_person, free_port
from tests.house import House

PASSWORD = "eleven rivers"


class Mailbox:
    """What the mail server does with a message: keep it, answer `refusal`, or keep it and hang up.

    It refuses all, or those with `refused` in them.
    """

    def __init__(self):
        self.messages, self.recipients, self.signed_in, self.refusal, self.refused = [], [], [], "", b""
        self.raw = b""  # the last message as it came over the line
        self.hangs_up, self.takes = False, 1000

    async def handle_NOOP(self, server, session, envelope, argument):
        return "554 too many commands that are no mail"

    async def handle_MAIL(self, server, session, envelope, address, options):
        session.letters = getattr(session, "letters", 0) + 1
        if session.letters > self.takes:
            return "421 enough on this connection"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refusal and self.refused in envelope.content:
            return self.refusal
        if self.hangs_up:
            asyncio.get_running_loop().call_later(0.01, server.transport.close)
        self.raw = envelope.content
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(envelope.rcpt_tos)
        return "250 OK"

    def check(self, server, session, envelope, mechanism, auth_data):
        assert isinstance(auth_data, LoginPassword)
        self.signed_in.append((auth_data.login, auth_data.password))
        return AuthResult(success=True)

    def last(self):
        return self.messages[-1].get_content()

    def link(self):
        """The path and query of the only link in the last letter."""
        parts = urlsplit(re.search(r"https?://\S+", self.last())[0])
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Post(Controller):
    def factory(self):
        return SMTP(self.handler, authenticator=self.handler.check, auth_require_tls=False, auth_required=False)


@pytest.fixture
def post():
    box = Mailbox()
    controller = Post(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


@pytest.fixture
def site(app, database, post):
    """The same site, with a mail server."""
    url = f"smtp://forum:pass%40word@127.0.0.1:{post.port}"
    site = create_app(database.model_copy(update={"mail_url": url, "site_url": "https://talk.example.org"}))
    site.testing = True
    site.before_request_funcs.setdefault(None, []).insert(0, forget_person)
    with site.app_context():
        yield site
        db.session.remove()
        db.engine.dispose()


def browser(site):
    return site.test_client()


def send(client, address, as_json=False, **fields):
    accept = {"Accept": "application/json"}
    where = {"base_url": "https://talk.example.org"}
    token = client.get("/sign-in", headers=accept, **where).get_json()["csrf_token"]
    headers = {"Referer": "https://talk.example.org/", **(accept if as_json else {})}
    return client.post(address, data={"csrf_token": token, **fields}, headers=headers, **where)


def sign_up(client, email="ada@example.org", name="Ada Member", password=PASSWORD, **more):
    return send(client, "/sign-up", name=name, email=email, password=password, **more)


def look(client, address):
    return client.get(address, base_url="https://talk.example.org")


def is_signed_in(client):
    return look(client, "/account").status_code == 200


def confirmed(email="ada@example.org"):
    db.session.rollback()
    db.session.expire_all()
    user = User.with_email(email)
    return user is not None and user.confirmed_at is not None


def member(site, post, email="ada@example.org"):
    """Sign somebody up all the way; return their browser."""
    client = browser(site)
    sign_up(client, email)
    mail.deliver_due(site)
    send(client, post.link())
    assert is_signed_in(client)
    return client


# ---- confirming and resetting ----


def test_an_account_counts_once_its_address_is_confirmed_and_next_survives_the_mail(site, post):
    client = browser(site)
    answer = sign_up(client, next="/d/water#say")
    assert "Look into your mail" in answer.text
    assert not is_signed_in(client)
    assert mail.deliver_due(site) == 1
    assert post.recipients == [["ada@example.org"]]
    assert post.signed_in == [(b"forum", b"pass@word")]
    link = post.link()
    assert look(client, link).status_code == 200
    assert not confirmed()  # a scanner that opens the link confirms nothing
    answer = send(client, link)
    assert (answer.status_code, answer.location) == (303, "/d/water#say")
    assert confirmed()
    assert is_signed_in(client)


def test_the_page_behind_the_link_carries_next_into_its_form(site, post):
    client = browser(site)
    sign_up(client, next="/d/water#say")
    mail.deliver_due(site)
    page = look(client, post.link()).text
    assert 'name="next" value="/d/water#say"' in page
    assert 'name="password"' not in page


def test_nobody_signs_in_before_confirming(site, post):
    client = browser(site)
    sign_up(client)
    answer = send(client, "/sign-in", email="ada@example.org", password=PASSWORD)
    wrong = send(client, "/sign-in", email="ada@example.org", password="not the password")
    assert answer.status_code == wrong.status_code == 422
    assert shown(answer) == shown(wrong)


def test_a_stranger_cannot_have_their_password_confirmed_by_the_owner_of_the_address(site, post):
    stranger, owner = browser(site), browser(site)
    sign_up(stranger, password="strangers choice")
    mail.deliver_due(site)
    page = look(owner, post.link())
    assert 'name="password"' in page.text
    refused = send(owner, post.link())
    assert refused.status_code == 422
    assert not confirmed()
    # signing up themselves takes the address back: the stranger's link and password are dead
    old_link = post.link()
    sign_up(owner, password="the owners choice")
    mail.deliver_due(site)
    assert look(owner, old_link).status_code == 410
    assert send(owner, post.link()).status_code == 303
    assert is_signed_in(owner)
    assert send(stranger, "/sign-in", email="ada@example.org", password="strangers choice").status_code == 422


def test_on_another_device_the_password_confirms(site, post):
    sign_up(browser(site))
    mail.deliver_due(site)
    phone = browser(site)
    assert send(phone, post.link(), password=PASSWORD).status_code == 303
    assert is_signed_in(phone)


def test_a_confirmation_works_once_and_for_three_days(site, post, clock):
    client = browser(site)
    sign_up(client)
    mail.deliver_due(site)
    late = post.link()
    clock.advance(timedelta(days=3))
    assert look(client, late).status_code == 410
    send(client, "/confirm", email="ada@example.org")
    mail.deliver_due(site)
    assert send(client, post.link()).status_code == 303
    assert look(client, post.link()).status_code == 410


def test_a_reset_by_mail_signs_in_here_and_out_everywhere_else(site, post):
    before = member(site, post)
    client = browser(site)
    send(client, "/reset", email="Ada@Example.org")
    mail.deliver_due(site)
    link = post.link()
    assert link.startswith("/reset/")
    assert send(client, link, password="a new password").status_code == 303
    assert is_signed_in(client)
    assert not is_signed_in(before)
    assert look(client, link).status_code == 410
    mail.deliver_due(site)
    assert "was changed" in post.messages[-1]["Subject"]


def test_an_invited_person_without_a_password_comes_in_by_reset(site, post):
    with writing():
        db.session.add(
            User(email="priya@example.org", name="Priya", created_at=now_clock.now(), confirmed_at=now_clock.now())
        )
    client = browser(site)
    assert send(client, "/sign-in", email="priya@example.org", password="anything else").status_code == 422
    send(client, "/reset", email="priya@example.org")
    mail.deliver_due(site)
    assert send(client, post.link(), password="a new password").status_code == 303
    assert is_signed_in(client)


def test_a_moderator_whom_a_host_has_named_sets_a_password_and_stands_at_the_console(site, post):
    house = House(site)
    discussion = house.discussion(phase="announced", slug="hour")
    host = house.host_of(discussion)
    draft = SeatDraft("Mona Moderator", "mona@example.org", SeatRole.MODERATOR)
    seat = house.do(seats.give, host, discussion, draft)
    house.do(first_passwords.ask, host, seat)
    mail.deliver_due(site)
    assert post.recipients == [["mona@example.org"]]
    assert discussion.title in post.messages[-1]["Subject"] and "Hana Host-Maier has made you" in post.last()
    client, link = browser(site), post.link()
    for _ in range(2):
        page = look(client, link)
        assert page.status_code == 200 and "You are a moderator of" in page.text
    assert look(client, "/d/hour/console").status_code == 404, "looking signs nobody in"
    short = send(client, link, password="short")
    assert short.status_code == 422 and "You are a moderator of" in short.text
    answer = send(client, link, password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/d/hour/console")
    assert "Welcome, Mona Moderator." in look(client, "/d/hour/console").text
    again = look(browser(site), link)
    assert again.status_code == 410 and "sign in with it" in again.text
    assert send(browser(site), "/sign-in", email="mona@example.org", password=PASSWORD).status_code == 303
    mail.deliver_due(site)
    assert len(post.messages) == 1


# ---- what an asker can learn ----


def shown(answer):
    """An answer as it looks, without the token and the address that was typed."""
    page = re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", answer.text)
    page = re.sub(r'"csrf_token": ?"[^"]+"', "", page)
    headers = {name for name, _value in answer.headers}
    return answer.status_code, headers, re.sub(r"[a-z]+@example\.org", "@", page)


@pytest.mark.parametrize("as_json", [False, True])
def test_no_answer_tells_whether_an_address_has_an_account(site, post, as_json):
    member(site, post, "ada@example.org")
    sign_up(browser(site), "waiting@example.org")
    forms = {
        "/sign-up": {"name": "Somebody", "password": "some password"},
        "/sign-in": {"password": "some password"},
        "/reset": {},
        "/confirm": {},
    }
    for address, fields in forms.items():
        known, waiting, unknown = (
            shown(send(browser(site), address, as_json=as_json, email=email, **fields))
            for email in ("ada@example.org", "waiting@example.org", "nobody@example.org")
        )
        assert known == waiting == unknown, address


def test_each_request_about_an_address_writes_one_letter_whatever_is_known(site, post):
    member(site, post, "ada@example.org")
    for address, fields in (
        ("/sign-up", {"name": "Some Body", "password": PASSWORD}),
        ("/reset", {}),
        ("/confirm", {}),
    ):
        for email in ("ada@example.org", f"nobody{len(address)}@example.org"):
            before = db.session.query(Letter).count()
            send(browser(site), address, email=email, **fields)
            assert db.session.query(Letter).count() == before + 1


def test_signing_up_again_changes_nothing_of_a_confirmed_account(site, post):
    member(site, post)
    sign_up(browser(site), name="Evil Twin", password="evil password")
    mail.deliver_due(site)
    assert "already have an account" in post.messages[-1]["Subject"]
    assert "Evil" not in post.messages[-1].as_string()
    db.session.rollback()
    assert User.with_email("ada@example.org").name == "Ada Member"
    assert send(browser(site), "/sign-in", email="ada@example.org", password=PASSWORD).status_code == 303


def test_a_wrong_password_is_as_much_work_as_an_unknown_address(site, post, monkeypatch):
    member(site, post, "ada@example.org")
    verified, verify = [], PasswordHasher.verify

    def note(hasher, password_hash, password):
        verified.append(password_hash)
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", note)
    for email in ("ada@example.org", "nobody@example.org"):
        client = browser(site)
        look(client, "/sign-in")
        send(client, "/sign-in", email=email, password="some password")
    known, unknown = (password_hash.rsplit("$", 2) for password_hash in verified)
    assert known[1:] != unknown[1:]
    assert known[0] == unknown[0]  # the same method, memory and rounds


# ---- how mail leaves ----


def letter(**changes):
    with writing():
        written = letters.write("ada@example.org", "reset", path="/reset/x")
        for name, value in changes.items():
            setattr(written, name, value)
    return written.id


def test_a_letter_is_a_proper_message(site, post):
    letter(subject="Grüße aus Köln")
    mail.deliver_due(site)
    message = post.messages[0]
    assert message["Subject"] == "Grüße aus Köln"
    assert message["From"] == "roundtext@talk.example.org"
    assert message["Message-ID"].endswith("@talk.example.org>")
    assert message["Date"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert "https://talk.example.org/reset/x" in message.get_content()


def test_no_address_in_the_head_of_a_letter_is_broken_or_written_in_code(site, post):
    stop, again = f"/unsubscribe/{'Ab1-_.' * 30}", f"reply+{'ab1-' * 14}@talk.example.org"
    letter(unsubscribe=stop, reply_to=again)
    mail.deliver_due(site)
    head = post.raw.partition(b"\r\n\r\n")[0].decode("ascii")
    lines = head.split("\r\n")
    assert f"List-Unsubscribe: <https://talk.example.org{stop}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert f"Reply-To: {again}" in lines
    assert re.search(r"^Message-ID: <\S+@talk\.example\.org>\r$", head, re.M)
    assert "=?" not in head


def test_links_in_mail_lead_to_the_site_and_not_to_where_the_request_came_from(site, post):
    client = browser(site)
    accept = {"Accept": "application/json"}
    token = client.get("/sign-in", headers=accept, base_url="https://127.0.0.1").get_json()["csrf_token"]
    sent = {"csrf_token": token, "email": "ada@example.org"}
    client.post("/reset", data=sent, base_url="https://127.0.0.1", headers={"Referer": "https://127.0.0.1/"})
    mail.deliver_due(site)
    assert "127.0.0.1" not in post.last()


def test_no_header_is_smuggled_into_a_letter(site, post):
    for address in ("a@example.org\r\nBcc: eve@example.org", "a@example.org,eve@example.org", "a@example.org\nX: y"):
        assert send(browser(site), "/reset", email=address).status_code == 422
    smuggled = db.session.get(Letter, letter(subject="Hello\r\nBcc: eve@example.org"))
    with pytest.raises(ValueError):
        message_of(smuggled, site.config["SETTINGS"])
    assert mail.deliver_due(site) == 0
    assert post.messages == []


def test_who_waits_before_a_form_is_not_behind_a_thousand_others(site, post):
    for kind in ("guest", "invited", "live", "notices", "reset", "confirm"):
        letter(kind=kind, subject=kind)
    mail.deliver_due(site)
    subjects = [message["Subject"] for message in post.messages]
    assert subjects == ["reset", "confirm", "invited", "notices", "guest", "live"]


def test_every_kind_of_letter_has_its_urgency():
    others = {"invited", "seated", "muted", "removed", "suspended", "notices"}
    assert letters.WAITED_FOR | letters.BY_THE_THOUSAND | others == {*letters.KINDS}
    assert not letters.WAITED_FOR & letters.BY_THE_THOUSAND


def test_a_letter_is_sent_once_and_its_link_is_not_kept(site, post):
    number = letter()
    assert mail.deliver_due(site) == 1
    assert mail.deliver_due(site) == 0
    db.session.rollback()
    sent = db.session.get(Letter, number)
    assert sent.sent_at is not None
    assert sent.body == ""
    assert len(post.messages) == 1


def test_letters_that_leave_together_share_a_connection(site, post, monkeypatch):
    for _ in range(5):
        letter()
    assert mail.deliver_due(site) == 5
    assert len(post.messages) == 5
    assert len(post.signed_in) == 1
    monkeypatch.setattr(sender, "_MOST_ON_ONE", 2)
    for _ in range(5):
        letter()
    assert mail.deliver_due(site) == 5
    assert len(post.signed_in) == 1 + 3, "no server takes any number on one"


def test_a_mail_server_that_takes_two_on_a_connection_gets_them_all_at_once(site, post):
    post.takes = 2
    for _ in range(5):
        letter()
    assert mail.deliver_due(site) == 5
    assert (len(post.messages), len(post.signed_in)) == (5, 3)
    post.takes = 0
    letter()
    assert mail.deliver_due(site) == 0, "one that takes none is asked again later"


def test_a_letter_that_is_refused_costs_those_behind_it_nothing(site, post):
    post.refusal, post.refused = "554 not that one", b"Second"
    for subject in ("First", "Second", "Third"):
        letter(subject=subject)
    assert mail.deliver_due(site) == 2
    assert [message["Subject"] for message in post.messages] == ["First", "Third"]


def test_a_mail_server_that_hangs_up_after_each_letter_gets_them_all(site, post, monkeypatch):
    post.hangs_up = True
    claim = mail._claim
    monkeypatch.setattr(mail, "_claim", lambda: time.sleep(0.1) or claim())
    for _ in range(3):
        letter()
    assert mail.deliver_due(site) == 3
    assert len(post.messages) == len(post.signed_in) == 3


def test_two_senders_send_each_letter_once(site, post):
    for _ in range(8):
        letter()
    two = [threading.Thread(target=mail.deliver_due, args=(site,)) for _ in range(2)]
    for one in two:
        one.start()
    for one in two:
        one.join(30)
    assert len(post.messages) == 8
    assert len({message["Message-ID"] for message in post.messages}) == 8


def test_a_mail_server_that_is_away_is_asked_again_later_and_later(site, post, clock, caplog):
    post.refusal = "451 try again later"
    number = letter()
    pauses = []
    for _ in range(4):
        assert mail.deliver_due(site) == 0
        assert mail.deliver_due(site) == 0  # not before its time
        db.session.rollback()
        due_at = db.session.get(Letter, number, populate_existing=True).next_try_at
        pauses.append((due_at - clock.now()).total_seconds())
        clock.advance(due_at - clock.now())
    assert pauses == [30, 60, 120, 240]
    assert "ada@example.org" not in caplog.text
    assert "/reset/" not in caplog.text
    post.refusal = ""
    assert mail.deliver_due(site) == 1


def test_a_mail_server_that_stays_away_is_asked_every_hour_and_at_last_no_more(site, post, clock):
    post.refusal = "451 try again later"
    number = letter()
    for _ in range(mail.MOST_TRIES - 1):
        mail.deliver_due(site)
        db.session.rollback()
        pause = db.session.get(Letter, number, populate_existing=True).next_try_at - clock.now()
        assert pause <= timedelta(hours=1)
        clock.advance(pause)
    assert mail.deliver_due(site) == 0
    db.session.rollback()
    left = db.session.get(Letter, number, populate_existing=True)
    assert left.next_try_at is None and left.refused_at == clock.now()
    assert left.refusal.startswith("451") and left.body == ""


def test_a_letter_refused_for_good_is_given_up(site, post, clock):
    post.refusal = "554 no such person"
    letter()
    mail.deliver_due(site)
    post.refusal = ""
    clock.advance(timedelta(days=1))
    assert mail.deliver_due(site) == 0
    assert is_final(smtplib.SMTPRecipientsRefused({"a": (550, b"")}))
    assert not is_final(smtplib.SMTPRecipientsRefused({"a": (450, b"")}))
    assert not is_final(smtplib.SMTPAuthenticationError(535, b""))


def test_a_letter_of_a_rolled_back_transaction_is_never_sent(site, post):
    def stumble():
        with writing():
            letters.write("ada@example.org", "known")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert mail.deliver_due(site) == 0


def test_the_sender_wakes_with_the_commit(site, post):
    over = threading.Event()
    thread = mail.start_sender(site, over)
    began = time.monotonic()
    letter()
    while not post.messages and time.monotonic() - began < 5:
        time.sleep(0.02)
    taken = time.monotonic() - began
    over.set()
    bell.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(post.messages) == 1
    assert taken < 3  # it was not the look every 15 s that sent it


def test_without_a_mail_server_the_console_shows_the_letter(app, capfd):
    letter()
    assert mail.deliver_due(app) == 1
    shown_there = capfd.readouterr().err
    assert "To set" not in shown_there
    assert "ada@example.org" in shown_there
    assert "/reset/x" in shown_there
    assert mail.deliver_due(app) == 0


def test_a_letter_over_whose_last_try_the_process_died_is_given_up(app):
    with writing():
        letter = Letter(
            to="ann@example.org", kind="known", subject="S", body="A secret link", written_at=now_clock.now(),
            tries=mail.MOST_TRIES, next_try_at=now_clock.now() - timedelta(minutes=1),
        )  # fmt: skip
        db.session.add(letter)
    assert mail.deliver_due(app) == 0
    with app.app_context():
        left = db.session.query(Letter).one()
        assert left.refused_at is not None and left.body == ""


def test_a_letter_that_is_taken_back_while_it_leaves_stops_no_other(site, post):
    letter()
    settings = site.config["SETTINGS"]
    with sender.Courier(settings) as courier:
        claimed = mail._claim()
        with writing():
            db.session.delete(db.session.get(Letter, claimed.id))
        assert mail._deliver(claimed, settings, courier) == 1
    letter()
    assert mail.deliver_due(site) == 1


@pytest.mark.postgresql
def test_a_letter_that_another_process_holds_is_left_to_it(app):
    with writing():
        db.session.add(Letter(to="ann@example.org", kind="known", subject="S", body="B", written_at=now_clock.now()))
    with db.engine.connect().execution_options(isolation_level="READ COMMITTED") as other:
        other.execute(text("SELECT id FROM letter FOR UPDATE"))
        assert mail._claim() is None
        other.rollback()
    assert mail._claim().to == "ann@example.org"
