"""Keep the questions of the audience, the votes for them, and the credit of a question that was asked for somebody."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATES = ("new", "approved", "shortlisted", "declined", "merged")


def _to(table: str, name: str, gone: str) -> sa.ForeignKeyConstraint:
    key = op.f(f"fk_proposal_{name}_{table}")
    return sa.ForeignKeyConstraint([name], [f"{table}.id"], name=key, ondelete=gone)


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*_STATES, name="proposalstate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        _to("discussion", "discussion_id", "CASCADE"),
        _to("user", "author_id", "CASCADE"),
        _to("question", "question_id", "SET NULL"),
        _to("proposal", "merged_into_id", "SET NULL"),
        _to("comment", "comment_id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_discussion_id"), "proposal", ["discussion_id"])
    op.create_index(op.f("ix_proposal_author_id"), "proposal", ["author_id"])
    op.create_table(
        "proposal_vote",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_vote_proposal_id_proposal"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_proposal_vote_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "user_id", name=op.f("pk_proposal_vote")),
    )
    op.create_index(op.f("ix_proposal_vote_user_id"), "proposal_vote", ["user_id"])
    op.add_column("question", sa.Column("is_from_audience", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("question", sa.Column("asked_for", sa.String(length=80), nullable=False, server_default=""))
    op.add_column("discussion", sa.Column("takes_proposals", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("discussion", sa.Column("takes_anonymous", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("discussion", "takes_anonymous")
    op.drop_column("discussion", "takes_proposals")
    op.drop_column("question", "asked_for")
    op.drop_column("question", "is_from_audience")
    op.drop_table("proposal_vote")
    op.drop_table("proposal")
