"""What administrators set for the whole site, and the people of it: who gets in, who is what, and who hears of it."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from forum import looks, pictures
from forum.actions import accounts, members, sanctions
from forum.actions import site as rules
from forum.actions.site import SiteDraft
from forum.database import db
from forum.live import clockwork
from forum.models import CommentState, Letter, ModerationAction, Registration, Review, Site, SiteRole, User
from forum.refusals import Refused
from tests.web.conftest import policy_of_styles


@pytest.fixture
def ada(house):
    return house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)


@pytest.fixture
def desk(app, house, ada):
    client = app.test_client()
    house.sign_in(client, ada)
    client.token = house.token(client)
    return client


def send(client, path, **fields):
    return client.post(path, data={"csrf_token": client.token, "registration": "open"} | fields)


def page(client, path="/"):
    return client.get(path).get_data(as_text=True)


def refused(house, *call, **more) -> Refused:
    with pytest.raises(Refused) as caught:
        house.do(*call, **more)
    return caught.value


def set_to(house, ada, registration):
    house.do(rules.change, ada, SiteDraft(registration=Registration(registration)))


# ---- name, looks, rules ----


def test_name_colours_and_rules_are_on_every_page_and_in_letters(house, client, desk):
    room = house.discussion(ask=1)
    assert "Riverside" not in page(client, f"/d/{room.slug}")
    answer = send(
        desk, "/site", name="Riverside Talks", own_accent="1", accent="#ffcc00", rules="Be **kind**.", signal="#112233"
    )
    assert answer.status_code == 303
    for path in ("/", f"/d/{room.slug}", "/about", "/sign-in", "/nothing-here"):
        answer = client.get(path)
        shown = answer.get_data(as_text=True)
        assert "Riverside Talks</a>" in shown, path
        style = re.findall(r"<style>(.*)</style>", shown)[-1]  # the live page has the sheet itself before it
        assert policy_of_styles(shown) in answer.headers["Content-Security-Policy"]
        # A box of a colour that was not ticked changes nothing.
        assert "#112233" not in style
    assert "Be <strong>kind</strong>" in page(client, "/about")
    client.post("/reset", data={"csrf_token": house.token(desk), "email": "nobody@example.org"})
    form = page(client, "/reset").split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post("/reset", data={"csrf_token": form, "email": "nobody@example.org"}).status_code == 200
    assert "Riverside Talks" in db.session.scalars(select(Letter).order_by(Letter.id)).all()[-1].subject


def test_a_kept_page_does_not_outlive_a_change(house, client, desk):
    room = house.discussion(ask=1)
    first = page(client, f"/d/{room.slug}")
    assert page(client, f"/d/{room.slug}") == first
    send(desk, "/site", name="Riverside Talks")
    assert "Riverside Talks" in page(client, f"/d/{room.slug}")
    send(desk, "/site", name="")
    assert "Riverside Talks" not in page(client, f"/d/{room.slug}")


def fields_of(shown: str) -> dict[str, str]:
    """What a browser would send of the settings that are `shown`, without files."""
    form = shown[shown.index('<form class="plain-form"') :]
    found = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', form)[1] for name in ("seen", "name")}
    for name in ("accent", "signal"):
        found[name] = re.search(rf'name="{name}" value="([^"]*)"', form)[1]
    found |= dict(re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL))
    return found | dict(re.findall(r'name="([a-z_]+)" value="([^"]*)" checked', form))


def test_what_two_administrators_change_at_once_is_merged_field_by_field(desk):
    send(desk, "/site", name="Rivers", held_words="casino", rules="Be kind.")
    mine = theirs = fields_of(page(desk, "/site"))
    theirs = theirs | {"name": "Riverside", "own_signal": "1", "signal": "#112233", "registration": "invited"}
    assert send(desk, "/site", **theirs).status_code == 303
    assert send(desk, "/site", **mine | {"rules": "Be kinder.", "hold_links": "1"}).status_code == 303
    site = Site.current()
    assert (site.name, site.signal, site.registration.value) == ("Riverside", "#112233", "invited")
    assert (site.rules, site.hold_links, site.held_words) == ("Be kinder.", True, "casino")
    assert "kinder" in site.rules_html


def test_a_setting_that_two_administrators_have_changed_is_refused_with_what_stands_there_now(desk):
    send(desk, "/site", name="Rivers", held_words="casino")
    shown = fields_of(page(desk, "/site"))
    first = shown | {"name": "First", "registration": "closed", "held_words": "casino\nlottery"}
    assert send(desk, "/site", **first).status_code == 303
    answer = send(desk, "/site", **shown | {"name": "Second", "registration": "invited", "rules": "Be kind."})
    assert answer.status_code == 409
    assert 'id="fault-name"' in answer.text and 'id="fault-registration"' in answer.text
    assert "field-theirs" in answer.text and ">First</blockquote>" in answer.text
    assert ">Nobody new, but for who is named host or panelist</blockquote>" in answer.text
    again = fields_of(answer.text)
    assert (again["name"], again["registration"], again["rules"]) == ("Second", "invited", "Be kind.")
    assert again["held_words"] == "casino\nlottery", "what only the first has changed is shown"
    assert "own_accent" not in again, "a colour that nobody chose is not chosen by a refusal"
    assert Site.current().name == "First"
    assert send(desk, "/site", **again).status_code == 303
    site = Site.current()
    assert (site.name, site.rules, site.held_words) == ("Second", "Be kind.", "casino\nlottery")


def test_a_logo_that_another_administrator_has_changed_is_not_taken_away_unseen(desk):
    def drawn(colour):
        file = BytesIO()
        Image.new("RGB", (90, 30), colour).save(file, "PNG")
        return BytesIO(file.getvalue()), "logo.png"

    send(desk, "/site", logo=drawn("red"))
    shown = fields_of(page(desk, "/site"))
    assert send(desk, "/site", **shown, logo=drawn("teal")).status_code == 303
    logo = Site.current().logo
    answer = send(desk, "/site", **shown, remove_logo="1")
    assert answer.status_code == 409 and "Another logo" in answer.text and f"/media/{logo}" in answer.text
    assert send(desk, "/site", **shown | {"name": "Rivers"}).status_code == 303
    assert (Site.current().logo, Site.current().name) == (logo, "Rivers")


def test_a_logo_is_drawn_anew_and_stays_see_through_and_goes_when_it_is_nobodys(app, desk, client, clock):
    file = BytesIO()
    Image.new("RGBA", (900, 300), (200, 0, 0, 0)).save(file, "PNG")
    file.seek(0)
    assert send(desk, "/site", logo=(file, "logo.png")).status_code == 303
    name = Site.current().logo
    assert f'src="/media/{name}"' in page(client)
    with Image.open(app.config["SETTINGS"].data_dir / "media" / name) as drawn:
        assert (drawn.format, drawn.height, drawn.mode) == ("WEBP", 96, "RGBA")
    assert send(desk, "/site", logo=(BytesIO(b"<svg/>"), "logo.svg")).status_code == 422
    assert Site.current().logo == name
    send(desk, "/site", remove_logo="1")
    assert "/media/" not in page(client)
    kept = app.config["SETTINGS"].data_dir / "media" / name
    for wait, is_there in ((timedelta(), True), (pictures.STRAYS_KEPT_FOR, True), (timedelta(seconds=1), False)):
        clock.advance(wait)
        clockwork.tidy()
        assert kept.exists() is is_there


@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#ffcc00", "#0b4fa8", "#777777", "#ff0000", "#00ff00"])
def test_whatever_colour_it_is_text_can_be_read(colour):
    said = looks.style(colour, colour)
    light, dark = said.split("@media")
    value = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", light))
    for ground in ("#ffffff", "#f6f7f5", "#eceeea"):
        assert looks.contrast(value["link"], ground) >= 4.5
    assert looks.contrast(value["on-link"], value["link"]) >= 4.5
    assert looks.contrast(value["on-signal"], value["signal"]) >= 4.0
    assert looks.contrast(value["signal-text"], value["signal-bg"]) >= 4.5
    value = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", dark))
    for ground in ("#121517", "#191d20", "#0d0f11"):
        assert looks.contrast(value["link"], ground) >= 4.5
    assert looks.contrast(value["on-link"], value["link"]) >= 4.5
    assert looks.contrast(value["signal-text"], value["signal-bg"]) >= 4.5


def test_contrast_is_that_of_the_guidelines():
    assert looks.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert looks.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_words_and_links_of_the_site_hold_in_every_discussion(house, desk):
    send(desk, "/site", held_words="casino\nbuy now*", hold_links="1")
    room = house.discussion(ask=1)
    member = house.user()
    for number, (body, state) in enumerate(
        {
            "A cas1no is no c\u0430sino.": CommentState.HELD,
            "See https://example.org/x": CommentState.HELD,
            "All is well.": CommentState.PUBLISHED,
        }.items()
    ):
        assert house.comment(room, member, body, key=f"key-number-{number}").state is state, body
    assert house.comment(room, house.host_of(room), "Our casino: https://example.org").state is CommentState.PUBLISHED
    assert len(list(db.session.scalars(select(Review)))) == 2


def test_nobody_else_has_such_pages(app, house, client):
    for role in (None, SiteRole.MEMBER, SiteRole.ORGANISER):
        other = app.test_client()
        if role:
            house.sign_in(other, house.user(role=role))
        for path in ("/site", "/site/people"):
            assert other.get(path).status_code == 404
            other.token = page(other, "/sign-in" if role is None else "/account").split('csrf_token" value="')[1][:91]
            assert send(other, path, name="Mine", addresses="x@example.org").status_code == 404
        assert send(other, "/people/1/role", role="administrator").status_code == 404
    assert Site.current().name == ""


# ---- who gets an account ----


def test_by_invitation_nobody_signs_up_by_themselves(house, client, ada):
    set_to(house, ada, "invited")
    answer = client.get("/sign-up?next=/d/x")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/d/x")
    shown = page(client, "/sign-in")
    assert "by invitation" in shown
    assert "/sign-up" not in shown
    token = shown.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "name": "New Name", "email": "new@example.org", "password": "eleven rivers"}
    answer = client.post("/sign-up", data=fields)
    assert answer.status_code == 403
    assert "by invitation" in answer.get_data(as_text=True)
    assert User.with_email("new@example.org") is None
    # Panelists still come by their host's hand.
    room = house.discussion()
    assert house.panelist(room).id


def test_who_is_invited_chooses_name_and_password_once(house, client, desk):
    known = house.user()
    answer = send(desk, "/site/people", addresses=f"Nora@Example.org, {known.email}\nnora@example.org")
    assert answer.status_code == 303
    letters = list(db.session.scalars(select(Letter)))
    assert [letter.to for letter in letters] == ["nora@example.org"]
    path = re.search(r"/welcome/\S+", letters[0].body)[0]
    assert "nora@example.org" in page(desk, "/site/people?standing=unconfirmed")
    shown = page(client, path)
    token = shown.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "name": "Host", "password": "eleven rivers"}
    answer = client.post(path, data=fields)
    assert answer.status_code == 422
    assert "badges here" in answer.get_data(as_text=True)
    assert client.post(path, data=fields | {"name": "Nora New"}).status_code == 303
    assert "Nora New" in page(client, "/account")
    nora = User.with_email("nora@example.org")
    assert (nora.name, nora.confirmed_at is not None) == ("Nora New", True)
    assert client.get(path).status_code == 410
    lines = list(db.session.scalars(select(ModerationAction.verb)))
    assert lines == ["person.invited"]


def test_a_stranger_who_types_an_invited_address_takes_nothing_away(app, client, desk):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_url": "smtp://127.0.0.1:9"})
    send(desk, "/site/people", addresses="nora@example.org")
    path = re.search(r"/welcome/\S+", db.session.scalars(select(Letter)).one().body)[0]
    token = page(client, "/sign-up").split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"name": "Liar And Thief", "email": "nora@example.org", "password": "eleven rivers", "csrf_token": token}
    assert client.post("/sign-up", data=fields).status_code == 200
    assert [letter.kind for letter in db.session.scalars(select(Letter))] == ["welcome", "welcome"]
    assert client.get(path).status_code == 200
    nora = User.with_email("nora@example.org")
    assert "Liar" not in nora.name and nora.password_hash is None


def test_who_is_invited_after_somebody_typed_their_address_is_welcomed(house, client, desk):
    house.do(accounts.ask_to_confirm, accounts.Newcomer("Eve Evil", "nora@example.org", "x"), "a hash")
    send(desk, "/site/people", addresses="nora@example.org")
    letters = list(db.session.scalars(select(Letter).order_by(Letter.id)))
    assert [letter.kind for letter in letters] == ["confirm", "welcome"]
    assert client.get(re.search(r"/confirm/\S+", letters[0].body)[0]).status_code == 410
    assert client.get(re.search(r"/welcome/\S+", letters[1].body)[0]).status_code == 200


def test_a_forgotten_password_is_no_way_around_the_welcome(house, desk, ada):
    send(desk, "/site/people", addresses="nora@example.org")
    set_to(house, ada, "closed")
    house.do(accounts.ask_for_reset, "nora@example.org")
    house.do(accounts.ask_again_to_confirm, "nora@example.org")
    assert [letter.kind for letter in db.session.scalars(select(Letter))] == ["welcome"] * 3
    house.do(accounts.ask_for_reset, ada.email)
    assert db.session.scalars(select(Letter.kind).order_by(Letter.id.desc())).first() == "reset"


def test_an_invitation_is_over_after_two_weeks_and_on_a_closed_site(house, client, desk, ada, clock):
    send(desk, "/site/people", addresses="nora@example.org")
    path = re.search(r"/welcome/\S+", db.session.scalars(select(Letter)).one().body)[0]
    set_to(house, ada, "closed")
    token = page(client, path).split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "name": "Nora New", "password": "eleven rivers"}
    assert client.post(path, data=fields).status_code == 403
    assert send(desk, "/site/people", addresses="zoe@example.org").status_code == 403
    assert "Nobody new" in page(desk, "/site/people")
    clock.advance(timedelta(days=14))
    assert client.get(path).status_code == 410


@pytest.mark.parametrize("typed", ["", "no address", "a@example.org b@", "x@example.org " * 201])
def test_a_list_with_a_fault_invites_nobody(desk, typed):
    answer = send(desk, "/site/people", addresses=typed)
    assert answer.status_code == 422
    assert list(db.session.scalars(select(Letter))) == []


# ---- people ----


def test_people_are_found_by_name_address_and_standing(house, desk, ada):
    house.user("Percy 100% Percent")
    zoe = house.user("Zoe Organises", role=SiteRole.ORGANISER)
    sue = house.user("Sue Spended")
    house.do(sanctions.suspend, ada, sue, "rude")
    house.user("Una Unsure", confirmed=False)
    for query, name in (
        ("part=zoe", "Zoe Organises"),
        (f"part={zoe.email.upper()}", "Zoe Organises"),
        ("part=100%25", "Percy 100% Percent"),
        ("standing=organiser", "Zoe Organises"),
        ("standing=administrator", "Ada Adler"),
        ("standing=suspended", "Sue Spended"),
        ("standing=unconfirmed", "Una Unsure"),
    ):
        assert re.findall(r'<a href="/people/\d+"><bdi>([^<]+)', page(desk, f"/site/people?{query}")) == [name], query
    assert desk.get("/site/people?page=-1").status_code == 422
    assert "Nobody fits" in page(desk, "/site/people?part=\0zzz")


def test_a_long_list_has_pages(house, desk, monkeypatch):
    monkeypatch.setattr(members, "MOST", 2)
    for number in range(4):
        house.user(f"Person {number}")
    first, second, third = (
        re.findall(r"<bdi>((?:Person|Ada)[^<]+)", page(desk, f"/site/people?page={number}").split("<main")[1])
        for number in range(3)
    )
    assert (first, second, third) == (["Person 3", "Person 2"], ["Person 1", "Person 0"], ["Ada Adler"])


def test_an_organiser_is_made_and_unmade(app, house, desk):
    mara = house.user("Mara Member")
    other = app.test_client()
    house.sign_in(other, mara)
    assert other.get("/organise/new").status_code == 404
    assert send(desk, f"/people/{mara.id}/role", role="organiser").status_code == 303
    assert other.get("/organise/new").status_code == 200
    send(desk, f"/people/{mara.id}/role", role="member")
    assert other.get("/organise/new").status_code == 404
    lines = list(db.session.scalars(select(ModerationAction).order_by(ModerationAction.id)))
    assert [(line.verb, line.after) for line in lines] == [
        ("person.role", {"role": "organiser"}),
        ("person.role", {"role": "member"}),
    ]
    assert send(desk, f"/people/{2**70}/role", role="member").status_code == 404
    assert send(desk, f"/people/{mara.id}/role", role="king").status_code == 422


def test_nobody_takes_their_own_role_and_nobody_unready_gets_one(house, ada):
    assert refused(house, members.give_role, ada, ada, SiteRole.MEMBER).code == "own_role"
    una = house.user(confirmed=False)
    assert refused(house, members.give_role, ada, una, SiteRole.ORGANISER).code == "not_ready"
    sue = house.user()
    house.do(sanctions.suspend, ada, sue, "rude")
    assert refused(house, members.give_role, ada, sue, SiteRole.ADMINISTRATOR).code == "not_ready"
    assert refused(house, members.give_role, sue, ada, SiteRole.MEMBER).status == 404


def test_addresses_come_as_mail_programs_copy_them_and_all_faults_at_once(desk):
    answer = send(desk, "/site/people", addresses="rub1, ok@example.org\nrub2")
    assert answer.status_code == 422 and "rub1, rub2" in answer.get_data(as_text=True)
    send(desk, "/site/people", addresses='"Lee, Ann" <Ann@example.org>; Bob Roy <bob@example.org>\n<cy@example.org>')
    assert sorted(letter.to for letter in db.session.scalars(select(Letter))) == [
        "ann@example.org", "bob@example.org", "cy@example.org",
    ]  # fmt: skip
