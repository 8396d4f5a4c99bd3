"""End sign-ins of which the upgrade to 0018 forgot, on SQLite, that they began with a panelist's link."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from forum.database import UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_session = sa.table(
    "session",
    sa.column("user_id", sa.Integer()),
    sa.column("started_at", UtcDateTime()),
    sa.column("ended_at", UtcDateTime()),
    sa.column("invitation_id", sa.Integer()),
)
_seat = sa.table("seat", sa.column("id", sa.Integer()), sa.column("user_id", sa.Integer()))
_invitation = sa.table("invitation", sa.column("seat_id", sa.Integer()), sa.column("opened_at", UtcDateTime()))


def upgrade() -> None:
    """Go one step on: whoever may have come by a link since it was first opened opens it again, or signs in.

    Such a session outlived its link, and could change the account though the host had seen the link. Those of after
    that upgrade know theirs: what is no older than the first of them is left alone.
    """
    if op.get_bind().dialect.name != "sqlite":
        return
    known = _session.alias()
    first_known = sa.select(sa.func.min(known.c.started_at)).where(known.c.invitation_id.is_not(None)).scalar_subquery()
    came_by_link = (
        sa.select(_seat.c.id)
        .join(_invitation, _invitation.c.seat_id == _seat.c.id)
        .where(_seat.c.user_id == _session.c.user_id, _invitation.c.opened_at <= _session.c.started_at)
    )
    op.execute(
        _session.update()
        .where(
            _session.c.invitation_id.is_(None),
            _session.c.ended_at.is_(None),
            came_by_link.exists(),
            sa.or_(first_known.is_(None), _session.c.started_at < first_known),
        )
        .values(ended_at=datetime.now(UTC))
    )


def downgrade() -> None:
    """Go one step back: what has ended stays so."""
