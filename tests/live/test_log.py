"""What somebody hears of a log: what is theirs, of this discussion, in order, up to where it was read; and its bell."""

import pytest

from forum.database import writing
from forum.live import log, wake
from forum.live.broadcast import EVERYBODY
from forum.models import Audience


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
