"""The samples in deploy/, looked at as far as that goes without a container engine."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import requests
import yaml

from forum.config import Settings
from forum.live.heartbeat import PING_SECONDS, PONG_SECONDS
from tests.conftest import free_port, missing
from tests.deploy.proxy import DEPLOY

ROOT = DEPLOY.parent
INSTALLED = "/opt/roundtext"


def said(path: str) -> str:
    return (DEPLOY / path).read_text()


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions, with continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", said("Containerfile"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def compose() -> dict:
    return yaml.safe_load(said("compose.yaml"))


def test_systemd_takes_the_unit(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        missing("systemd-analyze")
    command = re.search(r"^ExecStart=(\S+) serve$", said("roundtext.service"), re.M).group(1)
    assert command == f"{INSTALLED}/.venv/bin/forum"
    unit = tmp_path / "roundtext.service"
    unit.write_text(said("roundtext.service").replace(command, "/bin/true"))
    checked = subprocess.run(
        [str(analyze), "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=30
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_stop_leaves_time_for_the_farewell():
    from forum import server

    # gunicorn kills what is left after its own patience, and that must come first.
    graceful = next(int(part.partition("=")[2]) for part in server.command(Settings()) if "graceful-timeout" in part)
    assert graceful < 10
    assert int(re.search(r"^TimeoutStopSec=(\d+)$", said("roundtext.service"), re.M).group(1)) > 10
    services = compose()["services"]
    assert all(int(services[name]["stop_grace_period"].removesuffix("s")) > 10 for name in ("app-1", "app-2"))
    # A proxy that hung up between two pings would cut everybody off all the time.
    patience = re.search(r"location /socket.io/ .*?proxy_read_timeout (\d+)s", said("nginx.conf"), re.S)
    assert int(patience.group(1)) > PING_SECONDS + PONG_SECONDS


def test_proxies_refuse_the_same_size_as_we_do(tmp_path):
    from forum import create_app

    largest = create_app(Settings(data_dir=tmp_path, secret_key="a secret for samples")).config["MAX_CONTENT_LENGTH"]
    assert largest == 6 * 1024 * 1024
    assert "client_max_body_size 6m;" in said("nginx.conf") and "max_size 6MiB" in said("Caddyfile")


def test_what_the_container_copies_exists_and_is_enough_to_install():
    copied = [
        path
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for path in rest.split()[:-1]
    ]
    assert copied and all((ROOT / path).exists() for path in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    built = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(built) | {"requirements.txt", "pyproject.toml", "README.md", "LICENSE"} == set(copied)
    runs = " ".join(rest for name, rest in instructions() if name == "RUN")
    assert "--require-hashes -r requirements.txt" in runs and "--no-deps --no-build-isolation" in runs


def test_the_container_runs_our_real_command_as_nobody_special():
    by_name = dict(instructions())
    program, *arguments = json.loads(by_name["CMD"])
    assert program == f"{INSTALLED}/.venv/bin/forum" and by_name["WORKDIR"] == INSTALLED
    told = subprocess.run([ROOT / ".venv/bin/forum", *arguments, "--help"], capture_output=True, text=True, timeout=30)
    assert told.returncode == 0 and "Serve the site" in told.stdout
    assert by_name["USER"] == "roundtext"
    check = re.search(r"CMD (\[.*\])", by_name["HEALTHCHECK"])
    asked = re.search(r"http://127\.0\.0\.1:8000/(\S+?)'", json.loads(check.group(1))[-1]).group(1)
    assert (ROOT / "forum" / asked).is_file()
    compile(json.loads(check.group(1))[-1], "healthcheck", "exec")
    set_there = dict(pair.split("=", 1) for pair in shlex.split(by_name["ENV"]))
    assert set_there["FORUM_DATA_DIR"] == by_name["VOLUME"] == "/data"


def test_compose_names_only_settings_and_files_that_exist():
    services = compose()["services"]
    assert set(services) == {"app-1", "app-2", "database", "proxy"}
    ours = {f"FORUM_{name.upper()}" for name in Settings.model_fields}
    for name in ("app-1", "app-2"):
        app = services[name]
        assert set(app["environment"]) <= ours
        assert (DEPLOY / app["build"]["context"] / app["build"]["dockerfile"]).resolve() == DEPLOY / "Containerfile"
        assert app["environment"]["FORUM_TRUSTED_PROXIES"] == "1"
        Settings(database_url=app["environment"]["FORUM_DATABASE_URL"])
    assert services["proxy"]["environment"]["APPS"] == "app-1:8000 app-2:8000"
    mounted = [volume.split(":")[0] for volume in services["proxy"]["volumes"] if volume.startswith("./")]
    assert mounted and all((DEPLOY / path).is_file() for path in mounted)


def test_the_image_can_back_up_the_database_of_the_sample():
    """pg_dump refuses a newer server than itself, and what a newer one has written no older server takes back."""
    runs = " ".join(rest for name, rest in instructions() if name == "RUN")
    client = re.search(r"postgresql-client-(\d+)", runs)[1]
    assert compose()["services"]["database"]["image"].partition(":")[2].split("-")[0] == client
    assert all("-bookworm" in rest for name, rest in instructions() if name == "FROM")  # whose PostgreSQL is 15


def test_compose_itself_takes_the_file():
    """Debian's docker-compose reads, completes and checks it without an engine."""
    program = shutil.which("docker-compose")
    if program is None:
        missing("docker-compose")
    said = {"SITE_NAME": "talk.example.org", "SECRET_KEY": "secret", "DATABASE_PASSWORD": "password"}
    command = [str(program), "--file", str(DEPLOY / "compose.yaml"), "config"]
    checked = subprocess.run(command, env={**os.environ, **said}, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr
    services = yaml.safe_load(checked.stdout)["services"]
    assert services["app-1"]["environment"]["FORUM_SITE_URL"] == "https://talk.example.org"
    assert services["app-2"]["depends_on"]["app-1"]["condition"] == "service_healthy"
    # What must be said and is not is named.
    for name in said:
        told = {**os.environ, **said}
        del told[name]
        lacking = subprocess.run(command, env=told, capture_output=True, text=True, timeout=60)
        assert lacking.returncode != 0 and name in lacking.stderr


def test_systemd_finds_the_unit_shut_off():
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        missing("systemd-analyze")
    command = [str(analyze), "security", "--offline=true", "--threshold=20", str(DEPLOY / "roundtext.service")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stdout[-300:]


@pytest.mark.timeout(600)
def test_what_the_container_runs_installs_and_serves_in_an_empty_place(tmp_path):
    """The Containerfile's own lines without an engine: copied files, an empty environment, the command that it runs."""
    for name, rest in instructions():
        if name == "FROM" and "AS built" not in rest:
            break
        if name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                _copy(ROOT / source, tmp_path / (target if target != "./" else Path(source).name))
        if name == "RUN":
            line = rest.replace("python -m venv", f"{sys.executable} -m venv")
            subprocess.run(["/bin/sh", "-ec", line], cwd=tmp_path, check=True, timeout=400, stdout=subprocess.DEVNULL)
    by_name = dict(instructions())
    _program, *arguments = json.loads(by_name["CMD"])
    port = free_port()
    told = {"PATH": "/usr/bin:/bin", "FORUM_BIND": f"127.0.0.1:{port}", "FORUM_DATA_DIR": str(tmp_path / "data")}
    check = json.loads(re.search(r"CMD (\[.*\])", by_name["HEALTHCHECK"]).group(1))
    python, asks = str(tmp_path / ".venv/bin/python"), check[-1].replace(":8000", f":{port}")
    with subprocess.Popen([tmp_path / ".venv/bin/forum", *arguments], cwd=tmp_path, env=told) as process:
        try:
            until = time.monotonic() + 60
            while subprocess.run([python, "-c", asks], capture_output=True, timeout=20).returncode:
                assert process.poll() is None and time.monotonic() < until, "it does not become healthy"
            assert requests.get(f"http://127.0.0.1:{port}/", timeout=10).status_code == 200
        finally:
            process.terminate()
            assert process.wait(15) == 0
    listing = [python, "-m", "pip", "list", "--format=json"]
    installed = json.loads(subprocess.run(listing, capture_output=True, text=True, timeout=60).stdout)
    names = {package["name"] for package in installed}
    assert "flask" in {name.lower() for name in names}
    assert "pytest" not in names, "the tools for development have no place there"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def test_caddy_takes_its_file(tmp_path):
    caddy = shutil.which("caddy")
    if caddy is None:
        missing("caddy")
    command = [str(caddy), "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
