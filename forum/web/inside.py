"""Where a form may lead when it is done: only inside this site."""

import re
from urllib.parse import unquote, urlsplit

_LONGEST = 2000
# Browsers read a backslash as a slash and drop tabs and line breaks before they look at an address.
_TRICKS = re.compile(r"[\x00-\x20\x7f-\xa0\\\ud800-\udfff\u2028\u2029]")


def inside(address: str) -> str:
    """Return `address` (path, query and fragment) when it lies inside this site, otherwise "/"."""
    # Two slashes begin another site for a browser; of three, urlsplit makes a harmless path.
    if address[:2] in {"", "//"} or address[0] != "/" or len(address) > _LONGEST or _TRICKS.search(address):
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    path = unquote(unquote(parts.path))
    if parts.scheme or parts.netloc or "//" in path or _TRICKS.search(path.replace(" ", "")):
        return "/"
    return address
