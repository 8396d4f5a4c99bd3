"""Mail as it leaves: one message put together and handed to the mail server, or shown on the console."""

import smtplib
import ssl
import sys
import threading
from contextlib import suppress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from forum.config import Settings
from forum.models import Letter
from forum.notify import envelope

# Rung after a commit that wrote mail, so that it leaves at once and not with the next look.
bell = threading.Event()

_SECONDS = 20.0
# Mail servers take only so many letters on one connection; most take a hundred.
_MOST_ON_ONE = 50
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class _Whole(UnstructuredHeader, BaseHeader):
    """A header of one address without a space in it, on one line however long that is.

    Python folds a long word as words of RFC 2047, which RFC 2369 does not know: no mail program finds the address then.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("List-Unsubscribe", _Whole)
_POLICY = SMTP.clone(header_factory=_headers)


def message_of(letter: Letter, settings: Settings) -> EmailMessage:
    """Return `letter` as a message. A line break in a header raises ValueError: the policy lets none through.

    The Message-ID stays the same when a letter is sent again, so that a mailbox can fold two copies into one.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = settings.sender
    message["To"] = _ascii(letter.to)
    message["Subject"] = letter.subject
    message["Date"] = letter.written_at
    host = urlsplit(settings.public_url).hostname or "localhost"
    message["Message-ID"] = f"<letter-{letter.id}-{int(letter.written_at.timestamp())}@{host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{settings.public_url}{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.body)
    return message


class Courier:
    """Hands letters to the mail server of `settings`, one after the other over one connection while that stands.

    A connection, TLS and a sign-in for each cost more than the letter, and "We are live" goes to thousands.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None
        self._carried = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._leave()

    def carry(self, letter: Letter) -> None:
        """Send `letter`; raises what smtplib and the network raise. The next one begins anew then."""
        message = message_of(letter, self._settings)
        try:
            self._hand_over(letter, message)
        except smtplib.SMTPSenderRefused:
            if not self._carried:
                raise
            # Nothing was handed over yet, and others were before: this may be what the server takes on one connection.
            self._hand_over(letter, message)

    def _hand_over(self, letter: Letter, message: EmailMessage) -> None:
        server = self._connected()
        try:
            server.send_message(message, from_addr=envelope.return_path(letter, self._settings) or None)
        except BaseException:
            self._server = None
            server.close()
            raise
        self._carried += 1

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None and (self._carried >= _MOST_ON_ONE or not _answers(self._server)):
            self._leave()
        if self._server is None:
            self._server, self._carried = _signed_in(self._settings), 0
        return self._server

    def _leave(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()


def show(letter: Letter, settings: Settings) -> None:
    """Print the whole letter on the console: there is no mail server, and links in it have to be found somewhere."""
    rule = "-" * 70
    print(
        f"{rule}\nMail that would go to {letter.to} (set FORUM_MAIL_URL to send it)\n"
        f"Subject: {letter.subject}\n\n{letter.body}{rule}",
        file=sys.stderr,
        flush=True,
    )


def is_final(error: Exception) -> bool:
    """Whether trying again is no use: the mail server refuses the person or the message for good (5xx)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _words in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError | smtplib.SMTPNotSupportedError) and (
        getattr(error, "smtp_code", 550) >= 500
    )


def answer_of(error: Exception) -> str:
    """Return what the mail server answered when it did not take a letter, or "" when it said nothing."""
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        answer: tuple[int, bytes | str] = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_code, error.smtp_error
    else:
        return ""
    code, words = answer
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return envelope.short(f"{code} {said}")


def _answers(server: smtplib.SMTP) -> bool:
    """Whether a connection that has stood for a while still does: servers hang up when they have had enough.

    By RSET and not by NOOP, which mail servers count: Exim takes ten for an attack, and Sendmail slows down.
    """
    try:
        return server.rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _signed_in(settings: Settings) -> smtplib.SMTP:
    address = urlsplit(settings.mail_url)
    if address.scheme not in _PORTS or not address.hostname:
        raise ValueError("FORUM_MAIL_URL begins with smtp://, smtps:// or smtp+starttls:// and names a host")
    server = _connection(address)
    try:
        if address.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _connection(address: SplitResult) -> smtplib.SMTP:
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=_SECONDS)


def _ascii(email: str) -> str:
    """Spell an international domain in the letters that mail servers know."""
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).ascii_email or email
    except EmailNotValidError:
        return email
