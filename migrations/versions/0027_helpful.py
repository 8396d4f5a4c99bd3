"""Members say which comments they find helpful; each comment carries how many do."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("comment", sa.Column("helpful", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("comment", sa.Column("helpful_seq", sa.Integer(), nullable=False, server_default="0"))
    where = sa.text("helpful_seq > 0")
    op.create_index(
        op.f("ix_comment_helpful"), "comment", ["discussion_id", "helpful_seq"],
        sqlite_where=where, postgresql_where=where,
    )  # fmt: skip
    op.create_table(
        "reaction",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_reaction_comment_id_comment"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_reaction_user_id_user"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["discussion_id"], ["discussion.id"], name=op.f("fk_reaction_discussion_id_discussion"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("comment_id", "user_id", name=op.f("pk_reaction")),
    )
    op.create_index(op.f("ix_reaction_mine"), "reaction", ["user_id", "discussion_id"])
    op.create_index(
        op.f("ix_reaction_untold"), "reaction", ["discussion_id", "at"],
        sqlite_where=sa.text("is_told = 0"), postgresql_where=sa.text("NOT is_told"),
    )  # fmt: skip


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("reaction")
    op.drop_index(op.f("ix_comment_helpful"), "comment")
    op.drop_column("comment", "helpful_seq")
    op.drop_column("comment", "helpful")
