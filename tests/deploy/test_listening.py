"""A process listens when it can answer: until then a proxy is refused at once, and asks the neighbour."""

import os
import socket
import subprocess
import threading
import time
import urllib.request

import pytest
from click.testing import CliRunner
from gunicorn import sock
from gunicorn.config import Config
from gunicorn.glogging import Logger

from forum import listening, server
from forum.cli import main
from forum.config import Settings
from tests.conftest import free_port


@pytest.mark.parametrize("workers", [1, 2])
def test_nobody_is_taken_in_before_the_app_has_loaded(tmp_path, workers):
    loaded = tmp_path / "loaded"
    port = free_port()
    # At an address of its own: while the app loads, another test can be given the same port and be found there.
    host = "127.77.0.1"
    settings = Settings(bind=f"{host}:{port}", data_dir=tmp_path)
    command = [*server.command(settings, workers)[:-1], "tests.deploy.slow:app"]
    with subprocess.Popen(command, env={**os.environ, "LOADED": str(loaded)}, stdout=subprocess.PIPE) as process:
        try:
            refused = 0
            until = time.monotonic() + 20
            while time.monotonic() < until:
                try:
                    socket.create_connection((host, port), 1).close()
                except ConnectionRefusedError:
                    refused += 1
                    time.sleep(0.01)
                else:
                    break
            assert loaded.exists(), "somebody was taken in by a process that could not answer"
            assert refused
            assert urllib.request.urlopen(f"http://{host}:{port}/", timeout=5).read() == b"ok"
        finally:
            process.terminate()
            assert process.wait(15) == 0
        assert process.stdout.read().decode() == f"Serving at http://{host}:{port}\n", "said once, by all workers"


@pytest.mark.parametrize("command", [["serve"], ["demo", "--serve"]])
def test_a_port_that_is_taken_is_said_in_one_line(tmp_path, monkeypatch, command):
    monkeypatch.setattr(server, "_PATIENCE", 0)
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("it would have been served"))
    monkeypatch.setenv("FORUM_DATA_DIR", str(tmp_path))
    with socket.create_server(("127.77.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("FORUM_BIND", f"127.77.0.1:{port}")
        done = CliRunner().invoke(main, command)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith(f"Error: Port {port} is taken by another program. Choose another with FORUM_BIND")


def test_a_place_that_cannot_be_served_is_said(monkeypatch):
    for bind in ("192.0.2.1:8000", "fd://977"):
        with pytest.raises(server.CannotServe, match="FORUM_BIND"):
            server.require_free(bind)


def test_a_port_that_was_just_left_is_free_and_one_that_is_being_left_is_waited_for():
    first = socket.create_server(("127.77.0.1", 0))
    bind = "127.77.0.1:{1}".format(*first.getsockname())
    reader = socket.create_connection(first.getsockname())
    taken, _ = first.accept()
    leaving = threading.Timer(0.3, lambda: (taken.close(), first.close()))  # first to hang up: it stays in TIME_WAIT
    leaving.start()
    server.require_free(bind)
    leaving.join()
    reader.close()
    server.require_free(bind)


def test_a_port_is_bound_and_nobody_listens_there(monkeypatch):
    """It leans on how gunicorn spares a socket that it was given by somebody who listens already."""
    monkeypatch.setattr(sock.BaseSocket, "_is_listening", sock.BaseSocket.__dict__["_is_listening"])
    cfg = Config()
    cfg.set("bind", f"127.77.0.1:{free_port()}")
    listening.on_starting(None)
    [bound] = sock.create_sockets(cfg, Logger(cfg))
    try:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(bound.getsockname(), 5)
        bound.listen(5)
        socket.create_connection(bound.getsockname(), 5).close()
    finally:
        bound.close()


def test_gunicorn_finds_its_settings_at_once_and_they_are_the_same(monkeypatch):
    """It leans on where gunicorn's Config looks: in itself first, and then by a lookup that is no longer asked."""
    cfg = Config()
    cfg.set("keepalive", 20)
    cfg.set("workers", 3)
    before = {name: getattr(cfg, name) for name in cfg.settings}
    listening._settle(cfg)

    def asked(_cfg, name):
        raise AssertionError(f"{name} was looked for")

    monkeypatch.setattr(Config, "__getattr__", asked)
    assert {name: getattr(cfg, name) for name in cfg.settings} == before
    assert (cfg.keepalive, cfg.workers, bool(cfg.is_ssl)) == (20, 3, False)
