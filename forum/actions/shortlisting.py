"""What hosts do with the questions of the audience. Every function runs inside `writing()`.

Of two hosts who take the same one, the second is told what the first has done: each form names the state it showed.
With it goes a mark of the words (`merging.marks` of the state and the text), because SQLite gives the id of a question
that was taken back to the next one: nobody approves or asks by an old page what they have not read.
"""

import secrets

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import select

from forum import access, clock, text
from forum.actions import comments, merging, proposal_ends, proposals, questions
from forum.actions.comments import CommentDraft
from forum.actions.drafting import clean
from forum.actions.moderation import write_down
from forum.actions.questions import QuestionDraft
from forum.database import db
from forum.live import log
from forum.models import Comment, CommentState, Discussion, Proposal, ProposalState, ProposalVote, Question, User
from forum.refusals import Refused, invalid, unknown

_FASTER = {
    ProposalState.NEW: lazy("Another host was faster: this question is new again by now."),
    ProposalState.APPROVED: lazy("Another host was faster: this question is approved by now."),
    ProposalState.SHORTLISTED: lazy("Another host was faster: this question is on the shortlist by now."),
    ProposalState.DECLINED: lazy("Another host was faster: this question is declined by now."),
    ProposalState.MERGED: lazy("Another host was faster: this question is merged into another by now."),
}


def put(actor: User, discussion: Discussion, proposal_id: int, to: ProposalState, seen: str) -> Proposal:
    """Approve a question, shortlist it, or make it new again (which hides it). The same again changes nothing.

    `seen` is the state that the host's page showed. Raises Refused (not theirs, 404, 409 when another host was faster).
    """
    proposal = _hold(actor, discussion, proposal_id, seen)
    if to not in {ProposalState.NEW, ProposalState.APPROVED, ProposalState.SHORTLISTED}:
        raise unknown()
    if proposal.state is to and proposal.question_id is None:
        return proposal
    _require_seen(proposal, seen)
    _change(actor, proposal, to)
    return proposal


def decline(actor: User, discussion: Discussion, proposal_id: int, reason: str, seen: str) -> Proposal:
    """Say no, with a reason that its asker reads. Raises Refused (not theirs, 404, 409, invalid: reason)."""
    proposal = _hold(actor, discussion, proposal_id, seen)
    faults: dict[str, str] = {}
    reason = clean(faults, "reason", reason, 200, required=True)
    if faults:
        raise invalid(**faults)
    _require_seen(proposal, seen)
    proposal.reason = reason
    _change(actor, proposal, ProposalState.DECLINED, reason)
    return proposal


def merge(actor: User, discussion: Discussion, proposal_id: int, into_id: int, seen: str) -> Proposal:
    """Let one question go into another that asks the same: whoever wanted either is counted once for that one.

    Raises Refused (not theirs, 404, 409, invalid: into).
    """
    proposal = _hold(actor, discussion, proposal_id, seen)
    into = proposals.find(discussion, into_id)
    if into.id == proposal.id or into.state in {ProposalState.MERGED, ProposalState.DECLINED}:
        raise invalid(into=_("Choose another question that is still there."))
    _require_seen(proposal, seen)
    voters = {*_voters(proposal), proposal.author_id} - {*_voters(into), into.author_id}
    for voter in voters:
        db.session.add(ProposalVote(proposal_id=into.id, user_id=voter, at=clock.now()))
    proposal.merged_into_id = into.id
    _change(actor, proposal, ProposalState.MERGED)
    if into.is_public:
        proposal_ends.tell(into, is_public=True)
    return into


def plan(
    actor: User, discussion: Discussion, proposal_id: int, words: str = "", seen: str = "", *, ask: bool = False
) -> Question:
    """Put a question of the audience into the run sheet with its credit, and `ask` it at once if wanted.

    `words` may put it better; nothing keeps its own. A second click or host gets the same question, whatever the state
    in `seen`, but for a host who puts it in words of their own. Raises Refused (not theirs, 404, 409 not live or for
    those words, invalid: text).
    """
    access.require(actor, "question.write", discussion)
    if ask:
        access.require(actor, "question.ask", discussion)
    proposal = _hold(actor, discussion, proposal_id, seen)
    question = proposal.question
    if question is None:
        if proposal.state in {ProposalState.DECLINED, ProposalState.MERGED}:
            raise _faster(proposal)
        question = questions.write(actor, discussion, QuestionDraft(words or proposal.text))
        question.is_from_audience = True
        question.asked_for = "" if proposal.is_anonymous else proposal.author.name
        proposal.question = question
        if proposal.state is not ProposalState.SHORTLISTED:
            _change(actor, proposal, ProposalState.SHORTLISTED)
        proposal_ends.tell(proposal, is_public=False)
        if (comment := _made_of(proposal)) is not None:
            proposal_ends.follow(comment)  # hidden by now, it shows the words of the run sheet alone
    elif words and QuestionDraft(words).checked().text not in {question.text, proposal.text}:
        told = _(
            "Another host was faster: this question is in the run sheet by now, in these words: “%(text)s”. "
            "Yours are kept. To use them, change the question there.",
            text=question.text,
        )
        raise Refused("faster", told, 409)
    if ask:
        questions.ask(actor, question)
    return question


def from_comment(actor: User, discussion: Discussion, comment_id: int) -> Proposal:
    """Make a question of the audience out of a comment, which stays where it is; again returns the same.

    Raises Refused (not theirs, 404, invalid for one without an account or too long).
    """
    access.require(actor, "proposal.work", discussion)
    comment = comments.find(actor, discussion, comment_id)
    log.lock_and_refresh(comment)
    if comment.state is not CommentState.PUBLISHED:
        raise unknown()
    if comment.author_id is None:
        raise invalid(text=_("This comment was imported; its writer has no account here."))
    made = db.session.scalar(select(Proposal).where(Proposal.comment_id == comment.id).limit(1))
    if made is not None:
        return made
    words = text.excerpt(comment.html, proposals.LONGEST)
    if not words.strip():
        raise invalid(text=_("There are no words in this comment to make a question of."))
    proposal = Proposal(
        discussion_id=discussion.id,
        author_id=comment.author_id,
        text=words,
        state=ProposalState.APPROVED,
        comment_id=comment.id,
        made_at=clock.now(),
    )
    db.session.add(proposal)
    db.session.flush()
    write_down(actor, discussion, "proposal.made", "proposal", proposal.id)
    proposal_ends.tell(proposal, is_public=True)
    return proposal


def to_comment(actor: User, discussion: Discussion, proposal_id: int, seen: str) -> Comment | None:
    """Make a comment of a question that is rather one: its asker's, with a name, as a general remark.

    What was made of a comment only goes back to being that. Raises Refused (not theirs, 404, 409; invalid for a
    question without a name: a comment would show it).
    """
    proposal = _hold(actor, discussion, proposal_id, seen)
    if proposal.comment_id is None and proposal.is_anonymous:
        raise invalid(text=_("Its asker wants no name shown, and a comment shows one. Decline it instead."))
    _require_seen(proposal, seen)
    if not proposal.is_waiting:
        raise _faster(proposal)
    kept = None
    if proposal.comment_id is None:
        # Twice is once because the question goes with it. Its id would not do: SQLite gives it to the next one.
        key = f"proposal-{secrets.token_hex(12)}"
        try:
            kept = comments.post(proposal.author, discussion, CommentDraft(proposal.text, None, None, key))
        except Refused as refusal:
            # What it says is said to the asker, who is not here.
            words = _("A comment of theirs would not be taken here now. Decline this question, or leave it as it is.")
            raise Refused("asker_refused", words, 409) from refusal
    write_down(actor, discussion, "proposal.unmade", "proposal", proposal.id)
    proposal_ends.remove(proposal)
    proposal_ends.tell(proposal, is_public=proposal.is_public)
    return kept


def set_taking(actor: User, discussion: Discussion, *, takes: bool, anonymous: bool, seen: str = "") -> None:
    """Choose whether the audience may ask, and whether without a name.

    With `seen`, the marks of what the form showed, what only another host has changed meanwhile stays theirs.
    Raises Refused (not theirs; invalid: anonymous, where nobody may ask).
    """
    access.require(actor, "question.write", discussion)
    if anonymous and not takes:
        raise invalid(anonymous=_("Take questions first."))
    log.lock_and_refresh(discussion)
    before = {"takes": discussion.takes_proposals, "anonymous": discussion.takes_anonymous}
    wanted = {"takes": str(takes), "anonymous": str(anonymous)}
    stay = merging.untouched(seen, {name: str(value) for name, value in before.items()}, wanted)
    takes = before["takes"] if "takes" in stay else takes
    # Where nobody may ask, nobody asks without a name.
    anonymous = takes and (before["anonymous"] if "anonymous" in stay else anonymous)
    after = {"takes": takes, "anonymous": anonymous}
    if before != after:
        discussion.takes_proposals, discussion.takes_anonymous = takes, anonymous
        write_down(actor, discussion, "proposal.taking", "discussion", discussion.id, before=before, after=after)
        log.record(discussion, "discussion.edited", discussion.id)


def _hold(actor: User, discussion: Discussion, proposal_id: int, seen: str) -> Proposal:
    access.require(actor, "proposal.work", discussion)
    proposal = proposals.find_and_lock(discussion, proposal_id)
    state, has_mark, _mark = seen.partition(".")
    # In the run sheet, one made of a comment that was hidden has the hosts' words since: it is the same one.
    has_hosts_words = proposal.comment_id is not None and proposal.question_id is not None
    if has_mark and not has_hosts_words and seen != merging.marks({state: proposal.text}):
        words = _("The question that your page showed was taken back. Reload the page, and read this one first.")
        raise Refused("taken_back", words, 409)
    return proposal


def _require_seen(proposal: Proposal, seen: str) -> None:
    if proposal.state.value != seen.partition(".")[0] or proposal.question_id is not None:
        raise _faster(proposal)


def _faster(proposal: Proposal) -> Refused:
    words = _FASTER[proposal.state]
    if proposal.question_id is not None:
        words = _("Another host was faster: this question is in the run sheet by now.")
    return Refused("faster", words, 409)


def _change(actor: User, proposal: Proposal, to: ProposalState, reason: str = "") -> None:
    before, was_public = proposal.state.value, proposal.is_public
    proposal.state = to
    if to is not ProposalState.MERGED:
        proposal.merged_into_id = None  # or it would go, and be new again, with what it goes with no more
    write_down(
        actor,
        proposal.discussion,
        "proposal.put",
        "proposal",
        proposal.id,
        reason=reason,
        before={"state": before},
        after={"state": to.value},
    )
    proposal_ends.tell(proposal, is_public=was_public or proposal.is_public)


def _made_of(proposal: Proposal) -> Comment | None:
    return db.session.get(Comment, proposal.comment_id) if proposal.comment_id is not None else None


def _voters(proposal: Proposal) -> list[int]:
    return list(db.session.scalars(select(ProposalVote.user_id).where(ProposalVote.proposal_id == proposal.id)))
