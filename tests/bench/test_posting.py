"""What a comment costs the server from form to frame, beside turning the same texts into safe HTML."""

import json
import random
import threading
import time

import pytest
import requests

from forum import text
from forum.models import Phase
from tests.bench.written import a_text
from tests.faults.writers import Account, accounts
from tests.server import running

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

WRITERS, EACH = 16, 40


def test_posting_costs_little_more_than_markdown(database, house):
    discussion = house.discussion(phase=Phase.LIVE, ask=2)
    dice = random.Random(5)
    texts = [a_text(dice) for _ in range(WRITERS * EACH)]
    people = accounts(house, WRITERS)
    with running(database) as server:
        _post(server.address, discussion.slug, people[0], texts[0], "warm-up-0000")
        used = server.cpu_seconds()
        threads = [
            threading.Thread(
                target=lambda own=own, person=person, number=number: [
                    _post(server.address, discussion.slug, person, body, f"bench-{number:03}-{index:05}")
                    for index, body in enumerate(own)
                ]
            )
            for number, (person, own) in enumerate(
                zip(people, [texts[n::WRITERS] for n in range(WRITERS)], strict=True)
            )
        ]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        cost = (server.cpu_seconds() - used) / len(texts)
    used = time.process_time()
    for body in texts:
        text.render(body)
    yardstick = (time.process_time() - used) / len(texts)
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    size = sum(map(len, texts)) / len(texts)
    print(f"\n{name}: {len(texts) / took:.0f} comments/s by {WRITERS} writers, {size:.0f} characters each")
    print(f"{cost * 1e3:.2f} ms CPU each, Markdown alone {yardstick * 1e3:.2f} ms: {cost / yardstick:.1f}×")


def _post(address: str, slug: str, person: Account, body: str, key: str) -> None:
    answer = requests.post(
        f"{address}/d/{slug}/comments",
        data={"body": body, "key": key, "question": "2", "csrf_token": person.token},
        headers={"Cookie": person.cookie, "Accept": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 201, json.dumps(answer.json())[:300]
