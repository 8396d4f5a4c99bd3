"""Keep where an answer to a letter goes, and which mails were dealt with."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("letter", sa.Column("reply_to", sa.String(length=320), nullable=False, server_default=""))
    op.create_table(
        "arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_arrival_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("key", name=op.f("uq_arrival_key")),
    )
    op.create_index("ix_arrival_person", "arrival", ["user_id", "at"])
    op.create_index(op.f("ix_arrival_at"), "arrival", ["at"])


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("arrival")
    op.drop_column("letter", "reply_to")
