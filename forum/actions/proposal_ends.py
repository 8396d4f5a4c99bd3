"""How a question of the audience goes without a host's decision: its asker takes it back, or its comment goes. And how
open pages hear of any change.

Everything runs inside `writing()`, with the discussion's row locked. It stands below `proposals` and `shortlisting`,
because hiding and deleting comments needs it too.
"""

from sqlalchemy import select

from forum.database import db
from forum.live import log
from forum.models import Audience, Comment, CommentState, Discussion, Proposal, ProposalState


def follow(comment: Comment) -> None:
    """Let the questions that were made of `comment` go with it: what readers may not see there they see nowhere.

    What was made of a deleted comment loses its words (`take_words`); what was made of a hidden one waits for hosts, or
    has theirs where they have put it into the run sheet.
    """
    is_hidden = comment.state is CommentState.HIDDEN
    found = select(Proposal).where(Proposal.discussion_id == comment.discussion_id, Proposal.comment_id == comment.id)
    for proposal in db.session.scalars(found):
        was_public = proposal.is_public
        is_planned = proposal.question_id is not None
        if comment.state is CommentState.DELETED or not comment.source or (is_hidden and is_planned):
            take_words(proposal)
        elif is_hidden and was_public:
            proposal.state = ProposalState.NEW
        else:
            continue
        tell(proposal, is_public=was_public)


def take_words(proposal: Proposal) -> None:
    """Let nothing stay of `proposal` but what hosts have put into the run sheet, in the words that stand there."""
    if proposal.question is None:
        remove(proposal)
    else:
        proposal.text = proposal.question.text


def remove(proposal: Proposal) -> None:
    """Delete `proposal`. What hosts had merged into it is new again: it would go with a question that is not there."""
    for merged in db.session.scalars(select(Proposal).where(Proposal.merged_into_id == proposal.id)):
        merged.state, merged.merged_into_id = ProposalState.NEW, None
        tell(merged, is_public=False)
    db.session.delete(proposal)


def tell(proposal: Proposal, *, is_public: bool) -> None:
    """Let open pages look again: everybody's when all can see the change (`is_public`), else hosts' and its asker's.

    Nobody is pushed a text: what one person sees of a question is only on their own page. And who may not know of a
    question does not hear that something happens to it.
    """
    db.session.flush()
    discussion = db.session.get_one(Discussion, proposal.discussion_id)
    concerned = [Audience.EVERYONE] if is_public else [Audience.HOSTS, Audience.person(proposal.author_id)]
    for audience in concerned:
        log.record(discussion, "proposal.changed", proposal.id, audience)
