"""Letters about each question of a discussion that runs for days: once, to whoever takes part, of what they may see."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from forum.actions import (
    accounts,
    digests,
    escalation,
    highlights,
    leaving,
    links,
    moderation,
    phases,
    questions,
    rsvps,
    sanctions,
    silences,
    summaries,
)
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Digest, Letter, Question, RsvpKind, SiteRole, User
from forum.notify import addresses
from forum.notify.addresses import Target
from tests.actions.test_reminders import later

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def letters() -> list[Letter]:
    db.session.rollback()
    return [letter for letter in db.session.query(Letter).order_by(Letter.id) if letter.kind == "digest"]


def work(clock, ahead=timedelta()) -> list[Letter]:
    """Let time pass, and the jobs look."""
    clock.advance(ahead)
    clockwork.turn()
    clockwork.remind()
    return letters()


@pytest.fixture
def room(house, clock):
    """Live since 14:00 UTC, for three weeks, with Q1 open and Q2 to come."""
    made = house.discussion(host=house.user("Hana Host-Maier"), title="Whose river?", slug="river")
    later(house, made, ends_at=made.starts_at + 21 * DAY)
    house.asked(made, "Who owns it?")
    house.question(made, "Who pays?")
    return made


@pytest.fixture
def mara(house, room):
    """She has written."""
    user = house.user("Mara Member")
    house.comment(room, user, "Rivers first.", question=1)
    return user


def ask_next(house, room) -> Question:
    question = next(q for q in room.questions if q.is_coming)
    return house.do(questions.ask, house.host_of(room), question)


def of(found, user) -> list[Letter]:
    return [letter for letter in found if letter.to == user.email]


def test_when_the_next_question_opens_whoever_takes_part_reads_what_was_said(app, house, clock, room, mara):
    priya = house.panelist(room, "Priya Raman")
    answer = house.comment(room, priya, "The **valley** does.", question=1)
    good = house.comment(room, house.user("Otto Ode"), "Nobody owns water.", question=1)
    house.do(highlights.highlight, house.host_of(room), good)
    house.do(summaries.of_question, house.host_of(room), room.questions[0], "Valley or nobody.")
    ask_next(house, room)
    assert work(clock, 14 * MINUTE) == []
    (letter,) = of(work(clock, MINUTE), mara)
    for words in (
        "Whose river?", "Q1: Who owns it?", "has gone on to the next question", "The hosts sum up: Valley or nobody.",
        "Priya Raman: The valley does.", f"/d/river/c/{answer.id}", "Otto Ode: Nobody owns water.",
        f"/d/river/c/{good.id}", "2 answers by people who are not on the panel", "Open now: Q2: Who pays?",
        "/d/river#q2",
    ):  # fmt: skip
        assert words in letter.body
    assert letter.unsubscribe in letter.body
    assert work(clock, HOUR) == letters()
    assert len(of(letters(), mara)) == 1


def test_each_who_takes_part_is_written_to_once_and_who_reads_along_is_not(house, clock, room, mara):
    reader, comer, seat = house.user(), house.user(), house.panelist(room)
    house.do(rsvps.say, reader, room, RsvpKind.READ_ALONG, "UTC")
    house.do(rsvps.say, comer, room, RsvpKind.TAKE_PART, "UTC")
    house.do(rsvps.say, mara, room, RsvpKind.TAKE_PART, "UTC")
    house.do(rsvps.ask, "nora@example.org", room, RsvpKind.TAKE_PART, "UTC")
    ask_next(house, room)
    told = sorted(letter.to for letter in work(clock, 15 * MINUTE))
    everybody = [mara.email, comer.email, seat.email, house.host_of(room).email, "nora@example.org"]
    assert told == sorted(everybody)


def test_a_question_that_is_open_for_long_is_told_in_the_morning_if_there_is_something_new(house, clock, room, mara):
    house.do(rsvps.say, mara, room, RsvpKind.TAKE_PART, "America/Bogota")
    otto = house.user("Otto Ode")
    house.comment(room, otto, "Nobody owns water.", question=1)
    assert work(clock, HOUR) == []
    # 8:00 in London is no morning for who lives in Bogota: 13:00 UTC is.
    assert of(work(clock, 17 * HOUR), mara) == []
    assert len(of(letters(), otto)) == 1, "who has told no zone has the event's: London"
    assert of(work(clock, 5 * HOUR - MINUTE), mara) == []
    (letter,) = of(work(clock, MINUTE), mara)
    assert "This question is open." in letter.body
    assert of(work(clock, DAY), mara) == [letter], "nothing new"
    house.comment(room, otto, "Or everybody?", question=1)
    assert of(work(clock, DAY - HOUR), mara) == [letter]
    assert len(of(work(clock, HOUR), mara)) == 2


def test_nobody_is_woken_at_night_when_the_server_was_off_in_the_morning(house, clock, room, mara):
    house.comment(room, house.user(), "Nobody owns water.", question=1)
    assert work(clock) == []
    assert of(work(clock, DAY + 9 * HOUR), mara) == [], "23:00"
    assert len(of(work(clock, 9 * HOUR), mara)) == 1


def test_the_last_question_is_told_when_the_discussion_is_over(house, clock, room, mara):
    house.comment(room, house.user(), "Nobody owns water.", question=1)
    house.do(phases.close, house.host_of(room), room)
    (letter,) = of(work(clock, 15 * MINUTE), mara)
    assert "The discussion is over." in letter.body


def test_what_is_hidden_held_or_of_somebody_silenced_is_in_no_letter(house, clock, room, mara):
    host, lou = house.host_of(room), house.panelist(room, "Lou Loud")
    house.do(silences.silence, mara, lou)
    house.comment(room, lou, "LISTEN", question=1)
    priya = house.panelist(room, "Priya Raman")
    gone = house.comment(room, priya, "Rude words.", question=1)
    house.do(highlights.highlight, host, gone)
    house.do(moderation.hide, host, gone, "rude")
    house.do(escalation.set_level, host, room, "everyone", None)
    house.comment(room, house.user(), "Held words.", question=1)
    ask_next(house, room)
    found = work(clock, 15 * MINUTE)
    (letter,) = of(found, mara)
    for words in ("LISTEN", "Rude", "Held"):
        assert words not in letter.body
    assert "LISTEN" in of(found, priya)[0].body, "who did not silence her reads her"


def test_hidden_after_the_end_and_before_the_letter_it_is_not_in_it(house, clock, room, mara):
    priya = house.panelist(room, "Priya Raman")
    said = house.comment(room, priya, "Rude words.", question=1)
    ask_next(house, room)
    clock.advance(15 * MINUTE)
    house.do(digests.prepare, digests.to_prepare())
    house.do(moderation.hide, house.host_of(room), said, "rude")
    (letter,) = of(work(clock), mara)
    assert "Rude" not in letter.body


def test_nobody_hears_of_it_who_is_suspended_removed_gone_or_has_taken_their_word_back(house, clock, room, mara):
    host, admin = house.host_of(room), house.user(role=SiteRole.ADMINISTRATOR)
    suspended, removed, gone, comer = (house.user(f"Person {letter}") for letter in "ABCD")
    for user in (suspended, removed, gone):
        house.comment(room, user, "Nobody owns water.", question=1)
    house.do(rsvps.say, comer, room, RsvpKind.TAKE_PART, "UTC")
    ask_next(house, room)
    clock.advance(15 * MINUTE)
    house.do(digests.prepare, digests.to_prepare())
    question = Digest.question_id == room.questions[0].id
    assert db.session.query(Digest).where(question).count() == 6, "prepared for all of them"
    email = gone.email
    house.do(sanctions.suspend, admin, suspended, "spam", None)
    house.do(sanctions.mute, host, room, removed, "spam", None, removal=True)
    house.do(leaving.leave, gone, leaving.Words.KEEP)
    house.do(rsvps.take_back, comer, room)
    told = {letter.to for letter in work(clock)}
    assert told == {mara.email, host.email}
    assert db.session.scalar(select(Digest).where(Digest.email == email)) is None


def test_made_private_meanwhile_only_seats_hear_of_it(house, clock, room, mara):
    house.do(rsvps.ask, "nora@example.org", room, RsvpKind.TAKE_PART, "UTC")
    ask_next(house, room)
    later(house, room, visibility="invited")
    assert [letter.to for letter in work(clock, 15 * MINUTE)] == [house.host_of(room).email]


def test_it_is_switched_off_on_the_page_or_by_one_click_and_on_again(app, house, clock, room, mara):
    client, otto = app.test_client(), house.user("Otto Ode")
    house.comment(room, otto, "Nobody owns water.", question=1)
    ask_next(house, room)
    found = work(clock, 15 * MINUTE)
    (letter,) = of(found, mara)
    visitor = app.test_client()
    assert "run for days" in visitor.get(letter.unsubscribe).get_data(as_text=True)
    assert visitor.post(letter.unsubscribe, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    db.session.rollback()
    assert mara.quiet == "digest", "the notices of what concerns her go on"
    house.comment(room, otto, "The state.", question=2)
    house.do(phases.close, house.host_of(room), room)
    found = work(clock, 3 * HOUR)
    assert len(of(found, mara)) == 1
    assert len(of(found, otto)) == 2
    house.sign_in(client, mara)
    answer = client.post("/account/mail", data={"csrf_token": house.token(client), "reply": "1", "digest": "1"})
    assert answer.status_code == 303
    db.session.rollback()
    assert "digest" not in mara.quiet.split(",")


def test_without_an_account_one_click_ends_it(app, house, clock, room, mara):
    house.do(rsvps.ask, "nora@example.org", room, RsvpKind.TAKE_PART, "Asia/Tokyo")
    ask_next(house, room)
    (letter,) = [letter for letter in work(clock, 15 * MINUTE) if letter.to == "nora@example.org"]
    assert re.fullmatch(r"/unsubscribe/\S+", letter.unsubscribe)
    assert app.test_client().post(letter.unsubscribe, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    house.do(phases.close, house.host_of(room), room)
    assert len([one for one in work(clock, 3 * HOUR) if one.to == "nora@example.org"]) == 1


def test_questions_that_were_over_together_are_one_letter(house, clock, room, mara):
    house.question(room, "Who drinks?")
    ask_next(house, room)
    ask_next(house, room)
    (letter,) = of(work(clock, 15 * MINUTE), mara)
    assert "Q1: Who owns it?" in letter.body
    assert "Q2: Who pays?" in letter.body
    assert "Nobody has answered it." in letter.body
    assert "Open now: Q3" in letter.body


def test_what_a_host_alone_has_answered_was_not_answered_by_nobody(house, clock, room, mara):
    ask_next(house, room)
    house.comment(room, house.host_of(room), "The district pays.", question=2)
    house.do(phases.close, house.host_of(room), room)
    (letter,) = of(work(clock, 15 * MINUTE), mara)
    assert "Q2: Who pays?" in letter.body
    assert "Nobody has answered it." not in letter.body
    assert "The hosts have answered it." in letter.body


def test_within_an_hour_they_wait_for_each_other(house, clock, room, mara):
    house.question(room, "Who drinks?")
    ask_next(house, room)
    assert len(of(work(clock, 15 * MINUTE), mara)) == 1
    house.comment(room, house.user(), "The state.", question=2)
    ask_next(house, room)
    assert len(of(work(clock, 20 * MINUTE), mara)) == 1
    assert len(of(work(clock, 40 * MINUTE), mara)) == 2


def test_two_processes_write_one_letter(house, clock, room, mara):
    ask_next(house, room)
    clock.advance(15 * MINUTE)
    prepared = digests.to_prepare()
    for _ in range(2):
        house.do(digests.prepare, prepared)
    ids = digests.due()
    assert len(ids) == 2
    for _ in range(2):
        house.do(digests.take, ids)
    assert len(letters()) == 2


def test_a_second_process_that_read_before_the_first_wrote_finds_it_written(house, clock, room, mara):
    """What two processes do on PostgreSQL: both have read the row, and only one may move it on."""
    ask_next(house, room)
    clock.advance(15 * MINUTE)
    house.do(digests.prepare, digests.to_prepare())
    with writing():
        row = db.session.scalar(select(Digest).where(Digest.email == mara.email))
        assert row.next_at is not None
        db.session.execute(
            update(Digest).where(Digest.id == row.id).values(next_at=None),
            execution_options={"synchronize_session": False},
        )
        assert digests._take(row, None) is False


def test_a_clock_that_is_set_back_doubles_nothing(house, clock, room, mara):
    ask_next(house, room)
    assert len(of(work(clock, 15 * MINUTE), mara)) == 1
    for step in (-DAY, HOUR, DAY, HOUR):
        assert len(of(work(clock, step), mara)) == 1


def test_what_was_over_long_ago_or_was_brought_in_is_no_news(house, clock, room, mara):
    ask_next(house, room)
    assert work(clock, 4 * DAY) == []


def test_an_hour_has_no_such_letters_unless_its_host_says_so_and_weeks_none_if_not(house, clock, room, mara):
    hour = house.discussion(ask=2)
    house.comment(hour, mara, "Rivers.", question=1)
    always = house.discussion(ask=2, digests="always")
    house.comment(always, mara, "Lakes.", question=1)
    later(house, room, digests="never")
    ask_next(house, room)
    (letter,) = of(work(clock, 16 * MINUTE), mara)
    assert f"/d/{always.slug}" in letter.body


def test_short_discussions_however_many_hold_nobody_back(house, clock, room, mara):
    for _ in range(11):
        house.discussion(ask=6)
    ask_next(house, room)
    clock.advance(15 * MINUTE)
    for _ in range(4):
        clockwork.remind()
    assert len(of(letters(), mara)) == 1


def test_a_new_address_gets_the_letters_of_what_comes(house, clock, room, mara):
    with writing():
        accounts.move(mara, "mara@new.example.org")
    ask_next(house, room)
    assert len([letter for letter in work(clock, 15 * MINUTE) if letter.to == "mara@new.example.org"]) == 1


@pytest.fixture
def by_mail(app):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_replies": "answers@talk.example.org"})


def target(address):
    """What an answer to this address is an answer to."""
    return addresses.opened(addresses.token_in(address))


def test_about_one_question_it_is_answered_by_mail_there(by_mail, house, clock, room, mara):
    house.do(rsvps.ask, "nora@example.org", room, RsvpKind.TAKE_PART, "UTC")
    house.comment(room, house.user("Otto Ode"), "Nobody owns water.", question=1)
    assert work(clock, HOUR) == []
    found = work(clock, 18 * HOUR)
    (letter,) = of(found, mara)
    assert target(letter.reply_to) == Target(mara.id, room.id, room.questions[0].id)
    assert letter.body.startswith(addresses.MARK)
    assert "published under your name in “Whose river?”, under Q1" in letter.body
    (without,) = [one for one in found if one.to == "nora@example.org"]
    assert (without.reply_to, addresses.MARK in without.body) == ("", False)


def test_about_several_questions_each_has_its_address_and_the_letter_asks_to_choose(by_mail, house, clock, room, mara):
    ask_next(house, room)
    (letter,) = of(work(clock, 15 * MINUTE), mara)
    assert target(letter.reply_to) == Target(mara.id)
    found = re.findall(r"Answer by mail: (\S+)", letter.body)
    assert [target(one).question_id for one in found] == [q.id for q in room.questions]


def test_when_nobody_can_write_any_more_there_is_no_address(by_mail, house, clock, room, mara):
    (letter,) = of(work(clock, 22 * DAY), mara)
    assert (letter.reply_to, addresses.MARK in letter.body) == ("", False)


def test_it_is_written_in_the_language_of_who_reads_it(house, clock, room, mara):
    with writing():
        db.session.execute(update(User).where(User.id == mara.id).values(language="de"))
    house.do(rsvps.ask, "nora@example.org", room, RsvpKind.TAKE_PART, "UTC", "fr")
    later(house, room, language="es")
    ask_next(house, room)
    subjects = {letter.to: letter.subject for letter in work(clock, 15 * MINUTE)}
    assert subjects[mara.email] == "Was gesagt wurde: Whose river?"
    assert subjects["nora@example.org"] == "Ce qui s’est dit\u00a0: Whose river?"
    assert subjects[house.host_of(room).email] == "Lo que se dijo: Whose river?"


def test_nobody_loses_these_letters_because_somebody_signs_up_with_their_address(house, clock, room):
    house.do(rsvps.ask, "nora@example.org", room, RsvpKind.TAKE_PART, "UTC", "es")
    house.comment(room, house.user("Otto Ode"), "Nobody owns water.", question=1)
    house.do(accounts.ask_to_confirm, accounts.Newcomer("Eve Evil", "nora@example.org", "x"), "hash", "/", "de")
    ask_next(house, room)
    (letter,) = (one for one in work(clock, 16 * MINUTE) if one.to == "nora@example.org")
    assert letter.subject == "Lo que se dijo: Whose river?"


def test_what_was_said_from_an_address_is_its_owners_once_it_is_confirmed(house, clock, room):
    house.do(rsvps.ask, "nora@example.org", room, RsvpKind.TAKE_PART, "UTC")
    house.comment(room, house.user("Otto Ode"), "Nobody owns water.", question=1)
    house.do(accounts.ask_to_confirm, accounts.Newcomer("Nora", "nora@example.org", "x"), "hash")
    nora = User.with_email("nora@example.org")
    assert rsvps.of(nora, room) is None
    house.do(lambda: accounts.confirm(links.token_for(nora, "confirm")))
    assert rsvps.of(nora, room) is not None
    ask_next(house, room)
    assert "nora@example.org" in [letter.to for letter in work(clock, 16 * MINUTE)]


def test_who_has_an_account_and_says_so_while_signed_out_gets_these_letters(house, clock, room):
    nora = house.user("Nora")
    house.do(rsvps.ask, nora.email, room, RsvpKind.TAKE_PART, "UTC")
    house.comment(room, house.user("Otto Ode"), "Nobody owns water.", question=1)
    ask_next(house, room)
    assert nora.email in [letter.to for letter in work(clock, 16 * MINUTE)]


def test_a_question_that_cannot_be_prepared_keeps_nobody_elses_letters(house, clock, room, mara, monkeypatch):
    broken = room.questions[0].id
    other = house.discussion(host=house.user("Ona Other"), slug="lake")
    later(house, other, ends_at=other.starts_at + 21 * DAY)
    house.asked(other, "Whose lake?")
    prepare = digests._prepare

    def fail(question, now):
        if question.id == broken:
            raise ValueError("broken")
        prepare(question, now)

    monkeypatch.setattr(digests, "_prepare", fail)
    work(clock)
    looked = {question.id: question.digest_looked_at for question in db.session.query(Question)}
    assert looked[broken] is None
    assert looked[other.questions[0].id] is not None
