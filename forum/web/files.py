"""A whole discussion at once: the transcript on one page, and files to keep, sent while they are written."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app, get_template_attribute, render_template, request
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from forum import access
from forum.archive import export, linked, transcript
from forum.archive.transcript import Part
from forum.database import db
from forum.extensions import limiter
from forum.live import stream
from forum.live.scene import Scene
from forum.models import Discussion
from forum.refusals import invalid
from forum.web import silences
from forum.web.archive import public_url
from forum.web.comments import by_writer
from forum.web.discussion import find, send

blueprint = Blueprint("files", __name__)

# A page of so many comments is made in one go, and kept for the next visitor.
MOST_AT_ONCE = 400
# Where the comments stand in the page around them. No text of anybody's holds it, as its < is escaped.
_PLACE = "<!--parts-->"

# The end of the address, the format, and what a browser is told that it is.
KINDS = {
    "html": ("html", "text/html; charset=utf-8"),
    "md": ("markdown", "text/markdown; charset=utf-8"),
    "txt": ("text", "text/plain; charset=utf-8"),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "json": ("json", "application/json"),
    "epub": ("epub", "application/epub+zip"),
    "docx": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


@blueprint.get("/d/<slug>/transcript")
@limiter.limit("60/minute", key_func=by_writer)
def show_transcript(slug: str) -> Response:
    """Everything on one page that stands still: to print, search and read aloud. Query: order=time."""
    found = find(slug)
    order = request.args.get("order", "question")
    if order not in {"question", "time"}:
        raise invalid(order=_("“order” is either “question” or “time”."))
    scene = Scene.of(found.discussion)
    told = ""
    if scene.phase == "closed":  # search engines come for the archive
        first = stream.dress(found.discussion, stream.first(found.discussion, linked.MOST_COMMENTS))
        told = linked.posting(scene, public_url(), first)
    page = render_template(
        "discussion/transcript.html",
        scene=scene,
        discussion=found.discussion,
        order=order,
        linked=told,
        silence_style=silences.style(found.user),
    )
    before, after = page.split(_PLACE)
    if scene.tally.places.total() <= MOST_AT_ONCE:
        return send(before + "".join(_parts(scene, order)) + after, found)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    long = _Long(app, found.discussion.id, order, str(get_locale()))
    response = Response(long.pieces(before, after), content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    return response


@dataclass(frozen=True)
class _Long:
    """A page that is made while it is sent. By then the request is over and its session closed, so it has its own."""

    app: Flask
    discussion_id: int
    order: str
    locale: str

    def pieces(self, before: str, after: str) -> Iterator[bytes]:
        """Yield the page."""
        yield before.encode()
        with self.app.app_context(), force_locale(self.locale):
            scene = Scene.of(db.session.get_one(Discussion, self.discussion_id))
            for piece in _parts(scene, self.order):
                yield piece.encode("utf-8", "replace")
        yield after.encode()


def _parts(scene: Scene, order: str) -> Iterator[str]:
    """Yield the comments by question or by time, each question with its head."""
    begin = get_template_attribute("partials/transcript.html", "begin")
    printed = get_template_attribute("partials/comment.html", "printed")
    base = f"/d/{scene.discussion.slug}/c/"
    by_time = order == "time"
    found = [Part(None, transcript.all_of(scene, "time"))] if by_time else transcript.parts(scene)
    for part in found:
        if part.question is None and not by_time and not scene.tally.places[None]:
            continue
        yield str(begin(part.question, scene, by_time))
        for shown in part.comments:
            yield f"{printed(shown, scene, base, with_question=by_time)}\n"
        yield "</ol></section>\n"


@blueprint.get("/d/<slug>/export.<any(html, md, txt, csv, json, epub, docx):kind>")
@limiter.limit("30/minute", key_func=by_writer)
def file(slug: str, kind: str) -> Response:
    """Return a discussion as a file, a piece at a time. Hosts get the discussion file with everything that makes it."""
    found = find(slug)
    form, content_type = KINDS[kind]
    for_hosts = access.may(found.user, "discussion.edit", found.discussion)
    written = _file(current_app._get_current_object(), found.discussion.id, form, for_hosts=for_hosts)  # type: ignore[attr-defined]
    response = Response(written, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{found.discussion.slug}.{kind}"'
    response.headers["Cache-Control"] = "private, no-cache"
    # What is opened from here must not be able to do anything in our name.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    )
    return response


def _file(app: Flask, discussion_id: int, form: str, *, for_hosts: bool) -> Iterator[bytes]:
    """Yield the file while it is sent. By then the request is over and its session closed, so this has its own."""
    with app.app_context():
        discussion = db.session.get_one(Discussion, discussion_id)
        yield from export.encoded(form, discussion, public_url(), for_hosts=for_hosts)
