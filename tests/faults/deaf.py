"""The app as gunicorn serves it, except that its NOTIFY goes where nobody listens: every wake is lost."""

from wsgi import app  # isort: skip (first: it makes the standard library wait without blocking)
from forum.live import log

log.CHANNEL = "nowhere"
__all__ = ["app"]
