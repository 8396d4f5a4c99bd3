"""Keep who wants to come, what they have been told, and who wants no mail."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "rsvp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("take_part", "read_along", name="rsvpkind", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("told_starts_at", UtcDateTime(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("day_at", UtcDateTime(), nullable=True),
        sa.Column("hour_at", UtcDateTime(), nullable=True),
        sa.Column("live_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["discussion_id"], ["discussion.id"], name=op.f("fk_rsvp_discussion_id_discussion"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_rsvp_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rsvp")),
        sa.UniqueConstraint("discussion_id", "email", name=op.f("uq_rsvp_discussion_id")),
    )
    op.create_index(op.f("ix_rsvp_user_id"), "rsvp", ["user_id"])
    op.create_table(
        "no_mail",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_no_mail")),
    )
    op.add_column("letter", sa.Column("kind", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("letter", sa.Column("unsubscribe", sa.String(length=300), nullable=False, server_default=""))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("letter", "unsubscribe")
    op.drop_column("letter", "kind")
    op.drop_table("no_mail")
    op.drop_table("rsvp")
