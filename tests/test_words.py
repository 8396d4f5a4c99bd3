"""The catalogues: in step with the sources, whole where they have to be, and saying nothing that the sources do not."""

import ast
import gettext
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel import Locale
from flask_babel import force_locale

from forum import speaking

ROOT = Path(__file__).parent.parent
_spec = importlib.util.spec_from_file_location("words", ROOT / "tools/words.py")
words = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(words)

pytestmark = pytest.mark.one_database

LANGUAGES = sorted(words.PLURALS)
# What a letter says, and the pages that lead to it and away from it.
OF_LETTERS = ("forum/templates/accounts/mail/", "forum/notify/", "discussion/rsvp", "discussion/unsubscribe")


def test_make_words_has_nothing_to_change():
    said = subprocess.run(
        [sys.executable, "tools/words.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_the_same_places_and_bring_no_markup(language):
    assert words.faults(words.catalogue(language)) == []


def test_a_wrong_place_and_foreign_markup_are_found():
    broken = words.Catalog(locale="es")
    broken.add("Hello %(name)s", "Hola %(nombre)s")
    broken.add("An answer", "<b>Una</b> respuesta")
    broken.add(("1 reply", "{n} replies"), ("una respuesta", "{m} respuestas"))
    assert len(words.faults(broken)) == 3


@pytest.mark.parametrize("language", [one for one in speaking.IN_LETTERS if one != speaking.SOURCE])
def test_every_word_of_the_letters_is_translated(language):
    left = [
        message.id
        for message in words.catalogue(language)
        if any(part in place for place, _line in message.locations for part in OF_LETTERS)
        and (message.fuzzy or not words.is_whole(message.string))
    ]
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_are_those_of_the_language(language):
    path = speaking.FOLDER / language / "LC_MESSAGES/messages.mo"
    with path.open("rb") as compiled:
        found = gettext.GNUTranslations(compiled)
    forms = {Locale(language).plural_form(number): found.plural(number) for number in range(200)}
    assert [found.plural(number) for number in range(200)] == [
        forms[Locale(language).plural_form(number)] for number in range(200)
    ]
    assert len(set(forms.values())) == words.PLURALS[language][0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_for_nothing_and_one_says_the_number(language):
    """French and Portuguese have one form for 0 and 1: a question without votes had "1 vote"."""
    is_shared = Locale(language).plural_form(0) == Locale(language).plural_form(1)
    placeholders = re.compile(r"%\(\w+\)s|\{\w+\}").findall
    for message in words.catalogue(language):
        if is_shared and isinstance(message.id, tuple) and all(message.id):
            first, *_, last = message.string
            assert set(placeholders(first)) == set(placeholders(last)), message.id


def test_what_is_offered_has_a_catalogue():
    assert set(speaking.OFFERED) <= {speaking.SOURCE, *LANGUAGES}
    assert set(speaking.OFFERED) <= set(speaking.IN_LETTERS)
    assert list(speaking.names()) == list(speaking.OFFERED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_english_word_for_two_things_is_two_where_a_language_has_two(app, language):
    says = words.catalogue(language)
    assert says.get("To").string != says.get("Until").string or language == "ar"  # إلى is both
    if language in {"es", "pt"}:
        assert (says.get("Title").string[:2], says.get("Job title").string) == ("Tí", "Cargo")
        assert says.get("approved", "comment").string == "aprobado" or language == "pt"
    with app.test_request_context(), force_locale(language):
        shown = app.jinja_env.from_string('{{ pgettext("question", "answered") }}/{{ _("answered") }}').render()
    assert shown == f"{says.get('answered', 'question').string}/{says.get('answered').string}"


def test_one_thing_has_one_word():
    for language, other in (("de", "Website"), ("es", "carta ")):
        said = " ".join(str(message.string) for message in words.catalogue(language) if message.id)
        assert f" {other}" not in said, language


def test_no_sentence_is_said_where_it_is_not_gathered():
    """Babel does not look into f-strings: what is said in one alone is English in every language."""
    gathered = {message.id for message in words.gathered()}
    for source in sorted((ROOT / "forum").glob("**/*.py")):
        for call in ast.walk(ast.parse(source.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_":
                said = call.args[0]
                assert not isinstance(said, ast.Constant) or said.value in gathered, (source.name, said.value)


def test_scripts_say_no_sentence_past_the_catalogue():
    """What is handed to a reader as it stands in the script is English in every language."""
    told = r"""(?:\bsay\(|\.textContent = [^;"`]*)(?<!_\()"""
    bare = re.compile(told + r"""(?:"[^"]*[A-Za-z] [^"]*"|`[^`]*\b[a-z]{2,} [^`]*`)""")
    for script in sorted((ROOT / "forum/static/js").glob("*.js")):
        assert bare.findall(script.read_text()) == [], script.name


def test_scripts_say_no_sentence_where_it_is_not_gathered():
    """Babel does not look into what is filled into a template string either."""
    gathered = {
        one for message in words.gathered() for one in ([message.id] if isinstance(message.id, str) else message.id)
    }
    for script in sorted((ROOT / "forum/static/js").glob("*.js")):
        for said in re.findall(r'\b_\(\s*"((?:[^"\\]|\\.)*)"', script.read_text()):
            assert said.replace('\\"', '"') in gathered, (script.name, said)
