"""Typed text kept on the server until its writer can post it. Runs inside `writing()`."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, and_, delete, or_, select
from sqlalchemy.sql import ColumnElement

from forum import clock
from forum.actions.posting import CommentDraft
from forum.database import db
from forum.models import Discussion, Draft

# Long enough for any comment with its Markdown and some more; what is longer was refused before it came here.
_MOST = 40_000
# So many windows somebody may write in at once; of more the oldest text goes.
MOST_KEPT = 5
# Who has not come back for it by then finds it no more: strangers without cookies make a new one each time.
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Form:
    """What a form says of the text in it: which browser it is in, the form's key, and which kept text it showed."""

    holder: str
    key: str = ""
    shown: int | None = None


def keep(discussion: Discussion, form: Form, typed: CommentDraft, spoken_for: int | None = None) -> Draft:
    """Keep what was `typed` in `form`, in place of what was kept of that form and of no other; return it.

    `spoken_for` is the account of a panelist for whom a host types.
    """
    body = _storable(typed.body)
    draft = db.session.scalars(_newest_first(discussion, form.holder).where(_is_of(form, body))).first()
    if draft is None:
        draft = Draft(discussion_id=discussion.id, holder=form.holder)
        db.session.add(draft)
    draft.body, draft.key, draft.saved_at = body, form.key, clock.now()
    draft.question, draft.reply_to, draft.spoken_for = typed.question, typed.reply_to, spoken_for
    for old in kept(discussion, form.holder)[MOST_KEPT:]:
        db.session.delete(old)
    return draft


def kept(discussion: Discussion, holder: str) -> list[Draft]:
    """Return what `holder` typed for `discussion` and has not posted, the newest first."""
    return list(db.session.scalars(_newest_first(discussion, holder)))


def forget(discussion: Discussion, form: Form, body: str) -> None:
    """Throw away what was kept of `form` or says the same as `body`: it has been posted, or is not wanted."""
    mine = delete(Draft).where(_is_mine(discussion, form.holder), _is_of(form, _storable(body)))
    db.session.execute(mine)


def forget_old() -> None:
    """Throw away what nobody has come back for within KEPT_FOR."""
    db.session.execute(delete(Draft).where(Draft.saved_at < clock.now() - KEPT_FOR))


def _newest_first(discussion: Discussion, holder: str) -> Select[Draft]:
    return select(Draft).where(_is_mine(discussion, holder)).order_by(Draft.saved_at.desc(), Draft.id.desc())


def _is_mine(discussion: Discussion, holder: str) -> ColumnElement[bool]:
    return and_(Draft.discussion_id == discussion.id, Draft.holder == holder)


def _storable(body: str) -> str:
    return body[:_MOST].replace("\x00", "")


def _is_of(form: Form, body: str) -> ColumnElement[bool]:
    """A page that “Back” has brought back knows its key only, one made for a visitor neither key nor number."""
    same = [Draft.body == body]
    if form.key:
        same.append(Draft.key == form.key)
    if form.shown is not None:
        same.append(Draft.id == form.shown)
    return or_(*same)
