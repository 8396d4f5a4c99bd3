"""A backup holds everything, is for its owner's eyes, and comes back as another history."""

import os
import stat
import subprocess

import pytest

from forum.archive import backup
from forum.archive.backup import CannotBackUp
from forum.database import db
from forum.models import Comment, Discussion


@pytest.fixture
def settings(app):
    """The settings of the test's database, with no connection of ours left open."""
    return app.config["SETTINGS"]


def kept(tmp_path, settings):
    db.session.commit()
    file = tmp_path / "roundtext.backup"
    backup.backup(settings, file)
    return file


def test_what_was_backed_up_comes_back_with_another_epoch(house, settings, tmp_path):
    discussion = house.discussion()
    house.comment(discussion, body="Before the backup.")
    epoch, slug = discussion.epoch, discussion.slug
    file = kept(tmp_path, settings)
    house.comment(discussion, body="After the backup.")
    db.session.remove()
    db.engine.dispose()
    with pytest.raises(CannotBackUp, match="--force"):
        backup.restore(settings, file)
    backup.restore(settings, file, force=True)
    restored = Discussion.with_slug(slug)
    assert [comment.source for comment in db.session.query(Comment)] == ["Before the backup."]
    assert restored.epoch != epoch


def test_only_its_owner_can_read_a_backup_and_it_replaces_nothing(house, settings, tmp_path):
    house.discussion()
    file = kept(tmp_path, settings)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(CannotBackUp, match="exists already"):
        backup.backup(settings, file)


def test_a_foreign_file_is_refused_and_nothing_is_replaced(house, settings, tmp_path):
    slug = house.discussion().slug
    db.session.commit()
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"not a backup at all")
    for file in (foreign, tmp_path / "missing"):
        with pytest.raises(CannotBackUp):
            backup.restore(settings, file, force=True)
    db.session.expire_all()
    assert Discussion.with_slug(slug) is not None


def test_a_password_is_not_on_the_command_line(monkeypatch, settings, tmp_path):
    seen = []

    def run(command, **options):
        seen.append((command, options["env"].get("PGPASSWORD")))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    secret = settings.model_copy(update={"database_url": "postgresql://me:s3cret@127.0.0.1:1/water"})
    backup.backup(secret, tmp_path / "file")
    (command, password) = seen[0]
    assert password == "s3cret"
    assert not any("s3cret" in part for part in command)
    assert "PGPASSWORD" not in os.environ
