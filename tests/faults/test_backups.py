"""A backup taken while people write holds all that was acknowledged before it began."""

import time

import pytest

from forum.archive import backup
from forum.database import db
from forum.models import Comment
from tests.conftest import new_database
from tests.faults.writers import Crew, accounts
from tests.server import running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_under_load_and_a_restore_on_an_empty_machine(site, kind, tmp_path, request):
    made = site(kind)
    discussion = made.house.discussion()
    with (
        running(made.settings) as server,
        Crew([server.address], discussion.slug, accounts(made.house, 4)) as crew,
    ):
        time.sleep(1.5)
        before = dict(crew.acknowledged)
        backup.backup(made.settings, tmp_path / "backup")
        time.sleep(0.5)
    assert len(before) > 5
    assert len(crew.acknowledged) > len(before), "nobody wrote while the backup was taken"
    empty = tmp_path / "empty"
    url = "" if kind == "sqlite" else new_database(request.getfixturevalue("postgresql"))
    other = made.settings.model_copy(update={"data_dir": empty, "database_url": url})
    backup.restore(other, tmp_path / "backup")
    restored = db.create_engine(other.database)
    with restored.connect() as connection:
        kept = {row.key: row.id for row in connection.execute(db.select(Comment.key, Comment.id))}
        epochs = connection.exec_driver_sql("SELECT epoch FROM discussion").scalars().all()
    restored.dispose()
    assert {key: kept.get(key) for key in before} == before
    assert discussion.epoch not in epochs
