"""Pages and forms: one blueprint per place, thin."""

from importlib import import_module

from flask import Flask

# Each place is a module with a blueprint named `blueprint`.
PLACES = (
    "home", "discussion", "comments", "accounts", "console", "said", "queue", "organiser", "invitations", "backstage",
    "held", "panel", "running", "audience", "sanctions", "records", "site", "silences", "reactions", "archive", "files",
    "feeds", "search", "rsvps", "embed", "importing", "inviting", "guests",
)  # fmt: skip


def init_app(app: Flask) -> None:
    """Bind the cookie, the guards (Host, Origin, CSRF, headers), the error pages and every place to `app`."""
    from forum import cookies
    from forum.web import compiled, errors, guards, words

    app.session_interface = cookies.Cookies()
    guards.init_app(app)
    errors.init_app(app)
    words.init_app(app)
    compiled.init_app(app)
    for place in PLACES:
        app.register_blueprint(import_module(f"forum.web.{place}").blueprint)
