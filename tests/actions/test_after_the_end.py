"""Late comments, what hosts write down for somebody else, and whom a member does not read."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.access.asking import roles_for
from forum.access.table import LATE, STAFF, WRITERS, Role
from forum.actions import comments, discussions, highlights, moderation, phases, sanctions, seats, silences
from forum.actions.comments import CommentDraft
from forum.actions.drafting import DiscussionDraft
from forum.archive import export
from forum.database import db, writing
from forum.live import clockwork, fragments
from forum.live.scene import Scene
from forum.models import Comment, Event, ModerationAction, Phase, SiteRole
from forum.refusals import Refused


def late_room(house, minutes=30, **more):
    room = house.discussion(ask=1, **more)
    with writing():
        db.session.get_one(type(room), room.id).late_minutes = minutes
    return room


def over(house, clock, room):
    """The end of `room` has come, and the clock's job has seen it."""
    clock.advance(room.ends_at - clock.now())
    clockwork.turn()
    assert room.phase is Phase.CLOSED


def refused(house, *call, **more) -> Refused:
    with pytest.raises(Refused) as caught:
        house.do(*call, **more)
    return caught.value


def page(app, house, user, path):
    client = app.test_client()
    if user is not None:
        house.sign_in(client, user)
    return client.get(path).get_data(as_text=True)


# ---- late comments ----


def test_without_late_minutes_the_end_is_the_end(house, clock):
    room = late_room(house, 0)
    over(house, clock, room)
    assert (
        refused(house, comments.post, house.user(), room, CommentDraft("Late.", 1, None, "key-12345")).code == "closed"
    )


def test_late_comments_are_taken_and_marked_until_the_window_ends(app, house, clock):
    room = late_room(house)
    member = house.user("Mara Member")
    house.comment(room, member, "In time.", question=1)
    over(house, clock, room)
    assert "Late comments are taken until" in page(app, house, None, f"/d/{room.slug}")
    assert "data-composer" in page(app, house, member, f"/d/{room.slug}")
    clock.advance(timedelta(minutes=29, seconds=59))
    late = house.comment(room, member, "Late.", question=1)
    assert "after the end" in fragments.comment_html(late)
    shown = page(app, house, None, f"/d/{room.slug}")
    assert shown.count("after the end") == 1
    assert page(app, house, None, f"/d/{room.slug}/transcript").count("after the end") == 1
    for kind in ("html", "markdown", "text"):
        assert export.whole(kind, room).count("after the end") == 1, kind
    rows = csv.DictReader(io.StringIO(export.whole("csv", room)))
    assert [row["after_the_end"] for row in rows] == ["", "yes"]
    clock.advance(timedelta(seconds=1))
    draft = CommentDraft("Too late.", 1, None, "key-12345")
    assert refused(house, comments.post, member, room, draft).code == "closed"
    clockwork.turn()
    clockwork.turn()
    kinds = list(db.session.scalars(select(Event.kind).where(Event.discussion_id == room.id).order_by(Event.seq)))
    assert kinds.count("discussion.late_over") == 1
    assert fragments.status(Scene.of(room))["late_until"] is None
    shown = page(app, house, member, f"/d/{room.slug}")
    assert "Late comments" not in shown
    assert "data-composer" not in shown


def test_a_late_answer_goes_to_the_last_question_unless_its_writer_says_otherwise(app, house, clock):
    room = late_room(house)
    house.asked(room, "And who pays?")
    over(house, clock, room)
    shown = page(app, house, house.user(), f"/d/{room.slug}")
    assert '<option value="2" selected>' in shown
    assert shown.count(" selected>") == 1
    assert "Write your answer to Q2…" in shown


def test_before_the_clocks_job_comes_round_late_comments_count_already(house, clock):
    room = late_room(house, 5)
    clock.advance(room.ends_at - clock.now() + timedelta(seconds=1))
    assert room.phase is Phase.LIVE
    late = house.comment(room, house.user(), "A second late.", question=1)
    assert Scene.of(room).is_late(late)
    clock.advance(timedelta(minutes=5))
    assert refused(house, comments.post, house.user(), room, CommentDraft("x", 1, None, "key-12345")).code == "closed"


def test_a_host_who_closes_early_begins_the_window_and_reopening_ends_it(house, clock):
    room = late_room(house)
    host = house.host_of(room)
    house.do(phases.close, host, room)
    assert room.late_until == clock.now() + timedelta(minutes=30)
    clock.advance(timedelta(minutes=1))
    late = house.comment(room, house.user(), "Late.", question=1)
    assert Scene.of(room).is_late(late)
    house.do(phases.extend, host, room, 10)
    assert room.late_until is None
    assert not Scene.of(room).is_late(late)
    events = [Event(seq=1, kind="discussion.extended", subject_id=room.id, audience="all")]
    assert fragments.render(room, events)[0]["resync"]


def test_the_window_is_for_who_could_write_and_for_nothing_else(house, clock):
    room = late_room(house)
    muted, host, una = house.user(), house.host_of(room), house.user(confirmed=False)
    house.do(sanctions.mute, host, room, muted, "rude")
    over(house, clock, room)
    allowed = {
        verb: {role for role in Role if role in roles_for(verb, room)}
        for verb in ("comment.post", "comment.post_for", "question.ask", "proposal.make", "discussion.pause")
    }
    assert allowed["comment.post"] == set(WRITERS) == set(LATE["comment.post"])
    assert allowed["comment.post_for"] == set(STAFF)
    assert not allowed["question.ask"] | allowed["proposal.make"] | allowed["discussion.pause"]
    for number, person in enumerate((muted, una)):
        draft = CommentDraft("Let me.", 1, None, f"key-1234{number}")
        assert refused(house, comments.post, person, room, draft).status == 403


@pytest.mark.parametrize("minutes", ["-1", "10081", "x"])
def test_a_window_that_cannot_be_is_refused(app, house, minutes):
    room = house.discussion()
    client = app.test_client()
    house.sign_in(client, house.user(role=SiteRole.ADMINISTRATOR))
    form = client.get(f"/d/{room.slug}/edit").get_data(as_text=True)
    fields = dict(re.findall(r'name="([a-z_]+)"[^>]* value="([^"]*)"', form)) | {
        "visibility": "public", "questions_shown": "all", "time_zone": "Europe/London", "intro": "", "editors_note": "",
    }  # fmt: skip
    fields.pop("remove_hero", None)
    assert client.post(f"/d/{room.slug}/edit", data=fields | {"late_minutes": "60"}).status_code == 303
    db.session.expire_all()
    assert room.late_minutes == 60
    answer = client.post(f"/d/{room.slug}/edit", data=fields | {"late_minutes": minutes})
    assert answer.status_code == 422
    assert 'href="#field-late_minutes"' in answer.get_data(as_text=True)


def test_minutes_given_after_the_end_open_the_window_again(house, clock):
    room = late_room(house, 0)
    over(house, clock, room)
    draft = DiscussionDraft(
        title=room.title, slug=room.slug, starts_at=room.starts_at, ends_at=room.ends_at, late_minutes=90,
    )  # fmt: skip
    house.do(discussions.edit, house.host_of(room), room, draft)
    assert room.late_until == room.ends_at + timedelta(minutes=90)
    house.comment(room, house.user(), "Late.", question=1)


# ---- on behalf of ----


def test_a_host_writes_down_what_a_panelist_says(app, house):
    room = house.discussion(ask=1, host=house.user("Hana Host-Maier"))
    host, priya = house.host_of(room), house.panelist(room)
    client = app.test_client()
    house.sign_in(client, host)
    form = client.get(f"/d/{room.slug}").get_data(as_text=True)
    assert re.findall(r'<option value="(\d+)">on behalf of Priya Raman', form) == [str(priya.id)]
    data = {"csrf_token": house.token(client), "body": "Said by telephone.", "question": "1", "for": str(priya.id)}
    answer = client.post(f"/d/{room.slug}/comments", data=data, headers={"Accept": "application/json"})
    assert answer.status_code == 201
    shown = page(app, house, None, f"/d/{room.slug}")
    assert "written down by</span> <bdi>Hana" in shown or "written down by <bdi>Hana Host-Maier</bdi>" in shown
    assert "on behalf of" not in shown
    line = db.session.scalars(select(ModerationAction).where(ModerationAction.verb == "comment.posted_for")).one()
    assert (line.actor_id, line.after) == (host.id, {"author": "Priya Raman"})
    number = answer.json["id"]
    # Both can mend it, which the record tells of what a host does; the panelist alone can take it back.
    for person in (host, priya):
        browser = app.test_client()
        house.sign_in(browser, person)
        sent = {"csrf_token": house.token(browser), "body": f"Mended by {person.name}."}
        assert browser.post(f"/d/{room.slug}/comments/{number}/edit", data=sent).status_code == 303
    line = db.session.scalars(select(ModerationAction).where(ModerationAction.verb == "comment.edited_for")).one()
    assert (line.actor_id, line.subject_id, line.after) == (host.id, number, {"author": "Priya Raman"})
    assert client.post(f"/d/{room.slug}/comments/{number}/delete", data=data).status_code == 404
    assert browser.post(f"/d/{room.slug}/comments/{number}/delete", data=sent).status_code == 303


def test_who_is_moderator_no_more_changes_nothing_of_what_they_wrote_down(house):
    room = house.discussion(ask=1)
    priya, mo = house.panelist(room), house.user("Mo")
    seat = house.seat(room, mo, "moderator")
    comment = house.do(comments.post, priya, room, CommentDraft("I am for it.", 1, None, "a-key-of-mine"), typist=mo)
    house.do(comments.edit, mo, comment, "I am for all of it.")
    house.do(seats.take, house.host_of(room), seat)
    db.session.expire_all()
    for action, arguments in ((comments.edit, ["I am against it."]), (comments.move, [None])):
        with pytest.raises(Refused) as raised:
            house.do(action, mo, comment, *arguments)
        assert raised.value.status == 404
    with pytest.raises(Refused):
        comments.require_offered(mo, comment, "edit")
    assert (comment.source, comment.question.number) == ("I am for all of it.", 1)


def test_nobody_else_speaks_for_others_and_nobody_for_members(app, house):
    room = house.discussion(ask=1)
    member, priya, other = house.user(), house.panelist(room), house.panelist(room, "Otto Second")
    for person, whom, status in (
        (member, priya, 403),
        (other, priya, 403),
        (house.host_of(room), member, 422),
        (house.host_of(room), house.host_of(room), 422),
    ):
        client = app.test_client()
        house.sign_in(client, person)
        data = {"csrf_token": house.token(client), "body": "I say.", "question": "1", "for": str(whom.id)}
        answer = client.post(f"/d/{room.slug}/comments", data=data, headers={"Accept": "application/json"})
        assert answer.status_code == status, (person.name, answer.json)
        assert "for" in answer.json["error"].get("fields", {"for": ""})


def test_nobody_writes_down_what_a_muted_panelist_says(house):
    room = house.discussion(ask=1)
    host, priya = house.host_of(room), house.panelist(room)
    house.do(sanctions.mute, host, room, priya, "off topic")
    with pytest.raises(Refused) as raised:
        house.do(comments.post, priya, room, CommentDraft("I say.", 1, None, "a-key-of-mine"), typist=host)
    assert (raised.value.code, db.session.scalars(select(Comment)).all()) == ("muted", [])


# ---- silence ----


def test_who_is_silenced_is_heard_again_though_nothing_shows_them_any_more(house, client):
    room = house.discussion(ask=1)
    loud, reader, stranger = house.user("Lou Loud"), house.user(), house.user()
    comment = house.comment(room, loud, "LISTEN TO ME", question=1)
    house.do(silences.silence, reader, loud)
    house.do(moderation.hide, house.host_of(room), comment, "Rude")
    house.sign_in(client, reader)
    data = {"csrf_token": house.token(client), "next": "/account"}
    assert client.post(f"/people/{loud.id}/silence", data=data).status_code == 404
    assert client.post(f"/people/{stranger.id}/listen", data=data).status_code == 404
    assert client.post(f"/people/{loud.id}/listen", data=data).status_code == 303
    assert silences.ids(reader) == []


def test_who_is_silenced_is_left_out_on_one_persons_pages_only(app, house):
    room = house.discussion(ask=1)
    loud, reader = house.user("Lou Loud"), house.user("Rita Reader")
    house.comment(room, loud, "LISTEN TO ME", question=1)
    client = app.test_client()
    house.sign_in(client, reader)
    token = house.token(client)
    answer = client.post(f"/people/{loud.id}/silence", data={"csrf_token": token, "next": f"/d/{room.slug}"})
    assert (answer.status_code, answer.location) == (303, f"/d/{room.slug}")
    answer = client.get(f"/d/{room.slug}")
    assert f'.comment[data-author="{loud.id}"]' in answer.get_data(as_text=True)
    assert "'sha256-" in answer.headers["Content-Security-Policy"]
    for other in (None, loud, house.host_of(room)):
        shown = page(app, house, other, f"/d/{room.slug}")
        assert shown.count("<style>") == (0 if other else 1)  # a visitor's page holds the sheet of everybody
        assert ".comment[data-author=" not in shown
        assert "Lou Loud" in shown
    assert "Lou Loud" in client.get("/account").get_data(as_text=True)
    assert client.post(f"/people/{loud.id}/listen", data={"csrf_token": token}).status_code == 303
    assert "<style>" not in client.get(f"/d/{room.slug}").get_data(as_text=True)


def test_who_is_silenced_is_left_out_wherever_comments_are_listed(app, house):
    room = house.discussion(ask=1)
    loud, calm, reader = house.user("Lou Loud"), house.user("Cal Calm"), house.user("Rita Reader")
    said = house.comment(room, loud, "LISTEN about water", question=1)
    house.do(highlights.highlight, house.host_of(room), said)
    house.comment(room, calm, "Calm about water", question=1)
    house.do(silences.silence, reader, loud)
    for path in (f"/d/{room.slug}/{name}" for name in ("transcript", "highlights", "replay")):
        shown = page(app, house, reader, path)
        assert f'.comment[data-author="{loud.id}"]' in shown, path
        assert f'id="c{said.id}" data-author="{loud.id}">' in shown, path
    shown = page(app, house, reader, "/search?q=water")
    assert f'.hit[data-author="{loud.id}"]' in shown
    assert f'<li class="hit" data-author="{loud.id}">' in shown
    home = page(app, house, reader, "/")
    assert "Calm about water" in home
    assert "LISTEN" not in home
    for other in (None, calm):
        assert "LISTEN" in page(app, house, other, "/")
        for path in ("/search?q=water", f"/d/{room.slug}/transcript"):
            assert "<style>" not in page(app, house, other, path)
    assert "LISTEN" in page(app, house, reader, f"/d/{room.slug}/export.txt"), "files are the archive"


def test_whom_one_may_not_know_of_one_cannot_silence(app, house):
    private = house.discussion(ask=1, visibility="invited")
    hidden = house.host_of(private)
    reader = house.user()
    client = app.test_client()
    house.sign_in(client, reader)
    token = house.token(client)
    for number in (hidden.id, 2**31, 10**6):
        assert client.post(f"/people/{number}/silence", data={"csrf_token": token}).status_code == 404
    assert client.post(f"/people/{reader.id}/silence", data={"csrf_token": token}).status_code in {404, 409}
    assert app.test_client().post(f"/people/{hidden.id}/silence", data={}).status_code == 403


def test_silencing_twice_is_once_and_has_an_end(house, monkeypatch):
    reader, loud, other = house.user(), house.user(), house.user()
    for _ in range(2):
        house.do(silences.silence, reader, loud)
    assert silences.silenced(reader) == [loud]
    monkeypatch.setattr(silences, "_MOST", 1)
    assert refused(house, silences.silence, reader, other).status == 409
    assert refused(house, silences.silence, reader, reader).code == "own"
    for _ in range(2):
        house.do(silences.listen, reader, loud)
    assert silences.silenced(reader) == []
