"""The envelope of a letter: where it comes back to if it does not arrive, and words of strange servers made safe.

The address is signed, so that nobody but the mail servers on a letter's way can say that it came back. It is made of
lower-case letters and digits, because some servers change the case of what stands before the @.
"""

import base64
import hashlib
import hmac
import re
import unicodedata

from forum.config import Settings
from forum.database import db
from forum.models import Letter

_SIGNED = re.compile(r"([a-z0-9._-]{1,20})\+([0-9a-z]{1,13})-([a-z2-7]{20})\Z")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST = 200


def return_path(letter: Letter, settings: Settings) -> str:
    """Return the address to which mail servers send `letter` back, or "" on a site that does not look at such mail."""
    if not settings.mail_bounces:
        return ""
    name, _at, domain = settings.mail_bounces.lower().partition("@")
    return f"{name}+{_number(letter.id)}-{_signature(letter, settings)}@{domain}"


def letter_of(recipient: str, settings: Settings) -> Letter | None:
    """Return the letter that was sent from the envelope address `recipient`; None for one that we have not signed."""
    local = recipient.strip().strip("<>").rpartition("@")[0] or recipient
    found = _SIGNED.match(local.lower())
    if found is None or not settings.mail_bounces or found[1] != settings.mail_bounces.lower().partition("@")[0]:
        return None
    number = int(found[2], 36)
    letter = db.session.get(Letter, number) if 0 < number < 2**31 else None
    if letter is None or not hmac.compare_digest(found[3], _signature(letter, settings)):
        return None
    return letter


def short(said: str) -> str:
    """Return what a strange server said as one safe line of at most 200 characters."""
    line = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in said[:4_000])
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _signature(letter: Letter, settings: Settings) -> str:
    """Return 100 bits of HMAC-SHA256 over the letter's number and reader."""
    said = f"bounce\0{letter.id}\0{letter.to}".encode()
    digest = hmac.new(settings.secret().encode(), said, hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:20]


def _number(value: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
