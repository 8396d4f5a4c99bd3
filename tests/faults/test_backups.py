"""A backup taken while people write holds all that was acknowledged before, and makes a site on an empty machine."""

import os
import subprocess
import sys
import time

import pytest
import requests

from forum.archive import backup
from forum.config import Settings
from forum.database import db
from forum.models import Comment
from forum.server import as_environment
from tests.conftest import new_database
from tests.faults.conftest import often
from tests.faults.writers import Crew, accounts
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


def forum(settings: Settings, *words: str) -> None:
    """Type a command as an administrator does."""
    command = [sys.executable, "-m", "forum.cli", *words]
    subprocess.run(command, env={**os.environ, **as_environment(settings)}, check=True, timeout=120)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_under_load_and_a_restore_on_an_empty_machine(site, kind, tmp_path, request):
    made = site(kind)
    discussion = made.house.discussion()
    slug, epoch, (later, *writers) = discussion.slug, discussion.epoch, accounts(made.house, 9)
    db.session.rollback()
    before: list[dict[str, int]] = []
    with running(made.settings) as server, Crew([server.address], slug, writers, pause=0.02) as crew:
        for number in range(often(1, 20)):
            until = time.monotonic() + 20
            while len(crew.acknowledged) < 20 * (number + 1) and time.monotonic() < until:
                time.sleep(0.05)
            before.append(dict(crew.acknowledged))
            if number:
                backup.backup(made.settings, tmp_path / f"backup-{number}")
            else:
                forum(made.settings, "backup", str(tmp_path / "backup-0"))
        time.sleep(0.5)
        assert set(crew.statuses) == {201}, "somebody was held up by a backup"
    assert len(crew.acknowledged) > len(before[-1]), "nobody wrote while the backup was taken"
    for number, acknowledged in enumerate(before):
        assert len(acknowledged) >= 20
        empty = tmp_path / f"empty-{number}"
        url = "" if kind == "sqlite" else new_database(request.getfixturevalue("postgresql"))
        other = made.settings.model_copy(update={"data_dir": empty, "database_url": url})
        if number:
            empty.mkdir()
            backup.restore(other, tmp_path / f"backup-{number}")
        else:
            forum(other, "restore", str(tmp_path / "backup-0"))
        restored = db.create_engine(other.database)
        with restored.connect() as connection:
            kept = {row.key: row.id for row in connection.execute(db.select(Comment.key, Comment.id))}
            epochs = connection.exec_driver_sql("SELECT epoch FROM discussion").scalars().all()
        restored.dispose()
        assert {key: kept.get(key) for key in acknowledged} == acknowledged
        assert epoch not in epochs
        if number == 0:
            latest = max(acknowledged, key=lambda key: acknowledged[key])
            _goes_on(other, slug, later, latest, acknowledged[latest])


def _goes_on(settings: Settings, slug: str, who, latest: str, number: int) -> None:
    """Assert that the restored site serves, knows who is signed in, and takes the next comment."""
    with running(settings) as server:
        page = requests.get(f"{server.address}/d/{slug}/c/{number}", timeout=10)
        assert f"Said as {latest}." in page.text
        answer = requests.post(
            f"{server.address}/d/{slug}/comments",
            data={"body": "After the fire.", "key": "after-the-fire", "question": "", "csrf_token": who.token},
            headers={"Cookie": who.cookie, "Accept": "application/json"},
            timeout=10,
        )
        assert answer.status_code == 201, answer.text[:300]
