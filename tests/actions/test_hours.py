"""The hours that a discussion was held, where a host opened or closed it by hand: what pages, lists and files say."""

import json
import re
from datetime import timedelta

import pytest

from forum.actions import discussions, imports, merging, phases, questions, rsvps, templates
from forum.actions.drafting import DiscussionDraft
from forum.actions.questions import QuestionDraft
from forum.archive import discussion_file, export
from forum.database import db, writing
from forum.live import clockwork, fragments, tally
from forum.live.scene import Scene
from forum.models import Event, ModerationAction, Phase, RsvpKind, SiteRole, User
from forum.models.discussion import SILENCE_OF_DAYS
from forum.refusals import Refused
from forum.web import discussion_form
from tests.actions.test_after_the_end import page
from tests.actions.test_reminders import kinds, later

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def room(house, clock):
    """Planned 20:58–21:58 in London, opened at 20:28:17, two questions asked, closed at 20:34:17."""
    made = house.discussion(phase="announced", slug="river", title="Whose river?")
    begin = clock.now().replace(hour=20, minute=58, second=0, microsecond=0) + 7 * DAY
    later(house, made, starts_at=begin, ends_at=begin + 60 * MINUTE, time_zone="UTC")
    clock.advance(begin - 30 * MINUTE - clock.now() + timedelta(seconds=17))
    return made


def held(house, clock, room):
    """The same, opened at once, with two questions and two comments, and closed six minutes later."""
    host = house.host_of(room)
    house.do(phases.open_now, host, room)
    house.asked(room, "First?")
    house.comment(room, house.user(), "One.", question=1)
    clock.advance(3 * MINUTE)
    house.asked(room, "Second?")
    house.comment(room, house.user(), "Two.", question=2)
    clock.advance(3 * MINUTE)
    house.do(phases.close, host, room)
    return room


def test_what_was_opened_and_closed_by_hand_says_its_own_hours_everywhere(app, house, clock, room):
    planned = room.starts_at
    held(house, clock, room)
    owner = db.session.get_one(User, room.owner_id)
    assert (room.starts_at, room.over_at) == (room.opened_at, room.closed_at)
    for path in ("/d/river", "/d/river/transcript", "/d/river/export.md", "/d/river/export.txt", "/organise"):
        told = re.sub("<body[^>]*>", "", page(app, house, owner, path))  # the scripts' clock has the plan
        assert "20:28" in told, path
        assert "20:34" in told, path
        assert "20:58" not in told, path
        assert "21:58" not in told, path
    said = json.loads(page(app, house, None, "/d/river/export.json"))
    assert said["starts_at"][11:16] == "20:28"
    assert said["ends_at"][11:16] == "20:34"
    event = page(app, house, None, "/d/river/calendar.ics").replace("\r\n ", "")
    assert f"DTSTART:{room.opened_at:%Y%m%dT%H%M%SZ}" in event
    assert f"DTEND:{room.closed_at:%Y%m%dT%H%M%SZ}" in event
    home = page(app, house, None, "/")
    assert "20:28" in home
    assert "20:58" not in home
    line = db.session.query(ModerationAction).filter_by(verb="discussion.opened").one()
    assert line.before["starts_at"] == planned.isoformat(), "the record keeps what was planned"


def test_the_ruler_is_as_long_as_the_discussion_was(house, clock, room):
    held(house, clock, room)
    scene = Scene.of(room)
    assert [scene.place(q.asked_at) for q in scene.asked] == [0, 50]
    assert [index for index, count in enumerate(scene.tally.bars) if count] == [0, 30]


def test_open_pages_get_the_hours_with_the_step(house, clock, room):
    host = house.host_of(room)
    assert tally.of(room).starts_at == room.starts_at
    house.do(phases.open_now, host, room)
    house.comment(room, house.user(), "One.")
    clock.advance(6 * MINUTE)
    house.do(phases.close, host, room)
    (told,) = fragments.render(room, [Event(seq=9, kind="discussion.closed", subject_id=room.id, audience="all")])
    assert "20:34" in told["regions"]["masthead"]
    assert "20:34" in told["regions"]["ruler"]
    assert "21:58" not in told["regions"]["ruler"]
    assert tally.of(room).bars == tally._count(room).bars


def test_a_calendar_takes_each_step_as_newer(app, house, clock, room):
    def sequence() -> int:
        told = page(app, house, None, "/d/river/calendar.ics")
        return int(told.split("SEQUENCE:")[1].split()[0])

    host, seen = house.host_of(room), [sequence()]
    for step in (phases.open_now, phases.close):
        house.do(step, host, room)
        seen.append(sequence())
    house.do(phases.extend, host, room, 10)
    seen.append(sequence())
    assert seen == sorted(set(seen))


def test_what_is_closed_the_moment_it_was_opened_is_still_an_entry_for_calendars(app, house, room):
    host = house.host_of(room)
    house.do(phases.open_now, host, room)
    house.do(phases.close, host, room)
    assert room.starts_at + timedelta(seconds=1) <= room.over_at


def test_reopened_it_runs_on_and_closed_again_it_ends_then(house, clock, room):
    held(house, clock, room)
    host, begun = house.host_of(room), room.starts_at
    clock.advance(5 * MINUTE)
    house.do(phases.extend, host, room, 10, room.ends_at)
    assert (room.phase, room.starts_at) == (Phase.LIVE, begun)
    assert room.over_at == room.ends_at == clock.now() + 10 * MINUTE
    clock.advance(4 * MINUTE)
    house.do(phases.close, host, room)
    assert room.over_at == clock.now()
    clock.advance(DAY)
    assert room.over_at == room.closed_at


def test_closed_by_the_clock_it_ends_as_planned_and_a_wrong_end_can_be_put_right(house, clock, room):
    clock.advance(room.ends_at + 3 * MINUTE - clock.now())
    house.do(phases.settle, room)
    assert room.over_at == room.ends_at == room.closed_at
    fields = {name: getattr(room, name) for name in ("title", "slug", "starts_at", "time_zone", "visibility")}
    for end in (room.ends_at + 2 * MINUTE, room.ends_at - 5 * MINUTE):
        house.do(discussions.edit, house.host_of(room), room, DiscussionDraft(**fields, ends_at=end))
        assert room.over_at == end


def test_late_comments_after_an_early_close_are_late_and_outside_the_ruler(house, clock, room):
    with writing():
        room.late_minutes = 30
    held(house, clock, room)
    bars = list(Scene.of(room).tally.bars)
    clock.advance(10 * MINUTE)
    late = house.comment(room, house.user(), "Late.", question=2)
    scene = Scene.of(room)
    assert scene.is_late(late)
    assert room.late_until == room.closed_at + 30 * MINUTE
    assert (scene.tally.bars, scene.place(late.posted_at)) == (bars, 100)
    clock.advance(20 * MINUTE)
    house.do(phases.settle, room)
    with pytest.raises(Refused):
        house.comment(room, house.user(), "Too late.", question=2)


def test_whoever_wants_to_come_hears_that_it_is_live_and_not_that_it_moved(app, house, clock, room):
    house.do(rsvps.say, house.user("Rena Reader"), room, RsvpKind.READ_ALONG, "UTC")
    house.do(phases.open_now, house.host_of(room), room)
    clock.advance(MINUTE)
    clockwork.remind()
    house.do(phases.close, house.host_of(room), room)
    clock.advance(2 * DAY)
    clockwork.remind()
    assert kinds() == ["live"]


def test_two_hosts_one_opens_while_the_other_edits_the_words(house, clock, room):
    host = house.host_of(room)
    names = ("title", "slug", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown")
    shown = {name: getattr(room, name) for name in names}
    seen = merging.marks(discussions.said(room))
    house.do(phases.open_now, host, room)
    begun = room.starts_at
    house.do(discussions.edit, host, room, DiscussionDraft(**shown | {"title": "Whose water?"}), seen)
    assert (room.title, room.starts_at) == ("Whose water?", begun)


def test_a_discussion_that_runs_for_days_stays_one_when_closed_early(app, house, clock):
    room = house.discussion(phase="announced", slug="weeks")
    begin = clock.now() + 3 * DAY
    later(house, room, starts_at=begin, ends_at=begin + 21 * DAY)
    host = house.host_of(room)
    first, second = house.question(room, "First?"), house.question(room, "Second?")
    for question, moment in ((first, begin + DAY), (second, begin + 9 * DAY)):
        house.do(questions.edit, host, question, QuestionDraft(question.text, opens_at=moment))
    house.do(phases.open_now, host, room)
    assert first.opens_at == begin + DAY, "what has a date keeps it"
    clock.advance(6 * DAY)
    house.do(questions.ask, host, second)
    house.do(phases.close, host, room)
    assert room.runs_for_days
    assert room.has_digests
    assert room.over_at == clock.now()
    said = json.loads(export.whole("json", room))
    with writing():
        made = imports.store(discussion_file.read(json.dumps(said | {"slug": "again"}).encode()))
    assert (made.starts_at, made.over_at) == (room.starts_at, room.over_at)


def test_what_runs_for_days_by_being_opened_early_is_not_called_quiet_after_minutes(house, clock):
    room = house.discussion(phase="announced")
    later(house, room, starts_at=clock.now() + 2 * DAY, ends_at=clock.now() + 2 * DAY + 60 * MINUTE)
    house.do(phases.open_now, house.host_of(room), room)
    assert (room.runs_for_days, room.silence_minutes) == (True, SILENCE_OF_DAYS)


def test_whoever_edits_what_was_closed_early_reads_when_it_ended(app, house, clock, room):
    owner = db.session.get_one(User, room.owner_id)
    house.do(phases.open_now, house.host_of(room), room)
    assert "It ended earlier" not in page(app, house, owner, "/d/river/edit")
    clock.advance(6 * MINUTE)
    house.do(phases.close, house.host_of(room), room)
    told = page(app, house, owner, "/d/river/edit")
    assert re.search(r"It ended earlier: [^<]*20:34\.", told)


@pytest.mark.parametrize("early", [10 * MINUTE, 52 * MINUTE, 2 * DAY])
def test_another_like_one_that_was_opened_early_begins_as_that_was_planned(house, clock, early):
    room = house.discussion(phase="announced")
    start = clock.now().replace(second=0, microsecond=0) + 3 * DAY
    later(house, room, starts_at=start, ends_at=start + 60 * MINUTE)
    clock.advance(start - early - clock.now())
    house.do(phases.open_now, house.host_of(room), room)
    fields, day = discussion_form.like(room), f"{start + 7 * DAY:%Y-%m-%d}"
    assert (fields["starts_at_date"], fields["starts_at_time"]) == (day, f"{start:%H:%M}")
    assert (fields["ends_at_date"], fields["ends_at_time"]) == (day, f"{start + 60 * MINUTE:%H:%M}")
    since = clock.now().replace(second=0, microsecond=0) - 30 * MINUTE
    later(house, room, starts_at=since)
    assert discussion_form.like(room)["starts_at_time"] == f"{since:%H:%M}", "what a host has set since"


@pytest.mark.parametrize("days", [0, 2])
def test_another_like_one_that_went_on_or_was_opened_again_ends_as_that_was_planned(house, clock, days):
    room = house.discussion(phase="announced")
    start = clock.now().replace(second=0, microsecond=0) + 3 * DAY
    later(house, room, starts_at=start, ends_at=start + 60 * MINUTE)
    clock.advance(start + 50 * MINUTE - clock.now())
    house.do(phases.extend, house.host_of(room), room, 10)
    clock.advance(days * DAY + timedelta(seconds=33))
    house.do(phases.extend, house.host_of(room), room, 10)
    fields, day = discussion_form.like(room), f"{start + 7 * DAY:%Y-%m-%d}"
    assert (fields["starts_at_date"], fields["starts_at_time"]) == (day, f"{start:%H:%M}")
    assert (fields["ends_at_date"], fields["ends_at_time"]) == (day, f"{start + 60 * MINUTE:%H:%M}")
    later(house, room, ends_at=room.ends_at.replace(microsecond=0) - 5 * MINUTE)
    assert discussion_form.like(room)["ends_at_time"][:5] == f"{room.ends_at:%H:%M}", "what a host has set since"


def test_another_like_it_has_the_planned_hours(app, house, clock, room):
    owner = house.user("Olga Organiser", role=SiteRole.ORGANISER)
    house.seat(room, owner, "host")
    question = house.question(room, "Later?")
    house.do(
        questions.edit, owner, question, QuestionDraft("Later?", opens_at=room.starts_at.replace(hour=21, minute=30))
    )
    held(house, clock, room)
    fields = discussion_form.like(room)
    assert (fields["starts_at_time"], fields["ends_at_time"]) == ("20:58", "21:58")
    begin = room.starts_at.replace(minute=58, second=0, microsecond=0) + 7 * DAY
    draft = DiscussionDraft(title="Again?", slug="again", starts_at=begin, ends_at=begin + 60 * MINUTE, time_zone="UTC")
    made = house.do(templates.create, owner, draft, room)
    assert [f"{q.opens_at:%H:%M:%S}" for q in made.questions if q.opens_at] == ["21:30:00"]
