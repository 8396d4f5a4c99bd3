"""The cookie that signs a browser in: who it is, entering, leaving, and noting that a session is in use."""

import re

from flask import Flask, Response, g, request
from flask import session as cookie
from flask_login import login_user
from sqlalchemy.exc import SQLAlchemyError

from forum.actions import sessions
from forum.database import db, writing
from forum.extensions import login_manager
from forum.models import Session, User
from forum.web.forms import signed_in

_BROWSERS: tuple[tuple[str, str], ...] = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
)
_BROWSERS += (("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS: tuple[tuple[str, str], ...] = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
)
_SYSTEMS += (("Mac OS X", "a Mac"), ("Linux", "Linux"))


def init_app(app: Flask) -> None:
    """Teach Flask-Login our sessions. Its own guess by address and browser is off: phones change addresses."""
    login_manager.session_protection = None
    login_manager.user_loader(_load)
    app.after_request(_see)


def begin(user: User) -> Session:
    """End the session this browser had and begin one of `user`, inside `writing()`."""
    before = signed_in()
    if before is not None and before.session is not None:
        sessions.end(before, before.session.id)
    return sessions.begin(user, device())


def enter(user: User) -> None:
    """Give the browser the session begun for `user`, after the commit; what its cookie held before is gone.

    But what was typed in it stays, unless somebody else did who was signed in: from now on it is theirs alone.
    """
    typed = cookie.get("draft_holder") if cookie.get("draft_of") in {None, user.id} else None
    cookie.clear()
    if typed is not None:
        cookie["draft_holder"], cookie["draft_of"] = typed, user.id
    cookie.permanent = True
    g.pop("csrf_token", None)
    login_user(user)


def leave() -> None:
    """Empty the browser's cookie."""
    cookie.clear()
    g.pop("_login_user", None)


def device() -> str:
    """Return what this request comes from, as its owner would say it: "Firefox on Windows"."""
    agent = request.user_agent.string[:500]
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or re.sub(r"[^\w ./-]", "", agent, flags=re.ASCII)[:40].strip()


def _load(token: object) -> User | None:
    if g.get("nobody_found"):
        return None  # the page that tells of the trouble is shown as to a visitor
    try:
        user = sessions.user_of(token) if isinstance(token, str) and token else None
    except SQLAlchemyError:
        g.nobody_found = True
        raise
    if user is not None and user.session is not None and sessions.is_due(user.session):
        g.session_to_see = user.session.id
    return user


def _see(response: Response) -> Response:
    """After the view, because a load can happen in the middle of its transaction."""
    session_id = g.pop("session_to_see", None)
    if session_id is not None:
        try:
            with writing():
                sessions.see(session_id)
        except SQLAlchemyError:
            db.session.rollback()  # it is noted with a later request
    return response
