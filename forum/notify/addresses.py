"""Addresses at which people answer by mail: one for each person and question, signed, so that nobody makes one up.

The name before the @ is `answers+<token>`: at most 64 octets (RFC 5321, 4.5.3.1.1) of letters and digits whose case
does not matter, because many mail systems change it. The token says whose answer it is, and to what; it holds as long
as the site's secret, because what it opens is asked again when an answer comes: the discussion, the person, the rules.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

from flask import current_app

from forum import access, clock
from forum.config import Settings
from forum.models import Comment, Discussion, Phase, Question, User

# Letters that can be answered begin with a line between two of these: below it nobody has written an answer.
MARK = "-=-=-"
_MAC_BYTES = 10
_LONGEST = 64
_MOST = 2**31


@dataclass(frozen=True)
class Target:
    """Whose answer a mail is, and to what; all are ids, 0 for none.

    Without a question it is a general remark, without a discussion the person has yet to say what they answer.
    """

    user_id: int
    discussion_id: int = 0
    question_id: int = 0
    comment_id: int = 0


def address_for(
    user: User, discussion: Discussion, question: Question | None = None, comment: Comment | None = None
) -> str:
    """Return the address at which `user` answers `question` (None: a general remark), or `comment` there, by mail.

    Empty when the site takes no answers by mail, or this person cannot write there as things stand.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.mail_replies or not _may_write(user, discussion):
        return ""
    return _address(
        Target(user.id, discussion.id, question.id if question else 0, comment.id if comment else 0), settings
    )


def address_to_choose(user: User) -> str:
    """Return where an answer to a letter about several questions goes: back to its writer, who then chooses."""
    return _address(Target(user.id), current_app.config["SETTINGS"])


def again(target: Target) -> str:
    """Return the address of `target` once more: for a letter that gives an answer back."""
    return _address(target, current_app.config["SETTINGS"])


def token_in(address: str) -> str | None:
    """Return what stands after `answers+` in an address, None in every other address."""
    settings: Settings = current_app.config["SETTINGS"]
    name, plus, token = address.strip(" <>").rpartition("@")[0].lower().partition("+")
    is_ours = plus and settings.mail_replies and name == settings.mail_replies.partition("@")[0]
    return token if is_ours else None


def opened(token: str) -> Target | None:
    """Return what was signed, None for a token that this site has not made."""
    if not re.fullmatch(r"[a-z2-7]{16,56}", token):
        return None
    try:
        said = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return None
    mac, packed = said[:_MAC_BYTES], said[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(packed)):
        return None
    numbers = _unpacked(packed)
    return Target(*numbers) if 1 <= len(numbers) <= 4 else None


def _may_write(user: User, discussion: Discussion) -> bool:
    if discussion.phase_at(clock.now()) is Phase.PAUSED:  # by the time of the answer it may have gone on
        return access.may(user, "comment.edit", discussion)
    return access.may(user, "comment.post", discussion)


def _address(target: Target, settings: Settings) -> str:
    numbers = [target.user_id, target.discussion_id, target.question_id, target.comment_id]
    while numbers[-1] == 0:
        numbers.pop()
    packed = b"".join(map(_packed, numbers))
    token = base64.b32encode(_mac(packed) + packed).decode().rstrip("=").lower()
    name, _, domain = settings.mail_replies.partition("@")
    address = f"{name}+{token}"
    if len(address) > _LONGEST:
        raise ValueError("an address for answers is longer than mail allows")
    return f"{address}@{domain}"


def _mac(packed: bytes) -> bytes:
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, b"answer by mail\0" + packed, hashlib.sha256).digest()[:_MAC_BYTES]


def _packed(number: int) -> bytes:
    """Seven bits to a byte, the lowest first; the highest bit says that more follow."""
    if not 0 <= number < _MOST:
        raise ValueError("no id of a row")
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _unpacked(packed: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in packed:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number, shift = 0, 0
    return numbers
