"""A discussion with a question asked, its host, who may do everything, and a member."""

import base64
import hashlib
import re

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


def policy_of_styles(html: str) -> str:
    """The part of a policy (CSP 3, 2.3.1) that allows the styles within `html` and no others."""
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    marks = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles]
    return "".join(["style-src 'self'", *(f" 'sha256-{mark}'" for mark in marks), ";"])
