"""A real gunicorn process of ours on a free port, for tests that need the wire."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from forum import server
from forum.config import Settings
from tests.machine import free_port


class Nursery:
    """The process with the libraries whose forks the servers are (tests/nursery.py); one for the whole run."""

    _only: "Nursery | None" = None
    _turn = threading.Lock()

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "tests.nursery", str(theirs.fileno())]
        self._process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, pass_fds=[theirs.fileno()])
        theirs.close()
        self._link, self._answers = ours, ours.makefile("r")
        atexit.register(self._end)

    @classmethod
    def ask(cls, **order: object) -> int | None:
        """Order a server and return its process id, or ask after the exit status `of` one: None while it runs."""
        with cls._turn:
            only = cls._only = cls._only or cls()
            only._link.sendall(f"{json.dumps(order)}\n".encode())
            found: int | None = json.loads(only._answers.readline())
            return found

    def _end(self) -> None:
        self._answers.close()
        self._link.close()
        self._process.wait(15)


class Child:
    """A server's process as `subprocess.Popen` shows it, though it is the nursery's child and not ours."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path | None) -> None:
        pid = Nursery.ask(arguments=arguments, environment=environment, log=str(log.resolve()) if log else "")
        assert pid is not None
        self.pid, self.returncode = pid, None
        self._end = os.pidfd_open(pid)

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_error: object) -> None:
        self.wait()
        os.close(self._end)

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        if self.returncode is None and self._has_ended(0):
            self.returncode = Nursery.ask(of=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit status. Raises subprocess.TimeoutExpired."""
        if self.returncode is None and not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(f"server {self.pid}", timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._end, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, seconds: float | None) -> bool:
        end = select.poll()
        end.register(self._end, select.POLLIN)
        return bool(end.poll(None if seconds is None else seconds * 1000))


class Running:
    """A server under way: `address` to ask, `pid` of its one worker for its memory, `process` to signal."""

    def __init__(self, settings: Settings, process: "subprocess.Popen[bytes] | Child") -> None:
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
    with _started(command, everything, log) as process:
        served = Running(settings, process)
        try:
            wait_for(served)
            yield served
        finally:
            served.stop()


@contextmanager
def _started(
    command: list[str], environment: dict[str, str], log: Path | None
) -> "Iterator[subprocess.Popen[bytes] | Child]":
    if os.environ.get("ROUNDTEXT_SOAK", "") in {"", "0"}:
        with Child(command[command.index("gunicorn") :], environment, log) as child:
            yield child
        return
    with (
        log.open("ab") if log else nullcontext() as heard,
        subprocess.Popen(command, env=environment, stderr=heard) as process,
    ):
        yield process


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
