"""Names that could be taken for other names, or for a badge; and words as they look."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from forum.text.characters import without_unseen

# What badges say, in every language that pages are shown in: a discussion in Spanish has an "Anfitrión" for its host.
_BADGE_WORDS = {
    *("host", "panel", "panelist", "panellist", "moderator", "mod", "organiser", "organizer", "admin", "administrator"),
    *("official", "verified", "staff", "roundtext"),
    *("anfitrión", "anfitriona", "panelista", "moderador", "moderadora", "organizador", "organizadora"),
    *("administrador", "administradora", "oficial", "verificado", "verificada"),
    *("hôte", "hôtesse", "panéliste", "modération", "modérateur", "modératrice", "organisateur", "organisatrice"),
    *("administrateur", "administratrice", "officiel", "officielle", "vérifié", "vérifiée"),
    *("gastgeber", "gastgeberin", "podium", "moderation", "moderatorin", "veranstalter", "veranstalterin"),
    *("administratorin", "offiziell", "verifiziert"),
    *("anfitrião", "anfitriã", "painel"),
    *("المضيف", "المضيفة", "المتحدثين", "متحدث", "متحدثة", "الإشراف", "مشرف", "مشرفة", "المشرف", "المشرفة"),
    *("منظم", "منظمة", "المنظم", "المنظمة", "مدير", "مديرة"),
}
_BADGE_SIGNS = re.compile(r"[✓✔✅☑★☆⭐🛡🏅🎖🔰👑®™©]")
_TITLES = {"dr", "prof", "mr", "mrs", "ms", "sir", "dame", "phd", "md"}
# Letters that together look like another: UTS #39 lists single characters only for most of these.
_LOOK_TOGETHER = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))
_LOOK_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "!": "l", "5": "s", "$": "s", "3": "e", "@": "a"})


def skeleton(name: str) -> str:
    """Return what `name` looks like, so that names that look alike have the same skeleton (after UTS #39)."""
    return "".join(sorted(_parts(name)))


def looks_like(name: str, names: Iterable[str]) -> str | None:
    """Return which of `names` somebody called `name` could be taken for, or None."""
    mine = set(_parts(name))
    for other in names:
        theirs = set(_parts(other))
        if not theirs or not mine:
            continue
        if mine == theirs or "".join(sorted(mine)) == "".join(sorted(theirs)) or _joined(name) == _joined(other):
            return other
        if len(theirs) > 1 and theirs < mine and mine - theirs <= _extras():
            return other
    return None


def has_badge_word(name: str) -> bool:
    """Whether `name` carries a word or sign that could be taken for a badge."""
    return not _badge_looks().isdisjoint(looks_of(name)) or bool(_BADGE_SIGNS.search(name))


def looks_of(value: str) -> list[str]:
    """Return the words of `value` as they look: one case, no accents, nothing invisible, look-alikes as one letter."""
    return [word for word in (_folded(part) for part in re.split(r"[\s\W_]+", _shown(value))) if word]


@cache
def _badge_looks() -> frozenset[str]:
    return frozenset(look for word in _BADGE_WORDS for look in looks_of(word))


@cache
def _extras() -> frozenset[str]:
    """Words that make no other person of a name: badges and titles."""
    return frozenset(part for word in _BADGE_WORDS | _TITLES for part in _parts(word))


@cache
def _look_alikes() -> dict[int, str]:
    """What each confusable character looks like in ASCII (Unicode's UTS #39 data)."""
    from confusable_homoglyphs import confusables

    table: dict[int, str] = {}
    data: dict[str, list[dict[str, Any]]] = confusables.confusables_data
    for character, likes in data.items():
        if len(character) != 1 or character.isascii():
            continue
        for like in likes:
            if like["c"].isascii() and like["c"].isalnum():
                table[ord(character)] = like["c"]
                break
    return table


# Every comment of a member is compared with the names of all who have a seat.
@lru_cache(4096)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in (_look(word) for word in re.split(r"[\s\W_]+", _shown(name))) if part)


@lru_cache(4096)
def _joined(name: str) -> str:
    return _look(re.sub(r"[\s\W_]+", "", _shown(name)))


def _shown(name: str) -> str:
    name = re.sub(r"[\u200c\u200d]", "", without_unseen(name))
    shown = unicodedata.normalize("NFKC", name.translate(_look_alikes()))
    if shown.isascii():
        return shown
    # A mark over or under a letter is no end of a word.
    return "".join(letter for letter in shown if not unicodedata.combining(letter))


def _folded(word: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return bare.translate(_look_alikes()).casefold().translate(_LOOK_ALIKE)


def _look(word: str) -> str:
    word = _folded(word)
    for together, like in _LOOK_TOGETHER:
        word = word.replace(together, like)
    return word
