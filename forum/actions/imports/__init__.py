"""Making a whole discussion from a discussion file, all or nothing. Runs inside `writing()`."""

from forum.actions import dates, discussions
from forum.actions.imports.comments import add_comments
from forum.actions.imports.discussion import make, take_steps
from forum.actions.imports.questions import add_questions
from forum.actions.imports.seats import add_seats
from forum.archive.discussion_file import DiscussionFile
from forum.database import db
from forum.live import log
from forum.models import Discussion, User


def store(file: DiscussionFile, owner: User | None = None, key: str = "") -> Discussion:
    """Make the discussion that `file` describes, with its seats, questions and past comments; return it.

    The same `key` of the same owner again returns what was made the first time.

    It is published (the clock says whether it is announced, live or closed) unless the file says `"draft": true`.
    Raises FileFaults naming line and field.
    """
    if owner is not None and (before := discussions.made_before(owner, key)) is not None:
        return before
    discussion = make(file, owner)
    discussion.key = key or None
    add_seats(file, discussion)
    file.refuse()
    add_questions(file, discussion)
    db.session.flush()
    add_comments(file, discussion)
    file.refuse()
    dates.put_in_order(discussion)
    if not file.values.get("draft"):
        take_steps(discussion)
    log.record(discussion, "discussion.published", discussion.id)
    return discussion
