"""What waits for one panelist, above the field on their own live page: calls, and held answers that can be released."""

from flask import current_app
from sqlalchemy import select

from forum.actions import calls
from forum.database import db
from forum.models import Discussion, HeldAnswer, Question


def html(discussion: Discussion, user_id: int) -> str:
    """Return the region of the live page that only `user_id` ever gets."""
    ready = db.session.scalars(
        select(Question)
        .join(HeldAnswer, HeldAnswer.question_id == Question.id)
        .where(HeldAnswer.discussion_id == discussion.id, HeldAnswer.user_id == user_id, Question.number.is_not(None))
        .order_by(Question.number.desc())
    ).all()
    template = current_app.jinja_env.get_template("partials/for_you.html").module
    tray = getattr(template, "tray")(discussion, calls.open_calls(discussion, user_id), ready)  # noqa: B009
    return str(tray).strip()
