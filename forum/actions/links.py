"""The links in letters: what they carry is signed, so that nobody makes one up.

Those of LIVES prove an address: they are used once, and over after a while. Those of guests, of who wants to come and
of who wants no more mail are made where they are written, and signed here.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, TypeVar

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer

from forum import clock
from forum.database import db
from forum.models import User
from forum.refusals import Refused

LIVES = {
    "reset": timedelta(hours=1),
    "confirm": timedelta(days=3),
    "address": timedelta(days=1),
    "welcome": timedelta(days=14),
    "seat": timedelta(days=14),
}
Carried = TypeVar("Carried")


class _Proof(NamedTuple):
    """What a link of LIVES carries; `over_at` is in seconds since 1970, UTC."""

    user_id: int
    over_at: int
    state: str
    about: str


def signed(salt: str, *values: int | str) -> str:
    """Return a token that carries `values`. Letters that were sent have links with their `salt`: it stays as it is."""
    return str(_serializer(salt).dumps(values))


def carried(token: str, salt: str, over: Refused, shape: Callable[..., Carried]) -> Carried:
    """Return what `shape` makes of the values of a token signed with `salt`. Raises `over` for one that is not ours."""
    try:
        return shape(*_serializer(salt).loads(token))
    except (BadData, ValueError, TypeError) as error:
        raise over from error


def addressed(number: int, email: str, *more: str) -> tuple[int, str, *tuple[str, ...]]:
    """Return what a link to somebody at an address carries: whose row it is about, the address, and what is wanted."""
    return int(number), str(email), *more


def _serializer(salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=salt)


def token_for(user: User, purpose: str, about: str = "") -> str:
    """Return a token for a link to `purpose` (one of LIVES) mailed to `user`; `about` is signed with it.

    It dies with its life, and with the first change of what it is about: the password, the address, its confirmation.
    """
    over_at = int((clock.now() + LIVES[purpose]).timestamp())
    return signed(f"link-{purpose}", user.id, over_at, _state(user), about)


def about(token: str, purpose: str) -> str:
    """Return what was signed with a link that is still good. Raises Refused (link_over)."""
    user_of(token, purpose)
    return _proof(token, purpose).about


def made_for(token: str, purpose: str) -> tuple[User | None, str]:
    """Return whose link this is and what was signed with it, be it over. Raises Refused (link_over) if not ours."""
    proof = _proof(token, purpose)
    return db.session.get(User, proof.user_id), proof.about


def user_of(token: str, purpose: str, *, to_use: bool = False) -> User:
    """Return the account that `token` was made for. Raises Refused (link_over, 410) when it is no longer good.

    Inside `writing()` say `to_use`: the row is locked, so that of two who use a link at once one is too late.
    """
    proof = _proof(token, purpose)
    user = db.session.get(User, proof.user_id, with_for_update=to_use or None, populate_existing=to_use)
    if user is None or clock.now().timestamp() >= proof.over_at or not hmac.compare_digest(proof.state, _state(user)):
        raise _over()
    return user


def _proof(token: str, purpose: str) -> _Proof:
    return carried(token, f"link-{purpose}", _over(), _Proof)


def _over() -> Refused:
    words = _(
        "This link is no longer good: it is too old, was used already, or a newer letter has taken its place. "
        "Ask for a new one."
    )
    return Refused("link_over", words, 410)


def _state(user: User) -> str:
    """A keyed digest, because a link can be read by whoever holds it and the hash is nobody's business."""
    return keyed("state", user.email, user.password_hash or "", str(user.confirmed_at))


def keyed(*parts: str) -> str:
    """Return a short digest of `parts` that nobody without the site's secret can make."""
    said = "\0".join(parts).encode("utf-8", "replace")
    return hmac.new(str(current_app.secret_key).encode(), said, hashlib.sha256).hexdigest()[:32]
