"""Call the time zones of discussions and of people by their names of today.

Their clocks are the same. Only names of cities that have another name or spelling now are changed, as they stood in
forum/zones.py when this was written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = ("discussion", "rsvp", "digest", "guest")
_RENAMED = {
    "Africa/Asmera": "Africa/Asmara",
    "America/Godthab": "America/Nuuk",
    "Asia/Ashkhabad": "Asia/Ashgabat",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Dacca": "Asia/Dhaka",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Macao": "Asia/Macau",
    "Asia/Rangoon": "Asia/Yangon",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Asia/Thimbu": "Asia/Thimphu",
    "Asia/Ujung_Pandang": "Asia/Makassar",
    "Asia/Ulan_Bator": "Asia/Ulaanbaatar",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Europe/Kiev": "Europe/Kyiv",
    "Pacific/Enderbury": "Pacific/Kanton",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
}


def upgrade() -> None:
    """Go one step on: one statement a table, which touches only the rows with a name of before."""
    for name in _TABLES:
        zone = sa.column("time_zone", sa.String(length=60))
        table = sa.table(name, zone)
        op.execute(sa.update(table).where(zone.in_(_RENAMED)).values(time_zone=sa.case(_RENAMED, value=zone)))


def downgrade() -> None:
    """Go one step back: the names of today were always known, so there is nothing to take back."""
