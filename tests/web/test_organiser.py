"""Making a discussion in the browser: every field, the seats, and what bad input is told."""

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from PIL import Image

from forum import pictures
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Discussion, Seat, SiteRole, User
from forum.web.discussion_form import suggest_slug

WHOLE = {
    "title": "Food and climate",
    "slug": "food-and-climate",
    "hosted_by": "The Round House",
    "intro": "**Come** and *write*.",
    "editors_note": "Text only.",
    "related_url": "https://example.org/paper",
    "related_title": "The paper",
    "hero_credit": "",
    "hero_alt": "",
    "time_zone": "Europe/London",
    "starts_at_date": "2027-03-01",
    "starts_at_time": "15:00",
    "ends_at_date": "2027-03-01",
    "ends_at_time": "16:00",
    "visibility": "unlisted",
    "questions_shown": "count",
}
HOSTILE = ["\0", "x" * 200_000, "\u202etxet", "null", "1e309", "[]", "\ud800", "<script>alert(1)</script>"]


def token(app: Flask, client: FlaskClient) -> str:
    with client.session_transaction() as session:
        session["csrf_token"] = "f" * 40
    return URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps("f" * 40)


def send(client: FlaskClient, path: str, fields: dict[str, object]):
    data = {"csrf_token": token(client.application, client), **fields}
    return client.post(path, data=data, content_type="multipart/form-data")


def picture() -> tuple[io.BytesIO, str]:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(stream, "PNG")
    stream.seek(0)
    return stream, "hero.png"


def test_a_title_like_an_address_of_the_site_gets_another(house):
    assert suggest_slug("New") == "new-2"


def stored(slug: str = "food-and-climate") -> Discussion | None:
    db.session.rollback()
    db.session.expire_all()
    return Discussion.with_slug(slug)


@pytest.fixture
def organiser(app, house):
    client = app.test_client()
    house.sign_in(client, house.user("Olga Owner", role=SiteRole.ORGANISER))
    return client


@pytest.fixture
def made(organiser):
    assert send(organiser, "/organise/new", WHOLE).status_code == 303
    return organiser


def test_a_whole_discussion_is_made_as_a_draft(made):
    d = stored()
    assert d is not None
    assert d.phase.value == "draft"
    assert d.starts_at == datetime(2027, 3, 1, 15, tzinfo=UTC)
    assert (d.visibility.value, d.questions_shown.value, d.time_zone) == ("unlisted", "count", "Europe/London")
    assert "<strong>" in d.intro_html or "Come" in d.intro_html
    assert "Food and climate" in made.get("/organise").text


def test_only_organisers_find_these_pages(app, house, made):
    visitor, member = app.test_client(), app.test_client()
    house.sign_in(member, house.user("Mara Member"))
    for client in (visitor, member):
        for path in ("/organise", "/organise/new", "/d/food-and-climate/edit", "/d/food-and-climate/seats/new"):
            assert client.get(path).status_code == 404, path
        assert send(client, "/organise/new", WHOLE | {"slug": "theirs"}).status_code == 404
    assert stored("theirs") is None


@pytest.mark.parametrize("role", ["host", "moderator"])
def test_who_helps_to_run_a_draft_finds_it_and_makes_none(app, house, made, role):
    helper, client = house.user("Mona Member"), app.test_client()
    house.seat(stored(), helper, role)
    house.sign_in(client, helper)
    for path in ("/", "/account"):
        assert 'href="/organise"' in client.get(path).text, path
    page = client.get("/organise").text
    assert "/d/food-and-climate/console" in page
    assert "/organise/new" not in page and "/organise/import" not in page
    assert client.get("/organise/new").status_code == 404


def test_a_panelist_has_no_discussions_to_run(app, house, made):
    panelist, client = house.user("Pia Panelli"), app.test_client()
    house.seat(stored(), panelist, "panelist")
    house.sign_in(client, panelist)
    assert 'href="/organise"' not in client.get("/account").text
    assert client.get("/organise").status_code == 404


def test_the_address_is_made_from_the_title_and_is_its_own(made):
    assert send(made, "/organise/new", WHOLE | {"slug": ""}).status_code == 303
    assert stored("food-and-climate-2") is not None
    assert suggest_slug("Ça va? Überall!") == "ca-va-uberall"
    assert suggest_slug("食").startswith("discussion-")


def test_an_address_that_another_had_before_is_not_made_again(made):
    assert send(made, "/d/food-and-climate/edit", WHOLE | {"slug": "renamed"}).status_code == 303
    assert send(made, "/organise/new", WHOLE | {"slug": ""}).status_code == 303
    assert stored("food-and-climate-2") is not None


def test_a_taken_address_is_named(made):
    page = send(made, "/organise/new", WHOLE)
    assert page.status_code == 422
    assert 'id="fault-slug"' in page.text


def test_every_fault_is_named_at_once_and_what_was_typed_stays(organiser):
    wrong = {"title": "", "slug": "Not a slug", "related_url": "javascript:alert(1)", "time_zone": "Mars/Olympus"}
    page = send(organiser, "/organise/new", WHOLE | wrong | {"starts_at_time": "noon", "visibility": "secret"})
    assert page.status_code == 422
    for field in ("title", "slug", "related_url", "time_zone", "starts_at", "visibility"):
        assert f'id="fault-{field}"' in page.text, field
        assert f'href="#field-{field}"' in page.text, field
    assert 'value="The Round House"' in page.text
    assert 'value="Not a slug"' in page.text
    assert db.session.query(Discussion).count() == 0


def test_the_faults_on_top_name_their_fields_in_the_order_of_the_form(organiser):
    wrong = {"late_minutes": "abc", "related_url": "nowhere", "ends_at_time": "14:00", "title": "", "language": "xx"}
    page = send(organiser, "/organise/new", WHOLE | wrong)
    on_top = page.text.partition('class="error-summary"')[2].partition("</div>")[0]
    named = [unescape(label) for label in re.findall(r'<a href="#field-[^"]*">([^<]*)</a> – ', on_top)]
    assert named == [
        "Title", "Language it is held in", "Ends", "Late comments: for so many minutes", "Address of the link",
    ]  # fmt: skip
    assert "</a> – Give a whole number, in digits." in on_top


def test_the_end_comes_after_the_start(organiser):
    page = send(organiser, "/organise/new", WHOLE | {"ends_at_time": "14:00"})
    assert page.status_code == 422
    assert 'id="fault-ends_at"' in page.text


def test_a_time_that_the_clocks_leap_over_is_explained(organiser):
    page = send(organiser, "/organise/new", WHOLE | {"starts_at_date": "2027-03-28", "starts_at_time": "01:30"})
    assert page.status_code == 422
    assert "does not exist" in page.text
    assert "02:30" in page.text


@pytest.mark.parametrize(("fold", "hour"), [("first", 0), ("second", 1)])
def test_a_time_that_comes_twice_is_asked_about(organiser, fold, hour):
    night = WHOLE | {"starts_at_date": "2027-10-31", "starts_at_time": "01:30"}
    night |= {"ends_at_date": "2027-10-31", "ends_at_time": "04:00"}
    page = send(organiser, "/organise/new", night)
    assert page.status_code == 422
    assert 'name="starts_at_fold"' in page.text
    assert 'name="ends_at_fold"' not in page.text
    assert send(organiser, "/organise/new", night | {"starts_at_fold": fold}).status_code == 303
    d = stored()
    assert d is not None
    assert d.starts_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
    assert f'value="{fold}" selected' in organiser.get("/d/food-and-climate/edit").text


@pytest.mark.parametrize(
    ("zone", "day", "time"), [("Asia/Tokyo", "0001-01-01", "00:00"), ("America/New_York", "9999-12-31", "23:59")]
)
def test_a_date_at_the_edge_of_the_calendar_is_at_fault_like_any_other(organiser, zone, day, time):
    edge = {"time_zone": zone, "starts_at_date": day, "starts_at_time": time}
    page = send(organiser, "/organise/new", WHOLE | edge)
    assert page.status_code == 422
    assert 'id="fault-starts_at"' in page.text


def test_saving_what_the_form_shows_changes_nothing(made):
    before = stored()
    assert before is not None
    values = {c.name: getattr(before, c.name) for c in Discussion.__table__.columns}
    assert send(made, "/d/food-and-climate/edit", WHOLE).status_code == 303
    after = stored()
    assert {c.name: getattr(after, c.name) for c in Discussion.__table__.columns} == values


def test_editing_changes_every_field(made):
    other = WHOLE | {"title": "Water", "slug": "water", "time_zone": "Asia/Kathmandu", "visibility": "invited"}
    other |= {"starts_at_time": "09:15", "ends_at_time": "11:00", "intro": "New", "hosted_by": "Others"}
    assert send(made, "/d/food-and-climate/edit", other).location.endswith("/d/water/edit")
    d = stored("water")
    assert d is not None
    assert (d.title, d.intro, d.hosted_by, d.visibility.value) == ("Water", "New", "Others", "invited")
    assert d.starts_at == datetime(2027, 3, 1, 3, 30, tzinfo=UTC)


def test_a_picture_needs_words_and_a_credit(made):
    page = send(made, "/d/food-and-climate/edit", WHOLE | {"hero": picture()})
    assert page.status_code == 422
    assert 'id="fault-hero_alt"' in page.text
    assert 'id="fault-hero_credit"' in page.text
    d = stored()
    assert d is not None
    assert d.hero == ""
    words = {"hero_alt": "A field", "hero_credit": "A. Painter"}
    assert send(made, "/d/food-and-climate/edit", WHOLE | words | {"hero": picture()}).status_code == 303
    d = stored()
    assert d is not None
    assert d.hero
    send(made, "/d/food-and-climate/edit", WHOLE | {"remove_hero": "yes"})
    d = stored()
    assert d is not None
    assert d.hero == ""


def coloured(colour: str) -> tuple[io.BytesIO, str]:
    stream = io.BytesIO()
    Image.new("RGB", (1000, 600), colour).save(stream, "PNG")
    stream.seek(0)
    return stream, "hero.png"


def files(app) -> list[str]:
    """Return the files that are there after the clock has tidied up."""
    clockwork.tidy()
    return sorted(path.name for path in (app.config["SETTINGS"].data_dir / "media").iterdir())


@pytest.fixture
def empty_media(app):
    folder = app.config["SETTINGS"].data_dir / "media"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()


def test_a_picture_that_is_replaced_goes_in_time_with_all_its_sizes(app, made, clock, empty_media):
    words = WHOLE | {"hero_alt": "A field", "hero_credit": "A. Painter"}
    send(made, "/d/food-and-climate/edit", words | {"hero": coloured("teal")})
    first = set(files(app))
    assert len(first) == 3
    send(made, "/d/food-and-climate/edit", words | {"hero": coloured("red")})
    clock.advance(pictures.KEPT_FOR)
    assert first < set(files(app)), "a page that was loaded before may ask for it"
    clock.advance(timedelta(seconds=1))
    left = files(app)
    assert len(left) == 3
    assert not first & set(left)
    assert stored().hero in left


def test_a_picture_stays_as_long_as_another_discussion_shows_it(app, made, clock, empty_media):
    words = WHOLE | {"hero_alt": "A field", "hero_credit": "A. Painter"}
    send(made, "/d/food-and-climate/edit", words | {"hero": coloured("teal")})
    shared = stored().hero
    send(made, "/organise/new?like=food-and-climate", words | {"slug": "another"})
    assert stored("another").hero == shared
    send(made, "/d/food-and-climate/edit", WHOLE | {"remove_hero": "yes"})
    clock.advance(2 * pictures.KEPT_FOR)
    assert shared in files(app)
    send(made, "/d/another/edit", words | {"slug": "another", "remove_hero": "yes"})
    clock.advance(2 * pictures.KEPT_FOR)
    assert files(app) == []


def test_a_picture_whose_form_is_refused_goes_in_time(app, made, clock, empty_media):
    fields = WHOLE | {"hero_alt": "A field", "hero_credit": "A. Painter", "hero": coloured("teal")}
    assert send(made, "/organise/new", fields).status_code == 422, "the address is taken"
    assert [name.endswith(".replaced") for name in files(app)].count(False) == 3
    clock.advance(pictures.STRAYS_KEPT_FOR)
    assert len(files(app)) == 4, "whoever puts a folder or a database back has some days"
    clock.advance(timedelta(seconds=1))
    assert files(app) == []


def test_a_picture_that_two_hosts_have_replaced_at_once_goes_in_time(app, made, clock, empty_media):
    words = WHOLE | {"hero_alt": "A field", "hero_credit": "A. Painter"}
    send(made, "/d/food-and-climate/edit", words | {"hero": coloured("teal")})
    # The other host has looked at the row before, so nobody sets this one aside.
    with writing():
        stored().hero = "0" * 32 + ".webp"
    files(app)
    clock.advance(2 * pictures.STRAYS_KEPT_FOR)
    assert files(app) == []


def test_a_picture_that_is_chosen_again_stays(app, made, clock, empty_media):
    words = WHOLE | {"hero_alt": "A field", "hero_credit": "A. Painter"}
    for colour in ("teal", "red", "teal"):
        send(made, "/d/food-and-climate/edit", words | {"hero": coloured(colour)})
    hero = stored().hero
    # Without the mark of having been replaced: what has one is looked at, and could go between the file and its row.
    assert [name for name in files(app) if name.startswith(hero)] == [hero]
    clock.advance(2 * pictures.KEPT_FOR)
    assert hero in files(app)


def test_a_picture_that_cannot_be_set_aside_costs_the_host_nothing(app, made, empty_media, monkeypatch):
    words = WHOLE | {"hero_alt": "A field", "hero_credit": "A. Painter"}
    send(made, "/d/food-and-climate/edit", words | {"hero": coloured("teal")})

    def full(*_arguments):
        raise OSError("no space left")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    assert send(made, "/d/food-and-climate/edit", WHOLE | {"remove_hero": "yes"}).status_code == 303
    assert stored().hero == ""


def test_what_is_no_picture_is_named(made):
    words = {"hero_alt": "A field", "hero_credit": "A. Painter", "hero": (io.BytesIO(b"<svg onload=x>"), "a.png")}
    page = send(made, "/d/food-and-climate/edit", WHOLE | words)
    assert 400 <= page.status_code < 500
    assert 'id="fault-hero"' in page.text


def test_publishing_and_withdrawing(app, made):
    reader = app.test_client()
    assert send(made, "/d/food-and-climate/console/publish", {"from": "edit"}).location.endswith("/edit")
    d = stored()
    assert d is not None
    assert d.phase.value == "announced"
    assert send(reader, "/d/food-and-climate/console/withdraw", {}).status_code == 404
    send(made, "/d/food-and-climate/console/withdraw", {})
    d = stored()
    assert d is not None
    assert d.phase.value == "draft"


def test_seats_are_given_changed_and_taken(made):
    seat = {
        "name": "Pia Panelist",
        "email": "pia@example.org",
        "role": "panelist",
        "title": "Dr",
        "affiliation": "Here",
    }
    assert send(made, "/d/food-and-climate/seats/new", seat).status_code == 303
    given = db.session.query(Seat).one()
    assert given.user.email == "pia@example.org"
    again = send(made, "/d/food-and-climate/seats/new", seat)
    assert again.status_code == 303, "the same once more is the same"
    again = send(made, "/d/food-and-climate/seats/new", seat | {"title": "Professor"})
    assert again.status_code == 422
    assert 'id="fault-email"' in again.text
    changed = seat | {"name": "Pia P. Panelist", "role": "host"}
    assert send(made, f"/d/food-and-climate/seats/{given.id}/edit", changed).status_code == 303
    db.session.expire_all()
    assert (given.name, given.role.value) == ("Pia P. Panelist", "host")
    assert "Pia P. Panelist" in made.get("/d/food-and-climate/edit").text
    assert send(made, f"/d/food-and-climate/seats/{given.id}/take", {}).status_code == 303
    assert db.session.query(Seat).count() == 0


def test_a_faulty_seat_makes_no_account(made):
    seat = {"name": "", "email": "nobody", "role": "emperor"}
    page = send(made, "/d/food-and-climate/seats/new", seat)
    assert page.status_code == 422
    for field in ("name", "email", "role"):
        assert f'id="fault-{field}"' in page.text, field
    assert db.session.query(Seat).count() == 0
    assert db.session.query(User).count() == 1


def test_another_discussions_seat_is_not_there(made):
    send(made, "/organise/new", WHOLE | {"slug": "other"})
    send(made, "/d/other/seats/new", {"name": "Pia", "email": "pia@example.org", "role": "panelist"})
    seat = db.session.query(Seat).one()
    assert made.get(f"/d/food-and-climate/seats/{seat.id}/edit").status_code == 404
    assert send(made, f"/d/food-and-climate/seats/{seat.id}/take", {}).status_code == 404
    assert made.get(f"/d/other/seats/{10**30}/edit").status_code == 404


@pytest.mark.parametrize("field", [*WHOLE, "remove_hero"])
def test_no_field_can_break_the_form(organiser, field):
    for value in HOSTILE:
        raw = value.encode("utf-8", "surrogatepass")
        answer = send(organiser, "/organise/new", WHOLE | {field: raw})
        assert answer.status_code in {303, 413, 422}, (field, value[:20])
        assert "<script>alert" not in answer.text
        if answer.status_code == 303:
            db.session.rollback()
            db.session.query(Discussion).delete()
            db.session.commit()
    repeated = send(organiser, "/organise/new", WHOLE | {field: ["a", "b"]})
    if field != "remove_hero":
        assert repeated.status_code == 422
        assert field.removesuffix("_date").removesuffix("_time") in repeated.text
    missing = {name: value for name, value in WHOLE.items() if name != field}
    assert send(organiser, "/organise/new", missing).status_code in {303, 422}


def test_a_megabyte_is_too_much(organiser):
    assert send(organiser, "/organise/new", WHOLE | {"intro": "x" * 1_000_000}).status_code == 413
    assert stored() is None


def test_an_empty_form_names_its_fields(organiser):
    page = send(organiser, "/organise/new", {})
    assert page.status_code == 422
    for field in ("title", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown"):
        assert f'id="fault-{field}"' in page.text, field


def test_weeks_are_made_with_letters_by_choice_and_their_dates_move_with_the_start(app, made):
    client = made
    weeks = WHOLE | {"ends_at_date": "2027-03-22", "digests": "always"}
    assert send(client, "/d/food-and-climate/edit", weeks).status_code == 303
    question = {"text": "Who pays?", "opens_at_date": "2027-03-08", "opens_at_time": "09:00"}
    assert send(client, "/d/food-and-climate/questions/new", question).status_code == 303
    later = weeks | {"starts_at_date": "2027-03-29", "ends_at_date": "2027-04-19"}
    later.pop("digests")
    page = client.get(send(client, "/d/food-and-climate/edit", later).headers["Location"]).text
    assert "The dates of its questions have moved with the start" in page
    assert "opens by itself Mon 5 Apr, 09:00" in page
    discussion = stored()
    assert (discussion.digests, discussion.silence_minutes) == ("always", 1440), "what a form does not name stays"
    assert discussion.questions[0].opens_at == datetime(2027, 4, 5, 8, tzinfo=UTC)
    answer = send(client, "/d/food-and-climate/edit", later | {"digests": "sometimes"})
    assert answer.status_code == 422
    assert 'href="#field-digests"' in answer.text


def test_a_date_that_comes_to_lie_outside_is_marked(made):
    client = made
    weeks = WHOLE | {"ends_at_date": "2027-03-22"}
    send(client, "/d/food-and-climate/edit", weeks)
    send(
        client,
        "/d/food-and-climate/questions/new",
        {"text": "Who?", "opens_at_date": "2027-03-20", "opens_at_time": "09:00"},
    )
    page = client.get(
        send(client, "/d/food-and-climate/edit", weeks | {"ends_at_date": "2027-03-15"}).headers["Location"]
    )
    assert "never opens by itself" in page.text


def test_a_long_panel_costs_the_form_no_more_questions(app, house, statements):
    """Each seat asked for its person's account."""
    number, slug = (discussion := house.discussion(phase="draft")).id, discussion.slug
    host = app.test_client()
    house.sign_in(host, house.host_of(discussion))

    def asked(name: str) -> int:
        house.panelist(db.session.get_one(Discussion, number), name)
        emails = [seat.user.email for seat in db.session.get_one(Discussion, number).seats]
        db.session.rollback()
        db.session.expunge_all()  # as a request begins
        with statements() as made:
            page = host.get(f"/d/{slug}/edit").text
        assert all(email in page for email in emails)
        return len(made)

    few = asked("Ana Prado")
    assert [asked(name) for name in ("Ben Odd", "Chi Wu", "Dora Lang")] == [few] * 3
