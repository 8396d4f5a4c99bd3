"""What a broadcast costs, beside a bare loop that sends as many bytes to as many sockets and does nothing else."""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.bench.crowd import Crowd, Poster
from tests.conftest import free_port

# The housekeeping of such a pause (pings, sweeps, presence) is part of what a comment costs.
PAUSE_SECONDS = 1.5
BURST, BURST_SECONDS = 20, 0.1


@dataclass
class Cost:
    """What rounds of sending cost a server: seconds until all readers had it, and its CPU seconds for a round."""

    until_all: list[float]
    cpu: float
    size: int

    @property
    def median(self) -> float:
        """The usual time until all had it."""
        return statistics.median(self.until_all)


def single(people: Crowd, poster: Poster, cpu: Callable[[], float], name: str, rounds: int) -> Cost:
    """Post `rounds` comments, each with a pause behind it, and wait each time until all readers have it."""
    waits, size, used = [], 0, cpu()
    for number in range(rounds):
        mark = f"{name}-{number:04}"
        began = time.monotonic()
        poster.post(mark)
        size = people.wait_for(mark.encode())
        waits.append(time.monotonic() - began)
        poster.answered()
        people.rest(PAUSE_SECONDS - waits[-1])
    return Cost(waits, (cpu() - used) / rounds, size)


def burst(people: Crowd, poster: Poster, cpu: Callable[[], float], name: str, rounds: int) -> Cost:
    """The same with BURST comments within BURST_SECONDS in each round."""
    waits, size, used = [], 0, cpu()
    for number in range(rounds):
        began = time.monotonic()
        for index in range(BURST):
            poster.post(f"{name}-{number:04}-{index:02}")
            time.sleep(BURST_SECONDS / BURST)
        size = people.wait_for(f"{name}-{number:04}-{BURST - 1:02}".encode())
        waits.append(time.monotonic() - began)
        for _ in range(BURST):
            poster.answered()
        people.rest(PAUSE_SECONDS - waits[-1])
    return Cost(waits, (cpu() - used) / rounds, size)


def acknowledgements(people: Crowd | None, poster: Poster, name: str, count: int) -> list[float]:
    """Post `count` comments a quarter second apart and return how long each took to be answered."""
    waits = []
    for number in range(count):
        began = time.monotonic()
        poster.post(f"{name}-{number:04}")
        poster.answered()
        waits.append(time.monotonic() - began)
        if people is None:
            time.sleep(max(0.0, 0.25 - waits[-1]))
        else:
            people.rest(0.25 - waits[-1])
    return waits


def p99(waits: list[float]) -> float:
    """Return what one in a hundred exceeds."""
    return statistics.quantiles(waits, n=100)[98]


def floor(readers: int, size: int, rounds: int) -> Cost:
    """Let the bare loop send `size` bytes to `readers`, read by the same code as ours is."""
    with _floor(readers, size) as (people, asker, cpu):
        waits, used = [], cpu()
        for number in range(rounds):
            began = time.monotonic()
            asker.send(b"!")
            people.wait_for(f"mark{number + 1:04}".encode())
            waits.append(time.monotonic() - began)
            people.rest(0.3)
        return Cost(waits, (cpu() - used) / rounds, size)


@contextmanager
def _floor(readers: int, size: int) -> Iterator[tuple[Crowd, socket.socket, Callable[[], float]]]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.floor", str(port), str(readers), str(size)]
    with subprocess.Popen(command) as process:
        people = Crowd(f"127.0.0.1:{port}")
        try:
            _connect(people, readers)
            with socket.create_connection(("127.0.0.1", port)) as asker:
                time.sleep(0.5)
                yield people, asker, lambda: cpu_seconds(process.pid)
        finally:
            people.close()
            process.kill()


def _connect(people: Crowd, readers: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(ConnectionRefusedError):
            people.connect(1)
            break
        time.sleep(0.05)
    people.connect(readers - 1)


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used, to the nanosecond where the system tells it."""
    try:
        with open(f"/proc/{pid}/schedstat") as stat:
            return int(stat.read().split()[0]) / 1e9
    except OSError:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
