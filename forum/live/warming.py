"""What a process does once before it takes anybody in, so that its first readers and writers need not wait for it.

Templates, statements and the tables of look-alike letters are made when first needed. Measured (docs/performance.md):
the first page of a new process took half a second and more, the first comment 0.3 s, the next 5 and 50 ms. After a
rolling restart everybody is sent on to such a process at once.
"""

import logging

from flask import Flask
from sqlalchemy import case, select

from forum import text
from forum.config import Settings
from forum.database import db
from forum.models import Discussion, Phase, Visibility

# The latest of those that are live, else of all.
_MOST_WANTED = (
    select(Discussion.slug)
    .where(Discussion.visibility == Visibility.PUBLIC, Discussion.phase != Phase.DRAFT)
    .order_by(case((Discussion.phase == Phase.LIVE, 0), else_=1), *Discussion.latest_first())
    .limit(1)
)
_SAMPLE = "**First** words, and https://example.org\n\n- of a list"
_log = logging.getLogger("roundtext")


def warm(app: Flask) -> None:
    """Show the discussion that most will ask for to nobody. Whatever fails here is met again by those who ask."""
    settings: Settings = app.config["SETTINGS"]
    try:
        with app.app_context():
            text.render(_SAMPLE)
            text.looks_like("Ada Host", ["Ada Guest"])
            slug = db.session.scalar(_MOST_WANTED)
        app.test_client().get(f"/d/{slug}" if slug else "/", base_url=settings.public_url).close()
    except Exception as error:
        _log.debug("warming: %s", type(error).__name__)
