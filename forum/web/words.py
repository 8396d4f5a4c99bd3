"""What templates can say: filters and names that every page has."""

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request
from flask_babel import format_datetime, format_time, get_locale, get_translations
from markupsafe import Markup

from forum import access, clock, countries, looks, pictures, text
from forum.config import Settings
from forum.models import Site
from forum.web.guards import allowed


def init_app(app: Flask) -> None:
    """Give the templates of `app` their filters and names."""
    settings: Settings = app.config["SETTINGS"]
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        day=_day,
        sources=pictures.sources,
        date=_date,
        clock=_clock,
        iso=_iso,
        initials=text.initials,
        hue=text.hue,
        excerpt=text.excerpt,
        safe_html=Markup,
        addressed=lambda html: Markup(text.addressed(html)),  # noqa: S704
        whence=lambda face: countries.whence(face.affiliation, face.country, str(get_locale())),
        country=lambda code: countries.name(code, str(get_locale())),
    )
    app.jinja_env.globals.update(
        site_name=site_name,
        site_style=_site_style,
        shown_site=shown_site,
        public_url=lambda: settings.public_url,
        sends_mail=settings.sends_mail,
        now=clock.now,
        may=access.may,
        may_create=access.may_create,
        country_names=lambda: countries.names(str(get_locale())),
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


def _day(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a date in `zone` (IANA name), e.g. "Monday, 23 November 2026"."""
    return str(format_datetime(moment.astimezone(ZoneInfo(zone)), "EEEE, d MMMM y", rebase=False))


def _date(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a short date in `zone`, e.g. "23 Nov 2026"."""
    return str(format_datetime(moment.astimezone(ZoneInfo(zone)), "d MMM y", rebase=False))


def _clock(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as hours and minutes in `zone`, e.g. "15:24"."""
    return str(format_time(moment.astimezone(ZoneInfo(zone)), "HH:mm", rebase=False))


def _iso(moment: datetime) -> str:
    """Return `moment` for a `datetime` attribute, in UTC to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
