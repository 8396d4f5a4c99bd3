"""What templates can say: filters and names that every page has."""

from functools import cache
from pathlib import Path

from flask import Flask, current_app, g, request
from flask_babel import get_locale, get_translations
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from forum import access, clock, countries, looks, pictures, speaking, text
from forum.actions import merging
from forum.config import Settings
from forum.models import Site, User
from forum.web import kept, times
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
        is_long=text.is_long,
        safe_html=Markup,
        field_name=kept.field_name,
        addressed=lambda html: Markup(text.addressed(html)),  # noqa: S704
        whence=lambda face: countries.whence(face.affiliation, face.country, str(get_locale())),
        country=lambda code: countries.name(code, str(get_locale())),
    )
    times.init_app(app)
    app.jinja_env.globals.update(
        site_name=site_name,
        site_style=_site_style,
        shown_site=shown_site,
        public_url=lambda: settings.public_url,
        sends_mail=settings.sends_mail,
        now=clock.now,
        marks=merging.marks,
        may=access.may,
        may_create=access.may_create,
        runs_any=_runs_any,
        country_names=lambda: countries.names(str(get_locale())),
        here=lambda: request.full_path.rstrip("?"),
        script_words=_script_words,
        data_forms=_data_forms,
        counted=speaking.counted,
        our_languages=speaking.names,
        spoken=speaking.tag,
        direction=speaking.direction,
    )


def shown_site() -> Site:
    """Return what administrators have set, as the pages show it; while the database is away, how the product comes.

    It is asked for once in a request: a page names it five times, and the session holds no row that nobody else holds.
    """
    if g.get("database_is_away"):
        return Site.fresh()
    if "shown_site" not in g:
        g.shown_site = Site.current()
    site: Site = g.shown_site
    return site


def site_name() -> str:
    """Return the name of this site: what administrators have set, else the setting."""
    settings: Settings = current_app.config["SETTINGS"]
    return shown_site().name or settings.site_name


def _runs_any(user: User | None) -> bool:
    """Whether the bar leads `user` to their discussions; while the database is away, nobody can be asked about."""
    return not g.get("database_is_away") and access.runs_any(user)


def _site_style() -> Markup:
    """Return the style of the site's own colours, and let this answer's policy allow it."""
    site = shown_site()
    style = looks.style(site.accent, site.signal)
    return allowed(style) if style else Markup()


def _script_words(bundle: str) -> Markup:
    """Return the element with what the script `bundle` says, by its English; nothing where English is spoken.

    Whatever stands in the script and in the language's catalogue: there is no second list to keep. What is counted has
    its forms by their names in CLDR, which is what browsers call them.
    """
    words = _words_of(bundle, speaking.tag())
    if not words:
        return Markup()
    told = htmlsafe_json_dumps(words, ensure_ascii=False, separators=(",", ":"))
    return Markup('<script type="application/json" id="words">{}</script>').format(told)


@cache
def _words_of(bundle: str, _language: str) -> dict[str, str | dict[str, str]]:
    catalogue: dict[str | tuple[str, int], str] = getattr(get_translations(), "_catalog", {})
    if len(catalogue) <= 1:
        return {}
    path = Path(__file__).parents[1] / f"static/built/{bundle}.js"
    script = path.read_text(encoding="utf-8")
    plain = {key: said for key, said in catalogue.items() if isinstance(key, str) and key and f'"{key}"' in script}
    singles = (key[0] for key in catalogue if isinstance(key, tuple) and key[1] == 0)
    return plain | {single: speaking.forms(single) for single in singles if f'"{single}"' in script}


def _data_forms(single: str, many: str) -> Markup:
    """Return the attributes by which a script says another number: `data-one`, `data-other`, and what else it takes."""
    found = speaking.forms(single) or {"one": single, "other": many}
    pairs = (
        f'data-{form}="{escape(words)}"' for form, words in found.items() if words != found["other"] or form == "other"
    )
    return Markup(" ".join(pairs))  # noqa: S704
