"""A discussion with a question asked, its host, who may do everything, and a member."""

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


@pytest.fixture
def member(house, client):
    """Somebody signed in, with a token to send."""
    user = house.user("Mina Member")
    house.sign_in(client, user)
    user.form_token = house.token(client)
    return user
