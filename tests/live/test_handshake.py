"""A handshake as browsers write it is known at one look; what is written in any other way is not taken for one."""

import pytest

from forum.live import handshake

TARGET = b"/socket.io/?EIO=4&transport=websocket"
LINES = [
    b"Host: talk.example.org",
    b"Connection: keep-alive, Upgrade",
    b"Pragma: no-cache",
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
    b"Upgrade: websocket",
    b"Origin: https://talk.example.org",
    b"Sec-WebSocket-Version: 13",
    b"Accept-Language: en-GB,en;q=0.9",
    b"Cookie: roundtext=abc.def; theme=dark",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
]


def head(*more: bytes, without: bytes = b"?", first: bytes = b"GET " + TARGET + b" HTTP/1.1") -> bytes:
    """Return a handshake with some lines more, or without the one that begins so."""
    kept = [line for line in LINES if not line.startswith(without)]
    return b"\r\n".join([first, *kept, *more, b"", b""])


def test_what_a_browser_says_is_read():
    assert handshake.read(head()) == {
        "HTTP_HOST": "talk.example.org",
        "HTTP_CONNECTION": "keep-alive, Upgrade",
        "HTTP_UPGRADE": "websocket",
        "HTTP_ORIGIN": "https://talk.example.org",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_COOKIE": "roundtext=abc.def; theme=dark",
        "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    }


@pytest.mark.parametrize(
    "data",
    [
        head(first=b"GET /socket.io/?transport=websocket&EIO=4 HTTP/1.1"),
        head(without=b"Origin"),
        head(without=b"Cookie"),
        head(b"X-Forwarded-For: 192.0.2.7"),
        head(b"upgrade:WebSocket", without=b"Upgrade"),
        head(b"Connection:\tUPGRADE", without=b"Connection"),
    ],
    ids=["the-other-order", "no-origin", "no-cookie", "proxy", "letters", "tab"],
)
def test_it_is_known_in_other_words_too(data):
    assert handshake.read(data) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        head()[:-2],
        head()[:40],
        head() + b"\x81\x82\0\0\0\0",
        head() * 2,
        head().replace(b"\r\n", b"\n"),
        head().replace(b"Pragma: no-cache\r\n", b"Pragma: no-cache\n"),
        head(first=b"POST " + TARGET + b" HTTP/1.1"),
        head(first=b"GET " + TARGET + b" HTTP/1.0"),
        head(first=b"GET " + TARGET + b"&sid=abc HTTP/1.1"),
        head(first=b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1"),
        head(first=b"GET http://talk.example.org" + TARGET + b" HTTP/1.1"),
        head(first=b"GET /d/water HTTP/1.1"),
        head(b"Host: other.example.org"),
        head(b"host: other.example.org"),
        head(b"Cookie: second=1"),
        head(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        head(b"Content-Length: 4"),
        head(b"Transfer-Encoding: chunked"),
        head(b"Expect: 100-continue"),
        head(b" folded: line"),
        head(b"Host : other.example.org", without=b"Host"),
        head(b"X_Name: underscored"),
        head(b"no colon"),
        head(b"X-Name: caf\xc3\xa9"),
        head(b"X-Name: nothing\0"),
        head(b"X-Name: a\rHost: b"),
        head(*[b"X-Name: again"] * 60),
        head(without=b"Host"),
        head(without=b"Upgrade"),
        head(without=b"Connection"),
        head(without=b"Sec-WebSocket-Key"),
        head(without=b"Sec-WebSocket-Version"),
        head(b"Sec-WebSocket-Version: 8", without=b"Sec-WebSocket-Version"),
        head(b"Upgrade: h2c", without=b"Upgrade"),
        head(b"Connection: close", without=b"Connection"),
        head(b"Connection: no-upgrade", without=b"Connection"),
    ],
    ids=lambda data: str(len(data)),
)
def test_everything_else_is_for_the_http_server(data):
    assert handshake.read(data) is None
