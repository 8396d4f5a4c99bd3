"""The app as gunicorn serves it, except that a process dies once between a comment's commit and its answer.

`FAULT_ONCE` names a file: whichever process removes it is the one to die.
"""

import os
import signal
from pathlib import Path

from wsgi import app  # isort: skip (first: it makes the standard library wait without blocking)
from forum.web import comments

_answer = comments._answer


def _die_once(comment: object, *rest: object) -> object:
    try:
        Path(os.environ["FAULT_ONCE"]).unlink()
    except FileNotFoundError:
        return _answer(comment, *rest)  # type: ignore[arg-type]
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


comments._answer = _die_once  # type: ignore[assignment]
__all__ = ["app"]
