"""Know for whom a text was typed that is kept until it can be posted."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("draft", sa.Column("spoken_for", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("draft", "spoken_for")
