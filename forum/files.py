"""Static files and pictures, answered before Flask sees the request.

Static files are read once at start, and compressed when first asked for: to do it for all of them took a new process
half a second. An address with `?v=…` never changes and is kept for a year.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import brotli
from gevent import get_hub
from werkzeug.http import parse_etags

# What can be shown without running anything. A picture's name is given by us, never by a browser.
_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
}
_PICTURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,100}(\.[a-z]{3,4})\Z")
_WORTH_COMPRESSING = 300
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=300"


# In the order of what a browser is given that takes several.
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: bytes(brotli.compress(body, quality=11)),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
}


@dataclass(frozen=True)
class File:
    """One static file: its type, its tag, its bytes, and the same by encoding as far as somebody has asked for it."""

    kind: str
    tag: str
    body: bytes
    is_compressible: bool = False
    _compressed: dict[str, bytes] = field(default_factory=dict)

    def encoded(self, encoding: str) -> bytes:
        """Return the bytes in `encoding`, made in a thread of their own so that nobody else waits for it."""
        if not encoding:
            return self.body
        if encoding not in self._compressed:
            self._compressed[encoding] = get_hub().threadpool.apply(_ENCODERS[encoding], (self.body,))
        return self._compressed[encoding]


class Files:
    """WSGI middleware for /static/ and /media/; everything else goes to `app`."""

    def __init__(self, app: Any, static: str | Path, media: Path) -> None:
        self._app = app
        self._media = media
        folder = Path(static)
        self._static = {
            f"/static/{path.relative_to(folder).as_posix()}": _load(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request for a file we have; a file we have not is Flask's 404."""
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            if path.startswith("/static/") and (found := self._static.get(path)):
                return _answer(found, environ, start_response, _cache_of(environ))
            if path.startswith("/media/") and (picture := self._picture(path.removeprefix("/media/"))):
                return _answer(picture, environ, start_response, _FOREVER)
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def _picture(self, name: str) -> File | None:
        matched = _PICTURE.match(name)
        kind = _PICTURES.get(matched[1]) if matched else None
        if kind is None:
            return None
        try:
            body = (self._media / name).read_bytes()
        except OSError:
            return None
        return File(kind, _tag(body), body)


def _load(path: Path) -> File:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind == "text/javascript" or path.suffix in {".js", ".mjs"}:
        kind = "text/javascript"
    if kind.startswith("text/") or kind in {"application/json", "application/manifest+json"}:
        kind += "; charset=utf-8"
    is_packed = kind.startswith(("image/png", "image/jpeg", "image/webp", "font/"))
    return File(kind, _tag(body), body, len(body) >= _WORTH_COMPRESSING and not is_packed)


def _tag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def encoding_for(environ: dict[str, Any]) -> str:
    """Return the best encoding of ours that who asks takes; "" for none."""
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "").lower()
    return next((name for name in _ENCODERS if _takes(accepted, name)), "")


def _takes(accepted: str, name: str) -> bool:
    """Whether a header in small letters accepts the encoding `name`: says it, and not with the weight 0."""
    for part in accepted.split(","):
        said, _, weight = part.partition(";")
        if said.strip() == name:
            return weight.strip().removeprefix("q=").strip("0.") != "" or not weight
    return False


def is_known(environ: dict[str, Any], tag: str) -> bool:
    """Whether who asks has what the quoted `tag` stands for already (RFC 9110, 13.1.2: compared as weak)."""
    known = environ.get("HTTP_IF_NONE_MATCH")
    return bool(known) and parse_etags(known).contains_weak(tag.strip('"'))


def _cache_of(environ: dict[str, Any]) -> str:
    return _FOREVER if "v" in parse_qs(environ.get("QUERY_STRING", "")) else _BRIEFLY


def _answer(file: File, environ: dict[str, Any], start_response: Any, cache: str) -> list[bytes]:
    packed = encoding_for(environ) if file.is_compressible else ""
    tag = f'"{file.tag}{"-" + packed if packed else ""}"'
    headers = [
        ("Content-Type", file.kind),
        ("Cache-Control", cache),
        ("ETag", tag),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
    if file.is_compressible:
        headers.append(("Vary", "Accept-Encoding"))
    if is_known(environ, tag):
        start_response("304 Not Modified", headers)
        return []
    body = file.encoded(packed)
    if packed:
        headers.append(("Content-Encoding", packed))
    headers.append(("Content-Length", str(len(body))))
    start_response("200 OK", headers)
    return [body if environ["REQUEST_METHOD"] == "GET" else b""]
