"""The outbox: where mail is read on a machine that sends none. Nobody but the person at that machine sees it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from sqlalchemy import select

from forum.database import db
from forum.models import Letter
from forum.refusals import unknown
from forum.web.account_forms import page
from forum.web.guards import settings

_MOST = 50
# A proxy's requests come from this machine too; these say that somebody else stands behind it.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def add_to(blueprint: Blueprint) -> None:
    """Give `blueprint` the outbox."""
    blueprint.add_url_rule("/outbox", "outbox", show)


def show() -> Response:
    """List the latest letters, newest first. Raises Refused (not_found) for who is not at the machine."""
    hosts = (request.remote_addr or "", _name(f"//{request.host}"), _name(settings().public_url))
    if settings().sends_mail or not all(map(is_loopback, hosts)) or any(name in request.headers for name in _FORWARDED):
        raise unknown()
    letters = db.session.scalars(select(Letter).order_by(Letter.id.desc()).limit(_MOST)).all()
    said = [{"to": letter.to, "subject": letter.subject, "body": letter.body} for letter in letters]
    return page("accounts/outbox.html", {"letters": said}, letters=letters)


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name(url: str) -> str:
    return urlsplit(url).hostname or ""
