"""Typed text kept on the server until its writer can post it. Runs inside `writing()`."""

from datetime import timedelta

from sqlalchemy import delete, select

from forum import clock
from forum.actions.posting import CommentDraft
from forum.database import db
from forum.models import Discussion, Draft

# Long enough for any comment with its Markdown and some more; what is longer was refused before it came here.
_MOST = 40_000
# Who has not come back for it by then finds it no more: strangers without cookies make a new one each time.
KEPT_FOR = timedelta(days=30)


def keep(discussion: Discussion, holder: str, typed: CommentDraft, spoken_for: int | None = None) -> Draft:
    """Keep what was `typed` for the browser that carries `holder`, in place of what it kept before; return it.

    `spoken_for` is the account of a panelist for whom a host types.
    """
    draft = find(discussion, holder)
    if draft is None:
        draft = Draft(discussion_id=discussion.id, holder=holder)
        db.session.add(draft)
    draft.body = typed.body[:_MOST].replace("\x00", "")
    draft.question, draft.reply_to, draft.spoken_for = typed.question, typed.reply_to, spoken_for
    draft.saved_at = clock.now()
    return draft


def find(discussion: Discussion, holder: str) -> Draft | None:
    """Return what `holder` typed for `discussion`, if anything is kept."""
    return db.session.scalar(select(Draft).where(Draft.discussion_id == discussion.id, Draft.holder == holder))


def forget_old() -> None:
    """Throw away what nobody has come back for within KEPT_FOR."""
    db.session.execute(delete(Draft).where(Draft.saved_at < clock.now() - KEPT_FOR))


def forget(discussion: Discussion, holder: str) -> None:
    """Throw the kept text away: it has been posted."""
    db.session.execute(delete(Draft).where(Draft.discussion_id == discussion.id, Draft.holder == holder))
