"""What gunicorn serves: `gunicorn -k gevent wsgi:app`. `forum serve` runs exactly this with the right settings."""

from gevent import monkey

monkey.patch_all()  # before anything else: the database driver decides at import how it waits

from forum import create_app
from forum.live import service

app = service.start(create_app())
