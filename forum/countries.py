"""The countries that somebody can say they are from: codes of ISO 3166-1, and their names in any language (CLDR)."""

from functools import lru_cache

from babel import Locale
from flask_babel import gettext as _

from forum import languages

# All that are assigned, and XK, which everybody uses for Kosovo until it is given one.
_ASSIGNED = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW "
)
CODES = frozenset(_ASSIGNED.split())


def name(code: str, language: str = "en") -> str:
    """Return what the country with `code` is called in `language`; nothing without a code."""
    return _territories(language).get(code, code)


@lru_cache(maxsize=16)
def names(language: str = "en") -> dict[str, str]:
    """Return the names of all countries in `language` by their codes, sorted by name. Do not change what you get."""
    found = {code: name(code, language) for code in CODES}
    return dict(sorted(found.items(), key=lambda pair: languages.plain(pair[1])))


def code_of(words: str) -> str | None:
    """Return the code that `words` (a code, or a country's English name) mean; empty for nothing, None if unknown."""
    words = words.strip()
    if not words or words.upper() in CODES:
        return words.upper()
    return _by_name().get(words.casefold())


def clean(faults: dict[str, str], typed: str) -> str:
    """Return a code or nothing; what is wrong goes into `faults` under "country"."""
    code = code_of(typed)
    if code is None:
        faults["country"] = _("Choose a country of the list, or leave it open.")
    return code or ""


def whence(affiliation: str, country: str, language: str = "en") -> str:
    """Return where somebody comes from as it stands beside their name: the organisation and the country, said once."""
    place = name(country, language)
    if place and place.casefold() in affiliation.casefold():
        return affiliation
    return ", ".join(filter(None, (affiliation, place)))


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    return {found.casefold(): code for code, found in names().items()}


@lru_cache(maxsize=16)
def _territories(language: str) -> dict[str, str]:
    return dict(Locale.parse(language).territories.items())
