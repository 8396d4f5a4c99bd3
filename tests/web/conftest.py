"""A discussion with a question asked, and its host, who may do everything."""

import pytest

from forum.models import SiteRole


@pytest.fixture
def room(house):
    return house.discussion(ask=1, host=house.user("Hana Host-Maier", role=SiteRole.ADMINISTRATOR))


@pytest.fixture
def host(app, house, room):
    client = app.test_client()
    house.sign_in(client, house.host_of(room))
    return client
