"""Where many begin at the same time, every list still has an order of its own.

A row that PostgreSQL writes anew comes back in another place, so what is ordered by time alone would turn round with
every comment: a calendar would change for those who fetch it, a page of results repeat what the last one had.
"""

import pytest
from sqlalchemy import update

from forum.database import db, writing
from forum.models import Discussion, SiteRole


@pytest.mark.parametrize(
    ("phase", "path", "newest_first"),
    [
        ("announced", "/", False),
        ("live", "/", True),
        ("closed", "/", True),
        ("announced", "/calendar.ics", True),
        ("announced", "/organise", True),
        ("announced", "/search?q=water", True),
    ],
)
def test_those_that_begin_together_keep_their_places(house, client, clock, phase, path, newest_first):
    house.sign_in(client, house.user("Ada Admin", role=SiteRole.ADMINISTRATOR))
    made = [house.discussion(phase=phase, slug=f"together-{number}") for number in (1, 2, 3)]
    wanted = [discussion.slug for discussion in (made[::-1] if newest_first else made)]
    for touched in made:
        page = client.get(path).text
        assert sorted(wanted, key=lambda slug: page.index(f"/d/{slug}")) == wanted
        with writing():
            db.session.execute(update(Discussion).where(Discussion.id == touched.id).values(last_seq=99))
