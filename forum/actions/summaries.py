"""What hosts write at the end: a summary of a question's answers, and one of the whole discussion."""

from flask_babel import gettext as _

from forum import access, text
from forum.actions import merging
from forum.actions.drafting import clean
from forum.actions.moderation import write_down
from forum.live import log
from forum.models import Discussion, Question, User
from forum.refusals import Refused

LONGEST = 5000


def of_question(actor: User, question: Question, words: str, seen: str = "") -> None:
    """Put a summary (Markdown, empty to take it away) on top of the answers.

    Raises Refused (not theirs, 409 for a question that is not asked, invalid), Stale as `of_discussion`.
    """
    discussion = question.discussion
    access.require(actor, "summary.write", discussion)
    if not question.is_asked:
        raise Refused(
            "not_asked", _("This question is not asked yet. Its summary can be written when it has answers."), 409
        )
    words = _checked(words)
    log.lock_and_refresh(question)
    _put(actor, question, "question.summed_up", words, seen)


def of_discussion(actor: User, discussion: Discussion, words: str, seen: str = "") -> None:
    """Put a summary (Markdown, empty to take it away) on top of the whole.

    Raises Refused (not theirs, invalid), Stale when another one than `seen` (see `merging`) stands there by now.
    """
    access.require(actor, "summary.write", discussion)
    words = _checked(words)
    log.lock_and_refresh(discussion)
    _put(actor, discussion, "announcement.summed_up", words, seen)


def _put(actor: User, on: Discussion | Question, kind: str, words: str, seen: str) -> None:
    before = on.summary
    if merging.untouched(seen, {"summary": before}, {"summary": words}) or words == before:
        return
    on.summary, on.summary_html = words, text.render(words) if words else ""
    discussion, subject = (on.discussion, "question") if isinstance(on, Question) else (on, "discussion")
    write_down(actor, discussion, kind, subject, on.id, before={"summary": before}, after={"summary": words})
    log.record(discussion, kind, on.id)


def _checked(words: str) -> str:
    faults: dict[str, str] = {}
    words = clean(faults, "summary", words, LONGEST, lines=True)
    if faults:
        raise Refused("invalid", _("The summary needs another look."), 422, fields=faults)
    return words
