"""Questions of the audience: made, voted for, taken back. What the hosts do with them is in `shortlisting`.

Every function but `due` and those that ask runs inside `writing()`.
"""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from forum import access, clock
from forum.actions import accounts, invitations, proposal_ends
from forum.actions.drafting import clean
from forum.actions.seats import check_name
from forum.database import db
from forum.live import log
from forum.models import Discussion, Proposal, ProposalState, ProposalVote, User
from forum.refusals import Refused, invalid, unknown

LONGEST = 500
# So many of one person may wait to be looked at; more would be a flood, and one good question is worth ten.
MOST_NEW = 3
# Votes come in hundreds, and each event goes to everybody who reads along, most of whom look at something else. So they
# are told of votes once in this time at most, the last of them by the clock (`live.clockwork`).
VOTES_TOLD_EVERY = timedelta(seconds=5)
DUE = select(Discussion.id).where(clock.has_passed(VOTES_TOLD_EVERY, Discussion.votes_untold_at))


def may_make(reader: User | None, discussion: Discussion) -> bool:
    """Whether `reader` may propose a question here now."""
    return discussion.takes_proposals and access.may(reader, "proposal.make", discussion)


def make(author: User, discussion: Discussion, words: str, *, is_anonymous: bool = False) -> Proposal:
    """Propose a question to the panel; only hosts see it until one approves it. The same words again are the same one,
    with or without a name as it was sent last.

    Raises Refused (sign_in, muted, look_alike, 404; 409 closed, not taken, declined or merged by now, or before readers
    with a name and sent without; invalid: text, is_anonymous).
    """
    access.require(author, "proposal.make", discussion)
    if not discussion.takes_proposals:
        raise Refused(
            "not_taken", _("The hosts take no questions here. Your text is kept; write it as a comment."), 409
        )
    if is_anonymous and not discussion.takes_anonymous:
        raise invalid(is_anonymous=_("The hosts ask everybody to give their name here."))
    check_name(author.name, discussion, author)
    faults: dict[str, str] = {}
    words = clean(faults, "text", words, LONGEST, required=True, lines=True)
    if faults:
        raise invalid(**faults)
    if log.lock(discussion):
        # A mute that this waited for holds; the close does not, as with a comment (`posting`).
        access.require(author, "proposal.make", discussion)
    if accounts.has_left(author):
        raise Refused("sign_in", _("Sign in to do this. What you typed is kept for you."))
    mine = of(author, discussion)
    same = next((one for one in mine if one.text == words), None)
    if same is not None:
        _require_undecided(same)
        if same.is_anonymous is not is_anonymous:
            _name_otherwise(same, is_anonymous=is_anonymous)
        return same
    if sum(one.state is ProposalState.NEW for one in mine) >= MOST_NEW:
        raise invalid(
            text=_(
                "%(most_new)s questions of yours wait for the hosts. Take one back, or wait for an answer.",
                most_new=MOST_NEW,
            )
        )
    proposal = Proposal(
        discussion_id=discussion.id,
        author_id=author.id,
        text=words,
        is_anonymous=is_anonymous,
        state=ProposalState.NEW,
        made_at=clock.now(),
    )
    db.session.add(proposal)
    proposal_ends.tell(proposal, is_public=False)
    invitations.close_shown(author)
    return proposal


def take_back(author: User, discussion: Discussion, proposal_id: int) -> None:
    """Take one's own question back before a host has planned it. Raises Refused (404, 409)."""
    access.require(author, "discussion.read", discussion)
    proposal = find_and_lock(discussion, proposal_id)
    if proposal.author_id != author.id:
        raise unknown()
    if proposal.question_id is not None or proposal.state is ProposalState.MERGED:
        raise Refused("planned", _("The hosts have taken this question up, so it cannot be taken back any more."), 409)
    proposal_ends.remove(proposal)
    proposal_ends.tell(proposal, is_public=proposal.is_public)


def vote(voter: User, discussion: Discussion, proposal_id: int, *, wants: bool) -> int:
    """Add or take back the voice of `voter` for a question that everybody sees; return how many it has.

    Voting twice counts once; one's own question needs no vote. Raises Refused (sign_in, muted, 404, 409 closed).
    """
    access.require(voter, "proposal.vote", discussion, has_typed=False)
    proposal = find_and_lock(discussion, proposal_id)
    db.session.refresh(discussion)  # it may be over by now, or the clock have told of votes, while this one waited
    access.require(voter, "proposal.vote", discussion, has_typed=False)
    if not proposal.is_public or accounts.has_left(voter):
        raise unknown()
    if proposal.author_id == voter.id:
        raise Refused("own", _("This is your own question; others vote for it."), 409)
    given = db.session.get(ProposalVote, (proposal.id, voter.id))
    if wants and given is None:
        db.session.add(ProposalVote(proposal_id=proposal.id, user_id=voter.id, at=clock.now()))
    elif not wants and given is not None:
        db.session.delete(given)
    db.session.flush()
    if wants is (given is None):
        _tell_of_votes(discussion)
    return counts(discussion, [proposal.id]).get(proposal.id, 0)


def find(discussion: Discussion, proposal_id: int) -> Proposal:
    """Return a proposal of this discussion. Raises Refused (404)."""
    proposal = db.session.get(Proposal, proposal_id) if 0 < proposal_id < 2**31 else None
    if proposal is None or proposal.discussion_id != discussion.id:
        raise unknown()
    return proposal


def find_and_lock(discussion: Discussion, proposal_id: int) -> Proposal:
    """Return a proposal as it is after whoever was faster: nobody else changes it before this transaction ends.

    Raises Refused (404), also when whoever was faster has deleted it.
    """
    log.lock(discussion)
    proposal = find(discussion, proposal_id)
    db.session.refresh(proposal)
    return proposal


def of(author: User, discussion: Discussion) -> list[Proposal]:
    """Return what `author` has proposed here, oldest first."""
    asked = select(Proposal).where(Proposal.discussion_id == discussion.id, Proposal.author_id == author.id)
    return list(db.session.scalars(asked.order_by(Proposal.id)))


def counts(discussion: Discussion, ids: list[int]) -> dict[int, int]:
    """Return how many votes each of the proposals with these `ids` has, by its id; those without are left out."""
    rows = db.session.execute(
        select(ProposalVote.proposal_id, func.count())
        .join(Proposal, Proposal.id == ProposalVote.proposal_id)
        .where(Proposal.discussion_id == discussion.id, ProposalVote.proposal_id.in_(ids))
        .group_by(ProposalVote.proposal_id)
    )
    return {row[0]: row[1] for row in rows}


def voted_in(member: User) -> list[int]:
    """Return the ids of the discussions where `member` has voted for a question."""
    found = select(Proposal.discussion_id).join(ProposalVote, ProposalVote.proposal_id == Proposal.id)
    return list(db.session.scalars(found.where(ProposalVote.user_id == member.id).distinct()))


def take_back_votes(member: User, discussions: list[int]) -> None:
    """Take the votes of `member`, who leaves, from these discussions, whose rows are locked; the clock tells of it."""
    off = {"synchronize_session": False}
    here = select(Proposal.id).where(Proposal.discussion_id.in_(discussions))
    mine = (ProposalVote.user_id == member.id, ProposalVote.proposal_id.in_(here))
    db.session.execute(delete(ProposalVote).where(*mine), execution_options=off)
    untold = update(Discussion).where(Discussion.id.in_(discussions), Discussion.votes_untold_at.is_(None))
    db.session.execute(untold.values(votes_untold_at=clock.now()), execution_options=off)


def due() -> list[int]:
    """Return the ids of the discussions where votes have waited long enough to be told."""
    return list(db.session.scalars(DUE))


def take(discussion_id: int) -> bool:
    """Tell of votes in this discussion that have not been told; return whether there were any."""
    discussion = db.session.get(Discussion, discussion_id)
    if discussion is None:
        return False
    log.lock_and_refresh(discussion)
    if discussion.votes_untold_at is None:
        return False
    discussion.votes_untold_at = None
    log.record(discussion, "proposal.voted", None)
    return True


def _require_undecided(proposal: Proposal) -> None:
    """Nobody is told that their question is with the hosts who have declined it. Raises Refused (409)."""
    if proposal.state is ProposalState.DECLINED:
        words = _("The hosts have declined this question. Ask another one, or ask it in other words.")
        given = _("Reason: %(reason)s", reason=proposal.reason)
        raise Refused("declined", f"{words} {given}", 409)
    if proposal.state is ProposalState.MERGED:
        words = _("The hosts have put this question together with another that asks the same. You need not ask again.")
        raise Refused("merged", words, 409)


def _name_otherwise(proposal: Proposal, *, is_anonymous: bool) -> None:
    """Let what only hosts have read bear its asker's name, or none. Raises Refused (409) for what others have read."""
    if proposal.state is not ProposalState.NEW or proposal.comment_id is not None:
        words = _("Your question stands here without your name. To change that, take it back and send it again.")
        if is_anonymous:
            words = _("Your question stands here with your name. To change that, take it back and send it again.")
        if proposal.question_id is not None:
            words = _("The hosts have taken this question up, so it cannot be changed any more.")
        raise Refused("named", words, 409)
    proposal.is_anonymous = is_anonymous
    proposal_ends.tell(proposal, is_public=False)


def _tell_of_votes(discussion: Discussion) -> None:
    """Let open pages look for votes, or the clock do so (`take`) where they were told only just."""
    if not log.has_told(discussion, "proposal.voted", VOTES_TOLD_EVERY):
        discussion.votes_untold_at = None
        log.record(discussion, "proposal.voted", None)
    elif discussion.votes_untold_at is None:
        discussion.votes_untold_at = clock.now()
