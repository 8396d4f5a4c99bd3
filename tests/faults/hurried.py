"""The app as gunicorn serves it, except that it waits for PostgreSQL a quarter as long, to save the suite a minute."""

from wsgi import app  # isort: skip (first: it makes the standard library wait without blocking)
from forum import postgresql

postgresql.PATIENCE_SECONDS = 3.0
postgresql.LIMITS = (
    postgresql.LIMITS.replace("10s", "2s").replace("5s'; SET idle", "1s'; SET idle").replace("15s", "4s")
)
__all__ = ["app"]
