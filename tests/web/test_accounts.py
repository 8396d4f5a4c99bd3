"""Signing up, in and out: what a person meets, and what somebody who is up to something does not get."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from io import BytesIO
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import pytest
import requests
from argon2 import PasswordHasher
from sqlalchemy.exc import OperationalError

from forum import create_app
from forum.actions import accounts, drafts, passwords, sanctions, sessions
from forum.actions.posting import CommentDraft
from forum.database import db, writing
from forum.models import CommentState, Discussion, Letter, Session, User
from forum.web import throttles
from forum.web.inside import inside
from tests import corpora
from tests.conftest import forget_person
from tests.faults.writers import account

PASSWORD = "eleven rivers"
HOSTILE = ["", "\0", "x" * 100_000, "\u202etxet", "null", "1e309", "-1", "[]", "\ud800", "a\nb", "%00"]


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch):
    """Argon2 as it is, with as little work as it takes; tests/actions say how much it has to be."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_nobodys", cache(lambda: hasher.hash("nobody signs in with this")))


def token(client, address="/sign-in"):
    return client.get(address, headers={"Accept": "application/json"}).get_json()["csrf_token"]


def send(client, address, as_json=False, **fields):
    sent = urlencode({"csrf_token": token(client), **fields}, doseq=True, errors="surrogatepass")
    form = "application/x-www-form-urlencoded"
    return client.post(address, data=sent, content_type=form, headers={"Accept": "application/json"} if as_json else {})


def sign_up(client, name="Ada Member", email="ada@example.org", password=PASSWORD, **more):
    return send(client, "/sign-up", name=name, email=email, password=password, **more)


def sign_in(client, email="ada@example.org", password=PASSWORD, **more):
    return send(client, "/sign-in", email=email, password=password, **more)


def is_signed_in(client):
    return client.get("/account").status_code == 200


def fresh():
    db.session.rollback()
    db.session.expire_all()


# ---- the road of a member ----


def test_signing_up_without_mail_signs_in_at_once(client):
    answer = sign_up(client, email="  Ada@Example.ORG ", next="/about")
    assert (answer.status_code, answer.location) == (303, "/about")
    assert is_signed_in(client)
    user = User.with_email("ada@example.org")
    assert user.confirmed_at is not None
    assert user.password_hash.startswith("$argon2id$")


def test_signing_out_and_in_again(client):
    sign_up(client)
    assert send(client, "/sign-out").status_code == 303
    assert not is_signed_in(client)
    assert sign_in(client).status_code == 303
    assert is_signed_in(client)
    assert sign_in(client.application.test_client(), password="wrong password").status_code == 422


def test_a_password_is_the_same_from_another_keyboard(client, app):
    sign_up(client, password="re\u0301sume\u0301 for me")
    assert sign_in(app.test_client(), password="résumé for me").status_code == 303


def test_programs_hear_json(client):
    fields = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD, "next": "/d/x"}
    made = send(client, "/sign-up", as_json=True, **fields)
    assert made.status_code == 201
    assert made.get_json()["ok"] is True
    assert made.get_json()["next"] == "/d/x"
    again = send(client, "/sign-up", as_json=True, name="", email="no", password="short")
    assert again.status_code == 422
    assert set(again.get_json()["error"]["fields"]) == {"name", "email", "password"}
    assert again.get_json()["error"]["code"] == "invalid"
    there = client.application.test_client()
    entered = send(there, "/sign-in", as_json=True, email="ada@example.org", password=PASSWORD)
    assert entered.status_code == 200
    out = there.post("/sign-out", data={"csrf_token": entered.get_json()["csrf_token"]})
    assert out.status_code == 303
    assert not is_signed_in(there)


def test_a_form_sent_without_its_token_is_refused(client):
    for address in ("/sign-up", "/sign-in", "/sign-out", "/reset", "/confirm"):
        assert client.post(address, data={"email": "ada@example.org", "password": PASSWORD}).status_code == 403


def test_every_form_page_carries_a_token(client):
    for address in ("/sign-up", "/sign-in", "/reset", "/confirm"):
        page = client.get(address)
        assert page.status_code == 200
        assert 'name="csrf_token" value="' in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_somebody_signed_in_is_led_on(client):
    sign_up(client)
    assert client.get("/sign-in?next=/about").location == "/about"


@pytest.mark.parametrize("path", ["/sign-out", "/d/water/preview", "/sign%2Dout", "/sign-out?x=1#top"])
def test_nobody_is_led_to_where_only_forms_go(client, path):
    sign_up(client)
    assert client.get(f"/sign-in?next={quote(path)}").location == "/"


# ---- another address ----


def link_in(letter, kind):
    return re.search(rf"/{kind}/\S+", letter.body)[0]


@pytest.fixture
def mailing(app):
    """The app as on a site that sends mail; nothing here sends any."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_url": "smtp://127.0.0.1:9"})
    return app


def owner_of(house, app):
    user = house.user("Ada Member")
    with writing():
        db.session.get_one(User, user.id).password_hash = passwords.hashed(PASSWORD)
    client = app.test_client()
    house.sign_in(client, user)
    return client, user


def test_a_new_address_counts_once_it_is_proven(house, mailing):
    client, user = owner_of(house, mailing)
    old = user.email
    wrong = send(client, "/account/address", email="new@example.org", email_password="wrong one")
    assert wrong.status_code == 422
    assert 'value="new@example.org"' in wrong.text
    assert send(client, "/account/address", email="New@Example.org", email_password=PASSWORD).status_code == 303
    letter = db.session.query(Letter).one()
    assert (letter.to, user.email) == ("new@example.org", old)
    there = mailing.test_client()
    assert "new@example.org" in there.get(link_in(letter, "address")).text
    fresh()
    assert User.with_email(old) is not None
    form = there.get(link_in(letter, "address")).text.split('csrf_token" value="')[1].split('"')[0]
    assert there.post(link_in(letter, "address"), data={"csrf_token": form}).status_code == 303
    fresh()
    assert User.with_email("new@example.org").id == user.id
    assert [one.to for one in db.session.query(Letter)] == ["new@example.org", old]
    assert there.get(link_in(letter, "address")).status_code == 410


def test_an_address_of_somebody_else_is_not_told_apart(house, mailing):
    client, user = owner_of(house, mailing)
    other = house.user()
    answer = send(client, "/account/address", email=other.email, email_password=PASSWORD)
    again = send(client, "/account/address", email="free@example.org", email_password=PASSWORD)
    assert (answer.status_code, answer.location) == (again.status_code, again.location)
    known, free = db.session.query(Letter).order_by(Letter.id)
    assert (known.to, free.to) == (other.email, "free@example.org")
    assert "/address/" not in known.body
    # Somebody signs up with the free one before the link is opened.
    house_of_free = house.user()
    with writing():
        db.session.get_one(User, house_of_free.id).email = "free@example.org"
    assert send(client, link_in(free, "address")).status_code == 422
    fresh()
    assert db.session.get(User, user.id).email == user.email != "free@example.org"


def test_a_link_to_a_new_address_dies_after_a_day_and_with_the_password(house, mailing, clock):
    client, user = owner_of(house, mailing)
    send(client, "/account/address", email="new@example.org", email_password=PASSWORD)
    path = link_in(db.session.query(Letter).one(), "address")
    with writing():
        db.session.get_one(User, user.id).password_hash = passwords.hashed("another river")
    assert client.get(path).status_code == 410
    send(client, "/account/address", email="new@example.org", email_password="another river")
    path = link_in(db.session.query(Letter).order_by(Letter.id.desc()).first(), "address")
    assert client.get(path).status_code == 200
    clock.advance(timedelta(days=1))
    assert client.get(path).status_code == 410


def test_without_mail_an_address_is_changed_at_once(house, app):
    client, user = owner_of(house, app)
    other = house.user()
    taken = send(client, "/account/address", email=other.email, email_password=PASSWORD)
    assert taken.status_code == 422
    assert send(client, "/account/address", email="new@example.org", email_password=PASSWORD).status_code == 303
    fresh()
    assert db.session.get(User, user.id).email == "new@example.org"


# ---- forms that go wrong ----


def test_a_refused_form_keeps_what_was_typed_but_never_the_password(client):
    page = sign_up(client, name="Ada <b>Member", email="not an address", password="short")
    assert page.status_code == 422
    assert 'value="Ada &lt;b&gt;Member"' in page.text
    assert 'value="not an address"' in page.text
    assert 'value="short"' not in page.text
    assert 'class="error-summary"' in page.text
    assert 'href="#field-email"' in page.text
    assert re.search(
        r'id="field-email"[^>]*aria-describedby="hint-email error-email"[^>]*aria-invalid="true"', page.text
    )
    assert "<title>Error:" in page.text


@pytest.mark.parametrize("password", ["1234567", "x" * 201, "with\0nul inside"])
def test_an_unfit_password_is_refused_by_name(client, password):
    answer = send(client, "/sign-up", as_json=True, name="Ada", email="ada@example.org", password=password)
    assert answer.status_code == 422
    assert set(answer.get_json()["error"]["fields"]) == {"password"}
    assert User.with_email("ada@example.org") is None


@pytest.mark.parametrize("name", ["A", "Ada (Host)", "Moderator", "✓ Ada", "x" * 81])
def test_a_name_that_reads_as_a_badge_or_is_no_name_is_refused(client, name):
    answer = send(client, "/sign-up", as_json=True, name=name, email="ada@example.org", password=PASSWORD)
    assert answer.status_code == 422
    assert "name" in answer.get_json()["error"]["fields"]


# What each form reads; what else is sent, no form looks at.
READ = {
    "/sign-up": ("name", "email", "password", "next"),
    "/sign-in": ("email", "password", "next"),
    "/reset": ("email", "next"),
    "/confirm": ("email", "next"),
    "/account": ("name", "affiliation", "biography", "language", "next"),
    "/account/password": ("old_password", "password", "next"),
}


@pytest.mark.parametrize("address", READ)
def test_hostile_fields_get_a_plain_refusal(client, address):
    sign_up(client)
    good = {"name": "Ada Member", "email": "ada@example.org", "password": PASSWORD, "old_password": PASSWORD}
    for name in READ[address]:
        for value in [*HOSTILE, [good.get(name, "a"), "b"]]:
            there = client if address.startswith("/account") else client.application.test_client()
            answer = send(there, address, as_json=True, **{**good, "affiliation": "", "biography": "", name: value})
            assert answer.status_code < 500, (name, value)
            if answer.status_code == 422:
                assert answer.get_json()["error"]["fields"], (name, value)


def test_a_megabyte_and_a_file_are_refused(client):
    for name in ("name", "email", "password"):
        fields = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD, name: "x" * 400_000}
        answer = send(client, "/sign-up", as_json=True, **fields)
        assert answer.status_code == 422
        assert set(answer.get_json()["error"]["fields"]) == {name}
        answer = send(client, "/sign-up", as_json=True, **{**fields, name: "x" * 1_000_000})
        assert answer.status_code == 413
        assert "too large" in answer.get_json()["error"]["message"]
    answer = client.post(
        "/sign-up",
        data={"csrf_token": token(client), "email": "a@b.org", "password": PASSWORD, "name": (BytesIO(b"x"), "x.txt")},
        content_type="multipart/form-data",
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert "name" in answer.get_json()["error"]["fields"]


def test_a_known_address_signs_up_once(client, app):
    sign_up(client)
    again = sign_up(app.test_client(), name="Other Person", email="ADA@example.org")
    assert again.status_code == 422
    assert User.with_email("ada@example.org").name == "Ada Member"


# ---- where a form leads ----


def test_next_keeps_path_query_and_fragment(client):
    sign_up(client)
    there = client.application.test_client()
    page = there.get("/sign-in?next=/d/water%3Freply%3D3%23say").text
    assert 'name="next" value="/d/water?reply=3#say"' in page
    assert sign_in(there, next="/d/water?reply=3#say").location == "/d/water?reply=3#say"


def test_next_never_leads_outside(client, app):
    sign_up(client)
    attacks = [
        "//e.org",
        "/\\e.org",
        "https://e.org",
        "/\t/e.org",
        "/%2fe.org",
        "/%09/e.org",
        "/%5ce.org",
        "javascript:a",
        "",
    ]
    attacks += [
        "\\\\e.org",
        "/.//e.org",
        "///e.org",
        " //e.org",
        "/\r\nLocation: //e.org",
        "/%250d%250aX: y",
        "/\u2028/e",
    ]
    there = app.test_client()
    for attack in attacks:
        sent = {"email": "ada@example.org", "password": PASSWORD, "next": attack}
        answer = send(there, "/sign-in", **sent)
        assert (answer.status_code, answer.location) == (303, "/"), attack


def test_no_known_redirect_attack_leads_outside():
    attacks = corpora.rows("patt_open_redirect")
    assert len(attacks) > 100
    for attack in attacks:
        for said in (attack, "/" + attack, unquote(attack)):
            led = inside(said)
            assert re.match(r"/(?![/\\\\])", led), said
            assert urlsplit(urljoin("http://localhost/sign-in", led)).netloc == "localhost", said
            assert "//" not in unquote(urlsplit(led).path), said


def test_a_text_typed_first_is_still_there_after_signing_up(client, house):
    discussion = house.discussion()
    with client.session_transaction() as cookie:
        cookie["draft_holder"] = "holder-1"
        cookie["planted"] = "by somebody else"
    with writing():
        drafts.keep(discussion, drafts.Form("holder-1"), CommentDraft("Typed before the account", None, None, ""))
    sign_up(client, next=f"/d/{discussion.slug}#say")
    with client.session_transaction() as cookie:
        assert cookie["draft_holder"] == "holder-1"
        assert "planted" not in cookie
    [kept] = drafts.kept(db.session.get_one(Discussion, discussion.id), "holder-1")
    assert kept.body == "Typed before the account"


@pytest.mark.parametrize("typed", ["signed in", "as a visitor before"])
def test_a_text_that_was_refused_is_read_by_nobody_else_who_signs_in_at_the_same_browser(client, house, typed):
    """Their session had ended elsewhere, so nothing took it out of the cookie."""
    path = f"/d/{house.discussion(ask=1).slug}"
    anna, bert = house.user("Anna Alt"), house.user("Bert Bau")
    with writing():
        for user in (anna, bert):
            db.session.get_one(User, user.id).password_hash = passwords.hashed(PASSWORD)

    def post(body, **more):
        return client.post(f"{path}/comments", data={"body": body, "key": "k" * 16} | more)

    if typed == "as a visitor before":
        assert post("Mine alone.").status_code == 303
    sign_in(client, anna.email)
    if typed == "signed in":
        assert post("Mine alone.", question="77", csrf_token=house.token(client)).status_code == 422
    house.do(sessions.end_all, anna)
    sign_in(client, anna.email)
    assert "Mine alone." in client.get(path).text, "who comes back finds it"
    house.do(sessions.end_all, anna)
    assert post("A visitor's.", key="v" * 16).status_code == 303
    sign_in(client, bert.email)
    page = client.get(path).text
    assert "Mine alone." not in page and "A visitor&#39;s." in page
    house.do(sessions.end_all, bert)
    sign_in(client, anna.email)
    assert "A visitor&#39;s." not in client.get(path).text


# ---- sessions ----


def test_signing_in_begins_a_new_session_and_ends_the_one_before(client):
    sign_up(client)
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    sign_in(client)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert sessions.user_of(before) is None
    assert not db.session.query(Session).filter_by(token_hash=before).count()  # only its digest is stored


def test_a_session_ends_for_a_stolen_cookie_too(client, app):
    sign_up(client)
    thief = app.test_client()
    with client.session_transaction() as cookie:
        stolen = dict(cookie)
    with thief.session_transaction() as cookie:
        cookie.update(stolen)
    assert is_signed_in(thief)
    send(client, "/sign-out")
    assert not is_signed_in(thief)


def test_sessions_are_listed_and_ended_one_by_one_and_all(client, app):
    sign_up(client)
    phone, library = app.test_client(), app.test_client()
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19 Mobile Safari/604"
    phone.environ_base["HTTP_USER_AGENT"] = agent
    sign_in(phone)
    sign_in(library)
    assert "Safari on iPhone" in client.get("/account").text
    on_phone = db.session.query(Session).filter_by(device="Safari on iPhone").one()
    assert send(client, f"/account/sessions/{on_phone.id}/end").status_code == 303
    assert not is_signed_in(phone)
    assert is_signed_in(library)
    send(client, "/account/sessions/end-others")
    assert not is_signed_in(library)
    assert is_signed_in(client)


def test_nobody_ends_the_session_of_somebody_else(client, app):
    sign_up(client)
    other = app.test_client()
    sign_up(other, email="eve@example.org", name="Eve")
    mine = db.session.query(Session).join(User).filter(User.email == "ada@example.org").one()
    assert send(other, f"/account/sessions/{mine.id}/end").status_code == 404
    assert send(other, f"/account/sessions/{2**63}/end").status_code == 404
    assert is_signed_in(client)


def test_a_session_lives_ninety_days_after_it_was_last_seen(client, clock):
    sign_up(client)
    clock.advance(timedelta(days=60))
    assert is_signed_in(client)
    clock.advance(timedelta(days=60))
    assert is_signed_in(client)
    clock.advance(timedelta(days=91))
    assert not is_signed_in(client)


def test_a_session_is_noted_as_seen_every_few_minutes_and_not_with_every_request(client, clock):
    sign_up(client)
    seen = [db.session.query(Session).one().seen_at]
    for minutes in (2, 4):
        clock.advance(timedelta(minutes=minutes))
        client.get("/account")
        fresh()
        seen.append(db.session.query(Session).one().seen_at)
    assert seen[1] == seen[0]
    assert seen[2] - seen[0] == timedelta(minutes=6)


def test_who_is_found_together_is_found_once_each_and_in_order(house):
    ada, ben, gone = house.user("Ada"), house.user("Ben"), house.user("Gone")
    with writing():
        tokens = {user.name: [sessions.begin(user).token for _ in range(2)] for user in (ada, ben, gone)}
        sessions.end_all(gone)
    hashes = [sessions._hash(token) for token in (*tokens["Ben"], "made up", *tokens["Ada"], tokens["Gone"][0])]
    looked = sessions._look([*hashes, hashes[3]])
    # A row belongs to one request only; another of the same person looks again.
    assert [one and one.user.name for one in looked] == ["Ben", None, None, "Ada", None, "Gone", None]
    assert sessions.user_of(tokens["Gone"][0]) is None


def test_those_who_ask_at_the_same_moment_are_not_taken_for_one_another(house, served):
    people = [house.user(f"Person No{number}") for number in range(10)]
    signed, emails = [account(house, user) for user in people], [user.email for user in people]
    with writing():
        sessions.end_all(people[3])

    def ask(number: int) -> set[str]:
        page = requests.get(f"{served.address}/account", headers={"Cookie": signed[number].cookie}, timeout=30)
        return {email for email in emails if email in page.text}

    wanted = [number for _ in range(4) for number in range(10)]
    with ThreadPoolExecutor(20) as pool:
        shown = list(pool.map(ask, wanted))
    assert shown == [set() if number == 3 else {emails[number]} for number in wanted]


def test_a_database_that_is_away_is_told_to_the_signed_in_too(client, monkeypatch):
    sign_up(client)

    def away(_token):
        raise OperationalError("SELECT", {}, _Away())

    monkeypatch.setattr(sessions, "user_of", away)
    page = client.get("/account")
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "try again" in page.text


class _Away(Exception):
    """What a driver raises when its server is away; it is known by its name."""


_Away.__name__ = "OperationalError"


# ---- the account page ----


def test_a_visitor_is_led_to_sign_in_first(client):
    assert client.get("/account").location == "/sign-in?next=/account"
    assert client.get("/account", headers={"Accept": "application/json"}).status_code == 403


def test_the_account_is_changed(client):
    sign_up(client)
    answer = send(client, "/account", name="Ada Lovelace", affiliation="Analytical Society", biography="Notes.\nMore.")
    assert answer.status_code == 303
    fresh()
    user = User.with_email("ada@example.org")
    assert (user.name, user.affiliation, user.biography) == ("Ada Lovelace", "Analytical Society", "Notes.\nMore.")


def test_a_writer_cannot_rename_into_a_panelist_where_they_wrote(client, house):
    sign_up(client)
    discussion = house.discussion()
    house.panelist(discussion, "Priya Raman")
    house.comment(discussion, User.with_email("ada@example.org"))
    answer = send(client, "/account", name="Priуa Rаman", affiliation="", biography="kept text")
    assert answer.status_code == 422
    assert "kept text" in answer.text
    fresh()
    assert User.with_email("ada@example.org").name == "Ada Member"


def test_readers_hear_of_a_new_name_where_its_owner_wrote(client, house):
    sign_up(client)
    discussion = house.discussion()
    house.comment(discussion, User.with_email("ada@example.org"))
    before = discussion.last_seq
    send(client, "/account", name="Ada Lovelace", affiliation="", biography="")
    fresh()
    assert db.session.get_one(Discussion, discussion.id).last_seq == before + 1


def test_readers_hear_nothing_of_who_has_only_what_is_held_there(client, house):
    sign_up(client)
    discussion = house.discussion()
    comment = house.comment(discussion, User.with_email("ada@example.org"))
    with writing():
        comment.state = CommentState.HELD
    before = discussion.last_seq
    assert send(client, "/account", name="Ada Lovelace", affiliation="Society", biography="").status_code == 303
    fresh()
    assert db.session.get_one(Discussion, discussion.id).last_seq == before


def test_changing_the_password_ends_every_other_session(client, app):
    sign_up(client)
    phone = app.test_client()
    sign_in(phone)
    wrong = send(client, "/account/password", old_password="not this one", password="a new password")
    assert wrong.status_code == 422
    assert 'id="error-old_password"' in wrong.text
    assert send(client, "/account/password", old_password=PASSWORD, password="a new password").status_code == 303
    assert is_signed_in(client)
    assert not is_signed_in(phone)
    assert sign_in(phone).status_code == 422
    assert sign_in(phone, password="a new password").status_code == 303


@pytest.mark.postgresql
def test_who_signs_in_with_the_old_password_while_it_is_changed_is_not_in(client, house):
    sign_up(client)
    late = client.application.test_client()
    token(late)
    ada, new = User.with_email("ada@example.org"), passwords.hashed("a new password")
    with house.meanwhile(r"SELECT .*FOR NO KEY UPDATE", accounts.change_password, ada, new):
        assert sign_in(late).status_code == 422
    assert not is_signed_in(late)


# ---- throttles ----


@pytest.fixture
def strict(database, app):
    """The same site with its limits on, counting from nothing."""
    strict = create_app(database.model_copy(update={"limits": True}))
    strict.before_request_funcs.setdefault(None, []).insert(0, forget_person)
    strict.testing = True
    with strict.app_context():
        yield strict
        db.session.remove()
        db.engine.dispose()
    create_app(database)  # the limiter is one for the process: off again


def test_the_sixth_wrong_password_waits_and_the_form_is_kept(strict):
    sign_up(strict.test_client())
    visitor = strict.test_client()
    for _ in range(5):
        assert sign_in(visitor, password="wrong password").status_code == 422
    sixth = sign_in(visitor)
    assert sixth.status_code == 429
    assert 0 < int(sixth.headers["Retry-After"]) <= 15 * 60
    assert 'value="ada@example.org"' in sixth.text
    said = send(visitor, "/sign-in", as_json=True, email="ada@example.org", password=PASSWORD)
    assert said.get_json()["error"]["code"] == "too_many"
    assert said.get_json()["error"]["retry_after"] == int(said.headers["Retry-After"])


def test_an_unknown_address_is_throttled_the_same(strict):
    visitor = strict.test_client()
    statuses = [sign_in(visitor, email="nobody@example.org").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_good_sign_ins_from_one_classroom_are_not_counted(strict):
    sign_up(strict.test_client())
    assert {sign_in(strict.test_client()).status_code for _ in range(15)} == {303}


def test_many_passwords_from_one_place_are_stopped(strict):
    visitor = strict.test_client()
    statuses = [sign_in(visitor, email=f"person{n}@example.org").status_code for n in range(11)]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize(
    ("said", "visitor"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("[::ffff:203.0.113.5]:4711", "203.0.113.5"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("203.0.113.500", "unknown"),
        ("[unix]", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_visitor_is_told_from_others_however_the_address_arrives(app, said, visitor):
    with app.test_request_context(environ_base={"REMOTE_ADDR": said}):
        assert throttles.visitor() == visitor


def test_visitors_of_a_socket_for_both_kinds_of_addresses_are_not_counted_together(strict):
    statuses = set()
    for n in range(1, 13):
        visitor = strict.test_client()
        visitor.environ_base["REMOTE_ADDR"] = f"::ffff:203.0.113.{n}"
        statuses.add(sign_in(visitor, email=f"person{n}@example.org").status_code)
    assert statuses == {422}


def test_five_letters_an_hour_to_one_address(strict):
    visitor = strict.test_client()
    statuses = [send(visitor, "/reset", email="ada@example.org").status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert send(visitor, "/reset", email="grace@example.org").status_code == 200


def test_a_class_of_sixty_signs_up_and_then_it_is_enough(strict):
    statuses = [
        sign_up(strict.test_client(), name=f"Pupil {n}", email=f"pupil{n}@example.org").status_code for n in range(61)
    ]
    assert statuses == [303] * 60 + [429]


def test_a_profile_is_changed_twenty_times_an_hour_and_what_was_typed_is_kept(strict):
    client = strict.test_client()
    sign_up(client)
    statuses = [
        send(client, "/account", name="Ada Member", affiliation=f"Society {n}", biography="").status_code
        for n in range(20)
    ]
    assert statuses == [303] * 20
    answer = send(client, "/account", name="Ada Member", affiliation="Kept Society", biography="")
    assert answer.status_code == 429
    assert 'value="Kept Society"' in answer.text


def test_ten_objections_an_hour_and_what_was_typed_is_kept(strict, house):
    client, discussion = strict.test_client(), house.discussion()
    sign_up(client)
    house.do(sanctions.mute, house.host_of(discussion), discussion, User.with_email("ada@example.org"), "shouting")
    path = f"/d/{discussion.slug}/objection"
    assert [send(client, path, objection=f"No, {n}.").status_code for n in range(10)] == [303] * 10
    answer = send(client, path, objection="Kept words.")
    assert answer.status_code == 429
    assert "Kept words." in answer.text


# ---- the outbox ----


def test_the_outbox_shows_mail_at_the_machine_itself(client):
    sign_up(client)
    send(client, "/reset", email="ada@example.org")
    page = client.get("/outbox").text
    assert "/reset/" in page
    assert "ada@example.org" in page


def test_the_outbox_is_nothing_to_anybody_else(client, app, database):
    nothing = client.get("/nothing-here")
    for request in (
        {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
        {"headers": {"Host": "192.0.2.1"}},
        {"headers": {"X-Forwarded-For": "192.0.2.7"}},
    ):
        answer = client.get("/outbox", **request)
        assert answer.status_code == 404
        assert nothing.text.split("<main")[1] == answer.text.split("<main")[1]
    public = create_app(database.model_copy(update={"site_url": "https://talk.example.org"}))
    assert public.test_client().get("/outbox", base_url="http://127.0.0.1").status_code == 404
    mailing = create_app(database.model_copy(update={"mail_url": "smtp://127.0.0.1:9"}))
    assert mailing.test_client().get("/outbox").status_code == 404


def test_a_reset_by_the_outbox_works_once_and_signs_every_device_out(client, app):
    sign_up(client)
    visitor = app.test_client()
    send(visitor, "/reset", email="ada@example.org", next="/about")
    link = re.search(r"http://\S+(/reset/\S+)", db.session.query(Letter).one().body)[1]
    assert visitor.get(link).status_code == 200
    again = visitor.get(link)  # looking at it does not use it
    assert again.status_code == 200
    assert "no-referrer" not in again.text  # browsers then send "Origin: null" with the form, which is refused
    assert send(visitor, link, password="short").status_code == 422
    assert send(visitor, link, password="a new password").status_code == 303
    assert is_signed_in(visitor)
    assert not is_signed_in(client)
    assert visitor.get(link).status_code == 410
    assert send(visitor, link, password="again a password").status_code == 410
    page = app.test_client().get(link)
    assert page.text.count('href="/sign-in?next=/"') == 2, "not back to a link that is over"
    assert sign_in(client, password="a new password").status_code == 303


def test_a_reset_link_that_another_tab_has_used_leads_to_a_new_one(client, app):
    sign_up(client)
    visitor = app.test_client()
    send(visitor, "/reset", email="ada@example.org")
    link = re.search(r"http://\S+(/reset/\S+)", db.session.query(Letter).one().body)[1]
    before = {"csrf_token": token(visitor), "password": "another password"}
    assert visitor.post(link, data={"password": "another password"}).status_code == 403, "the link is good still"
    assert send(visitor, link, password="a new password").status_code == 303
    for answer in (visitor.post(link, data=before), visitor.get(link)):
        assert answer.status_code == 410
        main = answer.text.split("<main")[1]
        assert "it is too old, was used already, or a newer letter has taken its place. Ask for a new one." in main
        assert 'href="/reset">Ask for a new link</a>' in main
    assert visitor.post(link, data=before, headers={"Accept": "application/json"}).json["error"]["code"] == "link_over"
    assert send(visitor, "/reset", email="ada@example.org").status_code == 200
    assert db.session.query(Letter).count() == 3, "a link, what was changed, and another link"
    assert visitor.post("/confirm", data=before).status_code == 403


def test_a_reset_link_is_over_after_an_hour_and_dies_when_it_is_touched(client, clock):
    sign_up(client)
    send(client, "/reset", email="ada@example.org")
    link = re.search(r"http://\S+(/reset/\S+)", db.session.query(Letter).one().body)[1]
    assert client.get(link[:-9] + ("A" if link[-9] != "A" else "B") + link[-8:]).status_code == 410
    assert client.get(link.replace("/reset/", "/confirm/")).status_code == 410
    clock.advance(timedelta(minutes=59))
    assert client.get(link).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert client.get(link).status_code == 410
