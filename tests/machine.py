"""What the machine that runs the tests has, and has not."""

import os
import resource
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def missing(what: str) -> None:
    """Skip loudly at home, fail in CI, where every part is installed."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing; .ci/run installs it")
    pytest.skip(f"{what} is missing: install it to run this test")


def chromium_path() -> str:
    """Return where the system's Chromium is: the one that has no windows, where Debian's package of it is there.

    It is the same engine of the same source; an empty page costs it 0.15 s of CPU, and the one with windows 0.45 s.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium") or ""
    if not os.path.exists(path):
        missing("Chromium")
    return path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_full_disk(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
