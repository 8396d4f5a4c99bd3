"""Keep whom hosts have invited, and what mail servers said about a letter."""

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_LETTER = "fk_invitation_letter_id_letter"


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
    # Plain ADD COLUMN: sessions refer to invitations, and with the old table they would lose which one they began with.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE invitation ADD COLUMN letter_id INTEGER CONSTRAINT {_LETTER} "
            "REFERENCES letter (id) ON DELETE SET NULL"
        )
    else:
        reference = sa.ForeignKey("letter.id", name=_LETTER, ondelete="SET NULL")
        op.add_column("invitation", sa.Column("letter_id", sa.Integer(), reference, nullable=True))
    op.create_index(op.f("ix_invitation_letter_id"), "invitation", ["letter_id"])
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
    op.drop_index(op.f("ix_invitation_letter_id"), "invitation")
    _drop_letter_of_invitation()
    op.drop_table("dead_address")
    op.drop_index("ix_letter_to", "letter")
    for name in ("delayed_at", "bounced_at", "refused_at", "refusal"):
        op.drop_column("letter", name)


def _drop_letter_of_invitation() -> None:
    """Where this step made the table anew once, SQLite cannot drop the column alone; what sessions refer to is put back."""
    session = sa.table("session", sa.column("id", sa.Integer()), sa.column("invitation_id", sa.Integer()))
    began = op.get_bind().execute(sa.select(session).where(session.c.invitation_id.is_not(None))).all()
    with op.batch_alter_table("invitation") as table:
        table.drop_column("letter_id")
    for number, invitation in began:
        op.execute(session.update().where(session.c.id == number).values(invitation_id=invitation))
