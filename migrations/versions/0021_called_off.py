"""Keep what was announced and will not take place, so that calendars can be told."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "called_off",
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discussion_id"],
            ["discussion.id"],
            name=op.f("fk_called_off_discussion_id_discussion"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("discussion_id", name=op.f("pk_called_off")),
    )
    op.create_index(op.f("ix_called_off_slug"), "called_off", ["slug"])


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("called_off")
