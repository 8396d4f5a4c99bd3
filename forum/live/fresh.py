"""What this process has just stored, said for the wire while all that it is rendered from was still at hand.

Whoever stores a comment has read the discussion, who sits there, what is asked, and knows the author. The tail would
read all of it again a moment later: five questions of six, a third of what a comment costs a database on another
machine (docs/performance.md). It takes what lies here where the log says that nothing else has happened, and reads
otherwise, so nothing depends on it: a process that dies, or another that has the readers, leaves nothing out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forum.live import background, broadcast, fragments
from forum.models import Comment, CommentState, Discussion

# Of a tail that has not come for so many turns of the desk: then it reads for itself.
_MOST_KEPT = 32


@dataclass(frozen=True)
class _Piece:
    """What the log of `epoch` tells everybody in (`after`, `seq`]."""

    epoch: str
    after: int
    seq: int
    events: list[dict[str, Any]]


_pieces: dict[int, list[_Piece]] = {}


def lay_out(discussion: Discussion, read_at: int, comments: Sequence[Comment]) -> dict[int, str]:
    """Render `comments`, which have just been committed to `discussion`, for whoever reads along in this process.

    Return the `<li>` of each that was laid out, by its id, as `fragments.comments_html` does.

    `read_at` is the seq at which the discussion and its cast were read. Nothing is laid out if anything has happened
    since but these comments, in one piece.
    """
    seqs = [comment.told_at_seq for comment in comments]
    whole = list(range(read_at + 1, discussion.last_seq + 1))
    if not seqs or seqs != whole or not broadcast.count(discussion.id):
        return {}
    if any(comment.state is not CommentState.PUBLISHED for comment in comments):
        return {}
    try:
        events = fragments.just_posted(discussion, comments)
    except Exception as error:  # they are stored: whoever posted them is told so, and the tail tries for itself
        background.complain("fresh", error)
        return {}
    laid = _pieces.setdefault(discussion.id, [])
    laid.append(_Piece(discussion.epoch, read_at, discussion.last_seq, events))
    del laid[:-_MOST_KEPT]
    return {event["id"]: event["html"] for event in events}


def take(discussion_id: int, epoch: str, after: int, seq: int) -> list[dict[str, Any]] | None:
    """Return what the log of `epoch` tells in (`after`, `seq`] if all of that lies here; what is older goes."""
    laid = _pieces.pop(discussion_id, [])
    later = [piece for piece in laid if piece.after >= seq]
    if later:
        _pieces[discussion_id] = later
    events: list[dict[str, Any]] = []
    reached = after
    for piece in laid:
        if piece.epoch == epoch and piece.after == reached and piece.seq <= seq:
            events += piece.events
            reached = piece.seq
    return events if reached == seq else None


def forget(discussion_id: int) -> None:
    """Throw away what lies here for a discussion that nobody here reads any more."""
    _pieces.pop(discussion_id, None)
