"""Bringing a database up to the models of this version."""

import logging
from collections.abc import Iterable
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, inspect, text

from forum.database import db

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


class Newer(Exception):
    """A database, or a backup of one, belongs to a version that is newer than this one."""


def upgrade(app: Flask) -> None:
    """Run the migrations that `app`'s database has not had yet. Raises Newer, and what the database raises.

    Only looked at first: who has nothing to change waits for no writer, and needs to be none; and Alembic, which
    brings Mako and Pygments, is a tenth of what a command loads.
    """
    with app.app_context():
        if _is_behind():
            _run(app)


def is_outdated(app: Flask) -> bool:
    """Whether `app`'s database was made by an earlier version; an empty one was not. Raises Newer."""
    with app.app_context(), db.engine.connect() as connection:
        stands_at = _stands_at(connection)
    if stands_at <= {_newest()}:
        return False
    require_known(stands_at)
    return True


def _is_behind() -> bool:
    with db.engine.connect() as connection:
        return _stands_at(connection) != {_newest()}


def _stands_at(connection: Connection) -> set[str]:
    """Return what Alembic has noted in the database: the migration it stands at, none while it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))


def _newest() -> str:
    """Return the number of this version's last migration, with which its file's name begins."""
    return max(file.name for file in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def _run(app: Flask) -> None:
    from flask_migrate import Migrate
    from flask_migrate import upgrade as run_upgrade

    logging.getLogger("alembic").setLevel(logging.WARNING)
    Migrate(app, db, directory=str(FOLDER))
    run_upgrade()


def require_known(heads: Iterable[str]) -> None:
    """Raise Newer if one of `heads`, the migrations that a database stands at, is none of this version's."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if not known.issuperset(heads):
        raise Newer(
            "This database belongs to a newer version of Roundtext. "
            "Install that version, or restore a backup from before."
        )
