"""Gather what the sources say into the catalogues of forum/translations, and compile these.

    python tools/words.py            `make words`: gather, bring every catalogue up to date, compile
    python tools/words.py --check    change nothing; say what is out of step and end with 1

The result is the same for the same sources: no line numbers, no dates. A message that nobody says any more is left out
of its catalogue; a message without a translation is said in English.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "forum/translations"
# How many forms a counted message has, and which one a number takes.
PLURALS = {
    "ar": (6, "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5)"),
    "de": (2, "(n != 1)"),
    "es": (2, "(n != 1)"),
    "fr": (2, "(n > 1)"),
    "pt": (2, "(n > 1)"),
}
KEYWORDS = {
    "_": None, "gettext": None, "lazy": None, "ngettext": (1, 2), "lazy_gettext": None, "plural": (2, 3),
    "data_forms": (1, 2), "counted": (1, 2), "pgettext": ((1, "c"), 2),
}  # fmt: skip
SOURCES = (("forum/**/*.py", "python"), ("forum/templates/**/*", "jinja2"), ("forum/static/js/*.js", "javascript"))
OPTIONS = {"jinja2": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
_PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")
_MARKUP = re.compile(r"</?\w[^>]*>|&\w+;")


def gathered() -> Catalog:
    """Return every message of the sources with the files that say it."""
    found = Catalog()
    for pattern, kind in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if not path.is_file() or path.suffix in {".svg", ".xml", ".cache"}:
                continue
            with path.open("rb") as source:
                for _line, message, _comments, context in extract(kind, source, KEYWORDS, (), OPTIONS.get(kind, {})):
                    found.add(message, locations=[(str(path.relative_to(ROOT)), 0)], context=context)
    return found


def catalogue(language: str) -> Catalog:
    """Return the catalogue of `language` as it is stored; an empty one when there is none yet."""
    path = _path(language, "po")
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def brought_up(language: str, sources: Catalog) -> Catalog:
    """Return the catalogue of `language` with exactly the messages of the sources, in their order."""
    before, after = catalogue(language), Catalog(locale=language, project="Roundtext", fuzzy=False)
    after._num_plurals, after._plural_expr = PLURALS[language]
    for message in sources:
        if not message.id:
            continue
        known = before.get(message.id, message.context)
        count = PLURALS[language][0]
        empty = ("",) * count if message.pluralizable else ""
        said = known.string if known is not None and known.id == message.id and "fuzzy" not in known.flags else empty
        if message.pluralizable and (not isinstance(said, tuple) or len(said) != count):
            said = empty
        after.add(message.id, said, locations=message.locations, context=message.context)
    return after


def _header(language: str) -> str:
    count, rule = PLURALS[language]
    lines = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", f"Language: {language}")
    return "".join(f"{line}\n" for line in (*lines, f"Plural-Forms: nplurals={count}; plural={rule};"))


class _Compiled(Catalog):
    """A catalogue whose header has no time of day in it."""

    def __iter__(self) -> Iterator[Message]:
        rest = super().__iter__()
        next(rest)
        yield Message("", _header(str(self.locale)))
        yield from rest


def as_po(found: Catalog) -> bytes:
    """Return a catalogue as text, without what changes by itself."""
    out = BytesIO()
    write_po(out, found, width=120, include_lineno=False, omit_header=True)
    lines = "".join(f'"{line}\\n"\n' for line in _header(str(found.locale)).splitlines())
    header = f'msgid ""\nmsgstr ""\n{lines}\n'
    return header.encode() + out.getvalue()


def as_mo(po: bytes, language: str) -> bytes:
    """Return the compiled form of a catalogue's text: what is translated, and nothing else."""
    found = read_po(BytesIO(po), locale=language)
    found._num_plurals, found._plural_expr = PLURALS[language]
    kept = _Compiled(locale=language, fuzzy=False, charset="utf-8")
    for message in found:
        if message.id and is_whole(message.string):
            kept.add(message.id, message.string, context=message.context)
    out = BytesIO()
    write_mo(out, kept)
    return out.getvalue()


def is_whole(said: str | tuple[str, ...]) -> bool:
    """Whether a message is translated in all of its forms."""
    return all(said) if isinstance(said, tuple) else bool(said)


def faults(found: Catalog) -> list[str]:
    """Return what is wrong with the translations of a catalogue: other places than ours, markup that is not ours."""
    wrong = []
    for message in found:
        if not message.id or not is_whole(message.string):
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        ours, markup = set(_PLACE.findall(ids[-1])), {part for one in ids for part in _MARKUP.findall(one)}
        for words in said:
            places = set(_PLACE.findall(words))
            # One, two or none of something may be said in words: only there a number may be left out.
            optional = {"%(num)s", "{n}"} if isinstance(message.id, tuple) else set()
            if places - ours or (ours - places) - optional:
                wrong.append(f"{found.locale}: the places of “{ids[-1]}” are not those of “{words}”")
            if set(_MARKUP.findall(words)) - markup:
                wrong.append(f"{found.locale}: “{words}” has markup that “{ids[-1]}” has not")
            if words != words.strip() and ids[-1] == ids[-1].strip():
                wrong.append(f"{found.locale}: “{words}” begins or ends with a space")
            if "%" in re.sub(r"%\(\w+\)s|%%", "", words) and ours and "%" not in re.sub(r"%\(\w+\)s|%%", "", ids[-1]):
                wrong.append(f"{found.locale}: “{words}” has a % that is no place")
    return wrong


def main() -> int:
    """Do what the first lines of this file say."""
    sources, wrong = gathered(), []
    for language in PLURALS:
        after = brought_up(language, sources)
        po = as_po(after)
        mo = as_mo(po, language)
        wrong += faults(after)
        for ending, content in (("po", po), ("mo", mo)):
            path = _path(language, ending)
            if "--check" in sys.argv:
                if not path.exists() or path.read_bytes() != content:
                    wrong.append(f"{path.relative_to(ROOT)} is out of step. Run make words.")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        left = sum(1 for message in after if message.id and not is_whole(message.string))
        print(f"{language}: {len(after) - left} of {len(after)} messages", file=sys.stderr)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def _path(language: str, ending: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"messages.{ending}"


if __name__ == "__main__":
    sys.exit(main())
