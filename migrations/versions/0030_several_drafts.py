"""Keep several typed texts of one browser for a discussion, each of its own window."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    with op.batch_alter_table("draft") as batch_op:
        batch_op.add_column(sa.Column("key", sa.String(64), nullable=False, server_default=""))
        batch_op.drop_constraint(op.f("uq_draft_discussion_id_holder"), type_="unique")
        batch_op.create_index(batch_op.f("ix_draft_discussion_id_holder"), ["discussion_id", "holder"])


def downgrade() -> None:
    """Go one step back: of the texts of one browser the newest stays."""
    op.execute("DELETE FROM draft WHERE id NOT IN (SELECT max(id) FROM draft GROUP BY discussion_id, holder)")
    with op.batch_alter_table("draft") as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_discussion_id_holder"))
        batch_op.create_unique_constraint(op.f("uq_draft_discussion_id_holder"), ["discussion_id", "holder"])
        batch_op.drop_column("key")
