"""Keep whom hosts have invited, and what mail servers said about a letter."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("letter", sa.Column("refusal", sa.String(length=200), nullable=False, server_default=""))
    for name in ("refused_at", "bounced_at", "delayed_at"):
        op.add_column("letter", sa.Column(name, UtcDateTime(), nullable=True))
    op.create_index("ix_letter_to", "letter", ["to"])
    op.create_table(
        "dead_address",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_dead_address")),
    )
    with op.batch_alter_table("invitation") as table:
        table.add_column(sa.Column("letter_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_invitation_letter_id_letter"), "letter", ["letter_id"], ["id"], ondelete="SET NULL"
        )
        table.create_index(op.f("ix_invitation_letter_id"), ["letter_id"])
    _mailing()
    _guest()


def _mailing() -> None:
    op.create_table(
        "mailing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discussion_id"], ["discussion.id"], name=op.f("fk_mailing_discussion_id_discussion"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_mailing_by_id_user"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing")),
        sa.UniqueConstraint("discussion_id", "key", name=op.f("uq_mailing_discussion_id_key")),
    )


def _guest() -> None:
    op.create_table(
        "guest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("discussion_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("unsubscribed_at", UtcDateTime(), nullable=True),
        sa.Column("told_starts_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["discussion_id"], ["discussion.id"], name=op.f("fk_guest_discussion_id_discussion"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_guest_by_id_user"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"], name=op.f("fk_guest_mailing_id_mailing"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_guest_letter_id_letter"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest")),
        sa.UniqueConstraint("discussion_id", "email", name=op.f("uq_guest_discussion_id_email")),
    )
    op.create_index("ix_guest_waiting", "guest", ["is_waiting", "discussion_id"])
    op.create_index("ix_guest_letter_id", "guest", ["letter_id"])


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("guest")
    op.drop_table("mailing")
    with op.batch_alter_table("invitation") as table:
        table.drop_index(op.f("ix_invitation_letter_id"))
        table.drop_constraint(op.f("fk_invitation_letter_id_letter"), type_="foreignkey")
        table.drop_column("letter_id")
    op.drop_table("dead_address")
    op.drop_index("ix_letter_to", "letter")
    for name in ("delayed_at", "bounced_at", "refused_at", "refusal"):
        op.drop_column("letter", name)
