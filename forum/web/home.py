"""The site's own pages: home, people, about, and what watchers of the service ask."""

from flask import Blueprint, Response, jsonify, make_response, render_template
from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import selectinload

from forum import access, clock, people
from forum.actions import silences
from forum.database import db
from forum.live import engine
from forum.models import Comment, CommentState, Discussion, Phase, Seat, SiteRole, User, Visibility
from forum.refusals import unknown
from forum.web.forms import signed_in

blueprint = Blueprint("home", __name__)

_NEWEST = 12
_MOST_LISTED = 50


@blueprint.get("/")
def home() -> str:
    """Show what is live now, coming up and past, and the newest comments of all that is live."""
    now = clock.now()
    listed = [
        discussion
        for discussion in db.session.scalars(
            select(Discussion)
            .where(Discussion.phase != Phase.DRAFT, _listed(signed_in()))
            .options(selectinload(Discussion.seats))
            .order_by(Discussion.starts_at.desc())
            .limit(4 * _MOST_LISTED)
        )
        if access.may(signed_in(), "discussion.read", discussion)
    ]
    live = [d for d in listed if d.phase_at(now) in {Phase.LIVE, Phase.PAUSED}]
    coming = [d for d in listed if d.phase_at(now) is Phase.ANNOUNCED]
    past = [d for d in listed if d.phase_at(now) is Phase.CLOSED]
    return render_template(
        "home/home.html",
        live=live,
        coming=list(reversed(coming)),
        past=past[:_MOST_LISTED],
        newest=_newest(live),
        counts=_counts([d.id for d in live + past]),
    )


@blueprint.get("/people/<int:user_id>")
def person(user_id: int) -> str:
    """Show somebody's profile: who they are, where they sit and what they wrote, as far as the asker may know."""
    user = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    if user is None or user.left_at is not None:
        raise unknown()
    me = signed_in()
    seats, comments = _seats_of(user), _comments_of(user)
    # Somebody who has neither sat nor written anywhere the asker may look is nobody to them.
    is_known = me is not None and (me.id == user.id or me.role is SiteRole.ADMINISTRATOR)
    if not seats and not comments and not is_known:
        raise unknown()
    return render_template(
        "home/person.html", person=user, seats=seats, comments=comments, me=me, silent=_is_silent(me, user)
    )


def may_find_person(reader: User, other: User) -> bool:
    """Whether `reader` may know that `other` exists: both have been where the reader may look."""
    return bool(_seats_of(other) or _comments_of(other)) or reader.role is SiteRole.ADMINISTRATOR


def _seats_of(user: User) -> list[Seat]:
    found = select(Seat).where(Seat.user_id == user.id).options(selectinload(Seat.discussion)).order_by(Seat.id.desc())
    return [seat for seat in db.session.scalars(found) if _may_find(seat.discussion)]


def _comments_of(user: User) -> list[Comment]:
    found = (
        select(Comment)
        .where(Comment.author_id == user.id, Comment.state == CommentState.PUBLISHED)
        .options(selectinload(Comment.discussion))
        .order_by(Comment.id.desc())
        .limit(_MOST_LISTED)
    )
    return [comment for comment in db.session.scalars(found) if _may_find(comment.discussion)]


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
    said, status = ("going away\n", 503) if engine.is_draining() else ("ok\n", 200)
    return make_response(said, status, {"Content-Type": "text/plain", "Cache-Control": "no-store"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Say that the database answers too; 503 by the error handler when it does not."""
    db.session.execute(text("SELECT 1"))
    return make_response(jsonify(ready=True), 200, {"Cache-Control": "no-store"})


def _listed(reader: User | None):  # type: ignore[no-untyped-def]
    """Public discussions are listed for everybody, the others for who has a part in them."""
    if reader is None:
        return Discussion.visibility == Visibility.PUBLIC
    seated = exists().where(Seat.discussion_id == Discussion.id, Seat.user_id == reader.id)
    return or_(Discussion.visibility == Visibility.PUBLIC, Discussion.owner_id == reader.id, seated)


def _may_find(discussion: Discussion) -> bool:
    """Whether a list may name `discussion`: an unlisted one only to who has a seat there."""
    reader = signed_in()
    if not access.may(reader, "discussion.read", discussion):
        return False
    return discussion.visibility is Visibility.PUBLIC or access.role_of(reader, discussion) in access.SEATED_OR_MUTED


def _newest(live: list[Discussion]) -> list[tuple[Comment, people.Face]]:
    by_id = {discussion.id: discussion for discussion in live}
    comments = list(
        db.session.scalars(
            select(Comment)
            .where(Comment.discussion_id.in_(by_id), Comment.state == CommentState.PUBLISHED)
            .order_by(Comment.id.desc())
            .limit(_NEWEST)
        )
    )
    return [(c, people.faces(by_id[c.discussion_id], [c])[c.id]) for c in comments]


def _counts(ids: list[int]) -> dict[int, int]:
    rows = db.session.execute(
        select(Comment.discussion_id, func.count())
        .where(Comment.discussion_id.in_(ids), Comment.state == CommentState.PUBLISHED)
        .group_by(Comment.discussion_id)
    )
    return {row[0]: row[1] for row in rows}
