"""Discussions that run for days: questions that open by themselves, once, in order, and never against their host."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from forum.actions import leaving, openings, pacing, phases, questions, rehearsals, templates
from forum.actions.drafting import DiscussionDraft
from forum.actions.leaving import Words
from forum.actions.questions import QuestionDraft
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Event, ModerationAction, Question, QuestionState, SeatRole, User
from forum.refusals import Refused
from tests.actions.test_after_the_end import refused
from tests.actions.test_reminders import later

DAY = timedelta(days=1)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def weeks(house, clock):
    """Announced; live in three days, for three weeks, with a host and three questions without a date."""
    made = house.discussion(phase="announced", title="Whose river?", slug="river")
    begin = clock.now() + 3 * DAY
    later(house, made, starts_at=begin, ends_at=begin + 21 * DAY)
    for number in (1, 2, 3):
        house.question(made, f"What about point {number}?")
    return made


def plan(house, discussion, place: int, moment) -> Question:
    """Give the question at `place` a moment, by the same action as the form."""
    question = sorted(discussion.questions, key=lambda q: q.position)[place - 1]
    draft = QuestionDraft(question.text, question.planned_offset_minutes, opens_at=moment)
    house.do(questions.edit, house.host_of(discussion), question, draft)
    return question


def asked(discussion) -> list[str]:
    """The questions that have been asked, in the order of their numbers."""
    db.session.rollback()
    found = select(Question.text).where(Question.discussion_id == discussion.id, Question.number.is_not(None))
    return list(db.session.scalars(found.order_by(Question.number)))


def points(discussion) -> list[int]:
    return [int(words.split()[-1][:-1]) for words in asked(discussion)]


def test_a_question_opens_at_its_moment_and_not_before(house, clock, weeks):
    begin = weeks.starts_at
    plan(house, weeks, 1, begin)
    plan(house, weeks, 2, begin + 7 * DAY)
    clockwork.turn()
    assert points(weeks) == []
    clock.advance(3 * DAY)
    clockwork.turn()
    assert points(weeks) == [1], "the discussion and its first question open together"
    clock.advance(7 * DAY - timedelta(seconds=1))
    clockwork.turn()
    assert points(weeks) == [1]
    clock.advance(timedelta(seconds=1))
    clockwork.turn()
    clockwork.turn()
    assert points(weeks) == [1, 2]
    one, two, three = sorted(weeks.questions, key=lambda q: q.position)
    assert (one.state, two.state, three.state) == (QuestionState.CLOSED, QuestionState.OPEN, QuestionState.DRAFT)
    assert one.closed_at == two.asked_at == clock.now()
    assert two.asked_by_id == house.host_of(weeks).id


def test_the_clock_asks_in_the_name_of_a_host_who_is_still_there(house, clock, weeks):
    other = house.user("Otto Other")
    house.seat(weeks, other, SeatRole.HOST)
    one = plan(house, weeks, 1, weeks.starts_at)
    house.do(leaving.leave, house.host_of(weeks), Words.KEEP)
    clock.advance(3 * DAY)
    clockwork.turn()
    db.session.refresh(one)
    assert one.asked_by_id == other.id


def test_a_turn_in_which_nothing_is_due_asks_once(weeks, statements):
    with statements() as made:
        clockwork.turn()
    assert len([statement for statement in made if statement.startswith("SELECT")]) == 1


def test_the_record_says_that_the_clock_asked_it_and_the_log_tells_readers(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at)
    clock.advance(3 * DAY)
    clockwork.turn()
    line = db.session.scalars(select(ModerationAction).where(ModerationAction.verb == "question.asked")).one()
    assert (line.actor_id, line.after) == (None, {"number": 1})
    event = db.session.scalars(select(Event).where(Event.kind == "question.asked")).one()
    assert (event.audience, event.subject_id) == ("everyone", line.subject_id)


def test_two_processes_open_it_once(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at)
    plan(house, weeks, 2, weeks.starts_at + timedelta(minutes=1))
    clock.advance(3 * DAY + timedelta(minutes=1))
    clockwork.turn()
    assert points(weeks) == [1, 2]
    for question in weeks.questions:
        assert house.do(openings.take, question.id) is False
    assert db.session.query(Event).filter_by(kind="question.asked").count() == 2


def test_what_came_due_together_opens_in_the_order_of_its_moments(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at + 2 * DAY)
    plan(house, weeks, 2, weeks.starts_at + DAY)
    clock.advance(3 * DAY)
    clockwork.turn()
    assert points(weeks) == []
    clock.advance(3 * DAY)
    clockwork.turn()
    assert points(weeks) == [2, 1]
    db.session.rollback()
    assert [q.state for q in weeks.questions if q.is_asked] == [QuestionState.CLOSED, QuestionState.OPEN]


def test_in_a_pause_nothing_opens_and_afterwards_everything_in_order(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at + DAY)
    plan(house, weeks, 2, weeks.starts_at + 2 * DAY)
    clock.advance(3 * DAY)
    clockwork.turn()
    host = house.host_of(weeks)
    house.do(phases.pause, host, weeks)
    clock.advance(4 * DAY)
    clockwork.turn()
    assert points(weeks) == []
    house.do(phases.resume, host, weeks)
    clockwork.turn()
    assert points(weeks) == [1, 2]


def test_the_hand_of_a_host_goes_before_the_clock(house, clock, weeks):
    host = house.host_of(weeks)
    one = plan(house, weeks, 1, weeks.starts_at + DAY)
    two = plan(house, weeks, 2, weeks.starts_at + 2 * DAY)
    three = plan(house, weeks, 3, weeks.starts_at + 3 * DAY)
    clock.advance(3 * DAY)
    clockwork.turn()
    house.do(questions.ask, host, one)
    house.do(questions.skip, host, two)
    plan(house, weeks, 3, weeks.starts_at + 5 * DAY)
    clock.advance(4 * DAY)
    clockwork.turn()
    assert points(weeks) == [1], "asked once, left out, and moved to a later day"
    assert db.session.get_one(Question, one.id).asked_at == weeks.starts_at
    house.do(questions.unskip, host, two)
    clockwork.turn()
    assert points(weeks) == [1], "put back too late for its day, it waits for a hand"
    clock.advance(DAY)
    clockwork.turn()
    assert points(weeks) == [1, 3]
    assert three.number == 2


def test_after_the_end_nothing_opens_any_more(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at + DAY)
    clock.advance(3 * DAY)
    clockwork.turn()
    house.do(phases.close, house.host_of(weeks), weeks)
    clock.advance(DAY)
    clockwork.turn()
    assert points(weeks) == []


def test_a_clock_that_is_set_takes_nothing_back_and_repeats_nothing(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at + DAY)
    plan(house, weeks, 2, weeks.starts_at + 2 * DAY)
    clock.advance(4 * DAY)
    clockwork.turn()
    assert points(weeks) == [1]
    clock.advance(-2 * DAY)
    clockwork.turn()
    assert points(weeks) == [1]
    clock.advance(3 * DAY)
    clockwork.turn()
    assert points(weeks) == [1, 2]


def test_whoever_moves_a_question_changes_what_is_asked_on_a_day_and_not_the_days(house, clock, weeks):
    days = [weeks.starts_at + number * DAY for number in (1, 4, 9)]
    for place, moment in enumerate(days, start=1):
        plan(house, weeks, place, moment)
    first = next(q for q in weeks.questions if q.position == 1)
    house.do(questions.move, house.host_of(weeks), first, 3)
    assert [(q.text[-2], q.opens_at) for q in weeks.questions] == list(zip("231", days, strict=True))
    clock.advance(4 * DAY)
    clockwork.turn()
    assert points(weeks) == [2]


def test_a_moment_that_never_comes_is_refused_with_what_to_do(house, clock, weeks):
    question, host = weeks.questions[0], house.host_of(weeks)
    for moment in (weeks.starts_at - DAY, weeks.ends_at, weeks.ends_at + DAY):
        why = refused(house, questions.edit, host, question, QuestionDraft("What?", opens_at=moment))
        assert "The discussion runs from" in why.fields["opens_at"]
    clock.advance(5 * DAY)
    clockwork.turn()
    why = refused(house, questions.edit, host, question, QuestionDraft("What?", opens_at=weeks.starts_at + DAY))
    assert "is over" in why.fields["opens_at"]
    with pytest.raises(Refused) as spare:
        QuestionDraft("What?", is_spare=True, opens_at=weeks.ends_at - DAY).checked()
    assert set(spare.value.fields) == {"opens_at"}


def test_words_can_be_changed_when_the_moment_has_passed_in_a_pause(house, clock, weeks):
    question, host = plan(house, weeks, 1, weeks.starts_at + DAY), house.host_of(weeks)
    clock.advance(3 * DAY)
    clockwork.turn()
    house.do(phases.pause, host, weeks)
    clock.advance(2 * DAY)
    house.do(questions.edit, host, question, QuestionDraft("Put better?", opens_at=question.opens_at))
    assert question.text == "Put better?"


def test_the_dates_move_with_the_start_on_the_clocks_of_the_event(house, clock, weeks):
    """From winter into summer: nine o'clock stays nine o'clock."""
    begin = datetime(2027, 3, 1, 9, tzinfo=LONDON)
    later(house, weeks, starts_at=begin, ends_at=begin + 21 * DAY)
    plan(house, weeks, 1, datetime(2027, 3, 8, 9, tzinfo=LONDON))
    later(house, weeks, starts_at=begin + 28 * DAY, ends_at=begin + 49 * DAY)
    moved = weeks.questions[0].opens_at.astimezone(LONDON)
    assert moved.replace(tzinfo=None) == datetime(2027, 4, 5, 9)
    assert moved.utcoffset() == timedelta(hours=1)
    later(house, weeks, starts_at=datetime(2027, 3, 29, 9, tzinfo=ZoneInfo("Asia/Tokyo")), time_zone="Asia/Tokyo")
    assert weeks.questions[0].opens_at.astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None) == datetime(
        2027, 4, 5, 9
    )


def test_in_the_night_the_clocks_go_back_a_date_stays_the_first_or_the_second(house, clock, weeks):
    """On 31 October 2027 half past one comes twice in London; in 2032 it does on the same day."""
    begin = datetime(2027, 10, 20, 9, tzinfo=LONDON)
    later(house, weeks, starts_at=begin, ends_at=begin + 21 * DAY)
    first, second = (datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1))
    one, two = plan(house, weeks, 1, first), plan(house, weeks, 2, second)
    later(house, weeks, title="Whose rivers?")
    assert (one.opens_at, two.opens_at) == (first, second), "who mends a title moves nothing"
    begin = datetime(2032, 10, 20, 9, tzinfo=LONDON)
    draft = DiscussionDraft(
        title="Again", slug="again", starts_at=begin, ends_at=begin + 21 * DAY, time_zone="Europe/London"
    )
    made = house.do(templates.create, db.session.get_one(User, weeks.owner_id), draft, weeks)
    assert [q.opens_at for q in made.questions[:2]] == [datetime(2032, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1)]


def test_once_it_runs_the_dates_stay_where_they_were_promised(house, clock, weeks):
    question = plan(house, weeks, 1, weeks.starts_at + 7 * DAY)
    promised = question.opens_at
    clock.advance(3 * DAY)
    clockwork.turn()
    later(house, weeks, starts_at=weeks.starts_at - DAY, ends_at=weeks.ends_at + DAY)
    assert question.opens_at == promised


def test_another_like_it_has_the_same_weekdays_and_hours(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at + DAY)
    plan(house, weeks, 2, weeks.starts_at + 8 * DAY)
    begin = weeks.starts_at + 70 * DAY
    draft = DiscussionDraft(
        title="Again", slug="again", starts_at=begin, ends_at=begin + 21 * DAY, time_zone="Europe/London"
    )
    owner = db.session.get_one(User, weeks.owner_id)
    made = house.do(templates.create, owner, draft, weeks)
    assert [q.opens_at for q in made.questions] == [begin + DAY, begin + 8 * DAY, None]
    assert made.silence_minutes == 24 * 60


def test_a_rehearsal_of_weeks_lasts_hours_and_asks_by_hand(house, clock, weeks):
    plan(house, weeks, 1, weeks.starts_at + DAY)
    made = house.do(rehearsals.begin, house.host_of(weeks), weeks)
    assert [q.opens_at for q in made.questions] == [None, None, None]
    assert made.silence_minutes == 5


def test_the_quiet_alarm_knows_nights_unless_its_host_says_otherwise(house, clock, weeks):
    assert weeks.silence_minutes == 24 * 60
    later(house, weeks, ends_at=weeks.starts_at + timedelta(hours=2))
    assert weeks.silence_minutes == 5
    house.do(pacing.set_silence, house.host_of(weeks), weeks, 90)
    later(house, weeks, ends_at=weeks.starts_at + 9 * DAY)
    assert weeks.silence_minutes == 90


def test_moving_the_plan_leaves_what_was_promised_for_a_moment(house, clock, weeks):
    dated = plan(house, weeks, 1, weeks.starts_at + DAY)
    with writing():
        for question in weeks.questions[1:]:
            question.planned_offset_minutes = 60
    promised = dated.opens_at
    house.do(pacing.shift, house.host_of(weeks), weeks, 30, 60)
    assert [q.planned_offset_minutes for q in weeks.questions] == [None, 90, 90]
    assert dated.opens_at == promised


@pytest.mark.postgresql
def test_it_does_not_open_when_a_host_has_paused_at_that_moment(house, clock, weeks):
    question = plan(house, weeks, 1, weeks.starts_at + DAY)
    clock.advance(3 * DAY)
    house.do(phases.take_steps, weeks.id)
    clock.advance(DAY)
    with house.meanwhile(r"SELECT .*FOR UPDATE", phases.pause, house.host_of(weeks), weeks):
        assert not house.do(openings.take, question.id)
    assert points(weeks) == []
