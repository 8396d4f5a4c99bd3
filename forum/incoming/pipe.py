"""A mail server's pipe: one mail on standard input, and an exit status of sysexits.h that the mail server knows."""

import sys

from forum.config import Settings
from forum.incoming import receiving
from forum.incoming.receiving import NOBODY, TOO_LARGE, Outcome


def run(settings: Settings, recipients: list[str], sender: str | None) -> Outcome:
    """Take the mail on standard input for `recipients` (else those of its headers), and return the worst outcome.

    A mail that is tried again for one recipient is known again for the others. No table is made here: a mail that
    comes while the site is being brought up to date waits in the mail server's queue.
    """
    from forum import create_app

    raw = sys.stdin.buffer.read(receiving.LARGEST_BYTES + 1)
    if len(raw) > receiving.LARGEST_BYTES:
        return TOO_LARGE
    message = receiving.read(raw, sender)
    if message is not None and not recipients:
        recipients = receiving.recipients_of(message)
    app = create_app(settings)
    outcomes = [receiving.receive(app, message, recipient) for recipient in recipients or [""]]
    # Later for one is later for all; else what went wrong is said.
    return max(outcomes, key=lambda outcome: (outcome.status == 75, outcome.status), default=NOBODY)
