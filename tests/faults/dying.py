"""The app as gunicorn serves it, except that a process dies once between a comment's commit and its answer.

`FAULT_ONCE` names a file: whichever process removes it is the one to die.
"""

import os
import signal
from pathlib import Path

from wsgi import app  # isort: skip (first: it makes the standard library wait without blocking)
from forum.web import desk
from forum.web.desk import Receipt, Sheet

_hand_in = desk.hand_in


def _die_once(slug: str, sheet: Sheet) -> Receipt:
    receipt = _hand_in(slug, sheet)
    try:
        Path(os.environ["FAULT_ONCE"]).unlink()
    except FileNotFoundError:
        return receipt
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


desk.hand_in = _die_once
__all__ = ["app"]
