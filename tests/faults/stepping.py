"""The app as gunicorn serves it, on a machine whose wall clock is set.

`FAULT_CLOCK` names a file with an offset in seconds. Only the wall clock moves: what counts seconds for itself (sleeps,
time-outs) goes on, as it does on a real machine.
"""

import os
from datetime import timedelta
from pathlib import Path

from wsgi import app  # isort: skip (first: it makes the standard library wait without blocking)
from forum import clock

_offset = Path(os.environ["FAULT_CLOCK"])
_now = clock.now
clock.now = lambda: _now() + timedelta(seconds=float(_offset.read_text()))
__all__ = ["app"]
