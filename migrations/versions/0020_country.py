"""Keep which country somebody says they are from: on their profile, on a seat, and beside an imported name."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0015"
branch_labels = None
depends_on = None

_PLACES = (("user", "country"), ("seat", "country"), ("comment", "byline_country"))


def upgrade() -> None:
    """Go one step on."""
    for table, column in _PLACES:
        op.add_column(table, sa.Column(column, sa.String(length=2), nullable=False, server_default=""))


def downgrade() -> None:
    """Go one step back."""
    for table, column in _PLACES:
        op.drop_column(table, column)
