"""A process that has just come has made what its first readers need, and shows nobody what is not for them."""

import pytest
from flask import request_finished, request_started
from sqlalchemy.exc import OperationalError

from forum.live import warming
from forum.models import Phase, Visibility


@pytest.fixture
def shown(app):
    """The addresses that are asked for, with what is answered."""
    found = []

    def note(_app, response) -> None:
        from flask import request

        found.append((request.path, response.status_code))

    with request_finished.connected_to(note, app):
        yield found


def test_the_latest_live_discussion_is_made_ready(app, house, shown):
    house.discussion(phase=Phase.CLOSED, slug="over")
    house.discussion(phase=Phase.LIVE, slug="now", ask=1)
    house.discussion(phase="announced", slug="soon")
    warming.warm(app)
    assert shown == [("/d/now", 200)]
    made = {name for _loader, name in app.jinja_env.cache}
    assert "partials/comment.html" in made


@pytest.mark.parametrize("hidden", [{"phase": "draft"}, {"visibility": Visibility.INVITED}])
def test_without_one_for_everybody_it_is_the_home_page(app, house, shown, hidden):
    house.discussion(**{"phase": Phase.LIVE, **hidden})
    warming.warm(app)
    assert shown == [("/", 200)]


def test_a_process_comes_up_without_its_database(app, monkeypatch):
    def away(*_asked):
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr("forum.live.warming.db.session.scalar", away)
    begun = []
    with request_started.connected_to(lambda *_any, **_more: begun.append(1), app):
        warming.warm(app)
    assert not begun
