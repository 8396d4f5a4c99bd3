"""The discussion's page in all its lives, and the pieces of it that scripts ask for."""

from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import NamedTuple

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from forum import access, audience, speaking, text
from forum.access import Role
from forum.actions import drafts, highlights, posting, reactions
from forum.archive import calendar, linked, names
from forum.database import db
from forum.live import broadcast, for_you, fragments, log, pages, stream, waiting
from forum.live import scene as scenes
from forum.live.scene import Scene
from forum.models import CalledOff, Comment, CommentState, Discussion, Draft, User, Visibility
from forum.refusals import Refused, invalid, unknown
from forum.web import assets, silences
from forum.web import reactions as reacting
from forum.web.event import address_of_event
from forum.web.view import View, whole

blueprint = Blueprint("discussion", __name__)


@blueprint.record_once
def _install(state: object) -> None:
    app: Flask = state.app  # type: ignore[attr-defined]
    assets.init_app(app, Path(app.static_folder or ""))
    pages.install(app)


class Found(NamedTuple):
    """A discussion that the reader may see, and who they are to it."""

    discussion: Discussion
    user: User | None
    role: Role


def find(slug: str) -> Found:
    """Return the discussion at /d/<slug>. Raises Refused (404) for whoever may not know of it."""
    user = current_user._get_current_object() if current_user.is_authenticated else None
    discussion = Discussion.with_slug(slug)
    if discussion is None:
        raise unknown()
    found = Found(discussion, user, access.require(user, "discussion.read", discussion))
    # Said of every answer about it, in guards: a file, a feed and a picture have no <meta> that could say so.
    g.is_kept_from_search_engines = discussion.visibility is not Visibility.PUBLIC
    speaking.speak(speaking.of_discussion(discussion))  # one page, and what is pushed to it, for everybody
    return found


def send(body: str, found: Found, kind: str = "text/html; charset=utf-8") -> Response:
    """Answer with what a visitor's browser may have too; a page for everybody is kept whole."""
    response = make_response(body)
    response.headers["Content-Type"] = kind
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    if found.user is None and not session:
        pages.keep(found.discussion)
    return response


@blueprint.get("/d/<slug>")
def show(slug: str) -> Response:
    """The page. Query: order=time, show=q2|general, before, around, reply, refresh, text."""
    found = find(slug)
    view = View.asked_for(found.discussion)
    scene = Scene.of(found.discussion)
    texts = _typed(found)
    typed = texts[0] if texts else None
    reply = view.reply or _replied(found, typed)
    inner = _inner(scene, view)
    if found.user is not None:
        # Without script nothing marks one's own comments; a comment's text cannot contain this, as its < is escaped.
        inner = inner.replace(f'<li data-author="{found.user.id}" ', f'<li data-author="{found.user.id}" data-mine ')
    before, after = inner.split("<!--composer-->")
    helpful = reactions.mine_in(found.user, found.discussion) if found.user else reactions.Mine()
    page = render_template(
        "discussion/show.html",
        scene=scene,
        discussion=found.discussion,
        view=view,
        role=found.role,
        status=fragments.status(scene),
        before=before,
        after=after,
        reply=reply,
        typed=typed,
        also_typed=texts[1:],
        barred=access.barred(found.user, found.role, found.discussion),
        for_whom=[face for face in scene.seated if face.is_panel]
        if found.user and access.may(found.user, "comment.post_for", found.discussion)
        else [],
        silence_style=silences.style(found.user),
        helpful=helpful,
        votes=audience.voted(found.discussion, found.user) if found.user and found.discussion.takes_proposals else [],
        helpful_style=reacting.style(helpful.given),
        # Search engines come for the archive; a live page stays as light as it can be.
        linked=linked.posting(scene, current_app.config["SETTINGS"].public_url)
        if scene.phase == "closed" and view.is_live
        else "",
        event_address=address_of_event(found.user, found.discussion),
        edit_minutes=current_app.config["SETTINGS"].edit_window_minutes,
        waiting=waiting.items(found.discussion, found.user.id) if found.user else [],
        tray=for_you.html(found.discussion, found.user.id) if found.user and found.role is Role.PANELIST else "",
        writes=view.refresh is None and (scene.phase != "closed" or scene.late_until is not None),
    )
    return send(page, found)


_MOST_KEPT = 60
_MOST_CHARACTERS = 24_000_000
_kept: OrderedDict[tuple[object, ...], str] = OrderedDict()


def _inner(scene: Scene, view: View) -> str:
    """Return what is the same for every reader, rendered once until the discussion or the minute changes."""
    discussion = scene.discussion
    key = (
        discussion.id, discussion.epoch, discussion.last_seq, scene.phase, discussion.ends_at, view.key(),
        int(scene.now.timestamp() // 60), str(get_locale()), current_app.config["SETTINGS"].database,
    )  # fmt: skip
    inner = _kept.get(key)
    if inner is None:
        inner = render_template("discussion/inner.html", scene=scene, view=view, **view.lists(scene))
        _kept[key] = inner
        while len(_kept) > _MOST_KEPT or sum(map(len, _kept.values())) > _MOST_CHARACTERS:
            _kept.popitem(last=False)
    return inner


def _typed(found: Found) -> list[Draft]:
    """Return what this browser typed and could not post (without script): what `?draft=` names, then the newest."""
    holder = session.get("draft_holder") if session else None
    texts = drafts.kept(found.discussion, holder) if holder else []
    wanted = whole("draft", 1, 2**31 - 1) if texts else None
    return sorted(texts, key=lambda text: text.id != wanted)


def _replied(found: Found, typed: Draft | None) -> Comment | None:
    """Return what the kept text replies to, if that still stands; `?reply=` without a number makes it no reply."""
    if typed is None or typed.reply_to is None or "reply" in request.args:
        return None
    return posting.answerable(found.discussion, typed.reply_to)


@blueprint.get("/d/<slug>/recent")
def recent(slug: str) -> Response:
    """The list of the newest comments, as on the page."""
    found = find(slug)
    return send(scenes.recent_list(Scene.of(found.discussion)), found)


@blueprint.get("/d/<slug>/comments")
def earlier(slug: str) -> Response:
    """A piece of a list as JSON `{html, left}`. Query: question (number, empty, "time"), before, limit."""
    found = find(slug)
    discussion = found.discussion
    where = _where(discussion, request.args.get("question", ""))
    before, limit = whole("before", 1, 2**31 - 1), whole("limit", 1, 200) or 50
    comments = stream.before(discussion, where, before, limit)
    scene = Scene.of(discussion)
    html = "\n".join(scenes.comment_html(shown, scene) for shown in stream.dress(discussion, comments))
    left = stream.count_before(discussion, where, comments[0].id) if comments else 0
    response = jsonify(html=html, left=left)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _where(discussion: Discussion, asked: str) -> stream.Where:
    if asked in {"", "time"}:
        return asked or None
    question = next((q for q in discussion.questions if q.number and str(q.number) == asked), None)
    if question is None:
        raise invalid(question=_("Give the number of a question that has been asked, or leave it empty."))
    return question.id


@blueprint.get("/d/<slug>/events")
def events(slug: str) -> Response:
    """The log after `after`, for readers without a socket."""
    found = find(slug)
    after = whole("after", 0, 2**53)
    if after is None:
        raise invalid(after=_("Say after which event: a whole number."))
    heard = broadcast.audiences(found.user.id if found.user else None, found.role)
    since = log.since(found.discussion, after, request.args.get("epoch", ""), set(heard))
    rendered = fragments.render(found.discussion, since.events) if since.events else []
    response = jsonify(epoch=since.epoch, seq=since.seq, reload=since.reload, events=rendered)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/d/<slug>/c/<int:comment_id>")
def permalink(slug: str, comment_id: int) -> Response:
    """Lead to one comment with its surroundings."""
    found = find(slug)
    comment_of(found.discussion, comment_id)
    return make_response(redirect(f"/d/{found.discussion.slug}?around={comment_id}#c{comment_id}", 303))


def comment_of(discussion: Discussion, comment_id: int) -> Comment:
    """Return a comment of `discussion` that has a place on its page. Raises Refused (404)."""
    comment = db.session.get(Comment, comment_id) if 0 < comment_id < 2**31 else None
    if comment is None or comment.discussion_id != discussion.id or comment.state is CommentState.HELD:
        raise unknown()
    return comment


@blueprint.get("/d/<slug>/highlights")
def show_highlights(slug: str) -> Response:
    """The comments that the hosts point out."""
    found = find(slug)
    page = render_template(
        "discussion/highlights.html",
        scene=Scene.of(found.discussion),
        discussion=found.discussion,
        comments=stream.dress(found.discussion, highlights.listed(found.user, found.discussion)),
        silence_style=silences.style(found.user),
    )
    return send(page, found)


@blueprint.get("/d/<slug>/feed.atom")
def feed(slug: str) -> Response:
    """The newest comments as a feed, of one question alone with `?question=2`."""
    found = find(slug)
    number = whole("question", 1, 1000)
    where = _where(found.discussion, str(number) if number else "time")
    comments = stream.latest(found.discussion, where, 50)
    name = partial(names.tag, found.discussion, site=current_app.config["SETTINGS"].public_url)
    changes = [comment.edited_at or comment.posted_at for comment in comments]
    page = render_template(
        "discussion/feed.xml",
        discussion=found.discussion,
        question=number,
        comments=stream.dress(found.discussion, comments),
        own=name("question", where) if isinstance(where, int) else name(),
        name=name,
        updated=max(changes, default=found.discussion.created_at),
        site=current_app.config["SETTINGS"].public_url,
    )
    return send(text.for_xml(page), found, "application/atom+xml; charset=utf-8")


@blueprint.get("/d/<slug>/calendar.ics")
def calendar_entry(slug: str) -> Response:
    """The discussion as one entry for a calendar, to download or to subscribe to."""
    site = current_app.config["SETTINGS"].public_url
    try:
        found = find(slug)
    except Refused as refusal:
        # A draft is as if it were not; but whoever was given this entry is told that it will not take place.
        off = CalledOff.at_address(slug) if refusal.status == 404 and len(slug) <= 80 and "\0" not in slug else None
        if off is None:
            raise
        response = make_response(calendar.called_off(off, site))
        response.headers["Content-Type"] = "text/calendar; charset=utf-8"
        response.headers["Cache-Control"] = "private, no-cache"
    else:
        response = send(calendar.entry(found.discussion, site), found, "text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.ics"'
    return response
