"""Bringing a database up to the models of this version."""

import logging

from flask import Flask
from flask_migrate import upgrade as run_upgrade


def upgrade(app: Flask) -> None:
    """Run the migrations that `app`'s database has not had yet. Raises what the database raises."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with app.app_context():
        run_upgrade()
