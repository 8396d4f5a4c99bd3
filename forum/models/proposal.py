"""A question that somebody of the audience wants to put to the panel, and the votes for it."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.database import Model
from forum.models.columns import choice

if TYPE_CHECKING:
    from forum.models.discussion import Discussion
    from forum.models.question import Question
    from forum.models.user import User


class ProposalState(StrEnum):
    """What the hosts have made of it. That it is planned, asked or answered follows from its question."""

    NEW = "new"
    APPROVED = "approved"
    SHORTLISTED = "shortlisted"
    DECLINED = "declined"
    MERGED = "merged"


# What everybody who reads the discussion sees, and can vote for.
PUBLIC = frozenset({ProposalState.APPROVED, ProposalState.SHORTLISTED})


class Proposal(Model):
    """One question of the audience. Only its asker and the hosts know of it before it is approved."""

    id: Mapped[int] = mapped_column(primary_key=True)
    discussion_id: Mapped[int] = mapped_column(ForeignKey("discussion.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    is_anonymous: Mapped[bool] = mapped_column(default=False)  # to everybody but the hosts
    state: Mapped[ProposalState] = mapped_column(choice(ProposalState), default=ProposalState.NEW)
    reason: Mapped[str] = mapped_column(String(200), default="")  # why it was declined, for its asker
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="SET NULL"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id", ondelete="SET NULL"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id", ondelete="SET NULL"))  # what it was made of
    made_at: Mapped[datetime]

    discussion: Mapped["Discussion"] = relationship()
    author: Mapped["User"] = relationship()
    question: Mapped["Question | None"] = relationship()
    merged_into: Mapped["Proposal | None"] = relationship(remote_side=[id])

    @property
    def is_waiting(self) -> bool:
        """Whether the hosts can still do something with it: not declined, merged or in the run sheet."""
        waits = {ProposalState.NEW, ProposalState.APPROVED, ProposalState.SHORTLISTED}
        return self.state in waits and self.question_id is None

    @property
    def is_public(self) -> bool:
        """Whether everybody who reads the discussion sees it, and can vote for it."""
        return self.state in PUBLIC


class ProposalVote(Model):
    """Somebody wants to see a question of the audience asked; once per person."""

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True)
    at: Mapped[datetime]
