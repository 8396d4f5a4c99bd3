"""The questions of the audience: the page where everybody asks and votes, and what hosts do in the console."""

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from forum import access, audience, clock
from forum.actions import proposals, shortlisting
from forum.actions.proposals import LONGEST
from forum.database import writing
from forum.extensions import limiter
from forum.models import Discussion, ProposalState
from forum.refusals import Refused
from forum.web import errors, silences
from forum.web.comments import by_writer, find, writer
from forum.web.console import done, staffed
from forum.web.event import address_of_event
from forum.web.forms import Fields, signed_in, texts
from forum.web.guards import private

blueprint = Blueprint("audience", __name__, url_prefix="/d/<slug>")

_STEPS = {
    "approve": (ProposalState.APPROVED, lazy("Everybody sees this question now and can vote for it.")),
    "shortlist": (ProposalState.SHORTLISTED, lazy("The question is on the shortlist.")),
    "hide": (ProposalState.NEW, lazy("Only hosts see this question now.")),
}


@blueprint.get("/questions")
def show(slug: str) -> Response:
    """Show the questions of the audience, with the form for one's own."""
    return _page(find(slug), {}, {})


def _page(
    discussion: Discussion, typed: dict[str, str], faults: dict[str, str], status: int = 200, why: str = ""
) -> Response:
    reader = signed_in()
    page = render_template(
        "discussion/questions.html",
        discussion=discussion,
        phase=discussion.phase_at(clock.now()).value,
        wishes=audience.public(discussion, reader),
        mine=audience.own(discussion, reader),
        may_ask=proposals.may_make(reader, discussion),
        may_vote=access.may(reader, "proposal.vote", discussion),
        typed=typed,
        faults=faults,
        why=why,
        longest=LONGEST,
        event_address=address_of_event(reader, discussion),
        silence_style=silences.style(reader),
        me=reader,
    )
    return private(page, status)


@blueprint.post("/questions")
@limiter.limit("10/minute;60/hour", key_func=by_writer)
def make(slug: str) -> Response:
    """Propose a question: fields text, is_anonymous. A refusal shows the form again with what was typed."""
    fields = Fields()
    typed = {name: fields.text(name) for name in ("text", "is_anonymous")}
    fields.refuse()
    discussion, user = find(slug), writer()
    try:
        with writing():
            made = proposals.make(user, discussion, typed["text"], is_anonymous=bool(typed["is_anonymous"]))
    except Refused as refusal:
        if errors.wants_json() or refusal.status == 404:
            raise
        return _page(discussion, typed, refusal.fields or {}, refusal.status, refusal.message)
    return _back(discussion, _("Your question is with the hosts. You see here what becomes of it."), id=made.id)


@blueprint.post("/questions/<int:proposal_id>/<any(vote, unvote, withdraw):verb>")
@limiter.limit("60/minute", key_func=by_writer)
def act(slug: str, proposal_id: int, verb: str) -> Response:
    """Vote, take a vote back, or take one's own question back."""
    discussion, user = find(slug), writer()
    with writing():
        if verb == "withdraw":
            proposals.take_back(user, discussion, proposal_id)
            return _back(discussion, _("Your question is taken back."))
        votes = proposals.vote(user, discussion, proposal_id, wants=verb == "vote")
    return _back(discussion, _("Your vote counts.") if verb == "vote" else _("Your vote is taken back."), votes=votes)


@blueprint.post("/console/audience/<int:proposal_id>/<any(approve, shortlist, hide, decline, merge, comment):verb>")
def work(slug: str, proposal_id: int, verb: str) -> Response:
    """Take one step with a question of the audience. Fields: seen (what was shown), reason (decline), into (merge)."""
    user, discussion = staffed(slug)
    fields = Fields()
    seen, reason = fields.text("seen"), fields.text("reason") if verb == "decline" else ""
    into = fields.number("into") if verb == "merge" else None
    if verb == "merge" and into is None:
        fields.faults.setdefault("into", _("Choose the question that asks the same."))
    fields.refuse()
    with writing():
        if verb in _STEPS:
            state, notice = _STEPS[verb]
            shortlisting.put(user, discussion, proposal_id, state, seen)
            return done(discussion, str(notice), "#audience")
        if verb == "decline":
            shortlisting.decline(user, discussion, proposal_id, reason, seen)
            return done(discussion, _("It is declined. Its asker reads your reason."), "#audience")
        if verb == "merge":
            shortlisting.merge(user, discussion, proposal_id, into or 0, seen)
            return done(discussion, _("The two are one now, with the votes of both."), "#audience")
        shortlisting.to_comment(user, discussion, proposal_id, seen)
    return done(discussion, _("It is a comment, not a question."), "#audience")


@blueprint.post("/console/audience/<int:proposal_id>/<any(plan, ask):verb>")
def plan(slug: str, proposal_id: int, verb: str) -> Response:
    """Put a question of the audience into the run sheet, or ask it now, in `text` if that puts it better."""
    user, discussion = staffed(slug)
    words, seen = texts("text", "seen")
    with writing():
        question = shortlisting.plan(user, discussion, proposal_id, words, seen, ask=verb == "ask")
        number = question.number
    if number is not None:
        return done(discussion, _("Q%(number)s is asked.", number=number), "#audience")
    return done(discussion, _("The question is in the run sheet."), "#audience")


@blueprint.post("/console/comments/<int:comment_id>/to-question")
def from_comment(slug: str, comment_id: int) -> Response:
    """Make a question of the audience out of a comment."""
    user, discussion = staffed(slug)
    with writing():
        shortlisting.from_comment(user, discussion, comment_id)
    return done(discussion, _("It is among the questions of the audience. The comment stays."), "#audience")


@blueprint.post("/console/audience/taking")
def set_taking(slug: str) -> Response:
    """Choose whether the audience may ask, and whether without a name: fields takes, anonymous."""
    user, discussion = staffed(slug)
    takes, anonymous = (bool(request.form.get(name)) for name in ("takes", "anonymous"))
    with writing():
        shortlisting.set_taking(user, discussion, takes=takes, anonymous=anonymous, seen=request.form.get("seen", ""))
    return done(discussion, _("It is saved."), "#audience")


def _back(discussion: Discussion, notice: str, **said: object) -> Response:
    if errors.wants_json():
        return jsonify(notice=notice, **said)
    flash(notice)
    return make_response(redirect(f"/d/{discussion.slug}/questions", 303))
