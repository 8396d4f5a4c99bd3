"""Posting, previewing, editing and moderating comments: thin views over `actions`."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request, session
from flask_babel import gettext as _

from forum import access, people, speaking
from forum.actions import again, comments, drafts, flags, highlights, moderation, sanctions
from forum.actions.comments import CommentDraft
from forum.actions.posting import written
from forum.database import writing
from forum.extensions import limiter
from forum.live import fragments
from forum.models import Comment, CommentState, Discussion, User
from forum.refusals import Refused, unknown
from forum.web import desk, throttles
from forum.web.desk import Sheet
from forum.web.errors import wants_json
from forum.web.forms import Fields, sent_key, signed_in
from forum.web.guards import private

blueprint = Blueprint("comments", __name__)


def writer() -> User:
    """Return the signed-in user. Raises Refused (sign_in) for a visitor."""
    user = signed_in()
    if user is None:
        raise Refused("sign_in", _("Sign in to do this. What you typed is kept for you."))
    return user


def find(slug: str) -> Discussion:
    """Return the discussion at /d/<slug> if the reader may know of it. Raises Refused (404)."""
    discussion = unchecked(slug)
    access.require(signed_in(), "discussion.read", discussion)
    return discussion


def unchecked(slug: str) -> Discussion:
    """Return the discussion at /d/<slug> for an action that asks itself who may know of it. Raises Refused (404)."""
    discussion = Discussion.with_slug(slug)
    if discussion is None:
        raise unknown()
    return discussion


def admitted(slug: str, verb: str) -> tuple[User, Discussion]:
    """Return the person of this request and the discussion at /d/<slug>, if they may do `verb` there.

    Raises Refused (404) for everybody else, whether it exists or not.
    """
    user, discussion = signed_in(), unchecked(slug)
    if user is None or not access.may(user, verb, discussion):
        raise unknown()
    return user, discussion


def by_writer() -> str:
    """Limits are per person, and per address for visitors."""
    user = signed_in()
    return f"user:{user.id}" if user else throttles.visitor()


@blueprint.post("/d/<slug>/comments")
@limiter.limit(comments.PACE, key_func=by_writer)
def post(slug: str) -> Response:
    """Post a comment: fields body, question (number), reply_to, key, for (whom a host types). 201 JSON, or 303."""
    fields = Fields()
    draft = CommentDraft(
        body=fields.text("body"),
        question=fields.number("question"),
        reply_to=fields.number("reply_to"),
        key=fields.text("key") or secrets.token_hex(16),
    )
    spoken_for = fields.number("for")
    shown = fields.number("kept")
    fields.refuse()
    if "preview" in request.form and not wants_json():
        return _preview_page(slug, draft, spoken_for, shown)
    form = _form(slug, shown)
    if "discard" in request.form and not wants_json():
        return _discard(slug, form)
    if signed_in() is None:
        return _keep_for_visitor(slug, form, draft, spoken_for)
    try:
        return _post(slug, form, draft, spoken_for)
    except Refused as refusal:
        if "reply_to" in refusal.fields:
            draft = replace(draft, reply_to=None)  # or every text from now on would be refused for it
        _keep(slug, form, draft, spoken_for)
        raise


# A visitor's form comes from the page that is the same for everybody; see web.guards.
post.visitors_need_no_token = True  # type: ignore[attr-defined]


def _form(slug: str, shown: int | None) -> drafts.Form | None:
    """Return the form of this request as `drafts` know it; None where nothing of this browser is kept, and need be."""
    if not wants_json():
        return drafts.Form(session.get("draft_holder") or secrets.token_urlsafe(18), sent_key(), shown)
    holder = session.get("draft_holder")
    if holder is None:
        return None
    # A script makes a key for each text, and begins with the newest kept text.
    newest = drafts.kept(find(slug), holder)[:1]
    return drafts.Form(holder, sent_key(), newest[0].id if newest else None)


def _discard(slug: str, form: drafts.Form | None) -> Response:
    """Throw a kept text away, and show the page without it."""
    with writing():
        discussion = find(slug)
        if form is not None:
            drafts.forget(discussion, form, request.form.get("body", ""))
    return redirect_to(f"/d/{slug}#say")


def _post(slug: str, form: drafts.Form | None, draft: CommentDraft, spoken_for: int | None) -> Response:
    if spoken_for is not None:
        return _post_for(slug, form, draft, spoken_for)
    if not wants_json():
        draft = again.as_sent(writer(), find(slug), draft)
    form = form if "draft_holder" in session else None  # most have nothing kept, and are asked for nothing
    receipt = desk.hand_in(slug, Sheet(writer().id, draft, form, wants_json(), speaking.tag()))
    if not wants_json():
        return redirect_to(f"/d/{slug}#c{receipt.id}")
    said = {"id": receipt.id, "seq": receipt.seq, "state": receipt.state, "html": receipt.html}
    return make_response(jsonify(said), 201 if receipt.is_new else 200)


def _post_for(slug: str, form: drafts.Form | None, draft: CommentDraft, spoken_for: int) -> Response:
    """Post what a host or moderator has written down for somebody of the panel."""
    with writing():
        discussion, typist = unchecked(slug), writer()
        author = comments.spoken_for(typist, discussion, spoken_for)
        if not wants_json():
            draft = again.as_sent(author, discussion, draft)
        comment = comments.post(author, discussion, draft, typist=typist)
        if form is not None:
            drafts.forget(discussion, form, draft.body)
    status = 201 if comment.is_new else 200
    return _answer(comment, status, f"/d/{slug}#c{comment.id}", comment.told_at_seq)


def _keep_for_visitor(slug: str, form: drafts.Form | None, draft: CommentDraft, spoken_for: int | None) -> Response:
    """Keep what a visitor typed and lead them to sign up; they come back to it."""
    written(draft.body, find(slug))
    if wants_json():
        raise Refused("sign_in", _("Sign in to post this. Your text is kept on this device."))
    _keep(slug, form, draft, spoken_for)
    return redirect_to(f"/sign-up?next=/d/{slug}%23say")


def _keep(slug: str, form: drafts.Form | None, draft: CommentDraft, spoken_for: int | None) -> None:
    """Keep a text that was not posted, for browsers that cannot keep it themselves."""
    if form is None or wants_json() or not draft.body.strip():
        return
    if (user := signed_in()) is not None:
        session["draft_of"] = user.id  # nobody else who signs in here reads it (`signing.enter`)
    elif session.pop("draft_of", None) is not None:
        form = replace(form, holder=secrets.token_urlsafe(18))  # a visitor's stays theirs, whoever they are
    session["draft_holder"] = form.holder
    with writing():
        drafts.keep(find(slug), form, draft, spoken_for)


def _preview_page(slug: str, draft: CommentDraft, spoken_for: int | None, shown: int | None) -> Response:
    discussion = find(slug)
    _source, html = written(draft.body, discussion)
    for_whom = comments.spoken_for(writer(), discussion, spoken_for) if spoken_for is not None else None
    return make_response(
        render_template(
            "comments/preview.html", discussion=discussion, draft=draft, html=html, for_whom=for_whom, kept=shown
        )
    )


@blueprint.post("/d/<slug>/preview")
@limiter.limit("60/minute", key_func=by_writer)
def preview(slug: str) -> Response:
    """Return `{html}`: what the Markdown in `body` will look like. Nothing is stored."""
    discussion = find(slug)
    writer()
    fields = Fields()
    body = fields.text("body")
    fields.refuse()
    return jsonify(html=written(body, discussion)[1])


@blueprint.get(
    "/d/<slug>/comments/<int:comment_id>/<any(edit,delete,move,hide,restore,highlight,unhighlight,mute,unmute,flag):action>"
)
def ask(slug: str, comment_id: int, action: str) -> Response:
    """Show the small page that does `action` without script."""
    discussion = find(slug)
    comment = comments.find(signed_in(), discussion, comment_id)
    comments.require_offered(writer(), comment, action)
    page = render_template(
        "comments/action.html",
        discussion=discussion,
        comment=comment,
        action=action,
        hiding=moderation.hidings(discussion, [comment.id]).get(comment.id, "") if action == "restore" else "",
        face=people.face_of(comment),
        asked=sorted((q for q in discussion.questions if q.number is not None), key=lambda q: q.number or 0),
    )
    return private(page)


@blueprint.get("/d/<slug>/comments/<int:comment_id>/more")
def more(slug: str, comment_id: int) -> Response:
    """Show the links that are behind “⋯” under a comment, for who has no script."""
    discussion = find(slug)
    comment = comments.find(signed_in(), discussion, comment_id)
    page = render_template(
        "comments/more.html",
        discussion=discussion,
        comment=comment,
        offered=comments.offered(writer(), comment),
        face=people.face_of(comment),
    )
    return private(page)


@blueprint.post(
    "/d/<slug>/comments/<int:comment_id>/<any(edit,delete,move,hide,restore,highlight,unhighlight,mute,unmute,flag):action>"
)
@limiter.limit("60/minute", key_func=by_writer)
def act(slug: str, comment_id: int, action: str) -> Response:
    """Take `action` on a comment; JSON `{id, seq, state, html}` or 303 to it, after a flag to the top of its page."""
    fields = Fields()
    taken = {name: fields.text(name) for name in ("body", "reason", "note")} | {"question": fields.number("question")}
    taken["seen"] = fields.seen()
    if action == "move" and "question" not in request.form:
        # Empty, it is moved to the general remarks; that is nothing to do by default.
        fields.faults["question"] = _("The page sent too little. Load it again, and press once more.")
    fields.refuse()
    with writing():
        discussion = find(slug)
        comment = comments.find(signed_in(), discussion, comment_id)
        try:
            _TAKE[action](writer(), comment, taken)
        except Refused as refusal:
            if refusal.status != 404:
                raise
            raise _no_more() from refusal
    around = "" if comment.state is CommentState.HELD else f"?around={comment.id}"
    place = f"/d/{slug}{around}#c{comment.id}"
    if action == "flag" and not wants_json():
        flash(_("Flagged. A host looks at it."))
        place = f"/d/{slug}{around}"  # nothing changes at the comment; what is said stands at the top.
    return _answer(comment, 200, place, comment.discussion.last_seq)


def _no_more() -> Refused:
    """What is said where the comment's place is there, so that no address is to blame."""
    words = _("This cannot be done with this comment any more: it was deleted or hidden meanwhile, or it is not yours.")
    return Refused("not_found", words, 404)


def _mute(actor: User, comment: Comment, fields: dict[str, Any]) -> None:
    if comment.author is None:
        raise Refused("no_account", _("This name has no account, so there is no right to end."), 409)
    sanctions.mute(actor, comment.discussion, comment.author, fields["reason"])


def _unmute(actor: User, comment: Comment, _fields: dict[str, Any]) -> None:
    if comment.author is not None:
        sanctions.unmute(actor, comment.discussion, comment.author)


_TAKE: dict[str, Callable[[User, Comment, dict[str, Any]], object]] = {
    "edit": lambda actor, comment, fields: comments.edit(actor, comment, fields["body"], fields["seen"] or ""),
    "delete": lambda actor, comment, _: comments.delete(actor, comment),
    "move": lambda actor, comment, fields: comments.move(actor, comment, fields["question"]),
    "hide": lambda actor, comment, fields: moderation.hide(actor, comment, fields["reason"]),
    "restore": lambda actor, comment, fields: moderation.restore(actor, comment, fields["reason"], fields["seen"]),
    "highlight": lambda actor, comment, _: highlights.highlight(actor, comment),
    "unhighlight": lambda actor, comment, _: highlights.unhighlight(actor, comment),
    "mute": _mute,
    "flag": lambda actor, comment, fields: flags.flag(actor, comment, fields["reason"], fields["note"]),
    "unmute": _unmute,
}


def _answer(comment: Comment, status: int, place: str, seq: int) -> Response:
    if wants_json():
        return make_response(
            jsonify(
                id=comment.id,
                seq=seq,
                state=comment.state.value,
                html=fragments.comment_html(comment),
            ),
            status,
        )
    return redirect_to(place)


def redirect_to(address: str) -> Response:
    """Answer a form: see the other page (303), so that reloading does not send the form again."""
    return make_response(redirect(address, 303))
