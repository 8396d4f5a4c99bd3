"""The broadcast to 1,000 and to 5,000 readers, beside a bare loop: time, CPU, memory, joins, bursts, answers."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from forum.config import Settings
from forum.live import presence
from forum.models import Discussion, Phase
from tests.bench import fanout
from tests.bench.crowd import Crowd, Poster
from tests.bench.fanout import BURST, Cost, p99
from tests.house import House
from tests.server import Running, running

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

MANY = int(os.environ.get("ROUNDTEXT_READERS", "5000"))


@dataclass
class Stage:
    """A server with a live discussion, and somebody who posts there."""

    server: Running
    discussion: Discussion
    poster: Poster

    def cpu(self) -> float:
        """The processor time its worker has used."""
        return fanout.cpu_seconds(self.server.pid)


@dataclass
class Crowded:
    """What many readers cost a server: how many joined in a second, KB for each, and what sending to all takes."""

    joined: float
    memory: float
    single: Cost


@pytest.fixture
def stage(app: Flask, database: Settings, house: House) -> Iterator[Stage]:
    client = app.test_client()
    writer = house.user("Ada Writer")
    discussion = house.discussion(phase=Phase.LIVE, ask=1)
    house.sign_in(client, writer)
    token = house.token(client)
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    with running(database.model_copy(update={"limits": False})) as server:
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        print(f"\n{'SQLite' if database.is_sqlite else 'PostgreSQL'}")
        yield Stage(server, discussion, Poster(server, discussion.slug, headers, token))


def test_a_thousand_readers_have_a_comment_within_a_quarter_second(stage):
    people = Crowd(stage.server.host)
    people.join(stage.discussion, 1000)
    people.rest(3)
    cost = fanout.single(people, stage.poster, stage.cpu, "thousand", 8)
    people.close()
    print(
        f"1,000 readers all have it {cost.median * 1e3:.0f} ms after the post, {max(cost.until_all) * 1e3:.0f} at worst"
    )
    assert cost.median <= 0.250


def test_many_readers_cost_little_more_than_a_bare_loop(stage):
    alone = fanout.acknowledgements(None, stage.poster, "alone", 120)
    people, ours = _crowded(stage)
    many = fanout.burst(people, stage.poster, stage.cpu, "burst", 5)
    while_read = fanout.acknowledgements(people, stage.poster, "while-read", 120)
    people.close()
    one, bare = ours.single, fanout.floor(MANY, ours.single.size, 10)
    print(f"{MANY} readers joined at {ours.joined:.0f}/s, {ours.memory:.1f} KB each")
    _print("all have it after the post (ms)", one.median * 1e3, bare.median * 1e3)
    _print(f"CPU for a delivery of {one.size} bytes (µs)", one.cpu / MANY * 1e6, bare.cpu / MANY * 1e6)
    _print(f"CPU of {BURST} comments in 100 ms, beside {BURST} single ones (ms)", many.cpu * 1e3, BURST * one.cpu * 1e3)
    _print("a post is answered, p99, beside nobody reading (ms)", p99(while_read) * 1e3, p99(alone) * 1e3)
    assert ours.joined >= 500
    assert ours.memory <= 60
    assert one.median / bare.median <= 4
    assert many.cpu / BURST / one.cpu <= 0.7


@pytest.mark.one_database
def test_readers_cost_a_part_of_what_flask_socketio_takes_for_them(stage):
    """Joins and memory have no bare loop to stand beside; the libraries as they come are their yardstick."""
    people, ours = _crowded(stage)
    people.close()
    with running(stage.server.settings, app="tests.bench.stock:app") as server:
        people, theirs = _crowded(Stage(server, stage.discussion, Poster(server, "any", {}, "")))
        people.close()
    _print("readers who join each second, beside Flask-SocketIO as it comes", ours.joined, theirs.joined)
    _print("KB for each reader", ours.memory, theirs.memory)
    _print("all have it after the post (ms)", ours.single.median * 1e3, theirs.single.median * 1e3)
    _print("CPU for a delivery (µs)", ours.single.cpu / MANY * 1e6, theirs.single.cpu / MANY * 1e6)
    assert ours.joined > theirs.joined
    assert ours.memory < theirs.memory


def _crowded(stage: Stage) -> tuple[Crowd, Crowded]:
    """Let many join, post ten comments to them, and return them with what they cost."""
    people, before = Crowd(stage.server.host), stage.server.memory_kb()
    _look_again(stage)
    joined = people.join(stage.discussion, MANY)
    people.rest(max(3, MANY / presence.COUNTS_PER_SECOND + 1))  # until all have been told how many they are
    memory = (stage.server.memory_kb() - before) / MANY
    return people, Crowded(joined, memory, fanout.single(people, stage.poster, stage.cpu, "single", 10))


def _look_again(stage: Stage) -> None:
    """Read the discussion's head anew: whoever joins as of an older one has to catch up, which is not measured here."""
    from forum.database import db

    db.session.rollback()
    db.session.refresh(stage.discussion)


def _print(what: str, ours: float, yardstick: float) -> None:
    print(f"{what}: {ours:.1f}, yardstick {yardstick:.1f}: {ours / yardstick:.2f}×")
