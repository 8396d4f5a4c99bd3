"""The database goes away, or its disk is full: 503 with the text kept, well again by itself, and nothing is lost."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from forum.database import db
from forum.models import Comment, Discussion
from forum.postgresql import CONNECT_SECONDS, PATIENCE_SECONDS
from tests.faults.conftest import SOAK, often
from tests.faults.test_freezes import Reader, order
from tests.faults.writers import Account, Crew, accounts, everything_is_there_once
from tests.machine import missing
from tests.postgresql import Cluster, cluster
from tests.server import Running, running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

TEXT = "A long thought that must not get lost <b>here</b>."
KEPT = "A long thought that must not get lost &lt;b&gt;here&lt;/b&gt;."


def post(
    server: Running, slug: str, who: Account, key: str, accept: str = "application/json", patience: float = 30
) -> requests.Response:
    """Send the comment that must not get lost."""
    return requests.post(
        f"{server.address}/d/{slug}/comments",
        data={"body": TEXT, "key": key, "question": "", "csrf_token": who.token},
        headers={"Cookie": who.cookie, "Accept": accept},
        timeout=patience,
        allow_redirects=False,
    )


def says_so_and_keeps_the_text(server: Running, slug: str, who: Account) -> None:
    """Assert what somebody who posts now is told, by script and by page."""
    answer = post(server, slug, who, "not-now-but-later")
    assert answer.status_code == 503, answer.text[:300]
    said = answer.json()["error"]
    assert said["code"] == "unavailable" and "kept" in said["message"]
    assert int(answer.headers["Retry-After"]) > 0
    page = post(server, slug, who, "not-now-but-later", "text/html")
    assert page.status_code == 503, page.text[:300]
    assert KEPT in page.text and "<b>here" not in page.text
    assert 'value="not-now-but-later"' in page.text, "sending it again from this page must not make a second one"


def takes_within(seconds: float, server: Running, slug: str, who: Account, key: str) -> None:
    """Assert that a comment is taken in time, however often it is sent until then."""
    until = time.monotonic() + seconds
    while (answer := post(server, slug, who, key)).status_code not in {200, 201}:
        assert answer.status_code == 503, answer.text[:300]
        assert time.monotonic() < until, f"still refused {seconds} s later"
        time.sleep(0.2)


def everybody_has_heard_all(readers: list[Reader], discussion: Discussion) -> None:
    """Assert that every reader has the whole log within ten seconds, in its order."""
    db.session.rollback()
    db.engine.dispose()  # our own lines were cut too
    db.session.refresh(discussion)
    until = time.monotonic() + 10
    while time.monotonic() < until and any(reader.seq < discussion.last_seq for reader in readers):
        time.sleep(0.1)
    wanted = order(discussion, discussion.last_seq)
    db.session.rollback()  # our own line must not be idle in a transaction when it is cut
    for reader in readers:
        assert reader.heard[: len(wanted)] == wanted, "a reader has another order, a hole or a repeat"


def waits_for(happens: Callable[[], bool], otherwise: str, seconds: float = 60) -> None:
    """Wait until something happens; fail with the words `otherwise` when it does not in time."""
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, otherwise
        time.sleep(0.05)


@contextmanager
def listening(servers: list[Running], discussion: Discussion) -> Iterator[list[Reader]]:
    """Eight readers, half of whom come and go."""
    readers = [Reader(servers[number % len(servers)], discussion, comes_back=number >= 4) for number in range(8)]
    for reader in readers:
        reader.start()
    yield readers
    for reader in readers:
        reader.over.set()
    for reader in readers:
        reader.join(10)


def test_postgresql_is_stopped_restarted_and_cut_off(site, tmp_path):
    log = tmp_path / "log"
    with ExitStack() as stack:
        there = stack.enter_context(cluster())
        made = site("postgresql", there.address)
        database = made.settings.database_url.rpartition("/")[2]
        discussion = made.house.discussion()
        slug, (probe, *writers) = discussion.slug, accounts(made.house, 5)
        servers = [stack.enter_context(running(made.settings, log=log)) for _ in range(2)]
        readers = stack.enter_context(listening(servers, discussion))
        crew = stack.enter_context(Crew([server.address for server in servers], slug, writers, pause=0.05))
        db.session.rollback()
        for name, fault in _faults(there, database, lambda: _nobody_can_post(servers, slug, probe)):
            time.sleep(0.3)
            fault()
            for number, server in enumerate(servers):
                takes_within(10, server, slug, probe, f"after-{name}-at-{number}")
            everybody_has_heard_all(readers, discussion)
        crew.__exit__()
        everybody_has_heard_all(readers, discussion)
        assert everything_is_there_once(crew, discussion) > 20
        assert set(crew.statuses) == {200, 201, 503} or set(crew.statuses) == {201, 503}
        assert {json.loads(text)["error"]["code"] for text in crew.refusals} == {"unavailable"}
        waits_for(lambda: _listeners(there, database) == 2, "NOTIFY is not heard again by both", 10)
        db.engine.dispose()
    told = log.read_text()
    assert "Traceback" not in told and "long thought" not in told, told[-3000:]
    assert len(told) < 20_000, "an hour without a database must not fill a disk"
    print(f"\n{len(crew.acknowledged)} comments, {crew.statuses.count(503)} times refused, {len(told)} bytes of log")


def _faults(there: Cluster, database: str, meanwhile: Callable[[], None]) -> Iterator[tuple[str, Callable[[], None]]]:
    def restarted() -> None:
        there.stop()
        there.start()

    def crashed() -> None:
        there.stop("immediate")
        there.start()

    def stopped() -> None:
        there.stop()
        until = time.monotonic() + often(5, 60)
        meanwhile()
        time.sleep(max(0.0, until - time.monotonic()))
        there.start()

    def cut() -> None:
        for _ in range(often(6, 60)):
            assert there.cut(database) > 0
            time.sleep(random.uniform(0.05, 0.8))

    yield "restart", restarted
    yield "stop", stopped
    yield "cut", cut
    for number in range(often(1, 10)):
        yield f"crash-{number}", crashed


def _nobody_can_post(servers: list[Running], slug: str, who: Account) -> None:
    for server in servers:
        says_so_and_keeps_the_text(server, slug, who)
        page = requests.get(f"{server.address}/d/{slug}", timeout=15)
        assert page.status_code == 503
        assert "Roundtext" in page.text and "psycopg" not in page.text


def _listeners(there: Cluster, database: str) -> int:
    import psycopg

    with psycopg.connect(f"{there.address}/{database}") as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'").fetchone()
        assert row is not None
        return int(row[0])


def test_postgresql_stands_still_and_nobody_waits_for_ever(site, tmp_path):
    """Its connections stay open and say nothing, as behind a cable that was pulled."""
    log = tmp_path / "log"
    with ExitStack() as stack:
        there = stack.enter_context(cluster())
        made = site("postgresql", there.address)
        discussion = made.house.discussion()
        slug, (probe, *writers) = discussion.slug, accounts(made.house, 5)
        app = "wsgi:app" if SOAK else "tests.faults.hurried:app"
        servers = [stack.enter_context(running(made.settings, log=log, app=app)) for _ in range(2)]
        readers = stack.enter_context(listening(servers, discussion))
        crew = stack.enter_context(Crew([server.address for server in servers], slug, writers, pause=0.05, patience=30))
        crowd = stack.enter_context(ThreadPoolExecutor(8))
        db.session.rollback()
        for seconds in (18, 60, 18) if SOAK else (6,):
            had = len(crew.acknowledged)
            waits_for(lambda had=had: len(crew.acknowledged) > had + 10, "nobody could post")
            with there.standing_still():
                until = time.monotonic() + seconds
                asked = [
                    crowd.submit(says_so_and_keeps_the_text, server, slug, probe) for server in servers for _ in "four"
                ]
                for answered in asked:
                    answered.result((PATIENCE_SECONDS if SOAK else 3) + CONNECT_SECONDS + 5)
                until = max(until, time.monotonic() + 2)
                # From now on it is known, and whoever comes is told at once, but for one now and then who tries.
                took = []
                while time.monotonic() < until:
                    began = time.monotonic()
                    says_so_and_keeps_the_text(servers[0], slug, probe)
                    took.append(time.monotonic() - began)
                middle = sorted(took)[len(took) // 2]
                print(f"\nfrozen for {seconds} s: {len(took)} answers once it is known, median {middle:.2f} s")
                assert (middle if SOAK else min(took)) < 1
            for number, server in enumerate(servers):
                takes_within(10, server, slug, probe, f"after-{seconds}-at-{number}")
            everybody_has_heard_all(readers, discussion)
        crew.__exit__()
        everybody_has_heard_all(readers, discussion)
        everything_is_there_once(crew, discussion)
        assert set(crew.statuses) <= {200, 201, 503}, "an answer never came"
        assert [reader.lines for reader in readers[:4]] == [1] * 4, "a reader's line does not depend on the database"
        waits_for(lambda: _listeners(there, made.settings.database_url.rpartition("/")[2]) == 2, "NOTIFY is not heard")
        db.engine.dispose()
    told = log.read_text()
    assert "Traceback" not in told and "long thought" not in told, told[-3000:]
    assert len(told) < 20_000, told[-3000:]


def test_a_process_that_freezes_inside_a_transaction_holds_the_others_up_for_seconds_only(site, tmp_path):
    made = site("postgresql")
    discussion = made.house.discussion()
    slug, (first, second) = discussion.slug, accounts(made.house, 2)
    fuse = tmp_path / "fuse"
    log = tmp_path / "log"
    hurried = {"app": "tests.faults.hurried:app"}
    holding = {"app": "tests.faults.holding:app", "environment": {"FAULT_ONCE": str(fuse)}}
    with running(made.settings, log=log, **holding) as there, running(made.settings, log=log, **hurried) as here:
        takes_within(10, here, slug, second, "before-it-froze")
        fuse.touch()
        answers: list[int] = []
        frozen = threading.Thread(
            target=lambda: answers.append(post(there, slug, first, "held-by-the-frozen", patience=60).status_code)
        )
        frozen.start()
        waits_for(lambda: not fuse.exists(), "it did not freeze")
        began = time.monotonic()
        takes_within(10, here, slug, second, "while-it-stands-still")
        print(f"\n{time.monotonic() - began:.1f} s until another process could post in the same discussion")
        os.kill(there.pid, signal.SIGCONT)
        frozen.join(30)
        assert answers == [503], "what it had not committed is not acknowledged"
        takes_within(10, there, slug, first, "held-by-the-frozen")
        takes_within(10, there, slug, first, "held-by-the-frozen")
    db.session.rollback()
    stored = db.session.execute(db.select(Comment.key, db.func.count()).group_by(Comment.key)).all()
    assert dict(map(tuple, stored)) == {"before-it-froze": 1, "while-it-stands-still": 1, "held-by-the-frozen": 1}
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB, where the site's data is."""
    tried = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(tmp_path)], capture_output=True, timeout=10
    )
    if tried.returncode:
        missing("the right to mount a small disk (root)")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True, timeout=10)


def test_the_disk_is_full_and_has_room_again(small_disk, tmp_path_factory, site):
    log = tmp_path_factory.mktemp("log") / "log"
    made = site("sqlite")
    discussion = made.house.discussion()
    slug, (probe, *writers) = discussion.slug, accounts(made.house, 5)
    filler = small_disk / "filler"
    with running(made.settings, log=log) as server, listening([server], discussion) as readers:
        for number in range(often(2, 10)):
            with Crew([server.address], slug, writers, pause=0.01) as crew:
                waits_for(lambda crew=crew: len(crew.acknowledged) > 10, "nobody could post")
                _fill(filler)
                waits_for(lambda crew=crew: 503 in crew.statuses, "the disk never became full")
                _fill(filler)
                says_so_and_keeps_the_text(server, slug, probe)
                for path in ("", "/recent", f"/events?after=0&epoch={discussion.epoch}"):
                    assert requests.get(f"{server.address}/d/{slug}{path}", timeout=5).status_code == 200, path
                filler.unlink()
                refused = crew.statuses.count(503)
                takes_within(10, server, slug, probe, f"after-the-{number}")
                waits_for(lambda crew=crew: crew.statuses[-1] == 201, "the writers are still refused")
            assert set(crew.statuses) <= {200, 201, 503}
            assert {json.loads(text)["error"]["code"] for text in crew.refusals} == {"unavailable"}
            everybody_has_heard_all(readers, discussion)
            everything_is_there_once(crew, discussion)
            assert [reader.lines for reader in readers[:4]] == [1] * 4, "nobody had to come again"
            print(f"\n{len(crew.acknowledged)} comments, {refused} times refused")
    told = log.read_text()
    assert "Traceback" not in told and "long thought" not in told, told[-3000:]
    assert len(told) < 20_000, told[-3000:]


def _fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    os.write(file.fileno(), b"x" * size)
            except OSError:
                continue
