"""Keep whether a session began with the link that the host saw: it proves nobody's address."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step on. By which of its two links a panelist came in before is not known: whoever did opens the mailed one
    again before they change what is theirs.
    """
    op.add_column("session", sa.Column("came_by_shown_link", sa.Boolean(), nullable=False, server_default=sa.false()))
    session = sa.table(
        "session", sa.column("came_by_shown_link", sa.Boolean()), sa.column("invitation_id", sa.Integer())
    )
    op.execute(session.update().where(session.c.invitation_id.is_not(None)).values(came_by_shown_link=True))


def downgrade() -> None:
    """Go one step back."""
    op.drop_column("session", "came_by_shown_link")
