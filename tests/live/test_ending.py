"""However a person or a machine ends the server: soon, with status 0, and without a word."""

import os
import signal
import subprocess
import time

import pytest
import requests

from forum import server
from tests.conftest import free_port
from tests.live.conftest import Ear
from tests.server import Running


@pytest.mark.one_database
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_while_somebody_reads(database, house, number):
    """Ctrl-C reaches every process of the terminal's group, so that is whom we send it to."""
    discussion = house.discussion()
    settings = database.model_copy(update={"bind": f"127.0.0.1:{free_port()}"})
    environment = {**os.environ, **server.as_environment(settings)}
    command = server.command(settings)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    with process:
        running = Running(settings, process)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                assert requests.get(f"{running.address}/d/{discussion.slug}", timeout=5).status_code == 200
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        ear = Ear(running)
        ear.join(discussion)
        began = time.monotonic()
        os.killpg(process.pid, number)
        assert process.wait(12) == 0
        assert time.monotonic() - began < 10
        assert ear.is_closed_within(1)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
