"""A browser is away for seconds, for minutes, for longer than can be replayed; or the past itself is replaced."""

import os
import subprocess
import sys
import time

import pytest

from forum.actions import comments, moderation, questions
from forum.archive import backup
from forum.database import db, writing
from forum.live import log
from forum.models import Discussion
from forum.server import as_environment
from tests.browser.scene import Scene, until
from tests.conftest import free_port
from tests.faults.conftest import SOAK, often
from tests.faults.line import line
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.browser, pytest.mark.timeout(600)]

# Within so many seconds of being back a page is whole, unaided.
BACK = often(20, 5)  # the promise is five seconds; in the suite three tests share two cores


class Event:
    """A live discussion with people who go on while somebody is away."""

    def __init__(self, scene: Scene, slug: str) -> None:
        self.house = scene.house
        self.discussion = self.house.discussion(ask=1, slug=slug)
        self.host, self.member = self.house.host_of(self.discussion), self.house.user("Samuel Bekele")
        self.first = self.house.comment(self.discussion, self.member, "Before.", question=1)
        self.second = self.house.comment(self.discussion, self.member, "Soon hidden.", question=1)
        self.rounds = 0

    def go_on(self) -> None:
        """Let something of every kind happen."""
        self.rounds += 1
        house, discussion = self.house, self.discussion
        fresh = house.comment(discussion, self.member, f"While you were out {self.rounds}.", question=1)
        house.comment(discussion, self.member, "A reply.", question=1, reply_to=self.first.id)
        house.do(comments.edit, self.member, fresh, f"While you were out {self.rounds}, and changed.")
        if self.rounds == 1:
            house.do(moderation.hide, self.host, self.second, "a mistake")
        house.do(questions.ask, self.host, house.question(discussion, f"And then {self.rounds}?"))
        house.comment(discussion, self.member, f"To the new question {self.rounds}.", question=self.rounds + 1)

    def write_more_than_can_be_replayed(self) -> None:
        """Fill the log past CATCH_UP_LIMIT."""
        with writing():
            discussion = db.session.get_one(Discussion, self.discussion.id)
            for _ in range(log.CATCH_UP_LIMIT + 10):
                log.record(discussion, "comment.edited", self.first.id)


def whole(scene: Scene, event: Event, page, what: str) -> None:
    """Assert that the page becomes whole in time, and equals a fresh one."""
    db.session.rollback()
    seq = db.session.get_one(Discussion, event.discussion.id, populate_existing=True).last_seq
    db.session.rollback()
    until(page, "(seq) => Number(document.body.dataset.seq) >= seq", seq, BACK)
    scene.same_as_fresh(event.discussion, page, what)


# Pages do not know which database it is; `make soak` asks both all the same.
KINDS = ["sqlite", "postgresql"] if SOAK else ["sqlite"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_browser_that_was_away_becomes_whole_by_itself(site, kind, chromium):
    made = site(kind)
    with running(made.settings) as server, line(server.host) as wire:
        scene = Scene(made.app, made.house, chromium, f"http://{wire.host}")
        event = Event(scene, "away")
        page = scene.visit(event.discussion)
        for seconds in (5, 120) if SOAK else (5,):
            page.context.set_offline(True)
            wire.cut()
            until(page, "() => document.body.dataset.link !== 'live'", None, 10)
            event.go_on()
            page.wait_for_timeout(seconds * 1000)
            wire.mend()
            page.context.set_offline(False)
            whole(scene, event, page, f"{seconds} seconds offline")
        # The line breaks without the browser's being told, as a server does that is restarted.
        wire.cut()
        event.go_on()
        page.wait_for_timeout(1500)
        wire.mend()
        whole(scene, event, page, "a cut line")
        page.context.set_offline(True)
        wire.cut()
        event.write_more_than_can_be_replayed()
        event.go_on()
        page.wait_for_timeout(1000)
        wire.mend()
        page.context.set_offline(False)
        whole(scene, event, page, "longer away than can be replayed")
        scene.close()
        assert scene.trouble == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_page_changes_to_the_past_that_a_backup_brings_back(site, kind, chromium, tmp_path):
    made = site(kind)
    port = free_port()
    with running(made.settings, port=port) as server:
        scene = Scene(made.app, made.house, chromium, server.address)
        event = Event(scene, "restored")
        backup.backup(made.settings, tmp_path / "backup")
        lost = made.house.comment(event.discussion, event.member, "After the backup.", question=1)
        page = scene.visit(event.discussion)
        assert page.locator(f"#c{lost.id}").count() == 1
    before = event.discussion.epoch
    db.session.remove()
    db.engine.dispose()
    # As the manual says: the site is stopped, and the command replaces what is there.
    command = [sys.executable, "-m", "forum.cli", "restore"]
    environment = {**os.environ, **as_environment(made.settings)}
    refused = subprocess.run([*command, str(tmp_path / "backup")], env=environment, capture_output=True, timeout=60)
    assert refused.returncode != 0, "a database that holds discussions was replaced unasked"
    subprocess.run([*command, "--force", str(tmp_path / "backup")], env=environment, check=True, timeout=60)
    with running(made.settings, port=port):
        until(page, "(epoch) => document.body.dataset.epoch !== epoch", before, 20)
        until(page, "(id) => !document.getElementById(id)", f"c{lost.id}", BACK)
        event.discussion = db.session.get_one(Discussion, event.discussion.id)
        event.first = made.house.comment(event.discussion, made.house.user("Ada Lind"), "A new start.", question=1)
        time.sleep(0.5)
        whole(scene, event, page, "an older backup")
        scene.close()
    assert scene.trouble == []
