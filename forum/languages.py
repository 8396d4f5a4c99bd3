"""The languages that a discussion can be held in: their names, and how words of theirs are brought to their stems."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import snowballstemmer

# Of the other languages the words are found as they stand.
_STEMMERS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "cs": "czech", "da": "danish", "nl": "dutch",
    "en": "english", "et": "estonian", "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi",
    "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali",
    "nb": "norwegian", "fa": "persian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
# By name, as each writes itself (Unicode's CLDR; isiXhosa as isiZulu). Written down, because reading them from Babel
# takes 0.7 s, in which a process pushes nothing, and 79 MB for as long as it lives.
NAMES = {
    "af": "Afrikaans", "az": "Azərbaycan", "bs": "Bosanski", "ca": "Català", "cy": "Cymraeg", "da": "Dansk",
    "de": "Deutsch", "et": "Eesti", "en": "English", "es": "Español", "eu": "Euskara", "fil": "Filipino",
    "fr": "Français", "ga": "Gaeilge", "gl": "Galego", "ha": "Hausa", "hr": "Hrvatski", "ig": "Igbo",
    "rw": "Ikinyarwanda", "id": "Indonesia", "xh": "isiXhosa", "zu": "isiZulu", "it": "Italiano", "sw": "Kiswahili",
    "lv": "Latviešu", "lt": "Lietuvių", "hu": "Magyar", "ms": "Melayu", "nl": "Nederlands", "nb": "Norsk bokmål",
    "uz": "O‘zbek", "pl": "Polski", "pt": "Português", "ro": "Română", "sq": "Shqip", "sk": "Slovenčina",
    "sl": "Slovenščina", "so": "Soomaali", "fi": "Suomi", "sv": "Svenska", "vi": "Tiếng Việt", "tr": "Türkçe",
    "yo": "Èdè Yorùbá", "is": "Íslenska", "cs": "Čeština", "el": "Ελληνικά", "bg": "Български", "mk": "Македонски",
    "mn": "Монгол", "ru": "Русский", "sr": "Српски", "uk": "Українська", "kk": "Қазақ тілі", "hy": "Հայերեն",
    "yi": "ייִדיש", "he": "עברית", "ur": "اردو", "ar": "العربية", "fa": "فارسی", "ne": "नेपाली", "mr": "मराठी",
    "hi": "हिन्दी", "bn": "বাংলা", "pa": "ਪੰਜਾਬੀ", "gu": "ગુજરાતી", "ta": "தமிழ்", "te": "తెలుగు", "kn": "ಕನ್ನಡ",
    "ml": "മലയാളം", "si": "සිංහල", "th": "ไทย", "lo": "ລາວ", "my": "မြန်မာ", "ka": "ქართული", "am": "አማርኛ",
    "km": "ខ្មែរ", "zh": "中文", "ja": "日本語", "ko": "한국어",
}  # fmt: skip
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
