"""A real Redis counts limits for two processes, freezes and dies: nothing fails for it, and nobody waits a second."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.faults.conftest import often
from tests.faults.writers import Account, account
from tests.machine import free_port, missing
from tests.server import Running, running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

# So many comments may somebody post in a minute, wherever.
LIMIT = 20
# Longer than anybody may be delayed, shorter than the limits' minute.
A_SECOND = 1.0


class Redis:
    """A server of its own on a free port."""

    def __init__(self, home: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            missing("redis-server")
        self.port, self._program, self._home = free_port(), str(program), home
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it, empty."""
        kept_nowhere = ["--save", "", "--appendonly", "no", "--dir", str(self._home)]
        self._process = subprocess.Popen(
            [self._program, "--port", str(self.port), "--bind", "127.0.0.1", *kept_nowhere], stdout=subprocess.DEVNULL
        )

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._process.pid, number)
        if number is signal.SIGKILL:
            self._process.wait(10)

    def end(self) -> None:
        """Kill it, also while it stands still."""
        self._process.kill()
        self._process.wait(10)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    made = Redis(tmp_path)
    yield made
    made.end()


def post(server: Running, slug: str, who: Account, number: int) -> tuple[int, float]:
    """Post; return the status and how many seconds the answer took."""
    began = time.monotonic()
    answer = requests.post(
        f"{server.address}/d/{slug}/comments",
        data={"body": f"Number {number}.", "key": f"counted-{number:04}", "question": "", "csrf_token": who.token},
        headers={"Cookie": who.cookie, "Accept": "application/json"},
        timeout=10,
    )
    return answer.status_code, time.monotonic() - began


def test_limits_are_counted_together_and_nobody_waits_for_who_counts(site, redis):
    made = site("postgresql")
    slug = made.house.discussion().slug
    settings = made.settings.model_copy(update={"limits": True, "limits_url": redis.url})
    with running(settings) as one, running(settings) as two:
        servers = (one, two)

        def tries(count: int) -> tuple[list[int], float]:
            """Somebody new posts to both in turn; what they were answered, and the longest wait."""
            who = account(made.house, made.house.user())
            found = [post(servers[number % 2], slug, who, number) for number in range(count)]
            return [status for status, _ in found], max(took for _, took in found)

        def is_shared() -> bool:
            return 429 in tries(LIMIT + 2)[0]

        together, usual = tries(LIMIT + 4)
        assert together == [201] * LIMIT + [429] * 4, "two processes must count together"
        for number in (signal.SIGSTOP, signal.SIGKILL) * often(1, 3):
            redis.signal(number)
            for _ in range(2):
                alone, longest = tries(LIMIT + 4)
                # Each counts for itself now: 12 at each of the two are no flood.
                assert alone == [201] * (LIMIT + 4), (number, alone)
                print(f"\n{number.name}: longest answer {longest * 1e3:.0f} ms, with it {usual * 1e3:.0f} ms", end="")
                assert longest < usual + A_SECOND
            if number is signal.SIGSTOP:
                redis.signal(signal.SIGCONT)
            else:
                redis.start()
            until = time.monotonic() + 25
            while not is_shared():
                assert time.monotonic() < until, "they do not count together again"
                time.sleep(1)
