"""Keep what waits for a host's decision, members' flags, and how strictly each discussion is kept."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "safeguards",
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("level", _choice("level", "open", "slow", "newcomers", "everyone"), nullable=False),
        sa.Column("slow_mode_seconds", sa.Integer(), nullable=False),
        sa.Column("hold_first", sa.Boolean(), nullable=False),
        sa.Column("hold_links", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("hide_after_flags", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discussion_id"],
            ["discussion.id"],
            name=op.f("fk_safeguards_discussion_id_discussion"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("discussion_id", name=op.f("pk_safeguards")),
    )
    op.create_table(
        "review",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("cause", _choice("cause", "words", "link", "everyone", "newcomer", "first", "flags"), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_by_id", sa.Integer(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column(
            "decision", _choice("decision", "approved", "kept", "rejected", "hidden", "withdrawn"), nullable=True
        ),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state_before", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["claimed_by_id"], ["user.id"], name=op.f("fk_review_claimed_by_id_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_review_comment_id_comment"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user.id"], name=op.f("fk_review_decided_by_id_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["discussion_id"], ["discussion.id"], name=op.f("fk_review_discussion_id_discussion"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_queue", "review", ["discussion_id", "decided_at"])
    op.create_table(
        "flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("reason", _choice("flagreason", "abuse", "spam", "off_topic", "other"), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_flag_comment_id_comment"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_flag_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint("comment_id", "user_id", name=op.f("uq_flag_comment_id_user_id")),
    )
    op.create_index(op.f("ix_flag_user_id"), "flag", ["user_id"])
    # What earlier versions held has no review yet.
    op.execute(
        "INSERT INTO review (comment_id, discussion_id, cause, detail, opened_at, reason, state_before) "
        "SELECT id, discussion_id, 'everyone', '', posted_at, '', '' FROM comment WHERE state = 'held'"
    )


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("flag")
    op.drop_table("review")
    op.drop_table("safeguards")
