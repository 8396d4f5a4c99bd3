"""Answers that come by mail: posted as on the page, or given back with the reason. Runs inside `writing()`."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_babel import gettext as _
from limits import parse_many
from sqlalchemy import delete, func, select

from forum import access, clock, speaking
from forum.actions import comments, deliveries
from forum.actions.comments import CommentDraft
from forum.config import Settings
from forum.database import db
from forum.models import Arrival, Comment, CommentState, Discussion, Question, User
from forum.notify import addresses, letters
from forum.notify.addresses import Target
from forum.refusals import Refused, unknown

# Long after the last try of any mail server, so that the same mail is known again.
_KNOWN_FOR = timedelta(days=30)
# Of what was too long to post as much is given back; a letter is no place for more.
_MOST_BACK = 40_000


@dataclass(frozen=True)
class Answer:
    """A mail as far as it matters: whose and to what by its address, from whom by its From, its words, and how many
    files came with it. `key` is the same for the same mail sent again.
    """

    target: Target
    sender: str
    words: str
    key: str
    files: int = 0
    is_sealed: bool = False


def not_yours() -> Refused:
    """What a mail server is told of a made-up address and of a real one in wrong hands: the same, and of nobody."""
    return Refused(
        "not_from_here",
        "This address takes answers only from the person it was given to, sent from the address of their account. "
        "Write on the site instead.",
    )


def take(answer: Answer) -> Comment | None:
    """Post `answer` as its sender's comment, and tell them if it waits for a host or files were left out.

    Returns None for a mail that was dealt with before. Raises Refused: not_from_here for the mail server; too_many and
    slow_mode with retry_after, when it may try again; and whatever the page would refuse, see `give_back`.
    """
    author = _author(answer)
    if _is_known(answer):
        return None
    _require_pace(author)
    discussion = db.session.get(Discussion, answer.target.discussion_id)
    with _speaking_to(author, discussion):
        return _post(answer, author, discussion)


def _post(answer: Answer, author: User, discussion: Discussion | None) -> Comment:
    if answer.target.discussion_id == 0:
        raise Refused(
            "choose",
            _("The letter you answered is about several things. Send your answer to the address under one."),
            422,
        )
    if discussion is None:
        raise unknown()
    access.require(author, "discussion.read", discussion)
    if not answer.words:
        raise _nothing(answer)
    comment = comments.post(author, discussion, _draft(answer, discussion))
    if comment.is_new:
        _note(answer, author)
        _tell(author, comment, answer.files)
    return comment


def give_back(answer: Answer, refusal: Refused) -> None:
    """Mail what was refused back to its writer, with the reason and what to do next; once for each mail."""
    author = _author(answer)
    if _is_known(answer):
        return
    _note(answer, author)
    discussion = db.session.get(Discussion, answer.target.discussion_id)
    if discussion is not None and not access.may(author, "discussion.read", discussion):
        discussion = None
    with _speaking_to(author, discussion):
        letter = letters.write(
            author.email,
            "returned",
            f"/d/{discussion.slug}" if discussion else "/",
            facts={
                "why": _why(refusal),
                "title": discussion.title if discussion else "",
                "words": answer.words[:_MOST_BACK],
            },
        )
    letter.reply_to = addresses.again(answer.target)


def _speaking_to(author: User, discussion: Discussion | None) -> AbstractContextManager[None]:
    """Speak as the letter will that gives the reason: no request says here whose language it is."""
    return speaking.speaking(speaking.of_letter(author.language, discussion.language if discussion else ""))


def _author(answer: Answer) -> User:
    """Return whose answer this is.

    The token is the secret. From is asked besides because letters are forwarded, and with them their addresses; so
    whoever gets one of a friend does not write under the friend's name by pressing “reply”.
    """
    user = db.session.get(User, answer.target.user_id)
    if user is None or user.left_at is not None or _plain(answer.sender) != _plain(user.email):
        raise not_yours()
    return user


def _plain(address: str) -> str:
    """Spell an address one way: lower case, an international domain in its ASCII letters."""
    try:
        # Cut where no address ends: how long it is, is looked at only when its marks have been put in order.
        checked = validate_email(address[:255], check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return address.lower()
    return f"{checked.local_part}@{checked.ascii_domain}".lower()


def _is_known(answer: Answer) -> bool:
    return db.session.scalar(select(Arrival.id).where(Arrival.key == answer.key)) is not None


def _note(answer: Answer, author: User) -> None:
    deliveries.somebody_reads_at(author.email)
    now = clock.now()
    db.session.execute(delete(Arrival).where(Arrival.at < now - _KNOWN_FOR))
    db.session.add(Arrival(key=answer.key, user_id=author.id, at=now))
    db.session.flush()


def _require_pace(author: User) -> None:
    """As often as on the page. Raises Refused (too_many, 429, with retry_after): the mail server tries again later."""
    settings: Settings = current_app.config["SETTINGS"]
    for item in parse_many(comments.PACE) if settings.limits else ():
        since = clock.now() - timedelta(seconds=item.get_expiry())
        lately = select(func.count()).where(Arrival.user_id == author.id, Arrival.at > since)
        if (db.session.scalar(lately) or 0) >= item.amount:
            wait = item.get_expiry()
            raise Refused("too_many", "Too many answers at once; they are taken later.", 429, retry_after=wait)


def _draft(answer: Answer, discussion: Discussion) -> CommentDraft:
    """The comment that is answered may have been moved: the answer stands with it."""
    target = answer.target
    comment = db.session.get(Comment, target.comment_id) if target.comment_id else None
    question = db.session.get(Question, target.question_id) if target.question_id else None
    if comment is not None and comment.discussion_id == discussion.id:
        question = comment.question
    elif target.question_id and (question is None or question.discussion_id != discussion.id):
        raise Refused("gone", _("The question you answered is no longer there. Choose one on the page."), 422)
    number = question.number if question is not None else None
    if question is not None and number is None:
        raise Refused("gone", _("The question you answered is not asked any more. Choose one on the page."), 422)
    return CommentDraft(answer.words, number, target.comment_id or None, f"mail-{answer.key[:48]}")


def _tell(author: User, comment: Comment, files: int) -> None:
    """Say what the page would have shown: that a comment waits, and that files are not taken."""
    waits = comment.state is CommentState.HELD
    if waits or files:
        path = f"/d/{comment.discussion.slug}#c{comment.id}"
        letters.write(author.email, "received", path, facts={"waits": waits, "files": files})


def _nothing(answer: Answer) -> Refused:
    if answer.is_sealed:
        words = _("Your mail is encrypted, or signed in a way that hides its text. Send it unsealed.")
    elif answer.files:
        words = _("There is no text in your mail, and files are not taken. Write your answer into the mail.")
    else:
        words = _(
            "There is no text of your own in your mail. Write it above the letter that you answer, as plain text."
        )
    return Refused("empty", words, 422)


def _why(refusal: Refused) -> str:
    """Return the reason as a letter says it: the sentences of the page speak of a form that keeps the text."""
    reasons = {
        "closed": _("The discussion is closed and takes no answers any more. You can go on reading it."),
        "paused": _("The host has paused the discussion. Answer this letter when it goes on."),
        "not_open": _("The discussion has not begun yet. Answer this letter when it is live."),
        "not_found": _("What you answered is no longer there."),
    }
    if "reply_to" in refusal.fields:
        return str(_("The comment you answered is no longer there. Write on the page of the discussion instead."))
    return str(reasons.get(refusal.code, refusal.message))
