"""Time zones by their names of today, however somebody types them."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global

# Where the city itself has another name, or is spelled anew; both are the same clock (IANA's file `backward`). Zones
# that were put together with another city's are not here: nobody's city becomes another one. `times.js` has those that
# browsers still report.
RENAMED = {
    "Africa/Asmera": "Africa/Asmara",
    "America/Godthab": "America/Nuuk",
    "Asia/Ashkhabad": "Asia/Ashgabat",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Dacca": "Asia/Dhaka",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Macao": "Asia/Macau",
    "Asia/Rangoon": "Asia/Yangon",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Asia/Thimbu": "Asia/Thimphu",
    "Asia/Ujung_Pandang": "Asia/Makassar",
    "Asia/Ulan_Bator": "Asia/Ulaanbaatar",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Europe/Kiev": "Europe/Kyiv",
    "Pacific/Enderbury": "Pacific/Kanton",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
}
# Where zones are named after cities.
_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def names() -> frozenset[str]:
    """Return the names of the time zones that can be chosen."""
    return frozenset(name for name in available_timezones() - RENAMED.keys() if "/" in name or name == "UTC")


def named(typed: str) -> str | None:
    """Return the IANA name of the zone that is called so, in any case, or by a city that no other zone is named by.

    A name of before is that of today (Asia/Calcutta, kiev). `GMT+5` is none: where IANA has such a name it means the
    opposite.
    """
    return _by_name().get(typed.strip().replace(" ", "_").casefold())


def of_today(name: str) -> str:
    """Return what the zone with this IANA name is called today; any other name as it is."""
    return RENAMED.get(name, name)


@cache
def _by_name() -> dict[str, str]:
    aliases = get_global("zone_aliases")
    cities: dict[str, dict[str, str]] = {}
    for name in sorted(names() | RENAMED.keys()):
        same, area = aliases.get(name, name), name.partition("/")[0]
        # Australia's older names are those of states, which other countries have as well.
        if area in _AREAS and not (area == "Australia" and same != name):
            found = cities.setdefault(name.rpartition("/")[2].casefold(), {})
            found[same] = name if name == same else found.get(same, name)
    by_city = {city: next(iter(found.values())) for city, found in cities.items() if len(found) == 1}
    by_name = by_city | {name.casefold(): name for name in names() | RENAMED.keys()}
    return {name: of_today(zone) for name, zone in by_name.items()}
