"""Begets servers: the libraries are loaded here once, and each server is a fork that goes on from there.

Of the 3 s of processor time that a server takes to start, the libraries are half, and the suite starts some hundred.
Nothing of ours is loaded before the fork: what a process makes of itself when it starts (its name among the others,
its moments) is made by each, as ever. `make soak` measures how fast a server is back, and starts the usual way; so do
the tests of `forum serve`. Variables that Python or the C library read as they start (PYTHON…, TZ) come too late.
"""

import gc
import json
import os
import socket
import sys
import warnings
from importlib import import_module

from gevent import events, monkey

# What wsgi and gunicorn import. One that is missing here is loaded by each server; one too many does no harm.
LIBRARIES = (
    "alembic", "argon2", "bleach", "brotli", "click", "confusable_homoglyphs.confusables", "email_validator", "flask",
    "flask.testing", "flask_babel", "flask_limiter", "flask_login", "flask_migrate", "flask_socketio",
    "flask_sqlalchemy", "flask_wtf", "gunicorn.app.wsgiapp", "gunicorn.workers.ggevent", "icalendar", "linkify_it",
    "markdown_it", "nh3", "PIL.Image", "psycopg", "pydantic_settings", "simple_websocket", "snowballstemmer",
    "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite", "wtforms",
)  # fmt: skip


def load() -> None:
    """Patch, as gunicorn's worker and wsgi do (again) in each server, and load the libraries.

    Signals and forks are left as they are: here runs gunicorn's own process, which nothing patches otherwise.
    """
    events.notify_and_call_entry_points = events.notify  # as in forum/listening.py
    warnings.filterwarnings("ignore", category=monkey.MonkeyPatchWarning)  # that gunicorn's worker patches the rest
    monkey.patch_all(os=False, signal=False)
    for name in LIBRARIES:
        import_module(name)
    gc.collect()
    gc.freeze()


def beget(link: socket.socket) -> dict[str, object]:
    """Answer until nobody asks any more; returns in each new server, with what was ordered of it."""
    said = link.makefile("r")
    while line := said.readline():
        order = json.loads(line)
        if "of" in order:
            pid, status = os.waitpid(order["of"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                said.close()
                link.close()
                return order
        link.sendall(f"{json.dumps(answer)}\n".encode())
    sys.exit()


def main(number: int) -> None:
    """Load, and become what is ordered through the socket with this `number`."""
    load()
    # As the system has it: gevent's would wait in its loop, which must not run before the fork.
    plain = monkey.get_original("socket", "socket")
    order = beget(plain(fileno=number))
    os.environ.clear()
    os.environ.update(order["environment"])
    if order["log"]:
        os.dup2(os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), 2)
    sys.argv = order["arguments"]
    import_module("gunicorn.app.wsgiapp").run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
