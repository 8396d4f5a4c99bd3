"""Saving the whole database to one file, and putting it back."""

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from forum import alone, migrating, models  # noqa: F401  (so that the metadata knows every table)
from forum.archive import dumps
from forum.config import Settings
from forum.database import db


class CannotBackUp(Exception):
    """The message says what to do."""


def backup(settings: Settings, file: Path) -> None:
    """Write the database of `settings` to `file`, which must not exist yet; the site may go on meanwhile.

    What was committed before this began is in it. SQLite: the online backup API; PostgreSQL: pg_dump.
    Raises CannotBackUp.
    """
    if file.exists():
        raise CannotBackUp(f"{file} exists already. Choose another name.")
    if settings.is_sqlite:
        _require_readable(settings.sqlite_file)
    # Under its own name stands only what is whole, however this ends.
    beside = file.with_name(f"{file.name}.part")
    try:
        _forget(beside)
        # Nobody else may read it, from its first byte on.
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if settings.is_sqlite:
            with closing(sqlite3.connect(settings.sqlite_file)) as database, closing(sqlite3.connect(beside)) as copy:
                database.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
        else:
            dumps.dump(settings, beside, _tables())
        _sync(beside)
        beside.replace(file)
    except dumps.ProgramFailed as failure:
        raise CannotBackUp(str(failure)) from failure
    except sqlite3.Error as error:
        raise CannotBackUp(f"{file} could not be written: {error}. Choose another place.") from error
    finally:
        _forget(beside)


def _forget(file: Path) -> None:
    """Delete an SQLite file, with what SQLite keeps beside it."""
    for ending in ("", "-journal", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def _require_readable(file: Path) -> None:
    """What cannot be read is said of the file that is read, before there is one that is written.

    Not by `mode=ro`, which leaves files beside the database that belong to whoever looked.
    """
    try:
        if not file.exists():
            raise CannotBackUp(f"There is no database at {file}.")
        with closing(sqlite3.connect(file)) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except (OSError, sqlite3.Error) as error:
        raise CannotBackUp(
            f"{file} could not be read: {error}. See who may read it, and whether it is a database."
        ) from error


def restore(settings: Settings, file: Path, *, force: bool = False) -> None:
    """Put the backup `file` in place of the database of `settings`, and give every discussion a new epoch.

    Pages that are open then load anew instead of mixing two histories. Raises CannotBackUp for a database that holds
    discussions or is damaged, unless `force`; and for a damaged one that is served.
    """
    if not file.is_file():
        raise CannotBackUp(f"There is no file {file}.")
    try:
        file.open("rb").close()
    except OSError as error:
        raise CannotBackUp(f"{file} could not be read: {error.strerror}. See who may read it.") from error
    is_damaged = settings.is_sqlite and _is_damaged(settings.sqlite_file)
    if is_damaged and not force:
        kept = _aside(settings.sqlite_file)
        raise CannotBackUp(
            f"The database {settings.sqlite_file} is damaged. Use --force to replace it; it is kept as {kept}."
        )
    if not force and _holds_discussions(settings):
        raise CannotBackUp("This database holds discussions. Use --force to replace them.")
    if settings.is_sqlite:
        _restore_sqlite(settings, file, is_damaged=is_damaged)
    else:
        _restore_postgresql(settings, file)
    _renew_epochs(settings)


def _is_damaged(file: Path) -> bool:
    """Whether there is a file that SQLite cannot read for what is in it, not for who asks or who else is at it."""
    if not file.is_file():
        return False
    try:
        with closing(sqlite3.connect(file)) as database:
            return bool(database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True


def _aside(file: Path) -> Path:
    return file.with_name(f"{file.name}.damaged")


def _restore_sqlite(settings: Settings, file: Path, *, is_damaged: bool) -> None:
    with closing(sqlite3.connect(file)) as copy:
        try:
            if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise CannotBackUp(f"{file} is damaged. Choose another backup.")
            if (
                copy.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'discussion'").fetchone()
                is None
            ):
                raise CannotBackUp(f"{file} is no backup of this site. Choose another file.")
            _require_known(file, *copy.execute("SELECT max(version_num) FROM alembic_version").fetchone())
        except sqlite3.DatabaseError as error:
            raise CannotBackUp(f"{file} is no backup of an SQLite database.") from error
        settings.make_data_dir()
        if is_damaged:
            _replace_damaged(settings, copy)
        else:
            _write_sqlite(copy, settings.sqlite_file)


def _replace_damaged(settings: Settings, copy: sqlite3.Connection) -> None:
    """Write the copy beside the damaged file and put it in its place; SQLite itself writes over no file it cannot read.

    Not under a server: it would go on with the file that is set aside.
    """
    file = settings.sqlite_file
    if _aside(file).exists():
        raise CannotBackUp(f"{_aside(file)} is there already. Move it elsewhere first.")
    try:
        held = alone.hold(settings, 0)
    except alone.Taken:
        raise CannotBackUp(f"The database {file} is damaged, and the site is running. Stop the site first.") from None
    made = file.with_name(f"{file.name}.restored")
    try:
        made.unlink(missing_ok=True)
        _write_sqlite(copy, made)
        _as_before(file, made)
        # What was not yet in the damaged file goes with it, or SQLite would write it into the restored one.
        for ending in ("-journal", "-wal", "-shm", ""):
            beside = file.with_name(file.name + ending)
            if beside.exists():
                beside.replace(_aside(file).with_name(_aside(file).name + ending))
        made.replace(file)
        _sync(file.parent)
    finally:
        made.unlink(missing_ok=True)
        os.close(held)


def _as_before(file: Path, made: Path) -> None:
    """Give `made`, on the disk, to whom `file` belongs: an administrator restores for the server's account."""
    before = file.stat()
    made.chmod(before.st_mode & 0o777)
    if (before.st_uid, before.st_gid) != (made.stat().st_uid, made.stat().st_gid):
        os.chown(made, before.st_uid, before.st_gid)
    _sync(made)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _write_sqlite(copy: sqlite3.Connection, file: Path) -> None:
    """Copy all or nothing; where there was no file there is none after a failure."""
    was_there = file.exists()
    try:
        with closing(sqlite3.connect(file)) as database:
            copy.backup(database)
            database.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        if not was_there:
            _forget(file)
        raise CannotBackUp(f"{file} could not be written: {error}. Make room, or see who may write there.") from error


def _tables() -> list[str]:
    return [*db.metadata.tables, "alembic_version"]


def _restore_postgresql(settings: Settings, file: Path) -> None:
    try:
        # Looked at before anything is replaced: another program's file would leave no discussions.
        found, where = dumps.schemas(dumps.contents(settings, file)), dumps.place(settings)
        if not found:
            raise CannotBackUp(f"{file} is no backup of this site. Choose another file.")
        if where.schema not in found:
            raise CannotBackUp(
                f"The tables in {file} are in the schema {found[0]}, and this database keeps them in "
                f"{where.schema or 'none'}. Make a schema {found[0]} the first in the search_path of its user, and try "
                "again."
            )
        _require_known(file, dumps.version(settings, file, where.schema))
        dumps.put_back(settings, file, where, _tables())
    except dumps.ProgramFailed as failure:
        # psql tells of the database, pg_restore of the file.
        advice = " Try another backup." if str(failure).startswith("pg_restore:") else ""
        raise CannotBackUp(f"{file} was not restored, and nothing was changed. {failure}.{advice}") from failure


def _require_known(file: Path, version: str | None) -> None:
    if not version:
        raise CannotBackUp(f"{file} is no backup of this site. Choose another file.")
    try:
        migrating.require_known([version])
    except migrating.Newer as newer:
        raise CannotBackUp(
            f"{file} was made by a newer version of Roundtext. Install that version, or choose another backup."
        ) from newer


def _holds_discussions(settings: Settings) -> bool:
    from sqlalchemy import create_engine, inspect, text

    if settings.is_sqlite and not settings.sqlite_file.exists():
        return False
    engine = create_engine(settings.database)
    with engine.connect() as connection:
        if not inspect(connection).has_table("discussion"):
            return False
        return bool(connection.execute(text("SELECT count(*) FROM discussion")).scalar())


def _renew_epochs(settings: Settings) -> None:
    from sqlalchemy import create_engine, text

    with create_engine(settings.database).begin() as connection:
        for (discussion_id,) in connection.execute(text("SELECT id FROM discussion")).all():
            connection.execute(
                text("UPDATE discussion SET epoch = :epoch WHERE id = :id"),
                {"epoch": secrets.token_hex(8), "id": discussion_id},
            )
