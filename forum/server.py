"""How gunicorn is run: one place for its options, used by `forum serve`, `make run` and the tests."""

import errno
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from forum import alone
from forum.config import Settings

_ROOT = Path(__file__).resolve().parent.parent
# Seconds for a process that is just ending at the same port; as patient as gunicorn.
_PATIENCE = 5
_CHOOSE = "Choose another with FORUM_BIND (or --bind of `forum serve`)."


class CannotServe(Exception):
    """The settings do not fit together; the message says what to change."""


def serve(settings: Settings, workers: int = 1) -> NoReturn:
    """Become gunicorn, serving `wsgi:app` with `settings`; returns never, ends with gunicorn's exit status.

    The process is replaced, so that nothing of ours is imported before gevent has patched the worker. SIGTERM and
    SIGINT end it within 10 seconds with status 0. Raises CannotServe.
    """
    if workers < 1:
        raise CannotServe("At least one worker is needed.")
    if settings.is_sqlite and workers > 1:
        raise CannotServe("SQLite serves one process only. Set FORUM_DATABASE_URL to a PostgreSQL address for more.")
    _raise_file_limit()
    environment = {**os.environ, **as_environment(settings)}
    os.execve(sys.executable, command(settings, workers), environment)  # noqa: S606


def require_free(bind: str) -> None:
    """See whether `bind` can be listened on, in the way in which gunicorn will. Raises CannotServe."""
    try:
        if bind.startswith("fd://"):
            os.fstat(int(bind.removeprefix("fd://")))
        elif not bind.startswith("unix:"):
            _try(bind)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            port = bind.rpartition(":")[2]
            raise CannotServe(f"Port {port} is taken by another program. {_CHOOSE}") from error
        raise CannotServe(f"{bind} cannot be served ({error.strerror}). {_CHOOSE}") from error


@contextmanager
def holding(settings: Settings) -> Iterator[None]:
    """Be the one that serves an SQLite file, before anything in it is changed. Raises CannotServe.

    `serve` does not come back, so that what is held is let go when gunicorn and its worker have ended.
    """
    if not settings.is_sqlite:
        yield
        return
    try:
        held = alone.hold(settings, alone.PATIENCE_SECONDS)
    except alone.Taken as taken:
        raise CannotServe(
            f"Another process serves {settings.sqlite_file}. End it first, or give this one another folder with "
            "FORUM_DATA_DIR."
        ) from taken
    try:
        yield
    finally:
        os.close(held)


def _try(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    until = time.monotonic() + _PATIENCE
    while True:
        with socket.socket(socket.AF_INET6 if host.startswith("[") else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind((host.strip("[]"), int(port)))
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                    raise
        time.sleep(0.1)


def command(settings: Settings, workers: int = 1) -> list[str]:
    """Return the command line that serves `settings`."""
    options = {
        "config": str(_ROOT / "forum" / "listening.py"),
        "bind": settings.bind,
        "workers": str(workers),
        "worker-class": "gevent",
        # Readers are let go of after the handshake and do not count here; this bounds requests under way.
        "worker-connections": "10000",
        "backlog": "4096",
        "keep-alive": "20",
        "graceful-timeout": "8",
        "timeout": "60",
        "log-level": "warning",
        "pythonpath": str(_ROOT),
        "limit-request-line": "8190",
    }
    if Path("/dev/shm").is_dir():  # noqa: S108
        options["worker-tmp-dir"] = "/dev/shm"  # noqa: S108
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "gunicorn", *flags, "--no-control-socket", "wsgi:app"]


def as_environment(settings: Settings) -> dict[str, str]:
    """Return `settings` as the environment variables that say the same, with the data folder's full path."""
    said = {}
    for name, value in settings.model_dump(mode="json").items():
        said[f"FORUM_{name.upper()}"] = (value or "") if isinstance(value, str | None) else json.dumps(value)
    said["FORUM_DATA_DIR"] = str(settings.data_dir.resolve())
    return said


def _raise_file_limit() -> None:
    """Allow as many open files, and so readers, as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
