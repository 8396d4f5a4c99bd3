"""PostgreSQL's own programs: a dump of the database, and its way back."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from sqlalchemy import make_url

from forum.config import Settings

# Made by migrations, and no part of a table.
FUNCTIONS = ("refuse_record_change()", "roundtext_plain(text)")
# What hangs on a table of ours is ours too: a database that was upgraded has tables that an older dump does not name,
# and `pg_restore --clean` could not drop what they hang on. Other programs' tables stay.
_OURS = """
  WITH RECURSIVE place (schema) AS (SELECT oid FROM pg_namespace WHERE nspname = {schema}), ours (id) AS (
    SELECT oid FROM pg_class JOIN place ON relnamespace = schema WHERE relkind = 'r' AND relname IN ({tables})
    UNION SELECT conrelid FROM pg_constraint JOIN place ON connamespace = schema JOIN ours ON confrelid = id
    WHERE contype = 'f'
  )"""
_DROP_OURS = f"""
DO $$ DECLARE gone text; BEGIN {_OURS}
  SELECT string_agg(id::regclass::text, ', ') INTO gone FROM ours;
  IF gone IS NOT NULL THEN EXECUTE 'DROP TABLE ' || gone || ' CASCADE'; END IF;
END $$;
DROP FUNCTION IF EXISTS {{functions}};
"""  # noqa: S608
_OTHERS = f"""{_OURS}
  SELECT format('%I.%I', {{schema}}, relname) FROM pg_class JOIN place ON relnamespace = schema
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND oid NOT IN (SELECT id FROM ours UNION SELECT objid FROM pg_depend
    JOIN ours ON refobjid = id WHERE classid = 'pg_class'::regclass AND deptype IN ('a', 'i'))
"""  # noqa: S608
_WHERE = """
  SELECT unnest(ARRAY[coalesce(
    (SELECT nspname FROM pg_class JOIN pg_namespace AS place ON place.oid = relnamespace
     WHERE pg_class.oid = to_regclass('discussion')),
    current_schema(), ''
  )::text, current_setting('server_version_num')])
"""
_DEBIAN = Path("/usr/lib/postgresql")
_HEAD_LINES = 20


class ProgramFailed(Exception):
    """The message says which program, and what it says."""


class Place(NamedTuple):
    """Where a database has our tables, or would have them made."""

    schema: str
    server: int  # its major version

    def about(self, statement: str, tables: Iterable[str]) -> str:
        """Return `statement` about our `tables` there."""
        functions = ", ".join(f"{_name(self.schema)}.{function}" for function in FUNCTIONS)
        names = ", ".join(map(_literal, tables))
        return statement.format(schema=_literal(self.schema), tables=names, functions=functions)


def place(settings: Settings) -> Place:
    """Ask the database where our tables are. Raises ProgramFailed."""
    schema, number = _asked(settings, _WHERE)
    return Place(schema, int(number) // 10_000)


def dump(settings: Settings, file: Path, tables: list[str]) -> None:
    """Write our `tables`, and what hangs on them, to `file`. Raises ProgramFailed.

    Who may use them on another machine is said there: its users need not be these.
    """
    where = place(settings)
    others = [f"--exclude-table={name}" for name in _asked(settings, where.about(_OTHERS, tables))]
    _run(
        settings, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--schema={_name(where.schema)}",
        *others, f"--file={file}", _address(settings), major=where.server,
    )  # fmt: skip


def contents(settings: Settings, file: Path) -> str:
    """Return what pg_restore lists of `file`: each thing, and what it depends on. Raises ProgramFailed."""
    return _run(settings, "pg_restore", "--list", "--verbose", str(file))


def schemas(listed: str) -> list[str]:
    """Return where in the dump of which this is `listed` a table of discussions is."""
    return re.findall(r"^\d+; \d+ \d+ TABLE DATA (.+) discussion \S+$", listed, re.M)


def version(settings: Settings, file: Path, schema: str) -> str:
    """Return the migration that the dump `file` stands at, or nothing if it does not say. Raises ProgramFailed."""
    only = f"--schema={schema}", "--table=alembic_version"
    script = _run(settings, "pg_restore", "--data-only", *only, "--file=-", str(file))
    found = re.search(r"^COPY .*\balembic_version .*\n(\w+)$", script, re.M)
    return found[1] if found else ""


def put_back(settings: Settings, file: Path, where: Place, tables: list[str]) -> None:
    """Replace our `tables`, and what hangs on them, by the dump `file`, all or nothing. Raises ProgramFailed.

    pg_restore writes the script and psql runs it: a transaction of pg_restore's own could not drop what it does not
    know. The script is committed by us, so that half of one never is.
    """
    listed = _ours_of(contents(settings, file), where.schema, tables)
    with (
        tempfile.TemporaryFile() as said_by_reader,
        tempfile.TemporaryFile() as said_by_writer,
        tempfile.NamedTemporaryFile("w") as chosen,
    ):
        chosen.write(listed)
        chosen.flush()
        writer = subprocess.Popen(  # noqa: S603
            [_found("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", f"--dbname={_address(settings)}", "--file=-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said_by_writer,
            env=_environment(settings),
        )  # fmt: skip
        assert writer.stdin is not None
        with suppress(BrokenPipeError):
            writer.stdin.write(f"BEGIN;\n{where.about(_DROP_OURS, tables)}".encode())
            writer.stdin.flush()
        reading = [
            _found("pg_restore"), "--clean", "--if-exists", "--no-owner", "--no-privileges",
            f"--use-list={chosen.name}", "--file=-", str(file),
        ]  # fmt: skip
        with subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=said_by_reader) as reader:  # noqa: S603
            assert reader.stdout is not None
            with suppress(BrokenPipeError):
                _pass_on(reader.stdout, writer.stdin, where.server)
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


def _pass_on(script: IO[bytes], to: IO[bytes], server: int) -> None:
    """Hand over what pg_restore writes, without what it says at its head from 17 on, whichever server is to hear it."""
    for _ in range(_HEAD_LINES):
        line = script.readline()
        if server >= 17 or line != b"SET transaction_timeout = 0;\n":
            to.write(line)
    shutil.copyfileobj(script, to)


def _ours_of(listed: str, schema: str, tables: Iterable[str]) -> str:
    """Return the lines of a dump's list that are ours, in their order: a dump can hold the whole database.

    Of ours are our tables, those that hang on them, and whatever depends on nothing but these and the schema.
    """
    lines, needs = {}, {}
    for number, line, found in re.findall(
        r"^(\d+)(; \d+ \d+ (?!SCHEMA - ).*)(?:\n;\tdepends on:((?: \d+)*))?", listed, re.M
    ):
        lines[number], needs[number] = line, {*found.split()}
    named = [f" TABLE {schema} {table} " for table in tables] + [f" FUNCTION {schema} {name} " for name in FUNCTIONS]
    ours = {number for number, line in lines.items() if any(name in line for name in named)}
    before = -1
    while before != len(ours):
        before = len(ours)
        for number, line in lines.items():
            needed = needs[number] & lines.keys()
            if " FK CONSTRAINT " in line and needed & ours:
                ours |= {other for other in needed if f" TABLE {schema} " in lines[other]}
            if needed and needed <= ours:
                ours.add(number)
    return "".join(f"{number}{line}\n" for number, line in lines.items() if number in ours)


def _name(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))


def _literal(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))


def _asked(settings: Settings, question: str) -> list[str]:
    """Return the rows of one column that the database answers. Raises ProgramFailed."""
    return _run(
        settings, "psql", "-X", "-A", "-t", f"--dbname={_address(settings)}", "--command", question
    ).splitlines()


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


def _found(program: str, major: int = 0) -> str:
    """One of PostgreSQL's own programs, from where Debian keeps them, or PATH: of `major`, or else the newest."""
    debian = {int(path.parts[-3]): path for path in _DEBIAN.glob(f"[0-9][0-9]/bin/{program}")}
    found = str(debian.get(major) or debian[max(debian)]) if debian else shutil.which(program)
    if found is None:
        raise ProgramFailed(f"{program} is missing. Install PostgreSQL's client programs.")
    return found


def _run(settings: Settings, program: str, *arguments: str, major: int = 0) -> str:
    """Run `program` and return what it printed."""
    done = subprocess.run(  # noqa: S603
        [_found(program, major), *arguments], capture_output=True, text=True, env=_environment(settings), check=False
    )
    if done.returncode != 0:
        raise ProgramFailed(_first_fault(program, done.stderr))
    return done.stdout
