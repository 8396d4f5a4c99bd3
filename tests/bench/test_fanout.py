"""From the answer to a post to the last of 1,000 readers: 250 ms at most."""

import statistics

import pytest

from forum.models import Phase
from tests.bench.fanout import measure
from tests.server import running

pytestmark = pytest.mark.bench


@pytest.mark.timeout(300)
def test_a_thousand_readers_have_a_comment_within_a_quarter_second(database, app, house):
    client = app.test_client()
    writer = house.user("Ada Writer")
    discussion = house.discussion(phase=Phase.LIVE, ask=1)
    house.sign_in(client, writer)
    token = house.token(client)
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    with running(database) as server:
        result = measure(server, discussion, {"Cookie": f"{cookie.key}={cookie.value}"}, token)
    print(f"\n{app.config['SQLALCHEMY_DATABASE_URI'].partition(':')[0]}")
    print("\n".join(result.lines()))
    assert statistics.median(result.answer_to_last) <= 0.250
