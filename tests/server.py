"""A real gunicorn process of ours on a free port, for tests that need the wire."""

import os
import select
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from forum import server
from forum.config import Settings
from tests.machine import free_port


class Running:
    """A server under way: `address` to ask, `pid` of its one worker for its memory, `process` to signal."""

    def __init__(self, settings: Settings, process: "subprocess.Popen[bytes]") -> None:
        self.settings = settings
        self.process = process
        self.host = settings.bind
        self.address = f"http://{settings.bind}"

    @property
    def pid(self) -> int:
        """The worker's process id."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return int(children.read().split()[0])

    def memory_kb(self) -> int:
        """What the worker holds, in KB."""
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

    def cpu_seconds(self) -> float:
        """The processor time the worker has used so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """kill -9 the worker and the process that minds it."""
        worker = os.pidfd_open(self.pid)
        self.process.kill()
        signal.pidfd_send_signal(worker, signal.SIGKILL)
        self.process.wait(15)
        ended = select.poll()
        ended.register(worker, select.POLLIN)
        assert ended.poll(15_000)  # with thousands of sockets it takes a moment
        os.close(worker)

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@contextmanager
def running(
    settings: Settings,
    *,
    environment: dict[str, str] | None = None,
    workers: int = 1,
    app: str = "wsgi:app",
    port: int = 0,
    log: Path | None = None,
) -> Iterator[Running]:
    """Serve `settings`, whose database is migrated, or another `app`, on `port` or a free one until the block ends.

    What it logs goes to where the tests' own words go, or is added to the file `log`.
    """
    settings = settings.model_copy(update={"bind": f"127.0.0.1:{port or free_port()}"})
    everything = {**os.environ, **server.as_environment(settings), **(environment or {})}
    command = [*server.command(settings, workers)[:-1], app]
    with (
        log.open("ab") if log else nullcontext() as heard,
        subprocess.Popen(command, env=everything, stderr=heard) as process,
    ):
        served = Running(settings, process)
        try:
            wait_for(served)
            yield served
        finally:
            served.stop()


def wait_for(served: Running, seconds: float = 60) -> None:
    """Wait until it answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert served.process.poll() is None, "the server ended while it started"
        try:
            urllib.request.urlopen(f"{served.address}/static/nothing", timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start within {seconds} seconds")
