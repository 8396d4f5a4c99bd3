"""The run of an event: times, spares, the tray of prepared texts, a discussion made like another, a rehearsal."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, inspect, select

from forum import clock as time
from forum.actions import (
    comments,
    drafting,
    escalation,
    introductions,
    pacing,
    phases,
    questions,
    rehearsals,
    sanctions,
    seats,
    snippets,
    templates,
)
from forum.actions.comments import CommentDraft
from forum.actions.escalation import Rules
from forum.actions.introductions import Introduction
from forum.actions.questions import QuestionDraft
from forum.actions.seats import SeatDraft
from forum.archive import export
from forum.database import db, writing
from forum.live import log
from forum.live.scene import Scene
from forum.models import (
    Audience,
    Comment,
    Discussion,
    ModerationAction,
    Phase,
    Question,
    QuestionsShown,
    SeatRole,
    SiteRole,
    Snippet,
    Visibility,
)
from forum.refusals import Refused
from forum.web import discussion_form
from forum.web.pace import pace
from forum.web.run_sheet import run_sheet


@pytest.fixture
def event(house, clock):
    """A live discussion with one question open, planned for ten minutes, and two to come."""
    discussion = house.discussion(host=house.user("Hana Host"))
    host = house.host_of(discussion)
    for words, offset in (("First?", 0), ("Second?", 10), ("Third?", 20)):
        house.do(questions.write, host, discussion, QuestionDraft(words, offset, 10))
    house.do(questions.ask, host, discussion.questions[0])
    return discussion


def now_of(discussion: Discussion):
    sheet = run_sheet(discussion)
    return pace(discussion, sheet, time.now())


def test_the_open_question_uses_up_its_time(house, event, clock):
    clock.advance(timedelta(minutes=7, seconds=59))
    found = now_of(event)
    assert (found.question.number, found.lasted, found.left) == (1, 7, 3)
    clock.advance(timedelta(minutes=5))
    assert now_of(event).left == -2


def test_more_time_is_given_once_however_many_press(house, event):
    host, question = house.host_of(event), event.questions[0]
    for _ in range(2):
        house.do(pacing.lengthen, host, question, 5, 10)
    assert question.length_minutes == 15
    house.do(pacing.lengthen, host, question, 5, 15)
    assert question.length_minutes == 20
    with pytest.raises(Refused) as refused:
        house.do(pacing.lengthen, host, event.questions[1], 5, 10)
    assert refused.value.status == 409


def test_a_question_without_a_plan_gets_more_time_from_now(house, event, clock):
    host, question = house.host_of(event), event.questions[0]
    house.do(questions.edit, host, question, QuestionDraft("First?", 0, None))
    clock.advance(timedelta(minutes=8))
    house.do(pacing.lengthen, host, question, 5, None)
    assert question.length_minutes == 13


def test_the_rest_of_the_plan_moves_once(house, event, clock):
    with writing():
        event.starts_at = time.now() - timedelta(minutes=15)
    late = now_of(event).late
    assert late == 5
    for _ in range(2):
        house.do(pacing.shift, house.host_of(event), event, late, 10)
    db.session.expire_all()
    assert [q.planned_offset_minutes for q in event.questions] == [0, 15, 25]


def test_the_console_knows_when_it_is_quiet(house, event, clock):
    host = house.host_of(event)
    clock.advance(timedelta(minutes=5))
    assert now_of(event).quiet == 5
    house.comment(event, house.user(), "Something.", question=1)
    assert now_of(event).quiet == 0
    house.do(pacing.set_silence, host, event, 0)
    clock.advance(timedelta(minutes=50))
    assert now_of(event).quiet == 0
    with pytest.raises(Refused) as refused:
        house.do(pacing.set_silence, host, event, -1)
    assert "silence_minutes" in refused.value.fields


def test_neither_another_discussion_nor_what_is_held_breaks_a_silence(house, event, clock):
    elsewhere, writer = house.discussion(ask=1), house.user()
    house.do(escalation.set_level, house.host_of(event), event, "everyone", None)
    clock.advance(timedelta(minutes=5))
    house.comment(elsewhere, writer, "Elsewhere.", question=1)
    house.comment(event, writer, "This waits.", question=1)
    assert now_of(event).quiet == 5


def test_before_anything_is_asked_or_said_a_silence_begins_with_the_opening(house, clock):
    discussion = house.discussion()
    assert now_of(discussion).quiet == 0
    clock.advance(timedelta(minutes=5))
    assert now_of(discussion).quiet == 5


def test_a_plan_is_late_from_two_minutes_on(house, event, clock):
    planned = run_sheet(event).next.planned_at
    for minutes, late in ((-5, 0), (1, 0), (2, 2)):
        assert pace(event, run_sheet(event), planned + timedelta(minutes=minutes)).late == late


def test_a_spare_is_ready_but_never_next_and_no_reader_sees_it(house, event):
    host = house.host_of(event)
    spare = house.do(questions.write, host, event, QuestionDraft("A spare?", is_spare=True))
    house.do(questions.move, host, spare, 1)
    sheet = run_sheet(event)
    assert sheet.next.question.text == "Second?"
    assert [line.label for line in sheet.lines] == ["Q1", "", "Q2", "Q3"]
    assert spare not in Scene.of(event).coming
    asked = house.do(questions.ask, host, spare)
    assert asked.number == 2
    assert run_sheet(event).next.label == "Q3"


def test_two_hosts_who_post_the_same_text_post_it_once(house, event):
    host, other = house.host_of(event), house.user("Otto Other")
    house.seat(event, other, SeatRole.HOST)
    house.do(snippets.add_usual, host, event)
    house.do(snippets.add_usual, other, event)
    tray = snippets.tray(event)
    assert [one.label for one in tray] == ["Welcome", "Rules", "Five minutes left", "Thanks"]
    posted = house.do(snippets.post, host, event, tray[2].id, 0)
    assert (posted.source, posted.author_id, posted.question.number) == (tray[2].source, host.id, 1)
    with pytest.raises(Refused) as refused:
        house.do(snippets.post, other, event, tray[2].id, 0)
    assert (refused.value.code, refused.value.status) == ("posted", 409)
    again = house.do(snippets.post, other, event, tray[2].id, 1)
    assert again.id != posted.id
    house.do(snippets.remove, host, event, tray[0].id)
    assert len(snippets.tray(event)) == 3
    elsewhere = house.discussion()
    with pytest.raises(Refused) as refused:
        house.do(snippets.post, house.host_of(elsewhere), elsewhere, tray[1].id, 0)
    assert refused.value.status == 404


def test_a_text_that_takes_the_place_of_a_removed_one_is_posted_too(house, event):
    """On SQLite the next text takes the id of the one that has just gone."""
    host, sources = house.host_of(event), ["Five minutes left.", "Time is up."]
    for words in sources:
        kept = house.do(snippets.add, host, event, "Time", words)
        house.do(snippets.post, host, event, kept.id, 0)
        house.do(snippets.remove, host, event, kept.id)
    assert list(db.session.scalars(select(Comment.source).order_by(Comment.id))) == sources


def test_a_tray_takes_a_text_once_and_no_more_than_it_holds(house, event):
    host = house.host_of(event)
    kept = [house.do(snippets.add, host, event, "Hello", "Welcome.") for _ in range(2)]
    assert kept[0].id == kept[1].id
    for number in range(snippets.MOST - 1):
        house.do(snippets.add, host, event, f"Text {number}", "Words.")
    with pytest.raises(Refused) as refused:
        house.do(snippets.add, host, event, "One more", "Words.")
    assert "label" in refused.value.fields


def test_a_discussion_made_like_another_has_its_roles_questions_texts_and_rules(house, event):
    organiser = house.user("Olga Organiser", role=SiteRole.ORGANISER)
    owner = db.session.get_one(type(organiser), event.owner_id)
    house.panelist(event)
    host = house.host_of(event)
    house.do(snippets.add, host, event, "Hello", "Welcome.")
    house.do(questions.skip, host, event.questions[2])
    rules = Rules(hold_first=True, hold_links=False, words="casino", hide_after_flags=3)
    house.do(escalation.set_rules, host, event, rules)
    house.comment(event, house.user(), "An answer that stays where it is.", question=1)
    draft = drafting.DiscussionDraft(
        title="Again", slug="again", starts_at=time.now() + timedelta(days=7), ends_at=time.now() + timedelta(days=8)
    )
    with pytest.raises(Refused) as refused:
        house.do(templates.create, organiser, draft, event)
    assert refused.value.status == 404 or refused.value.code == "not_yours"
    made = house.do(templates.create, owner, draft, event)
    db.session.refresh(made)
    assert made.phase is Phase.DRAFT
    assert [(s.name, s.role) for s in made.seats] == [(s.name, s.role) for s in event.seats]
    assert [(q.text, q.number, q.is_spare, q.planned_offset_minutes) for q in made.questions] == [
        ("First?", None, False, 0), ("Second?", None, False, 10), ("Third?", None, True, 20),
    ]  # fmt: skip
    assert [one.source for one in snippets.tray(made)] == ["Welcome."]
    assert escalation.Safeguards.of(made.id).words == "casino"
    assert not export.as_values(made).get("comments")


@pytest.fixture
def announced(house, event):
    """The same before it begins, with a panelist."""
    discussion = house.discussion(phase="announced", host=house.user("Rita Runner"))
    host = house.host_of(discussion)
    house.do(questions.write, host, discussion, QuestionDraft("First?", 0, 10))
    house.panelist(discussion)
    return discussion


def everything_of(discussion_id: int) -> dict[str, int]:
    """How many rows of each table belong to a discussion."""
    found = {}
    for table in db.metadata.sorted_tables:
        if "discussion_id" in table.c:
            counted = select(func.count()).select_from(table).where(table.c.discussion_id == discussion_id)
            found[table.name] = db.session.scalar(counted)
    return {name: count for name, count in found.items() if count}


def test_a_rehearsal_is_one_and_leaves_nothing_behind(house, announced):
    host = house.host_of(announced)
    priya = next(seat for seat in announced.seats if seat.role is SeatRole.PANELIST)
    record = db.session.scalar(select(func.count()).select_from(ModerationAction))
    rehearsal = house.do(rehearsals.begin, host, announced)
    assert house.do(rehearsals.begin, host, announced).id == rehearsal.id
    assert rehearsal.phase is Phase.LIVE
    db.session.refresh(rehearsal)
    house.do(questions.ask, host, rehearsal.questions[0])
    house.do(comments.post, priya.user, rehearsal, CommentDraft("Only a try.", 1, None, "key-of-a-try"))
    house.do(snippets.add_usual, host, rehearsal)
    number = rehearsal.id
    assert everything_of(number)["comment"] == 1
    back = house.do(rehearsals.end, host, rehearsal)
    assert back.id == announced.id
    assert everything_of(number) == {}
    assert db.session.get(Discussion, number) is None
    assert db.session.scalar(select(func.count()).select_from(ModerationAction)) == record
    again = db.session.get_one(Discussion, back.id)
    assert again.phase is Phase.ANNOUNCED
    assert [q.is_asked for q in again.questions] == [False]
    assert [bool(seat.rehearsed_at) for seat in again.seats] == [False, True]
    assert everything_of(back.id).get("comment") is None


def test_what_somebody_says_of_themselves_in_a_rehearsal_stays_with_the_event(house, announced):
    host, seat = house.host_of(announced), announced.seats[1]
    rehearsal = house.do(rehearsals.begin, host, announced)
    changed_meanwhile = SeatDraft(seat.name, seat.user.email, seat.role, "Director", "Partnering Lab")
    house.do(seats.change, host, seat, changed_meanwhile)
    picture = "0" * 32 + ".webp"
    said = Introduction("", "Partnering Lab", "Works on water.", picture, "KE")
    house.do(introductions.introduce, seat.user, rehearsal, said)
    house.do(introductions.introduce, seat.user, rehearsal, replace(said, picture=""))
    house.do(rehearsals.end, host, rehearsal)
    kept = db.session.get_one(Discussion, announced.id).seats[1]
    assert (kept.biography, kept.picture, kept.country) == ("Works on water.", picture, "KE")
    assert kept.title == "Director", "a field that was left alone in the rehearsal says what the event's seat says"
    assert kept.introduced_at and not kept.rehearsed_at


def test_whoever_is_muted_or_has_no_seat_in_the_event_says_nothing_there_by_way_of_a_rehearsal(house, announced):
    host, priya = house.host_of(announced), announced.seats[1]
    rehearsal = house.do(rehearsals.begin, host, announced)
    house.do(sanctions.mute, host, announced, priya.user, "Insults.")
    luc = house.panelist(rehearsal, "Luc Arrieta")
    for person in (priya.user, luc):
        house.do(introductions.introduce, person, rehearsal, Introduction(biography="Works on water."))
    db.session.expire_all()
    assert [seat.biography for seat in announced.seats] == ["", ""]


def test_nobody_but_hosts_and_panel_knows_of_a_rehearsal(house, announced):
    host, priya = house.host_of(announced), announced.seats[1].user
    rehearsal = house.do(rehearsals.begin, host, announced)
    for person, status in ((None, 404), (house.user("Mina Member"), 404), (priya, 200), (host, 200)):
        client = house.app.test_client()
        if person is not None:
            house.sign_in(client, person)
        for path in ("", "/transcript", "/events?after=0&epoch=x"):
            answer = client.get(f"/d/{rehearsal.slug}{path}")
            assert (answer.status_code == 404) is (status == 404), path
        if status == 404:
            assert "Rehearsal" not in client.get("/").get_data(as_text=True)


def test_a_rehearsal_becomes_public_by_no_form_of_its_own(house, announced):
    host = house.host_of(announced)
    rehearsal = house.do(rehearsals.begin, host, announced)
    client = house.app.test_client()
    house.sign_in(client, host)
    path = f"/d/{rehearsal.slug}/edit"
    assert 'name="visibility"' not in client.get(path).text
    sent = discussion_form.stored(rehearsal) | {"intro": "Tried.", "csrf_token": house.token(client)}
    for choice in ({"visibility": "public"}, {"visibility": "unlisted"}, {"visibility": ""}, {}):
        assert client.post(path, data={**sent, **choice}).status_code == 303
        db.session.expire_all()
        assert (rehearsal.intro, rehearsal.visibility) == ("Tried.", Visibility.INVITED)
    with writing():
        rehearsal.visibility = Visibility.PUBLIC
    assert rehearsal.slug not in house.app.test_client().get("/").text, "nor does the home page name one that is"


def test_a_seat_that_is_taken_away_or_changed_in_the_event_is_so_in_its_rehearsal(house, announced):
    host, priya = house.host_of(announced), announced.seats[1]
    helper = house.user("Bo Berg")
    seat = house.seat(announced, helper, SeatRole.HOST)
    rehearsal = house.do(rehearsals.begin, host, announced)
    clients = {person.id: house.app.test_client() for person in (priya.user, helper)}
    for person in (priya.user, helper):
        house.sign_in(clients[person.id], person)
    house.do(seats.change, host, seat, SeatDraft("Bo B. Berg", helper.email, SeatRole.PANELIST))
    assert clients[helper.id].get(f"/d/{rehearsal.slug}/backstage").status_code == 200
    assert clients[helper.id].get(f"/d/{rehearsal.slug}/console").status_code == 404
    house.do(seats.take, host, priya)
    assert clients[priya.user_id].get(f"/d/{rehearsal.slug}/backstage").status_code == 404
    db.session.expire_all()
    assert [(one.name, one.role) for one in rehearsal.seats] == [(one.name, one.role) for one in announced.seats]
    told = [e.kind for e in log.since(rehearsal, 0, rehearsal.epoch, {Audience.EVERYONE}).events]
    assert told[-2:] == ["seat.changed", "seat.taken"], "open pages there are closed by these"
    house.do(seats.take, host, announced.seats[1])
    house.do(rehearsals.end, host, rehearsal)


def test_a_rehearsal_leads_back_to_the_event_as_far_as_that_is_open(house, announced):
    host, priya = house.host_of(announced), announced.seats[1].user
    rehearsal = house.do(rehearsals.begin, host, announced)
    links = {}
    for person in (host, priya):
        client = house.app.test_client()
        house.sign_in(client, person)
        links[person.id] = [client.get(f"/d/{rehearsal.slug}{path}").text for path in ("", "/backstage")]
        assert "data-rehearsal" not in client.get(f"/d/{announced.slug}").text
    assert all(f'data-rehearsal="/d/{announced.slug}/console"' in page for page in links[host.id])
    assert all(page.count(f'href="/d/{announced.slug}/backstage">To the event') == 1 for page in links[priya.id])
    house.do(phases.withdraw, host, announced)
    page = client.get(f"/d/{rehearsal.slug}/backstage").text
    assert 'data-rehearsal=""' in page and announced.slug not in page.replace(rehearsal.slug, "")


def test_a_forgotten_rehearsal_is_named_to_its_hosts_alone_once_the_event_has_begun(house, announced):
    host, priya = house.host_of(announced), announced.seats[1].user
    milo = house.user("Milo Moderator")
    house.seat(announced, milo, SeatRole.MODERATOR)
    hosts, panel, moderator = (house.app.test_client() for _ in range(3))
    for client, person in ((hosts, host), (panel, priya), (moderator, milo)):
        house.sign_in(client, person)
    at = f"/d/{announced.slug}"
    assert "Rehearse<" in hosts.get(f"{at}/console").text
    rehearsal = house.do(rehearsals.begin, host, announced)
    link = f'href="/d/{rehearsal.slug}/console">To the rehearsal</a>'
    for step in (None, phases.open_now, phases.close):
        if step:
            house.do(step, host, announced)
        console = hosts.get(f"{at}/console").text
        assert link in console and "Rehearse<" not in console
        assert rehearsal.slug not in moderator.get(f"{at}/console").text
        assert ("To the rehearsal" in panel.get(f"{at}/backstage").text) is (step is None)
    assert "End the rehearsal…" in hosts.get(f"/d/{rehearsal.slug}/console").text


def test_only_what_has_not_begun_is_rehearsed(house, event, announced):
    with pytest.raises(Refused) as refused:
        house.do(rehearsals.begin, house.host_of(event), event)
    assert refused.value.status == 409
    rehearsal = house.do(rehearsals.begin, house.host_of(announced), announced)
    with pytest.raises(Refused):
        house.do(rehearsals.begin, house.host_of(announced), rehearsal)
    with pytest.raises(Refused) as refused:
        house.do(rehearsals.end, house.host_of(announced), announced)
    assert refused.value.code == "no_rehearsal"


# What a rehearsal has of its own: when and where it takes place, who may see it, what has happened in it, letters.
OF_ITS_OWN = {
    *("id", "slug", "title", "starts_at", "ends_at", "phase", "opened_at", "closed_at", "late_until", "visibility"),
    *("announcement", "announcement_html", "announced_at", "summary", "summary_html", "rehearsal_of_id"),
    *("peak_readers", "arrivals", "epoch", "last_seq", "created_at", "key", "digests"),
    "votes_untold_at",
}


def test_a_rehearsal_is_the_event_in_all_but_what_is_its_own(house, announced):
    others = {
        "language": "fr", "late_minutes": 20, "takes_proposals": False, "takes_anonymous": True, "silence_minutes": 17,
        "questions_shown": QuestionsShown.NONE, "time_zone": "Asia/Tokyo",
    }  # fmt: skip
    named = {column.name for column in Discussion.__table__.c} - OF_ITS_OWN - {"owner_id"}
    with writing():
        for name in named:
            setattr(announced, name, others.get(name, f"of {name}"))
    rehearsal = house.do(rehearsals.begin, house.host_of(announced), announced)
    for name in {*named, "owner_id"}:
        assert getattr(rehearsal, name) == getattr(announced, name), f"copy {name}, or say here that it is its own"


def test_models_and_migrations_know_the_same_columns(app):
    columns = {name: {c["name"] for c in inspect(db.engine).get_columns(name)} for name in ("snippet", "question")}
    assert columns["snippet"] == set(Snippet.__table__.c.keys())
    assert columns["question"] == set(Question.__table__.c.keys())
