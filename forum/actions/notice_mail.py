"""Letters to people who are away about what happened to them (`notices`). Runs inside `writing()`.

A letter is written if its person has not been on the site meanwhile: everything that waits for them in one letter, and
few of those an hour.

A letter is answered by mail where that is clear: if all of it is about one question, an answer to it is an answer
there. If it is about several, each has an address of its own, and an answer to the letter itself comes back with the
request to choose: a public answer in the wrong place cannot be taken back from those who have read it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select, update

from forum import access, clock, people, text
from forum.actions import calls, quiet
from forum.database import db
from forum.models import CommentState, Letter, Notice, NoticeKind, Session, Silence, User
from forum.notify import addresses, letters

# Who was seen so lately is on the site: a session is noted every five minutes, that of an open page too.
HERE = timedelta(minutes=6)
# A little patience gathers what comes together; who is called on by a host is told at once.
GATHERED = timedelta(minutes=3)
MOST_AN_HOUR = 3
_MOST_IN_ONE = 30
_AT_ONCE = 20
_OVER = timedelta(days=2)


@dataclass(frozen=True)
class Line:
    """What a letter says of one notice."""

    kind: NoticeKind
    title: str
    who: str
    words: str
    path: str
    number: int | None = None  # of the question
    # Where an answer by mail goes, to the comment and to its question; empty where none is taken.
    answer: str = ""
    thread: str = ""


def _due() -> Select[int]:
    seen = select(func.max(Session.seen_at)).where(Session.user_id == Notice.user_id).scalar_subquery()
    is_away = or_(seen.is_(None), seen <= clock.moment(-HERE))
    is_ripe = or_(Notice.kind == NoticeKind.CALLED, Notice.at <= clock.moment(-GATHERED))
    lately = (Letter.kind == "notices", Letter.written_at > clock.moment(-timedelta(hours=1)))
    told_enough = (
        select(User.id)
        .join(Letter, Letter.to == User.email)
        .where(*lately)
        .group_by(User.id)
        .having(func.count() >= MOST_AN_HOUR)
    )
    return (
        select(Notice.user_id)
        .where(
            Notice.done_at.is_(None),
            or_(
                Notice.at < clock.moment(-_OVER),
                Notice.at <= seen,
                and_(is_away, is_ripe, Notice.user_id.not_in(told_enough)),
            ),
        )
        .group_by(Notice.user_id)
        .order_by(func.min(Notice.at), Notice.user_id)
        .limit(_AT_ONCE)
    )


# What `due` looks for; the clock asks it again and again, so it is put together once.
DUE = _due()


def due() -> list[int]:
    """Return the ids of people for whom there is something to do: one read, no lock. `take` decides.

    Whoever is here, or has had enough letters this hour, is passed over by the database: a line of them, however
    long, holds nobody back.
    """
    return list(db.session.scalars(DUE))


def take(ids: list[int]) -> int:
    """Write what is due to the people with these `ids`, each notice once; return how many letters were written."""
    return sum(_tell(user_id) for user_id in sorted(ids))


def _is_due(user_id: int, now: datetime) -> bool:
    """Whether there is something to do for this person: to write, or to see that they have been here."""
    seen = _seen(user_id)
    waiting = _waiting(user_id)
    if any(notice.at <= (seen or notice.at - HERE) or notice.at < now - _OVER for notice in waiting):
        return True
    if seen is not None and seen > now - HERE:
        return False
    ripe = any(notice.kind is NoticeKind.CALLED or notice.at <= now - GATHERED for notice in waiting)
    return ripe and _written_lately(user_id, now) < MOST_AN_HOUR


def _tell(user_id: int) -> int:
    now = clock.now()
    # The person's row is the turnstile: of two processes the second finds everything done.
    user = db.session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        return 0
    seen = _seen(user_id)
    waiting = _waiting(user_id)
    known = [n for n in waiting if (seen is not None and n.at <= seen) or n.at < now - _OVER]
    _done(known, now)
    waiting = [notice for notice in waiting if notice not in known]
    if not waiting or not _is_due(user_id, now):
        return 0
    _done(waiting, now)
    unwanted = set(user.quiet.split(","))
    lines = [line for notice in waiting[:_MOST_IN_ONE] if notice.kind not in unwanted and (line := _line(user, notice))]
    if not lines or user.confirmed_at is None:
        return 0
    stop_at = quiet.stop(user)
    threads = {line.thread for line in lines}
    mark = addresses.MARK if any(threads) else ""
    facts = {"lines": lines, "stop": stop_at, "mark": mark, "is_one": len(threads) == 1}
    letter = letters.write(user.email, "notices", "/account#mail", facts=facts, language=waiting[0].discussion.language)
    letters.end_by(letter, stop_at)
    if mark:
        of_all = lines[0].answer if len(lines) == 1 else lines[0].thread
        letter.reply_to = of_all if len(threads) == 1 else addresses.address_to_choose(user)
    return 1


def _line(user: User, notice: Notice) -> Line | None:
    """Return what the letter says, None for what is not to be seen, or not awaited, (any more)."""
    discussion, comment, question = notice.discussion, notice.comment, notice.question
    if not access.may(user, "discussion.read", discussion) or _is_over(notice):
        return None
    path, who, words = f"/d/{discussion.slug}", "", ""
    if comment is not None:
        is_unread = comment.author_id is not None and db.session.get(Silence, (user.id, comment.author_id)) is not None
        if is_unread or comment.state is not CommentState.PUBLISHED:
            return None
        path, who = f"{path}/c/{comment.id}", people.face_of(comment).name
        words = text.excerpt(comment.html, 300)
        question = comment.question
    elif question is not None:
        path, words = f"{path}#q{question.number}", question.text[:300]
    return Line(
        notice.kind, discussion.title, who, words, path, question.number if question else None,
        addresses.address_for(user, discussion, question, comment), addresses.address_for(user, discussion, question),
    )  # fmt: skip


def _is_over(notice: Notice) -> bool:
    """Whether a host calls on this person no more: the call was taken back, passed on or answered meanwhile."""
    if notice.kind is not NoticeKind.CALLED:
        return False
    asked = (notice.question_id, notice.comment_id)
    standing = calls.open_calls(notice.discussion, notice.user_id)
    return all((call.question_id, call.comment_id) != asked for call in standing)


def _waiting(user_id: int) -> list[Notice]:
    found = select(Notice).where(Notice.user_id == user_id, Notice.done_at.is_(None)).order_by(Notice.id)
    return list(db.session.scalars(found))


def _done(notices: list[Notice], now: datetime) -> None:
    db.session.execute(
        update(Notice).where(Notice.id.in_([notice.id for notice in notices])).values(done_at=now),
        execution_options={"synchronize_session": False},
    )


def _seen(user_id: int) -> datetime | None:
    """When this person was last seen on any of their devices."""
    return db.session.scalar(select(func.max(Session.seen_at)).where(Session.user_id == user_id))


def _written_lately(user_id: int, now: datetime) -> int:
    email = select(User.email).where(User.id == user_id).scalar_subquery()
    mine = (Letter.to == email, Letter.kind == "notices", Letter.written_at > now - timedelta(hours=1))
    return db.session.scalar(select(func.count()).select_from(Letter).where(*mine)) or 0
