"""Letters about each question of a discussion that runs for days, to whoever takes part in it. Inside `writing()`.

One letter when a question is over; while it is open, one a day in the morning of the person's own zone, if there is
something new. Rows are prepared for whoever takes part (`prepare`); each is then taken by an UPDATE that asks for the
moment it was read with, in the transaction that writes the letter. So a restart, a second process or a clock that is
set neither doubles a letter nor loses one. Whatever a letter says is looked up when it is written.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update

from forum import clock
from forum.actions import forgetting, mornings, readers_of_digests, rsvps
from forum.actions.readers_of_digests import Reader
from forum.database import claims, db
from forum.models import Comment, CommentState, Digest, Discussion, Letter, Phase, Question, QuestionState, User
from forum.notify import addresses, letters
from forum.notify.digest import Part, open_besides, part_of

# A little patience after the end: the last words, and the summary of a host who is quick.
_PATIENCE = timedelta(minutes=15)
# What was over for so long (the server was off, a past discussion was brought in) is news no more.
_OVER = timedelta(days=3)
# Who comes to a question that is open is looked for this often.
_LOOK_EVERY = timedelta(hours=1)
_LEAST_APART = timedelta(hours=1)
_AT_ONCE = 50
_MOST_PARTS = 10


def _lately(ended_at: Any) -> tuple[Any, ...]:
    """What was over a little while ago, and over here: a discussion that was brought in is nobody's news."""
    return ended_at <= clock.moment(-_PATIENCE), ended_at > clock.moment(-_OVER), ended_at >= Discussion.created_at


# What `to_prepare` and `due` look for; the clock asks it again and again, so it is put together once.
TO_PREPARE = (
    select(Question.id)
    .join(Discussion, Discussion.id == Question.discussion_id)
    .where(
        Question.digest_ended_at.is_(None),
        or_(
            and_(
                Question.state == QuestionState.OPEN,
                Discussion.phase.in_([Phase.LIVE, Phase.PAUSED]),
                or_(Question.digest_looked_at.is_(None), Question.digest_looked_at <= clock.moment(-_LOOK_EVERY)),
            ),
            and_(Question.state == QuestionState.CLOSED, *_lately(Question.closed_at)),
            and_(
                Question.state == QuestionState.OPEN, Discussion.phase == Phase.CLOSED, *_lately(Discussion.closed_at)
            ),
        ),
    )
    .order_by(Question.id)
    .limit(_AT_ONCE)
)
DUE = select(Digest.id).where(Digest.next_at <= clock.moment()).order_by(Digest.next_at, Digest.id).limit(_AT_ONCE)


def to_prepare() -> list[int]:
    """Return the ids of questions for which it is time to see who takes part: one read, no lock.

    Those of discussions without these letters too: once looked at they are out of the way of the others.
    """
    return list(db.session.scalars(TO_PREPARE))


def prepare(ids: list[int]) -> int:
    """Note for these questions who takes part by now, and when each may have to be written to; return how many."""
    found = list(db.session.scalars(select(Question).where(Question.id.in_(ids)).order_by(Question.id)))
    for question in found:
        _prepare(question, clock.now())
    return len(found)


def due() -> list[int]:
    """Return the ids of what may have to be written now: one read, no lock. `take` decides."""
    return list(db.session.scalars(DUE))


def take(ids: list[int]) -> int:
    """Write what is due, one letter to each person about each discussion; return how many letters were written."""
    written = 0
    found = select(Digest).where(Digest.id.in_(ids)).order_by(Digest.id)
    together: dict[tuple[str, int], None] = {}
    for row in db.session.scalars(found, execution_options={"populate_existing": True}):
        together[row.email, row.question.discussion_id] = None
    for email, discussion_id in together:
        written += _tell(email, db.session.get_one(Discussion, discussion_id))
    return written


def move(old: str, new: str) -> None:
    """Let what was told at the address `old` go with its person to `new`, so that nobody is told of it again there."""
    off = {"synchronize_session": False}
    told = select(Digest.question_id).where(Digest.email == old)
    there = delete(Digest).where(Digest.email == new, Digest.question_id.in_(told))
    db.session.execute(there, execution_options=off)
    db.session.execute(update(Digest).where(Digest.email == old).values(email=new), execution_options=off)


def forget_old() -> None:
    """Forget who was told of the questions of what is over for rsvps.KEPT_FOR, some at a time, once all is told.

    What is opened again after that has new questions to tell of; those of before have had their last letter.
    """
    over = Discussion.closed_before(clock.now() - rsvps.KEPT_FOR)
    old = (
        select(Digest.id)
        .join(Question, Question.id == Digest.question_id)
        .join(Discussion, Discussion.id == Question.discussion_id)
        .where(over, Digest.next_at.is_(None))
    )
    forgetting.throw_away(Digest, old)


def _prepare(question: Question, now: datetime) -> None:
    is_over = _ended_at(question, now) is not None
    note = Question.digest_ended_at if is_over else Question.digest_looked_at
    seen = question.digest_ended_at if is_over else question.digest_looked_at
    is_first = claims(question, note.is_(None) if seen is None else note == seen, **{note.key: now})
    if not is_first or not question.discussion.has_digests:
        return
    known = set(db.session.scalars(select(Digest.email).where(Digest.question_id == question.id)))
    for email, zone in readers_of_digests.of(question.discussion).items():
        if email not in known:
            next_at = mornings.after(now, zone)
            db.session.add(Digest(question_id=question.id, email=email, time_zone=zone, next_at=next_at))
    db.session.flush()
    if is_over:
        # Whoever has had the last letter already (their morning came first) has none to come.
        db.session.execute(
            update(Digest).where(Digest.question_id == question.id, Digest.next_at.is_not(None)).values(next_at=now),
            execution_options={"synchronize_session": False},
        )


def _tell(email: str, discussion: Discussion) -> int:
    now = clock.now()
    mine = (Digest.email == email, Digest.next_at <= now)
    waiting = select(Digest).join(Question, Question.id == Digest.question_id)
    rows = waiting.where(*mine, Question.discussion_id == discussion.id).order_by(Question.number)
    found = list(db.session.scalars(rows, execution_options={"populate_existing": True}))
    last = _last_written(email)
    if last is not None and last > now - _LEAST_APART:
        for row in found:
            _take(row, last + _LEAST_APART)
        return 0
    reader = readers_of_digests.reader(email, discussion)
    parts = [part for row in found if (part := _part(row, reader, now)) is not None]
    return _write(reader, discussion, parts, found[0].time_zone) if reader is not None and parts else 0


def _part(row: Digest, reader: Reader | None, now: datetime) -> Part | None:
    """Take a row, and return what its letter says; None for who is not to be told, or if there is nothing new."""
    question = row.question
    ended_at = _ended_at(question, now)
    newest, count = _standing(question, reader)
    is_new = newest > row.told_id or count > row.told_count
    if ended_at is not None:
        is_due, next_at = ended_at > now - _OVER, None
    else:
        is_due, next_at = is_new and mornings.is_day(now, row.time_zone), mornings.after(now, row.time_zone)
    is_told = reader is not None and is_due
    told = (newest, count) if is_told else (row.told_id, row.told_count)
    if not _take(row, next_at, *told) or reader is None or not is_due:
        return None
    return part_of(question, reader.user, is_over=ended_at is not None)


def _take(row: Digest, next_at: datetime | None, told_id: int | None = None, told_count: int | None = None) -> bool:
    """Move a row on, once: of two processes the second finds another moment in it than it has read."""
    values: dict[str, object] = {"next_at": next_at}
    if told_id is not None:
        values |= {"told_id": told_id, "told_count": told_count}
    return claims(row, Digest.next_at == row.next_at, **values)


def _write(reader: Reader, discussion: Discussion, parts: list[Part], zone: str) -> int:
    """Write the letter, if there is anything to tell. All that is added to every one of them is added here."""
    now_open = open_besides(discussion, parts)
    if now_open is None and not any(part.says_something for part in parts):
        return 0
    shown = parts[:_MOST_PARTS]
    facts = {"discussion": discussion, "parts": shown, "zone": zone, "stop": reader.stop}
    facts |= {"now_open": now_open, "is_over": discussion.phase_at(clock.now()) is Phase.CLOSED}
    asked = [part.question for part in shown] + ([now_open] if now_open is not None else [])
    answers = _answers(reader.user, discussion, asked)
    facts |= {"answers": answers, "is_one": len(asked) == 1, "mark": addresses.MARK if answers else ""}
    letter = letters.write(
        reader.email, "digest", f"/d/{discussion.slug}", facts=facts, language=reader.language or discussion.language
    )
    letters.end_by(letter, reader.stop)
    if answers and reader.user is not None:
        one = answers.get(asked[0].id, "") if len(asked) == 1 else ""
        letter.reply_to = one or addresses.address_to_choose(reader.user)
    return 1


def _answers(user: User | None, discussion: Discussion, asked: list[Question]) -> dict[int, str]:
    """Return where `user` answers each of these questions by mail, as in notices; nothing where none is taken."""
    if user is None:
        return {}
    found = {question.id: addresses.address_for(user, discussion, question) for question in asked}
    return {number: address for number, address in found.items() if address}


def _last_written(email: str) -> datetime | None:
    lately = (Letter.kind == "digest", Letter.written_at > clock.now() - _LEAST_APART)
    return db.session.scalar(select(func.max(Letter.written_at)).where(Letter.to == email, *lately))


def _standing(question: Question, reader: Reader | None) -> tuple[int, int]:
    """Return the newest published comment by others to `question`, and how many there are."""
    shown = (Comment.question_id == question.id, Comment.state == CommentState.PUBLISHED)
    found = select(func.max(Comment.id), func.count()).where(*shown)
    if reader is not None and reader.user is not None:
        found = found.where(or_(Comment.author_id.is_(None), Comment.author_id != reader.user.id))
    newest, count = db.session.execute(found).one()
    return newest or 0, count


def _ended_at(question: Question, now: datetime) -> datetime | None:
    """When a question was over, with its discussion at the latest; None while it is open."""
    discussion = question.discussion
    if question.state is QuestionState.CLOSED:
        return question.closed_at or discussion.ends_at
    if discussion.phase_at(now) is Phase.CLOSED:
        return discussion.closed_at or discussion.ends_at
    return None
