"""Keep which country somebody says they are from: on their profile, on a seat, and beside an imported name.

And how often a discussion was opened to read along.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_PLACES = (("user", "country"), ("seat", "country"), ("comment", "byline_country"))


def upgrade() -> None:
    """Go one step on."""
    for table, column in _PLACES:
        op.add_column(table, sa.Column(column, sa.String(length=2), nullable=False, server_default=""))
    op.add_column("discussion", sa.Column("arrivals", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("discussion", "arrivals")
    for table, column in _PLACES:
        op.drop_column(table, column)
