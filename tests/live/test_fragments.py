"""What readers hear: events with the HTML that changes, the same as on a fresh page."""

import re

import pytest
from sqlalchemy import select

from forum.actions import comments, escalation, moderation, phases, questions, sanctions, seats
from forum.database import db
from forum.live import fragments, stream
from forum.models import Audience, Discussion, Event


def heard(discussion, after=0, audience=Audience.EVERYONE):
    db.session.rollback()
    db.session.expire_all()
    found = db.session.get(Discussion, discussion.id)
    events = db.session.scalars(
        select(Event)
        .where(Event.discussion_id == found.id, Event.seq > after, Event.audience == audience)
        .order_by(Event.seq)
    ).all()
    return fragments.render(found, events)


def seq(discussion):
    db.session.expire_all()
    return db.session.get(Discussion, discussion.id).last_seq


def test_a_comment_is_pushed_as_the_page_shows_it(client, house, clock):
    discussion = house.discussion(ask=1)
    at = seq(discussion)
    parent = house.comment(discussion, body="Who pays?", question=1)
    reply = house.comment(
        discussion, house.panelist(discussion), "We **do**", question=1, reply_to=parent.id, key="abcdefgh"
    )

    event = next(e for e in heard(discussion, at) if e.get("id") == reply.id and e["kind"] == "comment.posted")

    html = client.get(f"/d/{discussion.slug}").get_data(as_text=True)
    assert event["html"] in html
    assert event["recent"] in html
    assert event["key"] == "abcdefgh"
    assert event["question"] == 1
    assert event["panel"] is True
    assert event["parent"] == {"id": parent.id, "replies": 1}
    assert event["counts"] == [{"question": 1, "answers": 2, "panel": 1}]
    assert event["totals"] == {"comments": 2, "writers": 2}
    assert fragments.comment_html(reply) == event["html"]


def test_several_events_on_one_comment_are_one_with_the_last_seq(house, clock):
    discussion = house.discussion(ask=1)
    at = seq(discussion)
    writer = house.user()
    comment = house.comment(discussion, writer, "First", question=1)
    house.do(comments.edit, writer, comment, "Second")

    (event,) = heard(discussion, at)

    assert (event["kind"], event["seq"]) == ("comment.posted", at + 2)
    assert "Second" in event["html"]
    assert "First" not in event["html"]


def test_hiding_takes_the_text_the_name_and_every_quote_of_it(house, clock):
    discussion = house.discussion(ask=1)
    bad = house.comment(discussion, house.user("Spam Writer"), "Buy secret water", question=1)
    house.comment(discussion, body="No", question=1, reply_to=bad.id)
    at = seq(discussion)
    house.do(moderation.hide, house.host_of(discussion), bad, "advertising")

    (event,) = heard(discussion, at)

    assert event["state"] == "hidden"
    assert event["recent"] is None
    assert event["author"] is None
    assert "advertising" in event["html"]
    assert not re.search("secret|Spam", str(event))
    assert event["totals"]["comments"] == 1


def test_replaying_an_old_log_never_says_what_is_hidden_now(house, clock):
    discussion = house.discussion(ask=1)
    bad = house.comment(discussion, body="Buy secret water", question=1)
    house.do(moderation.hide, house.host_of(discussion), bad, "advertising")

    assert "secret" not in str(heard(discussion, 0))


def test_a_new_question_brings_its_section_and_what_changes_around_it(house, clock):
    discussion = house.discussion(ask=1)
    at = seq(discussion)
    house.asked(discussion, "And <b>then</b>?")

    event = heard(discussion, at)[-1]

    assert (event["kind"], event["number"]) == ("question.asked", 2)
    assert event["section"].startswith('<section class="question has-none" id="q2"')
    assert "&lt;b&gt;then" in event["section"]
    assert {"q1", "q2", "rail", "tabs", "ruler", "chip", "composer-options"} <= event["regions"].keys()
    assert "question-open" in event["regions"]["q2"]
    assert "question-open" not in event["regions"]["q1"]
    assert '<option value="2" selected>' in event["regions"]["composer-options"]


def test_the_way_to_the_current_question_goes_where_it_is_on_an_open_page_too(client, house, clock):
    discussion = house.discussion()
    before = client.get(f"/d/{discussion.slug}").get_data(as_text=True)
    (link,) = re.findall(r'<a class="skip" data-region="skip"[^>]*>', before)
    assert " hidden" in link
    for number in (1, 2):
        at = seq(discussion)
        house.asked(discussion)
        link = heard(discussion, at)[-1]["regions"]["skip"]
        assert f'href="#q{number}">' in link
        assert link in client.get(f"/d/{discussion.slug}").get_data(as_text=True)
    assert 'data-region="skip"' not in client.get(f"/d/{discussion.slug}?order=time").get_data(as_text=True)


def test_more_time_than_a_day_puts_the_day_beside_every_time(house, clock):
    """What stands on an open page was said by the hour alone."""
    discussion = house.discussion(ask=1)
    comment = house.comment(discussion, question=1)
    for minutes, is_other in ((30, False), (24 * 60, True)):
        at, before = seq(discussion), fragments.comment_html(comment)
        house.do(phases.extend, house.host_of(discussion), discussion, minutes)
        (event,) = heard(discussion, at)
        assert (fragments.comment_html(comment) != before) is is_other
        assert event.get("resync", False) is is_other


def test_every_region_is_marked_with_its_name_and_on_the_page(client, house, clock):
    discussion = house.discussion(ask=1)
    at = seq(discussion)
    house.do(phases.pause, house.host_of(discussion), discussion)

    event = heard(discussion, at)[-1]
    html = client.get(f"/d/{discussion.slug}").get_data(as_text=True)

    assert event["status"]["phase"] == "paused"
    for name, region in event["regions"].items():
        assert f'data-region="{name}"' in region.split(">")[0] + ">", name
        assert region in html, name


def test_closing_says_so_and_leaves_no_question_open(house, clock):
    discussion = house.discussion(ask=1)
    at = seq(discussion)
    house.do(phases.close, house.host_of(discussion), discussion)

    event = heard(discussion, at)[-1]

    assert event["status"]["phase"] == "closed"
    assert event["status"]["open_question"] is None
    assert "Closed" in event["regions"]["chip"]


def test_seats_make_the_page_fetch_itself(house, clock):
    discussion = house.discussion(ask=1)
    at = seq(discussion)
    panelist = house.panelist(discussion)

    (event,) = heard(discussion, at)

    assert event == {"seq": at + 1, "kind": "seat.given", "id": event["id"], "resync": True}
    assert panelist.name not in str(event)
    assert seats.take is not None


def test_a_muted_person_alone_hears_why(house, clock):
    discussion = house.discussion(ask=1)
    person = house.user()
    house.comment(discussion, person, "Noise", question=1)
    house.do(sanctions.mute, house.host_of(discussion), discussion, person, "insults")

    (event,) = heard(discussion, 0, Audience.person(person.id))

    assert "insults" in event["message"]
    assert "insults" not in str(heard(discussion, 0))


def test_moving_says_the_numbers_of_every_question(house, clock):
    discussion = house.discussion(ask=2)
    comment = house.comment(discussion, body="Here", question=1)
    at = seq(discussion)
    house.do(comments.move, house.host_of(discussion), comment, 2)

    (event,) = heard(discussion, at)

    assert event["question"] == 2
    assert {(c["question"], c["answers"]) for c in event["counts"]} == {(None, 0), (1, 0), (2, 1)}


def test_an_unseen_question_is_not_told_where_the_host_hides_it(house, clock):
    from forum.models import QuestionsShown

    discussion = house.discussion(questions_shown=QuestionsShown.NONE)
    at = seq(discussion)
    question = house.question(discussion, "The secret question")
    house.do(questions.edit, house.host_of(discussion), question, questions.QuestionDraft("Another secret question"))

    assert "secret" not in str(heard(discussion, at))


@pytest.mark.parametrize("is_new", [True, False])
def test_an_answer_that_was_hidden_is_not_counted_beside_what_it_answers(house, is_new):
    discussion = house.discussion()
    parent = house.comment(discussion)
    kept, hidden = (house.comment(discussion, reply_to=parent.id) for _ in range(2))
    house.do(moderation.hide, house.host_of(discussion), hidden, "Off the point.")
    shown = stream.dress(discussion, [parent, kept, hidden], [parent.id] if is_new else [])
    assert [one.replies for one in shown] == [1, 0, 0]


def test_the_first_comments_are_those_that_can_be_read(house):
    """They go into what machines read of a page and into the replay: nothing that waits or was hidden."""
    discussion = house.discussion()
    hidden, kept = house.comment(discussion), house.comment(discussion)
    house.do(moderation.hide, house.host_of(discussion), hidden, "Off the point.")
    house.do(escalation.set_level, house.host_of(discussion), discussion, "everyone", None)
    house.comment(discussion, body="This waits.")
    assert [one.id for one in stream.first(discussion, 10)] == [kept.id]
