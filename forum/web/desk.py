"""The desk where comments are handed in: who posts in one discussion at the same moment shares a transaction.

Measured with 16 writers (docs/performance.md): most of what a comment cost was the transaction around it, the rows by
which it is judged, and the rendering of the answer, and nearly all of that is the same for everybody who writes just
then. See `turns` for how they share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from forum.actions import drafts
from forum.actions.posting import CommentDraft, Posted, Posting, post_all
from forum.database import db, passes, writing
from forum.live import fragments, fresh
from forum.models import Discussion, User
from forum.models.cast import read_cast
from forum.refusals import Refused, unknown
from forum.turns import Interrupted, Line

# So many share a turn. With more the last of them would feel it, and each would save little.
MOST_AT_ONCE = 32
# Who comes right after others waits so long for company, and as long as company keeps coming.
GATHER_SECONDS, MOST_GATHER_SECONDS = 0.004, 0.05
# An empty line is kept for what it knows of the last turn, but not for every address that somebody has made up.
_MOST_LINES = 200

# Put together once: it runs for every comment.
_USERS = select(User).where(User.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Sheet:
    """What somebody hands in: who they are, what they wrote, and in which form, if texts of their browser are kept."""

    user_id: int
    draft: CommentDraft
    form: drafts.Form | None
    wants_html: bool
    language: str  # in which they are told why not


@dataclass(frozen=True)
class Receipt:
    """What became of it: a comment that is new, or the one that the same key had made before.

    `seq` is that of the event that told its writer of it, and so the same each time.
    """

    id: int
    seq: int
    state: str
    is_new: bool
    html: str


_lines: dict[str, Line[Sheet, Receipt | Exception]] = {}


def hand_in(slug: str, sheet: Sheet) -> Receipt:
    """Post what `sheet` says in the discussion at /d/<slug>, in a transaction that others may share.

    Raises Refused as `comments.post`, 404 for an unknown discussion, and what the database raises.
    """
    db.session.rollback()  # who waits in line holds no connection
    line = _lines.get(slug) or _lines.setdefault(slug, _line(slug))
    try:
        outcome = line.ask(sheet)
    except Interrupted:
        words = _("The server is restarting. Your text is kept; try again in a moment.")
        raise Refused("unavailable", words, 503, retry_after=2) from None
    finally:
        if len(_lines) > _MOST_LINES and line.is_idle:
            _lines.pop(slug, None)
    if isinstance(outcome, Receipt):
        return outcome
    raise outcome


def _line(slug: str) -> Line[Sheet, Receipt | Exception]:
    return Line(
        partial(_serve, slug),
        most=MOST_AT_ONCE,
        gather_seconds=GATHER_SECONDS,
        most_gather_seconds=MOST_GATHER_SECONDS,
    )


def _serve(slug: str, sheets: Sequence[Sheet]) -> Sequence[Receipt | Exception]:
    """Return what becomes of each. A fault that is no fault of the database is that of one: then each goes alone."""
    try:
        return _post(slug, sheets)
    except Exception as fault:
        if len(sheets) == 1:
            return [fault]
        if passes(fault) or isinstance(fault, Refused):
            return [fault for _sheet in sheets]
    return [outcome for sheet in sheets for outcome in _serve(slug, [sheet])]


def _post(slug: str, sheets: Sequence[Sheet]) -> list[Receipt | Refused]:
    with writing():
        discussion = Discussion.with_slug(slug)
        if discussion is None:
            raise unknown()
        read_cast(discussion)
        read_at = discussion.last_seq
        users = {user.id: user for user in db.session.scalars(_USERS, {"ids": [sheet.user_id for sheet in sheets]})}
        outcomes = post_all(
            discussion,
            [Posting(users[sheet.user_id], sheet.draft, language=sheet.language) for sheet in sheets],
        )
        for sheet, outcome in zip(sheets, outcomes, strict=True):
            if sheet.form is not None and not isinstance(outcome, Refused):
                drafts.forget(discussion, sheet.form, sheet.draft.body)
    new = [outcome.comment for outcome in outcomes if isinstance(outcome, Posted) and outcome.is_new]
    html = fresh.lay_out(discussion, read_at, new)
    shown = [
        outcome.comment
        for sheet, outcome in zip(sheets, outcomes, strict=True)
        if sheet.wants_html and not isinstance(outcome, Refused) and outcome.comment.id not in html
    ]
    html |= fragments.comments_html(discussion, shown)
    return [
        outcome
        if isinstance(outcome, Refused)
        else Receipt(
            outcome.comment.id,
            outcome.comment.told_at_seq,
            outcome.comment.state.value,
            outcome.is_new,
            html.get(outcome.comment.id, ""),
        )
        for outcome in outcomes
    ]
