"""Measures against a person: what ends, until when, who is told what, how they object, and what the record says."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum import access, record
from forum import clock as time
from forum.access import Role
from forum.actions import (
    comments,
    escalation,
    leaving,
    members,
    moderation,
    proposals,
    queue,
    rehearsals,
    sanctions,
    shortlisting,
)
from forum.actions.comments import CommentDraft
from forum.actions.leaving import Words
from forum.database import db, writing
from forum.models import Audience, Event, Letter, SeatRole, SiteRole, Visibility
from forum.record import Wanted
from forum.refusals import Refused


@pytest.fixture
def room(house, clock):
    return house.discussion(ask=1, host=house.user("Hana Host"))


def refused(house, *call, **more) -> Refused:
    with pytest.raises(Refused) as caught:
        house.do(*call, **more)
    return caught.value


def posts(house, person, discussion, key="key-of-a-post"):
    return house.do(comments.post, person, discussion, CommentDraft("Hello.", None, None, key))


def test_a_mute_ends_by_itself(house, room, clock):
    mara = house.user("Mara Member")
    house.do(sanctions.mute, house.host_of(room), room, mara, "shouting", 2)
    said = refused(house, posts, house, mara, room).message
    assert "until 23 November 2026, 16:00 UTC" in said
    assert "shouting" in said
    assert [person.id for _, person in sanctions.mutes(house.host_of(room), room)] == [mara.id]
    clock.advance(timedelta(hours=1, minutes=59))
    assert access.role_of(mara, room) is Role.MUTED
    clock.advance(timedelta(minutes=1))
    assert access.role_of(mara, room) is Role.MEMBER
    assert sanctions.mutes(house.host_of(room), room) == []


def test_whoever_is_muted_gets_a_mail_and_can_object(house, room):
    mara = house.user("Mara Member")
    house.do(sanctions.mute, house.host_of(room), room, mara, "shouting", 24)
    letter = db.session.scalar(select(Letter).where(Letter.to == mara.email))
    for words in (room.title, "shouting", "24 November 2026, 14:00 UTC", f"/d/{room.slug}/objection"):
        assert words in letter.body
    client = house.app.test_client()
    house.sign_in(client, mara)
    page = client.get(f"/d/{room.slug}").get_data(as_text=True)
    assert f"/d/{room.slug}/objection" in page
    assert "shouting" in page
    data = {"csrf_token": house.token(client), "objection": "It was <b>somebody else</b>."}
    assert client.post(f"/d/{room.slug}/objection", data=data | {"objection": " "}).status_code == 422
    assert client.post(f"/d/{room.slug}/objection", data=data).status_code == 303
    way_back = f'<a href="/d/{room.slug}">Back to the discussion</a>'
    assert way_back in client.get(f"/d/{room.slug}/objection").get_data(as_text=True)
    host = house.app.test_client()
    house.sign_in(host, house.host_of(room))
    console = host.get(f"/d/{room.slug}/console").get_data(as_text=True)
    assert "It was &lt;b&gt;somebody else" in console
    # Each in its own direction, or a reason in Latin letters tears an Arabic line apart.
    assert "<small><bdi>shouting</bdi> · <bdi>until " in console
    other = house.app.test_client()
    house.sign_in(other, house.user())
    assert other.get(f"/d/{room.slug}/objection").status_code == 404


def test_an_open_page_hears_of_the_end_of_a_mute_and_a_second_end_is_none(house, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    house.do(sanctions.mute, host, room, mara, "shouting")
    for _ in range(2):
        house.do(sanctions.unmute, host, room, mara)
    told = select(Event.kind).where(Event.audience == Audience.person(mara.id)).order_by(Event.seq)
    assert db.session.scalars(told).all() == ["person.muted", "person.unmuted"]


def test_a_removal_never_ends_before_the_mute_that_it_replaces(house, room, clock):
    host, mara, bob = house.host_of(room), house.user("Mara Member"), house.user("Bob Member")
    house.do(sanctions.mute, host, room, mara, "spam")
    house.do(sanctions.mute, host, room, mara, "threats", 1, removal=True)
    house.do(sanctions.mute, host, room, bob, "spam", 1)
    house.do(sanctions.mute, host, room, bob, "threats", 3, removal=True)
    clock.advance(timedelta(hours=2))
    assert access.role_of(mara, room) is Role.MUTED
    assert [mute.is_removal for mute, _person in sanctions.mutes(host, room)] == [True, True]
    clock.advance(timedelta(hours=1))
    assert access.role_of(bob, room) is Role.MEMBER


def test_a_longer_mute_takes_the_place_of_a_shorter_one_and_is_told(house, room, clock):
    host, mara = house.host_of(room), house.user("Mara Member")
    house.do(sanctions.mute, host, room, mara, "spam", 1)
    house.do(sanctions.mute, host, room, mara, "spam again")
    assert [(mute.reason, mute.until) for mute, _person in sanctions.mutes(host, room)] == [("spam again", None)]
    letters = db.session.scalars(select(Letter).where(Letter.to == mara.email).order_by(Letter.id)).all()
    assert len(letters) == 2
    assert "spam again" in letters[1].body
    clock.advance(timedelta(hours=2))
    assert access.role_of(mara, room) is Role.MUTED


@pytest.mark.parametrize("harder", [{}, {"removal": True}])
def test_hosts_go_on_reading_an_objection_when_the_measure_becomes_harder(house, room, harder):
    host, mara = house.host_of(room), house.user("Mara Member")
    house.do(sanctions.mute, host, room, mara, "spam", 1)
    house.do(sanctions.object_to, mara, room, "It was somebody else.")
    house.do(sanctions.mute, host, room, mara, "spam again", **harder)
    assert [mute.objection for mute, _person in sanctions.mutes(host, room)] == ["It was somebody else."]
    house.do(sanctions.unmute, host, room, mara)
    house.do(sanctions.mute, host, room, mara, "shouting")
    assert access.mute_of(mara, room).objection == ""


def test_a_second_press_is_no_longer_mute(house, room, clock):
    host, mara = house.host_of(room), house.user("Mara Member")
    first = house.do(sanctions.mute, host, room, mara, "spam", 1)
    clock.advance(timedelta(seconds=5))
    assert house.do(sanctions.mute, host, room, mara, "spam", 1).id == first.id


@pytest.mark.parametrize("hard", [{}, {"removal": True}, {"removal": True, "hours": 1}])
def test_a_milder_measure_is_refused_and_changes_nothing(house, room, hard):
    host, mara = house.host_of(room), house.user("Mara Member")
    first = house.do(sanctions.mute, host, room, mara, "spam", **hard)
    refusal = refused(house, sanctions.mute, host, room, mara, "less", 24)
    assert (refusal.code, refusal.status) == ("measured", 409)
    assert "Lift it first" in refusal.message
    assert access.mute_of(mara, room).id == first.id


def test_of_a_mute_in_a_rehearsal_no_letter_tells(house, clock):
    event = house.discussion(phase="announced")
    priya, host = house.panelist(event), house.host_of(event)
    rehearsal = house.do(rehearsals.begin, host, event)
    house.do(sanctions.mute, host, rehearsal, priya, "only a try")
    assert access.role_of(priya, rehearsal) is Role.MUTED
    assert db.session.scalars(select(Letter).where(Letter.to == priya.email)).all() == []


def test_nobody_objects_to_a_suspension_that_is_none(house):
    mara = house.user("Mara Member")
    assert refused(house, sanctions.object_to_suspension, mara, "I sold nothing.").status == 404
    assert mara.suspension_objection == ""


def test_the_same_objection_again_tells_nobody_anything(house, room):
    mara = house.user("Mara Member")
    house.do(sanctions.mute, house.host_of(room), room, mara, "shouting")
    house.do(sanctions.object_to, mara, room, "It was somebody else.")
    seq = room.last_seq
    house.do(sanctions.object_to, mara, room, "It was somebody else.")
    assert room.last_seq == seq
    house.do(sanctions.object_to, mara, room, "It was Otto.")
    assert room.last_seq == seq + 1


def test_a_removed_panelist_does_not_see_a_discussion_by_invitation(house, clock):
    room = house.discussion(ask=1, visibility="invited")
    priya, host = house.panelist(room), house.host_of(room)
    house.do(sanctions.mute, host, room, priya, "shouting")
    assert access.may(priya, "discussion.read", room)
    house.do(sanctions.mute, host, room, priya, "threats", removal=True)
    assert not access.may(priya, "discussion.read", room)
    client = house.app.test_client()
    house.sign_in(client, priya)
    assert client.get(f"/d/{room.slug}").status_code == 404
    objection = client.get(f"/d/{room.slug}/objection").get_data(as_text=True)
    assert "threats" in objection
    assert "Back to the discussion" not in objection
    house.do(sanctions.unmute, host, room, priya)
    assert client.get(f"/d/{room.slug}").status_code == 200


def test_nothing_is_done_to_hosts_and_terms_are_checked(house, room):
    host, other = house.host_of(room), house.user("Otto Other")
    house.seat(room, other, SeatRole.HOST)
    assert refused(house, sanctions.mute, host, room, other, "no").status == 409
    for hours in (0, -1, 10**6):
        assert "hours" in refused(house, sanctions.mute, host, room, house.user(), "why", hours).fields
    assert "reason" in refused(house, sanctions.mute, host, room, house.user(), " ").fields


def test_a_moderator_takes_no_measure_against_a_panelist_whom_a_host_has_muted(house, room):
    moe, priya = house.user("Moe Moderator"), house.panelist(room)
    house.seat(room, moe, SeatRole.MODERATOR)
    house.do(sanctions.mute, house.host_of(room), room, priya, "shouting")
    assert moderation.below(moe, room, {priya.id}) == set()
    refusal = refused(house, sanctions.mute, moe, room, priya, "threats", removal=True)
    assert (refusal.code, refusal.status) == ("panelist", 403)
    assert not access.mute_of(priya, room).is_removal


def test_a_suspended_person_reads_everywhere_and_writes_nowhere(house, room, clock):
    ada, mara = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR), house.user("Mara Member")
    elsewhere = house.discussion(ask=1)
    house.seat(elsewhere, mara, SeatRole.HOST)
    assert refused(house, sanctions.suspend, house.host_of(room), mara, "spam").status == 404
    assert refused(house, sanctions.suspend, ada, house.user(role=SiteRole.ADMINISTRATOR), "no").status == 409
    house.do(sanctions.suspend, ada, mara, "spam", 24)
    for place in (room, elsewhere):
        assert access.may(mara, "discussion.read", place)
        assert refused(house, posts, house, mara, place).code == "suspended"
    assert not access.may(mara, "console.open", elsewhere)
    letter = db.session.scalar(select(Letter).where(Letter.to == mara.email))
    assert "spam" in letter.body
    client = house.app.test_client()
    house.sign_in(client, mara)
    assert "spam" in client.get("/account").get_data(as_text=True)
    data = {"csrf_token": house.token(client), "objection": "I sold nothing."}
    assert client.post("/account/objection", data=data).status_code == 303
    admin = house.app.test_client()
    house.sign_in(admin, ada)
    page = admin.get(f"/people/{mara.id}").get_data(as_text=True)
    assert "I sold nothing." in page
    assert "I sold nothing." not in client.get(f"/people/{mara.id}").get_data(as_text=True)
    clock.advance(timedelta(hours=24))
    assert access.role_of(mara, room) is Role.MEMBER
    assert access.role_of(mara, elsewhere) is Role.HOST


def test_suspending_again_changes_nothing_and_writes_no_second_letter(house):
    ada, mara = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR), house.user("Mara Member")
    house.do(sanctions.suspend, ada, mara, "spam", 24)
    house.do(sanctions.object_to_suspension, mara, "I sold nothing.")
    until = mara.suspended_until
    house.do(sanctions.suspend, ada, mara, "threats")
    said = (mara.suspension_reason, mara.suspended_until, mara.suspension_objection)
    assert said == ("spam", until, "I sold nothing.")
    assert len(db.session.scalars(select(Letter).where(Letter.to == mara.email)).all()) == 1


@pytest.mark.postgresql
def test_who_is_made_an_administrator_meanwhile_is_not_suspended(house):
    ada, mara = house.user("Ada", role=SiteRole.ADMINISTRATOR), house.user("Mara")
    raised = house.meanwhile(r"SELECT .*FOR NO KEY UPDATE", members.give_role, ada, mara, SiteRole.ADMINISTRATOR)
    with raised, pytest.raises(Refused) as refused:
        house.do(sanctions.suspend, ada, mara, "spam")
    assert refused.value.code == "staff"


def test_a_suspended_organiser_makes_nothing(house, clock):
    ada, olga = house.user(role=SiteRole.ADMINISTRATOR), house.user("Olga Organiser", role=SiteRole.ORGANISER)
    house.do(sanctions.suspend, ada, olga, "spam")
    assert not access.may_create(olga)
    house.do(sanctions.lift, ada, olga)
    assert access.may_create(olga)


@pytest.fixture
def recorded(house, room):
    """A discussion with a record, and somebody to whose comments something was done."""
    host, mara = house.host_of(room), house.user("=Mara()")
    comment = house.comment(room, mara, "Something rude.", question=1)
    house.do(moderation.hide, host, comment, "+rude")
    house.do(sanctions.mute, host, room, mara, "shouting", 2)
    return room, host, mara


def test_the_record_is_filtered_and_saved(house, recorded):
    room, host, _mara = recorded
    assert [line.verb for line in record.lines(Wanted(room, verb="comment.hidden"))] == ["comment.hidden"]
    about = {line.verb for line in record.lines(Wanted(room, person="mara"))}
    assert about == {"comment.hidden", "person.muted"}
    assert record.lines(Wanted(room, person="%")) == []
    client = house.app.test_client()
    house.sign_in(client, host)
    page = client.get(f"/d/{room.slug}/record?verb=comment.hidden")
    assert "+rude" in page.get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(client.get(f"/d/{room.slug}/record.csv").get_data(as_text=True))))
    hidden = next(row for row in rows if row["verb"] == "comment.hidden")
    assert hidden["reason"] == "'+rude"
    assert next(row for row in rows if row["verb"] == "person.muted")["person"] == "'=Mara()"
    told = json.loads(client.get(f"/d/{room.slug}/record.json?person=mara").get_data(as_text=True))
    assert {line["verb"] for line in told} == about
    assert client.get(f"/d/{room.slug}/record?verb=\0&person=%00").status_code == 200
    assert client.get(f"/d/{room.slug}/record?before=x").status_code == 422


def test_whose_record_it_is(house, recorded):
    room, host, mara = recorded
    ada = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)
    house.do(sanctions.suspend, ada, house.user("Sven Spammer"), "spam")
    for person, of_room, of_site in ((None, 404, 404), (mara, 404, 404), (host, 200, 404), (ada, 200, 200)):
        client = house.app.test_client()
        if person is not None:
            house.sign_in(client, person)
        for kind in ("", ".csv", ".json"):
            assert client.get(f"/d/{room.slug}/record{kind}").status_code == of_room
            site = client.get(f"/record{kind}")
            assert site.status_code == of_site
            if of_site == 200:
                assert "person.suspended" in site.get_data(as_text=True) or not kind
    assert house.app.test_client().get("/account/record").status_code in {303, 404}


def test_a_person_sees_what_was_done_to_theirs_and_not_by_whom(house, recorded):
    _room, _host, mara = recorded
    client = house.app.test_client()
    house.sign_in(client, mara)
    page = client.get("/account/record").get_data(as_text=True)
    assert "A host hid your comment" in page
    assert "+rude" in page
    assert "A host ended your right to write" in page
    assert "Hana Host" not in page
    other = house.app.test_client()
    house.sign_in(other, house.user())
    assert "+rude" not in other.get("/account/record").get_data(as_text=True)
    assert time.now().year == 2026


def test_nobody_learns_by_a_measure_what_a_discussion_that_they_may_not_read_is_called_now(house, recorded):
    room, _host, mara = recorded
    client = house.app.test_client()
    house.sign_in(client, mara)
    assert room.title in client.get("/account/record").get_data(as_text=True)
    assert client.get(f"/d/{room.slug}/objection").get_data(as_text=True).count(room.title) == 2
    with writing():
        room.visibility, room.title, room.slug = Visibility.INVITED, "Secret merger", "secret-merger"
    pages = [client.get(path).get_data(as_text=True) for path in ("/account/record", "/d/secret-merger/objection")]
    assert "+rude" in pages[0]
    assert "shouting" in pages[1]
    assert "ecret merger" not in "".join(pages)
    assert "secret-merger" not in pages[0]


@pytest.mark.postgresql
def test_a_mute_that_a_question_waited_for_holds(house, room):
    host, mara = house.host_of(room), house.user("Mara Member")
    house.do(shortlisting.set_taking, host, room, takes=True, anonymous=False)
    with house.meanwhile(r"SELECT discussion\..*FOR UPDATE", sanctions.mute, host, room, mara, "shouting"):
        assert refused(house, proposals.make, mara, room, "Why, you?").code == "muted"
    assert proposals.of(mara, room) == []


def test_ones_own_record_leads_to_no_comment_that_is_not_there(house, room, client):
    host, mara = house.host_of(room), house.user("Mara Member")
    house.do(escalation.set_level, host, room, "everyone", None)
    comment = posts(house, mara, room)
    house.do(queue.reject, host, comment, "rude")
    house.sign_in(client, mara)
    at = f"/d/{room.slug}/c/{comment.id}"
    assert client.get(at).status_code == 404
    assert at not in client.get("/account/record").get_data(as_text=True)
    house.do(queue.undo, host, comment)
    assert at not in client.get("/account/record").get_data(as_text=True)
    house.do(queue.approve, host, comment)
    assert client.get("/account/record").get_data(as_text=True).count(at) == 1


def test_no_letter_of_a_measure_is_written_to_who_has_left(house, room):
    mara = house.user("Mara Member")
    posts(house, mara, room)
    house.do(leaving.leave, mara, Words.KEEP)
    house.do(sanctions.mute, house.host_of(room), room, mara, "shouting")
    house.do(sanctions.suspend, house.user(role=SiteRole.ADMINISTRATOR), mara, "shouting")
    assert db.session.query(Letter).all() == []
