"""Keep the addresses that a discussion had before, and how many read it at once."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("discussion", sa.Column("peak_readers", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "old_address",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discussion_id"],
            ["discussion.id"],
            name=op.f("fk_old_address_discussion_id_discussion"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_old_address")),
    )
    op.create_index(op.f("ix_old_address_discussion_id"), "old_address", ["discussion_id"])


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("old_address")
    op.drop_column("discussion", "peak_readers")
