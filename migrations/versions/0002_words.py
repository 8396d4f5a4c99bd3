"""Keep what hosts say about a discussion: an announcement, summaries, highlights, and that a question was corrected."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXTS = {
    "discussion": ("announcement", "announcement_html", "summary", "summary_html"),
    "question": ("summary", "summary_html"),
}
_MOMENTS = {
    "discussion": "announced_at",
    "question": "corrected_at",
    "comment": "highlighted_at",
}


def upgrade() -> None:
    """Go one step on."""
    for table, names in _TEXTS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for table, name in _MOMENTS.items():
        op.add_column(table, sa.Column(name, UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Go one step back."""
    for table, name in _MOMENTS.items():
        op.drop_column(table, name)
    for table, names in _TEXTS.items():
        for name in names:
            op.drop_column(table, name)
