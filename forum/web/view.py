"""Which piece of a discussion a reader has asked for. Everything in the address is hostile until it is read here."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from forum.database import db
from forum.live import stream
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Comment, CommentState, Discussion, Question
from forum.refusals import invalid, unknown

_BIGGEST_ID = 2**31 - 1
REFRESH_LEAST, REFRESH_MOST, REFRESH = 30, 3600, 300


def whole(field: str, least: int, most: int) -> int | None:
    """Return a whole number of the address, None when it is missing or empty. Raises Refused (invalid)."""
    value = request.args.get(field, "").strip()
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 16) or not least <= int(value) <= most:
        raise invalid(
            **{
                field: _(
                    "“%(field)s” has to be a whole number from %(least)s to %(most)s.",
                    field=field,
                    least=least,
                    most=most,
                )
            }
        )
    return int(value)


@dataclass(frozen=True)
class View:
    """A reader's choice: by question or by time, the newest or one place, with or without what moves."""

    by_time: bool = False
    show: Question | None = None
    show_general: bool = False
    before: int | None = None
    around: Comment | None = None
    reply: Comment | None = None
    refresh: int | None = None
    text_only: bool = False

    @classmethod
    def asked_for(cls, discussion: Discussion) -> "View":
        """Read the address. Raises Refused (invalid, naming the field; 404 for a comment that is not there)."""
        order, shown = request.args.get("order", "question"), request.args.get("show", "")
        if order not in {"question", "time"}:
            raise invalid(order=_("“order” is either “question” or “time”."))
        question = next((q for q in discussion.questions if q.number and f"q{q.number}" == shown), None)
        if shown and shown != "general" and question is None:
            raise invalid(show=_("“show” has to name a question that has been asked, such as q1, or “general”."))
        refresh = whole("refresh", REFRESH_LEAST, REFRESH_MOST)
        if refresh is None and "refresh" in request.args:
            refresh = REFRESH
        around, reply = whole("around", 1, _BIGGEST_ID), whole("reply", 1, _BIGGEST_ID)
        return cls(
            by_time=order == "time",
            show=question,
            show_general=shown == "general",
            before=whole("before", 1, _BIGGEST_ID),
            around=_comment(discussion, around) if around else None,
            reply=_replied(discussion, reply) if reply else None,
            refresh=refresh,
            text_only=request.args.get("text", "") not in {"", "0"},
        )

    @property
    def is_live(self) -> bool:
        """Whether scripts keep this page up to date."""
        return self.refresh is None and not self.text_only

    def key(self) -> tuple[object, ...]:
        """Return what tells this choice from others, except for what is in the composer."""
        show, around = self.show and self.show.number, self.around and self.around.id
        return (self.by_time, show, self.show_general, self.before, around, self.refresh, self.text_only)

    @property
    def opens_general(self) -> bool:
        """Whether the general remarks are unfolded: somebody has asked for one of them."""
        return self.show_general or (self.around is not None and self.around.question_id is None)

    def folds(self, question: Question, scene: Scene) -> bool:
        """Whether the answers to `question` are one line at first: another one is open, and nobody asked for these.

        Only for a page that is loaded; what a reader has open never folds. One that reloads itself would do just that.
        """
        if scene.open is None or scene.open.id == question.id or self.refresh or self.show or self.show_general:
            return False
        return self.around is None or self.around.question_id != question.id

    def lists(self, scene: Scene) -> dict[str, Any]:
        """Return the comments and the count of older ones by question, the recent ones, and if it is a piece only."""
        comments, is_closed = self._comments(scene)
        shown = stream.dress(scene.discussion, comments)
        recent = stream.recent(scene.discussion)
        on_page = {comment.id for comment in comments}
        found = {
            "is_closed": is_closed,
            "recent": recent,
            "recent_elsewhere": any(row.comment.id not in on_page for row in recent),
        }
        if self.by_time:
            return {**found, "by_time": (shown, self._left(scene, "time", shown))}
        lists = {place: self._list(scene, place, shown) for place in (None, *(q.id for q in scene.asked))}
        return {**found, "lists": lists}

    def _comments(self, scene: Scene) -> tuple[list[Comment], bool]:
        discussion = scene.discussion
        if self.by_time:
            return stream.before(discussion, "time", self.before, 100), self.before is not None
        if self.show is not None or self.show_general:
            where = self.show.id if self.show else None
            return stream.before(discussion, where, self.before, stream.PAGE_OF_ONE_QUESTION), self.before is not None
        newest = stream.newest(discussion)
        if self.around is not None and self.around.id not in {comment.id for comment in newest}:
            return stream.around(discussion, self.around), True
        return newest, False

    def _list(self, scene: Scene, place: int | None, shown: list[Shown]) -> tuple[list[Shown], int]:
        here = [one for one in shown if one.comment.question_id == place]
        return here, self._left(scene, place, here)

    def _left(self, scene: Scene, where: stream.Where, shown: list[Shown]) -> int:
        places = scene.tally.places
        total = places.total() if where == "time" else places[where]  # type: ignore[index]
        if not shown or not (self.before or self.around):
            return total - len(shown)
        return stream.count_before(scene.discussion, where, shown[0].comment.id)


def _comment(discussion: Discussion, comment_id: int) -> Comment:
    comment = db.session.get(Comment, comment_id)
    if comment is None or comment.discussion_id != discussion.id or comment.state is CommentState.HELD:
        raise unknown()
    return comment


def _replied(discussion: Discussion, comment_id: int) -> Comment:
    comment = _comment(discussion, comment_id)
    if comment.state is not CommentState.PUBLISHED:
        raise invalid(
            reply=_("The comment you answer is no longer there. Choose another one, or write without a reply.")
        )
    return comment
