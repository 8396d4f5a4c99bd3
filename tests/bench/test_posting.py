"""What a comment costs the server from form to frame, beside turning the same texts into safe HTML."""

import http.client
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlencode

import pytest

from forum import text
from forum.models import Phase
from tests.bench.written import a_long_text, a_text
from tests.faults.writers import Account, accounts
from tests.server import Running, running

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

WRITERS, EACH = 16, 60
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("make", [a_text, a_long_text], ids=["a sentence or two", "a panelist's answer"])
def test_posting_costs_little_more_than_markdown(database, house, make):
    discussion = house.discussion(phase=Phase.LIVE, ask=2)
    dice = random.Random(5)
    texts = [make(dice) for _ in range(1 + WRITERS * EACH)]
    people = accounts(house, WRITERS)
    with running(database) as server:
        _write(server, discussion.slug, [texts.pop()], people[0], 0, "warm")
        # The yardstick on both sides of it: the speed of such a machine changes from minute to minute.
        yardstick = _rendering(texts)
        used, began = server.cpu_seconds(), time.monotonic()
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(partial(_write, server, discussion.slug, texts), people, range(WRITERS)))
        took, cost = time.monotonic() - began, (server.cpu_seconds() - used) / len(texts)
        yardstick = (yardstick + _rendering(texts)) / 2
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    size = sum(map(len, texts)) / len(texts)
    print(f"\n{name}: {len(texts) / took:.0f} comments/s by {WRITERS} writers, {size:.0f} characters each")
    print(f"{cost * 1e3:.2f} ms CPU each, Markdown alone {yardstick * 1e3:.2f} ms: {cost / yardstick:.1f}×")


def _rendering(texts: list[str]) -> float:
    """Return the CPU seconds that turning one of `texts` into safe HTML takes."""
    used = time.process_time()
    for body in texts:
        text.render(body)
    return (time.process_time() - used) / len(texts)


def _write(server: Running, slug: str, texts: list[str], person: Account, number: int, name: str = "bench") -> None:
    """Post one writer's share over one connection, as a browser keeps it."""
    wire = http.client.HTTPConnection(server.host, timeout=30)
    headers = {"Cookie": person.cookie, "Accept": "application/json", "Content-Type": FORM}
    for index, body in enumerate(texts[number::WRITERS]):
        key = f"{name}-{number:03}-{index:05}"
        said = urlencode({"body": body, "key": key, "question": "2", "csrf_token": person.token})
        wire.request("POST", f"/d/{slug}/comments", said, headers)
        answer = wire.getresponse()
        told = answer.read()
        assert answer.status == 201, told[:300]
    wire.close()
