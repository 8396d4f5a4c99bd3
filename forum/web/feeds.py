"""What machines read of the whole site: feeds, the calendar of all that is public, the map for search engines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import contains_eager, selectinload

from forum import access, clock, people, text
from forum.archive import calendar, names
from forum.database import db
from forum.models import CalledOff, Comment, CommentState, Discussion, ModerationAction, User, Visibility
from forum.refusals import unknown
from forum.web.archive import public_url
from forum.web.words import site_name

blueprint = Blueprint("feeds", __name__)

_MOST = 50
_MOST_DATES = 500
_MOST_CALLED_OFF = 100
# The protocol allows 50,000 addresses in a file; each discussion has two.
_MOST_MAPPED = 20_000
_MOST_MAPS = 50_000


@dataclass(frozen=True)
class Entry:
    """One entry of a feed (RFC 4287)."""

    name: str  # for good, whatever becomes of the address
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
    discussions = db.session.scalars(found).all()
    published = _published_at(discussions)
    entries = [
        Entry(
            names.tag(discussion, site=site),
            discussion.title,
            f"{site}/d/{discussion.slug}",
            discussion.hosted_by or name,
            published[discussion.id],
            # What was brought in from elsewhere was held long before anybody could read it here.
            max(published[discussion.id], discussion.closed_at or discussion.opened_at or discussion.created_at),
            discussion.intro_html,
        )
        for discussion in discussions
    ]
    return _feed(name, f"{site}/", f"{site}/feed.atom", name, entries)


def _published_at(discussions: Sequence[Discussion]) -> dict[int, datetime]:
    """Return by each discussion's id when it was first published; of what was brought in, when that was."""
    steps = (
        select(ModerationAction.discussion_id, func.min(ModerationAction.at))
        .where(
            ModerationAction.discussion_id.in_([discussion.id for discussion in discussions]),
            ModerationAction.verb == "discussion.published",
        )
        .group_by(ModerationAction.discussion_id)
    )
    made = {discussion.id: discussion.created_at for discussion in discussions}
    return made | {discussion_id: at for discussion_id, at in db.session.execute(steps) if discussion_id is not None}


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
        own, title = names.tag(comment.discussion, "comment", comment.id, site=site), number + comment.discussion.title
        entries.append(Entry(own, title, address, face.name, comment.posted_at, changed, comment.html))
    address = f"{site}/people/{user.id}"
    return _feed(user.name, address, f"{address}/feed.atom", user.name, entries)


@blueprint.get("/calendar.ics")
def all_dates() -> Response:
    """The newest public discussions, and what was called off of late, as a calendar to subscribe to."""
    found = db.session.scalars(_public().order_by(*Discussion.latest_first()).limit(_MOST_DATES))
    listed = CalledOff.is_listed, Discussion.visibility == Visibility.PUBLIC
    off = db.session.scalars(
        select(CalledOff)
        .join(CalledOff.discussion)
        .where(*listed)
        .options(contains_eager(CalledOff.discussion))
        .order_by(CalledOff.at.desc(), CalledOff.discussion_id.desc())
        .limit(_MOST_CALLED_OFF)
    )
    return _sent(calendar.of_all(found, off, public_url(), site_name()), "text/calendar; charset=utf-8")


@blueprint.get("/sitemap.xml")
def site_map() -> Response:
    """The addresses that search engines may know (sitemaps.org, protocol 0.9); of many, a list of such maps."""
    count = db.session.scalar(select(func.count()).select_from(Discussion).where(*_is_public())) or 0
    if count <= _MOST_MAPPED:
        return _map(1)
    parts = range(1, -(-count // _MOST_MAPPED) + 1)
    return _sent(render_template("home/sitemaps.xml", site=public_url(), parts=parts), "application/xml")


@blueprint.get("/sitemap-<int:part>.xml")
def site_map_part(part: int) -> Response:
    """One of the maps of a site that has more discussions than a map may hold, the oldest in the first."""
    if not 1 <= part <= _MOST_MAPS:
        raise unknown()
    return _map(part)


def _map(part: int) -> Response:
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
        .order_by(Discussion.id)
        .offset((part - 1) * _MOST_MAPPED)
        .limit(_MOST_MAPPED)
    )
    discussions = [Mapped(slug, at or made) for slug, made, at in rows]
    if not discussions and part > 1:
        raise unknown()
    page = render_template("home/sitemap.xml", site=public_url(), discussions=discussions, is_first=part == 1)
    return _sent(page, "application/xml")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What crawlers are asked to leave alone: pages that are another view of what they have already."""
    # The longer rule wins (RFC 9309, 2.2.2): sheets and scripts carry their version behind a question mark.
    lines = ["User-agent: *", "Disallow: /search", "Disallow: /account", "Disallow: /*?", "Allow: /static/", ""]
    return _sent("\n".join([*lines, f"Sitemap: {public_url()}/sitemap.xml", ""]), "text/plain; charset=utf-8")


def _public() -> Select[Discussion]:
    return select(Discussion).where(*_is_public())


def _is_public() -> tuple[ColumnElement[bool], ...]:
    rehearsed = Discussion.rehearsal_of_id.is_(None)
    return access.listed_for(None), rehearsed


def _public_comments(user: User) -> list[Comment]:
    return list(
        db.session.scalars(
            select(Comment)
            .join(Comment.discussion)
            .where(Comment.author_id == user.id, Comment.state == CommentState.PUBLISHED, *_is_public())
            .options(selectinload(Comment.discussion), selectinload(Comment.question))
            .order_by(*Comment.newest_first())
            .limit(_MOST)
        )
    )


def _feed(title: str, address: str, own: str, author: str, entries: list[Entry]) -> Response:
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    updated = max((entry.updated for entry in entries), default=today)
    facts = {"title": title, "address": address, "own": own, "author": author, "updated": updated}
    body = text.for_xml(render_template("home/feed.xml", entries=entries, **facts))
    return _sent(body, "application/atom+xml; charset=utf-8")


def _sent(body: str, kind: str) -> Response:
    response = make_response(body)
    response.headers["Content-Type"] = kind
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    response.make_conditional(request)
    return response
