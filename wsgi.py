"""What gunicorn serves: `gunicorn -k gevent wsgi:app`. `forum serve` runs exactly this with the right settings."""

import gc

from gevent import monkey

monkey.patch_all()  # before anything else: the database driver decides at import how it waits
gc.disable()  # while everything loads, which stays: it looked through all of it again and again, a fifth of the time

from forum import create_app
from forum.live import service

app = service.start(create_app())
gc.enable()
