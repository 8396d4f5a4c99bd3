"""The console's queue and its escalation: thin views over `actions`. Every button is a plain form."""

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_babel import ngettext

from forum.actions import comments, escalation, queue
from forum.actions.escalation import Rules
from forum.database import writing
from forum.models import Comment, Decision, User
from forum.web.console import done, staffed
from forum.web.forms import Fields, texts

blueprint = Blueprint("queue", __name__, url_prefix="/d/<slug>/console")


@blueprint.post("/queue/<int:comment_id>/<any(approve, reject, claim, release, undo):verb>")
def decide(slug: str, comment_id: int, verb: str) -> Response:
    """Approve, reject, claim or release a comment of the queue, or take a decision back."""
    user, discussion = staffed(slug)
    fields = Fields()
    reason, seen = fields.text("reason"), fields.seen()
    fields.refuse()
    with writing():
        notice = _do(verb, user, comments.find(user, discussion, comment_id), reason, seen)
    return done(discussion, notice, "#queue")


def _do(verb: str, user: User, comment: Comment, reason: str, seen: str | None) -> str:
    """Take one step in the queue and return what to tell whoever took it."""
    notice: str
    if verb == "approve":
        is_kept = queue.approve(user, comment, seen).decision is Decision.KEPT
        notice = _("The comment stays.") if is_kept else _("The comment is on the page.")
    elif verb == "reject":
        is_hidden = queue.reject(user, comment, reason, seen).decision is Decision.HIDDEN
        notice = _("The comment is hidden.") if is_hidden else _("It is rejected. Its writer reads your reason.")
    elif verb == "claim":
        queue.claim(user, comment)
        notice = _("It is yours for two minutes. The others see that.")
    elif verb == "release":
        queue.release(user, comment)
        notice = _("The others can take it now.")
    else:
        queue.undo(user, comment, seen)
        notice = _("The comment waits in the queue again.")
    return notice


@blueprint.post("/people/<int:user_id>/hide")
def hide_all(slug: str, user_id: int) -> Response:
    """Hide everything by one person in this discussion."""
    user, discussion = staffed(slug)
    (reason,) = texts("reason")
    with writing():
        hidden = queue.hide_all(user, discussion, queue.writer_in(discussion, user_id), reason)
    words = ngettext("%(num)s comment is hidden or rejected.", "%(num)s comments are hidden or rejected.", hidden)
    return done(discussion, words, "#queue")


@blueprint.post("/escalation")
def escalate(slug: str) -> Response:
    """Choose the step of the escalation."""
    user, discussion = staffed(slug)
    fields = Fields()
    level, seconds = fields.text("level"), fields.number("slow_mode_seconds")
    fields.refuse()
    with writing():
        safeguards = escalation.set_level(user, discussion, level, seconds)
        notice = {
            "open": _("Everybody can write as they like."),
            "slow": _("Slow mode: everybody can write once every %(n)s seconds.", n=safeguards.slow_mode_seconds),
            "newcomers": _("Comments of newcomers wait for you now."),
            "everyone": _("Every comment waits for you now, except those of hosts and panel."),
        }[safeguards.level.value]
    return done(discussion, notice)


@blueprint.post("/rules")
def set_rules(slug: str) -> Response:
    """Choose what is held whatever the escalation says."""
    user, discussion = staffed(slug)
    fields = Fields()
    rules = Rules(
        hold_first=bool(fields.text("hold_first")),
        hold_links=bool(fields.text("hold_links")),
        words=fields.text("words"),
        hide_after_flags=fields.number("hide_after_flags") or 0,
    )
    fields.refuse()
    with writing():
        escalation.set_rules(user, discussion, rules, request.form.get("seen", ""))
    return done(discussion, _("The rules are saved. They count for what is written from now on."), "#rules")
