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
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("language", sa.String(length=20), server_default="", nullable=False))


def downgrade() -> None:
    """Go one step back."""
    for table in ("user", "rsvp"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("language")
