"""Know since when votes for the audience's questions wait to be told to readers."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("discussion", sa.Column("votes_untold_at", UtcDateTime(), nullable=True))
    waiting = sa.text("votes_untold_at IS NOT NULL")
    op.create_index(
        op.f("ix_discussion_votes_untold"), "discussion", ["votes_untold_at"],
        sqlite_where=waiting, postgresql_where=waiting,
    )  # fmt: skip


def downgrade() -> None:
    """Go one step back."""
    op.drop_index(op.f("ix_discussion_votes_untold"), "discussion")
    op.drop_column("discussion", "votes_untold_at")
