"""A discussion inside other sites' pages: to read only, the same for everybody, without session and without buttons."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _

from forum import access, speaking
from forum.archive import card, framing
from forum.live import pages, stream
from forum.live.scene import Scene
from forum.models import Discussion, Question, Visibility
from forum.refusals import Refused, invalid, unknown
from forum.web import moved
from forum.web.archive import public_url
from forum.web.view import whole
from forum.web.words import site_name

blueprint = Blueprint("embed", __name__)

MOST = 40


def _public(discussion: Discussion | None) -> Discussion:
    """Return a discussion that everybody may read, whoever asks: a frame in a stranger's page shows nobody more."""
    if discussion is None or discussion.visibility is Visibility.INVITED:
        raise unknown()
    access.require(None, "discussion.read", discussion)
    speaking.speak(speaking.of_discussion(discussion))
    return discussion


@blueprint.get("/d/<slug>/embed")
def show(slug: str) -> Response:
    """Show the open question's newest answers (else those of all), or with `?question=2` of one, for a frame."""
    discussion = _public(Discussion.with_slug(slug))
    scene = Scene.of(discussion)
    question = _question(scene, whole("question", 1, 1000))
    where: stream.Where = question.id if question else "time"
    comments = stream.dress(discussion, stream.latest(discussion, where, MOST)[::-1])
    g.is_embed = True
    page = render_template(
        "discussion/embed.html", discussion=discussion, scene=scene, question=question, comments=comments, seconds=60
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    pages.keep(discussion)
    return response


def _question(scene: Scene, number: int | None) -> Question | None:
    if number is None:
        return scene.open
    found = next((question for question in scene.asked if question.number == number), None)
    if found is None:
        raise invalid(question=_("Give the number of a question that has been asked, or leave it out."))
    return found


@blueprint.get("/embed.js")
def script() -> Response:
    """The one line for other sites: it makes the frame, and lets it grow with what is in it."""
    path = Path(current_app.static_folder or "") / "built" / "frame.js"
    response = make_response(path.read_text(encoding="utf-8"))
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/oembed")
def describe() -> Response:
    """Answer sites that ask how to show a link of ours (oembed.com). Query: url, maxwidth, maxheight, format (json)."""
    if request.args.get("format", "json") != "json":
        raise Refused("not_implemented", _("This server describes its pages as JSON only."), 501)
    try:
        parts = urlsplit(request.args.get("url", "")[:2000].replace("\0", ""))
    except ValueError as error:
        raise unknown() from error
    place = parts.path.strip("/").split("/")
    ours = urlsplit(public_url()).netloc
    if parts.scheme not in {"http", "https"} or parts.netloc not in {ours, request.host} or place[:1] != ["d"]:
        raise unknown()
    discussion = _public(moved.at(place[1] if len(place) > 1 else ""))
    widest, highest = whole("maxwidth", 1, 10_000) or 10_000, whole("maxheight", 1, 10_000) or 10_000
    width, height = min(framing.WIDTH, widest), min(framing.HEIGHT, highest)
    # The limits hold for the picture too (oembed.com, 2.2), and it has one size only.
    picture: dict[str, object] = {}
    if widest >= card.SIZE[0] and highest >= card.SIZE[1]:
        picture = {
            "thumbnail_url": f"{public_url()}/d/{discussion.slug}/card.png",
            "thumbnail_width": card.SIZE[0],
            "thumbnail_height": card.SIZE[1],
        }
    response = jsonify(
        version="1.0",
        type="rich",
        title=discussion.title,
        provider_name=site_name(),
        provider_url=public_url(),
        html=framing.frame(discussion, public_url(), width, height),
        width=width,
        height=height,
        cache_age=3600,
        **picture,
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
