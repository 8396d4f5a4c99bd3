"""Leaving: what goes, what stays, and that discussions can still be read; and everything of mine in one file."""

import json

import pytest
from sqlalchemy import select

from forum.actions import backstage, comments, leaving, moderation, passwords, proposals, rsvps, silences
from forum.actions.leaving import Words
from forum.archive import export, person, statistics
from forum.database import db, writing
from forum.models import Comment, Letter, RsvpKind, SiteRole, User
from forum.notify import letters
from tests.actions.test_after_the_end import page, refused
from tests.web.test_accounts import send

PASSWORD = "eleven rivers"


@pytest.fixture
def room(house, clock):
    return house.discussion(ask=1, host=house.user("Hana Host-Maier"), slug="water")


def everything(app, house, reader=None) -> str:
    paths = ("/", "/d/water", "/d/water/transcript", "/d/water/feed.atom", "/d/water/statistics", "/search?q=rivers")
    return " ".join(page(app, house, reader, path) for path in (*paths, "/d/water/export.json", "/d/water/questions"))


@pytest.mark.parametrize("words", list(Words))
def test_the_name_goes_everywhere_and_the_words_as_chosen(app, house, room, words):
    zoe = house.user("Zoe Zebra")
    first = house.comment(room, zoe, "Rivers first.", question=1)
    house.do(comments.edit, zoe, first, "Rivers come first.")
    house.comment(room, house.user("Otto Ode"), "Agreed, rivers.", question=1, reply_to=first.id)
    house.do(proposals.make, zoe, room, "And rivers?")
    house.do(letters.write, zoe.email, "known")
    assert "Zoe Zebra" in everything(app, house)
    old = zoe.email
    house.do(leaving.leave, zoe, words)
    said = everything(app, house) + everything(app, house, house.host_of(room))
    assert "Zoe Zebra" not in said
    assert old not in said
    assert ("Rivers come first." in said) is (words is Words.KEEP)
    assert "Agreed, rivers." in said
    assert ("Former member" in said) is (words is Words.KEEP)
    assert ("Deleted by its writer." in said) is (words is Words.REMOVE)
    assert User.with_email(old) is None
    assert db.session.scalars(select(Letter).where(Letter.to == old)).all() == []
    assert page(app, house, None, f"/people/{zoe.id}").count("Nothing here")
    assert statistics.of(room).comments == (2 if words is Words.KEEP else 1)
    assert json.loads(export.whole("json", room))


def test_a_panelist_leaves_a_badge_and_no_face(app, house, room):
    priya = house.panelist(room, "Priya Raman")
    house.comment(room, priya, "Rivers.", question=1)
    house.do(backstage.say, priya, room, "Psst.", "key-of-a-message")
    house.do(leaving.leave, priya, Words.KEEP)
    said = everything(app, house)
    assert "Priya Raman" not in said
    assert "Partnering Lab" not in said
    assert "badge-panelist" in said
    db.session.expire_all()
    assert {(seat.name, seat.picture) for seat in room.seats if seat.user_id == priya.id} == {("Former member", "")}


def test_what_was_held_is_gone_and_never_comes_back(app, house, room):
    from forum.actions import escalation, queue

    host, zoe = house.host_of(room), house.user("Zoe Zebra")
    house.do(escalation.set_level, host, room, "everyone", None)
    held = house.comment(room, zoe, "Held rivers.", question=1)
    house.do(leaving.leave, zoe, Words.REMOVE)
    assert "Held rivers." not in page(app, house, host, "/d/water/console")
    assert refused(house, queue.approve, host, held).status in {404, 409}


def test_who_is_needed_is_told_what_to_do_first(house, room):
    host = house.host_of(room)
    assert refused(house, leaving.leave, host, Words.KEEP).code == "host"
    house.seat(room, house.user("Second Maier"), "host")
    house.do(leaving.leave, host, Words.KEEP)
    ada = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)
    assert refused(house, leaving.leave, ada, Words.KEEP).code == "last_administrator"
    house.user(role=SiteRole.ADMINISTRATOR)
    house.do(leaving.leave, ada, Words.KEEP)
    assert ada.role is SiteRole.MEMBER


def test_it_takes_the_password_and_signs_out_everywhere(app, house, room):
    zoe = house.user("Zoe Zebra")
    with writing():
        zoe.password_hash = passwords.hashed(PASSWORD)
    client, other = app.test_client(), app.test_client()
    for one in (client, other):
        house.sign_in(one, zoe)
    answer = send(client, "/account/leave", words="keep", leave_password="wrong one")
    assert answer.status_code == 422
    assert "Your account stays as it is" in answer.text
    assert send(client, "/account/leave", words="burn", leave_password=PASSWORD).status_code == 422
    assert send(client, "/account/leave", words="remove", leave_password=PASSWORD).status_code == 303
    assert other.get("/account").status_code == 303
    assert db.session.get(User, zoe.id).left_at is not None
    assert "Zoe Zebra" not in page(app, house, house.user(role=SiteRole.ADMINISTRATOR), "/site/people")


def test_everything_of_mine_and_nothing_of_others_is_in_the_file(app, house, room):
    zoe, other = house.user("Zoe Zebra"), house.user("Otto Ode")
    first = house.comment(room, zoe, "Rivers first.", question=1)
    house.do(comments.edit, zoe, first, "Rivers come first.")
    house.comment(room, other, "zqothersqz", question=1)
    hidden = house.comment(room, zoe, "Hidden rivers.", question=1)
    house.do(moderation.hide, house.host_of(room), hidden, "off topic")
    house.do(proposals.make, zoe, room, "And rivers?")
    house.do(rsvps.say, zoe, house.discussion(phase="announced"), RsvpKind.READ_ALONG, "UTC")
    house.do(silences.silence, zoe, other)
    client = app.test_client()
    house.sign_in(client, zoe)
    answer = client.get("/account/data.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    said = answer.get_json()
    assert said == json.loads(json.dumps(person.of(zoe)))
    assert [comment["text"] for comment in said["comments"]] == ["Rivers come first.", "Hidden rivers."]
    assert said["comments"][0]["before"][0]["text"] == "Rivers first."
    assert said["does_not_read"] == ["Otto Ode"]
    assert said["record"][0]["reason"] == "off topic"
    assert said["wants_to_come"][0]["kind"] == "read_along"
    for secret in ("zqothersqz", "argon2", "token"):
        assert secret not in answer.text
    assert app.test_client().get("/account/data.json").status_code == 303
    assert len(db.session.scalars(select(Comment)).all()) == 3
