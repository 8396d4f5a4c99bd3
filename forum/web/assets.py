"""Addresses of static files with a mark of their content, so that browsers keep them for a year; or what is in one."""

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from flask import Flask
from markupsafe import Markup

from forum.web.guards import allowed


def init_app(app: Flask, folder: Path) -> None:
    """Give the templates of `app` two names.

    `asset("built/style.css")` → `/static/built/style.css?v=…`; `sheet("built/style.css")` → all of it as an element,
    for a page that shall not wait for a second answer before it is shown.
    """

    def asset(name: str) -> str:
        path = folder / name
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return f"/static/{name}"
        return f"/static/{name}?v={_mark(path, changed)}"

    def sheet(name: str) -> Markup:
        path = folder / name
        return allowed(_text(path, path.stat().st_mtime_ns))

    # A form that is the same for everybody carries no key of its own; the server then makes one.
    app.jinja_env.globals.update(asset=asset, sheet=sheet, new_key=lambda: secrets.token_hex(16))


@lru_cache(maxsize=64)
def _mark(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=4)
def _text(path: Path, _changed: int) -> str:
    return path.read_text().rstrip()
