"""Held answers: saved while they are typed, and released when their question is asked. Their writer's alone."""

from flask import Blueprint, Response
from flask_babel import gettext as _

from forum.actions import held, questions
from forum.actions.merging import marks
from forum.database import once_more, writing
from forum.extensions import limiter
from forum.models import Discussion, User
from forum.refusals import Refused, Stale
from forum.web.backstage import done, entered
from forum.web.comments import by_writer
from forum.web.forms import Fields

blueprint = Blueprint("held", __name__, url_prefix="/d/<slug>/backstage")


@blueprint.post("/answers/<int:question_id>")
@limiter.limit("120/minute", key_func=by_writer)
def hold(slug: str, question_id: int) -> Response:
    """Keep an answer to a question: fields body (an empty one forgets it), and seen, marks of what the page shows."""
    user, discussion = entered(slug)
    fields = Fields()
    body, seen = fields.text("body"), fields.seen() or ""
    fields.refuse()
    kept = once_more(lambda: held.hold(user, questions.find(discussion, question_id), body, seen))
    seen = marks({"body": kept.body if kept else ""})
    notice = _("Kept. Only you can read it.") if kept else _("Nothing is held for this question any more.")
    return done(discussion, notice, f"#held-{question_id}", seen=seen)


@blueprint.post("/answers/<int:question_id>/release")
@limiter.limit("20/minute;300/hour", key_func=by_writer)
def release(slug: str, question_id: int) -> Response:
    """Post what is held: fields key, and body when the page shows a newer text than was kept, with seen as `hold`."""
    user, discussion = entered(slug)
    fields = Fields()
    key, body, seen = fields.text("key"), fields.text("body"), fields.seen() or ""
    fields.refuse()
    try:
        with writing():
            comment = held.release(user, questions.find(discussion, question_id), key, body, seen)
            comment_id = comment.id
    except Stale:
        raise  # kept, it would take the place of what was written elsewhere
    except Refused:
        _keep(user, discussion, question_id, body)
        raise
    return done(discussion, _("Your answer is posted."), f"#held-{question_id}", id=comment_id)


@blueprint.post("/held/<int:held_id>/forget")
def forget(slug: str, held_id: int) -> Response:
    """Throw away a text whose question is gone."""
    user, discussion = entered(slug)
    with writing():
        held.forget(user, discussion, held_id)
    return done(discussion, _("The text is thrown away."))


def _keep(user: User, discussion: Discussion, question_id: int, body: str) -> None:
    """A refusal costs no text: what was typed last is held instead of posted, where it may be."""
    if not body.strip():
        return
    try:
        with writing():
            held.hold(user, questions.find(discussion, question_id), body)
    except Refused:
        return
