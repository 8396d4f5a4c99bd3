"""What machines read of the whole site: feeds, the calendar of all that is public, the map for search engines."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, make_response, render_template
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import selectinload

from forum import clock, people
from forum.archive import calendar
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Phase, User, Visibility
from forum.refusals import unknown
from forum.web.archive import public_url
from forum.web.words import site_name

blueprint = Blueprint("feeds", __name__)

_MOST = 50
# The protocol allows 50,000 addresses in a file; each discussion has two.
_MOST_MAPPED = 20_000


@dataclass(frozen=True)
class Entry:
    """One entry of a feed (RFC 4287)."""

    title: str
    address: str
    author: str
    published: datetime
    updated: datetime
    html: str


class Mapped(NamedTuple):
    """One discussion in the map of the site."""

    slug: str
    changed: datetime


@blueprint.get("/feed.atom")
def of_site() -> Response:
    """The newest public discussions as a feed."""
    found = _public().options(selectinload(Discussion.seats)).order_by(Discussion.id.desc()).limit(_MOST)
    site, name = public_url(), site_name()
    entries = [
        Entry(
            discussion.title,
            f"{site}/d/{discussion.slug}",
            discussion.hosted_by or name,
            discussion.created_at,
            discussion.closed_at or discussion.opened_at or discussion.created_at,
            discussion.intro_html,
        )
        for discussion in db.session.scalars(found)
    ]
    return _feed(name, f"{site}/", f"{site}/feed.atom", name, entries)


@blueprint.get("/people/<int:user_id>/feed.atom")
def of_person(user_id: int) -> Response:
    """What somebody has written in public discussions, newest first."""
    user = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    comments = _public_comments(user) if user is not None and user.left_at is None else []
    if user is None or not comments:
        raise unknown()
    site = public_url()
    entries = []
    for comment in comments:
        number = f"Q{comment.question.number} · " if comment.question else ""
        address = f"{site}/d/{comment.discussion.slug}/c/{comment.id}"
        face = people.face_of(comment)
        changed = comment.edited_at or comment.posted_at
        entries.append(
            Entry(number + comment.discussion.title, address, face.name, comment.posted_at, changed, comment.html)
        )
    return _feed(user.name, f"{site}/people/{user.id}", f"{site}/people/{user.id}/feed.atom", user.name, entries)


@blueprint.get("/calendar.ics")
def all_dates() -> Response:
    """Every public discussion to come and of the last year, as a calendar to subscribe to."""
    found = db.session.scalars(_public().order_by(Discussion.starts_at.desc()).limit(500))
    return _sent(calendar.of_all(list(found), public_url(), site_name()), "text/calendar; charset=utf-8")


@blueprint.get("/sitemap.xml")
def site_map() -> Response:
    """The addresses that search engines may know (sitemaps.org, protocol 0.9)."""
    latest = (
        select(Comment.discussion_id, func.max(Comment.posted_at).label("at"))
        .where(Comment.state == CommentState.PUBLISHED)
        .group_by(Comment.discussion_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Discussion.slug, Discussion.created_at, latest.c.at)
        .outerjoin(latest, latest.c.discussion_id == Discussion.id)
        .where(*_is_public())
        .order_by(Discussion.id.desc())
        .limit(_MOST_MAPPED)
    )
    discussions = [Mapped(slug, at or made) for slug, made, at in rows]
    return _sent(render_template("home/sitemap.xml", site=public_url(), discussions=discussions), "application/xml")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What crawlers are asked to leave alone: pages that are another view of what they have already."""
    lines = ["User-agent: *", "Disallow: /search", "Disallow: /account", "Disallow: /*?", "Allow: /d/", ""]
    return _sent("\n".join([*lines, f"Sitemap: {public_url()}/sitemap.xml", ""]), "text/plain; charset=utf-8")


def _public() -> Select[Discussion]:
    return select(Discussion).where(*_is_public())


def _is_public() -> tuple[ColumnElement[bool], ...]:
    rehearsed = Discussion.rehearsal_of_id.is_(None)
    return Discussion.phase != Phase.DRAFT, Discussion.visibility == Visibility.PUBLIC, rehearsed


def _public_comments(user: User) -> list[Comment]:
    return list(
        db.session.scalars(
            select(Comment)
            .join(Comment.discussion)
            .where(Comment.author_id == user.id, Comment.state == CommentState.PUBLISHED, *_is_public())
            .options(selectinload(Comment.discussion), selectinload(Comment.question))
            .order_by(Comment.id.desc())
            .limit(_MOST)
        )
    )


def _feed(title: str, address: str, own: str, author: str, entries: list[Entry]) -> Response:
    updated = max((entry.updated for entry in entries), default=clock.now())
    facts = {"title": title, "address": address, "own": own, "author": author, "updated": updated}
    return _sent(render_template("home/feed.xml", entries=entries, **facts), "application/atom+xml; charset=utf-8")


def _sent(body: str, kind: str) -> Response:
    response = make_response(body)
    response.headers["Content-Type"] = kind
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
