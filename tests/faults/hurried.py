"""The app as gunicorn serves it, except that it waits for PostgreSQL a quarter as long, to save the suite a minute."""

from gevent import monkey

monkey.patch_all()  # as wsgi does, before the driver is imported

from forum import postgresql

# Before the app is made: the page that it makes ready asks the database, and that line would keep the usual limits.
postgresql.PATIENCE_SECONDS = 3.0
postgresql.LIMITS = (
    postgresql.LIMITS.replace("10s", "2s").replace("5s'; SET idle", "1s'; SET idle").replace("15s", "4s")
)

from wsgi import app

__all__ = ["app"]
