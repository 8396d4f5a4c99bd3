"""How a question opens: by the hand of a host, or by the clock at the moment that was planned for it.

Everything runs inside `writing()`.
"""

from sqlalchemy import func, select

from forum import clock
from forum.actions import held, notices
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Discussion, Phase, Question, QuestionState, SeatRole, User

# What `due` looks for; the clock asks it again and again, so it is put together once.
DUE = (
    select(Question.id)
    .join(Discussion, Discussion.id == Question.discussion_id)
    .where(
        Question.opens_at <= clock.moment(),
        Question.state == QuestionState.DRAFT,
        Question.is_spare.is_(False),
        Discussion.phase == Phase.LIVE,
        Discussion.ends_at > clock.moment(),
    )
    .order_by(Question.opens_at, Question.position, Question.id)
    .limit(20)
)


def due() -> list[int]:
    """Return the ids of questions that the clock should open now, in their order: one cheap read, no lock.

    All of them, also where two moments have passed together (in a pause, or while the server was off). Each was
    announced under its number, and panelists may hold an answer to it; whoever wants one left out skips it.
    """
    return list(db.session.scalars(DUE))


def take(question_id: int) -> bool:
    """Open a question that is due, unless a host or another process has decided otherwise; return whether it opened."""
    question = db.session.get(Question, question_id)
    if question is None:
        return False
    discussion = question.discussion
    log.lock_and_refresh(question)
    db.session.refresh(discussion)
    now = clock.now()
    if not question.is_coming or question.opens_at is None or question.opens_at > now:
        return False
    if discussion.phase_at(now) is not Phase.LIVE:
        return False
    # Readers see whose question it is; that the clock asked it stands in the record.
    hosts = [seat for seat in discussion.seats if seat.role is SeatRole.HOST]
    hosts.sort(key=lambda seat: seat.user.left_at is not None)  # who has left asks only where nobody else hosts
    open_now(question, None, hosts[0].user_id if hosts else None)
    return True


def open_now(question: Question, actor: User | None, asked_by_id: int | None) -> None:
    """Give `question`, of a discussion that is locked, the next number; the open one before it is closed.

    `actor` is who does it for the record (None: the clock), `asked_by_id` who asks it on the page.
    """
    discussion, now = question.discussion, clock.now()
    of_this = Question.discussion_id == discussion.id
    highest = db.session.scalar(select(func.max(Question.number)).where(of_this))
    before = db.session.scalar(select(Question).where(of_this, Question.state == QuestionState.OPEN))
    if before is not None:
        before.state, before.closed_at = QuestionState.CLOSED, now
    question.number = (highest or 0) + 1
    question.state, question.asked_at, question.asked_by_id = QuestionState.OPEN, now, asked_by_id
    db.session.flush()
    write_down(actor, discussion, "question.asked", "question", question.id, after={"number": question.number})
    log.record(discussion, "question.asked", question.id)
    held.tell_ready(question)
    notices.of_question(question)
