"""gunicorn's configuration file. A process listens when it can answer, and not while it is still loading.

As it comes, gunicorn listens first: measured behind nginx, whoever was sent to a process that had just been started
waited 2 to 4 s until it had loaded, while its neighbour was idle. Refused at once, a proxy asks the neighbour.

gunicorn reads this file before gevent has patched anything, so it imports nothing of ours at first.
"""

import sys
from contextlib import suppress
from functools import partial
from typing import Any

from gevent import events
from gunicorn.sock import BaseSocket


def on_starting(_server: Any) -> None:
    """Have gunicorn bind its port and not listen there: it leaves alone what it believes to be listening already.

    It was let listen and then stopped: between the two, on a busy machine, somebody was taken in for seconds.
    """
    BaseSocket._is_listening = staticmethod(lambda _sock: True)
    # For plugins to its patching gevent looks through every package that is installed, 25 times, and patches twice
    # (gunicorn does, and wsgi): a fifth of the time in which a process is ready. Nobody has such plugins here.
    events.notify_and_call_entry_points = events.notify  # type: ignore[attr-defined]


def worker_exit(_server: Any, _worker: Any) -> None:
    """Stay until every reader has been sent on: the process would otherwise end when its last request has."""
    if "forum.live.farewell" in sys.modules:
        sys.modules["forum.live.farewell"].wait()


def post_worker_init(worker: Any) -> None:
    """Open the door: the app is loaded. For the second worker it is open already, which does no harm."""
    from forum.idle import Idle  # here gevent has patched

    Idle(worker).install()
    _settle(worker.cfg)
    if "forum.live.sockets" in sys.modules:
        from forum.live import arrivals, sockets

        arrivals.install(worker, partial(sockets.is_welcome, worker.wsgi), sockets.let_in)
    for listener in worker.sockets:
        listener.listen(worker.cfg.backlog)
    if worker.age == 1:  # the first of all workers, and not one that replaces it
        _say_where(worker.cfg.bind)
    if "forum.live.elsewhere" in sys.modules:
        from forum.live import background, elsewhere, presence

        # At once: whichever process is ended next sends its readers here.
        elsewhere.arrive()
        background.once(worker.wsgi, "presence", presence.tell)


def _say_where(binds: list[str]) -> None:
    at = ", ".join(bind if bind.startswith(("unix:", "fd:")) else f"http://{bind}" for bind in binds)
    with suppress(OSError):  # nobody listens to what is said: no reason not to serve
        print(f"Serving at {at}", flush=True)


def _settle(cfg: Any) -> None:
    """Keep gunicorn's settings where Python finds them at once: it asks for many of them at each request."""
    vars(cfg).update({name: setting.get() for name, setting in cfg.settings.items()})
