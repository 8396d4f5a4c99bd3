"""The tray of prepared texts that hosts post with one key. Every function runs inside `writing()`."""

import secrets

from flask_babel import gettext as _
from sqlalchemy import func, select

from forum import access, clock
from forum.actions import comments
from forum.actions.comments import CommentDraft
from forum.actions.drafting import clean
from forum.actions.moderation import write_down
from forum.actions.posting import LONGEST
from forum.database import db
from forum.live import log
from forum.models import Audience, Comment, Discussion, Snippet, User
from forum.refusals import Refused, unknown

MOST = 20
_LONGEST_LABEL = 40

# What almost every host says: the beginning of a tray that is still empty.
USUAL = (
    ("Welcome", "Welcome, everybody. Say who you are and where you write from; the first question comes in a moment."),
    ("Rules", "Please answer people by name, stay with the open question, and keep it short and kind."),
    ("Five minutes left", "Five minutes left for this question. If you have not answered yet, now is the moment."),
    ("Thanks", "Thank you all. The page stays here as the archive of our discussion, to read and to cite."),
)


def tray(discussion: Discussion) -> list[Snippet]:
    """Return the prepared texts of `discussion`, in their order."""
    found = select(Snippet).where(Snippet.discussion_id == discussion.id).order_by(Snippet.position, Snippet.id)
    return list(db.session.scalars(found))


def add(actor: User, discussion: Discussion, label: str, words: str) -> Snippet:
    """Put a text at the end of the tray; the same again changes nothing. Raises Refused (not theirs, invalid)."""
    access.require(actor, "snippet.write", discussion)
    faults: dict[str, str] = {}
    label = clean(faults, "label", label, _LONGEST_LABEL, required=True)
    words = clean(faults, "words", words, LONGEST, required=True, lines=True)
    log.lock(discussion)
    kept = tray(discussion)
    if not faults and len(kept) >= MOST:
        faults["label"] = _("A tray holds %(most)s texts at most. Remove one first.", most=MOST)
    if faults:
        raise Refused("invalid", _("The text needs another look."), 422, fields=faults)
    same = next((one for one in kept if (one.label, one.source) == (label, words)), None)
    return same or _keep(actor, discussion, label, words)


def add_usual(actor: User, discussion: Discussion) -> None:
    """Fill an empty tray with the texts that almost every host needs. Raises Refused (not theirs)."""
    access.require(actor, "snippet.write", discussion)
    log.lock(discussion)
    if not tray(discussion):
        for label, words in USUAL:
            _keep(actor, discussion, label, words)


def remove(actor: User, discussion: Discussion, snippet_id: int) -> None:
    """Take a text out of the tray; what was posted of it stays. Raises Refused (not theirs, 404)."""
    access.require(actor, "snippet.write", discussion)
    snippet = _find(discussion, snippet_id)
    write_down(actor, discussion, "snippet.removed", "snippet", snippet.id, before={"label": snippet.label})
    db.session.delete(snippet)
    log.record(discussion, "run.changed", snippet_id, Audience.HOSTS)


def post(actor: User, discussion: Discussion, snippet_id: int, seen: int) -> Comment:
    """Post a text of the tray as a comment of `actor` to the open question, or as a general remark without one.

    `seen` is how often it had been posted when the page was made: of two hosts who press together one posts, and
    the other is told. Raises Refused (not theirs, 404, 409 posted, and as `comments.post`).
    """
    access.require(actor, "snippet.post", discussion)
    log.lock(discussion)
    snippet = _find(discussion, snippet_id)
    db.session.refresh(snippet)
    if snippet.times != seen:
        raise Refused(
            "posted",
            _("“%(label)s” was posted a moment ago. Press again to post it once more.", label=snippet.label),
            409,
        )
    asked = discussion.open_question
    # `seen` lets it be posted once. The text's id would not do: SQLite gives that of a removed one to the next.
    key = f"snippet-{secrets.token_hex(12)}"
    comment = comments.post(actor, discussion, CommentDraft(snippet.source, asked.number if asked else None, None, key))
    snippet.times += 1
    snippet.posted_at = clock.now()
    log.record(discussion, "run.changed", snippet.id, Audience.HOSTS)
    return comment


def _keep(actor: User, discussion: Discussion, label: str, words: str) -> Snippet:
    last = db.session.scalar(select(func.max(Snippet.position)).where(Snippet.discussion_id == discussion.id))
    snippet = Snippet(discussion_id=discussion.id, position=(last or 0) + 1, label=label, source=words, times=0)
    db.session.add(snippet)
    db.session.flush()
    write_down(actor, discussion, "snippet.added", "snippet", snippet.id, after={"label": label})
    log.record(discussion, "run.changed", snippet.id, Audience.HOSTS)
    return snippet


def _find(discussion: Discussion, snippet_id: int) -> Snippet:
    snippet = db.session.get(Snippet, snippet_id) if 0 < snippet_id < 2**31 else None
    if snippet is None or snippet.discussion_id != discussion.id:
        raise unknown()
    return snippet
