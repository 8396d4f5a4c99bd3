"""The clock's hand: opens and closes discussions and opens questions at their time, in whichever process is first."""

import gevent
from flask import Flask

from forum.actions import digests, discussions, guest_mail, notices, openings, reminders
from forum.database import db, writing
from forum.live import background

# A timed change is due within two seconds, also where the process that was first has died (faults/test_clocks.py).
TICK_SECONDS = 0.8
REMIND_SECONDS = 5.0
_BREATH_SECONDS = 0.05


def start(app: Flask) -> None:
    """Start the clockwork of this process."""
    background.forever(app, "clockwork", turn, TICK_SECONDS)
    background.forever(app, "reminders", remind, REMIND_SECONDS)


def remind() -> None:
    """Write the mail that is due, some at a time, so that nobody waits long for the database.

    "We are live" goes to thousands within seconds of the opening, so it goes on until nothing is left. Digests have
    transactions of their own: whoever prepares them for thousands keeps nobody's reminder waiting.
    """
    looks = (_remind_some, _prepare_some_digests, _write_some_digests)
    while sum(look() for look in looks):
        gevent.sleep(_BREATH_SECONDS)


def _remind_some() -> int:
    """Return how many letters were written: none either when nothing is due or when another process was faster."""
    due, away, guests = reminders.due(), notices.due(), guest_mail.due()
    db.session.rollback()
    if not due and not away and not guests:
        return 0
    with writing():
        return reminders.take(due) + notices.take(away) + guest_mail.take(guests)


def _prepare_some_digests() -> int:
    found = digests.to_prepare()
    db.session.rollback()
    if not found:
        return 0
    with writing():
        return digests.prepare(found)


def _write_some_digests() -> int:
    found = digests.due()
    db.session.rollback()
    if not found:
        return 0
    with writing():
        return digests.take(found)


def turn() -> None:
    """Take the steps that are due. The cheap read first: a write transaction every tick would be a waste."""
    due = discussions.due_steps()
    db.session.rollback()
    if due:
        with writing():
            discussions.take_due_steps()
    opening = openings.due()
    db.session.rollback()
    for question_id in opening:
        # Each in its own transaction: whoever holds one discussion's row waits for no other.
        with writing():
            openings.take(question_id)
