"""Mail that comes in: each recipient's address decides who takes it, and the mail server is told how it went."""

import email
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from forum.database import passes
from forum.incoming import answers, automatic
from forum.notify import bounces
from forum.refusals import Refused

log = logging.getLogger("roundtext.mail")

# Each deals with the addresses it knows, and says False to all others.
TAKERS: tuple[Callable[[EmailMessage, str], bool], ...] = (answers.take, bounces.take)

# More is refused. Of what is taken only the beginning is read: the words come first, photographs after them.
LARGEST_BYTES = 25_000_000
_READ_BYTES = 1_000_000
_READ_LINES = 40_000
# The library's parser asks every container about every line, takes the square of the number of parts, and that of the
# length of a header: 1 MB of hostile mail took it minutes. No mail program comes near these.
_MOST_CONTAINERS = 20
_MOST_BOUNDARIES = 1_000
_LONGEST_HEADER = 1_500
_CONTAINER = re.compile(rb"(?im)^content-type:\s*(?:multipart|message)/")
_CONTENT = re.compile(rb"(?im)^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*")
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]{1,64}@[^\s<>,;:\"()\[\]]{1,255}")


@dataclass(frozen=True)
class Outcome:
    """How it went: the exit status for a mail server's pipe (sysexits.h), and the line that LMTP answers."""

    status: int
    reply: str

    @property
    def words(self) -> str:
        """The sentence for people."""
        return self.reply.split(" ", 2)[2]


TAKEN = Outcome(0, "250 2.0.0 Taken.")
TOO_LARGE = Outcome(
    65, f"552 5.3.4 Mail of more than {LARGEST_BYTES // 1_000_000} MB is not taken. Send the text only."
)
NOBODY = Outcome(67, "550 5.1.1 There is nobody at this address. Write on the site instead.")
_UNREADABLE = Outcome(65, "554 5.6.0 This mail cannot be read. Send it as plain text.")
_AWAY = Outcome(75, "451 4.3.0 The site cannot take mail just now. It will be tried again.")
_STUMBLED = Outcome(75, "451 4.3.0 The site stumbled over this mail. It will be tried again.")


def read(raw: bytes, sender: str | None = None) -> EmailMessage | None:
    """Return `raw` as a message, None when it cannot be read; `sender` is the envelope's, "" that of a bounce."""
    raw = _bounded(raw)
    if not _is_sane(raw):
        return None
    try:
        message = email.message_from_bytes(raw, policy=default)
        if sender is not None:
            del message["Return-Path"]
            message["Return-Path"] = f"<{''.join(sender.split()).strip('<>')}>"
    except Exception as error:  # the library's parser raises many things over what is broken
        log.info("a mail could not be read (%s)", type(error).__name__)
        return None
    return message


def _bounded(raw: bytes) -> bytes:
    raw = raw[:_READ_BYTES]
    if raw.count(b"\n") > _READ_LINES:
        raw = b"\n".join(raw.split(b"\n", _READ_LINES)[:_READ_LINES])
    return raw


def _is_sane(raw: bytes) -> bool:
    containers = len(_CONTAINER.findall(raw))
    return (
        containers <= _MOST_CONTAINERS
        and (not containers or raw.count(b"\n--") <= _MOST_BOUNDARIES)
        and all(len(found[0]) <= _LONGEST_HEADER for found in _CONTENT.finditer(raw))
    )


def recipients_of(message: EmailMessage) -> list[str]:
    """Return the recipients that the mail server has written down, else those that the sender has.

    Beside an address of ours others are not: a friend who gets a copy is no reason to refuse the mail.
    """
    for name in _RECIPIENTS:
        if found := _ADDRESS.findall(automatic.header(message, name)):
            return [address for address in found if "+" in address][:20] or found[:1]
    return []


def receive(app: Flask, message: EmailMessage | None, recipient: str) -> Outcome:
    """Let whoever knows the address `recipient` deal with `message`; every fault becomes an outcome."""
    if message is None:
        return _UNREADABLE
    try:
        with app.app_context():
            return TAKEN if any(take(message, recipient) for take in TAKERS) else NOBODY
    except Refused as refusal:
        return _refused(refusal)
    except SQLAlchemyError as error:
        if not passes(error):
            log.exception("a mail was not taken")
            return _STUMBLED
        log.warning("a mail was not taken, the database is away (%s)", type(error).__name__)
        return _AWAY
    except Exception:
        log.exception("a mail was not taken")
        return _STUMBLED


def _refused(refusal: Refused) -> Outcome:
    words = " ".join(refusal.message.encode("ascii", "replace").decode().split())[:300]
    if refusal.retry_after is not None:
        return Outcome(75, f"451 4.7.1 {words}")
    return Outcome(77, f"550 5.7.1 {words}")
