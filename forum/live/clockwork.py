"""The clock's hand: opens and closes discussions when their time has come, in whichever process is first."""

from flask import Flask

from forum.actions import discussions, notices, reminders
from forum.database import db, writing
from forum.live import background

# A timed change is due within two seconds, also where the process that was first has died (faults/test_clocks.py).
TICK_SECONDS = 0.8
REMIND_SECONDS = 5.0


def start(app: Flask) -> None:
    """Start the clockwork of this process."""
    background.forever(app, "clockwork", turn, TICK_SECONDS)
    background.forever(app, "reminders", remind, REMIND_SECONDS)


def remind() -> None:
    """Write the reminders and notices that are due, some at a time, so that nobody waits long for the database."""
    due, away = reminders.due(), notices.due()
    db.session.rollback()
    if due or away:
        with writing():
            reminders.take(due)
            notices.take(away)


def turn() -> None:
    """Take the steps that are due. The cheap read first: a write transaction every tick would be a waste."""
    due = discussions.due_steps()
    db.session.rollback()
    if due:
        with writing():
            discussions.take_due_steps()
