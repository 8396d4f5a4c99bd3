"""Links that prove an address: signed, used once, and over after a while."""

import hashlib
import hmac
from datetime import timedelta

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
}


def token_for(user: User, purpose: str, about: str = "") -> str:
    """Return a token for a link to `purpose` (one of LIVES) mailed to `user`; `about` is signed with it.

    It dies with its life, and with the first change of what it is about: the password, the address, its confirmation.
    """
    over_at = int((clock.now() + LIVES[purpose]).timestamp())
    return str(_serializer(purpose).dumps([user.id, over_at, _state(user), about]))


def about(token: str, purpose: str) -> str:
    """Return what was signed with a link that is still good. Raises Refused (link_over)."""
    user_of(token, purpose)
    return str(_serializer(purpose).loads(token)[3])


def user_of(token: str, purpose: str, *, to_use: bool = False) -> User:
    """Return the account that `token` was made for. Raises Refused (link_over, 410) when it is no longer good.

    Inside `writing()` say `to_use`: the row is locked, so that of two who use a link at once one is too late.
    """
    over = Refused(
        "link_over", _("This link is no longer good: it is too old or was used already. Ask for a new one."), 410
    )
    try:
        number, over_at, state, _about = _serializer(purpose).loads(token)
    except (BadData, ValueError, TypeError) as error:
        raise over from error
    user = db.session.get(User, number, with_for_update=to_use or None, populate_existing=to_use)
    if user is None or clock.now().timestamp() >= over_at or not hmac.compare_digest(state, _state(user)):
        raise over
    return user


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=f"link-{purpose}")


def _state(user: User) -> str:
    """A keyed digest, because a link can be read by whoever holds it and the hash is nobody's business."""
    return keyed("state", user.email, user.password_hash or "", str(user.confirmed_at))


def keyed(*parts: str) -> str:
    """Return a short digest of `parts` that nobody without the site's secret can make."""
    said = "\0".join(parts).encode("utf-8", "replace")
    return hmac.new(str(current_app.secret_key).encode(), said, hashlib.sha256).hexdigest()[:32]
