"""Turns the app into a running service: sockets, tail, clockwork, sweep, mail and demo cast, once per worker."""

import gc
import signal
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Any

import gevent
from flask import Flask

from forum import files
from forum.config import Settings
from forum.live import background, clockwork, elsewhere, farewell, presence, rights, sockets, tail, warming


def start(app: Flask) -> Flask:
    """Bind sockets and files to `app`, start what runs beside requests, and return `app`."""
    settings: Settings = app.config["SETTINGS"]
    if not settings.is_sqlite:
        import_module("forum.postgresql").serve()
    app.wsgi_app = files.Files(app.wsgi_app, app.static_folder or "", settings.data_dir / "media")  # type: ignore[method-assign]
    sockets.init_app(app)
    tail.start(app)
    clockwork.start(app)
    rights.start(app)
    _start_if_present("forum.notify.mail", "start_sender", app)
    if settings.demo:
        _start_if_present("forum.demo.cast", "start", app)
    _part_on_term(app)
    warming.warm(app)
    # What is loaded by now stays for good: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    # Requests make and drop thousands of objects; as it comes, the collector walks the young ones at every 700.
    gc.set_threshold(10_000, 20, 20)
    return app


def _start_if_present(module: str, name: str, app: Flask) -> None:
    if find_spec(module.rpartition(".")[0]) and find_spec(module):
        getattr(import_module(module), name)(app)


def _part_on_term(app: Flask) -> None:
    """Before gunicorn's own handler stops accepting, send the readers on, so that browsers turn to another process.

    Ctrl-C and SIGQUIT end the same way: gunicorn's own quick end raises SystemExit in a greenlet, which gevent prints.
    """
    before: Any = signal.getsignal(signal.SIGTERM)

    def part(number: int, stack: FrameType | None) -> None:
        elsewhere.leave()
        said = background.once(app, "presence", presence.tell)
        gevent.spawn(farewell.begin, sockets.socketio.server, elsewhere.has_neighbours, said)
        if callable(before):
            before(number, stack)

    if callable(before):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, part)
