"""Who sits in a discussion and what is asked there, for what runs with every comment."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from forum.database import db
from forum.models.discussion import Discussion
from forum.models.question import Question
from forum.models.seat import Seat

# Put together once, in the order that the relationships have.
_SEATS = select(Seat).where(Seat.discussion_id == bindparam("of")).order_by(Seat.position, Seat.id)
_QUESTIONS = select(Question).where(Question.discussion_id == bindparam("of")).order_by(Question.position, Question.id)


def read_cast(discussion: Discussion) -> None:
    """Read `discussion.seats` and `discussion.questions` now.

    The ORM would read them when they are first asked for, and takes twice as long for each (docs/performance.md).
    """
    said = {"of": discussion.id}
    set_committed_value(discussion, "seats", list(db.session.scalars(_SEATS, said)))
    set_committed_value(discussion, "questions", list(db.session.scalars(_QUESTIONS, said)))
