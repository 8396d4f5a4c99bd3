"""What somebody hears of a log: what is theirs, of this discussion, in order, up to where it was read; and its bell."""

import pytest

from forum.access import Role
from forum.actions import phases, questions, seats
from forum.actions.questions import QuestionDraft
from forum.database import db, writing
from forum.live import log, wake
from forum.live.broadcast import EVERYBODY, audiences
from forum.models import Audience, Phase, QuestionsShown, SeatRole, User


def test_nothing_of_another_discussion_is_heard(house):
    discussion, other = house.discussion(), house.discussion()
    for one in (discussion, other, discussion):
        house.comment(one)
    heard = log.since(discussion, 0, discussion.epoch, set(EVERYBODY))
    assert {event.discussion_id for event in heard.events} == {discussion.id}
    assert [event.seq for event in heard.events] == sorted(event.seq for event in heard.events)
    assert heard.seq == heard.events[-1].seq == discussion.last_seq


def test_what_came_after_the_discussion_was_read_is_left_for_the_next_range(house):
    discussion = house.discussion()
    start = discussion.last_seq
    first = house.comment(discussion)
    house.comment(discussion)
    discussion.last_seq -= 1  # as who read it between the two has it
    heard = log.since(discussion, start, discussion.epoch, set(EVERYBODY))
    assert [event.subject_id for event in heard.events] == [first.id] and heard.seq == start + 1


def test_who_claims_to_be_before_the_beginning_loads_the_page_again(house):
    discussion = house.discussion()
    assert log.since(discussion, -1, discussion.epoch, set(EVERYBODY)).reload
    assert not log.since(discussion, 0, discussion.epoch, set(EVERYBODY)).reload


def test_some_of_it_is_private_only_to_whom_it_is_meant_for(house):
    discussion, ada = house.discussion(), house.user()
    start = discussion.last_seq
    house.comment(discussion)
    hers = EVERYBODY | {Audience.person(ada.id)}
    assert not log.is_private(discussion, start, hers)
    house.do(log.record, discussion, "person.muted", ada.id, Audience.person(ada.id))
    assert log.is_private(discussion, start, hers)
    assert not log.is_private(discussion, start, EVERYBODY)


def test_what_only_hosts_hear_of_a_discussion_is_no_change_of_it(house):
    """Calendars count these: they would tell everybody that hosts are at work."""
    discussion = house.discussion()
    before = log.changes_of([discussion])
    house.do(log.record, discussion, "question.written", None, Audience.HOSTS)
    assert log.changes_of([discussion]) == before
    seq = house.do(log.record, discussion, "question.asked", None)
    assert log.changes_of([discussion]) == {discussion.id: seq}


def heard(discussion, after, audiences=EVERYBODY):
    db.session.refresh(discussion)
    return [event.kind for event in log.since(discussion, after, discussion.epoch, set(audiences)).events]


def prepare(house, discussion):
    """Let a host do to a question that is not asked all that can be done to one, and ask it another."""
    host = house.host_of(discussion)
    question, other = house.question(discussion), house.question(discussion, "What else?")
    house.do(questions.edit, host, question, QuestionDraft("What is in preparation?"))
    house.do(questions.move, host, question, 2)
    house.do(questions.skip, host, question)
    house.do(questions.unskip, host, question)
    house.do(questions.remove, host, question)
    house.do(questions.ask, host, other)
    house.do(questions.edit, host, other, QuestionDraft("What else, then?"))


PREPARED = [
    "question.written", "question.written", "question.edited", "question.moved", "question.skipped",
    "question.unskipped", "question.removed", "question.asked", "question.edited",
]  # fmt: skip


def test_readers_who_see_nothing_of_the_questions_to_come_do_not_hear_that_hosts_work_on_them(house):
    discussion = house.discussion(questions_shown=QuestionsShown.NONE)
    start = discussion.last_seq
    prepare(house, discussion)
    assert heard(discussion, start) == heard(discussion, start, audiences(7, Role.MEMBER)) == PREPARED[-2:]
    # The green room shows them, and the console.
    assert heard(discussion, start, audiences(7, Role.PANELIST)) == PREPARED
    assert heard(discussion, start, audiences(7, Role.HOST)) == PREPARED


@pytest.mark.parametrize("shown", [QuestionsShown.ALL, QuestionsShown.COUNT])
def test_readers_who_see_something_of_the_questions_to_come_hear_of_those_and_of_no_spare(house, shown):
    discussion = house.discussion(questions_shown=shown)
    start, host = discussion.last_seq, house.host_of(discussion)
    prepare(house, discussion)
    assert heard(discussion, start) == PREPARED
    start = discussion.last_seq
    spare = house.do(questions.write, host, discussion, QuestionDraft("If there is time?", is_spare=True))
    house.do(questions.skip, host, spare)
    house.do(questions.unskip, host, spare)
    assert heard(discussion, start) == []
    house.do(questions.edit, host, spare, QuestionDraft("There is time?"))
    house.do(questions.edit, host, spare, QuestionDraft("Or not?", is_spare=True))
    house.do(questions.remove, host, spare)
    assert heard(discussion, start) == ["question.edited", "question.edited"]


def test_what_was_done_to_a_draft_is_told_nobody_who_reads_its_log_once_it_is_public(house):
    discussion = house.discussion(phase=Phase.DRAFT)
    owner = db.session.get_one(User, discussion.owner_id)
    house.question(discussion)
    house.do(seats.take, owner, house.seat(discussion, house.user(), SeatRole.PANELIST))
    house.do(phases.publish, owner, discussion)
    assert heard(discussion, 0) == ["discussion.published"]
    house.do(phases.withdraw, owner, discussion)
    house.question(discussion)
    house.do(phases.publish, owner, discussion)
    assert heard(discussion, 0) == ["discussion.published", "discussion.withdrawn", "discussion.published"]
    hosts = heard(discussion, 0, audiences(7, Role.HOST))
    assert hosts.count("question.written") == 2 and {"seat.given", "seat.taken"} <= {*hosts}


def test_the_bell_rings_when_it_is_committed_and_for_nothing_that_was_taken_back(house):
    """Within a process nothing else wakes the tail: readers would wait for its next look, up to a second."""
    discussion = house.discussion()
    wake.wait(0)
    with writing():
        log.record(discussion, "backstage.posted", None, Audience.HOSTS)
        assert wake.wait(0) == set()
    assert wake.wait(0) == {discussion.id}
    with pytest.raises(ZeroDivisionError):
        _take_back(discussion)
    house.user()
    assert wake.wait(0) == set()


def _take_back(discussion):
    with writing():
        log.record(discussion, "backstage.posted", None, Audience.HOSTS)
        raise ZeroDivisionError
