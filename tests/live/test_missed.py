"""What many have missed is made once; nobody gets less than they missed, nor a text that nobody may see any more."""

import json
import threading
import time

import pytest

from forum.actions import moderation, sanctions
from forum.live import log, missed, tail
from forum.live.broadcast import EVERYBODY


@pytest.fixture(autouse=True)
def _nothing_kept():
    missed._kept.clear()


@pytest.fixture
def made(monkeypatch):
    """How often something was rendered."""
    counted = []
    render = tail.render
    monkeypatch.setattr(tail, "render", lambda *said: counted.append(len(said[1])) or render(*said))
    return counted


def ids(answer):
    return [event["id"] for event in answer["events"]]


def test_who_has_missed_the_same_gets_the_same(house, made):
    discussion = house.discussion()
    author, start = house.user(), discussion.last_seq
    posted = [house.comment(discussion, author, f"Said {number}.").id for number in range(3)]
    first = missed.since(discussion, start, discussion.epoch)
    assert ids(first) == posted and first["seq"] == discussion.last_seq
    assert json.loads(first.text) == first
    assert missed.since(discussion, start, discussion.epoch) == first and made == [3]
    fresh = tail.render(discussion, log.since(discussion, start, discussion.epoch, set(EVERYBODY)).events)
    assert first["events"] == json.loads(json.dumps(fresh))


def test_what_is_posted_later_is_put_behind_it(house, made):
    discussion = house.discussion()
    author, start = house.user(), discussion.last_seq
    posted = [house.comment(discussion, author).id]
    missed.since(discussion, start, discussion.epoch)
    posted.append(house.comment(discussion, author, "Later.").id)
    assert missed.known(discussion, start, discussion.epoch) is None
    longer = missed.since(discussion, start, discussion.epoch)
    assert ids(longer) == posted and longer["seq"] == discussion.last_seq and made == [1, 1]
    assert json.loads(longer.text) == longer
    assert longer["events"][-1]["totals"]["comments"] == 2


def test_nothing_is_older_than_some_seconds_however_often_it_has_grown(house, monkeypatch):
    """A person who has been renamed would else have the old name for as long as people write."""
    moment = [1000.0]
    monkeypatch.setattr(missed.time, "monotonic", lambda: moment[0])
    discussion = house.discussion()
    author, start = house.user(), discussion.last_seq
    for _ in range(2):
        house.comment(discussion, author)
        missed.since(discussion, start, discussion.epoch)
        moment[0] += missed.LIVES_SECONDS - 1
    assert missed.known(discussion, start, discussion.epoch) is None


def test_of_all_who_have_missed_the_same_one_at_a_time_is_let_in():
    most, inside, done = [], [], []

    def come():
        for _ in range(20):
            with missed.turn(7, 1):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()
        done.append(1)

    crowd = [threading.Thread(target=come) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(10)
    assert len(done) == 6
    assert max(most) == 1
    assert missed._locks == {}, "nor is anything kept of where they have been"


def test_what_is_hidden_meanwhile_is_not_told(house):
    discussion = house.discussion()
    start = discussion.last_seq
    comment = house.comment(discussion, body="A planted quokka.")
    assert "quokka" in missed.since(discussion, start, discussion.epoch).text
    house.do(moderation.hide, house.host_of(discussion), comment, "No animals.")
    assert missed.known(discussion, start, discussion.epoch) is None
    assert "quokka" not in missed.since(discussion, start, discussion.epoch).text


def test_what_is_hidden_stays_untold_however_much_is_posted_after_it(house):
    """What has grown by a comment is still no piece of comments alone: it was put behind a text that it takes away."""
    discussion = house.discussion()
    start = discussion.last_seq
    comment = house.comment(discussion, body="A planted quokka.")
    missed.since(discussion, start, discussion.epoch)
    end = discussion.last_seq
    house.do(moderation.hide, house.host_of(discussion), comment, "No animals.")
    missed.since(discussion, end, discussion.epoch)
    house.comment(discussion, body="After that.")
    assert "After that." in missed.since(discussion, end, discussion.epoch).text
    told = missed.since(discussion, start, discussion.epoch).text
    assert "After that." in told and "quokka" not in told


def test_another_history_or_too_much_is_a_fresh_page(house):
    discussion = house.discussion()
    for after, epoch in ((discussion.last_seq, "another"), (discussion.last_seq + 1, discussion.epoch)):
        answer = missed.known(discussion, after, epoch)
        assert answer["reload"] and answer["events"] == [] and json.loads(answer.text) == answer
    discussion.last_seq += log.CATCH_UP_LIMIT + 1
    assert missed.known(discussion, 0, discussion.epoch)["reload"]


def test_a_member_who_comes_back_hears_what_was_said_to_them_alone(listen, house, person):
    discussion = house.discussion()
    member, other = house.user("Away"), house.user("Here")
    house.comment(discussion, member, "Before.")
    cookies = {name: person(user)[0] for name, user in (("away", member), ("here", other))}
    start = discussion.last_seq
    house.comment(discussion, other, "Meanwhile.")
    house.do(sanctions.mute, house.host_of(discussion), discussion, member, "Too loud.")
    house.comment(discussion, other, "After that.")
    for _ in range(2):
        for name, cookie in (("nobody", ""), *cookies.items()):
            answer = listen(cookie).join(discussion, start)
            kinds = [event["kind"] for event in answer["events"]]
            assert kinds.count("comment.posted") == 2 and answer["seq"] == discussion.last_seq, name
            assert ("person.muted" in kinds) is (name == "away"), name
            assert ("Too loud." in json.dumps(answer)) is (name == "away")


def test_what_takes_long_to_make_is_made_once_and_given_to_all_who_wait(house, made, monkeypatch):
    """A storm, or a database that stands still: longer than it lives, it was thrown away before the first had it."""
    discussion, moment, counting = house.discussion(), [100.0], tail.render
    start = discussion.last_seq
    house.comment(discussion)
    monkeypatch.setattr(missed.time, "monotonic", lambda: moment[0])

    def slowly(*said):
        moment[0] += missed.LIVES_SECONDS + 1
        return counting(*said)

    monkeypatch.setattr(tail, "render", slowly)
    assert len([missed.since(discussion, start, discussion.epoch)["events"] for _ in range(3)]) == 3
    assert made == [1]
    moment[0] += missed.LIVES_SECONDS
    missed.since(discussion, start, discussion.epoch)
    assert made == [1, 1]
