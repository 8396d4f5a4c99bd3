"""The app as gunicorn serves it, on a machine whose wall clock is set.

`FAULT_CLOCK` names a file with an offset in seconds. Only the wall clock is moved, for us and for every library that
asks `time.time`; what counts seconds for itself (sleeps, time-outs, `time.monotonic`) goes on, as on a real machine.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

from wsgi import app  # isort: skip (first: it makes the standard library wait without blocking)
from forum import clock

_offset = Path(os.environ["FAULT_CLOCK"])
_now, _time = clock.now, time.time


def _seconds() -> float:
    return float(_offset.read_text())


clock.now = lambda: _now() + timedelta(seconds=_seconds())
time.time = lambda: _time() + _seconds()
app.jinja_env.globals["now"] = clock.now  # the templates took it when the app was made
__all__ = ["app"]
