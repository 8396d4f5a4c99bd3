"""How often the account forms may be tried. Counted by Flask-Limiter's store, so that all processes count together.

Limits are looked at by hand and not by decorator: they depend on what was typed, a good sign-in is given back, and a
refusal keeps the form. What is said to whoever was too often, here or at a decorator, is one sentence with one number.
"""

import logging
import math
import re
import time
from ipaddress import ip_address, ip_network

from flask import request
from flask_babel import ngettext
from limits import RateLimitItem, parse_many

from forum.actions import links
from forum.extensions import limiter
from forum.refusals import Refused
from forum.web.guards import settings

log = logging.getLogger("roundtext")

# A class behind one address signs up within an hour; one person's password is tried by hand, not by list. The wide
# limit on one account from everywhere is loose, or a stranger could lock a host out of their own event.
LIMITS = {
    "sign-in from": "10/minute",
    "sign-in to from": "5/15 minutes",
    "sign-in to": "40/15 minutes",
    "sign-up from": "60/hour",
    "reset from": "60/hour",
    "mail to": "5/hour",
    "password of": "5/15 minutes",
    "data of": "6/hour",
    # Each makes open pages ask anew: those of every discussion that somebody wrote in, and those of the hosts.
    "profile of": "20/hour",
    "objection of": "10/hour",
}
# An address as some proxies forward it: with the port.
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?")


def count(kind: str, *whom: str) -> None:
    """Count one more of `kind` (a key of LIMITS) for `whom`. Raises Refused (too_many, 429, with retry_after)."""
    for item in _items(kind):
        if _hit(item, kind, whom):
            continue
        raise refusal(item, *_key(kind, whom))


def refusal(item: RateLimitItem, *key: str) -> Refused:
    """Return what somebody is told whose count under `key` went over `item`: how long until it begins anew."""
    wait = _wait(item, key)
    return Refused("too_many", _spoken(wait), 429, retry_after=wait)


def give_back(kind: str, *whom: str) -> None:
    """Count one less: the attempt was good."""
    for item in _items(kind):
        _hit(item, kind, whom, cost=-1)


def visitor() -> str:
    """Return where this request comes from; of an IPv6 address the half that one household has.

    Where one socket listens for both, every address of IPv4 arrives as one of IPv6 (::ffff:192.0.2.1, RFC 4291,
    2.5.5.2), and all of those would be one household.
    """
    said = request.remote_addr or ""
    if (match := _WITH_PORT.fullmatch(said)) is not None:
        said = match["six"] or match["four"]
    try:
        address = ip_address(said)
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network(f"{address}/64", strict=False)) if address.version == 6 else str(address)


def _items(kind: str) -> list[RateLimitItem]:
    return parse_many(LIMITS[kind]) if settings().limits else []


def _hit(item: RateLimitItem, kind: str, whom: tuple[str, ...], cost: int = 1) -> bool:
    try:
        return limiter.limiter.hit(item, *_key(kind, whom), cost=cost)
    except Exception as error:  # a store of counters that is away must not keep people out
        log.warning("limits are not counted: %s", type(error).__name__)
        return True


def _wait(item: RateLimitItem, key: tuple[str, ...]) -> int:
    try:
        reset_at = limiter.limiter.get_window_stats(item, *key).reset_time
    except Exception:
        return item.get_expiry()
    return max(1, min(item.get_expiry(), math.ceil(reset_at - time.time())))


def _key(kind: str, whom: tuple[str, ...]) -> tuple[str, str]:
    """Addresses are digested: the store needs to know nobody."""
    return kind, links.keyed(kind, *(part.casefold() for part in whom))


def _spoken(seconds: int) -> str:
    if seconds < 120:
        words = ngettext(
            "That was too often. Wait %(num)s second and try again.",
            "That was too often. Wait %(num)s seconds and try again.",
            seconds,
        )
    else:
        words = ngettext(
            "That was too often. Wait %(num)s minute and try again.",
            "That was too often. Wait %(num)s minutes and try again.",
            math.ceil(seconds / 60),
        )
    return str(words)
