"""Which language is spoken when: the discussion's to everybody, the person's to the person."""

import json
import re
from datetime import timedelta

import pytest

from forum.actions import discussions
from forum.actions.drafting import DiscussionDraft
from forum.database import db
from forum.live import fragments
from forum.models import Event, User

GERMAN, SPANISH = {"Accept-Language": "de-AT,de;q=0.9"}, {"Accept-Language": "es-CO,es;q=0.9,en;q=0.1"}


def read(client, path, **headers):
    response = client.get(path, headers=headers)
    assert response.status_code == 200, path
    return response.get_data(as_text=True)


@pytest.fixture
def spanish(house, clock):
    return house.discussion(title="¿De quién es el agua?", slug="agua", language="es", ask=1)


def test_a_discussions_page_speaks_its_language_to_everybody(client, house, spanish):
    house.comment(spanish, question=1)
    pages = [read(client, "/d/agua"), read(client, "/d/agua", **GERMAN)]
    assert pages[0] == pages[1]
    assert '<html lang="es" dir="ltr">' in pages[0]
    assert ">Responder</a>" in pages[0]
    assert "lunes, 23 de noviembre de 2026" in pages[0]
    assert "Accept-Language" not in client.get("/d/agua", headers=GERMAN).headers["Vary"]
    house.sign_in(client, house.user())
    assert ">Responder</a>" in read(client, "/d/agua", **GERMAN)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/transcript", "Transcripción"),
        ("/statistics", "Estadísticas"),
        ("/export", "Guardar y citar"),
        ("/highlights", "Destacados"),
        ("/replay", "Repetición"),
        ("/embed", "En directo"),
        ("/recent", "</bdi>"),
    ],
)
def test_what_is_kept_of_it_speaks_it_too(client, house, spanish, path, words):
    house.comment(spanish, question=1)
    one, other = (client.get(f"/d/agua{path}", headers=headers).text for headers in (GERMAN, SPANISH))
    assert one == other
    assert words in one


def test_a_language_without_a_catalogue_is_english(client, house, clock):
    house.discussion(slug="vesi", language="fi")
    page = read(client, "/d/vesi", **GERMAN)
    assert '<html lang="en" dir="ltr">' in page
    assert 'lang="fi"' in page


def test_arabic_is_written_from_the_right(client, house, clock):
    house.discussion(slug="ma", language="ar")
    assert '<html lang="ar" dir="rtl">' in read(client, "/d/ma")


def test_what_is_pushed_and_what_is_fetched_is_what_the_page_has(client, house, spanish):
    first = house.comment(spanish, question=1)
    house.comment(spanish, question=1, reply_to=first.id)
    page = read(client, "/d/agua")
    events = db.session.query(Event).filter_by(discussion_id=spanish.id, audience="everyone").order_by(Event.seq).all()
    pushed = fragments.render(spanish, events)
    fetched = json.loads(read(client, "/d/agua/events?after=0&epoch=" + spanish.epoch, **GERMAN))["events"]
    assert pushed == fetched
    said = [event["html"] for event in pushed if "html" in event]
    assert len(said) == 2
    for html in said:
        assert ">Responder</a>" in html
        assert html in page


def test_the_answer_to_a_post_is_in_the_pages_language(client, house, spanish):
    house.sign_in(client, house.user())
    token = house.token(client)
    fields = {"body": "Es de todos.", "question": "1", "key": "0123456789abcdef", "csrf_token": token}
    answer = client.post("/d/agua/comments", data=fields, headers={"Accept": "application/json", **GERMAN})
    assert answer.status_code == 201
    assert ">Responder</a>" in answer.json["html"]


def test_scripts_get_their_sentences_with_every_form_of_a_number(client, house, clock):
    house.discussion(slug="water", ask=1)
    assert 'id="words"' not in read(client, "/d/water")
    tables = {}
    for language in ("es", "ar"):
        house.discussion(slug=f"in-{language}", language=language, ask=1)
        page = read(client, f"/d/in-{language}")
        found = re.search(r'<script type="application/json" id="words">(.*?)</script>', page)
        assert found
        assert "<" not in found[1]
        tables[language] = json.loads(found[1])
    assert tables["es"]["Sending…"] == "Enviando…"
    assert tables["es"]["1 new answer"] == {"one": "1 respuesta nueva", "other": "{n} respuestas nuevas"}
    assert set(tables["ar"]["1 new answer"]) == {"zero", "one", "two", "few", "many", "other"}


def test_pages_about_a_person_speak_what_the_browser_asks_for(client, house, clock):
    for path, words in (("/", "Schriftliche Diskussionen"), ("/sign-in", "Anmelden"), ("/about", "Regeln")):
        response = client.get(path, headers=GERMAN)
        assert words in response.text
        assert '<html lang="de" dir="ltr">' in response.text
        assert {"Accept-Language", "Cookie"} <= {name.strip() for name in response.headers["Vary"].split(",")}
        assert '<html lang="en"' in client.get(path, headers={"Accept-Language": "fi"}).text


def test_the_account_remembers_the_language_and_changes_it(client, house, clock):
    house.sign_in(client, house.user("Ana Restrepo"))
    assert "Su cuenta" in read(client, "/account", **SPANISH)
    token = house.token(client)
    fields = {"name": "Ana Restrepo", "language": "de", "csrf_token": token}
    client.post("/account", data=fields, headers=SPANISH)
    page = read(client, "/account", **SPANISH)
    assert "Ihr Konto ist gespeichert." in page
    assert '<option value="de" lang="de" selected>Deutsch</option>' in page
    client.post("/account", data={"name": "Ana Restrepo", "csrf_token": token}, headers=SPANISH)
    assert db.session.query(User).filter_by(name="Ana Restrepo").one().language == "de"
    client.post("/account", data=fields | {"language": "klingon"}, headers=SPANISH)
    db.session.rollback()
    assert db.session.query(User).filter_by(name="Ana Restrepo").one().language == ""


def test_whoever_signs_up_keeps_the_language_of_their_browser(client, house, clock):
    token = client.get("/sign-up", headers={"Accept": "application/json"}).json["csrf_token"]
    fields = {"name": "Ana Restrepo", "email": "ana@example.org", "password": "agua-para-todos", "csrf_token": token}
    assert client.post("/sign-up", data=fields, headers=SPANISH).status_code == 303
    assert User.with_email("ana@example.org").language == "es"


def test_refusals_speak_the_persons_language(client, house, spanish):
    page = client.get("/d/nowhere", headers=GERMAN)
    assert page.status_code == 404
    assert "Unter dieser Adresse gibt es nichts." in page.text
    person = house.user()
    house.sign_in(client, person)
    token = house.token(client)
    refused = client.post(
        "/d/agua/comments", data={"body": " ", "csrf_token": token}, headers={"Accept": "application/json", **GERMAN}
    )
    assert refused.json["error"]["message"] == "Schreiben Sie zuerst etwas."


def test_a_host_has_the_console_in_their_own_language(client, house, spanish):
    house.sign_in(client, house.host_of(spanish))
    page = read(client, "/d/agua/console", **GERMAN)
    assert "Ablaufplan" in page
    assert '<html lang="de" dir="ltr">' in page


def test_another_language_of_the_discussion_is_another_page(client, house, spanish):
    assert ">Responder<" in read(client, "/d/agua") or "En directo" in read(client, "/d/agua")
    fields = ("title", "slug", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown")
    draft = DiscussionDraft(**{name: getattr(spanish, name) for name in fields}, language="de")
    house.do(discussions.edit, house.host_of(spanish), spanish, draft)
    assert '<html lang="de" dir="ltr">' in read(client, "/d/agua")


def test_a_page_in_another_language_stays_light(client, house, clock):
    import brotli

    for language in ("de", "ar"):
        discussion = house.discussion(slug=f"light-{language}", language=language, ask=3)
        people = [house.user() for _ in range(4)]
        for number in range(60):
            house.comment(discussion, people[number % 4], f"Number {number} says something of its own.", question=3)
            clock.advance(timedelta(seconds=20))
        packed = len(brotli.compress(read(client, f"/d/{discussion.slug}").encode(), quality=6))
        assert packed <= 25_000, language
