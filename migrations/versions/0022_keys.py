"""Keep the key of the form that made a discussion or a question, so that pressing twice makes one."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OWNERS = (("discussion", "owner"), ("question", "discussion"))


def upgrade() -> None:
    """Go one step on. An index and no constraint: for that SQLite would make the table anew, and everything hangs on it."""
    for table, owner in _OWNERS:
        op.add_column(table, sa.Column("key", sa.String(length=64), nullable=True))
        op.create_index(op.f(f"ix_{table}_{owner}_key"), table, [f"{owner}_id", "key"], unique=True)


def downgrade() -> None:
    """Go one step back."""
    for table, owner in _OWNERS:
        op.drop_index(op.f(f"ix_{table}_{owner}_key"), table)
        op.drop_column(table, "key")
