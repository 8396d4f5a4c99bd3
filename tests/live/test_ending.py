"""However a person or a machine ends the server: soon, with status 0, and without a word."""

import os
import signal
import socket
import subprocess
import time

import pytest
import requests

from forum import server
from tests.conftest import free_port
from tests.live.conftest import Ear
from tests.server import Running, running


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


@pytest.mark.one_database
def test_it_waits_for_requests_under_way_and_not_for_connections_on_which_nobody_asks(database, house, tmp_path):
    """A browser keeps its connection for the next page, or opens one before it is needed."""
    discussion = house.discussion()
    log = tmp_path / "log"
    with running(database, log=log) as served:
        host, port = served.host.split(":")
        with requests.Session() as browser, socket.create_connection((host, int(port))) as silent:
            assert browser.get(f"{served.address}/d/{discussion.slug}", timeout=5).status_code == 200
            with socket.create_connection((host, int(port)), timeout=5) as slow:
                head = f"POST /d/{discussion.slug}/comments HTTP/1.1\r\nHost: {served.host}\r\nContent-Length: 10\r\n"
                slow.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nbody=".encode())
                time.sleep(0.3)
                began = time.monotonic()
                served.process.send_signal(signal.SIGTERM)
                silent.settimeout(5)
                assert silent.recv(1) == b"", "the silent one is hung up on"
                slow.sendall(b"Water")
                assert slow.recv(4096).startswith(b"HTTP/1.1 303"), "and the slow one answered"
            assert served.process.wait(12) == 0
            assert time.monotonic() - began < 6
    assert log.read_text() == ""


@pytest.mark.one_database
def test_it_says_that_it_goes_while_it_is_still_heard(database):
    """Caddy would otherwise send readers to it for another second, who are refused and come back too late."""
    with running(database) as served, requests.Session() as balancer:
        asked = f"{served.address}/healthz"
        assert balancer.get(asked, timeout=5).status_code == 200
        served.process.send_signal(signal.SIGTERM)
        until, statuses = time.monotonic() + 5, [200]
        while statuses[-1] == 200 and time.monotonic() < until:
            time.sleep(0.02)
            statuses.append(balancer.get(asked, timeout=5).status_code)
        assert statuses[-1] == 503
