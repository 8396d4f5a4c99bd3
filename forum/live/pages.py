"""Pages that are the same for everybody, kept whole in memory and answered before Flask is asked.

A hit costs a part of one small query, so that nobody ever reads an old page: what is kept is compared with the
discussion's row.
Everything about the answer (guards, headers) comes from Flask; only its repetition is done here.
"""

import gzip
import hashlib
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import brotli
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from forum import clock
from forum.files import encoding_for, is_known
from forum.live.heads import Head, Heads
from forum.live.lines import Lines
from forum.models import Discussion

Key = tuple[str, str, str, str]

_KEEP = "roundtext.keep"
_MOST_PAGES = 300
_MOST_BYTES = 48 * 1024 * 1024
_BIGGEST = 4 * 1024 * 1024
_WORTH_COMPRESSING = 600
# What comes in pieces, as long discussions do, is packed piece by piece too.
_STREAMED = ("text/html", "text/csv", "text/markdown", "text/plain", "application/json")
_PIECE = 32 * 1024
_KINDS = ("text/html", "application/json", "application/atom+xml", "text/calendar")


def keep(discussion: Discussion) -> None:
    """Let the answer to the running request be repeated until `discussion` or the minute changes.

    Call it only for what a visitor without any cookie gets.
    """
    request.environ[_KEEP] = Head.of(discussion)


def install(app: Flask) -> None:
    """Put the kept pages in front of `app`, behind what a trusted proxy has said about host and scheme."""
    outer = app.wsgi_app
    if isinstance(outer, ProxyFix):
        outer.app = Pages(outer.app, Lines.of(app), app.config["SESSION_COOKIE_NAME"])
    else:
        app.wsgi_app = Pages(outer, Lines.of(app), app.config["SESSION_COOKIE_NAME"])  # type: ignore[method-assign]


@dataclass
class Page:
    """One answer: its head, the minute it was made in, and the bytes by encoding, compressed when first asked for."""

    head: Head
    minute: int
    headers: list[tuple[str, str]]
    body: bytes
    answers: dict[str, tuple[str, list[tuple[str, str]], bytes]] = field(default_factory=dict)

    def in_encoding(self, encoding: str) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return the ETag, the headers and the bytes of this page in `encoding` ("" is as it is)."""
        if encoding not in self.answers:
            body = compress(self.body, encoding, 6)
            tag = f'"{hashlib.sha256(self.body).hexdigest()[:20]}{"-" + encoding if encoding else ""}"'
            headers = [*self.headers, ("ETag", tag), ("Content-Length", str(len(body)))]
            if encoding:
                headers.append(("Content-Encoding", encoding))
            self.answers[encoding] = (tag, headers, body)
        return self.answers[encoding]


class Pages:
    """WSGI middleware for everything under /d/: repeats what is kept, and compresses the rest."""

    def __init__(self, app: Any, lines: Lines, cookie: str) -> None:
        self._app = app
        self._heads = Heads(lines)
        self._cookie = f"{cookie}="
        self._kept: OrderedDict[Key, Page] = OrderedDict()
        self._bytes = 0
        self._locks: dict[Key, threading.Lock] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/d/") or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer
        if path.split("/")[3:] == ["embed"]:
            # A frame in a stranger's page is the same for everybody: nobody is asked for, and members' is kept too.
            environ.pop("HTTP_COOKIE", None)
        if self._cookie in environ.get("HTTP_COOKIE", ""):
            return self._ask(environ, start_response, None)
        key = (environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"], path, environ.get("QUERY_STRING", ""))
        head = self._heads.look(path.split("/", 3)[2])
        if head is None:
            return self._ask(environ, start_response, None)
        if (page := self._fresh(key, head)) is not None:
            return _repeat(page, environ, start_response)
        # Many who come in the moment after a change wait for the first one's page instead of each making it.
        lock = self._locks.setdefault(key, threading.Lock())
        try:
            with lock:
                if (page := self._fresh(key, head)) is not None:
                    return _repeat(page, environ, start_response)
                return self._ask(environ, start_response, key)
        finally:
            self._locks.pop(key, None)

    def _fresh(self, key: Key, head: Head) -> Page | None:
        page = self._kept.get(key)
        if page is None or page.head != head or page.minute != _minute():
            return None
        self._kept.move_to_end(key)
        return page

    def _ask(self, environ: dict[str, Any], start_response: Any, key: Key | None) -> Iterable[bytes]:
        """Let Flask answer; keep the page when the view said so, and compress what is worth it."""
        said: list[Any] = []

        def listen(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            said[:] = [status, headers]
            return lambda _data: None

        chunks = self._app(environ, listen)
        status, headers = said
        names = {name.lower(): value for name, value in headers}
        is_whole = "content-length" in names and int(names["content-length"]) <= _BIGGEST
        kind = names.get("content-type", "").partition(";")[0]
        if environ["REQUEST_METHOD"] == "GET" and "content-length" not in names and kind in _STREAMED:
            return _stream(chunks, environ, start_response, status, headers)
        if environ["REQUEST_METHOD"] == "HEAD" or not is_whole or kind not in _KINDS or "content-encoding" in names:
            start_response(status, headers)
            return chunks  # type: ignore[no-any-return]
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        rest = [(name, value) for name, value in headers if name.lower() not in {"content-length", "etag"}]
        head = environ.get(_KEEP)
        if key is not None and head is not None and status.startswith("200") and "set-cookie" not in names:
            page = Page(head, _minute(), rest, body)
            self._keep(key, page)
            return _repeat(page, environ, start_response)
        encoding = encoding_for(environ) if len(body) >= _WORTH_COMPRESSING else ""
        body = compress(body, encoding, 4)
        rest.append(("Content-Length", str(len(body))))
        if encoding:
            rest.append(("Content-Encoding", encoding))
        start_response(status, _varied(rest))
        return [body]

    def _keep(self, key: Key, page: Page) -> None:
        before = self._kept.pop(key, None)
        self._kept[key] = page
        self._bytes += len(page.body) - (len(before.body) if before else 0)
        while len(self._kept) > _MOST_PAGES or (self._bytes > _MOST_BYTES and len(self._kept) > 1):
            self._bytes -= len(self._kept.popitem(last=False)[1].body)


def compress(body: bytes, encoding: str, effort: int) -> bytes:
    """Return `body` in `encoding` ("br", "gzip" or "" for as it is)."""
    if encoding == "br":
        packed: bytes = brotli.compress(body, quality=effort)
        return packed
    return gzip.compress(body, effort, mtime=0) if encoding == "gzip" else body


def _stream(
    chunks: Iterable[bytes], environ: dict[str, Any], start_response: Any, status: str, headers: list[tuple[str, str]]
) -> Iterator[bytes]:
    """Answer with what is made while it is sent."""
    encoding = encoding_for(environ)
    headers = [*headers, ("Content-Encoding", encoding)] if encoding else headers
    start_response(status, _varied(headers))
    return _packed(chunks, encoding)


def _varied(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Say that the answer depends on what the asker can unpack, besides what it says already: caches ask for both."""
    if any(name.lower() == "vary" and "accept-encoding" in value.lower() for name, value in headers):
        return headers
    return [*headers, ("Vary", "Accept-Encoding")]


def _packed(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield `chunks` in `encoding`, gathered into pieces that are worth sending."""
    pack, finish = _packer(encoding)
    held: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            held.append(chunk)
            size += len(chunk)
            if size >= _PIECE:
                if said := pack(b"".join(held)):
                    yield said
                held, size = [], 0
        yield pack(b"".join(held)) + finish()
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def _packer(encoding: str) -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    """Return what packs a piece, and what ends it all."""
    if encoding == "br":
        brotlied = brotli.Compressor(quality=4)
        return brotlied.process, brotlied.finish
    if encoding == "gzip":
        zipped = zlib.compressobj(4, wbits=31)
        return zipped.compress, zipped.flush
    return lambda piece: piece, lambda: b""


def _repeat(page: Page, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    tag, headers, body = page.in_encoding(encoding_for(environ))
    if is_known(environ, tag):
        start_response("304 Not Modified", [pair for pair in headers if not pair[0].startswith("Content-")])
        return []
    start_response("200 OK", headers)
    return [body] if environ["REQUEST_METHOD"] == "GET" else []


def _minute() -> int:
    return int(clock.now().timestamp() // 60)
