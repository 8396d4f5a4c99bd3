"""The clock's hand: opens and closes discussions when their time has come, in whichever process is first."""

from flask import Flask

from forum.actions import discussions
from forum.database import db, writing
from forum.live import background

TICK_SECONDS = 0.5


def start(app: Flask) -> None:
    """Start the clockwork of this process."""
    background.forever(app, "clockwork", turn, TICK_SECONDS)


def turn() -> None:
    """Take the steps that are due. The cheap read first: a write transaction every half second would be a waste."""
    due = discussions.due_steps()
    db.session.rollback()
    if due:
        with writing():
            discussions.take_due_steps()
