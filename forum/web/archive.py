"""What stays of a discussion: how to keep and to cite it, its numbers, and a picture for whoever links to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, current_app, make_response, render_template

from forum import access
from forum.actions import rsvps
from forum.archive import card, citing, framing, statistics
from forum.config import Settings
from forum.live import stream
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Question, Visibility
from forum.web import silences
from forum.web.discussion import Found, find, send
from forum.web.words import site_name

blueprint = Blueprint("archive", __name__)

MOST_REPLAYED = 500


def public_url() -> str:
    """Return the public address of this site without a slash at the end."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.public_url


@blueprint.get("/d/<slug>/export")
def keep(slug: str) -> Response:
    """Show how to save and to cite a discussion."""
    found = find(slug)
    address = f"{public_url()}/d/{found.discussion.slug}"
    page = render_template(
        "discussion/export.html",
        discussion=found.discussion,
        scene=Scene.of(found.discussion),
        citations=citing.styles(found.discussion, address, site_name()),
        is_host=access.may(found.user, "discussion.edit", found.discussion),
        embed=None
        if found.discussion.visibility is Visibility.INVITED
        else framing.lines(found.discussion, public_url()),
    )
    return send(page, found)


@blueprint.get("/d/<slug>/statistics")
def numbers(slug: str) -> Response:
    """Show what can be counted."""
    found = find(slug)
    page = render_template(
        "discussion/statistics.html",
        discussion=found.discussion,
        scene=Scene.of(found.discussion),
        numbers=statistics.of(found.discussion),
        reach=_reach(found) if access.may(found.user, "console.open", found.discussion) else None,
    )
    return send(page, found)


def _reach(found: Found) -> dict[str, int]:
    """What only hosts see: who wanted to come, and who was reminded."""
    coming = {kind.value: count for kind, count in rsvps.counts(found.discussion).items()}
    seen = {"arrivals": found.discussion.arrivals, "peak": found.discussion.peak_readers}
    return coming | rsvps.reached(found.discussion) | seen


@dataclass(frozen=True)
class Moment:
    """One thing that happened: a question was asked, or a comment written."""

    at: datetime
    question: Question | None = None
    shown: Shown | None = None


@blueprint.get("/d/<slug>/replay")
def again(slug: str) -> Response:
    """Show a discussion as it unfolded, the first MOST_REPLAYED comments; without script it is all of them by time."""
    found = find(slug)
    scene = Scene.of(found.discussion)
    comments = stream.dress(found.discussion, stream.first(found.discussion, MOST_REPLAYED))
    moments = [Moment(shown.comment.posted_at, shown=shown) for shown in comments]
    moments += [Moment(question.asked_at, question=question) for question in scene.asked if question.asked_at]
    moments.sort(key=lambda moment: (moment.at, moment.shown is not None))
    begin = min((moment.at for moment in moments), default=found.discussion.starts_at)
    end = max((moment.at for moment in moments), default=found.discussion.over_at)
    page = render_template(
        "discussion/replay.html",
        silence_style=silences.style(found.user),
        discussion=found.discussion,
        scene=scene,
        parts=moments,
        begin=begin - timedelta(seconds=2),
        end=end + timedelta(seconds=2),
        cut=MOST_REPLAYED if scene.tally.comments > MOST_REPLAYED else 0,
    )
    return send(page, found)


@blueprint.get("/d/<slug>/card.png")
def picture(slug: str) -> Response:
    """Return the picture that other sites show beside a link to a public discussion."""
    discussion = find(slug).discussion
    access.require(None, "discussion.read", discussion)  # whoever asks: caches keep it for everybody
    response = make_response(card.draw(discussion.title, site_name()))
    response.headers["Content-Type"] = "image/png"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
