"""Answers by mail: the rules of the page, once for each mail, and nothing that somebody typed is lost."""

from datetime import timedelta

import pytest
from flask_babel import gettext
from pydantic import ValidationError

from forum import speaking
from forum.actions import comments, escalation, phases, sanctions
from forum.config import Settings
from forum.database import db, writing
from forum.incoming import receiving
from forum.live import clockwork
from forum.models import Arrival, Comment, CommentState, DeadAddress, Letter, Phase
from forum.notify import addresses
from forum.notify.addresses import Target
from forum.notify.sender import message_of

BOX = "answers@talk.example.org"


@pytest.fixture
def app(app):
    """The site, which takes answers by mail."""
    settings = app.config["SETTINGS"].model_copy(update={"mail_replies": BOX, "limits": True})
    app.config["SETTINGS"] = settings
    return app


@pytest.fixture
def room(house, clock):
    return house.discussion(ask=2, host=house.user("Hana Host-Maier"), title="Whose river?", slug="water")


@pytest.fixture
def mara(house):
    return house.user("Mara Member")


def address(user, room, number=1, comment=None):
    question = next((q for q in room.questions if q.number == number), None)
    return addresses.address_for(user, room, question, comment)


def mail(user, words="Rivers first.", name="<1@example.org>", head=""):
    named = f"Message-ID: {name}\n" if name else ""
    raw = f"From: {user.name} <{user.email}>\nDate: Mon, 23 Nov 2026 14:00:00 +0000\n{named}{head}\n{words}\n"
    return receiving.read(raw.encode())


def send(app, user, to, *said, **named):
    outcome = receiving.receive(app, mail(user, *said, **named), to)
    db.session.rollback()
    db.session.expire_all()
    return outcome


def written(kind):
    db.session.rollback()
    return [letter for letter in db.session.query(Letter).order_by(Letter.id) if letter.kind == kind]


def posted():
    return db.session.query(Comment).order_by(Comment.id).all()


# ---- addresses ----


def test_an_address_says_whose_answer_it_is_whatever_becomes_of_its_case(app, house, room, mara):
    first = house.comment(room, house.user(), question=1)
    made = address(mara, room, 1, first)
    for spelled in (made, made.upper(), made.title(), f" <{made}> "):
        target = addresses.opened(addresses.token_in(spelled))
        assert target == Target(mara.id, room.id, room.questions[0].id, first.id)
    assert addresses.opened(addresses.token_in(address(mara, room, 0))) == Target(mara.id, room.id)


def test_an_address_fits_however_large_the_numbers_grow(app):
    most = Target(*[2**31 - 1] * 4)
    name = addresses.again(most).partition("@")[0]
    assert len(name) <= 64
    assert addresses.opened(name.partition("+")[2]) == most
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_replies": f"{'a' * 15}@b.org"})
    assert len(addresses.again(most).partition("@")[0]) == 64


def test_no_address_is_made_up_or_changed(app, mara, room):
    token = addresses.token_in(address(mara, room))
    for at, letter in enumerate(token):
        other = token[:at] + ("a" if letter != "a" else "b") + token[at + 1 :]
        target = addresses.opened(other)
        assert target is None or target == addresses.opened(token)  # base32's last letter has bits that say nothing
    for nonsense in ("", "a", "a" * 56, "a" * 400, "ä" * 20, token[:-2], token + "aa", "0189" * 8):
        assert addresses.opened(nonsense) is None
    app.secret_key, before = "another secret", app.secret_key
    assert addresses.opened(token) is None
    app.secret_key = before


def test_where_nobody_may_write_or_the_site_takes_none_there_is_no_address(app, house, room, mara):
    closed = house.discussion(phase="closed", ask=1)
    private = house.discussion(ask=1, visibility="invited")
    assert address(mara, closed) == address(mara, private) == ""
    house.do(phases.pause, house.host_of(room), room)
    assert address(mara, room)
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_replies": ""})
    assert address(mara, room) == ""


def test_the_setting_is_an_address_or_a_domain_that_leaves_room_for_the_token():
    assert Settings(mail_replies="Talk.Example.org").mail_replies == BOX
    assert Settings(mail_replies="in@talk.example.org").mail_replies == "in@talk.example.org"
    assert Settings(mail_replies="").mail_replies == ""
    for wrong in ("a b", "a@b@c.org", f"{'a' * 16}@b.org", "a+b@c.org"):
        with pytest.raises(ValidationError):
            Settings(mail_replies=wrong)


# ---- letters ----


def noticed(house, clock, mara, *comments_):
    clock.advance(timedelta(minutes=4))
    clockwork.remind()
    return [letter for letter in written("notices") if letter.to == mara.email][-1]


def test_an_answer_to_a_letter_about_one_comment_answers_that_comment(app, house, clock, room, mara):
    mine = house.comment(room, mara, "Rivers?", question=2)
    otto = house.comment(room, house.user("Otto Ode"), "No, lakes.", question=2, reply_to=mine.id)
    letter = noticed(house, clock, mara)
    message = message_of(letter, app.config["SETTINGS"])
    assert message["Reply-To"] == address(mara, room, 2, otto)
    assert letter.body.startswith("-=-=- Write your answer above this line. -=-=-")
    assert "under Q2" in letter.body
    assert send(app, mara, message["Reply-To"], "Both.").status == 0
    answer = posted()[-1]
    assert (answer.author_id, answer.question.number, answer.reply_to_id) == (mara.id, 2, otto.id)
    assert answer.source == "Both."


def test_a_letter_about_one_question_is_answered_there_and_one_about_several_asks_to_choose(
    app, house, clock, room, mara
):
    mine = house.comment(room, mara, "Rivers?", question=1)
    for words in ("No.", "Yes."):
        house.comment(room, house.user(), words, question=1, reply_to=mine.id)
    assert noticed(house, clock, mara).reply_to == address(mara, room, 1)
    others = [house.comment(room, house.user(), "@Mara Member?", question=number) for number in (1, 2)]
    letter = noticed(house, clock, mara)
    assert [address(mara, room, n, c) in letter.body for n, c in zip((1, 2), others, strict=True)] == [True, True]
    before = len(posted())
    assert send(app, mara, letter.reply_to, "To which?").status == 0
    assert len(posted()) == before
    (back,) = written("returned")
    assert "To which?" in back.body and "several" in back.body
    assert send(app, mara, address(mara, room, 2, others[1]), "To this.", name="<2@example.org>").status == 0
    assert posted()[-1].reply_to_id == others[1].id


def test_without_the_setting_letters_are_as_they_were(app, house, clock, room, mara):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_replies": ""})
    mine = house.comment(room, mara, "Rivers?", question=1)
    house.comment(room, house.user(), "No.", question=1, reply_to=mine.id)
    letter = noticed(house, clock, mara)
    assert letter.reply_to == ""
    assert "-=-" not in letter.body
    assert send(app, mara, "answers+aaaa@talk.example.org").status == 67


# ---- one comment, or the text back ----


def test_the_same_mail_twice_is_one_comment(app, house, room, mara):
    to = address(mara, room)
    for _ in range(3):
        assert send(app, mara, to).reply.startswith("250 ")
    assert [comment.source for comment in posted()] == ["Rivers first."]
    assert send(app, mara, to, name="<2@example.org>").status == 0
    assert len(posted()) == 2, "another mail that says the same is another comment"
    for _ in range(2):
        send(app, mara, to, "No name.", name="")
    assert len(posted()) == 3
    assert db.session.query(Arrival).count() == 3


def test_the_same_mail_is_known_when_it_was_edited_or_the_discussion_has_closed(app, house, room, mara):
    to = address(mara, room)
    send(app, mara, to)
    house.do(comments.edit, mara, posted()[0], "Rivers, and lakes.")
    house.do(phases.close, house.host_of(room), room)
    assert send(app, mara, to).status == 0
    assert [comment.source for comment in posted()] == ["Rivers, and lakes."]
    assert written("returned") == []


def test_after_the_close_the_text_comes_back_once(app, house, room, mara):
    to = address(mara, room)
    house.do(phases.close, house.host_of(room), room)
    for _ in range(2):
        assert send(app, mara, to, "Too late, and long thought about.").status == 0
    (letter,) = written("returned")
    assert letter.to == mara.email
    for words in ("Too late, and long thought about.", "closed", "Whose river?", "/d/water"):
        assert words in letter.body
    assert letter.reply_to == to
    assert message_of(letter, app.config["SETTINGS"])["Auto-Submitted"] == "auto-generated"
    assert posted() == []


def test_no_machine_is_answered(app, house, room, mara):
    to = address(mara, room)
    house.do(phases.close, house.host_of(room), room)
    for head in ("Auto-Submitted: auto-replied\n", "Precedence: bulk\n", "List-Id: <x>\n", "Return-Path: <>\n"):
        assert send(app, mara, to, "I am away.", head=head).status == 0
    assert db.session.query(Letter).filter_by(kind="returned").count() == db.session.query(Arrival).count() == 0


def test_a_letter_of_ours_that_comes_in_is_dropped(app, house, room, mara):
    house.do(phases.close, house.host_of(room), room)
    send(app, mara, addresses.again(Target(mara.id, room.id)), "Late.")
    (letter,) = written("returned")
    ours = message_of(letter, app.config["SETTINGS"])
    del ours["From"]
    ours["From"] = mara.email
    assert receiving.receive(app, receiving.read(ours.as_bytes()), letter.reply_to).status == 0
    assert len(written("returned")) == 1


def test_a_held_comment_waits_and_its_writer_is_told(app, house, room, mara):
    house.do(escalation.set_level, house.host_of(room), room, "everyone", None)
    send(app, mara, address(mara, room))
    assert [comment.state for comment in posted()] == [CommentState.HELD]
    (letter,) = written("received")
    assert "waits for a host" in letter.body


def test_a_file_is_left_out_and_its_sender_is_told(app, house, room, mara):
    body = (
        "--b\nContent-Type: text/plain\n\nSee the map.\n--b\nContent-Type: image/png\n"
        "Content-Disposition: attachment; filename=map.png\n\nx\n--b--\n"
    )
    send(app, mara, address(mara, room), body, head="MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n")
    assert [comment.source for comment in posted()] == ["See the map."]
    assert "files" in written("received")[0].body


def test_refusals_of_the_page_come_back_as_letters(app, house, room, mara):
    host, to = house.host_of(room), address(mara, room)
    first = house.comment(room, house.user(), question=1)
    gone = address(mara, room, 1, first)
    house.do(comments.delete, first.author, first)
    tried = {"": "no text of your own", "x" * 10_001: "1 character too long", "gone": "no longer there"}
    for number, (words, reason) in enumerate(tried.items()):
        where = gone if words == "gone" else to
        assert send(app, mara, where, words, name=f"<{number}@example.org>").status == 0
        letter = written("returned")[-1]
        assert reason in letter.body
        assert words in letter.body
    house.do(sanctions.mute, host, room, mara, "Too loud")
    send(app, mara, to, "Not heard.", name="<m@example.org>")
    assert "Too loud" in written("returned")[-1].body
    assert "Not heard." in written("returned")[-1].body
    assert [comment.author_id == mara.id for comment in posted()] == [False]


def test_in_a_pause_the_text_comes_back_and_its_answer_is_taken_when_it_goes_on(app, house, room, mara):
    host, to = house.host_of(room), address(mara, room)
    house.do(phases.pause, host, room)
    send(app, mara, to)
    (letter,) = written("returned")
    assert "paused" in letter.body
    house.do(phases.resume, host, room)
    send(app, mara, letter.reply_to, "Now.", name="<2@example.org>")
    assert [comment.source for comment in posted()] == ["Now."]


def test_slow_mode_and_too_many_are_for_the_mail_server_to_try_again(app, house, clock, room, mara):
    to = address(mara, room)
    house.do(escalation.set_level, house.host_of(room), room, "slow", 60)
    assert send(app, mara, to).status == 0
    later = send(app, mara, to, "Second.", name="<2@example.org>")
    assert (later.status, later.reply[:3]) == (75, "451")
    clock.advance(timedelta(seconds=61))
    assert send(app, mara, to, "Second.", name="<2@example.org>").status == 0
    assert [comment.source for comment in posted()] == ["Rivers first.", "Second."]
    assert written("returned") == []


def test_as_many_as_on_the_page_and_no_more(app, house, clock, room, mara):
    to = address(mara, room)
    statuses = [send(app, mara, to, f"Answer {n}.", name=f"<{n}@example.org>").status for n in range(22)]
    assert statuses == [0] * 20 + [75] * 2
    assert send(app, house.user(), to).status == 77, "a stranger with the address counts nothing"
    clock.advance(timedelta(minutes=1, seconds=1))
    assert send(app, mara, to, "Answer 20.", name="<20@example.org>").status == 0


# ---- wrong hands ----


def test_a_made_up_address_and_somebody_elses_say_the_same_and_nothing_of_anybody(app, house, room, mara):
    eve, to = house.user("Eve Evil"), address(mara, room)
    forged = to.replace("+", "+aa")
    answers = [send(app, eve, to), send(app, eve, forged), send(app, mara, forged)]
    house.do(phases.close, house.host_of(room), room)
    answers += [send(app, eve, to), send(app, eve, addresses.again(Target(10**6, room.id)))]
    assert len({(answer.status, answer.reply) for answer in answers}) == 1
    assert answers[0].status == 77
    for word in (mara.name, mara.email, eve.name, "river", "water", "closed"):
        assert word not in answers[0].reply
    assert posted() == [] == written("returned")


def test_the_address_of_the_account_is_compared_without_its_case(app, house, room, mara):
    mara.email, spelled = "mara@bücher.example", "Mara@XN--BCHER-KVA.example"
    db.session.commit()
    raw = f"From: {spelled}\nMessage-ID: <1@x>\n\nRivers.\n".encode()
    assert receiving.receive(app, receiving.read(raw), address(mara, room)).status == 0
    db.session.rollback()
    assert [comment.source for comment in posted()] == ["Rivers."]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Rivers first.", "The host has paused the discussion. Answer this letter when it goes on."),
        (
            "",
            "There is no text of your own in your mail. Write it above the letter that you answer, as plain text.",
        ),
    ],
)
def test_the_reason_speaks_the_language_of_its_letter(app, house, room, mara, words, reason):
    """It is worked out where mail comes in, where no request says who listens."""
    to = address(mara, room)
    with writing():
        mara.language = "fr"
    house.do(phases.pause, house.host_of(room), room)
    assert send(app, mara, to, words).status == 0
    [letter] = written("returned")
    with speaking.speaking("fr"):
        french = str(gettext(reason))
    assert french != reason
    said = " ".join(letter.body.split())
    assert french in said
    assert reason not in said


def test_what_became_private_is_as_if_it_were_not(app, house, room, mara, caplog):
    to = address(mara, room)
    with writing():
        room.visibility, room.title = "invited", "zqsecrettitleqz"
    send(app, mara, to, "zqmytextqz")
    (letter,) = written("returned")
    assert "zqmytextqz" in letter.body
    said = letter.body + letter.subject + caplog.text
    for word in ("zqsecrettitleqz", "/d/water", "invited"):
        assert word not in said
    assert "zqmytextqz" not in caplog.text
    assert posted() == []


def test_nobody_is_at_another_address(app, house, room, mara):
    for to in ("somebody@talk.example.org", "answers@talk.example.org", "", "bounces+x@talk.example.org"):
        assert send(app, mara, to).status == 67


def test_a_quiet_question_moves_with_its_comment(app, house, room, mara):
    host = house.host_of(room)
    first = house.comment(room, house.user(), question=1)
    to = address(mara, room, 1, first)
    house.do(comments.move, host, first, 2)
    send(app, mara, to)
    assert posted()[-1].question.number == 2


def test_old_arrivals_are_forgotten(app, house, clock, room, mara):
    with writing():
        room.ends_at = clock.now() + timedelta(days=90)
    send(app, mara, address(mara, room))
    clock.advance(timedelta(days=31))
    send(app, mara, address(mara, room), name="<2@example.org>")
    assert db.session.query(Arrival).count() == 1
    assert room.phase_at(clock.now()) is Phase.LIVE


@pytest.mark.parametrize("words", ["Rivers first.", ""])
def test_an_answer_shows_that_somebody_reads_there(app, house, clock, room, mara, words):
    with writing():
        db.session.add(DeadAddress(email=mara.email, at=clock.now()))
    send(app, mara, address(mara, room), words)
    assert db.session.query(DeadAddress).count() == 0
