"""Keep the language of a person, and of the letters about one discussion."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    for table in ("user", "rsvp"):
        op.add_column(table, sa.Column("language", sa.String(length=20), server_default="", nullable=False))


def downgrade() -> None:
    """Go one step back, by plain DROP COLUMN: with a table made anew goes all that refers to its rows."""
    for table in ("user", "rsvp"):
        op.drop_column(table, "language")
