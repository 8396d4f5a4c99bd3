"""A backup holds everything, is for its owner's eyes, and comes back as another history."""

import errno
import os
import sqlite3
import stat
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from flask import current_app
from sqlalchemy import inspect, text

from forum import alone, create_app, migrating
from forum.archive import backup, dumps
from forum.archive.backup import CannotBackUp
from forum.config import Settings
from forum.database import db
from forum.models import Comment, Discussion
from tests.conftest import new_database
from tests.house import House, of_another_version
from tests.machine import a_full_disk


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


def test_half_a_backup_never_stands_under_its_name(house, settings, tmp_path, monkeypatch):
    house.discussion()
    file = tmp_path / "roundtext.backup"
    (tmp_path / "roundtext.backup.part").write_bytes(b"of one that was killed")
    (tmp_path / "roundtext.backup.part-journal").write_bytes(b"of one that was killed")
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(file.exists()))
    assert kept(tmp_path, settings) == file
    assert seen == [False]
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == ["roundtext.backup"]


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


def test_a_backup_that_may_not_be_read_is_refused_in_one_line(house, settings, tmp_path, monkeypatch):
    file = kept(tmp_path, settings)

    def refuse(*_):  # root, who runs tests, may read everything
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)
        with pytest.raises(CannotBackUp) as refused:
            backup.restore(settings, file, force=True)
    assert str(refused.value) == f"{file} could not be read: Permission denied. See who may read it."


def _statements(*statements):
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def newer(app):
    """A table of a later version, which hangs on ours; and one of another program's, which does not."""
    yield _statements(
        'CREATE TABLE newer (user_id integer REFERENCES "user" (id))',
        "CREATE TABLE newer_still (id integer REFERENCES discussion (id) ON DELETE CASCADE)",
        "CREATE TABLE another_s (id integer)",
    )
    _statements(*(f"DROP TABLE IF EXISTS {name}" for name in ("newer", "newer_still", "another_s")))


@pytest.mark.postgresql
def test_a_backup_from_before_an_upgrade_goes_over_the_upgraded_database(request, house, settings, tmp_path):
    slug = house.discussion().slug
    file = kept(tmp_path, settings)
    request.getfixturevalue("newer")
    db.session.remove()
    db.engine.dispose()
    backup.restore(settings, file, force=True)
    assert Discussion.with_slug(slug) is not None
    tables = inspect(db.engine).get_table_names()
    assert "another_s" in tables
    assert not {"newer", "newer_still"} & {*tables}


@pytest.fixture
def elsewhere(postgresql, tmp_path):
    """Make databases of a site on PostgreSQL, each in a schema that is given, with what `statements` make there."""
    contexts = ExitStack()

    def made(schema: str, *statements: str) -> Settings:
        settings = Settings(data_dir=tmp_path, database_url=new_database(postgresql), secret_key="a secret for tests")
        database, quoted = settings.database_url.rpartition("/")[2], schema.replace('"', '""')
        with psycopg.connect(settings.database_url, autocommit=True) as line:
            line.execute(f'CREATE SCHEMA IF NOT EXISTS "{quoted}"')
            line.execute(f'ALTER DATABASE {database} SET search_path = "{quoted}"')
        app = create_app(settings)
        migrating.upgrade(app)
        contexts.enter_context(app.app_context())
        contexts.callback(db.session.remove)
        _statements(*statements)
        db.engine.dispose()
        return settings

    with contexts:
        yield made


def _with_another_program(*more):
    return (
        "CREATE TABLE wiki (id serial PRIMARY KEY, words text)",
        "CREATE INDEX wiki_words ON wiki (words)",
        "CREATE VIEW both_of_us AS SELECT * FROM wiki JOIN discussion USING (id)",
        "INSERT INTO wiki (words) VALUES ('before')",
        *more,
    )


@pytest.mark.postgresql
@pytest.mark.parametrize("schema", ["public", "roundtext", 'a "schema" of ours'])
@pytest.mark.parametrize("is_old", [False, True])
def test_another_program_s_tables_stay_as_they_are_in_whichever_schema(elsewhere, tmp_path, schema, is_old):
    settings = elsewhere(schema, *_with_another_program())
    house = House(current_app)
    user = house.user().id
    db.session.remove()
    file = tmp_path / "saved"
    if is_old:  # earlier versions saved the whole database
        subprocess.run(
            ["pg_dump", "--format=custom", f"--file={file}", settings.postgresql_address], check=True
        )  # fmt: skip
    else:
        backup.backup(settings, file)
        assert "wiki" not in dumps.contents(settings, file)
    _statements("INSERT INTO wiki (words) VALUES ('after')")
    house.user()
    db.session.remove()
    db.engine.dispose()
    backup.restore(settings, file, force=True)
    assert db.session.scalars(text("SELECT words FROM wiki ORDER BY id")).all() == ["before", "after"]
    assert db.session.scalars(text('SELECT id FROM "user"')).all() == [user]
    db.session.rollback()
    house.discussion()  # with its triggers, numbers and functions


@pytest.mark.postgresql
def test_a_backup_from_another_schema_is_refused_before_anything_is_replaced(elsewhere, tmp_path):
    backup.backup(elsewhere("roundtext"), tmp_path / "saved")
    with pytest.raises(CannotBackUp, match=r"are in the schema roundtext, and this database keeps them in public\."):
        backup.restore(elsewhere("public"), tmp_path / "saved")


@pytest.mark.postgresql
def test_a_backup_goes_to_a_machine_that_knows_none_of_the_people_who_may_read(elsewhere, tmp_path):
    settings = elsewhere("public")
    reader = f"reader_{os.getpid()}"
    _statements(f"CREATE ROLE {reader}", f"GRANT SELECT ON discussion TO {reader}")
    backup.backup(settings, tmp_path / "saved")
    old = ["pg_dump", "--format=custom", f"--file={tmp_path}/old", settings.postgresql_address]
    subprocess.run(old, check=True)
    _statements(f"DROP OWNED BY {reader}", f"DROP ROLE {reader}")
    for name in "saved", "old":
        backup.restore(settings, tmp_path / name, force=True)


@pytest.mark.postgresql
def test_programs_of_a_newer_postgresql_do_for_an_older_server(house, settings, tmp_path, monkeypatch):
    slug = house.discussion().slug
    own, newer = tmp_path / "15/bin", tmp_path / "17/bin"
    for folder in own, newer:
        folder.mkdir(parents=True)
    programs = {program: dumps._found(program) for program in ("pg_dump", "pg_restore", "psql")}
    for program, found in programs.items():
        (own / program).symlink_to(found)
    says = "s/^SET lock_timeout = 0;/&\\nSET transaction_timeout = 0;/"
    (newer / "pg_restore").write_text(f'#!/bin/sh\n{programs["pg_restore"]} "$@" | sed "{says}"\n')
    (newer / "pg_dump").write_text("#!/bin/sh\nexit 1\n")  # what it writes an older pg_restore could not read
    for program in newer.iterdir():
        program.chmod(0o755)
    monkeypatch.setattr(dumps, "_DEBIAN", tmp_path)
    monkeypatch.setattr(dumps, "_WHERE", dumps._WHERE.replace("current_setting('server_version_num')", "'150000'"))
    file = kept(tmp_path, settings)
    db.session.remove()
    db.engine.dispose()
    backup.restore(settings, file, force=True)
    assert Discussion.with_slug(slug) is not None


@pytest.mark.postgresql
def test_half_a_backup_replaces_nothing(house, settings, tmp_path):
    house.comment(house.discussion(), body="In the backup.")
    file = kept(tmp_path, settings)
    later = house.discussion().slug
    whole = file.read_bytes()
    db.session.remove()
    db.engine.dispose()
    for part in (2, 4, 100):
        file.write_bytes(whole[: -len(whole) // part])
        with pytest.raises(CannotBackUp):
            backup.restore(settings, file, force=True)
    assert Discussion.with_slug(later) is not None


@pytest.mark.postgresql
def test_what_cannot_be_put_back_says_the_first_fault_and_replaces_nothing(house, settings, tmp_path):
    slug = house.discussion().slug
    file = kept(tmp_path, settings)
    _statements(
        "CREATE VIEW in_the_way AS SELECT 1",
        "ALTER TABLE letter RENAME TO letter_elsewhere",
        "ALTER VIEW in_the_way RENAME TO letter",
    )
    try:
        db.engine.dispose()
        with pytest.raises(CannotBackUp, match=r"psql: [^:]*letter") as refused:
            backup.restore(settings, file, force=True)
        assert len(str(refused.value).splitlines()) == 1
        assert Discussion.with_slug(slug) is not None
    finally:
        db.session.remove()
        _statements("DROP VIEW letter", "ALTER TABLE letter_elsewhere RENAME TO letter")


@pytest.mark.postgresql
def test_every_function_and_type_of_the_database_is_dropped_before_a_restore(app):
    """A migration that makes another one has to name it in `dumps`."""
    found = db.session.scalars(
        text("SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1")
    )
    assert tuple(found) == dumps.FUNCTIONS
    of_their_own = "SELECT count(*) FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')"
    assert db.session.scalar(text(of_their_own)) == 0


def test_a_backup_of_another_version_is_refused_and_nothing_is_replaced(house, settings, tmp_path):
    with of_another_version():
        file = kept(tmp_path, settings)
    slug = house.discussion().slug
    db.session.remove()
    db.engine.dispose()
    with pytest.raises(CannotBackUp, match="newer version of Roundtext"):
        backup.restore(settings, file, force=True)
    assert Discussion.with_slug(slug) is not None


@pytest.mark.postgresql
def test_a_damaged_dump_is_refused_with_what_to_do(house, settings, tmp_path):
    file = kept(tmp_path, settings)
    file.write_bytes(file.read_bytes()[:-200])
    slug = house.discussion().slug
    db.session.remove()
    db.engine.dispose()
    with pytest.raises(
        CannotBackUp, match=r"was not restored, and nothing was changed\. pg_restore: .*\. Try another backup\."
    ):
        backup.restore(settings, file, force=True)
    assert Discussion.with_slug(slug) is not None


@pytest.mark.parametrize("has_table", [False, True])
def test_a_file_that_does_not_say_its_version_is_no_backup(tmp_path, has_table):
    file = tmp_path / "file"
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE discussion (id integer)")
        if has_table:
            made.execute("CREATE TABLE alembic_version (version_num text)")
    with pytest.raises(CannotBackUp, match="is no backup of "):
        backup.restore(Settings(data_dir=tmp_path / "data"), file)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_cannot_be_read_is_named_and_not_the_file_that_was_to_be_written(tmp_path, is_folder):
    settings, file = Settings(data_dir=tmp_path), tmp_path / "saved"
    source = settings.sqlite_file
    source.mkdir() if is_folder else source.write_bytes(b"not a database at all")
    with pytest.raises(CannotBackUp) as refused:
        backup.backup(settings, file)
    assert str(refused.value).startswith(f"{source} could not be read: ")
    assert str(file) not in str(refused.value).replace(str(source), "")
    assert not file.exists()


@pytest.mark.one_database
def test_a_restore_onto_a_full_disk_is_refused_and_leaves_what_was_there(house, settings, tmp_path):
    house.discussion()
    file = kept(tmp_path, settings)
    other = Settings(data_dir=tmp_path / "other")
    with a_full_disk(file.stat().st_size // 2), pytest.raises(CannotBackUp, match="could not be written"):
        backup.restore(other, file)
    assert not list((tmp_path / "other").glob("roundtext*"))
    backup.restore(other, file)
    before = sqlite_titles(tmp_path / "other/roundtext.sqlite")
    house.discussion(title="Another", intro="Long. " * 3000)
    (tmp_path / "roundtext.backup").unlink()
    larger = kept(tmp_path, settings)
    with a_full_disk(larger.stat().st_size - 4096), pytest.raises(CannotBackUp, match="could not be written"):
        backup.restore(other, larger, force=True)
    assert sqlite_titles(tmp_path / "other/roundtext.sqlite") == before


def sqlite_titles(file):
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT title FROM discussion").fetchall()


@pytest.mark.one_database
def test_a_restore_to_where_nobody_may_write_is_refused_in_words(house, settings, tmp_path):
    file = kept(tmp_path, settings)
    (tmp_path / "data/roundtext.sqlite").mkdir(parents=True)  # root, who runs tests, may write everywhere else
    with pytest.raises(CannotBackUp, match="could not be written"):
        backup.restore(Settings(data_dir=tmp_path / "data"), file, force=True)


@pytest.mark.one_database
@pytest.mark.parametrize("damage", ["first page", "half"])
def test_a_damaged_database_is_replaced_by_force_alone_and_kept_aside(house, settings, tmp_path, damage):
    house.discussion(title="Water")
    file = kept(tmp_path, settings)
    other = Settings(data_dir=tmp_path / "other")
    backup.restore(other, file)
    place = other.sqlite_file
    whole = place.read_bytes()
    broken = bytes(4096) + whole[4096:] if damage == "first page" else whole[: len(whole) // 2]
    place.write_bytes(broken)
    place.with_name(f"{place.name}-wal").write_bytes(b"of the damaged one")
    with pytest.raises(CannotBackUp, match=r"is damaged\. Use --force"):
        backup.restore(other, file)
    held = alone.hold(other, 0)
    with pytest.raises(CannotBackUp, match="Stop the site first"):
        backup.restore(other, file, force=True)
    os.close(held)
    assert place.read_bytes() == broken
    backup.restore(other, file, force=True)
    assert sqlite_titles(place) == [("Water",)]
    assert place.with_name(f"{place.name}.damaged").read_bytes() == broken
    assert not list(place.parent.glob("*.restored*"))
    place.write_bytes(broken)
    with pytest.raises(CannotBackUp, match="is there already"):
        backup.restore(other, file, force=True)


def test_a_password_is_not_on_the_command_line(monkeypatch, settings, tmp_path):
    seen = []

    def run(command, **options):
        seen.append((command, options["env"].get("PGPASSWORD")))
        return subprocess.CompletedProcess(command, 0, "public\n150000\n", "")

    monkeypatch.setattr(subprocess, "run", run)
    secret = settings.model_copy(update={"database_url": "postgresql://me:s3cret@127.0.0.1:1/water"})
    backup.backup(secret, tmp_path / "file")
    assert {password for _, password in seen} == {"s3cret"}
    assert not any("s3cret" in part for command, _ in seen for part in command)
    assert "PGPASSWORD" not in os.environ
