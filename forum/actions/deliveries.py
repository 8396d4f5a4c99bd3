"""What mail servers say of our letters: refused, sent back, still trying; and how long we keep what they say.

Everything runs inside `writing()`.
"""

from datetime import timedelta

from sqlalchemy import and_, exists, func, or_, select

from forum import clock
from forum.actions import first_passwords, forgetting
from forum.database import db
from forum.live import log
from forum.models import Audience, DeadAddress, Guest, Invitation, Letter, User

# By then no server sends a letter back any more, and its reader has asked whether we wrote it.
KEPT_FOR = timedelta(days=30)
_NO_NUMBER = 2**31 - 1


def refused(letter: Letter, words: str) -> None:
    """Note that our own mail server does not take `letter`, or that it was tried in vain for too long."""
    letter.refused_at = letter.refused_at or clock.now()
    letter.refusal = words or letter.refusal
    letter.body = ""  # nobody gets it any more; the link in it is nobody's business
    _tell_hosts(letter)


def bounced(letter: Letter, words: str, *, is_dead: bool) -> None:
    """Note that `letter` was sent, and came back. `is_dead` says that nobody reads at that address at all."""
    if letter.bounced_at is not None:
        return
    letter.bounced_at, letter.delayed_at, letter.refusal = clock.now(), None, words
    if is_dead and db.session.get(DeadAddress, letter.to) is None:
        db.session.add(DeadAddress(email=letter.to, at=clock.now()))
    _tell_hosts(letter)


def delayed(letter: Letter, words: str) -> None:
    """Note that a mail server on the way is still trying; what came back for good stays so."""
    if letter.bounced_at is None:
        letter.delayed_at, letter.refusal = clock.now(), words


def somebody_reads_at(email: str) -> None:
    """Forget that nobody reads at `email`: its person has just shown that they do."""
    if (dead := db.session.get(DeadAddress, email)) is not None:
        db.session.delete(dead)


def forget_old() -> None:
    """Throw away letters that left, or were given up, longer than KEPT_FOR ago: some at a time, the oldest first.

    One of which a list of hosts or administrators tells stays as long as it does: whether a guest's arrived, a
    panelist's link (while it could be good), and every welcome, or letter to choose a first password, of somebody who
    has not followed one.
    """
    before = clock.now() - KEPT_FOR
    is_told_of = or_(
        exists().where(Guest.letter_id == Letter.id),
        exists().where(Invitation.letter_id == Letter.id, Invitation.expires_at >= before),
        and_(Letter.kind == "welcome", exists().where(User.email == Letter.to, User.confirmed_at.is_(None))),
        and_(
            Letter.kind == "seated",
            exists().where(User.email == Letter.to, or_(User.password_hash.is_(None), User.confirmed_at.is_(None))),
        ),
    )
    # Letters have their numbers in the order in which they were written, so what is younger need not be read.
    young = select(Letter.id).where(Letter.written_at >= before).order_by(Letter.id).limit(1).scalar_subquery()
    old = (
        select(Letter.id)
        .where(Letter.id < func.coalesce(young, _NO_NUMBER))
        .where(func.coalesce(Letter.sent_at, Letter.refused_at) < before, ~is_told_of)
    )
    forgetting.throw_away(Letter, old)


def _tell_hosts(letter: Letter) -> None:
    """A letter to panel or staff that did not arrive is news to whoever looks at the console."""
    if letter.kind == "seated":
        first_passwords.tell_lost(letter.to)
        return
    found = db.session.scalar(select(Invitation).where(Invitation.letter_id == letter.id))
    if found is not None:
        log.record(found.seat.discussion, "invitation.failed", found.seat_id, Audience.HOSTS)
