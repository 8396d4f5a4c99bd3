"""How Alembic runs our migrations: always through the app, on SQLite and PostgreSQL alike."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from forum import migrating, models  # noqa: F401  (so that the metadata knows every table)

# Any number that nobody else takes in our database.
LOCK = 7_462_837_001
# A migration of a large file takes minutes; the usual two seconds are for what a server writes.
SQLITE_PATIENCE_SECONDS = 600

database = current_app.extensions["migrate"].db


def run() -> None:
    """Run the migrations on the app's own engine. Of several machines that start at once, the others wait for the first."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # The engine reads without transactions (forum/database.py); a migration is one, whole or not at all.
            connection.execution_options(isolation_level="READ COMMITTED")
            connection.execute(text("SELECT pg_advisory_xact_lock(:of_ours)"), {"of_ours": LOCK})
        else:
            # Whoever reads first and then writes is refused at once where somebody else has written meanwhile; and
            # Alembic alone would let the others in between any two steps.
            _wait_long(connection)
            connection.execution_options(writes=True)
            connection.begin()
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            migrating.require_known(context.get_context().get_current_heads())
            context.run_migrations()
        connection.commit()
        if connection.dialect.name == "sqlite":
            connection.invalidate()  # with its patience, which is for nobody else


def _wait_long(connection: Connection) -> None:
    line = connection.connection.dbapi_connection
    if line is not None:
        line.execute(f"PRAGMA busy_timeout={SQLITE_PATIENCE_SECONDS * 1000}")


run()
