"""Keep until when a measure holds and what its person says against it, suspensions, and a record of the whole site."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.add_column("mute", sa.Column("until", UtcDateTime(), nullable=True))
    op.add_column("mute", sa.Column("is_removal", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("mute", sa.Column("objection", sa.String(length=500), nullable=False, server_default=""))
    op.add_column("user", sa.Column("suspended_at", UtcDateTime(), nullable=True))
    op.add_column("user", sa.Column("suspended_until", UtcDateTime(), nullable=True))
    op.add_column("user", sa.Column("suspension_reason", sa.String(length=200), nullable=False, server_default=""))
    op.add_column("user", sa.Column("suspension_objection", sa.String(length=500), nullable=False, server_default=""))
    _let_record_be_of_the_site(nullable=True)


def downgrade() -> None:
    """Go one step back. What was done on the whole site has no place any more, and the triggers keep it from going."""
    for name in ("suspension_objection", "suspension_reason", "suspended_until", "suspended_at"):
        op.drop_column("user", name)
    for name in ("objection", "is_removal", "until"):
        op.drop_column("mute", name)


def _let_record_be_of_the_site(*, nullable: bool) -> None:
    """On SQLite the table is made anew, and its triggers go with the old one."""
    with op.batch_alter_table("moderation_action") as batch_op:
        batch_op.alter_column("discussion_id", existing_type=sa.Integer(), nullable=nullable)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER record_no_{verb.lower()} BEFORE {verb} ON moderation_action "
                "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
            )
