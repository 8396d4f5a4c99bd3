"""A running server, and ears that listen on its wire."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import websocket
from flask import Flask
from websocket import ABNF, WebSocket, WebSocketConnectionClosedException, WebSocketException

from forum.models import Discussion, User
from tests.house import House
from tests.server import Running


class Ear:
    """One raw Socket.IO connection, so that tests can also say what no client library would."""

    def __init__(self, server: Running, cookie: str = "", origin: str = "") -> None:
        self.wire: WebSocket = websocket.create_connection(
            f"ws://{server.host}/socket.io/?EIO=4&transport=websocket",
            origin=origin or server.address,
            cookie=cookie or None,
            timeout=5,
        )
        assert str(self.wire.recv()).startswith("0{")
        self.wire.send("40")
        assert str(self.wire.recv()).startswith("40{")
        self._acks = 0

    def ask(self, event: str, *said: object) -> Any:
        """Emit `event` and return its acknowledgement, skipping what is pushed meanwhile."""
        self._acks += 1
        self.wire.send(f"42{self._acks}{json.dumps([event, *said])}")
        sign = f"43{self._acks}["
        return json.loads(self._until(lambda frame: frame.startswith(sign), 5)[len(sign) - 1 :])[0]

    def join(self, discussion: Discussion, after: int | None = None) -> Any:
        """Join at the head of the log, or after `after`."""
        start = discussion.last_seq if after is None else after
        return self.ask("join", {"discussion": discussion.id, "after": start, "epoch": discussion.epoch})

    def hear(self, event: str, seconds: float = 3.0, where: Callable[[Any], bool] = lambda said: True) -> Any:
        """Return the next `event` for which `where` holds."""

        def wanted(frame: str) -> bool:
            return frame.startswith(f'42["{event}"') and where(json.loads(frame[2:])[1])

        return json.loads(self._until(wanted, seconds)[2:])[1]

    def is_closed_within(self, seconds: float) -> bool:
        """Whether the server hangs up in time."""
        try:
            self._until(lambda frame: False, seconds)
        except AssertionError:
            return False
        except (WebSocketConnectionClosedException, ConnectionError):
            return True
        return False

    def send(self, text: str) -> None:
        """Send one text frame as it is."""
        self.wire.send(text)

    def send_head(self, head: bytes) -> None:
        """Send raw bytes under the frames."""
        self.wire.sock.sendall(head)

    def _until(self, wanted: Callable[[str], bool], seconds: float) -> str:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.wire.settimeout(left)
            try:
                opcode, data = self.wire.recv_data()
            except (TimeoutError, websocket.WebSocketTimeoutException):
                break
            if opcode == ABNF.OPCODE_CLOSE:
                raise WebSocketConnectionClosedException("closed by the server")
            frame = data.decode()
            if frame == "2":
                self.wire.send("3")
            if wanted(frame):
                return str(frame)
        raise AssertionError("not heard in time")


@pytest.fixture
def listen(served: Running) -> Iterator[Callable[..., Ear]]:
    """Open a connection; it is closed after the test."""
    ears: list[Ear] = []

    def opened(cookie: str = "", origin: str = "") -> Ear:
        ears.append(Ear(served, cookie, origin))
        return ears[-1]

    yield opened
    for ear in ears:
        try:
            ear.wire.close(timeout=1)
        except (OSError, WebSocketException):
            continue


@pytest.fixture
def person(app: Flask, house: House) -> Callable[[User], tuple[str, str]]:
    """Sign somebody in; returns their cookie header and a CSRF token."""

    def signed_in(user: User) -> tuple[str, str]:
        client = app.test_client()
        house.sign_in(client, user)
        token = house.token(client)
        cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        return f"{cookie.key}={cookie.value}", token

    return signed_in


@pytest.fixture
def posts(served: Running, person: Callable[[User], tuple[str, str]]) -> Callable[..., requests.Response]:
    """Post a comment over HTTP, as a browser with script does."""

    def posted(user: User, discussion: Discussion, body: str, key: str) -> requests.Response:
        cookie, token = person(user)
        answer = requests.post(
            f"{served.address}/d/{discussion.slug}/comments",
            data={"body": body, "key": key, "question": "", "csrf_token": token},
            headers={"Cookie": cookie, "Accept": "application/json"},
            timeout=5,
        )
        assert answer.status_code == 201, answer.text
        return answer

    return posted
