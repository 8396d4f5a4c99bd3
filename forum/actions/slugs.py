"""Addresses of discussions: which are free, and old ones that still lead to theirs. Runs inside `writing()`."""

from flask_babel import gettext as _
from sqlalchemy import select

from forum.database import db
from forum.models import Discussion, OldAddress
from forum.refusals import invalid


def is_taken(slug: str) -> bool:
    """Whether the address leads to a discussion here, or did: such links are kept."""
    return Discussion.with_slug(slug) is not None or db.session.get(OldAddress, slug) is not None


def taken_like(start: str) -> set[str]:
    """Return the addresses beginning with `start` that lead, or led, to a discussion."""
    now = select(Discussion.slug).where(Discussion.slug.startswith(start))
    before = select(OldAddress.slug).where(OldAddress.slug.startswith(start))
    return set(db.session.scalars(now.union(before)))


def require_free(slug: str, besides: Discussion | None = None) -> None:
    """Refuse a slug that leads, or led, to a discussion other than `besides`. Raises Refused (invalid: slug)."""
    other = Discussion.with_slug(slug)
    if other is not None and other is not besides:
        raise invalid(slug=_("Another discussion has this address. Choose a different one."))
    old = db.session.get(OldAddress, slug)
    if old is not None and (besides is None or old.discussion_id != besides.id):
        raise invalid(slug=_("This address led to another discussion before, and still does. Choose a different one."))


def keep_old(discussion: Discussion, old: str) -> None:
    """Let `old` lead to `discussion` for good; an address that it takes up again leads there by itself."""
    again = db.session.get(OldAddress, discussion.slug)
    if again is not None:
        db.session.delete(again)
    db.session.add(OldAddress(slug=old, discussion_id=discussion.id))
