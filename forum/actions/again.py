"""A form that comes again, from a page that stayed open or that “Back” has brought back."""

import hashlib
from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy import select

from forum import text
from forum.actions.posting import LONGEST, CommentDraft
from forum.database import db
from forum.models import Comment, CommentEdit, Discussion, User
from forum.refusals import Refused


def as_sent(author: User, discussion: Discussion, draft: CommentDraft) -> CommentDraft:
    """Return `draft` as a form without script means it: the same words under the same key are the same comment, other
    words another one, which gets a key of its own (the same each time) and is not lost.

    A browser with script makes a key for every text, and needs none of this. What the first one said is not known any
    more once it is deleted. Raises Refused (deleted, 409).
    """
    try:
        key = draft.checked_key()
    except Refused:
        return draft  # refused where it is posted, with advice
    first = Comment.with_key(discussion, author, key)
    if first is None:
        return draft
    if not first.source:
        why = _("The comment that this page made was deleted. Your text is kept: load the page again to post it.")
        raise Refused("deleted", why, 409)
    try:
        words = text.clean_body(draft.body, LONGEST)
    except text.TextFault:
        return draft
    if words == as_posted(first):
        return draft
    return replace(draft, key=hashlib.sha256(f"{draft.key}\0{words}".encode()).hexdigest())


def as_posted(comment: Comment) -> str:
    """Return what `comment` said at first, whatever its writer has made of it since."""
    edits = select(CommentEdit.source).where(CommentEdit.comment_id == comment.id).order_by(CommentEdit.id).limit(1)
    return db.session.scalar(edits) or comment.source
