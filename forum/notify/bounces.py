"""Mail that comes back: what a mail server writes when it could not hand a letter over, read into what it means.

The standard shape is RFC 3464 (multipart/report with message/delivery-status), which Postfix, Exim, Exchange and Gmail
write; qmail and others write plain text. What an out-of-office program answers is no such thing.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage, Message
from typing import Any, TypeAlias

from flask import current_app

from forum.actions import deliveries
from forum.config import Settings
from forum.database import writing
from forum.notify import envelope

_Message: TypeAlias = "Message[Any, Any]"
_MOST_PARTS = 20
_MOST_TEXT = 20_000
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY = re.compile(r"(?:^|\s|#)(5\d\d)[ -](?:#?5\.\d{1,3}\.\d{1,3}\b)?")
_MACHINE = re.compile(r"\b(?:mailer[-_.]?daemon|postmaster|mail delivery|microsoftexchange)", re.IGNORECASE)
_WARNING = re.compile(
    r"\b(?:delayed|will (?:be retried|continue to be|keep trying)|not yet been delivered)\b", re.IGNORECASE
)
_FAILED = re.compile(
    r"permanent (?:error|fatal)|could not be delivered|couldn't be delivered|wasn't able to deliver|"
    r"delivery (?:has )?failed|undeliverable|undelivered|returned to sender",
    re.IGNORECASE,
)
_QMAIL = re.compile(r"qmail-send program.{0,400}?<[^<>\s]{1,254}>:\s*(.{1,600}?)(?:\n\s*\n|\Z|--- )", re.DOTALL)


@dataclass(frozen=True)
class Verdict:
    """What became of the letter, in the server's words. `is_dead`: nobody reads at that address at all."""

    is_final: bool
    words: str
    is_dead: bool = False


def take(message: EmailMessage, recipient: str) -> bool:
    """Take in one message that came to the envelope address `recipient`; not inside `writing()`, which it opens.

    Return whether it was about a letter of ours. One that is forged or is no such report changes nothing.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if envelope.letter_of(recipient, settings) is None:
        return False
    verdict = read(message)
    if verdict is None:
        return False
    with writing():
        letter = envelope.letter_of(recipient, settings)
        if letter is None:
            return False
        if verdict.is_final:
            deliveries.bounced(letter, verdict.words, is_dead=verdict.is_dead)
        else:
            deliveries.delayed(letter, verdict.words)
    return True


def read(message: _Message) -> Verdict | None:
    """Return what `message` says became of a letter; None when it says nothing of that."""
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            break
        if part.get_content_type() == "message/delivery-status":
            return _by_status(part)
    return _by_words(message)


def _by_status(report: _Message) -> Verdict | None:
    """Read the fields of RFC 3464, section 2.3: of several recipients the one that fared worst."""
    blocks = report.get_payload()
    found = []
    for block in (blocks if isinstance(blocks, list) else [])[:_MOST_PARTS]:
        if not isinstance(block, Message):
            continue
        action = _field(block, "Action").lower().split(" ")[0]
        status = _STATUS.search(_field(block, "Status"))
        said = _field(block, "Diagnostic-Code").partition(";")[2] or _field(block, "Diagnostic-Code")
        said = envelope.short(said or (status[0] if status else ""))
        if action == "failed" or (not action and status is not None and status[1] == "5"):
            found.append(Verdict(True, said, _is_dead(status)))
        elif action == "delayed" or (not action and status is not None and status[1] == "4"):
            found.append(Verdict(False, said))
    return max(found, key=lambda verdict: verdict.is_final, default=None)


def _is_dead(status: "re.Match[str] | None") -> bool:
    """5.7 is a matter of rules and spam, 5.2.2 of a full mailbox, 4 of patience: somebody may well read there."""
    return status is not None and status[1] == "5" and status[2] != "7" and (status[2], status[3]) != ("2", "2")


def _by_words(message: _Message) -> Verdict | None:
    """Read what programs wrote before the standard, or beside it. Only what a mail server has sent counts."""
    text = _text(message)
    if (found := _QMAIL.search(text)) is not None:
        status = _STATUS.search(found[1])
        return Verdict(True, envelope.short(found[1]), _is_dead(status))
    if not _MACHINE.search(_field(message, "From")) and not message.get("X-Failed-Recipients"):
        return None
    about = f"{_field(message, 'Subject')}\n{text}"
    status = _STATUS.search(text)
    reply = _REPLY.search(text)
    said = envelope.short(text[max(0, reply.start()) :] if reply else text[:600])
    if message.get("X-Failed-Recipients") or (_FAILED.search(about) and (reply or (status and status[1] == "5"))):
        return Verdict(True, said, _is_dead(status) if status else reply is not None and reply[1] == "550")
    return Verdict(False, envelope.short(_field(message, "Subject"))) if _WARNING.search(about) else None


def _field(message: _Message, name: str) -> str:
    """Return a header as text, whatever stands in it: mail of strangers has headers that no parser likes."""
    try:
        return str(message.get(name) or "")[:2_000]
    except Exception:  # the email package raises several kinds for broken headers
        return ""


def _text(message: _Message) -> str:
    """Return the beginning of the first text in `message`."""
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            break
        if part.get_content_type() == "text/plain" or not message.is_multipart():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return payload[: 4 * _MOST_TEXT].decode("utf-8", "replace").replace("\r\n", "\n")[:_MOST_TEXT]
    return ""
