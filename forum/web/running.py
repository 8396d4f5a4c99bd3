"""The run of an event, as forms of the console: its times, the tray of prepared texts, and its rehearsal."""

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, url_for
from flask_babel import gettext as _

from forum import clock
from forum.actions import pacing, questions, rehearsals, snippets
from forum.database import writing
from forum.models import Discussion, Phase
from forum.refusals import invalid
from forum.web import errors
from forum.web.console import done, moved_already, staffed
from forum.web.forms import numbers, texts

blueprint = Blueprint("running", __name__, url_prefix="/d/<slug>")


@blueprint.post("/questions/<int:question_id>/lengthen")
def lengthen(slug: str, question_id: int) -> Response:
    """Give the open question more time; the form names the length it showed, so pressing twice adds once."""
    user, discussion = staffed(slug)
    minutes, seen = numbers("minutes", "seen")
    question = questions.find(discussion, question_id)
    if minutes is None:
        raise invalid(minutes=_("Say by how many minutes."))
    with writing():
        has_more = pacing.lengthen(user, question, minutes, seen)
    if not has_more:
        return done(discussion, moved_already(), f"#question-{question_id}")
    return done(discussion, _("The question has %(n)s minutes more.", n=minutes), f"#question-{question_id}")


@blueprint.post("/console/shift")
def shift(slug: str) -> Response:
    """Move the planned times of all questions to come."""
    user, discussion = staffed(slug)
    minutes, seen = numbers("minutes", "seen")
    if minutes is None or seen is None:
        raise invalid(minutes=_("Say by how many minutes."))
    with writing():
        are_there = pacing.shift(user, discussion, minutes, seen)
    if not are_there:
        return done(discussion, moved_already())
    return done(discussion, _("The questions to come are planned %(n)s minutes later.", n=minutes))


@blueprint.post("/console/silence")
def set_silence(slug: str) -> Response:
    """Choose when the console says that it has become quiet."""
    user, discussion = staffed(slug)
    (minutes,) = numbers("silence_minutes")
    if minutes is None:
        raise invalid(silence_minutes=_("Say after how many minutes; 0 is never."))
    with writing():
        pacing.set_silence(user, discussion, minutes)
    if not minutes:
        return done(discussion, _("The console no longer says when it is quiet."))
    return done(discussion, _("The console says so when nobody has written for %(n)s minutes.", n=minutes))


@blueprint.post("/console/snippets/new")
def add_snippet(slug: str) -> Response:
    """Put a prepared text into the tray."""
    user, discussion = staffed(slug)
    label, words = texts("label", "words")
    with writing():
        snippets.add(user, discussion, label, words)
    return done(discussion, _("The text is in the tray."), "#tray")


@blueprint.post("/console/snippets/usual")
def add_usual(slug: str) -> Response:
    """Fill an empty tray."""
    user, discussion = staffed(slug)
    with writing():
        snippets.add_usual(user, discussion)
    return done(discussion, _("Four texts are in the tray."), "#tray")


@blueprint.post("/console/snippets/<int:snippet_id>/post")
def post_snippet(slug: str, snippet_id: int) -> Response:
    """Post a prepared text as a comment of this host."""
    user, discussion = staffed(slug)
    (seen,) = numbers("seen")
    if seen is None:
        raise invalid(seen=_("The page sent too little. Load it again, and press once more."))
    with writing():
        snippets.post(user, discussion, snippet_id, seen)
    return done(discussion, _("It is posted."), "#tray")


@blueprint.post("/console/snippets/<int:snippet_id>/remove")
def remove_snippet(slug: str, snippet_id: int) -> Response:
    """Take a prepared text out of the tray."""
    user, discussion = staffed(slug)
    with writing():
        snippets.remove(user, discussion, snippet_id)
    return done(discussion, _("The text is out of the tray."), "#tray")


@blueprint.post("/console/rehearse")
def rehearse(slug: str) -> Response:
    """Begin a rehearsal, or go to the one that is under way."""
    user, discussion = staffed(slug)
    with writing():
        rehearsal = rehearsals.begin(user, discussion)
        phase = rehearsal.phase_at(clock.now())
    if phase is Phase.CLOSED:
        words = _("The rehearsal is over, and still here. Open it again, or end it and begin another.")
    elif phase is Phase.PAUSED:
        words = _("The rehearsal is paused. Let it go on with “Resume”.")
    else:
        words = _("The rehearsal is open. Only hosts and panel know of it; try everything.")
    return _to(rehearsal, words)


@blueprint.post("/console/rehearsal/end")
def end_rehearsal(slug: str) -> Response:
    """Throw a rehearsal away and go back to what it was one of."""
    user, rehearsal = staffed(slug)
    with writing():
        discussion = rehearsals.end(user, rehearsal)
    return _to(discussion, _("The rehearsal is thrown away, with everything that was written in it."))


def _to(discussion: Discussion, notice: str) -> Response:
    """Go to the console of another discussion."""
    address = url_for("console.show", slug=discussion.slug)
    if errors.wants_json():
        return jsonify(notice=notice, seq=discussion.last_seq, address=address)
    flash(notice)
    return make_response(redirect(address, 303))
