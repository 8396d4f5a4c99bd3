"""What templates can say: filters and names that every page has."""

from functools import cache
from pathlib import Path

from flask import Flask, current_app, g, request
from flask_babel import get_translations
from markupsafe import Markup

from forum import access, clock, looks, pictures, text
from forum.config import Settings
from forum.models import Site
from forum.web import times
from forum.web.guards import allowed


def init_app(app: Flask) -> None:
    """Give the templates of `app` their filters and names."""
    settings: Settings = app.config["SETTINGS"]
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        sources=pictures.sources,
        initials=text.initials,
        hue=text.hue,
        excerpt=text.excerpt,
        safe_html=Markup,
    )
    times.init_app(app)
    app.jinja_env.globals.update(
        site_name=site_name,
        site_style=_site_style,
        shown_site=shown_site,
        public_url=lambda: settings.public_url,
        sends_mail=settings.sends_mail,
        now=clock.now,
        may=access.may,
        may_create=access.may_create,
        here=lambda: request.full_path.rstrip("?"),
        script_words=_script_words,
    )


def shown_site() -> Site:
    """Return what administrators have set, as the pages show it; while the database is away, how the product comes."""
    return Site.fresh() if g.get("database_is_away") else Site.current()


def site_name() -> str:
    """Return the name of this site: what administrators have set, else the setting."""
    settings: Settings = current_app.config["SETTINGS"]
    return shown_site().name or settings.site_name


def _site_style() -> Markup:
    """Return the style of the site's own colours, and let this answer's policy allow it."""
    site = shown_site()
    style = looks.style(site.accent, site.signal)
    return allowed(style) if style else Markup()


def _script_words() -> dict[str, str]:
    """Return what the live page's script says, in the reader's language by its English; nothing for English itself.

    Whatever stands in the script and in the language's catalogue: there is no second list to keep.
    """
    catalogue: dict[object, str] = getattr(get_translations(), "_catalog", {})
    if len(catalogue) <= 1:
        return {}
    script = _script()
    return {text: said for text, said in catalogue.items() if isinstance(text, str) and text and f'"{text}"' in script}


@cache
def _script() -> str:
    return (Path(__file__).parents[1] / "static/built/live.js").read_text(encoding="utf-8")
