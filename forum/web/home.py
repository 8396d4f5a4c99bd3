"""The site's own pages: home, people, about, and what watchers of the service ask."""

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template
from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select, text
from sqlalchemy.orm import contains_eager, selectinload

from forum import access, clock, people
from forum.actions import silences
from forum.database import db
from forum.live import engine
from forum.models import Comment, CommentState, Discussion, Phase, Seat, User, Visibility
from forum.refusals import unknown
from forum.web.forms import signed_in

blueprint = Blueprint("home", __name__)

_NEWEST = 12
_MOST_LISTED = 50


@blueprint.get("/")
def home() -> str:
    """Show what is live now, coming up and past, and the newest comments of all that is live."""
    now = clock.now()
    # As `phase_at` has it, so that a page does not wait for the clock's job.
    begun = or_(Discussion.phase != Phase.ANNOUNCED, Discussion.starts_at <= now)
    over = or_(Discussion.phase == Phase.CLOSED, and_(begun, Discussion.ends_at <= now))
    latest, soonest = Discussion.latest_first(), Discussion.soonest_first()
    live = _listed(and_(begun, not_(over)), latest, 4 * _MOST_LISTED)
    coming = _listed(not_(begun), soonest, 4 * _MOST_LISTED)
    past = _listed(over, latest, _MOST_LISTED)
    return render_template(
        "home/home.html",
        live=live,
        coming=coming,
        past=past,
        newest=_newest(live, signed_in()),
        counts=_counts([d.id for d in live + past]),
    )


@blueprint.get("/people/<int:user_id>")
def person(user_id: int) -> str:
    """Show somebody's profile: who they are, where they sit and what they wrote, as far as the asker may know."""
    user = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    me = signed_in()
    if user is None or user.left_at is not None or not access.may_find(me, user):
        raise unknown()
    return render_template(
        "home/person.html",
        person=user,
        seats=_seats_of(user),
        comments=_comments_of(user),
        me=me,
        silent=_is_silent(me, user),
    )


def _seats_of(user: User) -> list[Seat]:
    found = (
        select(Seat)
        .join(Seat.discussion)
        .where(Seat.user_id == user.id, access.listed_for(signed_in()))
        .options(contains_eager(Seat.discussion))
        .order_by(Seat.id.desc())
    )
    return list(db.session.scalars(found))


def _comments_of(user: User) -> list[Comment]:
    found = (
        select(Comment)
        .join(Comment.discussion)
        .where(Comment.author_id == user.id, Comment.state == CommentState.PUBLISHED, access.listed_for(signed_in()))
        .options(contains_eager(Comment.discussion))
        .order_by(*Comment.newest_first())
        .limit(_MOST_LISTED)
    )
    return list(db.session.scalars(found))


def _is_silent(reader: User | None, other: User) -> bool:
    return reader is not None and other.id in silences.ids(reader)


@blueprint.get("/about")
def about() -> str:
    """Show what this site is, its rules, and how its pages are used."""
    return render_template("home/about.html")


@blueprint.get("/favicon.ico")
def icon() -> Response:
    """Return the mark for the browser's tab; every browser that runs this site draws SVG."""
    headers = {"Content-Type": "image/svg+xml", "Cache-Control": "public, max-age=604800"}
    return make_response(render_template("home/icon.svg"), 200, headers)


@blueprint.get("/healthz")
def alive() -> Response:
    """Say that this process answers, or that it is about to end: it is still heard for up to a second after SIGTERM.

    Caddy asks whoever has the fewest connections, and that is the one whose readers are being sent on.
    """
    said, status = ("going away\n", 503) if engine.is_closing() else ("ok\n", 200)
    return make_response(said, status, {"Content-Type": "text/plain", "Cache-Control": "no-store"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Say that the database answers too; 503 by the error handler when it does not."""
    db.session.execute(text("SELECT 1"))
    return make_response(jsonify(ready=True), 200, {"Cache-Control": "no-store"})


def _listed(stage: ColumnElement[bool], order: tuple[ColumnElement[Any], ...], most: int) -> list[Discussion]:
    """Return the discussions at this stage that the home page lists: public ones, and those the reader takes part in.

    Administrators could be named all others too; they find those by search.
    """
    reader = signed_in()
    named = Discussion.visibility == Visibility.PUBLIC
    if reader is not None:
        seated = exists().where(Seat.discussion_id == Discussion.id, Seat.user_id == reader.id)
        named = or_(named, Discussion.owner_id == reader.id, seated)
    found = (
        select(Discussion)
        .where(Discussion.phase != Phase.DRAFT, access.listed_for(reader), named, stage)
        .options(selectinload(Discussion.seats))
        .order_by(*order)
        .limit(most)
    )
    return list(db.session.scalars(found))


def _newest(live: list[Discussion], reader: User | None) -> list[tuple[Comment, people.Face]]:
    by_id = {discussion.id: discussion for discussion in live}
    found = select(Comment).where(Comment.discussion_id.in_(by_id), Comment.state == CommentState.PUBLISHED)
    if reader is not None:
        found = found.where(silences.is_read_by(reader))
    comments = db.session.scalars(found.order_by(Comment.id.desc()).limit(_NEWEST))
    return [(c, people.faces(by_id[c.discussion_id], [c])[c.id]) for c in comments]


def _counts(ids: list[int]) -> dict[int, int]:
    rows = db.session.execute(
        select(Comment.discussion_id, func.count())
        .where(Comment.discussion_id.in_(ids), Comment.state == CommentState.PUBLISHED)
        .group_by(Comment.discussion_id)
    )
    return {row[0]: row[1] for row in rows}
