"""Mail as it leaves: one message put together and handed to the mail server, or shown on the console."""

import smtplib
import ssl
import sys
import threading
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import SplitResult, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from forum.config import Settings
from forum.models import Letter
from forum.notify import envelope

# Rung after a commit that wrote mail, so that it leaves at once and not with the next look.
bell = threading.Event()

_SECONDS = 20.0
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


def message_of(letter: Letter, settings: Settings) -> EmailMessage:
    """Return `letter` as a message. A line break in a header raises ValueError: the policy lets none through.

    The Message-ID stays the same when a letter is sent again, so that a mailbox can fold two copies into one.
    """
    message = EmailMessage(policy=SMTP)
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


def send(letter: Letter, settings: Settings) -> None:
    """Hand `letter` to the mail server of `settings`; raises what smtplib and the network raise."""
    message = message_of(letter, settings)
    address = urlsplit(settings.mail_url)
    if address.scheme not in _PORTS or not address.hostname:
        raise ValueError("FORUM_MAIL_URL begins with smtp://, smtps:// or smtp+starttls:// and names a host")
    with _connection(address) as server:
        if address.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message, from_addr=envelope.return_path(letter, settings) or None)


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
