"""Which language is spoken when.

What everybody gets the same (a discussion's page, what is pushed, its archive) speaks the discussion's language; what
is one person's (account, sign-in, refusals, console) theirs; a letter its reader's. `docs/architecture.md` says why.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import force_locale, get_locale, refresh
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from forum.config import Settings
from forum.extensions import babel
from forum.models import Discussion

# What the templates and scripts are written in.
SOURCE = "en"
# Languages whose catalogue is whole: in these the pages speak, and people choose one of them.
OFFERED = (SOURCE, "ar", "de", "es", "fr", "pt")
# Languages that letters are written in; all of the above at least.
IN_LETTERS = OFFERED

# Between them these have every form that one of our languages has.
_SAMPLES = (*range(0, 21), 100)

FOLDER = Path(__file__).parent / "translations"


def init_app(app: Flask) -> None:
    """Let `app` ask here which language it speaks, and say so in its answers."""
    babel.init_app(app, default_locale=SOURCE, default_translation_directories=str(FOLDER), locale_selector=_of_asker)
    # flask_babel asks for the whole way to the catalogue at each word, and a page has a hundred: 20 µs, ours takes 5.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda words: _catalogue().ugettext(words),
        ngettext=lambda single, many, number: _catalogue().ungettext(single, many, number),
        newstyle=True,
        pgettext=lambda context, words: _catalogue().upgettext(context, words),
        npgettext=lambda context, single, many, number: _catalogue().unpgettext(context, single, many, number),
    )
    app.after_request(_add_vary)


def names() -> dict[str, str]:
    """Return the languages that people can choose, each named in itself, by their codes."""
    return {code: (_locale(code).get_language_name(code) or code).capitalize() for code in OFFERED}


def known(language: str) -> str:
    """Return `language` if people can choose it, else "" (which says: as the browser asks)."""
    return language if language in OFFERED else ""


def of_discussion(discussion: Discussion) -> str:
    """Return in which language the page of `discussion` speaks to everybody."""
    return discussion.language if discussion.language in OFFERED else SOURCE


def of_letter(*wished: str) -> str:
    """Return the first of the `wished` languages that letters are written in, else English."""
    return next((language for language in wished if language in IN_LETTERS), SOURCE)


def asked_for() -> str:
    """Return which language this browser asks for; "" when it asks for none of ours, or nobody asks."""
    if not has_request_context():
        return ""
    g.speaks_to_browser = True
    return request.accept_languages.best_match(OFFERED) or ""


def speak(language: str) -> None:
    """Speak `language` for the rest of this request, whoever asks."""
    g.speaks = language
    refresh()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak `language` inside this block, in a request or without one."""
    wanted = _locale(language)
    if get_locale() == wanted:
        yield
        return
    with force_locale(wanted):
        yield


def forms(single: str) -> dict[str, str]:
    """Return how the language spoken now says `single` by the names of its forms in CLDR (one, few, other …)."""
    locale, translations = get_locale(), _catalogue()
    if locale is None:
        return {}
    catalogue = getattr(translations, "_catalog", {})
    found: dict[str, str] = {}
    for number in _SAMPLES:
        words = catalogue.get((single, translations.plural(number)))
        if words:
            found.setdefault(locale.plural_form(number), words)
    return found


def counted(single: str, many: str, number: int) -> str:
    """Return `number` of something in the language spoken now, like "1 reply" or "{n} replies", as scripts say it."""
    said = _catalogue().ungettext(single, many, number)
    return str(said).replace("{n}", str(number))


def direction() -> str:
    """Return in which direction the language that is spoken now is written: "ltr" or "rtl"."""
    locale = get_locale()
    return str(locale.text_direction) if locale is not None else "ltr"


def tag() -> str:
    """Return the language that is spoken now as BCP 47 has it."""
    return str(get_locale() or SOURCE).replace("_", "-")


def _catalogue() -> NullTranslations:
    """Return what the language spoken now says."""
    return _catalogue_of(get_locale() or _locale(SOURCE))


@cache
def _catalogue_of(locale: Locale) -> NullTranslations:
    return Translations.load(FOLDER, [locale])


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def _of_asker() -> str:
    """Return the language of this request: the page's own, the person's, the browser's, the site's."""
    settings: Settings = current_app.config["SETTINGS"]
    if not has_request_context():
        return SOURCE
    spoken: str = g.get("speaks", "")
    return spoken or _chosen() or asked_for() or known(settings.language) or SOURCE


def _chosen() -> str:
    if g.get("database_is_away"):
        return ""
    try:
        return known(current_user.language) if current_user.is_authenticated else ""
    except SQLAlchemyError:  # whatever it is, the answer that is being made says it better
        return ""


def _add_vary(response):  # type: ignore[no-untyped-def]
    """Tell caches that this answer was made for who asks, where it was."""
    if g.get("speaks_to_browser"):
        response.vary.update(["Accept-Language", "Cookie"])
    return response
