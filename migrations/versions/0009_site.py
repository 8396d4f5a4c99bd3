"""Keep what administrators set for the whole site."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on."""
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("signal", sa.String(length=7), nullable=False),
        sa.Column("logo", sa.String(length=60), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("rules_html", sa.Text(), nullable=False),
        sa.Column(
            "registration",
            sa.Enum(
                "open", "invited", "closed", name="registration", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("held_words", sa.Text(), nullable=False),
        sa.Column("hold_links", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("site")
