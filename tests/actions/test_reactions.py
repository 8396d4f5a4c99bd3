"""What members find helpful: said once, taken back, told to everybody in one piece, and gone with who leaves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from forum.actions import comments, highlights, leaving, moderation, phases, reactions, sanctions
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Comment, Event, Phase, Reaction, User
from tests.actions.test_after_the_end import refused


@pytest.fixture
def room(house):
    return house.discussion(ask=1)


@pytest.fixture
def comment(house, room):
    return house.comment(room, house.user("Ada Writer"), "Measure first.", question=1)


def react(house, comment, member=None, *, wants=True) -> int:
    return house.do(reactions.react, member or house.user(), comment, wants=wants)


def shown(comment) -> int:
    """What readers see."""
    db.session.rollback()
    return db.session.scalars(select(Comment.helpful).where(Comment.id == comment.id)).one()


def told(room) -> int:
    """How often readers were told."""
    db.session.rollback()
    found = select(func.count()).where(Event.discussion_id == room.id, Event.kind == "reaction.counted")
    return db.session.scalar(found) or 0


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Reaction)) or 0


def test_it_is_counted_once_and_taken_back_once(house, clock, room, comment):
    member = house.user()
    assert [react(house, comment, member) for _ in range(3)] == [1, 1, 1]
    assert (shown(comment), told(room), kept()) == (1, 1, 1)
    assert reactions.finds_helpful(member, comment)
    assert reactions.mine_in(member, room).given == [comment.id]
    clock.advance(timedelta(seconds=6))
    assert [react(house, comment, member, wants=False) for _ in range(3)] == [0, 0, 0]
    assert (shown(comment), told(room), kept()) == (0, 2, 0)
    assert not reactions.finds_helpful(member, comment)
    assert reactions.mine_in(member, room).given == []


def test_readers_are_told_of_many_at_once_and_of_each(house, clock, room, comment):
    other = house.comment(room, house.user("Ben Writer"), "Then cut.", question=1)
    assert react(house, comment) == 1
    # Each is told what they add themselves to what everybody has been told.
    assert [react(house, comment), react(house, comment), react(house, other)] == [2, 2, 1]
    assert (shown(comment), shown(other), told(room)) == (1, 0, 1)
    clockwork.turn()
    assert told(room) == 1, "it has not waited for long enough"
    clock.advance(reactions.TOLD_EVERY)
    clockwork.turn()
    assert (shown(comment), shown(other), told(room)) == (3, 1, 2)
    clock.advance(timedelta(minutes=1))
    clockwork.turn()
    assert told(room) == 2


def test_ones_own_page_knows_what_the_numbers_do_not_say_yet(house, clock, room, comment):
    first, second = house.user(), house.user()
    react(house, comment, first)
    react(house, comment, second)
    assert reactions.mine_in(first, room) == reactions.Mine([comment.id], [])
    assert reactions.mine_in(second, room) == reactions.Mine([comment.id], [comment.id])
    react(house, comment, first, wants=False)
    assert reactions.mine_in(first, room) == reactions.Mine([], [-comment.id])
    clock.advance(reactions.TOLD_EVERY)
    clockwork.turn()
    assert reactions.mine_in(first, room) == reactions.Mine()
    assert reactions.mine_in(second, room) == reactions.Mine([comment.id], [])


def test_who_thinks_better_of_it_before_it_is_told_leaves_nothing_to_tell(house, clock, room, comment):
    first, second = house.user(), house.user()
    react(house, comment, first)
    react(house, comment, second)
    assert react(house, comment, second, wants=False) == 1
    assert react(house, comment, first, wants=False) == 0
    assert react(house, comment, first) == 1
    clock.advance(reactions.TOLD_EVERY)
    clockwork.turn()
    assert (shown(comment), told(room), kept()) == (1, 1, 1)


def test_one_who_comes_and_one_who_goes_change_no_number_and_it_is_told_all_the_same(house, clock, room, comment):
    first, second = house.user(), house.user()
    react(house, comment, first)
    assert react(house, comment, second) == 2, "which the page shows until it hears another number"
    react(house, comment, first, wants=False)
    clock.advance(reactions.TOLD_EVERY)
    clockwork.turn()
    assert (shown(comment), told(room), kept()) == (1, 2, 1)
    assert reactions.mine_in(second, room) == reactions.Mine([comment.id], [])


def test_what_a_clock_that_ran_ahead_wrote_down_is_told_all_the_same(house, clock, room, comment):
    react(house, comment)
    react(house, comment)
    clock.advance(timedelta(hours=-1))
    clockwork.turn()
    assert (shown(comment), told(room)) == (2, 2)


def test_one_that_fails_does_not_keep_the_others_from_being_told(house, clock, room, comment, monkeypatch):
    later = house.discussion(ask=1)
    second = house.comment(later, question=1)
    for each in (comment, comment, second, second):
        react(house, each)
    clock.advance(reactions.TOLD_EVERY)
    real = reactions.take

    def take(discussion_id):
        if discussion_id == room.id:
            raise ValueError("broken")
        return real(discussion_id)

    monkeypatch.setattr(reactions, "take", take)
    clockwork.turn()
    assert (shown(comment), shown(second)) == (1, 2)


@pytest.mark.parametrize("phase", [Phase.ANNOUNCED, Phase.PAUSED, Phase.CLOSED])
def test_it_can_be_said_for_as_long_as_it_is_read(house, phase):
    room = house.discussion(phase=phase)
    comment = house.comment(room, house.host_of(room), "Welcome.") if phase is Phase.ANNOUNCED else None
    if comment is None:
        live = house.discussion(ask=1)
        comment = house.comment(live, question=1)
        house.do(_to, live, phase)
    assert react(house, comment) == 1


def _to(discussion, phase):
    discussion.phase = phase


def test_who_may_not_is_told_why_and_nothing_is_kept(house, room, comment):
    author, muted = comment.author, house.user("Max Silent")
    house.do(sanctions.mute, house.host_of(room), room, muted, "shouting")
    assert refused(house, reactions.react, None, comment, wants=True).code == "sign_in"
    assert refused(house, reactions.react, author, comment, wants=True).code == "own"
    assert "shouting" in refused(house, reactions.react, muted, comment, wants=True).message
    hidden = house.comment(room, question=1)
    house.do(moderation.hide, house.host_of(room), hidden, "off topic")
    assert refused(house, reactions.react, house.user(), hidden, wants=True).status == 404
    secret = house.discussion(visibility="invited", ask=1)
    within = house.comment(secret, house.host_of(secret), question=1)
    assert refused(house, reactions.react, house.user(), within, wants=True).status == 404
    assert kept() == 0


def test_what_is_deleted_and_shown_again_keeps_its_number(house, clock, room, comment):
    react(house, comment)
    react(house, comment)
    house.do(moderation.hide, house.host_of(room), comment, "a mistake")
    clock.advance(reactions.TOLD_EVERY)
    clockwork.turn()
    house.do(moderation.restore, house.host_of(room), comment, "")
    assert shown(comment) == 2
    house.do(comments.delete, comment.author, comment)
    assert kept() == 2


def test_who_leaves_takes_it_along_and_the_number_follows(house, clock, room, comment):
    member, other = house.user("Mina Leaver"), house.user()
    elsewhere = house.comment(house.discussion(ask=1), question=1)
    react(house, comment, other)
    react(house, comment, member)
    clock.advance(reactions.TOLD_EVERY)
    clockwork.turn()
    react(house, elsewhere, house.user())
    assert react(house, elsewhere, member) == 2
    house.do(leaving.leave, member, leaving.Words.KEEP)
    assert reactions.discussions_of(member) == [room.id], "what was not told is gone at once"
    clock.advance(reactions.TOLD_EVERY)
    clockwork.turn()
    assert (shown(comment), shown(elsewhere)) == (1, 1)
    assert reactions.discussions_of(member) == []


def test_forty_at_the_same_moment_are_forty(app, house, room, comment):
    """On PostgreSQL they wait for each other at the discussion's row, on SQLite at the one writer's lock."""
    members = [house.user().id for _ in range(10)]
    number = comment.id

    def press(member: int) -> None:
        with app.app_context():
            for wants in (True, False, True, True):
                with writing():
                    found = db.session.get_one(Comment, number)
                    reactions.react(db.session.get_one(User, member), found, wants=wants)
            db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(press, members))
    with app.app_context():
        house.do(reactions.take, room.id)
    assert (shown(comment), kept()) == (10, 10)


@pytest.mark.postgresql
def test_who_leaves_while_their_press_waits_is_not_counted(house, room, comment):
    member = house.user("Mina Leaver")
    with house.meanwhile(r"SELECT .*FOR UPDATE", leaving.leave, member, leaving.Words.KEEP):
        assert refused(house, reactions.react, member, comment, wants=True).status == 404
    assert kept() == 0


@pytest.mark.postgresql
def test_what_is_withdrawn_while_a_press_waits_is_not_there(house):
    room = house.discussion(phase=Phase.ANNOUNCED)
    comment = house.comment(room, house.host_of(room), "Welcome.")
    member = house.user()
    with house.meanwhile(r"SELECT .*FOR UPDATE", phases.withdraw, house.host_of(room), room):
        assert refused(house, reactions.react, member, comment, wants=True).status == 404
    assert kept() == 0


_STEPS = {
    "move": lambda comment, host: comments.move(comment.author, comment, None),
    "move by a host": lambda comment, host: comments.move(host, comment, None),
    "edit": lambda comment, host: comments.edit(comment.author, comment, "Another text."),
    "delete": lambda comment, host: comments.delete(comment.author, comment),
    "hide": lambda comment, host: moderation.hide(host, comment, "off topic"),
    "highlight": lambda comment, host: highlights.highlight(host, comment),
    "unhighlight": lambda comment, host: highlights.unhighlight(host, comment),
}


@pytest.mark.postgresql
@pytest.mark.parametrize("step", _STEPS)
def test_whoever_changes_a_comment_holds_the_discussion_first(house, room, comment, statements, step):
    """The clock holds the discussion and counts at its comments; two who held each other's row would never end."""
    host = house.host_of(room)
    if step == "unhighlight":
        house.do(highlights.highlight, host, comment)
    with statements() as made:
        house.do(_STEPS[step], comment, host)
    locked = next(place for place, said in enumerate(made) if "FOR UPDATE" in said and "FROM discussion" in said)
    assert locked < next(place for place, said in enumerate(made) if said.startswith("UPDATE comment"))
