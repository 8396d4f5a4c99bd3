"""Limits shared in a Redis: counted together while it answers, and never a reason to wait or fail when it does not."""

import socket
import threading
import time
from contextlib import closing

import pytest

from forum import create_app
from forum.config import Settings
from forum.extensions import limiter
from forum.web import counters, throttles
from tests.conftest import free_port

pytestmark = pytest.mark.one_database
BRIEF = 1.0


class FakeRedis:
    """As much of Redis as counting needs; while `is_frozen` it takes connections and words, and never answers."""

    def __init__(self, is_frozen: bool = False) -> None:
        self.is_frozen = is_frozen
        self.counts: dict[bytes, int] = {}
        self.asked = 0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._door.getsockname()[1]}/0"
        threading.Thread(target=self._open, daemon=True).start()

    def close(self) -> None:
        self._door.close()

    def _open(self) -> None:
        while True:
            try:
                connection, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as heard:
            while line := heard.readline():
                words = [heard.read(int(heard.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
                self.asked += 1
                if not self.is_frozen:
                    connection.sendall(self._answer(words[0].upper(), words[1:]))

    def _answer(self, verb: bytes, words: list[bytes]) -> bytes:
        if verb == b"HELLO":
            return b"-ERR unknown command 'HELLO'\r\n"
        if verb == b"EVALSHA":
            self.counts[words[2]] = self.counts.get(words[2], 0) + int(words[4])
            return b":%d\r\n" % self.counts[words[2]]
        if verb == b"GET":
            count = b"%d" % self.counts.get(words[0], 0)
            return b"$%d\r\n%s\r\n" % (len(count), count)
        return b":30\r\n" if verb == b"TTL" else b"+OK\r\n"


@pytest.fixture
def redis():
    fake = FakeRedis()
    with closing(fake):
        yield fake


@pytest.fixture
def limited(app, monkeypatch):
    """Make the app as a process of its own with this address of a store; the extension belongs to the latest."""

    def made(url):
        settings = app.config["SETTINGS"].model_copy(update={"limits_url": url, "limits": True})
        again = create_app(settings)
        again.testing = True
        return again

    yield made
    create_app(app.config["SETTINGS"])


def _counted(store, times=1):
    began = time.monotonic()
    found = [store.incr("LIMITS/somebody", 60) for _ in range(times)]
    return found, time.monotonic() - began


def test_two_processes_count_together(redis):
    first, second = (counters.SharedCounters(counters.SCHEME + redis.url) for _ in range(2))
    assert [first.incr("k", 60), second.incr("k", 60), first.incr("k", 60, -1)] == [1, 2, 1]
    assert second.get("k") == 1 and second.get_expiry("k") > time.time()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_neither_holds_people_back_nor_lets_them_through(monkeypatch, hours):
    store, real = counters.OwnCounters(), time.time
    assert [store.incr("short", 1), store.incr("short", 1), store.incr("long", 60)] == [1, 2, 1]
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
    assert (store.get("short"), store.get("long"), store.incr("long", 60)) == (2, 1, 2)
    assert 58 < store.get_expiry("long") - time.time() <= 60
    time.sleep(1.05)
    assert (store.get("short"), store.incr("short", 1), store.get("long")) == (0, 1, 2)


def test_a_redis_that_freezes_is_waited_for_once_and_then_counted_without(redis, monkeypatch):
    store = counters.SharedCounters(counters.SCHEME + redis.url)
    assert _counted(store)[0] == [1]
    redis.is_frozen = True
    found, waited = _counted(store, 20)
    assert found == list(range(1, 21)) and waited < BRIEF
    asked = redis.asked
    _counted(store, 20)
    assert redis.asked == asked, "it was asked again before its pause was over"
    # It answers again: after the pause the shared count goes on, for everybody.
    redis.is_frozen = False
    monkeypatch.setattr(store, "_ask_again_at", time.monotonic() - 1)
    assert _counted(store, 3)[0] == [2, 3, 4]


def test_while_one_tries_whether_it_is_back_nobody_else_waits(redis, monkeypatch):
    redis.is_frozen = True
    store = counters.SharedCounters(counters.SCHEME + redis.url)
    _counted(store)
    monkeypatch.setattr(store, "_ask_again_at", time.monotonic() - 1)
    first = threading.Thread(target=_counted, args=(store,))
    first.start()
    time.sleep(0.05)
    asked = redis.asked
    assert _counted(store, 50)[1] < counters.SECONDS / 2
    first.join()
    assert redis.asked == asked


def _posted(client, path, token, number, headers=None, **fields):
    said = {"body": f"Said {number}", "key": f"key-{number:08}", "csrf_token": token}
    return client.post(path, data=said | fields, headers=headers)


def test_only_a_refusal_says_when_to_come_again_and_says_it_once(app, house, limited, monkeypatch):
    client, discussion = limited("").test_client(), house.discussion()
    house.sign_in(client, house.user())
    path, token, json = f"/d/{discussion.slug}/comments", house.token(client), {"Accept": "application/json"}
    taken = [_posted(client, path, token, 1, json), _posted(client, path, token, 1, json)]
    taken += [_posted(client, path, token, 2), _posted(client, path, token, 3, json, body="")]
    assert [answer.status_code for answer in taken] == [201, 200, 303, 422]
    assert not any("Retry-After" in answer.headers for answer in taken)
    for number in range(3, 19):
        _posted(client, path, token, number)
    # The window began at the first of them.
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 45)
    refused = _posted(client, path, token, 20, json)
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many")
    wait = refused.json["error"]["retry_after"]
    assert 5 < wait <= 15 and refused.headers.getlist("Retry-After") == [str(wait)]
    assert f"Wait {wait} seconds" in _posted(client, path, token, 20).text
    monkeypatch.setattr(time, "monotonic", lambda: real() + 45 + wait)
    assert _posted(client, path, token, 20, json).status_code == 201


@pytest.mark.parametrize("away", ["frozen", "closed"])
def test_posting_and_signing_in_go_on_without_the_redis_that_should_count_them(app, house, limited, redis, away):
    redis.is_frozen = True
    url = redis.url if away == "frozen" else f"redis://127.0.0.1:{free_port()}/0"
    client = limited(url).test_client()
    discussion, writer = house.discussion(), house.user()
    house.sign_in(client, writer)
    token = house.token(client)
    began = time.monotonic()
    statuses = [
        client.post(
            f"/d/{discussion.slug}/comments",
            data={"body": f"Said {number}", "key": f"key-{number:08}", "csrf_token": token},
            headers={"Accept": "application/json"},
        ).status_code
        for number in range(22)
    ]
    # Nothing failed; and the limit, 20 a minute, holds in this process alone.
    assert statuses == [201] * 20 + [429] * 2
    assert time.monotonic() - began < BRIEF + 3
    # A sign-in asks its counters six times.
    began = time.monotonic()
    with client.application.test_request_context():
        for kind in ("sign-in from", "sign-in to from", "sign-in to"):
            throttles.count(kind, "somebody")
            throttles.give_back(kind, "somebody")
    assert time.monotonic() - began < BRIEF
    assert isinstance(limiter.storage, counters.SharedCounters)


def test_a_fresh_process_delays_its_first_request_for_less_than_a_second(app, limited, redis):
    redis.is_frozen = True
    with limited(redis.url).test_request_context():
        began = time.monotonic()
        throttles.count("sign-in from", "somebody")
        throttles.count("sign-in to", "somebody")
        assert time.monotonic() - began < BRIEF


@pytest.mark.parametrize("url", ["memcached://localhost", "localhost:6379", "http://localhost"])
def test_an_address_that_is_no_redis_is_refused_at_the_start(url):
    with pytest.raises(ValueError, match="Give an address like redis://"):
        Settings(limits_url=url)


def test_visitors_who_are_gone_cost_nothing(monkeypatch):
    moment, store = [1000.0], counters.OwnCounters()
    monkeypatch.setattr(counters.time, "monotonic", lambda: moment[0])
    for number in range(5):
        store.incr(f"visitor {number}", 60)
    moment[0] += 61
    store.incr("another", 60)
    assert store.reset() == 1, "the others are forgotten already"


def test_a_store_that_raises_keeps_nobody_out(limited, monkeypatch):
    def away(*_said, **_named):
        raise ConnectionError

    with limited("").test_request_context():
        monkeypatch.setattr(limiter.limiter, "hit", away)
        for _ in range(20):
            throttles.count("sign-in from", "somebody")
