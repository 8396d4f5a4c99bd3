"""Passwords: argon2, worked out beside the event loop and never inside a write transaction."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask_babel import gettext as _

from forum.aside import aside
from forum.refusals import invalid

SHORTEST, LONGEST = 8, 200

# OWASP's argon2id setting with little memory (19 MiB, 2 passes, 1 lane): a class of sixty signs in at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def require_fit(password: str, field: str = "password") -> None:
    """Refuse a password that is too short, too long or holds a character that no keyboard types."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise invalid(
            **{
                field: _(
                    "Choose a password of %(shortest)s to %(longest)s characters.", shortest=SHORTEST, longest=LONGEST
                )
            }
        )
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
        raise invalid(**{field: _("Choose a password without control characters.")})


def hashed(password: str) -> str:
    """Return the argon2id hash of `password`. Takes some 30 ms of a thread: call it before `writing()`."""
    return aside(lambda: _hasher.hash(_plain(password)))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one of `password_hash`; without a hash the answer is no, after the same time.

    Nobody could choose one that is longer than LONGEST. Its characters are not put in order: that takes a time that
    grows with the square of their number, in which nobody else has a turn.
    """
    fitting = aside(lambda: _verify(password_hash or _nobodys(), password[:LONGEST]))
    return fitting and password_hash is not None and len(password) <= LONGEST


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, _plain(password))
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody signs in with this")


def _plain(password: str) -> bytes:
    """NIST SP 800-63B 5.1.1.2: the same characters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")
