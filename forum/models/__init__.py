"""What is stored: one file per noun, no rules. Import models from here."""

from forum.models.comment import Comment, CommentEdit, CommentState
from forum.models.discussion import Discussion, Phase, QuestionsShown, Visibility
from forum.models.draft import Draft
from forum.models.event import Audience, Event
from forum.models.letter import Letter
from forum.models.moderation import ModerationAction, Mute
from forum.models.question import Question, QuestionState
from forum.models.seat import Seat, SeatRole
from forum.models.user import Session, SiteRole, User

__all__ = [
    "Audience",
    "Comment",
    "CommentEdit",
    "CommentState",
    "Discussion",
    "Draft",
    "Event",
    "Letter",
    "ModerationAction",
    "Mute",
    "Phase",
    "Question",
    "QuestionState",
    "QuestionsShown",
    "Seat",
    "SeatRole",
    "Session",
    "SiteRole",
    "User",
    "Visibility",
]
