"""Two machines with `forum serve --workers 2` each, and a third that comes and goes, on one PostgreSQL: one site."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle

import pytest
import requests

from forum import create_app
from forum.config import Settings
from forum.database import db, writing
from forum.models import Discussion, Seat, Visibility
from forum.server import as_environment
from tests.conftest import forget_person, new_database
from tests.faults.conftest import often
from tests.faults.writers import Account, account
from tests.house import House
from tests.live.conftest import Ear
from tests.machine import free_port
from tests.server import Running, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

# Seconds. Five processes and two other tests share two cores in the suite; the promise is kept by a machine at rest.
SOON = often(30, 5)


@contextmanager
def machine(settings: Settings, address: str, workers: int) -> Iterator[Running]:
    """What somebody types on one of several machines, in a folder of its own."""
    mine = settings.model_copy(update={"bind": f"{address}:{free_port()}"})
    command = [sys.executable, "-m", "forum.cli", "serve", "--workers", str(workers)]
    with subprocess.Popen(command, env={**os.environ, **as_environment(mine)}) as process:
        try:
            yield Running(mine, process)
        except BaseException:
            process.kill()
            raise
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def post(at: Running, slug: str, who: Account, key: str) -> None:
    """Post at one machine, and have it taken."""
    answer = requests.post(
        f"{at.address}/d/{slug}/comments",
        data={"body": f"Said as {key}.", "key": key, "question": "", "csrf_token": who.token},
        headers={"Cookie": who.cookie, "Accept": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 201, answer.text[:300]


def come(machines: list[Running], discussion: Discussion, panelist: Account) -> tuple[list[Ear], list[Ear]]:
    """Return eight readers, half of them at each machine, and a panelist who is at both."""
    at = cycle(machines)
    ears, seated = [Ear(next(at)) for _ in range(8)], [Ear(served, panelist.cookie) for served in machines]
    for ear in (*ears, *seated):
        db.session.refresh(discussion)
        assert "error" not in ear.join(discussion)
    db.session.rollback()
    return ears, seated


def hears(ear: Ear, key: str) -> None:
    """Assert that a comment is pushed within seconds."""
    ear.hear("events", SOON, lambda said: any(f"Said as {key}." in event.get("html", "") for event in said["events"]))


def test_several_machines_are_one_site(postgresql, tmp_path):
    settings = Settings(
        data_dir=tmp_path, database_url=new_database(postgresql), secret_key="a secret of two machines", limits=False
    )
    app = create_app(settings)
    app.before_request_funcs.setdefault(None, []).insert(0, forget_person)
    with app.app_context(), ExitStack() as stack:
        # Both start at once on an empty database: one of them makes it, the other finds it made.
        machines = [stack.enter_context(machine(settings, address, 2)) for address in ("127.0.0.1", "127.0.0.2")]
        for served in machines:
            wait_for(served, 120)
        house = House(app)
        discussion = house.discussion(ask=1)
        slug = discussion.slug
        priya = house.panelist(discussion)
        writer, panelist = account(house, house.user()), account(house, priya)
        ears, seated = come(machines, discussion, panelist)
        for ear in (ears[0], ears[1]):
            assert ear.hear("presence", SOON, lambda said: said["readers"] == 10)
        for number, served in enumerate(machines):
            post(served, slug, writer, f"at-machine-{number}")
            for ear in ears:
                hears(ear, f"at-machine-{number}")
        seated[1].ask("typing", {"discussion": discussion.id, "question": 1})
        assert ears[0].hear("presence", SOON, lambda said: bool(said["writing"]))["writing"][0]["name"] == "Priya Raman"

        # One more comes in the middle of the event, and goes.
        with machine(settings, "127.0.0.3", 1) as third:
            wait_for(third, 120)
            # Meanwhile nobody here has answered a ping, as browsers do.
            for ear in (*ears, *seated):
                ear.wire.close(timeout=0)
            ears, seated = come(machines, discussion, panelist)
            guest = Ear(third)
            assert len(guest.join(discussion, 0)["events"]) >= 2
            # At both machines, before anything else is listened for: an ear that waits for one thing drops the others.
            for ear in (ears[0], ears[1]):
                assert ear.hear("presence", SOON, lambda said: said["readers"] == 11)
            post(third, slug, writer, "at-the-third")
            for ear in (*ears, guest):
                hears(ear, "at-the-third")
            began = time.monotonic()
        assert time.monotonic() - began < 10
        assert guest.is_closed_within(1)
        assert ears[1].hear("presence", SOON, lambda said: said["readers"] == 10)
        post(machines[1], slug, writer, "without-the-third")
        hears(ears[0], "without-the-third")

        # A right that ends at one machine ends on the sockets of all, and coming again does not bring it back.
        with writing():
            db.session.get_one(Discussion, discussion.id).visibility = Visibility.INVITED
        ended = time.monotonic()
        for ear in ears:
            assert ear.hear("revoked", 5)["discussion"] == discussion.id
        assert time.monotonic() - ended < 5
        for ear in ears:
            assert ear.join(discussion)["error"]["code"] == "not_found"
        with writing():
            db.session.delete(db.session.scalar(db.select(Seat).where(Seat.user_id == priya.id)))
        ended = time.monotonic()
        for ear in seated:
            assert ear.hear("revoked", 5)["discussion"] == discussion.id
            assert ear.join(discussion)["error"]["code"] == "not_found"
        assert time.monotonic() - ended < 5
        db.session.rollback()
        db.engine.dispose()
