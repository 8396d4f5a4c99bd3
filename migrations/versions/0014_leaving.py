"""Keep that somebody has left: their words may stay, their name and address do not."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("user", sa.Column("left_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("user", "left_at")
