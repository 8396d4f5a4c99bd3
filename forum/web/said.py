"""What hosts say in their own name: the announcement on top of the page, and summaries. Forms of the console."""

from flask import Blueprint, Response
from flask_babel import gettext as _

from forum.actions import announcements, questions, summaries
from forum.database import writing
from forum.web.console import done, staffed
from forum.web.forms import texts

blueprint = Blueprint("said", __name__, url_prefix="/d/<slug>")


@blueprint.post("/console/announcement")
def announce(slug: str) -> Response:
    """Put the text of the form on top of the page."""
    user, discussion = staffed(slug)
    words, seen = texts("announcement", "seen")
    with writing():
        announcements.announce(user, discussion, words, seen)
    return done(discussion, _("Everybody sees your announcement on top of the page now."), "#announcement")


@blueprint.post("/console/announcement/take-down")
def take_down(slug: str) -> Response:
    """Take the announcement off the page."""
    user, discussion = staffed(slug)
    (seen,) = texts("seen")
    with writing():
        announcements.take_down(user, discussion, seen)
    return done(discussion, _("The announcement is off the page."), "#announcement")


@blueprint.post("/console/summary")
def sum_up(slug: str) -> Response:
    """Put a summary on top of the whole, or take it away."""
    user, discussion = staffed(slug)
    words, seen = texts("summary", "seen")
    with writing():
        summaries.of_discussion(user, discussion, words, seen)
    return done(discussion, _("The summary is saved. Readers see it on top of the page."), "#summary")


@blueprint.post("/questions/<int:question_id>/summary")
def sum_up_question(slug: str, question_id: int) -> Response:
    """Put a summary on top of a question's answers, or take it away."""
    user, discussion = staffed(slug)
    words, seen = texts("summary", "seen")
    question = questions.find(discussion, question_id)
    with writing():
        summaries.of_question(user, question, words, seen)
    return done(discussion, _("The summary is saved. Readers see it under the question."), f"#question-{question_id}")
