"""Find one person's comments in a discussion without walking through everybody's."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.create_index("ix_comment_author", "comment", ["author_id", "discussion_id", "id"])
    op.drop_index("ix_comment_author_id", "comment")


def downgrade() -> None:
    """Go one step back."""
    op.create_index("ix_comment_author_id", "comment", ["author_id"])
    op.drop_index("ix_comment_author", "comment")
