"""What mail servers say of our letters: refused, sent back, still trying. Everything runs inside `writing()`."""

from sqlalchemy import select

from forum import clock
from forum.database import db
from forum.live import log
from forum.models import Audience, DeadAddress, Invitation, Letter


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


def _tell_hosts(letter: Letter) -> None:
    """A panelist's link that did not arrive is news to whoever looks at the console."""
    found = db.session.scalar(select(Invitation).where(Invitation.letter_id == letter.id))
    if found is not None:
        log.record(found.seat.discussion, "invitation.failed", found.seat_id, Audience.HOSTS)
