"""Time zones: which can be chosen, and what somebody typed for one."""

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global

# Where zones are named after cities.
_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def zones() -> frozenset[str]:
    """Return the names of the time zones that can be chosen."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def zone_named(typed: str) -> str | None:
    """Return the IANA name of the zone that is called so, in any case, or by a city that no other zone is named by.

    `GMT+5` is none: where IANA has such a name it means the opposite.
    """
    return _zones_by_name().get(typed.strip().replace(" ", "_").casefold())


@cache
def _zones_by_name() -> dict[str, str]:
    renamed = get_global("zone_aliases")
    cities: dict[str, dict[str, str]] = {}
    for name in sorted(zones()):
        same, area = renamed.get(name, name), name.partition("/")[0]
        # Australia's older names are those of states, which other countries have as well.
        if area in _AREAS and not (area == "Australia" and same != name):
            found = cities.setdefault(name.rpartition("/")[2].casefold(), {})
            found[same] = name if name == same else found.get(same, name)
    by_city = {city: next(iter(found.values())) for city, found in cities.items() if len(found) == 1}
    return by_city | {name.casefold(): name for name in zones()}
