"""Keep what the run of an event needs: spares, prepared texts, an alarm for silence, rehearsals."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_REHEARSAL = "fk_discussion_rehearsal_of_id_discussion"


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "snippet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("posted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["discussion_id"], ["discussion.id"], name=op.f("fk_snippet_discussion_id_discussion"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snippet")),
    )
    op.create_index(op.f("ix_snippet_discussion_id"), "snippet", ["discussion_id"])
    # Plain ADD COLUMN: making these tables anew would take their triggers, indexes and a long lock with it.
    op.add_column("question", sa.Column("is_spare", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("seat", sa.Column("rehearsed_at", UtcDateTime(), nullable=True))
    op.add_column("discussion", sa.Column("silence_minutes", sa.Integer(), nullable=False, server_default="5"))
    reference = sa.ForeignKey("discussion.id", name=_REHEARSAL, ondelete="CASCADE")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE discussion ADD COLUMN rehearsal_of_id INTEGER "
            f"CONSTRAINT {_REHEARSAL} REFERENCES discussion (id) ON DELETE CASCADE"
        )
    else:
        op.add_column("discussion", sa.Column("rehearsal_of_id", sa.Integer(), reference, nullable=True))
    op.create_index(op.f("ix_discussion_rehearsal_of_id"), "discussion", ["rehearsal_of_id"])


def downgrade() -> None:
    """Go one step back, by plain DROP COLUMN: with a table made anew goes all that refers to its rows."""
    op.drop_index(op.f("ix_discussion_rehearsal_of_id"), "discussion")
    for name in ("rehearsal_of_id", "silence_minutes"):
        op.drop_column("discussion", name)
    op.drop_column("seat", "rehearsed_at")
    op.drop_column("question", "is_spare")
    op.drop_table("snippet")
