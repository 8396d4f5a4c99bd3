"""Letters to who is away: of what concerns them, gathered, few, each kind by choice, and nothing they may not see."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from forum.actions import (
    calls,
    comments,
    escalation,
    moderation,
    notice_mail,
    proposals,
    queue,
    sessions,
    shortlisting,
    silences,
)
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Letter, Notice, NoticeKind, Proposal, ProposalState, Session, User
from tests.actions.test_after_the_end import page


def letters() -> list[Letter]:
    db.session.rollback()
    return [letter for letter in db.session.query(Letter).order_by(Letter.id) if letter.kind == "notices"]


def work(clock, minutes=0.0) -> list[Letter]:
    clock.advance(timedelta(minutes=minutes))
    clockwork.remind()
    return letters()


@pytest.fixture
def room(house, clock):
    return house.discussion(ask=1, host=house.user("Hana Host-Maier"), title="Whose river?", slug="water")


@pytest.fixture
def mara(house):
    return house.user("Mara Member")


def test_an_answer_is_mailed_to_who_is_away(house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    answer = house.comment(room, house.user("Otto Ode"), "No, **lakes**.", question=1, reply_to=first.id)
    assert work(clock, 2) == []
    (letter,) = work(clock, 1)
    assert letter.to == mara.email
    for words in ("Otto Ode answered you in “Whose river?”", "No, lakes.", f"/d/water/c/{answer.id}", "/account#mail"):
        assert words in letter.body
    assert letter.unsubscribe.startswith("/quiet/")
    assert len(work(clock, 60)) == 1


def test_who_is_here_gets_no_letter(house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    with writing():
        session = sessions.begin(mara)
    house.comment(room, house.user(), "No, lakes.", question=1, reply_to=first.id)
    for _ in range(4):
        assert work(clock, 2) == [] or session.seen_at > clock.now() - timedelta(minutes=8)
        with writing():
            sessions.see_all([session.id])
    assert work(clock, 30) == []
    assert notice_mail._waiting(mara.id) == []


def test_who_leaves_before_it_happens_is_written_to(house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    with writing():
        sessions.begin(mara)
    clock.advance(timedelta(minutes=1))
    house.comment(room, house.user(), "No, lakes.", question=1, reply_to=first.id)
    assert work(clock, 4) == []
    assert len(work(clock, 2)) == 1


def test_what_comes_together_is_one_letter_and_never_more_than_three_an_hour(house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    otto = house.user("Otto Ode")
    for minute in range(60):
        house.comment(room, otto, f"Answer {minute}.", question=1, reply_to=first.id, key=f"answer-{minute:04}")
        work(clock, 1)
    assert len(letters()) == 3
    assert letters()[0].body.count("answered you") >= 3
    assert len(work(clock, 10)) == 4
    assert letters()[-1].body.count("answered you") == notice_mail._MOST_IN_ONE


def test_nobody_is_mailed_by_what_only_looks_like_a_mention(house, clock, room, mara):
    words = f'Buy at evil.example data-user="{mara.id}" rel="nofollow ugc noopener">'
    house.comment(room, house.user("Eve Evil"), words, question=1)
    assert work(clock, 4) == []


def test_names_questions_and_calls(house, clock, room, mara):
    host, priya = house.host_of(room), house.panelist(room, "Priya Raman")
    house.comment(room, mara, "@Priya Raman, what of lakes?", question=1)
    house.do(calls.call, host, room, priya.id, room.questions[0])
    wish = house.do(proposals.make, mara, room, "Why not sooner?")
    house.do(shortlisting.put, host, room, wish.id, ProposalState.APPROVED, "new")
    house.do(shortlisting.plan, host, room, wish.id, ask=True)
    said = {letter.to: letter.body for letter in work(clock, 4)}
    assert "Mara Member named you" in said[priya.email]
    assert "ask you to answer" in said[priya.email]
    assert "Your question was asked" in said[mara.email]
    assert db.session.query(Proposal).count() == 1


def test_a_call_is_told_at_once(house, clock, room):
    priya = house.panelist(room)
    house.do(calls.call, house.host_of(room), room, priya.id, room.questions[0])
    assert len(work(clock)) == 1


def test_of_a_call_that_stands_no_more_no_letter_tells(house, clock, room):
    host, priya, luc = house.host_of(room), house.panelist(room), house.panelist(room, "Luc Martin")
    question = room.questions[0]
    withdrawn = house.do(calls.call, host, room, priya.id, question)
    house.do(calls.withdraw, host, room, withdrawn.id)
    house.do(calls.call, host, room, luc.id, question)
    said = comments.CommentDraft("As I said by telephone.", 1, None, "key-of-a-post")
    house.do(comments.post, luc, room, said, typist=host)
    assert work(clock, 4) == []
    house.do(calls.call, host, room, priya.id, question)
    assert [letter.to for letter in work(clock)] == [priya.email]


def test_of_whom_somebody_has_silenced_meanwhile_no_letter_tells(house, clock, room, mara):
    lou = house.user("Lou Loud")
    first = house.comment(room, mara, "Rivers first.", question=1)
    house.comment(room, lou, "LISTEN", question=1, reply_to=first.id)
    house.do(silences.silence, mara, lou)
    assert work(clock, 5) == []


def test_each_kind_can_be_switched_off_on_the_page_and_all_by_one_click(app, house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    client = app.test_client()
    house.sign_in(client, mara)
    answer = client.post("/account/mail", data={"csrf_token": house.token(client), "mention": "1", "digest": "1"})
    assert answer.status_code == 303
    with writing():
        db.session.execute(update(Session).values(seen_at=clock.now() - timedelta(hours=1)))
    house.comment(room, house.user("Otto Ode"), "No.", question=1, reply_to=first.id)
    assert work(clock, 5) == []
    house.comment(room, house.user(), "@Mara Member what then?", question=1)
    (letter,) = work(clock, 5)
    visitor = app.test_client()
    assert visitor.get(letter.unsubscribe).status_code == 200
    assert visitor.post(letter.unsubscribe, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    house.comment(room, house.user(), "@Mara Member?", question=1)
    assert len(work(clock, 5)) == 1
    db.session.expire_all()
    assert set(mara.quiet.split(",")) == {kind.value for kind in NoticeKind}
    assert visitor.post(f"{letter.unsubscribe}x").status_code == 410


def test_what_is_hidden_held_or_of_somebody_silenced_is_in_no_letter(house, clock, room, mara):
    host, otto, lou = house.host_of(room), house.user("Otto Ode"), house.user("Lou Loud")
    first = house.comment(room, mara, "Rivers first.", question=1)
    house.do(silences.silence, mara, lou)
    house.comment(room, lou, "LISTEN", question=1, reply_to=first.id)
    gone = house.comment(room, otto, "Rude words.", question=1, reply_to=first.id)
    house.do(moderation.hide, host, gone, "rude")
    house.do(escalation.set_level, host, room, "everyone", None)
    held = house.comment(room, house.user(), "Held words.", question=1, reply_to=first.id)
    assert work(clock, 5) == []
    house.do(queue.approve, host, held)
    (letter,) = work(clock, 5)
    assert "Held words." in letter.body
    assert "Rude" not in letter.body


def test_made_private_meanwhile_nothing_of_it_is_mailed(house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    house.comment(room, house.user(), "No.", question=1, reply_to=first.id)
    with writing():
        room.visibility = "invited"
    assert work(clock, 5) == []
    assert notice_mail._waiting(mara.id) == []


def test_nobody_hears_of_their_own_words(app, house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    house.comment(room, mara, "And lakes, says @Mara Member.", question=1, reply_to=first.id)
    assert work(clock, 5) == []
    assert "Mail" in page(app, house, mara, "/account")


def test_two_processes_write_one_letter(house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    house.comment(room, house.user(), "No.", question=1, reply_to=first.id)
    clock.advance(timedelta(minutes=5))
    ids = notice_mail.due()
    assert ids == [mara.id]
    for _ in range(2):
        house.do(notice_mail.take, ids)
    assert len(letters()) == 1


def people(clock, count):
    """Put many accounts into the database at once."""
    found = [
        User(email=f"p{n}@example.org", name=f"Person {n}", created_at=clock.now(), confirmed_at=clock.now())
        for n in range(count)
    ]
    db.session.add_all(found)
    db.session.flush()
    return found


def test_however_many_are_here_nobody_who_is_away_waits_for_them(house, clock, room, mara):
    """A line of more people than one look takes, all of them on the site, and one behind them who is not."""
    first = house.comment(room, mara, "Rivers first.", question=1)
    with writing():
        for here in people(clock, 250):
            sessions.begin(here)
            at = clock.now() + timedelta(seconds=1)
            db.session.add(Notice(user_id=here.id, kind="reply", discussion_id=room.id, at=at))
    clock.advance(timedelta(seconds=2))
    house.comment(room, house.user(), "No, lakes.", question=1, reply_to=first.id)
    assert len(work(clock, 4)) == 1


def test_however_many_have_had_enough_nobody_waits_for_them(house, clock, room, mara):
    first = house.comment(room, mara, "Rivers first.", question=1)
    with writing():
        for told in people(clock, 250):
            db.session.add(Notice(user_id=told.id, kind="reply", discussion_id=room.id, at=clock.now()))
            for _ in range(notice_mail.MOST_AN_HOUR):
                db.session.add(Letter(to=told.email, subject="s", body="b", kind="notices", written_at=clock.now()))
    clock.advance(timedelta(seconds=2))
    house.comment(room, house.user(), "No, lakes.", question=1, reply_to=first.id)
    found = work(clock, 4)
    assert [letter.to for letter in found if letter.subject != "s"] == [mara.email]
