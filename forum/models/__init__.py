"""What is stored: one file per noun, no rules. Import models from here."""

from forum.models.arrival import Arrival
from forum.models.backstage import (
    BackstageMessage,
    CallState,
    HeldAnswer,
    PanelCall,
    ReadyAnswer,
    ReadyCheck,
)
from forum.models.called_off import CalledOff
from forum.models.comment import Comment, CommentEdit, CommentState
from forum.models.digest import Digest
from forum.models.discussion import Digests, Discussion, Phase, QuestionsShown, Visibility
from forum.models.draft import Draft
from forum.models.event import Audience, Event
from forum.models.guest import Guest, Mailing
from forum.models.invitation import Invitation, InvitationState
from forum.models.letter import DeadAddress, Letter
from forum.models.moderation import ModerationAction, Mute
from forum.models.notice import Notice, NoticeKind
from forum.models.old_address import OldAddress
from forum.models.proposal import Proposal, ProposalState, ProposalVote
from forum.models.question import Question, QuestionState
from forum.models.reaction import Reaction
from forum.models.review import Cause, Decision, Flag, FlagReason, Review
from forum.models.rsvp import NoMail, Rsvp, RsvpKind
from forum.models.safeguards import Level, Safeguards
from forum.models.seat import Seat, SeatRole
from forum.models.silence import Silence
from forum.models.site import Registration, Site
from forum.models.snippet import Snippet
from forum.models.user import Session, SiteRole, User

__all__ = [
    "Arrival",
    "Audience",
    "BackstageMessage",
    "CallState",
    "CalledOff",
    "Cause",
    "Comment",
    "CommentEdit",
    "CommentState",
    "DeadAddress",
    "Decision",
    "Digest",
    "Digests",
    "Discussion",
    "Draft",
    "Event",
    "Flag",
    "FlagReason",
    "Guest",
    "HeldAnswer",
    "Invitation",
    "InvitationState",
    "Letter",
    "Level",
    "Mailing",
    "ModerationAction",
    "Mute",
    "NoMail",
    "Notice",
    "NoticeKind",
    "OldAddress",
    "PanelCall",
    "Phase",
    "Proposal",
    "ProposalState",
    "ProposalVote",
    "Question",
    "QuestionState",
    "QuestionsShown",
    "Reaction",
    "ReadyAnswer",
    "ReadyCheck",
    "Registration",
    "Review",
    "Rsvp",
    "RsvpKind",
    "Safeguards",
    "Seat",
    "SeatRole",
    "Session",
    "Silence",
    "Site",
    "SiteRole",
    "Snippet",
    "User",
    "Visibility",
]
