"""The signed cookie that carries a visit, read whatever the clock on the wall says."""

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie, of any age.

    As it comes, Flask takes a cookie from the future for an expired one: where the clock is set back by an hour,
    whoever came in during it would be signed out. How long a sign-in lasts stands in its row (`models.Session`), which
    every request looks at, and the browser forgets the cookie by its own date.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie of `request` holds; nothing for one that we did not sign, None without a key."""
        signer = self.get_signing_serializer(app)
        if signer is None:
            return None
        said = request.cookies.get(self.get_cookie_name(app))
        try:
            return self.session_class(signer.loads(said)) if said else self.session_class()
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Put the cookie on `response`, but not on one that is for everybody: a cache would hand it to others.

        What was made for somebody signed in is theirs alone, where the view has not said more.
        """
        if response.cache_control.public:
            return
        if session.accessed and "_user_id" in session:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        super().save_session(app, session, response)


def token_in(app: Flask, environ: dict[str, Any]) -> str:
    """Return the token in the signed cookie of a handshake, where Flask-Login keeps it; "" when there is none."""
    if f"{app.config['SESSION_COOKIE_NAME']}=" not in environ.get("HTTP_COOKIE", ""):
        return ""
    said = app.session_interface.open_session(app, app.request_class(environ))
    token = said.get("_user_id") if said else None
    return token if isinstance(token, str) else ""
