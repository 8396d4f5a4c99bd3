"""Keep how long late comments are taken, who has posted for somebody else, and whom members do not want to read."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TYPIST = "fk_comment_posted_by_id_user"


def upgrade() -> None:
    """Go one step on, by plain ADD COLUMN: tables made anew would lose their triggers, and take a long lock."""
    op.add_column("discussion", sa.Column("late_minutes", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("discussion", sa.Column("late_until", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_discussion_late_until"), "discussion", ["late_until"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE comment ADD COLUMN posted_by_id INTEGER CONSTRAINT {_TYPIST} "
            'REFERENCES "user" (id) ON DELETE SET NULL'
        )
    else:
        reference = sa.ForeignKey("user.id", name=_TYPIST, ondelete="SET NULL")
        op.add_column("comment", sa.Column("posted_by_id", sa.Integer(), reference, nullable=True))
    op.create_table(
        "silence",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_silence_user_id_user"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["user.id"], name=op.f("fk_silence_other_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "other_id", name=op.f("pk_silence")),
    )


def downgrade() -> None:
    """Go one step back, by plain DROP COLUMN: with a table made anew goes all that refers to its rows."""
    op.drop_table("silence")
    op.drop_column("comment", "posted_by_id")
    op.drop_index(op.f("ix_discussion_late_until"), "discussion")
    op.drop_column("discussion", "late_until")
    op.drop_column("discussion", "late_minutes")
