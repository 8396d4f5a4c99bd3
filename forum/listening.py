"""gunicorn's configuration file. A process listens when it can answer, and not while it is still loading.

As it comes, gunicorn listens first: measured behind nginx, whoever was sent to a process that had just been started
waited 2 to 4 s until it had loaded, while its neighbour was idle. Refused at once, a proxy asks the neighbour.

gunicorn reads this file before gevent has patched anything, so it imports nothing of ours at first.
"""

import socket
import sys
from functools import partial
from typing import Any


def when_ready(server: Any) -> None:
    """Keep the port, but take nobody in (Linux takes a listener that was shut down for one that may listen again)."""
    for listener in server.LISTENERS:
        if sys.platform == "linux" and listener.sock.family in {socket.AF_INET, socket.AF_INET6}:
            listener.sock.shutdown(socket.SHUT_RDWR)


def worker_exit(_server: Any, _worker: Any) -> None:
    """Stay until every reader has been sent on: the process would otherwise end when its last request has."""
    if "forum.live.engine" in sys.modules:
        sys.modules["forum.live.engine"].wait_for_drain()


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


def _settle(cfg: Any) -> None:
    """Keep gunicorn's settings where Python finds them at once: it asks for many of them at each request."""
    vars(cfg).update({name: setting.get() for name, setting in cfg.settings.items()})
