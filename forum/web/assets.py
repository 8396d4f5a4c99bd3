"""Addresses of static files with a mark of their content, so that browsers may keep them for a year."""

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from flask import Flask


def init_app(app: Flask, folder: Path) -> None:
    """Give the templates of `app` the name `asset`: `asset("built/style.css")` → `/static/built/style.css?v=…`."""

    def asset(name: str) -> str:
        path = folder / name
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return f"/static/{name}"
        return f"/static/{name}?v={_mark(path, changed)}"

    # A form that is the same for everybody carries no key of its own; the server then makes one.
    app.jinja_env.globals.update(asset=asset, new_key=lambda: secrets.token_hex(16))


@lru_cache(maxsize=64)
def _mark(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
