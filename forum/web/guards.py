"""What every request passes before a view sees it: Host, Origin, CSRF; and the headers every answer leaves with."""

import base64
import hashlib
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, request, session
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from forum.config import Settings
from forum.extensions import csrf
from forum.refusals import Refused
from forum.web.sent_forms import URLENCODED, Request

_SAFE = {"GET", "HEAD", "OPTIONS"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self'; connect-src 'self' {socket}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {around}; manifest-src 'self'"
)


def init_app(app: Flask) -> None:
    """Put the guards in front of every view of `app` and the headers behind it."""
    app.request_class = Request
    # Before anybody (the limits too) asks who this is.
    app.before_request_funcs.setdefault(None, []).insert(0, _read_form)
    app.before_request(_check_host)
    app.before_request(_check_origin)
    app.before_request(_check_csrf)
    app.after_request(_add_headers)


def allowed(style: str) -> Markup:
    """Return `style` as an element, and let the policy of this very answer allow it.

    It is a sheet of ours; nothing that somebody has typed may be in it, but what is known to be a colour or a number.
    """
    styles: list[str] = g.setdefault("allowed_styles", [])
    styles.append(base64.b64encode(hashlib.sha256(style.encode()).digest()).decode())
    return Markup(f"<style>{style}</style>\n")  # noqa: S704


def settings() -> Settings:
    """Return the running app's settings."""
    found: Settings = current_app.config["SETTINGS"]
    return found


def private(body: str | Response, status: int | None = None) -> Response:
    """Return the answer that shows `body` to this reader alone, and that no cache keeps, not even this browser's.

    Without a `status` it is that of `body`, or 200.
    """
    response = make_response(body) if status is None else make_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def is_foreign() -> bool:
    """Whether a page of another site made the browser send this request."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and not is_of_this_host(origin)
    return foreign or request.headers.get("Sec-Fetch-Site") in {"cross-site"}


def is_of_this_host(address: str) -> bool:
    """Whether `address`, as an Origin or a Referer has it, is of the host that was asked; what is none, is not."""
    try:
        return urlsplit(address).netloc == request.host
    except ValueError:
        return False


def _read_form() -> None:
    """Wait for all of the form, as long as its sender takes, while this request holds nothing that others need.

    Sixteen who sent theirs slowly, without an account, held every connection to the database between them.
    """
    if request.method in _SAFE or request.routing_exception is not None:
        return
    if "_user_id" in session:
        request.max_form_memory_size = _longest_form()
    # What is no form is not waited for: no view of ours reads it.
    request.form  # noqa: B018


def _longest_form() -> int:
    """Return how many bytes are read of the form of somebody who has signed in; of a visitor's it is the usual."""
    usual: int = current_app.config["MAX_FORM_MEMORY_SIZE"]
    longest: int | None = getattr(current_app.view_functions.get(request.endpoint or ""), "longest_form", None)
    # A refused form comes back so, with three signs for each byte of many a script.
    return longest or (3 * usual if request.mimetype == URLENCODED else usual)


def _check_host() -> None:
    if not settings().accepts_host(request.host):
        raise Refused(
            "wrong_host",
            _("This server does not answer under that name. Whoever runs it sets the name with FORUM_SITE_URL."),
            400,
        )


def _check_origin() -> None:
    """Browsers send Origin with every POST; one from elsewhere is somebody else's page."""
    if request.method not in _SAFE and is_foreign():
        raise Refused(
            "foreign_origin", _("This form was sent from another site. Open the page here and send it again.")
        )


def _check_csrf() -> None:
    """Refuse a form without its token.

    A signed-in person's forms, and every account form, carry one. A visitor has nothing to forge: their comment
    form comes from a page that is the same for everybody and so holds none.
    """
    if request.method in _SAFE or request.routing_exception is not None:
        return  # where no form goes, none is refused: the answer is that the address or the method is wrong
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "needs_no_token", False):
        return  # a mail program presses this button, and the address itself is the secret
    if getattr(view, "visitors_need_no_token", False) and not current_user.is_authenticated:
        return
    csrf.protect()


def _add_headers(response: Response) -> Response:
    headers = response.headers
    socket = ("wss://" if request.is_secure else "ws://") + request.host
    # The hash of each style (CSP 3, 2.3.1).
    # What is made for frames may stand in any page; nothing can be done there, and no session is asked for.
    around = "*" if g.get("is_embed") else "'none'"
    style = "".join(f" 'sha256-{digest}'" for digest in g.get("allowed_styles", ()))
    headers.setdefault("Content-Security-Policy", _POLICY.format(socket=socket, style=style, around=around))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if not g.get("is_embed"):
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
    if g.get("is_kept_from_search_engines"):
        headers.setdefault("X-Robots-Tag", "noindex")
    if settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response
