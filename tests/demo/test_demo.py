"""The sample discussion: made once, live right now, and its cast does not repeat itself."""

import random

from sqlalchemy import func, select

from forum import clock
from forum.database import db
from forum.demo import cast, lines, make
from forum.models import Comment, Discussion, Phase, User


def test_the_sample_is_live_right_now_and_made_once(app):
    make.prepare(app)
    make.prepare(app)
    db.session.expire_all()
    sample = Discussion.with_slug(make.SLUG)
    assert sample.phase_at(clock.now()) is Phase.LIVE
    assert [question.number for question in sample.questions] == [1, 2, None, None]
    assert sample.open_question.number == 2
    assert len(sample.seats) == 7
    comments = db.session.scalar(select(func.count()).select_from(Comment).where(Comment.discussion_id == sample.id))
    assert comments >= 55
    phases = {found.phase_at(clock.now()) for found in db.session.scalars(select(Discussion))}
    assert phases == {Phase.LIVE, Phase.CLOSED, Phase.ANNOUNCED}
    for email in ("host@example.org", "panelist@example.org", "member@example.org", "organiser@example.org"):
        assert User.with_email(email).password_hash


def test_some_answers_to_the_first_question_came_late(app):
    make.prepare(app)
    sample = Discussion.with_slug(make.SLUG)
    second = sample.questions[1].asked_at
    late = db.session.scalars(
        select(Comment).where(Comment.question_id == sample.questions[0].id, Comment.posted_at > second)
    )
    assert len(list(late)) >= 3


def test_nothing_is_said_again_within_fifty():
    dice, said = random.Random(7), []
    for _ in range(300):
        turn = cast.choose(dice, said, 12, [1, 2])
        assert turn.body not in said[-50:]
        assert turn.question in {1, 2}
        said.append(turn.body)
    assert len(lines.LINES) >= 80


def test_the_cast_rests_while_nobody_watches(app):
    make.prepare(app)
    before = db.session.scalar(select(func.count()).select_from(Comment))
    cast._turn(random.Random(7))
    assert db.session.scalar(select(func.count()).select_from(Comment)) == before
