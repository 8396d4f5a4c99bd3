"""Sign-ins on devices: they begin, are seen, and end. What writes runs inside `writing()`."""

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session as Reading
from sqlalchemy.orm import aliased, joinedload

from forum import clock
from forum.actions import deliveries
from forum.database import db
from forum.models import Session, User
from forum.refusals import unknown
from forum.turns import Interrupted, Line

# A session lives this long after it was last seen; a write for every request would make readers writers.
LENGTH = timedelta(days=90)
# A session that is over stays in what its owner can ask for (where was I signed in?) for so long.
KEPT_FOR = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
# Put together once: it runs for every request of who is signed in.
_WITH_HASH = (
    select(Session).where(Session.token_hash.in_(bindparam("hashes", expanding=True))).options(joinedload(Session.user))
)
_BEARERS = (
    select(Session.token_hash, Session.user_id, Session.id)
    .join(User, User.id == Session.user_id)
    .where(
        Session.token_hash.in_(bindparam("hashes", expanding=True)),
        Session.ended_at.is_(None),
        Session.expires_at > clock.moment(),
        User.left_at.is_(None),
    )
)


def begin(user: User, device: str = "") -> Session:
    """Sign `user` in and return the session; its `token`, for the cookie, is known only now."""
    token, now = secrets.token_urlsafe(32), clock.now()
    session = Session(
        user_id=user.id,
        token_hash=_hash(token),
        device=device[:200],
        started_at=now,
        seen_at=now,
        expires_at=now + LENGTH,
    )
    db.session.add(session)
    db.session.flush()
    session.token = token
    user.session = session
    deliveries.somebody_reads_at(user.email)
    return session


def user_of(token: str) -> User | None:
    """Return whom `token` signs in, with `session` set, or None when that session is unknown, ended or over.

    One that began while its person left the site is nobody's.
    """
    session = _with_hash(_hash(token))
    if session is None or not session.is_open(clock.now()) or session.user.left_at is not None:
        return None
    session.token = token
    session.user.session = session
    return session.user


def bearer_of(token: str) -> tuple[int, int] | None:
    """Return the ids of whom `token` signs in and of their session, or None when it is unknown, ended or over.

    Those who come at the same moment are looked up together. Raises Interrupted when the process is ending.
    """
    return _bearing.ask(_hash(token))


def _look_for_bearers(hashes: Sequence[str]) -> list[tuple[int, int] | None]:
    with db.engine.connect() as connection:
        rows = connection.execute(_BEARERS, {"hashes": hashes})
        found = {token_hash: (user_id, session_id) for token_hash, user_id, session_id in rows}
    return [found.get(token_hash) for token_hash in hashes]


def _with_hash(token_hash: str) -> Session | None:
    """Return the session with this hash. A request that has read nothing yet looks together with others."""
    ours = db.session()
    if not ours.in_transaction() and not ours.identity_map:
        with suppress(Interrupted):
            found = _looking.ask(token_hash)
            if found is not None:
                ours.add(found)
                return found
    return db.session.scalar(_WITH_HASH, {"hashes": [token_hash]})


def _look(hashes: Sequence[str]) -> list[Session | None]:
    """Return the session with each of `hashes`, in nobody's hands yet; None where there is none, or where another
    request of the same person has it.
    """
    with Reading(db.engine) as reading:
        found = {session.token_hash: session for session in reading.scalars(_WITH_HASH, {"hashes": hashes})}
        reading.expunge_all()
    given: set[int] = set()
    looked: list[Session | None] = []
    for token_hash in hashes:
        session = found.get(token_hash)
        if session is None or session.user_id in given:
            looked.append(None)
        else:
            given.add(session.user_id)
            looked.append(session)
    return looked


# The first question of every page and every post: sixteen together cost little more than one (docs/performance.md).
_looking: Line[str, Session | None] = Line(_look)
_bearing: Line[str, tuple[int, int] | None] = Line(_look_for_bearers)


def is_due(session: Session) -> bool:
    """Whether `session` was last noted as seen so long ago that it is worth a write."""
    return clock.now() - session.seen_at >= SEEN_EVERY


def see(session_id: int) -> None:
    """Note that the session is in use, which lets it live on; an ended one stays ended."""
    now = clock.now()
    db.session.execute(
        update(Session)
        .where(Session.id == session_id, Session.ended_at.is_(None), Session.seen_at <= now - SEEN_EVERY)
        .values(seen_at=now, expires_at=now + LENGTH),
        execution_options={"synchronize_session": False},
    )


def see_all(ids: list[int]) -> None:
    """Note that the sessions with these `ids` are in use: a page of theirs is open, though it asks for nothing."""
    now = clock.now()
    db.session.execute(
        update(Session)
        .where(Session.id.in_(ids), Session.ended_at.is_(None), Session.seen_at <= now - SEEN_EVERY)
        .values(seen_at=now, expires_at=now + LENGTH),
        execution_options={"synchronize_session": False},
    )


def open_of(user: User) -> list[Session]:
    """Return the sessions that `user` is signed in with, the latest seen first."""
    return list(
        db.session.scalars(
            select(Session)
            .where(Session.user_id == user.id, Session.ended_at.is_(None), Session.expires_at > clock.now())
            .order_by(Session.seen_at.desc(), Session.id.desc())
        )
    )


def end(user: User, session_id: int) -> None:
    """End one session of `user`; ending it twice is fine. Raises Refused (not_found) for anybody else's."""
    session = db.session.get(Session, session_id) if abs(session_id) < 2**31 else None
    if session is None or session.user_id != user.id:
        raise unknown()
    session.ended_at = session.ended_at or clock.now()


def end_all(user: User, besides: Session | None = None) -> None:
    """End every session of `user`, on every device, except `besides`. Open sockets feel it within seconds."""
    for session in open_of(user):
        if besides is None or session.id != besides.id:
            session.ended_at = clock.now()


def forget_old() -> None:
    """Throw away the sessions that ended, or ran out, longer than KEPT_FOR ago: nobody need know for ever.

    The last of each person stays: administrators see when somebody was here last.
    """
    over = func.coalesce(Session.ended_at, Session.expires_at)
    later = aliased(Session)
    was_here_again = exists().where(
        later.user_id == Session.user_id,
        or_(later.seen_at > Session.seen_at, and_(later.seen_at == Session.seen_at, later.id > Session.id)),
    )
    db.session.execute(
        delete(Session).where(over < clock.now() - KEPT_FOR, was_here_again),
        execution_options={"synchronize_session": False},
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
