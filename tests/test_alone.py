"""One process at a time serves an SQLite file, and the next one is not refused for the end of the one before."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import requests

from forum import alone, server
from forum.archive import backup
from forum.config import Settings
from tests.machine import free_port

SERVE = [sys.executable, "-m", "forum.cli", "serve"]


@pytest.fixture
def site(tmp_path):
    """Settings of a site on SQLite, with a port of its own."""
    return Settings(data_dir=tmp_path / "data", database_url="", secret_key="x" * 40, bind=f"127.0.0.1:{free_port()}")


@pytest.fixture
def serve(site):
    """Type `forum serve`; what still runs at the end is killed."""
    begun = []

    def start(**changes):
        environment = {**os.environ, **server.as_environment(site.model_copy(update=changes))}
        begun.append(subprocess.Popen(SERVE, env=environment, start_new_session=True))
        return begun[-1]

    yield start
    for process in begun:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(bind: str, seconds: float = 30.0) -> bool:
    """Whether the server at `bind` is well within `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return requests.get(f"http://{bind}/healthz", timeout=5).ok
        except requests.ConnectionError:
            time.sleep(0.1)
    return False


def test_the_next_server_takes_over_when_the_one_before_ends_or_is_killed(site, serve):
    first = serve()
    assert answers(site.bind)
    second_bind = f"127.0.0.1:{free_port()}"
    second = serve(bind=second_bind)
    time.sleep(3)
    assert second.poll() is None, "it waits"
    first.send_signal(signal.SIGTERM)
    assert answers(second_bind)
    second.kill()  # its worker finds out by itself
    third_bind = f"127.0.0.1:{free_port()}"
    serve(bind=third_bind)
    assert answers(third_bind)


def test_while_a_site_runs_nobody_else_serves_its_file_and_who_restores_over_it_is_warned(
    site, serve, tmp_path, monkeypatch
):
    file, environment = tmp_path / "kept", {**os.environ, **server.as_environment(site)}
    assert not alone.is_held(site)
    serve()
    assert answers(site.bind)
    backup.backup(site, file)
    restoring = [*SERVE[:-1], "restore", "--force", str(file)]
    done = subprocess.run(restoring, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.startswith("Warning: the site is running.") and done.stdout.startswith("Restored")
    monkeypatch.setattr(alone, "PATIENCE_SECONDS", 0.3)
    with pytest.raises(server.CannotServe, match="Another process serves"), server.holding(site):
        pass


def test_a_file_system_without_locks_is_taken_for_free(site, monkeypatch):
    def refuse(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(alone.fcntl, "flock", refuse)
    os.close(alone.hold(site, 0))
    assert not alone.is_held(site)
