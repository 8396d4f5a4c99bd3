"""The languages that a discussion can be held in: their names, and how words of theirs are brought to their stems."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import snowballstemmer
from babel import Locale

# Those whose words we can stem come first to mind; of the others the words are found as they stand.
_STEMMERS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "cs": "czech", "da": "danish", "nl": "dutch",
    "en": "english", "et": "estonian", "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi",
    "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "nb": "norwegian", "fa": "persian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_OTHERS = (
    "af", "am", "az", "bg", "bn", "bs", "cy", "fil", "gl", "gu", "ha", "he", "hr", "ig", "is", "ja", "ka", "kk", "km",
    "kn", "ko", "lo", "lv", "mk", "ml", "mn", "mr", "ms", "my", "pa", "rw", "si", "sk", "sl", "so", "sq", "sw", "te",
    "th", "uk", "ur", "uz", "vi", "xh", "yo", "zh", "zu",
)  # fmt: skip
# CLDR has this one as it begins a sentence, and isiZulu as we want it.
_NAMED = {"xh": "isiXhosa"}
_ACCENTS = re.compile("[\u0300-\u036f]")
# Arabic vowel marks, and the line that only stretches a word (tatweel).
_VOWELS = re.compile("[\u0640\u064b-\u065f\u0670]")
# Where words stand without spaces between them, by what Unicode calls their letters. Korean has spaces, but its nouns
# stand together as German's do, and what is looked for is as often at the end of one (물나눔).
_UNSPACED = (
    "CJK ", "HIRAGANA", "KATAKANA", "BOPOMOFO", "THAI ", "LAO ", "KHMER ", "MYANMAR ", "HALFWIDTH KATAKANA", "HANGUL ",
)  # fmt: skip
# A stem of fewer letters would find half the dictionary.
_SHORTEST = 3


@cache
def names() -> dict[str, str]:
    """Return the name of every language in itself by its code (BCP 47), sorted by name."""
    found = {
        code: _NAMED.get(code) or _begun(Locale.parse(code).get_language_name(code) or code)
        for code in (*_STEMMERS, *_OTHERS)
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))


def _begun(name: str) -> str:
    """Return `name` with a capital at its beginning, if it has none of its own: isiZulu begins small."""
    return name[:1].title() + name[1:] if name.islower() else name


def plain(words: str) -> str:
    """Return `words` without case and accents, as the databases' indexes have them."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", words.lower()))


def bare(words: str) -> str:
    """Return `words` without Arabic vowel marks and tatweel, which few people write; a hamza stays on its letter."""
    return _VOWELS.sub("", unicodedata.normalize("NFC", words))


def words_of(said: str) -> list[str]:
    """Return the plain words of a text, in its order."""
    return [found for found, _, _ in spans(plain(said))]


def spans(said: str) -> Iterator[tuple[str, int, int]]:
    """Yield each word of `said` with its place: letters, digits and what belongs to them (vowel signs, for one)."""
    begin: int | None = None
    for at, letter in enumerate(f"{said} "):
        if unicodedata.category(letter)[0] in "LNM":
            begin = at if begin is None else begin
        elif begin is not None:
            yield said[begin:at], begin, at
            begin = None


def is_unspaced(word: str) -> bool:
    """Whether `word` may be several: in Chinese, Japanese, Thai, Korean and others nothing shows where one ends."""
    return any(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in word)


def stem(word: str, language: str) -> str:
    """Return the beginning that the forms of `word` share in `language`; the plain word where we know none.

    Snowball stems change ends ("happy" → "happi"), and what is looked for has to stand at the beginning of a word.
    """
    if language not in _STEMMERS:
        return plain(word)
    found = plain(str(_stemmer(_STEMMERS[language]).stemWord(word.lower())))
    whole = plain(word)
    shared = 0
    while shared < min(len(found), len(whole)) and found[shared] == whole[shared]:
        shared += 1
    return whole[:shared] if shared >= _SHORTEST else whole


@cache
def _stemmer(name: str):  # type: ignore[no-untyped-def]
    return snowballstemmer.stemmer(name)
