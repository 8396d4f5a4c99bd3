"""Which letters somebody does not want: set on the account page, or by the link that each letter has.

Runs inside `writing()`.
"""

from flask_babel import gettext as _

from forum.actions import links
from forum.database import db
from forum.models import NoticeKind, User
from forum.refusals import Refused

# How `User.quiet` calls the letters of `digests.py`, beside the kinds of notices.
DIGEST = "digest"
_SALT = "quiet"


def set_quiet(user: User, wanted: set[NoticeKind]) -> None:
    """Mail `user` of the kinds of notices that are `wanted`, and of no others; what else is quiet stays so."""
    others = [word for word in user.quiet.split(",") if word and word not in {kind.value for kind in NoticeKind}]
    user.quiet = ",".join([*(kind.value for kind in NoticeKind if kind not in wanted), *others])


def set_digests(user: User, wanted: bool) -> None:
    """Mail `user` about the questions of discussions that run for days, or not."""
    words = [word for word in user.quiet.split(",") if word not in {"", DIGEST}]
    user.quiet = ",".join(words if wanted else [*words, DIGEST])


def silence_by(token: str) -> str:
    """End these letters by the link that each of them has, and return their kind. Raises Refused (link_over, 410)."""
    user, kind = by_token(token)
    if kind == DIGEST:
        set_digests(user, False)
    else:
        set_quiet(user, set())
    return kind


def by_token(token: str) -> tuple[User, str]:
    """Return to whom a letter with this link went, and of which kind it was: DIGEST, or "" for notices.

    Raises Refused (link_over, 410).
    """
    over = Refused("link_over", _("This link is no longer good. Choose on your account page what we mail you."), 410)
    number, email, *kind = links.carried(token, _SALT, over, links.addressed)
    user = db.session.get(User, number)
    if user is None or user.email != email:
        raise over
    return user, kind[0] if kind else ""


def stop(user: User, kind: str = "") -> str:
    """Return the path at which `user` ends letters: those of one kind, or all notices."""
    return f"/quiet/{_token(user, kind)}"


def _token(user: User, kind: str = "") -> str:
    return links.signed(_SALT, user.id, user.email, *([kind] if kind else []))
