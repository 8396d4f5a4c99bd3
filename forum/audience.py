"""How the questions of the audience stand: what everybody sees of them, and what the hosts do. Reads only."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum.actions import proposals
from forum.database import db
from forum.models import (
    Comment,
    CommentState,
    Discussion,
    Proposal,
    ProposalState,
    ProposalVote,
    Question,
    SeatRole,
    User,
)
from forum.models.proposal import PUBLIC

# Beside the stream there is room for so many; the page of all is one press away.
MOST_WANTED = 3


@dataclass(frozen=True)
class Wish:
    """A question of the audience as one reader sees it.

    `standing` is new, approved, shortlisted, asked, answered, declined or merged; `name` is empty for an asker who
    wants none shown (hosts get it all the same), `voted` whether the reader has voted for it.
    """

    proposal: Proposal
    standing: str
    name: str
    votes: int
    voted: bool = False
    is_mine: bool = False

    @property
    def number(self) -> int | None:
        """The number of the question it became, once that is asked."""
        return self.proposal.question.number if self.proposal.question else None


def public(discussion: Discussion, reader: User | None) -> list[Wish]:
    """Return what everybody sees, the most wanted first: what is not asked yet, then what was."""
    found = [one for one in _all(discussion) if one.is_public]
    wishes = _wishes(discussion, found, reader)
    return sorted(wishes, key=lambda wish: (wish.number is not None, -wish.votes, wish.proposal.id))


def most_wanted(discussion: Discussion) -> list[Wish]:
    """Return the MOST_WANTED of what everybody sees and is not asked yet, the most wanted first."""
    votes = select(func.count()).where(ProposalVote.proposal_id == Proposal.id).correlate(Proposal).scalar_subquery()
    found = (
        select(Proposal)
        .outerjoin(Question, Question.id == Proposal.question_id)
        .where(
            Proposal.discussion_id == discussion.id,
            Proposal.state.in_(PUBLIC),
            Question.number.is_(None),
        )
        .options(joinedload(Proposal.author))
        .order_by(votes.desc(), Proposal.id)
        .limit(MOST_WANTED)
    )
    return _wishes(discussion, list(db.session.scalars(found)), None)


def voted(discussion: Discussion, reader: User) -> list[int]:
    """Return the ids of the questions here that `reader` has voted for."""
    here = (ProposalVote.user_id == reader.id, Proposal.discussion_id == discussion.id)
    asked = select(ProposalVote.proposal_id).join(Proposal, Proposal.id == ProposalVote.proposal_id).where(*here)
    return list(db.session.scalars(asked.order_by(ProposalVote.proposal_id)))


def own(discussion: Discussion, reader: User | None) -> list[Wish]:
    """Return what `reader` has asked here, whatever became of it, newest first."""
    if reader is None:
        return []
    return _wishes(discussion, [one for one in _all(discussion) if one.author_id == reader.id], reader)[::-1]


def for_hosts(discussion: Discussion, order: list[int]) -> list[Wish]:
    """Return what hosts can still work on: in `order` (ids) as far as it goes, then as they came in.

    So nothing jumps while they work; they ask for another order by asking for the page with one.
    """
    place = {number: index for index, number in enumerate(order)}
    waiting = [one for one in _all(discussion) if one.is_waiting]
    waiting.sort(key=lambda one: (place.get(one.id, len(place)), one.id))
    return _wishes(discussion, waiting, None)


def by_votes(wishes: list[Wish]) -> str:
    """Return the order of `wishes` by their votes now, as `for_hosts` takes it: ids between dots."""
    return ".".join(str(wish.proposal.id) for wish in sorted(wishes, key=lambda one: (-one.votes, one.proposal.id)))


def _all(discussion: Discussion) -> list[Proposal]:
    found = (
        select(Proposal)
        .where(Proposal.discussion_id == discussion.id)
        .options(joinedload(Proposal.author), joinedload(Proposal.question), joinedload(Proposal.merged_into))
        .order_by(Proposal.id)
    )
    return list(db.session.scalars(found))


def _wishes(discussion: Discussion, found: list[Proposal], reader: User | None) -> list[Wish]:
    votes = Counter(proposals.counts(discussion, [one.id for one in found]))
    mine = set(voted(discussion, reader)) if reader is not None and found else set()
    answered = _answered(discussion, [one.question_id for one in found if one.question_id is not None])
    names = {seat.user_id: seat.name for seat in discussion.seats}
    return [
        Wish(
            proposal=one,
            standing=_standing(one, answered),
            name="" if one.is_anonymous else names.get(one.author_id, one.author.name),
            votes=votes[one.id],
            voted=one.id in mine,
            is_mine=reader is not None and one.author_id == reader.id,
        )
        for one in found
    ]


def _standing(proposal: Proposal, answered: set[int]) -> str:
    if proposal.question is not None and proposal.question.is_asked and proposal.state is ProposalState.SHORTLISTED:
        return "answered" if proposal.question.id in answered else "asked"
    return proposal.state.value


def _answered(discussion: Discussion, questions: list[int]) -> set[int]:
    """Which of these questions somebody of the panel or the hosts has answered."""
    if not questions:
        return set()
    seated = [seat.user_id for seat in discussion.seats if seat.role in {SeatRole.PANELIST, SeatRole.HOST}]
    found = select(Comment.question_id).where(
        Comment.question_id.in_(questions),
        Comment.author_id.in_(seated),
        Comment.state == CommentState.PUBLISHED,
    )
    return {number for number in db.session.scalars(found.distinct()) if number is not None}
