"""Comments that are handed in at the same moment share a transaction, and nothing else."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from forum.actions import escalation, phases, sanctions
from forum.actions.escalation import Rules
from forum.actions.posting import CommentDraft, Posted, Posting, post_all
from forum.database import db, writing
from forum.live import log
from forum.models import Comment, CommentState, Discussion, Event, User
from forum.refusals import Refused
from forum.web import desk
from forum.web.desk import Receipt, Sheet
from tests.faults.writers import accounts


def draft(body: str, key: str, question: int | None = None) -> CommentDraft:
    return CommentDraft(body, question, None, key)


def test_what_is_refused_touches_nobody_else(house):
    discussion = house.discussion(ask=1)
    ada, ben, muted = house.user("Ada"), house.user("Ben"), house.user("Cut Off")
    house.do(sanctions.mute, house.host_of(discussion), discussion, muted, "Advertising")
    said = [
        Posting(ada, draft("First.", "key-of-ada-1", 1)),
        Posting(muted, draft("I may not.", "key-of-muted")),
        Posting(ben, draft("", "key-of-ben-1")),
        Posting(ben, draft("With a damaged key.", "key\0of-ben")),
        Posting(ben, draft("Ninth?", "key-of-ben-2", 9)),
        Posting(ben, draft("Last.", "key-of-ben-3")),
    ]
    outcomes = house.do(post_all, discussion, said)
    codes = [outcome.code if isinstance(outcome, Refused) else outcome.comment.source for outcome in outcomes]
    assert codes == ["First.", "muted", "invalid", "invalid", "invalid", "Last."]
    stored = db.session.scalars(select(Comment).order_by(Comment.id)).all()
    assert [comment.source for comment in stored] == ["First.", "Last."]
    told = db.session.execute(
        select(Event.seq, Event.subject_id).where(Event.kind == "comment.posted").order_by(Event.seq)
    ).all()
    assert [subject for _, subject in told] == [comment.id for comment in stored]
    assert told[-1].seq == discussion.last_seq


def test_a_key_twice_in_one_transaction_is_one_comment(house):
    discussion, ada = house.discussion(), house.user()
    twice = [Posting(ada, draft("Once.", "key-pressed-twice"))] * 2
    first, second = house.do(post_all, discussion, twice)
    assert isinstance(first, Posted)
    assert first.comment is second.comment
    assert (first.is_new, second.is_new) == (True, False)
    assert db.session.scalar(select(func.count()).select_from(Comment)) == 1


def test_slow_mode_counts_what_was_posted_in_the_same_transaction(house):
    discussion, ada, ben = house.discussion(), house.user(), house.user()
    host = house.host_of(discussion)
    house.do(escalation.set_level, host, discussion, "slow", 30)
    said = [Posting(ada, draft(f"No. {number}", f"key-of-ada-{number}")) for number in range(2)]
    outcomes = house.do(post_all, discussion, [*said, Posting(ben, draft("Mine.", "key-of-ben-0"))])
    assert [getattr(outcome, "code", "posted") for outcome in outcomes] == ["posted", "slow_mode", "posted"]


def test_what_is_held_is_told_to_nobody_beside_what_is_shown(house):
    discussion, ada, ben = house.discussion(), house.user(), house.user()
    rules = Rules(hold_first=False, hold_links=False, words="casino", hide_after_flags=0)
    house.do(escalation.set_rules, house.host_of(discussion), discussion, rules)
    said = [Posting(ada, draft("To the casino!", "key-of-ada-0")), Posting(ben, draft("Water.", "key-of-ben-0"))]
    held, shown = house.do(post_all, discussion, said)
    assert (held.comment.state, shown.comment.state) == (CommentState.HELD, CommentState.PUBLISHED)
    told = db.session.execute(select(Event.kind, Event.subject_id).where(Event.audience == "everyone")).all()
    assert [row for row in told if row.kind.startswith("comment.")] == [("comment.posted", shown.comment.id)]


@pytest.mark.postgresql
@pytest.mark.parametrize("meanwhile", ["muted", "closed"])
def test_what_waited_behind_a_mute_is_not_posted_and_what_came_before_the_close_is(house, monkeypatch, meanwhile):
    """Another process does it between the desk's reading and its lock."""
    discussion, ada, lock = house.discussion(), house.user("Ada"), log.lock
    ids = discussion.id, discussion.owner_id, ada.id

    def act():
        room, owner, writer = (db.session.get_one(kind, number) for kind, number in zip(kinds, ids, strict=True))
        if meanwhile == "muted":
            sanctions.mute(owner, room, writer, "Advertising")
        else:
            phases.close(owner, room)

    def lock_late(wanted):
        monkeypatch.undo()
        with house.app.app_context():
            house.do(act)
        return lock(wanted)

    kinds = Discussion, User, User
    monkeypatch.setattr(log, "lock", lock_late)
    [outcome] = house.do(post_all, discussion, [Posting(ada, draft("Buy!", "key-of-ada-0"))])
    assert getattr(outcome, "code", "posted") == ("muted" if meanwhile == "muted" else "posted")
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Comment)) == int(meanwhile == "closed")


class Queue:
    """People who hand something in while the discussion is held, so that they stand in line together."""

    def __init__(self, app, discussion):
        self.app, self.slug = app, discussion.slug
        self.pool = ThreadPoolExecutor(12)

    def hand_in(self, user_id: int, body: str, key: str, language: str = "en"):
        def do() -> Receipt:
            with self.app.app_context():
                return desk.hand_in(self.slug, Sheet(user_id, draft(body, key), None, True, language))

        return self.pool.submit(do)

    def until_waiting(self, number: int) -> None:
        """Wait until so many stand in line behind whoever is being served."""
        until = time.monotonic() + 10
        while self.slug not in desk._lines or desk._lines[self.slug].length != number:
            assert time.monotonic() < until
            time.sleep(0.005)


@pytest.fixture
def held_up(app, house):
    """A discussion that this test holds, a line of people, and what counts the transactions of those who wait."""
    discussion = house.discussion()
    return discussion, Queue(app, discussion)


def test_who_waits_meanwhile_shares_one_transaction(house, held_up):
    discussion, queue = held_up
    people = [house.user().id for _ in range(8)]
    began: list[int] = []
    with writing():
        log.lock(discussion)
        first = queue.hand_in(people[0], "Point 0", "key-of-person-0")
        queue.until_waiting(0)
        rest = [queue.hand_in(who, f"Point {n}", f"key-of-person-{n}") for n, who in enumerate(people[1:], 1)]
        queue.until_waiting(7)

        def note(_connection) -> None:
            began.append(threading.get_ident())

        event.listen(db.engine, "commit", note)
    try:
        receipts = [waiting.result(20) for waiting in (first, *rest)]
    finally:
        event.remove(db.engine, "commit", note)
    assert len(set(began) - {threading.get_ident()}) == 2  # the first alone, and one for all who came meanwhile
    assert len({receipt.id for receipt in receipts}) == 8
    assert all(f"Point {number}" in receipt.html for number, receipt in enumerate(receipts))
    assert all(receipt.is_new for receipt in receipts)


def test_everybody_is_refused_in_their_own_language(house, held_up):
    discussion, queue = held_up
    people = [house.user().id for _ in range(3)]
    with writing():
        log.lock(discussion)
        first = queue.hand_in(people[0], "First.", "key-of-first-0", "de")
        queue.until_waiting(0)
        rest = [
            queue.hand_in(who, "", f"key-of-{lang}-0", lang) for who, lang in zip(people[1:], ("es", "en"), strict=True)
        ]
        queue.until_waiting(2)
    assert first.result(20).is_new
    told = []
    for waiting in rest:
        with pytest.raises(Refused) as refusal:
            waiting.result(20)
        told.append(refusal.value.fields["body"])
    assert "Escriba" in told[0] or "escriba" in told[0], told
    assert told[1].isascii() and told[0] != told[1]


def test_a_fault_of_one_is_not_that_of_those_who_share_its_turn(house, held_up):
    discussion, queue = held_up
    good, nobody = house.user().id, 10**6
    with writing():
        log.lock(discussion)
        first = queue.hand_in(good, "First.", "key-of-first-0")
        queue.until_waiting(0)
        rest = [queue.hand_in(nobody, "Lost.", "key-of-nobody"), queue.hand_in(good, "Second.", "key-of-second")]
        queue.until_waiting(2)
    assert "First." in first.result(20).html
    with pytest.raises(KeyError):
        rest[0].result(20)
    assert "Second." in rest[1].result(20).html


def test_a_database_that_is_away_is_waited_for_once_and_not_once_for_each(house, held_up):
    discussion, queue = held_up
    people, began = [house.user().id for _ in range(4)], []

    def break_off(_connection, _cursor, statement, *_rest) -> None:
        if threading.current_thread() is not threading.main_thread() and "FROM discussion" in statement:
            began.append(statement)
            raise OperationalError(statement, {}, Exception("away"))

    with writing():
        log.lock(discussion)
        first = queue.hand_in(people[0], "First.", "key-of-person-0")
        queue.until_waiting(0)
        rest = [queue.hand_in(who, "Point", f"key-of-person-{n}") for n, who in enumerate(people[1:], 1)]
        queue.until_waiting(3)
        event.listen(db.engine, "before_cursor_execute", break_off)
    try:
        for waiting in rest:
            with pytest.raises(OperationalError):
                waiting.result(20)
    finally:
        event.remove(db.engine, "before_cursor_execute", break_off)
    assert first.done()
    assert len(began) <= 2, "the first, if it had not asked yet, and one for all who came meanwhile"


def test_everybody_gets_their_own_answer_over_the_wire(app, house, served):
    discussion = house.discussion(ask=2)
    people = accounts(house, 10)
    slug = discussion.slug

    def write(number: int) -> list[tuple[int, str, str]]:
        answers = []
        for index in range(6):
            body = "" if (number, index) == (3, 2) else f"Person {number} says {index}."
            answer = requests.post(
                f"{served.address}/d/{slug}/comments",
                data={
                    "body": body, "key": f"wire-{number:03}-{index:03}", "question": "2",
                    "csrf_token": people[number].token,
                },
                headers={"Cookie": people[number].cookie, "Accept": "application/json"},
                timeout=30,
            )  # fmt: skip
            answers.append((answer.status_code, body, answer.text))
        return answers

    with ThreadPoolExecutor(10) as pool:
        answers = [one for many in pool.map(write, range(10)) for one in many]
    assert sorted(status for status, _, _ in answers) == [201] * 59 + [422]
    assert all(body in text for status, body, text in answers if status == 201)
    seqs = db.session.scalars(select(Event.seq).where(Event.discussion_id == discussion.id).order_by(Event.seq)).all()
    assert list(seqs) == list(range(1, len(seqs) + 1))
