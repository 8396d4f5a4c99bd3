"""PostgreSQL's own programs: a dump of the database, and its way back."""

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from sqlalchemy import make_url

from forum.config import Settings

# Made by migrations, and no part of a table.
FUNCTIONS = ("refuse_record_change()", "roundtext_plain(text)")
# What hangs on a table of ours is ours too: a database that was upgraded has tables that an older dump does not name,
# and `pg_restore --clean` could not drop what they hang on. Other programs' tables stay.
_DROP_OURS = """
DO $$ DECLARE gone text; BEGIN
  WITH RECURSIVE ours (id) AS (
    SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname IN ({tables})
    UNION SELECT conrelid FROM pg_constraint JOIN ours ON confrelid = id WHERE contype = 'f'
  ) SELECT string_agg(id::regclass::text, ', ') INTO gone FROM ours;
  IF gone IS NOT NULL THEN EXECUTE 'DROP TABLE ' || gone || ' CASCADE'; END IF;
END $$;
DROP FUNCTION IF EXISTS {functions};
"""


class ProgramFailed(Exception):
    """The message says which program, and what it says."""


def dump(settings: Settings, file: Path) -> None:
    """Write the database of `settings` to `file`. Raises ProgramFailed."""
    _run(settings, "pg_dump", "--format=custom", "--no-owner", f"--file={file}", _address(settings))


def contents(settings: Settings, file: Path) -> str:
    """Return what pg_restore lists of `file`. Raises ProgramFailed."""
    return _run(settings, "pg_restore", "--list", str(file))


def version(settings: Settings, file: Path) -> str:
    """Return the migration that the dump `file` stands at, or nothing if it does not say. Raises ProgramFailed."""
    script = _run(settings, "pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file))
    found = re.search(r"^COPY public\.alembic_version .*\n(\w+)$", script, re.M)
    return found[1] if found else ""


def put_back(settings: Settings, file: Path, tables: list[str]) -> None:
    """Replace our `tables`, and what hangs on them, by the dump `file`, all or nothing. Raises ProgramFailed.

    pg_restore writes the script and psql runs it: a transaction of pg_restore's own could not drop what it does not
    know. The script is committed by us, so that half of one never is.
    """
    names, functions = (", ".join(each) for each in ((f"'{name}'" for name in tables), FUNCTIONS))
    with tempfile.TemporaryFile() as said_by_reader, tempfile.TemporaryFile() as said_by_writer:
        writer = subprocess.Popen(  # noqa: S603
            [_found("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", f"--dbname={_address(settings)}", "--file=-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said_by_writer,
            env=_environment(settings),
        )  # fmt: skip
        assert writer.stdin is not None
        with suppress(BrokenPipeError):
            writer.stdin.write(f"BEGIN;\n{_DROP_OURS.format(tables=names, functions=functions)}".encode())
            writer.stdin.flush()
        reading = [_found("pg_restore"), "--clean", "--if-exists", "--no-owner", "--file=-", str(file)]
        reader = subprocess.run(reading, stdout=writer.stdin, stderr=said_by_reader, check=False)  # noqa: S603
        with suppress(BrokenPipeError):
            writer.stdin.write(b"COMMIT;\n" if reader.returncode == 0 else b"ROLLBACK;\n")
        with suppress(BrokenPipeError):
            writer.stdin.close()
        read, is_written = _read(said_by_reader), writer.wait() == 0
        # A file that breaks off ends a statement in the middle, of which psql complains too; where psql gives up first,
        # the reader's pipe breaks, and it ends by a signal or complains of that.
        is_of_the_file = reader.returncode > 0 and "Broken pipe" not in read
        if reader.returncode != 0 and (is_of_the_file or is_written):
            raise ProgramFailed(_first_fault("pg_restore", read))
        if not is_written:
            raise ProgramFailed(_first_fault("psql", _read(said_by_writer)))


def _read(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace")


def _first_fault(program: str, said: str) -> str:
    """The first line that tells of a fault: what follows it repeats the statement, or is its consequence."""
    lines = said.strip().splitlines() or ["failed"]
    line = next((line for line in lines if re.search(r"ERROR|FATAL|error:", line)), lines[0])
    return f"{program}: {re.sub(r'^.*?(?:ERROR|FATAL|error): +', '', line)}"


def _address(settings: Settings) -> str:
    """The database's address for PostgreSQL's own programs, without the password, which `ps` would show."""
    bare = make_url(settings.database).set(drivername="postgresql")
    return bare._replace(password=None).render_as_string()


def _environment(settings: Settings) -> dict[str, str]:
    password = make_url(settings.database).password
    return {**os.environ, "PGPASSWORD": str(password)} if password else dict(os.environ)


def _found(program: str) -> str:
    """One of PostgreSQL's own programs, from where Debian keeps them, or PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)
    found = str(debian[0]) if debian else shutil.which(program)
    if found is None:
        raise ProgramFailed(f"{program} is missing. Install PostgreSQL's client programs.")
    return found


def _run(settings: Settings, program: str, *arguments: str) -> str:
    """Run `program` and return what it printed."""
    done = subprocess.run(  # noqa: S603
        [_found(program), *arguments], capture_output=True, text=True, env=_environment(settings), check=False
    )
    if done.returncode != 0:
        raise ProgramFailed(_first_fault(program, done.stderr))
    return done.stdout
