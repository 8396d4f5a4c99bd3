"""Mail to `answers+<token>@…`: what somebody answers to a letter of ours becomes their comment."""

import hashlib
from email.message import EmailMessage

from sqlalchemy.exc import IntegrityError

from forum.actions import answers
from forum.actions.answers import Answer
from forum.database import writing
from forum.incoming import automatic, reading
from forum.notify import addresses
from forum.notify.addresses import Target
from forum.refusals import Refused


def knows(recipient: str) -> bool:
    """Whether `recipient` may be an address of ours: not one for answers that this site has not made."""
    token = addresses.token_in(recipient)
    return token is None or addresses.opened(token) is not None


def take(message: EmailMessage, recipient: str) -> bool:
    """Deal with a mail to `recipient`; False when that is no address for answers.

    What is refused by the rules goes back to its writer as a letter. Raises Refused for the mail server: not_from_here,
    or with retry_after for later. Mail that no person wrote is dropped.
    """
    token = addresses.token_in(recipient)
    if token is None:
        return False
    if automatic.is_automatic(message):
        return True
    target = addresses.opened(token)
    if target is None:
        raise answers.not_yours()
    words = reading.words_of(message)
    answer = Answer(
        target,
        automatic.sender_of(message),
        words.text,
        _key(message, target, words.text),
        words.files,
        words.is_sealed,
    )
    try:
        _post(answer)
    except IntegrityError:
        return True  # the same mail, taken by two processes at once: the other one was first
    return True


def _post(answer: Answer) -> None:
    try:
        with writing():
            answers.take(answer)
    except Refused as refusal:
        if refusal.retry_after is not None or refusal.code == "not_from_here":
            raise
        with writing():
            answers.give_back(answer, refusal)


def _key(message: EmailMessage, target: Target, words: str) -> str:
    """Return what is the same for the same mail: by its Message-ID, by its date and words when it has none."""
    name = automatic.header(message, "Message-ID") or f"{automatic.header(message, 'Date')}\0{words}"
    said = f"{target.user_id} {target.discussion_id} {target.question_id} {target.comment_id}\0{name}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
