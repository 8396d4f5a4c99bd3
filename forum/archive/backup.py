"""Saving the whole database to one file, and putting it back."""

import os
import secrets
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from forum.config import Settings


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
        source = _sqlite_file(settings)
        if not source.exists():
            raise CannotBackUp(f"There is no database at {source}.")
        with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(file)) as copy:
            database.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    else:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={file}", _postgresql(settings))
    file.chmod(0o600)


def restore(settings: Settings, file: Path, *, force: bool = False) -> None:
    """Put the backup `file` in place of the database of `settings`, and give every discussion a new epoch.

    Pages that are open then load anew instead of mixing two histories. Raises CannotBackUp for a database that holds
    discussions, unless `force`.
    """
    if not file.is_file():
        raise CannotBackUp(f"There is no file {file}.")
    if not force and _holds_discussions(settings):
        raise CannotBackUp("This database holds discussions. Use --force to replace them.")
    if settings.is_sqlite:
        _restore_sqlite(settings, file)
    else:
        _run(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            f"--dbname={_postgresql(settings)}",
            str(file),
        )
    _renew_epochs(settings)


def _restore_sqlite(settings: Settings, file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy:
        try:
            if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise CannotBackUp(f"{file} is damaged. Choose another backup.")
        except sqlite3.DatabaseError as error:
            raise CannotBackUp(f"{file} is no backup of an SQLite database.") from error
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(_sqlite_file(settings))) as database:
            copy.backup(database)
            database.execute("PRAGMA journal_mode=WAL")


def _holds_discussions(settings: Settings) -> bool:
    from sqlalchemy import create_engine, inspect, text

    if settings.is_sqlite and not _sqlite_file(settings).exists():
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


def _sqlite_file(settings: Settings) -> Path:
    return Path(settings.database.removeprefix("sqlite:///"))


def _postgresql(settings: Settings) -> str:
    return "postgresql" + settings.database[settings.database.index("://") :]


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs: from PATH, or where Debian keeps them."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)
    found = str(debian[0]) if debian else shutil.which(program)
    if found is None:
        raise CannotBackUp(f"{program} is missing. Install PostgreSQL's client programs.")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, env=os.environ, check=False)  # noqa: S603
    if done.returncode != 0:
        raise CannotBackUp(f"{program}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
