"""Opening, asking, pausing, extending and closing: by hand and by the clock, each once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from forum import access, record
from forum.actions import comments, discussions, moderation, phases, questions, sanctions, seats
from forum.actions.drafting import DiscussionDraft
from forum.actions.questions import QuestionDraft
from forum.actions.seats import SeatDraft
from forum.database import db, writing
from forum.live import clockwork, log
from forum.models import (
    Comment,
    CommentEdit,
    CommentState,
    Discussion,
    Event,
    ModerationAction,
    Phase,
    Question,
    QuestionState,
    SeatRole,
    User,
)  # fmt: skip
from forum.record import Wanted
from forum.refusals import Refused
from tests.actions.test_reminders import later


def kinds(discussion) -> list[str]:
    """The log of `discussion` in order."""
    return list(db.session.scalars(select(Event.kind).where(Event.discussion_id == discussion.id).order_by(Event.seq)))


def test_the_clock_opens_and_closes_once(house, clock):
    discussion = house.discussion(phase="announced")
    assert phases.due() == []
    clock.advance(timedelta(hours=1))
    assert phases.due() == [discussion.id]
    assert house.do(phases.take_steps, discussion.id)
    assert not house.do(phases.take_steps, discussion.id)
    assert phases.due() == []
    clock.advance(timedelta(hours=2))
    for _ in range(2):
        clockwork.turn()
    db.session.refresh(discussion)
    assert discussion.phase is Phase.CLOSED
    assert discussion.closed_at == discussion.ends_at
    assert kinds(discussion)[-2:] == ["discussion.opened", "discussion.closed"]
    assert not house.do(phases.take_steps, 2**31 - 1), "thrown away since it was found due"


CLOCKS_HAND = r"UPDATE discussion SET (phase|opened_at|closed_at)"


def change(discussion: Discussion, name: str, value: object) -> None:
    setattr(discussion, name, value)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("phase", "name", "later"),
    [("live", "ends_at", timedelta(hours=3)), ("announced", "starts_at", timedelta(hours=1, minutes=30))],
    ids=["extended", "put off"],
)
def test_a_time_that_is_moved_while_the_clock_looks_is_kept(house, clock, phase, name, later):
    discussion = house.discussion(phase=phase)
    later += clock.now()
    clock.advance(getattr(discussion, name) - clock.now())
    with house.meanwhile(CLOCKS_HAND, change, discussion, name, later):
        clockwork.turn()
    db.session.refresh(discussion)
    assert (discussion.phase, getattr(discussion, name)) == (Phase(phase), later)
    assert phases.due() == []


@pytest.mark.postgresql
def test_late_comments_that_are_allowed_while_the_clock_closes_are_taken(house, clock):
    discussion = house.discussion()
    clock.advance(timedelta(hours=2))
    with house.meanwhile(CLOCKS_HAND, change, discussion, "late_minutes", 20):
        clockwork.turn()
    clockwork.turn()
    db.session.refresh(discussion)
    assert discussion.late_until == discussion.ends_at + timedelta(minutes=20)


def test_a_discussion_that_cannot_be_opened_keeps_no_other_from_its_time(house, clock):
    broken, other = house.discussion(phase="announced"), house.discussion(phase="announced")
    with writing():
        db.session.add(Event(discussion_id=broken.id, seq=broken.last_seq + 1, kind="of a broken log", at=clock.now()))
    clock.advance(timedelta(hours=1))
    clockwork.turn()
    db.session.rollback()
    assert [db.session.get_one(Discussion, one.id).phase for one in (broken, other)] == [Phase.ANNOUNCED, Phase.LIVE]


def test_a_question_that_cannot_be_opened_keeps_no_other_from_its_time(house, clock):
    broken, other = house.discussion(), house.discussion()
    for discussion in (broken, other):
        moment = clock.now() + timedelta(minutes=65)
        house.do(questions.write, house.host_of(discussion), discussion, QuestionDraft("When?", opens_at=moment))
    with writing():
        db.session.add(Event(discussion_id=broken.id, seq=broken.last_seq + 1, kind="of a broken log", at=clock.now()))
    clock.advance(timedelta(minutes=65))
    clockwork.turn()
    db.session.rollback()
    asked = [
        db.session.scalar(select(Question.number).where(Question.discussion_id == one.id)) for one in (broken, other)
    ]
    assert asked == [None, 1]


def test_seq_has_no_holes_and_equals_the_head(house, clock):
    discussion = house.discussion(ask=2)
    for _ in range(3):
        house.comment(discussion, question=1)
    numbers = list(
        db.session.scalars(select(Event.seq).where(Event.discussion_id == discussion.id).order_by(Event.seq))
    )
    assert numbers == list(range(1, discussion.last_seq + 1))


def test_a_refused_action_leaves_no_event(house, clock):
    discussion = house.discussion()
    before = discussion.last_seq
    with pytest.raises(Refused):
        house.comment(discussion, body=" ")
    db.session.expire_all()
    assert discussion.last_seq == before
    assert db.session.scalar(select(func.count()).select_from(Comment)) == 0


def test_asking_gives_the_next_number_and_closes_the_one_before(house, clock):
    discussion = house.discussion(ask=1)
    second = house.question(discussion)
    host = house.host_of(discussion)
    house.do(questions.ask, host, second)
    seq = discussion.last_seq
    house.do(questions.ask, host, second)
    assert discussion.last_seq == seq
    assert second.number == 2
    assert discussion.open_question is second
    assert discussion.questions[0].state is QuestionState.CLOSED


def test_skipped_questions_take_no_number(house, clock):
    discussion = house.discussion()
    first, second = house.question(discussion, "A?"), house.question(discussion, "B?")
    host = house.host_of(discussion)
    house.do(questions.skip, host, first)
    with pytest.raises(Refused):
        house.do(questions.ask, host, first)
    house.do(questions.ask, host, second)
    assert second.number == 1
    house.do(questions.unskip, host, first)
    house.do(questions.ask, host, first)
    assert first.number == 2


def test_reordering_moves_only_what_is_to_come(house, clock):
    discussion = house.discussion(ask=1)
    b, c = house.question(discussion, "B?"), house.question(discussion, "C?")
    host = house.host_of(discussion)
    house.do(questions.move, host, c, 1)
    assert [q.text for q in sorted(discussion.questions, key=lambda q: q.position)][1:] == ["C?", "B?"]
    with pytest.raises(Refused):
        house.do(questions.move, host, discussion.questions[0], 2)
    with pytest.raises(Refused):
        house.do(questions.move, host, b, 9)


def test_a_late_answer_stays_with_its_question(house, clock):
    discussion = house.discussion(ask=2)
    late = house.comment(discussion, house.panelist(discussion), question=1)
    assert late.question.number == 1


def test_the_same_key_posts_once(house, clock):
    discussion = house.discussion()
    author = house.user()
    first = house.comment(discussion, author, key="abcdefgh")
    again = house.comment(discussion, author, body="Something else", key="abcdefgh")
    assert again.id == first.id
    assert house.comment(discussion, key="abcdefgh").id != first.id
    house.do(phases.close, house.host_of(discussion), discussion)
    assert house.comment(discussion, author, key="abcdefgh").id == first.id


def test_edits_keep_versions_until_the_window_ends(house, clock):
    discussion = house.discussion()
    author = house.user()
    comment = house.comment(discussion, author, body="One")
    house.do(comments.edit, author, comment, "Two")
    house.do(comments.edit, author, comment, "Two")
    assert list(db.session.scalars(select(CommentEdit.source))) == ["One"]
    clock.advance(timedelta(minutes=15, seconds=1))
    with pytest.raises(Refused) as raised:
        house.do(comments.edit, author, comment, "Three")
    assert raised.value.code == "edit_window"
    with pytest.raises(Refused) as raised:
        house.do(comments.edit, house.user(), comment, "Not mine")
    assert raised.value.status == 404


def test_a_writer_moves_a_comment_as_long_as_they_may_edit_it_and_hosts_move_it_later_too(house, clock):
    discussion = house.discussion(ask=2)
    author = house.user()
    comment = house.comment(discussion, author, question=1)
    clock.advance(timedelta(minutes=15))
    house.do(comments.move, author, comment, 2)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Refused) as raised:
        house.do(comments.move, author, comment, 1)
    assert (raised.value.code, comment.question.number) == ("edit_window", 2)
    house.do(comments.move, house.host_of(discussion), comment, 1)
    assert comment.question.number == 1


def test_what_a_host_has_hidden_its_writer_neither_rewrites_nor_takes_away(house, clock):
    discussion = house.discussion(ask=1)
    author = house.user()
    comment = house.comment(discussion, author, body="The words that were hidden")
    house.do(moderation.hide, house.host_of(discussion), comment, "rude")
    before = kinds(discussion)
    for change in ((comments.edit, "Kind words"), (comments.move, 1), (comments.delete,)):
        with pytest.raises(Refused) as raised:
            house.do(change[0], author, comment, *change[1:])
        assert raised.value.status == 404
    assert comment.source == "The words that were hidden"
    assert kinds(discussion) == before


def test_deleting_takes_the_text_and_its_versions_for_good(house, clock):
    discussion = house.discussion()
    author = house.user()
    comment = house.comment(discussion, author, body="Secret one")
    house.do(comments.edit, author, comment, "Secret two")
    house.do(comments.delete, author, comment)
    house.do(comments.delete, author, comment)
    assert (comment.source, comment.html) == ("", "")
    assert db.session.scalar(select(func.count()).select_from(CommentEdit)) == 0


def test_what_its_writer_has_taken_back_is_nobodys_to_hide_or_to_show_again(house, clock):
    discussion = house.discussion()
    host, author = house.host_of(discussion), house.user()
    comment = house.comment(discussion, author)
    house.do(comments.delete, author, comment)
    before = kinds(discussion)
    for decision in ((moderation.hide, "rude"), (moderation.restore,), (comments.move, None)):
        with pytest.raises(Refused) as raised:
            house.do(decision[0], host, comment, *decision[1:])
        assert raised.value.status == 404
    assert comment.state is CommentState.DELETED
    assert kinds(discussion) == before


def test_what_was_held_before_its_time_and_is_reopened_ends_after_it_began(house, clock):
    discussion = house.discussion(phase="announced")
    host = house.host_of(discussion)
    house.do(phases.open_now, host, discussion)
    house.do(phases.close, host, discussion)
    house.do(phases.extend, host, discussion, 10)
    assert discussion.starts_at <= clock.now() < discussion.ends_at


def test_what_is_closed_early_can_be_edited_before_its_end_to_the_second_of_the_form(house, clock):
    clock.advance(timedelta(microseconds=5))
    discussion = house.discussion(phase="closed")
    host = house.host_of(discussion)
    house.do(phases.extend, host, discussion, 90)
    house.do(phases.close, host, discussion)
    names = ("title", "slug", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown")
    fields = {name: getattr(discussion, name) for name in names}
    fields |= {name: fields[name].replace(microsecond=0) for name in ("starts_at", "ends_at")}
    house.do(discussions.edit, host, discussion, DiscussionDraft(**fields | {"title": "Whose water?"}))
    assert discussion.title == "Whose water?"


def test_a_button_pressed_twice_is_answered_without_talk_of_a_text(house, clock):
    discussion = house.discussion(phase="announced")
    host = house.host_of(discussion)

    def refusal_of(step) -> str:
        with pytest.raises(Refused) as refused:
            house.do(step, host, discussion)
        return refused.value.message

    assert "Your text" not in refusal_of(phases.publish)
    house.do(phases.open_now, host, discussion)
    house.do(phases.close, host, discussion)
    assert "Your text" not in refusal_of(phases.close)


def test_pause_extend_close_and_reopen(house, clock):
    discussion = house.discussion()
    host = house.host_of(discussion)
    house.do(phases.pause, host, discussion)
    with pytest.raises(Refused) as raised:
        house.comment(discussion)
    assert raised.value.code == "paused"
    house.do(phases.resume, host, discussion)
    end = discussion.ends_at
    house.do(phases.extend, host, discussion, 10)
    assert discussion.ends_at == end + timedelta(minutes=10)
    house.do(phases.close, host, discussion)
    with pytest.raises(Refused):
        house.do(phases.close, host, discussion)
    house.do(phases.extend, host, discussion, 30)
    assert discussion.phase is Phase.LIVE
    assert discussion.ends_at == clock.now() + timedelta(minutes=30)


def test_hiding_needs_a_reason_and_is_written_down(house, clock):
    discussion = house.discussion()
    host = house.host_of(discussion)
    comment = house.comment(discussion)
    with pytest.raises(Refused) as raised:
        house.do(moderation.hide, host, comment, " ")
    assert "reason" in raised.value.fields
    house.do(moderation.hide, host, comment, "advertising")
    house.do(moderation.restore, host, comment)
    lines = [(line.verb, line.reason) for line in record.lines(Wanted(discussion), 2)]
    assert lines == [("comment.restored", ""), ("comment.hidden", "advertising")]


def test_whoever_hides_what_is_hidden_for_another_reason_hears_which_one_readers_see(house, clock):
    discussion = house.discussion()
    host, moe = house.host_of(discussion), house.user("Moe Moderator")
    house.seat(discussion, moe, SeatRole.MODERATOR)
    comment = house.comment(discussion)
    house.do(moderation.hide, moe, comment, "rude")
    house.do(moderation.hide, moe, comment, " rude ")
    house.do(moderation.hide, host, comment, "rude")
    for actor, words in ((host, "Moe Moderator was faster"), (moe, "hidden already")):
        with pytest.raises(Refused) as raised:
            house.do(moderation.hide, actor, comment, "advertising")
        assert raised.value.status == 409
        assert words in raised.value.message
        assert raised.value.message.endswith("Reason: rude")
    assert comment.hidden_reason == "rude"
    house.do(moderation.restore, host, comment)
    house.do(moderation.hide, host, comment, "advertising")
    assert comment.hidden_reason == "advertising"


def test_the_record_cannot_be_changed(house, clock):
    discussion = house.discussion()
    house.do(moderation.hide, house.host_of(discussion), house.comment(discussion), "advertising")
    for change in (ModerationAction.__table__.update().values(reason="nothing"), ModerationAction.__table__.delete()):
        with pytest.raises(DBAPIError), writing():
            db.session.execute(change)
    assert db.session.scalar(select(func.count()).select_from(ModerationAction)) > 0


def test_the_muted_may_read_and_not_write_and_hosts_are_never_muted(house, clock):
    discussion = house.discussion()
    host, member = house.host_of(discussion), house.user()
    house.do(sanctions.mute, host, discussion, member, "rude")
    with pytest.raises(Refused) as raised:
        house.comment(discussion, member)
    assert (raised.value.code, "rude" in raised.value.message) == ("muted", True)
    with pytest.raises(Refused):
        house.do(sanctions.mute, host, discussion, host, "oops")
    house.do(sanctions.unmute, host, discussion, member)
    assert house.comment(discussion, member).id


def test_nobody_can_look_like_a_panelist(house, clock):
    discussion = house.discussion()
    house.panelist(discussion, "Priya Raman")
    for name in ("Priya Rаman", "Priya Ra\u200bman", "Raman Priya", "Priya Rarnan", "Priya Raman (Panel)", "Ada ✓"):
        with pytest.raises(Refused) as raised:
            house.comment(discussion, house.user(name))
        assert raised.value.code == "look_alike"
    assert house.comment(discussion, house.user("Priya Kumar")).id


def test_no_seat_is_renamed_to_what_looks_like_another_seats(house, clock):
    discussion = house.discussion()
    house.panelist(discussion, "Priya Raman")
    seat = access.seat_of(house.panelist(discussion, "Otto Second"), discussion)
    draft = SeatDraft("Priya Rаman", "", SeatRole.PANELIST)
    with pytest.raises(Refused) as raised:
        house.do(seats.change, house.host_of(discussion), seat, draft)
    assert ("name" in raised.value.fields, seat.name) == (True, "Otto Second")
    house.do(seats.change, house.host_of(discussion), seat, replace(draft, name="Otto Second Jr"))
    assert seat.name == "Otto Second Jr"


def test_the_owner_may_be_called_an_organiser_and_like_nobody_on_the_panel(house, clock):
    discussion = house.discussion()
    house.panelist(discussion, "Priya Raman")
    owner = db.session.get_one(User, discussion.owner_id)
    assert owner.name.startswith("Organiser")
    assert house.comment(discussion, owner).id
    with writing():
        owner.name = "Priya Raman (Organiser)"
    with pytest.raises(Refused) as raised:
        house.comment(discussion, owner)
    assert raised.value.code == "look_alike"


def test_ids_of_another_discussion_are_unknown_here(house, clock):
    discussion, other = house.discussion(ask=1), house.discussion()
    elsewhere = house.comment(other)
    for words in ({"question": 7}, {"reply_to": elsewhere.id}, {"reply_to": 2**40}):
        with pytest.raises(Refused) as raised:
            house.comment(discussion, **words)
        assert set(raised.value.fields) == set(words)
    with pytest.raises(Refused):
        comments.find(None, discussion, elsewhere.id)


def test_catch_up_is_what_came_since_or_reload(house, clock):
    discussion = house.discussion()
    before = discussion.last_seq
    comment = house.comment(discussion)
    found = log.since(discussion, before, discussion.epoch, {"everyone"})
    assert [(event.kind, event.subject_id) for event in found.events] == [("comment.posted", comment.id)]
    assert log.since(discussion, before, "another", {"everyone"}).reload
    assert log.since(discussion, before + 99, discussion.epoch, {"everyone"}).reload
    assert log.since(discussion, -1, discussion.epoch, {"everyone"}).reload


def test_what_is_for_one_person_is_for_nobody_else(house, clock):
    discussion = house.discussion()
    member = house.user()
    before = discussion.last_seq
    house.do(sanctions.mute, house.host_of(discussion), discussion, member, "rude")
    assert log.since(discussion, before, discussion.epoch, {"everyone", "hosts"}).events == []
    assert len(log.since(discussion, before, discussion.epoch, {f"user:{member.id}"}).events) == 1


def test_a_question_is_refused_with_its_field(house, clock):
    discussion = house.discussion()
    with pytest.raises(Refused) as raised:
        house.do(questions.write, house.host_of(discussion), discussion, QuestionDraft("", -1, 0))
    assert set(raised.value.fields) == {"text", "planned_offset_minutes", "length_minutes"}


@pytest.mark.parametrize("step, after", [("pause", Phase.PAUSED), ("close", Phase.CLOSED)])
def test_a_host_steps_on_before_the_clocks_job_has_opened_it(house, clock, step, after):
    """To everybody it is live from its start, whenever the job comes round; the log has the opening first."""
    discussion = house.discussion(phase="announced")
    clock.advance(timedelta(hours=1, seconds=1))
    house.do(getattr(phases, step), house.host_of(discussion), discussion)
    assert discussion.phase is after
    assert discussion.opened_at == discussion.starts_at
    assert kinds(discussion)[-2] == "discussion.opened"


def test_a_draft_whose_end_has_passed_is_not_published(house, clock):
    discussion = house.discussion(phase="draft")
    clock.advance(discussion.ends_at - clock.now())
    with pytest.raises(Refused) as raised:
        house.do(phases.publish, house.host_of(discussion), discussion)
    assert ("ends_at" in raised.value.fields, discussion.phase) == (True, Phase.DRAFT)


def test_what_is_closed_opens_by_no_later_end_in_the_form(house, clock):
    discussion = house.discussion(phase="closed")
    names = ("title", "slug", "starts_at", "ends_at", "time_zone", "visibility", "questions_shown")
    fields = {name: getattr(discussion, name) for name in names} | {"ends_at": clock.now() + timedelta(hours=9)}
    before = discussion.ends_at
    with pytest.raises(Refused) as raised:
        house.do(discussions.edit, house.host_of(discussion), discussion, DiscussionDraft(**fields))
    assert ("ends_at" in raised.value.fields, discussion.ends_at) == (True, before)


@pytest.mark.parametrize("phase", ["live", "paused"])
def test_what_is_under_way_is_not_moved_to_a_start_ahead(house, clock, phase):
    discussion = house.discussion(phase=phase)
    begin, ahead = discussion.starts_at, clock.now() + timedelta(days=7)
    with pytest.raises(Refused) as refused:
        later(house, discussion, starts_at=ahead, ends_at=ahead + timedelta(hours=1))
    assert "close it in the console" in refused.value.fields["starts_at"]
    later(house, discussion, starts_at=begin - timedelta(minutes=5), ends_at=ahead)
    assert (discussion.starts_at, discussion.ends_at) == (begin - timedelta(minutes=5), ahead)


def test_no_end_is_moved_to_where_nothing_could_be_edited_any_more(house, clock):
    discussion = house.discussion(phase="closed")
    host = house.host_of(discussion)
    clock.advance(timedelta(days=500))
    with pytest.raises(Refused, match="a year at most"):
        house.do(phases.extend, host, discussion, 60)
    assert discussion.phase is Phase.CLOSED


@pytest.mark.postgresql
@pytest.mark.parametrize("step", [phases.close, phases.pause])
def test_a_question_is_not_asked_in_what_was_closed_or_paused_while_it_waited(house, step):
    discussion = house.discussion()
    question, host = house.question(discussion), house.host_of(discussion)
    with house.meanwhile(r"SELECT discussion\..*FOR UPDATE", step, host, discussion), pytest.raises(Refused):
        house.do(questions.ask, host, question)
    db.session.expire_all()
    assert not db.session.get_one(Question, question.id).is_asked


def test_an_end_that_the_clock_has_not_written_yet_is_an_end(house, clock):
    """The page still offered ten minutes more; the discussion was over before its host pressed."""
    discussion = house.discussion()
    clock.advance(discussion.ends_at - clock.now() + timedelta(seconds=1))
    assert discussion.phase is Phase.LIVE, "the clock has not come by"
    with pytest.raises(Refused) as refusal:
        house.do(phases.extend, house.host_of(discussion), discussion, 10, reopens=False)
    assert refusal.value.code == "closed"


def test_what_was_called_off_and_is_published_again_takes_place(house, clock, client):
    discussion = house.discussion(phase="announced", title="Called off and on")
    host = house.host_of(discussion)
    house.do(phases.withdraw, host, discussion)
    assert "STATUS:CANCELLED" in client.get("/calendar.ics").text
    house.do(phases.publish, host, discussion)
    told = client.get("/calendar.ics").text
    assert (told.count("BEGIN:VEVENT"), "STATUS:CANCELLED" in told) == (1, False)


@pytest.mark.parametrize(("minutes", "is_moved"), [(30, True), (-15, False)])
def test_an_end_that_is_put_right_afterwards_is_when_it_ended(house, clock, minutes, is_moved):
    discussion = house.discussion()
    before = discussion.ends_at
    clock.advance(timedelta(hours=5))
    clockwork.turn()
    db.session.refresh(discussion)
    assert discussion.closed_at == before
    fields = {name: getattr(discussion, name) for name in ("title", "slug", "starts_at", "time_zone", "intro")}
    right = before + timedelta(minutes=minutes)
    house.do(discussions.edit, house.host_of(discussion), discussion, DiscussionDraft(**fields, ends_at=right))
    # An earlier one takes nothing back: comments were counted until then.
    assert discussion.closed_at == (right if is_moved else before)
