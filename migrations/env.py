"""How Alembic runs our migrations: always through the app, on SQLite and PostgreSQL alike."""

from alembic import context
from flask import current_app

from forum import models  # noqa: F401  (so that the metadata knows every table)

database = current_app.extensions["migrate"].db


def run() -> None:
    """Run the migrations on the app's own engine."""
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
