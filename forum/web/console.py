"""The host's console of one discussion: its run sheet, its newest comments, its panel and its record.

Staff only; to everybody else it is not there. Every button is a plain form that comes back here with a notice.
"""

import re

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from forum import access, audience, clock, guests, panel
from forum.actions import (
    comments,
    escalation,
    highlights,
    invitations,
    merging,
    moderation,
    phases,
    questions,
    rehearsals,
    sanctions,
    snippets,
)
from forum.database import writing
from forum.live import presence
from forum.models import Discussion, Phase, Question, Safeguards, User
from forum.record import Wanted, lines
from forum.refusals import Refused, Stale, invalid
from forum.web import backstage, deciding, errors, question_form
from forum.web.comments import admitted
from forum.web.event import address_of_event
from forum.web.forms import Fields, form_key, fresh_key, is_ambiguous, numbers
from forum.web.guards import private
from forum.web.pace import pace
from forum.web.run_sheet import names_of, newest_comments, run_sheet

blueprint = Blueprint("console", __name__, url_prefix="/d/<slug>")

_ORDER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,199}\Z")
# What the console shows of the green room and of the record; each has a page of its own.
_MESSAGES = 6
_LINES = 60
_STEPS = {
    "publish": (phases.publish, lazy("It is announced now. Readers can see it.")),
    "withdraw": (phases.withdraw, lazy("It is a draft again. Only its hosts can see it.")),
    "open": (phases.open_now, lazy("The discussion is open.")),
    "pause": (phases.pause, lazy("The discussion is paused. Nobody but hosts can post.")),
    "resume": (phases.resume, lazy("The discussion goes on.")),
    "close": (phases.close, lazy("The discussion is closed.")),
}
_TURNS = {
    "skip": (questions.skip, lazy("The question is skipped. You can put it back.")),
    "unskip": (questions.unskip, lazy("The question is back in the run sheet.")),
    "remove": (questions.remove, lazy("The question is removed.")),
}


def staffed(slug: str) -> tuple[User, Discussion]:
    """Return the person of this request and the discussion that they help to run.

    Raises Refused (404) for everybody else, whether it exists or not.
    """
    return admitted(slug, "console.open")


def _writing_questions(slug: str) -> tuple[User, Discussion]:
    """As `staffed`, for whoever may write questions now. Who only comes to the form is not told that a text is kept."""
    user, discussion = staffed(slug)
    access.require(user, "question.write", discussion, has_typed=request.method == "POST")
    return user, discussion


def done(discussion: Discussion, notice: str, place: str = "") -> Response:
    """Answer what has succeeded: back to where the form was, with a notice; or JSON that says so."""
    if errors.wants_json():
        return jsonify(notice=notice, seq=discussion.last_seq)
    flash(notice)
    back = "organiser.edit" if request.form.get("from") == "edit" else "console.show"
    return make_response(redirect(url_for(back, slug=discussion.slug) + place, 303))


@blueprint.get("/console")
def show(slug: str) -> Response:
    """Show the console."""
    user, discussion = staffed(slug)
    now = clock.now()
    sheet = run_sheet(discussion)
    wishes = audience.for_hosts(discussion, _order())
    access.require(user, "record.read", discussion)
    told = lines(Wanted(discussion), _LINES)
    green_room = backstage.room(discussion, user, limit=_MESSAGES)
    safeguards = Safeguards.of(discussion.id)
    newest, queue = newest_comments(discussion), deciding.queue(user, discussion)
    shown = [comment for comment, _face in newest] + [item.review.comment for item in queue.items]
    page = render_template(
        "console/show.html",
        key=fresh_key(),
        me=user,
        discussion=discussion,
        role=access.role_of(user, discussion),
        phase=discussion.phase_at(now),
        sheet=sheet,
        pace=pace(discussion, sheet, now),
        tray=snippets.tray(discussion),
        rehearsal=rehearsals.of(discussion),
        event_address=address_of_event(user, discussion),
        wishes=wishes,
        by_votes=audience.by_votes(wishes),
        newest=newest,
        hidings=moderation.hidings(discussion, [comment.id for comment, _face in newest]),
        mutes=sanctions.mutes(user, discussion),
        record=told,
        queue=queue,
        below=moderation.below(user, discussion, {comment.author_id for comment in shown if comment.author_id}),
        decided=deciding.decided(discussion),
        safeguards=safeguards,
        rules=escalation.said(safeguards),
        names=names_of(discussion, told),
        reading=presence.now(discussion.id)["readers"],
        panelists=panel.panelists(discussion, now),
        may_invite=invitations.may_invite(user, discussion),
        awaited=panel.awaited(discussion),
        lost_links=guests.lost_links(discussion),
        backstage_names=green_room.pop("names"),
        **green_room,
    )
    return private(page)


@blueprint.get("/console/close")
def ask_to_close(slug: str) -> Response | str:
    """Ask once more before closing."""
    user, discussion = staffed(slug)
    try:
        access.require(user, "discussion.close", discussion)
    except Refused as refusal:
        return _closed_already(discussion, refusal)
    return render_template("console/close.html", me=user, discussion=discussion)


@blueprint.post("/console/<any(publish, withdraw, open, pause, resume, close):step>")
def take_step(slug: str, step: str) -> Response:
    """Publish, withdraw, open, pause, resume or close the discussion."""
    user, discussion = staffed(slug)
    action, notice = _STEPS[step]
    try:
        with writing():
            action(user, discussion)
    except Refused as refusal:
        if step != "close":
            raise
        return _closed_already(discussion, refusal)
    if step == "publish" and discussion.phase_at(clock.now()) is Phase.LIVE:
        notice = _(
            "It is live now, because its start has passed: readers can see it and write. "
            "If you did not mean that, pause or close it in the console."
        )
    return done(discussion, str(notice))


@blueprint.post("/console/extend")
def extend(slug: str) -> Response:
    """Move the end; of a closed discussion, open it again for that long, if the page said so (`?again=1`)."""
    user, discussion = staffed(slug)
    fields = Fields()
    minutes, seen = fields.number("minutes"), fields.instant("seen")
    fields.refuse()
    if minutes is None:
        raise invalid(minutes=_("Say by how many minutes."))
    with writing():
        reopens = None if seen is None else "again" in request.args
        is_there = phases.extend(user, discussion, minutes, seen, reopens=reopens)
    if not is_there:
        return done(discussion, moved_already())
    return done(discussion, _("The discussion goes on %(minutes)s minutes longer.", minutes=minutes))


def moved_already() -> str:
    """Return what somebody reads who moves a time by a page on which it was another than it is by now."""
    words: str = _(
        "It was moved already, by you or by another host, so nothing was added. "
        "Look at what stands there now, and press once more if that is not enough."
    )
    return words


@blueprint.route("/questions/new", methods=["GET", "POST"])
def write_question(slug: str) -> Response | tuple[str, int] | str:
    """Add a question to the run sheet."""
    user, discussion = _writing_questions(slug)
    if request.method == "GET":
        return _question_page(discussion, None, {})
    try:
        draft, key = question_form.draft(discussion), form_key()
        with writing():
            question = questions.write(user, discussion, draft, key)
    except Refused as refusal:
        return _question_again(discussion, None, refusal)
    return done(discussion, _("The question is in the run sheet."), f"#question-{question.id}")


@blueprint.route("/questions/<int:question_id>/edit", methods=["GET", "POST"])
def edit_question(slug: str, question_id: int) -> Response | tuple[str, int] | str:
    """Change a question's words and plan."""
    user, discussion = _writing_questions(slug)
    if request.method == "GET":
        return _question_page(discussion, questions.find(discussion, question_id), {})
    question = None
    try:
        question = _still_there(discussion, question_id)
        draft = question_form.draft(discussion)
        with writing():
            questions.edit(user, _still_there(discussion, question_id), draft, request.form.get("seen", ""))
    except Refused as refusal:
        return _question_again(discussion, None if refusal.status == 404 else question, refusal)
    return done(discussion, _("The question is changed."), f"#question-{question_id}")


@blueprint.post("/questions/<int:question_id>/ask")
def ask(slug: str, question_id: int) -> Response:
    """Ask this question; the form names it, so a second click or a second host asks nothing else."""
    user, discussion = staffed(slug)
    with writing():
        question = questions.ask(user, questions.find(discussion, question_id))
        number = question.number
    return done(discussion, _("Q%(number)s is asked.", number=number), f"#question-{question_id}")


@blueprint.post("/questions/<int:question_id>/move")
def move_question(slug: str, question_id: int) -> Response:
    """Give a question another place among those still to come."""
    user, discussion = staffed(slug)
    (position,) = numbers("position")
    if position is None:
        raise invalid(position=_("Say which place the question should have."))
    with writing():
        questions.move(user, questions.find(discussion, question_id), position)
    return done(discussion, _("The question has a new place."), f"#question-{question_id}")


@blueprint.post("/questions/<int:question_id>/<any(skip, unskip, remove):turn>")
def turn_question(slug: str, question_id: int, turn: str) -> Response:
    """Leave a question out, put it back, or throw it away before it was asked."""
    user, discussion = staffed(slug)
    action, notice = _TURNS[turn]
    with writing():
        action(user, questions.find(discussion, question_id))
    return done(discussion, str(notice), "" if turn == "remove" else f"#question-{question_id}")


@blueprint.post("/console/comments/<int:comment_id>/<any(hide, restore, move, highlight, unhighlight, mute):verb>")
def moderate(slug: str, comment_id: int, verb: str) -> Response:
    """Hide, restore, move or point out a comment, or end its writer's right to write here."""
    user, discussion = staffed(slug)
    fields = Fields()
    reason = fields.text("reason") if verb in {"hide", "restore", "mute"} else ""
    seen = fields.seen()
    number = fields.number("question") if verb == "move" else None
    hours = fields.number("hours") if verb == "mute" else None
    if verb == "move" and "question" not in request.form:
        fields.faults["question"] = _("Choose a question, or “no question”.")
    fields.refuse()
    with writing():
        comment = comments.find(user, discussion, comment_id)
        if verb == "hide":
            moderation.hide(user, comment, reason)
            notice = _("The comment is hidden. Its writer and readers see your reason.")
        elif verb == "restore":
            moderation.restore(user, comment, reason, seen)
            notice = _("The comment is shown again.")
        elif verb == "highlight":
            highlights.highlight(user, comment)
            notice = _("The comment is highlighted.")
        elif verb == "unhighlight":
            highlights.unhighlight(user, comment)
            notice = _("The comment is highlighted no longer.")
        elif verb == "move":
            comments.move(user, comment, number)
            notice = _("The comment is moved.")
        else:
            if comment.author is None:
                raise invalid(reason=_("This comment was imported; its writer has no account here."))
            removal = bool(request.form.get("removal"))
            sanctions.mute(user, discussion, comment.author, reason, hours, removal=removal)
            notice = _("%(name)s cannot write here any more, and has been told why.", name=comment.author.name)
    return done(discussion, notice, f"#comment-{comment_id}")


@blueprint.post("/console/people/<int:user_id>/unmute")
def unmute(slug: str, user_id: int) -> Response:
    """Give somebody back the right to write here."""
    user, discussion = staffed(slug)
    with writing():
        person = sanctions.find(discussion, user_id)
        sanctions.unmute(user, discussion, person)
        name = person.name
    return done(discussion, _("%(name)s can write here again.", name=name))


def _closed_already(discussion: Discussion, refusal: Refused) -> Response:
    """Lead whoever presses “Close” once more to the console: what they wanted has happened. Programs are told."""
    if refusal.code != "closed" or errors.wants_json():
        raise refusal
    return done(discussion, str(_STEPS["close"][1]))


def _order() -> list[int]:
    """Return the order of the audience's questions that the address asks for; none for one that somebody made up."""
    asked = request.args.get("questions", "")
    return [int(number) for number in asked.split(".")] if _ORDER.match(asked) else []


def _still_there(discussion: Discussion, question_id: int) -> Question:
    """As `questions.find`, for whoever has typed: the refusal names the field that can be added as a new question."""
    try:
        return questions.find(discussion, question_id)
    except Refused as refusal:
        words = _("This question was removed meanwhile. Your words are kept: add them as a new question.")
        raise Refused(refusal.code, words, refusal.status, fields={"text": words}) from refusal


def _question_page(
    discussion: Discussion, question: Question | None, faults: dict[str, str], stale: Stale | None = None
) -> str:
    typed = question_form.typed() if request.method == "POST" else question_form.stored(question)
    seen = request.form.get("seen", "")
    if stale is not None:
        seen, now = stale.seen, question_form.stored(question)
        typed |= {name: now[name] for name in question_form.fields_of(stale.untouched)}
    elif question is not None and request.method == "GET":
        seen = merging.marks(questions.said(question, discussion.time_zone))
    twice = {"opens_at": is_ambiguous(typed["opens_at_date"], typed["opens_at_time"], discussion.time_zone)}
    return render_template(
        "console/question.html", key=fresh_key(), discussion=discussion, question=question, typed=typed, faults=faults,
        twice=twice, seen=seen, theirs=stale.theirs if stale else {},
    )  # fmt: skip


def _question_again(discussion: Discussion, question: Question | None, refusal: Refused) -> tuple[str, int]:
    """Show the form again with what was typed; refusals that are about no field go to the one handler."""
    if not refusal.fields or errors.wants_json():
        raise refusal
    stale = refusal if isinstance(refusal, Stale) else None
    return _question_page(discussion, question, refusal.fields, stale), refusal.status
