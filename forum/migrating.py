"""Bringing a database up to the models of this version."""

import logging
from collections.abc import Iterable
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate
from flask_migrate import upgrade as run_upgrade

from forum.database import db

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


class Newer(Exception):
    """A database, or a backup of one, belongs to a version that is newer than this one."""


def upgrade(app: Flask) -> None:
    """Run the migrations that `app`'s database has not had yet. Raises Newer, and what the database raises."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    Migrate(app, db, directory=str(FOLDER))  # here, and not for every app: a server needs nothing of Alembic
    with app.app_context():
        if _is_behind():
            run_upgrade()


def _is_behind() -> bool:
    """Whether anything is due. Only looked at: who has nothing to change waits for no writer, and needs to be none."""
    with db.engine.connect() as connection:
        stands_at = MigrationContext.configure(connection).get_current_heads()
    return set(stands_at) != set(ScriptDirectory(str(FOLDER)).get_heads())


def require_known(heads: Iterable[str]) -> None:
    """Raise Newer if one of `heads`, the migrations that a database stands at, is none of this version's."""
    known = {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if not known.issuperset(heads):
        raise Newer(
            "This database belongs to a newer version of Roundtext. "
            "Install that version, or restore a backup from before."
        )
