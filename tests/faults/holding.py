"""The app as gunicorn serves it, except that a process stands still once inside a transaction, with its locks held.

`FAULT_ONCE` names a file: whoever removes it freezes, until it is sent SIGCONT.
Others wait a quarter as long for PostgreSQL, see `hurried`.
"""

import os
import signal
from pathlib import Path

from tests.faults.hurried import app  # isort: skip (first: it makes the standard library wait without blocking)
from forum.live import log

_record = log.record_all


def _freeze_once(*said: object, **named: object) -> int:
    seq = _record(*said, **named)  # type: ignore[arg-type]
    try:
        Path(os.environ["FAULT_ONCE"]).unlink()
    except FileNotFoundError:
        return seq
    os.kill(os.getpid(), signal.SIGSTOP)
    return seq


log.record_all = _freeze_once
__all__ = ["app"]
