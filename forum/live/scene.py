"""What every part of a discussion's page is rendered from, and the rendering of its regions.

The page and the push ask here, so that a page open all along and a fresh one are the same.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup

from forum import audience, clock, people
from forum.audience import Wish
from forum.live import stream, tally
from forum.live.stream import Shown
from forum.models import Comment, Discussion, Phase, Question, QuestionsShown, QuestionState, Safeguards
from forum.people import Face

# What a change of status or of the questions can be seen in.
STATUS_REGIONS = (
    "chip", "masthead", "notice", "about", "rail", "tabs", "ruler", "panel", "wishes", "composer-options", "skip",
)  # fmt: skip


# Comments may be long: what is kept is bounded by what it holds, not only by its number.
_MOST_RENDERED = 3000
_MOST_CHARACTERS = 12_000_000
_rendered: OrderedDict[tuple[object, ...], str] = OrderedDict()
_characters = 0


@dataclass
class Scene:
    """One discussion at one moment, as every reader of it sees it."""

    discussion: Discussion
    now: datetime

    @classmethod
    def of(cls, discussion: Discussion) -> "Scene":
        """Return the scene of `discussion` now."""
        return cls(discussion, clock.now())

    @cached_property
    def phase(self) -> str:
        """The phase that counts now."""
        return self.discussion.phase_at(self.now).value

    @property
    def zone(self) -> str:
        """The event's own time zone."""
        return self.discussion.time_zone

    @cached_property
    def lang(self) -> Markup:
        """The attribute that says in which language the event's own words are; nothing where it is that of the page."""
        language = self.discussion.language
        return Markup("") if language == str(get_locale()) else Markup(' lang="{}"').format(language)

    @cached_property
    def asked(self) -> list[Question]:
        """The questions that have a number, in its order."""
        return sorted((q for q in self.discussion.questions if q.number), key=lambda q: q.number or 0)

    @cached_property
    def coming(self) -> list[Question]:
        """The questions to come, as far as the host shows their texts; none once the discussion is closed."""
        return self._waiting if self.discussion.questions_shown is QuestionsShown.ALL else []

    @property
    def coming_count(self) -> int:
        """How many questions are to come, as far as the host lets readers know."""
        return 0 if self.discussion.questions_shown is QuestionsShown.NONE else len(self._waiting)

    @cached_property
    def _waiting(self) -> list[Question]:
        if self.phase == Phase.CLOSED:
            return []
        return [q for q in self.discussion.questions if q.is_coming]

    @cached_property
    def dated(self) -> list[Question]:
        """The questions to come that open by themselves, as far as the host lets readers know, in that order."""
        return [q for q in self._waiting if q.opens_at is not None] if self.coming_count else []

    def number_of(self, question: Question) -> int:
        """Return the number that a question to come will have, if all go in order."""
        return len(self.asked) + 1 + self._waiting.index(question)

    @cached_property
    def open(self) -> Question | None:
        """The question being asked now."""
        if self.phase not in {Phase.LIVE, Phase.PAUSED}:
            return None
        return next((q for q in self.asked if q.state is QuestionState.OPEN), None)

    @property
    def answered(self) -> Question | None:
        """The question an answer goes to unless its writer says otherwise: the open one; after the end, the last."""
        return self.asked[-1] if self.phase == Phase.CLOSED and self.asked else self.open

    @cached_property
    def tally(self) -> tally.Tally:
        """The numbers."""
        return tally.of(self.discussion)

    @cached_property
    def safeguards(self) -> Safeguards:
        """How strictly comments are looked at."""
        return Safeguards.of(self.discussion.id)

    @cached_property
    def highlights(self) -> int:
        """How many comments the hosts point out."""
        return stream.count_highlights(self.discussion)

    @cached_property
    def wishes(self) -> list[Wish]:
        """What the audience most wants to have asked, for as long as it can be."""
        if not self.discussion.takes_proposals or self.phase in {Phase.DRAFT, Phase.CLOSED}:
            return []
        return audience.most_wanted(self.discussion)

    @cached_property
    def seated(self) -> list[Face]:
        """Everybody with a seat: hosts, moderators, panel."""
        return people.seated(self.discussion)

    def asker(self, question: Question) -> Face | None:
        """Return who asked `question`: by the seat's name, or the account's."""
        seated = next((face for face in self.seated if face.user_id == question.asked_by_id), None)
        if seated is None and question.asked_by is not None:
            return Face(name=question.asked_by.name, user_id=question.asked_by_id)
        return seated

    def comment(self, shown: Shown) -> Markup:
        """Return the `<li>` of one comment, for templates."""
        return Markup(comment_html(shown, self))  # noqa: S704

    def recent(self, shown: Shown) -> Markup:
        """Return one row of the recent comments, for templates."""
        return Markup(recent_row(shown, self))  # noqa: S704

    def is_late(self, comment: Comment) -> bool:
        """Whether `comment` came after the end, while late comments were taken."""
        end = self.discussion.closed_at or self.discussion.ends_at
        return self.phase == Phase.CLOSED and comment.posted_at > end

    @cached_property
    def late_until(self) -> datetime | None:
        """Until when late comments are taken; None when none are now."""
        d = self.discussion
        if not d.takes_late(self.now):
            return None
        return d.late_until or d.ends_at + timedelta(minutes=d.late_minutes)

    @property
    def minutes_left(self) -> int:
        """Whole minutes until the end, counting the one that has begun."""
        return _minutes(self.discussion.ends_at, self.now)

    @property
    def minutes_to_start(self) -> int:
        """Whole minutes until the start, counting the one that has begun."""
        return _minutes(self.discussion.starts_at, self.now)

    def place(self, moment: datetime) -> int:
        """Return where `moment` lies on the ruler, from 0 to 100."""
        length = (self.discussion.over_at - self.discussion.starts_at).total_seconds()
        share = (moment - self.discussion.starts_at).total_seconds() / length if length > 0 else 0
        return round(100 * max(0.0, min(1.0, share)))

    @property
    def hot(self) -> int:
        """The first bar of the ruler that belongs to the open question; past the last when none is open."""
        if self.open is None or self.open.asked_at is None:
            return tally.BARS
        bar = self.tally.bar_of(self.open.asked_at)
        return tally.BARS if bar is None else bar

    def bars(self, first: int, last: int) -> str:
        """Return the ruler's bars from `first` to before `last` as the data of one SVG path (600 × 32)."""
        highest = max(self.tally.bars)
        path = []
        for index in range(first, last):
            if count := self.tally.bars[index]:
                height = max(3, round(30 * count / highest))
                path.append(f"M{index * 10 + 1} 32v-{height}h7v{height}z")
        return "".join(path)


def comment_html(shown: Shown, scene: Scene) -> str:
    """Return the `<li>` of one comment."""
    return _once("comment", shown, scene)


def recent_row(shown: Shown, scene: Scene) -> str:
    """Return the `<li>` of one comment in the list of recent ones."""
    return _once("recent", shown, scene)


def _once(kind: str, shown: Shown, scene: Scene) -> str:
    """Render one comment, or repeat what was rendered from the same things: a page has a hundred, and one is new."""
    global _characters
    comment = shown.comment
    key = (
        kind, comment.id, comment.state, comment.edited_at, comment.hidden_reason, comment.discussion_id,
        comment.highlighted_at, comment.helpful, shown.face, shown.typist, scene.is_late(comment),
        hashlib.blake2b(comment.html.encode(), digest_size=16).digest(), shown.number, shown.quote,
        shown.replies, shown.hidden_at, scene.zone, scene.lang, scene.discussion.runs_for_days,
        scene.discussion.starts_at, scene.discussion.slug, str(get_locale()),
    )  # fmt: skip
    found = _rendered.get(key)
    if found is None:
        module, macro = ("comment", "comment") if kind == "comment" else ("recent", "row")
        found = str(getattr(_module(f"partials/{module}.html"), macro)(shown, scene)).strip()
        _rendered[key] = found
        _characters += len(found)
        while len(_rendered) > _MOST_RENDERED or _characters > _MOST_CHARACTERS:
            _characters -= len(_rendered.popitem(last=False)[1])
    return found


def recent_list(scene: Scene) -> str:
    """Return the whole list of recent comments."""
    rows = stream.recent(scene.discussion)
    return str(_module("partials/recent.html").rows(rows, scene)).strip()


def quote_inner(quote: stream.Quote) -> str:
    """Return what stands inside every line that quotes one comment."""
    return str(_module("partials/comment.html").quote_words(quote)).strip()


def section_html(question: Question, scene: Scene) -> str:
    """Return the whole section of a question that has just been asked, without answers."""
    return str(_module("partials/section.html").section(question, [], 0, scene)).strip()


def region(name: str, scene: Scene) -> str:
    """Return one region of the page (`STATUS_REGIONS`, or `q2` for the head of a question)."""
    if name == "recent":
        return recent_list(scene)
    if name[0] == "q" and name[1:].isdigit():
        question = next(q for q in scene.asked if q.number == int(name[1:]))
        return str(_module("partials/section.html").head(question, scene)).strip()
    return str(getattr(_module("partials/regions.html"), name.replace("-", "_"))(scene)).strip()


def regions(names: Iterable[str], scene: Scene) -> dict[str, str]:
    """Return several regions by their names."""
    return {name: region(name, scene) for name in names}


def _module(template: str) -> Any:
    return current_app.jinja_env.get_template(template).module


def _minutes(moment: datetime, now: datetime) -> int:
    return -int((now - moment).total_seconds() // 60)
