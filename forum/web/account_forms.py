"""One road for every account form: shown, sent, and shown again with what was typed and what is wrong with it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Response, current_app, flash, jsonify, make_response, redirect, render_template, request
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from forum.refusals import Refused
from forum.web import errors
from forum.web.forms import Fields, signed_in
from forum.web.guards import private
from forum.web.inside import inside


class Form:
    """The form of one template. `kept` names the fields whose text is shown again; a password never is."""

    def __init__(self, template: str, *kept: str, typed: dict[str, str] | None = None, **facts: Any) -> None:
        self.template, self.facts, self.fields = template, facts, Fields()
        self.then = _then()
        self.typed = typed or {}
        if request.method == "POST":
            self.typed = self.typed | {name: request.form.get(name, "")[:2000] for name in kept}

    def text(self, name: str) -> str:
        """Return a field as it was sent; sent twice, it is a fault."""
        return self.fields.text(name)

    def check(self) -> None:
        """Raise Refused (invalid) when a field was sent in a shape that no page sends."""
        self.fields.refuse()

    def lead_on(self) -> Response | None:
        """Return the way on for somebody who opens a sign-in form and is signed in already."""
        if request.method != "POST" and signed_in() is not None and not errors.wants_json():
            return done(self.then)
        return None

    def answer(self, work: Callable[["Form"], Response]) -> Response:
        """Show the form on GET; on POST return what `work` answers, or the form again with its refusal."""
        if request.method != "POST":
            return self.show()
        try:
            return work(self)
        except Refused as refusal:
            if errors.wants_json() or refusal.code == "link_over":
                raise
            return self.show(refusal)

    def show(self, refusal: Refused | None = None) -> Response:
        """Return the page (or a token for programs), with the status and faults of `refusal`."""
        faults = refusal.fields if refusal else {}
        said = {"csrf_token": generate_csrf()}
        response = page(
            self.template, said, refusal=refusal, faults=faults, typed=self.typed, then=self.then, **self.facts
        )
        if refusal is not None:
            response.status_code = refusal.status
            if refusal.retry_after is not None:
                response.headers["Retry-After"] = str(refusal.retry_after)
        return response


def page(template: str, said: dict[str, object], **facts: Any) -> Response:
    """Return a page that no cache keeps, or `said` when JSON is asked for."""
    if errors.wants_json():
        return private(jsonify(said))
    return private(render_template(template, me=signed_in(), **facts))


def done(then: str, words: str = "", *, status: int = 200) -> Response:
    """Lead on to `then`, with `words` shown there once; programs get `status` and the token for their next form."""
    if errors.wants_json():
        return private(jsonify({"ok": True, "next": then, "csrf_token": generate_csrf()}), status)
    if words:
        flash(words)
    return private(make_response(redirect(then, 303)))


def _then() -> str:
    asked = request.form.getlist("next") or request.args.getlist("next")
    then = inside(asked[0]) if len(asked) == 1 else "/"
    return "/" if _is_only_for_forms(then) else then


def _is_only_for_forms(address: str) -> bool:
    """Whether no page is there: who had signed in and was led to /sign-out read that the method is wrong."""
    try:
        current_app.url_map.bind("").match(unquote(urlsplit(address).path), method="GET")
    except MethodNotAllowed:
        return True
    except HTTPException:
        pass
    return False
