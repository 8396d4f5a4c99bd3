"""The clock's hand: opens and closes discussions and opens questions at their time, in whichever process is first."""

from flask import Flask

from forum.actions import digests, discussions, notices, openings, reminders
from forum.database import db, writing
from forum.live import background

TICK_SECONDS = 0.5
REMIND_SECONDS = 5.0


def start(app: Flask) -> None:
    """Start the clockwork of this process."""
    background.forever(app, "clockwork", turn, TICK_SECONDS)
    background.forever(app, "reminders", remind, REMIND_SECONDS)


def remind() -> None:
    """Write the reminders, notices and digests that are due, some at a time: nobody waits long for the database."""
    due, away = reminders.due(), notices.due()
    db.session.rollback()
    if due or away:
        with writing():
            reminders.take(due)
            notices.take(away)
    # Each in its own transaction: whoever prepares for thousands keeps nobody's reminder waiting.
    for look, work in ((digests.to_prepare, digests.prepare), (digests.due, digests.take)):
        found = look()
        db.session.rollback()
        if found:
            with writing():
                work(found)


def turn() -> None:
    """Take the steps that are due. The cheap read first: a write transaction every half second would be a waste."""
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
