"""The cast: demo people who go on answering in the sample discussion for as long as somebody watches."""

import logging
import random
import secrets
from dataclasses import dataclass
from datetime import timedelta

import gevent
from flask import Flask
from sqlalchemy import func, select

from forum import access, clock
from forum.actions import comments, phases, questions, reactions
from forum.actions.comments import CommentDraft
from forum.database import db, writing
from forum.demo import lines
from forum.demo.make import SLUG, reader, runner_of
from forum.live import broadcast, presence
from forum.models import Comment, CommentState, Discussion, Phase, Question, SeatRole, User

_log = logging.getLogger("roundtext.demo")
_MOST = 400
_RESTING_SECONDS = 120.0
_NEXT_QUESTION_AFTER = timedelta(minutes=6)
_NOT_REPEATED_WITHIN = 50
_REACTED_TO = 12
_TOO_SHORT = timedelta(minutes=20)


@dataclass(frozen=True)
class Turn:
    """What comes next: who says what to which question, and whether it answers somebody."""

    speaker: int
    body: str
    question: int | None
    replies: bool


def choose(dice: random.Random, said: list[str], speakers: int, asked: list[int]) -> Turn:
    """Return the next turn; nothing is said that is among the last fifty of `said`.

    `asked` are the numbers of the questions asked so far; one turn in six is late, to an earlier one.
    """
    recent = set(said[-_NOT_REPEATED_WITHIN:])
    body = dice.choice([line for line in lines.LINES if line not in recent])
    question = (dice.choice(asked) if dice.random() < 1 / 6 else asked[-1]) if asked else None
    return Turn(dice.randrange(speakers), body, question, dice.random() < 0.3)


def start(app: Flask) -> None:
    """Start the cast beside the server of `app`."""
    gevent.spawn(_go_on, app)


def _go_on(app: Flask) -> None:
    dice = random.Random()  # noqa: S311 (chance, not secrecy)
    while True:
        pause = dice.uniform(6, 20)
        try:
            with app.app_context():
                pause = max(pause, _turn(dice))
                db.session.remove()
        except Exception as error:
            _log.warning("the cast missed its turn: %s", type(error).__name__)
            pause = 30.0
        gevent.sleep(pause)


def _turn(dice: random.Random) -> float:
    """Take one turn if somebody watches; return how long to rest at least, in seconds."""
    discussion = Discussion.with_slug(SLUG)
    if discussion is None or broadcast.count(discussion.id) == 0 or discussion.phase_at(clock.now()) is not Phase.LIVE:
        return 0.0
    if _run(discussion):
        return 0.0
    said = list(
        db.session.scalars(
            select(Comment.source)
            .where(Comment.discussion_id == discussion.id)
            .order_by(Comment.id.desc())
            .limit(_NOT_REPEATED_WITHIN)
        )
    )[::-1]
    # One panelist's account is for whoever tries the demo: nobody else speaks for them.
    panel = [
        seat
        for seat in discussion.seats
        if seat.role is SeatRole.PANELIST and seat.user.email != "panelist@example.org"
    ]
    asked = sorted(question.number for question in discussion.questions if question.number is not None)
    turn = choose(dice, said, len(panel) + len(lines.PEOPLE), asked)
    if turn.speaker < len(panel):
        seat = panel[turn.speaker]
        presence.types(discussion.id, seat.user_id, seat.name, turn.question)
        speaker = seat.user_id
        db.session.rollback()
        gevent.sleep(dice.uniform(2, 5))
    else:
        speaker = _member(lines.PEOPLE[turn.speaker - len(panel)])
    with writing():
        found = Discussion.with_slug(SLUG)
        author = db.session.get(User, speaker)
        if found is not None and author is not None and access.may(author, "comment.post", found):
            answered = _latest(found, turn.question, author) if turn.replies else None
            comments.post(author, found, CommentDraft(turn.body, turn.question, answered, secrets.token_hex(8)))
    presence.stops(discussion.id, speaker)
    _react(dice, discussion)
    count = db.session.scalar(select(func.count()).select_from(Comment).where(Comment.discussion_id == discussion.id))
    return _RESTING_SECONDS if (count or 0) > _MOST else 0.0


def _react(dice: random.Random, discussion: Discussion) -> None:
    """Let some of those who only read find one of the newest comments helpful."""
    newest = select(Comment.id).where(Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED)
    ids = list(db.session.scalars(newest.order_by(Comment.id.desc()).limit(_REACTED_TO)))
    for number in [_member(name) for name in dice.sample(lines.PEOPLE, dice.randrange(3))] if ids else ():
        with writing():
            member, comment = db.session.get(User, number), db.session.get(Comment, dice.choice(ids))
            if member is None or comment is None or comment.author_id == member.id:
                continue
            if access.may(member, "reaction.give", comment.discussion):
                reactions.react(member, comment, wants=True)


def _run(discussion: Discussion) -> bool:
    """Do what a host does: move the end on, ask the next question. Return whether there was something to do."""
    runner = runner_of(discussion)
    now = clock.now()
    current = discussion.open_question
    following = next((q for q in discussion.questions if q.is_coming), None)
    late = current is not None and current.asked_at is not None and now - current.asked_at > _NEXT_QUESTION_AFTER
    # The second question of the sample was asked before anybody watched; the third comes once people do.
    due = following is not None and (current is None or (late and _watched_for(discussion)))
    short = discussion.ends_at - now < _TOO_SHORT
    if runner is None or not (due or short):
        return False
    runner_id = runner.id
    with writing():
        found = db.session.get_one(Discussion, discussion.id)
        actor = db.session.get_one(User, runner_id)
        if short:
            phases.extend(actor, found, 120)
        elif following is not None:
            questions.ask(actor, db.session.get_one(Question, following.id))
    return True


_first_seen: dict[int, float] = {}


def _watched_for(discussion: Discussion) -> bool:
    """Whether the open question has been watched for a while by now."""
    key = discussion.open_question.id if discussion.open_question else 0
    begun = _first_seen.setdefault(key, clock.now().timestamp())
    return clock.now().timestamp() - begun > 240


def _latest(discussion: Discussion, question: int | None, besides: User) -> int | None:
    found = next((q.id for q in discussion.questions if q.number == question), None)
    return db.session.scalar(
        select(Comment.id)
        .where(
            Comment.discussion_id == discussion.id,
            Comment.question_id == found,
            Comment.state == CommentState.PUBLISHED,
            Comment.author_id.is_distinct_from(besides.id),
        )
        .order_by(Comment.id.desc())
        .limit(1)
    )


def _member(name: str) -> int:
    with writing():
        return reader(name).id
