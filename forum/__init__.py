"""Roundtext: timed, moderated, written discussions. The whole assembly is on this page."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from forum.config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Return the assembled app. Without `settings` they are read from the environment."""
    # Here, or whoever needs one part of the house would wait for all of it: `forum --help` took 2 s.
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from forum import database, extensions, filters, speaking, web
    from forum.config import Settings
    from forum.web import counters

    settings = settings or Settings()
    settings.make_data_dir()
    app = Flask(__name__, static_folder="static")
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=settings.secret(),
        SQLALCHEMY_DATABASE_URI=settings.database,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(settings.is_sqlite),
        SESSION_COOKIE_NAME="roundtext",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        PERMANENT_SESSION_LIFETIME=90 * 24 * 3600,
        # A comment of 10,000 characters is 120 KB when every one is percent-encoded; a picture comes by its own route.
        MAX_CONTENT_LENGTH=6 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=512 * 1024,
        MAX_FORM_PARTS=400,
        WTF_CSRF_TIME_LIMIT=None,
        # Flask-WTF would refuse careful people's browsers, which send no Referer over https; guards look at Origin.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_CHECK_DEFAULT=False,  # web.guards calls it, after the Host and Origin checks
        RATELIMIT_ENABLED=settings.limits,
        RATELIMIT_STORAGE_URI=counters.SCHEME + settings.limits_url if settings.limits_url else counters.OWN,
        RATELIMIT_SWALLOW_ERRORS=True,
    )
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    database.db.init_app(app)
    speaking.init_app(app)
    extensions.csrf.init_app(app)
    extensions.limiter.init_app(app)
    extensions.login_manager.init_app(app)
    web.init_app(app)
    filters.of_site(settings)  # read now, so that something counts if the file cannot be read when it is needed
    return app
