from gevent import monkey; monkey.patch_all()  # first: the database driver decides at import how it waits  # noqa: E702

"""What gunicorn serves: `gunicorn -k gevent wsgi:app`. `forum serve` runs exactly this with the right settings."""

from forum import create_app
from forum.live import service

app = service.start(create_app())
