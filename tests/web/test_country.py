"""The country that somebody says they are from: chosen on three pages, shown beside the name, counted and kept."""

import csv
import io
import json
from datetime import timedelta

import pytest

from forum import countries
from forum.actions import accounts, imports, leaving, phases
from forum.actions.accounts import Profile
from forum.archive import discussion_file, export, foreign, person, statistics
from forum.archive.discussion_file import FileFaults
from forum.archive.foreign import Kind
from forum.database import db, writing
from forum.models import Event, Seat, User
from forum.refusals import Refused
from tests.archive.unpacked import said


def client_of(app, house, user):
    client = app.test_client()
    house.sign_in(client, user)
    return client


def test_countries_have_names_in_every_language():
    assert len(countries.CODES) == 250
    assert all(countries.name(code) not in ("", code) for code in countries.CODES)
    assert (countries.name("KE"), countries.name("DE", "pt"), countries.name("")) == ("Kenya", "Alemanha", "")
    assert list(countries.names())[:2] == ["AF", "AX"]
    assert [countries.code_of(words) for words in (" ke ", "kenya", "", "Atlantis", "ZZ")] == [
        "KE", "KE", "", None, None,
    ]  # fmt: skip


def test_a_place_is_not_said_twice():
    assert countries.whence("Water Board", "KE") == "Water Board, Kenya"
    assert countries.whence("University of Nairobi, Kenya", "KE") == "University of Nairobi, Kenya"
    assert countries.whence("", "KE") == "Kenya"
    assert countries.whence("Water Board", "") == "Water Board"


def test_one_chooses_it_on_the_account_page_and_readers_see_it(app, house):
    discussion, otto = house.discussion(ask=1), house.user("Otto Ode")
    house.comment(discussion, otto, question=1)
    client = client_of(app, house, otto)
    page = client.get("/account").get_data(as_text=True)
    assert '<option value="KE">Kenya</option>' in page
    fields = {"csrf_token": house.token(client), "name": "Otto Ode", "affiliation": "Wells"}
    assert client.post("/account", data=fields | {"country": "KE"}).status_code == 303
    assert '<option value="KE" selected>Kenya</option>' in client.get("/account").get_data(as_text=True)
    for path in (f"/d/{discussion.slug}", f"/d/{discussion.slug}/transcript", f"/people/{otto.id}"):
        assert "Wells, Kenya" in client.get(path).get_data(as_text=True), path
    kinds = [event.kind for event in db.session.query(Event).order_by(Event.seq)]
    assert kinds[-1] == "discussion.edited", "open pages hear of it"
    for wrong in ("XX", "Atlantis", "K\0E", "K" * 5000):
        answer = client.post("/account", data=fields | {"country": wrong})
        assert answer.status_code == 422
        assert "Choose a country of the list" in answer.get_data(as_text=True)
    assert db.session.get_one(User, otto.id).country == "KE"


def test_hosts_give_it_with_a_seat_and_its_person_changes_it(app, house):
    discussion = house.discussion()
    priya = house.user("Priya Raman")
    with writing():
        accounts.change_profile(priya, Profile("Priya Raman", country="IN"))
    house.seat(discussion, priya, "panelist")
    seat = db.session.query(Seat).filter_by(user_id=priya.id).one()
    assert seat.country == "IN", "what is on the profile need not be typed again"
    host = client_of(app, house, house.host_of(discussion))
    fields = {"csrf_token": house.token(host), "name": "Priya Raman", "role": "panelist", "country": "PT"}
    assert host.post(f"/d/{discussion.slug}/seats/{seat.id}/edit", data=fields).status_code in {302, 303}
    db.session.refresh(seat)
    assert seat.country == "PT"
    panelist = client_of(app, house, priya)
    at = f"/d/{discussion.slug}/backstage/introduction"
    assert '<option value="PT" selected>' in panelist.get(at).get_data(as_text=True)
    fields = {"csrf_token": house.token(panelist), "title": "", "affiliation": "Lab", "biography": "", "country": "KE"}
    assert panelist.post(at, data=fields | {"country": "??"}).status_code == 422
    assert panelist.post(at, data=fields).status_code == 303
    page = panelist.get(f"/d/{discussion.slug}").get_data(as_text=True)
    assert "Lab, Kenya" in page


@pytest.fixture
def mixed(house, clock):
    """Six comments: two of a panelist from India, three of Otto and Mara from Kenya, one of nobody's land."""
    discussion = house.discussion(slug="mixed")
    with writing():
        people = [house.user(name) for name in ("Otto Ode", "Mara Member", "Nemo Nowhere")]
    house.asked(discussion, "What is missing?")
    house.seat(discussion, house.user("Priya Raman"), "panelist", affiliation="Lab", country="IN")
    priya = next(seat.user for seat in discussion.seats if seat.name == "Priya Raman")
    for user, country in zip(people, ("KE", "KE", ""), strict=True):
        house.do(accounts.change_profile, user, Profile(user.name, "Wells" if country else "", country=country))
    otto, mara, nemo = people
    clock.advance(timedelta(minutes=4))
    first = house.comment(discussion, otto, "One.", question=1)
    for writer in (priya, priya, mara):
        clock.advance(timedelta(minutes=1))
        house.comment(discussion, writer, "More.", question=1, reply_to=first.id)
    house.comment(discussion, otto, "Last.", question=1, reply_to=first.id)
    house.comment(discussion, nemo, "Where?")
    return discussion


def test_statistics_count_by_hand(app, house, mixed):
    found = statistics.of(mixed)
    assert found.countries == [("KE", 2, 3), ("IN", 1, 2)]
    assert found.organisations == [("Wells", 2, 3), ("Lab", 1, 2)]
    assert sorted(found.roles) == [("member", 3, 4), ("panelist", 1, 2)]
    assert sorted(found.pairs) == [("Mara Member", "Otto Ode", 1), ("Priya Raman", "Otto Ode", 2)], "not oneself"
    assert (found.comments, found.replies, found.writers) == (6, 4, 4)
    (question,) = [one for one in found.questions if one.question]
    assert (question.first_after, question.panel, question.writers) == (timedelta(minutes=4), 2, 3)
    with writing():
        mixed.peak_readers = 9
    assert statistics.of(mixed).silent == 5
    page = app.test_client().get("/d/mixed/statistics").get_data(as_text=True)
    for words in ("By country", "Kenya", "India", "Readers at that moment who did not write (at least)"):
        assert words in page


def test_files_name_it(app, house, mixed):
    rows = list(csv.DictReader(io.StringIO(export.whole("csv", mixed))))
    assert [row["country"] for row in rows] == ["KE", "IN", "IN", "KE", "KE", ""]
    for kind in ("html", "markdown", "text", "epub", "docx"):
        assert "Wells, Kenya" in said(kind, mixed), kind
    found = foreign.read(Kind.CSV, export.whole("csv", mixed))
    assert [one.country for one in found.comments] == ["KE", "IN", "IN", "KE", "KE", ""]


def test_the_discussion_file_keeps_it(app, house, mixed):
    house.do(phases.close, house.host_of(mixed), mixed)
    values = json.loads(export.whole("json", mixed))
    assert {"KE", "IN"} <= {
        one["author"].get("country") for one in values["comments"] if isinstance(one["author"], dict)
    } | {seat.get("country") for seat in values["seats"]}
    values["slug"] = "again"
    with writing():
        again = imports.store(discussion_file.read(json.dumps(values).encode()))
    assert json.loads(export.whole("json", again)) == values
    assert statistics.of(again).countries == [("KE", 2, 3), ("IN", 1, 2)]
    values["seats"][0]["country"] = "Atlantis"
    values["comments"][0]["author"] = {"name": "Somebody", "country": 5}
    with pytest.raises(FileFaults) as caught:
        discussion_file.read(json.dumps(values).encode())
    assert {(path, words[:16]) for _, path, words in caught.value.faults} == {
        ("seats[0].country", "must be a countr"), ("comments[0].author.country", "must be text in "),
    }  # fmt: skip


def test_ones_data_has_it_and_leaving_takes_it_away(app, house, mixed):
    priya = next(seat.user for seat in mixed.seats if seat.country == "IN")
    house.do(accounts.change_profile, priya, Profile("Priya Raman", country="IN", language="fr"))
    data = person.of(priya)
    assert (data["account"]["country"], data["seats"][0]["country"]) == ("IN", "IN")
    assert data["account"]["language"] == "fr"
    house.do(leaving.leave, priya, leaving.Words.KEEP)
    assert (priya.country, db.session.query(Seat).filter_by(user_id=priya.id).one().country) == ("", "")
    assert statistics.of(mixed).countries == [("KE", 2, 3)]


def test_a_wrong_code_is_refused_wherever_it_comes_from(house):
    user = house.user()
    with pytest.raises(Refused) as caught:
        house.do(accounts.change_profile, user, Profile(user.name, country="'=1"))
    assert list(caught.value.fields) == ["country"]
