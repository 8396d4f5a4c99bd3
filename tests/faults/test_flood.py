"""Three hundred comments from sixty accounts behind one address: a flood, or a conference room. Nobody else suffers.

No limit may tell the two apart by their address, so what stops a flood is the host's hand; it has to stay free.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sqlalchemy import func, select

from forum.database import db
from forum.models import Comment, CommentState
from tests.faults.conftest import SOAK
from tests.faults.writers import account, accounts
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

PEOPLE, EACH = 60, 5


def post(address: str, slug: str, account, words: str, key: str) -> int:
    data = {"body": words, "key": key, "question": "", "csrf_token": account.token}
    headers = {"Cookie": account.cookie, "Accept": "application/json"}
    return requests.post(f"{address}/d/{slug}/comments", data=data, headers=headers, timeout=10).status_code


# Rows are the same on both; `make soak` pours into PostgreSQL too.
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"] if SOAK else ["sqlite"])
def test_a_flood_drowns_nobody_and_the_host_stops_it(site, kind):
    made = site(kind)
    house = made.house
    discussion = house.discussion(ask=1)
    host = account(house, house.host_of(discussion))
    people = accounts(house, PEOPLE + 1)
    honest = people.pop()
    slug, number = discussion.slug, discussion.id
    at_desk = {"Cookie": host.cookie}
    db.session.rollback()
    with running(made.settings.model_copy(update={"limits": True})) as server, ThreadPoolExecutor(12) as crowd:
        over, seen, said = threading.Event(), [], []

        def read() -> None:
            while not over.is_set():
                seen.append(requests.get(f"{server.address}/d/{slug}", timeout=10).status_code)
                desk = requests.get(f"{server.address}/d/{slug}/console", headers=at_desk, timeout=10)
                seen.append(desk.status_code)

        def take_part() -> None:
            for turn in range(5):
                said.append(post(server.address, slug, honest, f"An honest thought {turn}.", f"honest-{turn:04}"))
                over.wait(0.3)

        others = [threading.Thread(target=one) for one in (read, take_part)]
        for one in others:
            one.start()
        jobs = [
            crowd.submit(post, server.address, slug, one, f"Flood {turn} of {place}", f"flood-{place:03}-{turn:02}")
            for turn in range(EACH - 1)
            for place, one in enumerate(people)
        ]
        poured = [job.result() for job in jobs]
        others[1].join(30)
        # Every step of the escalation keeps slow mode, here as short as it can be.
        data = {"level": "everyone", "slow_mode_seconds": "1", "csrf_token": host.token}
        held = requests.post(
            f"{server.address}/d/{slug}/console/escalation",
            data=data,
            headers=at_desk | {"Accept": "application/json"},
            timeout=10,
        )
        assert held.status_code == 200, held.text
        over.wait(1.1)
        jobs = [
            crowd.submit(post, server.address, slug, one, f"Late flood of {place}", f"late-{place:03}")
            for place, one in enumerate(people)
        ]
        late = [job.result() for job in jobs]
        over.set()
        others[0].join(30)
        desk = requests.get(f"{server.address}/d/{slug}/console", headers=at_desk, timeout=10)
        page = requests.get(f"{server.address}/d/{slug}", timeout=10)
    assert poured == [201] * (PEOPLE * (EACH - 1))
    assert late == [201] * PEOPLE
    assert said == [201] * 5
    assert set(seen) == {200}
    db.session.rollback()
    held_now, all_now = (
        db.session.scalar(select(func.count()).where(Comment.discussion_id == number, *only))
        for only in ((Comment.state == CommentState.HELD,), ())
    )
    # What came after the host's hand waits, all of it, and the console says how much.
    assert held_now == PEOPLE
    assert all_now == PEOPLE * EACH + 5
    assert f'<span class="queue-count">{held_now}</span>' in desk.text
    assert page.status_code == 200
    assert "Late flood" not in page.text
