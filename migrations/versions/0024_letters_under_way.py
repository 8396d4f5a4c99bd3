"""Find the letters that have still to leave without looking through all that ever left."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    under_way = sa.text("sent_at IS NULL AND refused_at IS NULL")
    op.create_index(op.f("ix_letter_under_way"), "letter", ["id"], sqlite_where=under_way, postgresql_where=under_way)


def downgrade() -> None:
    """Go one step back."""
    op.drop_index(op.f("ix_letter_under_way"), "letter")
