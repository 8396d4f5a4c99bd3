"""The app as gunicorn serves it, on a machine whose wall clock is set.

`FAULT_CLOCK` names a file with an offset in seconds. Only the wall clock is moved, for us and for every library that
asks `time.time`; what counts seconds for itself (sleeps, time-outs, `time.monotonic`) goes on, as on a real machine.
`FAULT_REMIND` says how many seconds apart it looks whether letters are due, where that is not as ever.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

from gevent import monkey

monkey.patch_all()  # as wsgi does

from forum.live import clockwork

clockwork.REMIND_SECONDS = float(os.environ.get("FAULT_REMIND", clockwork.REMIND_SECONDS))

from wsgi import app  # isort: skip (it starts the clockwork)
from forum import clock

_offset = Path(os.environ["FAULT_CLOCK"])
_now, _time = clock.now, time.time


def _seconds() -> float:
    return float(_offset.read_text())


clock.now = lambda: _now() + timedelta(seconds=_seconds())
time.time = lambda: _time() + _seconds()
app.jinja_env.globals["now"] = clock.now  # the templates took it when the app was made
__all__ = ["app"]
