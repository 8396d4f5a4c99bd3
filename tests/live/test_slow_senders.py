"""Who sends a form slowly keeps nobody else waiting: neither without an account nor with one."""

import socket
import time
from contextlib import ExitStack

import pytest
import requests

from tests.live.conftest import Ear

# More than there are connections to the database (5 + 10 on SQLite, 10 + 10 on PostgreSQL).
MANY = 40


@pytest.mark.parametrize("who", ["visitors", "a member"])
def test_forms_that_never_come_to_an_end_hold_no_connection_to_the_database(served, house, person, listen, who):
    discussion = house.discussion(phase="announced")
    path, cookie = f"/d/{discussion.slug}/rsvp", ""
    if who == "a member":
        discussion = house.discussion()
        path, cookie = f"/d/{discussion.slug}/comments", person(house.user())[0]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {served.host}\r\nCookie: {cookie}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nkind=t"
    )
    host, _, port = served.host.partition(":")
    with ExitStack() as stack:
        for _number in range(MANY):
            slow = stack.enter_context(socket.create_connection((host, int(port))))
            slow.sendall(head.encode())
        ear: Ear = listen()
        assert ear.join(discussion)["seq"] == discussion.last_seq
        time.sleep(0.5)  # all of them have been taken in
        assert requests.get(f"{served.address}/readyz", timeout=20).status_code == 200
        assert requests.get(f"{served.address}/d/{discussion.slug}?order=time", timeout=20).status_code == 200
