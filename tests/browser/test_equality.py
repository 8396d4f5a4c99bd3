"""A page that was open through whatever happened equals a page loaded afterwards: every kind of action, one by one.

One hour lives through all of them, because loading pages is what takes time; after each, the open page is compared.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from forum.actions import (
    announcements,
    comments,
    discussions,
    highlights,
    moderation,
    phases,
    questions,
    seats,
    summaries,
)
from forum.actions.drafting import DiscussionDraft
from forum.actions.questions import QuestionDraft
from forum.actions.seats import SeatDraft
from forum.database import db
from forum.models import Comment, Discussion, Question, QuestionState, SeatRole, User
from tests.browser.scene import Scene
from tests.house import House

# That a push holds what the page shows is tested on both databases, in tests/live/test_fragments.py.
pytestmark = [pytest.mark.browser, pytest.mark.one_database]


class Hour:
    """A live hour with two questions, a panelist, and five comments that refer to each other."""

    def __init__(self, house: House, slug: str) -> None:
        self.house = house
        self.discussion: Discussion = house.discussion(ask=2, slug=slug)
        self.host = house.host_of(self.discussion)
        self.owner = db.session.get_one(User, self.discussion.owner_id)
        self.panelist = house.panelist(self.discussion)
        self.member = house.user("Samuel Bekele")
        self.first = house.comment(self.discussion, self.panelist, "Trust comes first.", question=1)
        self.reply = house.comment(self.discussion, self.member, "How?", question=1, reply_to=self.first.id)
        self.second = house.comment(self.discussion, self.member, "Money comes second.", question=2)
        self.hello = house.comment(self.discussion, self.member, "Hello from Jimma!")
        self.planned = house.question(self.discussion, "What remains?")

    @property
    def open_question(self) -> Question:
        return next(question for question in self.discussion.questions if question.state is QuestionState.OPEN)

    @property
    def waiting(self) -> Question:
        return next(question for question in self.discussion.questions if question.state is QuestionState.DRAFT)

    def draft(self, **changes: object) -> DiscussionDraft:
        known = {
            name: getattr(self.discussion, name)
            for name in DiscussionDraft.__dataclass_fields__
            if hasattr(self.discussion, name)
        }
        return replace(DiscussionDraft(**known), **changes)  # type: ignore[arg-type]


def do(hour: Hour, action: Callable[..., object], *arguments: object) -> None:
    hour.house.do(action, *arguments)


def own(comment: Comment) -> User:
    return db.session.get_one(User, comment.author_id)


# In an order in which each is allowed.
ACTIONS: dict[str, Callable[[Hour], object]] = {
    "post": lambda h: h.house.comment(h.discussion, h.member, "One more.", question=2),
    "post late": lambda h: h.house.comment(h.discussion, h.panelist, "Late to this.", question=1),
    "post a general remark": lambda h: h.house.comment(h.discussion, h.member, "Thanks to all."),
    "reply": lambda h: h.house.comment(h.discussion, h.panelist, "So.", question=1, reply_to=h.reply.id),
    "edit": lambda h: do(h, comments.edit, h.panelist, h.first, "Trust and skills come first."),
    "move": lambda h: do(h, comments.move, h.host, h.second, 1),
    "move to general remarks": lambda h: do(h, comments.move, h.host, h.second, None),
    "move a reply": lambda h: do(h, comments.move, h.host, h.reply, 2),
    "move back": lambda h: do(h, comments.move, h.host, h.reply, 1),
    "hide": lambda h: do(h, moderation.hide, h.host, h.first, "a mistake"),
    "announce": lambda h: do(h, announcements.announce, h.host, h.discussion, "Ten more minutes for **Q2**."),
    "announce anew": lambda h: do(h, announcements.announce, h.host, h.discussion, "Five more minutes."),
    "take the announcement down": lambda h: do(h, announcements.take_down, h.host, h.discussion),
    "highlight": lambda h: do(h, highlights.highlight, h.host, h.reply),
    "highlight another": lambda h: do(h, highlights.highlight, h.host, h.hello),
    "highlight no longer": lambda h: do(h, highlights.unhighlight, h.host, h.reply),
    "sum up a question": lambda h: do(h, summaries.of_question, h.host, asked(h, 1), "Trust, *mostly*."),
    "sum up": lambda h: do(h, summaries.of_discussion, h.host, h.discussion, "Towns that trust share."),
    "restore": lambda h: do(h, moderation.restore, h.host, h.first),
    "delete a reply": lambda h: do(h, comments.delete, h.member, h.reply),
    "delete": lambda h: do(h, comments.delete, h.panelist, h.first),
    "ask": lambda h: do(h, questions.ask, h.host, h.planned),
    "edit a question": lambda h: do(
        h, questions.edit, h.host, h.open_question, QuestionDraft("What about point two, then?", None)
    ),
    "write a question": lambda h: h.house.question(h.discussion, "A new one?"),
    "skip": lambda h: do(h, questions.skip, h.host, h.waiting),
    "pause": lambda h: do(h, phases.pause, h.host, h.discussion),
    "resume": lambda h: do(h, phases.resume, h.host, h.discussion),
    "extend": lambda h: do(h, phases.extend, h.host, h.discussion, 10),
    "give a seat": lambda h: h.house.seat(h.discussion, h.member, SeatRole.PANELIST),
    "change a seat": lambda h: do(
        h, seats.change, h.host, seat_of(h, h.panelist),
        SeatDraft(name="Priya R. Raman", email=h.panelist.email, role=SeatRole.MODERATOR, affiliation="Elsewhere"),
    ),
    "take a seat": lambda h: do(h, seats.take, h.host, seat_of(h, h.panelist)),
    "edit the discussion": lambda h: do(
        h, discussions.edit, h.owner, h.discussion, h.draft(title="How should towns share water?", intro="New words.")
    ),
    "everything at once": lambda h: (
        h.house.comment(h.discussion, h.member, "In one breath."),
        do(h, comments.move, h.host, h.second, 2),
        do(h, comments.edit, h.member, h.hello, "Hello again from Jimma!"),
        do(h, phases.extend, h.host, h.discussion, 5),
    ),
    "close": lambda h: do(h, phases.close, h.host, h.discussion),
}  # fmt: skip
HOST_LOOKS_AFTER = {"hide", "highlight", "ask", "take a seat", "close"}


def asked(hour: Hour, number: int) -> Question:
    return next(question for question in hour.discussion.questions if question.number == number)


def seat_of(hour: Hour, user: User):
    return next(seat for seat in hour.discussion.seats if seat.user_id == user.id)


@pytest.mark.timeout(900)
def test_a_page_that_was_open_equals_one_loaded_afterwards(scene: Scene) -> None:
    hour = Hour(scene.house, f"equal-{id(scene)}")
    visitor = scene.visit(hour.discussion)
    in_time = scene.visit(hour.discussion, path="?order=time")
    host = scene.visit(hour.discussion, hour.host)
    for kind, action in ACTIONS.items():
        action(hour)
        scene.same_as_fresh(hour.discussion, visitor, kind)
        if kind in HOST_LOOKS_AFTER:
            scene.same_as_fresh(hour.discussion, host, kind)
            scene.same_as_fresh(hour.discussion, in_time, kind)
