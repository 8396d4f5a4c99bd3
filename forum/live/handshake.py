"""The head of a WebSocket handshake as browsers write it, known at one look. Whatever else it may be is not known here.

HTTP knows many ways to say the same, and many to trick a server with. This knows one: what is written in any other way,
and all that will be refused, goes to the HTTP server, which reads it from the beginning.
"""

import re

_HEAD = re.compile(
    rb"GET /socket\.io/\?(?:EIO=4&transport=websocket|transport=websocket&EIO=4) HTTP/1\.1\r\n"
    rb"((?:[A-Za-z][A-Za-z0-9-]*:[\t\x20-\x7e]*\r\n){1,60})\r\n"
)
_READ = {
    "host": "HTTP_HOST",
    "origin": "HTTP_ORIGIN",
    "cookie": "HTTP_COOKIE",
    "upgrade": "HTTP_UPGRADE",
    "connection": "HTTP_CONNECTION",
    "sec-websocket-key": "HTTP_SEC_WEBSOCKET_KEY",
    "sec-websocket-version": "HTTP_SEC_WEBSOCKET_VERSION",
}
# A handshake has no body; whoever announces one has something else in mind.
_STRANGE = {"content-length", "transfer-encoding", "expect", "trailer", "te"}


def read(data: bytes) -> dict[str, str] | None:
    """Return what a handshake says, under WSGI's names, if `data` is the whole head of one and nothing more."""
    head = _HEAD.fullmatch(data)
    if head is None:
        return None
    said: dict[str, str] = {}
    for line in head[1].decode("ascii").splitlines():
        name, _, value = line.partition(":")
        name = name.lower()
        known = _READ.get(name)
        if known is not None and known not in said:
            said[known] = value.strip(" \t")
        elif known is not None or name in _STRANGE:
            return None
    return said if _is_complete(said) else None


def _is_complete(said: dict[str, str]) -> bool:
    asks = [part.strip() for part in said.get("HTTP_CONNECTION", "").lower().split(",")]
    return (
        "HTTP_HOST" in said
        and "HTTP_SEC_WEBSOCKET_KEY" in said
        and said.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and said.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in asks
    )
