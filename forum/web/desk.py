"""The desk where comments are handed in: who posts in one discussion at the same moment shares a transaction.

Measured with 16 writers (docs/performance.md): most of what a comment cost was the transaction around it, the rows by
which it is judged, and the rendering of the answer, and nearly all of that is the same for everybody who writes just
then. Whoever comes first takes the others along; nobody waits for more than one such turn before their own.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from forum.actions import drafts
from forum.actions.posting import CommentDraft, Posting, post_all
from forum.database import db, passes, writing
from forum.live import fragments
from forum.models import Discussion, User
from forum.refusals import Refused, unknown

# So many share a turn. With more the last of them would feel it, and each would save little.
MOST_AT_ONCE = 32
# While a discussion is busy, its next turn waits so long for company; after a quiet moment nobody waits.
GATHER_SECONDS = 0.004
MOST_GATHER_SECONDS = 0.05
_BUSY_SECONDS = 0.05
# An empty line is kept for what it knows of the last turn, but not for every address that somebody has made up.
_MOST_LINES = 200

# Put together once: it runs for every comment.
_USERS = select(User).where(User.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Sheet:
    """What somebody hands in: who they are, what they wrote, and who carries a kept text of it (see `drafts`)."""

    user_id: int
    draft: CommentDraft
    holder: str | None
    wants_html: bool
    language: str  # in which they are told why not


@dataclass(frozen=True)
class Receipt:
    """What became of it: a comment that is new, or the one that the same key had made before."""

    id: int
    seq: int
    state: str
    is_new: bool
    html: str


@dataclass(eq=False)
class _Waiting:
    sheet: Sheet
    turn: threading.Event = field(default_factory=threading.Event)
    outcome: Receipt | Exception | None = None


class _Line:
    """Who waits to hand in something for one discussion. Its first takes the next turn, for all who stand there."""

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.is_at_work = False
        self.worked_at = 0.0


_lines: dict[str, _Line] = {}
_lock = threading.Lock()


def hand_in(slug: str, sheet: Sheet) -> Receipt:
    """Post what `sheet` says in the discussion at /d/<slug>, in a transaction that others may share.

    Raises Refused as `comments.post`, 404 for an unknown discussion, and what the database raises.
    """
    me = _Waiting(sheet)
    with _lock:
        line = _lines.setdefault(slug, _Line())
        line.waiting.append(me)
        leads, line.is_at_work = not line.is_at_work, True
    if not leads:
        db.session.rollback()  # who waits in line holds no connection
        me.turn.wait()
    if me.outcome is None:
        _take_turn(slug, line)
    outcome = me.outcome
    if isinstance(outcome, Receipt):
        return outcome
    assert outcome is not None
    raise outcome


def _take_turn(slug: str, line: _Line) -> None:
    """Serve those who stand in line, the one who leads among them, and let the next of the others lead."""
    if time.monotonic() - line.worked_at < _BUSY_SECONDS:
        _gather(line)
    with _lock:
        some = [line.waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(line.waiting)))]
    try:
        _serve(slug, some)
    finally:
        line.worked_at = time.monotonic()
        with _lock:
            following = line.waiting[0] if line.waiting else None
            line.is_at_work = following is not None
            if following is None and len(_lines) > _MOST_LINES:
                del _lines[slug]
        for one in some:
            if one.outcome is None:  # the process is ending in the middle of it
                words = _("The server is restarting. Your text is kept; try again in a moment.")
                one.outcome = Refused("unavailable", words, 503, retry_after=2)
            one.turn.set()
        if following is not None:
            following.turn.set()


def _gather(line: _Line) -> None:
    """Wait as long as others keep coming, so that the turn is theirs too; who comes alone waits GATHER_SECONDS."""
    until, standing = time.monotonic() + MOST_GATHER_SECONDS, 0
    while standing < len(line.waiting) < MOST_AT_ONCE and time.monotonic() < until:
        standing = len(line.waiting)
        time.sleep(GATHER_SECONDS)


def _serve(slug: str, some: Sequence[_Waiting]) -> None:
    """Give each an outcome. A fault that is no fault of the database is that of one of them: then each goes alone."""
    try:
        for one, outcome in zip(some, _post(slug, [one.sheet for one in some]), strict=True):
            one.outcome = outcome
    except Exception as fault:
        if len(some) > 1 and not passes(fault) and not isinstance(fault, Refused):
            for one in some:
                _serve(slug, [one])
            return
        for one in some:
            one.outcome = fault


def _post(slug: str, sheets: Sequence[Sheet]) -> list[Receipt | Refused]:
    with writing():
        discussion = Discussion.with_slug(slug) if len(slug) <= 80 else None
        if discussion is None:
            raise unknown()
        users = {user.id: user for user in db.session.scalars(_USERS, {"ids": [sheet.user_id for sheet in sheets]})}
        outcomes = post_all(
            discussion,
            [Posting(users[sheet.user_id], sheet.draft, language=sheet.language) for sheet in sheets],
        )
        for sheet, outcome in zip(sheets, outcomes, strict=True):
            if sheet.holder is not None and not isinstance(outcome, Refused):
                drafts.forget(discussion, sheet.holder)
    shown = [
        outcome.comment
        for sheet, outcome in zip(sheets, outcomes, strict=True)
        if sheet.wants_html and not isinstance(outcome, Refused)
    ]
    html = fragments.comments_html(discussion, shown)
    return [
        outcome
        if isinstance(outcome, Refused)
        else Receipt(
            outcome.comment.id,
            discussion.last_seq,
            outcome.comment.state.value,
            outcome.is_new,
            html.get(outcome.comment.id, ""),
        )
        for outcome in outcomes
    ]
