"""Which comments members find helpful: the small page that asks without script, and the press of either."""

from flask import Blueprint, Response, flash, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from forum import access, people
from forum.actions import comments, reactions
from forum.database import writing
from forum.extensions import limiter
from forum.models import CommentState
from forum.refusals import unknown
from forum.web.comments import by_writer, find, redirect_to, writer
from forum.web.errors import wants_json
from forum.web.forms import Fields, signed_in
from forum.web.guards import allowed, private

blueprint = Blueprint("reactions", __name__, url_prefix="/d/<slug>/comments/<int:comment_id>")


@blueprint.get("/helpful")
def ask(slug: str, comment_id: int) -> Response:
    """Show a comment with the button that says it is helpful, or no more."""
    discussion = find(slug)
    comment = comments.find(signed_in(), discussion, comment_id)
    if comment.state is not CommentState.PUBLISHED:
        raise unknown()
    member = signed_in()
    if member is None:  # they have only pressed a number
        return redirect_to(url_for("accounts.sign_in", next=request.path))
    access.require(member, "reaction.give", discussion, has_typed=False)
    page = render_template(
        "comments/helpful.html",
        discussion=discussion,
        comment=comment,
        face=people.face_of(comment),
        is_own=comment.author_id == member.id,
        is_given=reactions.finds_helpful(member, comment),
    )
    return private(page)


@blueprint.post("/helpful")
@limiter.limit("60/minute", key_func=by_writer)
def say(slug: str, comment_id: int) -> Response:
    """Find a comment helpful, or with `wants` = 0 no more. JSON `{id, helpful, seq}` (how many, as of when), or 303."""
    fields = Fields()
    wants = fields.number("wants") != 0
    fields.refuse()
    with writing():
        comment = comments.find(signed_in(), find(slug), comment_id)
        helpful = reactions.react(writer(), comment, wants=wants)
    if wants_json():
        return make_response(jsonify(id=comment_id, helpful=helpful, seq=comment.discussion.last_seq))
    flash(_("Counted: you find it helpful. The number follows in some seconds.") if wants else _("Taken back."))
    return redirect_to(f"/d/{slug}?around={comment_id}#c{comment_id}")


def style(given: list[int]) -> Markup:
    """Return the style that marks these comments where no script does, and let this answer's policy allow it."""
    if not given:
        return Markup()
    mine = ",".join(f"#c{number}" for number in given)
    return allowed(f":is({mine}) [data-action=helpful]:not([role]){{color:var(--link);text-decoration:underline}}")
