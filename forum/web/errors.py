"""One handler turns every refusal and fault into the contract's JSON or a page that says the same."""

import logging
import secrets

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from forum.database import db, passes
from forum.extensions import limiter
from forum.live import background
from forum.refusals import Refused
from forum.web import kept as given_back
from forum.web import throttles, ways_back
from forum.web.forms import signed_in
from forum.web.moved import way_on, without_slash

log = logging.getLogger("roundtext")

_WORDS = {
    400: ("bad_request", lazy("The server could not read this request. Go back, load the page again and retry.")),
    404: ("not_found", lazy("There is nothing at this address. Check it, or start from the home page.")),
    405: (
        "wrong_method",
        lazy("This address does not take that kind of request. Go back and use the page's own buttons."),
    ),
    413: ("too_large", lazy("What you sent is too large. Shorten it and send it again.")),
    415: ("wrong_type", lazy("The server does not take this kind of content. Send a form.")),
}


def init_app(app: Flask) -> None:
    """Register the handlers on `app`."""
    app.register_error_handler(Refused, refuse)
    app.register_error_handler(CSRFError, expired)
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Exception, _fault)


def wants_json() -> bool:
    """Whether the asker prefers JSON to a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def refuse(refusal: Refused, then: str = "") -> Response:
    """Answer with what `refusal` says; a page gives the typed text back so that it is never lost.

    `then` is a path of ours that signing in leads to, where it would help a visitor; else it leads back to this page.
    A mailed link that is over is not led back to: whoever has followed it before has an account to sign in to.
    """
    if refusal.code == "link_over" and request.blueprint == "accounts" and signed_in() is None:
        then = then or "/"
    if refusal.status == 404 and (moved := without_slash() or way_on()) is not None:
        return moved
    refusal = ways_back.gone(refusal)
    if wants_json():
        response = jsonify(refusal.as_json())
    else:
        kept, sign_in = given_back.of_request(refusal), ""
        if kept is not None:
            sign_in = given_back.sign_in_address(refusal)
        page = render_template(
            "errors/refused.html",
            refusal=refusal,
            kept=kept,
            sign_in=sign_in,
            then=then,
            way=ways_back.back(refusal),
            label=given_back.label,
        )
        response = make_response(page)
    response.status_code = refusal.status
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


def expired(_error: CSRFError) -> Response:
    """Answer a form whose token is of another session, or too old."""
    # A script of ours comes here only where it could not get another token for the same person.
    words = _("This form has expired. Copy what you typed, load the page again and send it once more.")
    if not wants_json():
        # To load the page that says this would only send the old form once more.
        words = _("This form has expired. What you typed is kept. Look through it, and send it once more.")
        if given_back.of_request(Refused("csrf", words)) is None:
            words = _("This form has expired. Go back, load the page again, and press once more.")
    return refuse(Refused("csrf", words))


def _too_many(_error: RateLimitExceeded) -> Response:
    hit = limiter.current_limit
    assert hit is not None  # it is the one that was exceeded
    return refuse(throttles.refusal(hit.limit, *hit.request_args))


def _http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return make_response(error.get_response())
    code, message = _WORDS.get(
        error.code or 500, ("error", error.description or _("Something is wrong with this request."))
    )
    response = refuse(Refused(code, message, error.code or 500))
    if "Allow" in error.get_response().headers:
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _database(error: SQLAlchemyError) -> Response:
    """A database that cannot be reached or written is a matter of waiting; anything else is a fault of ours."""
    db.session.rollback()
    if not passes(error):
        return _fault(error)
    background.complain("database unavailable", error)
    g.database_is_away = True
    message = _("The server cannot save anything right now. Your text is kept; try again in a few seconds.")
    return refuse(Refused("unavailable", message, 503, retry_after=5))


def _fault(error: Exception) -> Response:
    """Log what went wrong under a reference that the person can quote; comment texts stay out of the log."""
    reference = secrets.token_hex(4)
    log.error("fault %s at %s %s", reference, request.method, request.path, exc_info=error)
    db.session.rollback()
    message = _(
        "Something went wrong on our side. Your text is kept; try again. If it happens again, quote %(reference)s.",
        reference=reference,
    )
    return refuse(Refused("fault", message, 500))
