"""nginx and Caddy from Debian with our files in deploy/, of which only ports and paths are replaced."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import websocket
from requests.adapters import HTTPAdapter

from tests.conftest import free_port, missing
from tests.live.conftest import Ear

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def nginx_program() -> str:
    """Return where nginx is. Debian keeps it off the PATH of people."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/bin")
    if found is None or shutil.which("openssl") is None:
        missing("nginx or openssl")
    assert found is not None
    return found


class Proxy:
    """A proxy under way, by https with a certificate of its own."""

    def __init__(self, port: int, plain_port: int, certificate: Path) -> None:
        self.host, self.certificate = f"localhost:{port}", str(certificate)
        self.address, self.plain = f"https://{self.host}", f"http://localhost:{plain_port}"

    def browser(self, from_address: str = "127.0.0.1") -> requests.Session:
        """Return somebody with cookies who comes from `from_address`, and believes in this certificate."""
        session = requests.Session()
        session.trust_env = False  # a proxy or a certificate of the machine that runs the tests is none of ours
        session.verify = self.certificate
        session.mount("https://", _From(from_address))
        return session

    def ear(self, cookie: str = "") -> "ProxyEar":
        """Return an open Socket.IO connection through the proxy."""
        return ProxyEar(self, cookie)


class ProxyEar(Ear):
    """An ear that listens through the proxy."""

    def __init__(self, proxy: Proxy, cookie: str = "") -> None:
        self.wire = websocket.create_connection(
            f"wss://{proxy.host}/socket.io/?EIO=4&transport=websocket",
            origin=proxy.address,
            cookie=cookie or None,
            timeout=5,
            sslopt={"ca_certs": proxy.certificate},
        )
        assert str(self.wire.recv()).startswith("0{")
        self.wire.send("40")
        assert str(self.wire.recv()).startswith("40{")
        self._acks = 0


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._source = address
        super().__init__()

    def init_poolmanager(self, *arguments, **named):
        super().init_poolmanager(*arguments, source_address=(self._source, 0), **named)


@contextmanager
def nginx(backends: list[int], port: int) -> Iterator[Proxy]:
    """Put nginx in front of the `backends` (two ports) until the block ends."""
    program = nginx_program()
    home = Path(tempfile.mkdtemp(prefix="roundtext-nginx-"))
    home.chmod(0o755)  # nginx's workers are another user
    proxy = Proxy(port, free_port(), home / "certificate.pem")
    try:
        _certify(home)
        (home / "nginx.conf").write_text(configuration(home, backends, port, int(proxy.plain.rpartition(":")[2])))
        command = [program, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=20)
        assert checked.returncode == 0, checked.stderr
        with subprocess.Popen([*command, "-g", "daemon off;"]) as process:
            try:
                _wait(proxy)
                yield proxy
            finally:
                process.terminate()
                process.wait(10)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def configuration(home: Path, backends: list[int], port: int, plain_port: int) -> str:
    """Return deploy/nginx.conf with other ports and paths; each of them must stand in it."""
    text = (DEPLOY / "nginx.conf").read_text()
    replaced = {
        "pid /run/nginx.pid;": f"pid {home}/pid;",
        "/var/log/nginx/error.log": f"{home}/error.log",
        "http {\n": "http {\n" + "".join(f"    {kind}_temp_path {home}/{kind};\n" for kind in _TEMPORARY),
        "/etc/ssl/certs/talk.example.org.pem": f"{home}/certificate.pem",
        "/etc/ssl/private/talk.example.org.key": f"{home}/key.pem",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "server 127.0.0.1:8001 ": f"server 127.0.0.1:{backends[0]} ",
        "server 127.0.0.1:8002 ": f"server 127.0.0.1:{backends[1]} ",
    }
    for ours, other in replaced.items():
        assert text.count(ours) == 1, ours
        text = text.replace(ours, other)
    return text


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _certify(home: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    written = ["-keyout", str(home / "key.pem"), "-out", str(home / "certificate.pem")]
    subprocess.run([*made, *named, *written], check=True, capture_output=True, timeout=20)


def _wait(proxy: Proxy) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            proxy.browser().get(f"{proxy.address}/static/nothing", timeout=10)
        except (requests.ConnectionError, OSError):  # OSError: the certificate is not made yet
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the proxy did not start")


@contextmanager
def caddy(backends: list[int], port: int) -> Iterator[Proxy]:
    """Put Caddy, which makes its own certificate, in front of the `backends` until the block ends."""
    program = shutil.which("caddy")
    if program is None:
        missing("caddy")
    home = Path(tempfile.mkdtemp(prefix="roundtext-caddy-"))
    proxy = Proxy(port, free_port(), home / "caddy/pki/authorities/local/root.crt")
    text = (DEPLOY / "Caddyfile").read_text()
    start = "\n{\n"
    assert text.count(start) == 1
    # Nothing of the machine that runs the tests is touched: not what it trusts, and no port that others use.
    here = f"{start}\tadmin off\n\tskip_install_trust\n\thttp_port {proxy.plain.rpartition(':')[2]}\n"
    (home / "Caddyfile").write_text(text.replace(start, here))
    said = {"SITE_NAME": proxy.host, "APPS": " ".join(f"127.0.0.1:{number}" for number in backends)}
    environment = {**os.environ, **said, "HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    command = [str(program), "run", "--adapter", "caddyfile", "--config", str(home / "Caddyfile")]
    try:
        with (
            (home / "log").open("wb") as log,
            subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log) as process,
        ):
            try:
                _wait(proxy)
                yield proxy
            finally:
                process.terminate()
                process.wait(15)
    finally:
        shutil.rmtree(home, ignore_errors=True)


PROXIES = {"nginx": nginx, "caddy": caddy}
