"""Who comes to a worker: a handshake is let in past gunicorn, and everything else reaches gunicorn with every byte."""

import struct
from contextlib import suppress
from types import SimpleNamespace

import gevent
import pytest
from gevent import socket
from gevent.baseserver import BaseServer
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.config import Config
from gunicorn.workers.base_async import AsyncWorker
from gunicorn.workers.ggevent import GeventWorker

from forum import idle, listening
from forum.live import arrivals, door, sockets
from forum.live.door import Door
from tests.live.test_handshake import head
from tests.marks import mark_of

# A new version has changed one of these: read it, see that forum/live/arrivals.py still fits, then note the new mark.
READ = {
    AsyncWorker.handle: "6eb3b127e6ba",
    GeventWorker.handle: "0ea41a122964",
    GeventWorker.run: "50119854ef8b",
    BaseServer._do_read: "6a5f2ba39cbd",
    BaseServer.close: "3cfb2432daf2",
    StreamServer.do_read: "6cb23b7571a8",
}
PAGE = b"GET /d/water HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("thing", READ, ids=lambda thing: thing.__qualname__)
def test_the_servers_are_inside_as_we_read_them(thing):
    mark = mark_of(thing)
    assert mark == READ[thing], f"{thing.__qualname__} has changed: {mark}. Read forum/live/arrivals.py"


class Place:
    """A worker's place to listen at: what gunicorn was handed there, and who was let in past it."""

    def __init__(self, *, keepalive: float = 20, at_once: int = 10, takes: bool = True, welcomes: bool = True):
        self.cfg = SimpleNamespace(keepalive=keepalive, workers=1)
        self.handed, self.let_in, self.takes = [], [], takes
        self.goes_on = Event()
        self.goes_on.set()
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        self.address = listener.getsockname()
        self.server = arrivals.Arrivals(
            self, Door(None, None), lambda _said: welcomes, self._let_in, listener, spawn=Pool(at_once)
        )
        self.server.start()

    def handle(self, listener, client, address) -> None:
        """Stand in for gunicorn's: read once, and say so."""
        self.goes_on.wait()
        with suppress(OSError):
            said = client.recv(65536)
            self.handed.append((listener.getsockname(), address, said))
            client.sendall(b"page")
        client.close()

    def _let_in(self, said, wire, size) -> bool:
        if self.takes:
            with suppress(OSError):
                self.let_in.append((said["HTTP_HOST"], wire.recv(65536)))
                assert len(self.let_in[-1][1]) == size
                wire.send(b"101")
            wire.close()
        return self.takes

    def ask(self, *pieces: bytes) -> bytes:
        """Send `pieces`, one after the other, and return what is said to it."""
        with socket.create_connection(self.address, timeout=5) as wire:
            for piece in pieces:
                wire.sendall(piece)
                gevent.sleep(0.02)
            return wire.recv(64)


@pytest.fixture
def place():
    places = []

    def make(**how) -> Place:
        places.append(Place(**how))
        return places[-1]

    yield make
    for each in places:
        each.server.stop(timeout=0.1)


def test_a_handshake_is_let_in_and_gunicorn_hears_nothing_of_it(place):
    here = place()
    assert here.ask(b"", head()) == b"101"
    assert here.let_in == [("talk.example.org", head())]
    assert not here.handed


@pytest.mark.parametrize(
    "pieces",
    [(PAGE,), (b"", PAGE), (head()[:50], head()[50:]), (head() + b"more",)],
    ids=["page", "late", "half", "more"],
)
def test_all_else_is_gunicorns_from_its_first_byte(place, pieces):
    here = place()
    assert here.ask(*pieces) == b"page"
    ((listener, address, said),) = here.handed
    assert (listener, address[0]) == (here.address, "127.0.0.1")
    assert b"".join(pieces).startswith(said) and said
    assert not here.let_in


@pytest.mark.parametrize("why", ["takes", "welcomes"])
def test_a_handshake_that_is_refused_is_gunicorns_to_answer(place, why):
    before = door.came()
    here = place(**{why: False})
    assert here.ask(head()) == b"page"
    assert [said for _, _, said in here.handed] == [head()]
    assert door.came() - before == (why == "takes"), "who is not welcome takes nobody's turn"


def test_who_resets_at_whatever_moment_leaves_nothing_behind(place):
    here = place()
    for words in (b"", b"G", head(), PAGE):
        for pause in (0, 0.02):
            wire = socket.create_connection(here.address, timeout=5)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.sendall(words)
            gevent.sleep(pause)
            wire.close()
    gevent.sleep(0.1)
    assert not here.server._waiting
    assert here.ask(PAGE) == b"page"
    assert here.ask(head()) == b"101"


def test_a_line_that_is_too_long_is_told_so_by_gunicorn(place, monkeypatch):
    here = place()
    monkeypatch.setattr(Door, "admit", lambda *_: False)
    assert here.ask(head()) == b"page"
    assert not here.let_in


def test_who_says_nothing_takes_no_greenlet_and_is_hung_up_on_in_time(place, monkeypatch):
    monkeypatch.setattr(arrivals, "_LOOK_EVERY", 0.05)
    here = place(keepalive=0.3, at_once=1)
    with socket.create_connection(here.address, timeout=5) as first, socket.create_connection(here.address) as second:
        gevent.sleep(0.1)
        assert here.ask(PAGE) == b"page", "the one place is free"
        assert first.recv(1) == second.recv(1) == b""
    assert len(here.handed) == 1
    gevent.sleep(0.1)
    assert not here.server._waiting and not here.server._is_kept


def test_who_hangs_up_without_a_word_is_forgotten(place):
    here = place()
    socket.create_connection(here.address, timeout=5).close()
    gevent.sleep(0.1)
    assert not here.server._waiting and not here.handed


def test_more_than_may_wait_so_wait_as_gunicorn_lets_them(place, monkeypatch):
    monkeypatch.setattr(arrivals, "MOST_WAITING", 1)
    here = place()
    with socket.create_connection(here.address) as first, socket.create_connection(here.address) as second:
        gevent.sleep(0.1)
        assert (len(here.server._waiting), len(here.server.pool)) == (1, 1)
        first.sendall(PAGE)
        second.sendall(PAGE)
        assert first.recv(64) == second.recv(64) == b"page"


def test_who_has_not_spoken_when_the_worker_ends_is_gunicorns(place):
    here = place()
    with socket.create_connection(here.address, timeout=5) as silent:
        gevent.sleep(0.1)
        here.server.close()
        silent.sendall(PAGE)
        assert silent.recv(64) == b"page"
    assert here.handed[0][0] == here.address


def test_where_all_places_are_taken_the_next_waits_for_one(place):
    here = place(at_once=1)
    here.goes_on.clear()
    with socket.create_connection(here.address, timeout=5) as late:
        gevent.sleep(0.05)  # it is accepted while there is a place
        asking = gevent.spawn(here.ask, PAGE)
        gevent.sleep(0.1)
        late.sendall(PAGE)
        gevent.sleep(0.1)
        here.goes_on.set()
        assert late.recv(64) == asking.get(timeout=5) == b"page"


def test_a_worker_of_ours_listens_so_and_another_as_it_comes(monkeypatch):
    assert sockets, "the app has loaded them"
    monkeypatch.setattr(idle.gevent, "spawn", lambda *_work: None)

    def server_of(pages, **settings):
        cfg = Config()
        for name, value in settings.items():
            cfg.set(name, value)
        wsgi = SimpleNamespace(wsgi_app=pages)
        worker = SimpleNamespace(wsgi=wsgi, cfg=cfg, sockets=[], age=2, handle=None, timeout_ctx=None)
        listening.post_worker_init(worker)
        return getattr(worker, "server_class", None)

    assert server_of(Door(None, None)).func is arrivals.Arrivals
    assert server_of(None) is None
    assert server_of(Door(None, None), proxy_protocol="v1") is None
    assert server_of(Door(None, None), keepalive=0) is None
    assert server_of(Door(None, None), certfile="any.pem") is None
    monkeypatch.setenv("FORUM_STOCK_SOCKETS", "1")
    assert server_of(Door(None, None)) is None
