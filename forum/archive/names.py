"""Names of things that never change, whatever becomes of their addresses: for feeds and calendars, which know by them
what they have already. A tag URI (RFC 4151) of this site's host, and the day on which the discussion was made.
"""

from urllib.parse import urlsplit

from forum.models import Discussion


def tag(discussion: Discussion, part: str = "", number: int = 0, *, site: str) -> str:
    """Return the name of `discussion`, or of one `part` of it ("comment", "question") by its row's number.

    `site` is the public address without a slash at the end.
    """
    own = f"tag:{_host(site)},{discussion.created_at:%Y-%m-%d}:discussion/{discussion.id}"
    return f"{own}/{part}/{number}" if part else own


def uid(discussion: Discussion, part: str = "", number: int = 0, *, site: str) -> str:
    """Return the name of `discussion`, or of one `part` of it as in `tag`, in calendars (RFC 7986, 5.3).

    A database that was restored says the same.
    """
    own = f"{discussion.created_at:%Y%m%dT%H%M%SZ}-{discussion.id}"
    return f"{own}-{part}-{number}@{_host(site)}" if part else f"{own}@{_host(site)}"


def _host(site: str) -> str:
    return urlsplit(site).hostname or "localhost"
