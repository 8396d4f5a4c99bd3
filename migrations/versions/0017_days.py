"""Keep when a question opens by itself, and what was told of questions by mail."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_DAY = 24 * 60


def upgrade() -> None:
    """Go one step on, by plain ADD COLUMN: tables made anew would lose their triggers, and take a long lock."""
    op.add_column("question", sa.Column("opens_at", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_question_opens_at"), "question", ["opens_at"])
    op.add_column("question", sa.Column("digest_looked_at", UtcDateTime(), nullable=True))
    op.add_column("question", sa.Column("digest_ended_at", UtcDateTime(), nullable=True))
    op.execute(
        "ALTER TABLE discussion ADD COLUMN digests VARCHAR(20) DEFAULT 'usual' NOT NULL "
        "CONSTRAINT ck_discussion_digests CHECK (digests IN ('usual', 'always', 'never'))"
    )
    op.create_index("ix_letter_kind_written_at", "letter", ["kind", "written_at"])
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("told_id", sa.Integer(), nullable=False),
        sa.Column("told_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_digest_question_id_question"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("question_id", "email", name=op.f("uq_digest_question_id_email")),
    )
    op.create_index(op.f("ix_digest_email"), "digest", ["email"])
    op.create_index(op.f("ix_digest_next_at"), "digest", ["next_at"])
    _quiet_by_days()


def _quiet_by_days() -> None:
    """What runs for days and has the usual alarm of five minutes would be called quiet all night."""
    kept = sa.table(
        "discussion",
        sa.column("id", sa.Integer()),
        sa.column("starts_at", UtcDateTime()),
        sa.column("ends_at", UtcDateTime()),
        sa.column("silence_minutes", sa.Integer()),
    )
    bind = op.get_bind()
    for number, begin, end in bind.execute(
        sa.select(kept.c.id, kept.c.starts_at, kept.c.ends_at).where(kept.c.silence_minutes == 5)
    ).all():
        if end - begin > timedelta(days=1):
            bind.execute(sa.update(kept).where(kept.c.id == number).values(silence_minutes=_DAY))


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("digest")
    op.drop_index("ix_letter_kind_written_at", "letter")
    op.drop_column("discussion", "digests")
    op.drop_column("question", "digest_ended_at")
    op.drop_column("question", "digest_looked_at")
    op.drop_index(op.f("ix_question_opens_at"), "question")
    op.drop_column("question", "opens_at")
