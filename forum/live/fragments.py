"""Events of the log as the wire says them: each with the HTML that changes, by the same partials as the page."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from forum import access, clock, speaking
from forum.database import db
from forum.live import for_you, stream, tally, waiting
from forum.live import scene as scenes
from forum.live.scene import Scene
from forum.live.stream import Shown
from forum.models import Audience, Comment, CommentState, Discussion, Event, Mute, Question, User

Wire = dict[str, Any]

# After these the list of what hosts point out may be another one.
_CHANGES_HIGHLIGHTS = {
    "comment.highlighted", "comment.unhighlighted", "comment.hidden", "comment.restored", "comment.deleted",
    "comment.approved", "comment.set_aside", "comment.reopened",
}  # fmt: skip

# Put together once: it runs for every comment.
_SAID = (
    select(Comment, User)
    .outerjoin(User, User.id == Comment.author_id)
    .where(Comment.id.in_(bindparam("ids", expanding=True)), Comment.state != CommentState.HELD)
    .order_by(Comment.id)
)
# Whoever has the page from before it was a draft again is not told what has been done to that.
_CHANGES_ALL = {"discussion.edited", "discussion.published"}
_WITH_REGIONS = ("question.", "discussion.", "announcement.", "proposal.")
# What has happened to a comment that has been posted, and nothing since.
_NEW = ["comment.posted"]
# What has been said since to be helpful; see `Comment.helpful_seq`.
_HELPFUL = select(Comment.id, Comment.helpful).where(
    Comment.discussion_id == bindparam("discussion"),
    Comment.helpful_seq >= bindparam("first"),
    Comment.helpful_seq > 0,  # else the index, which leaves out the others, may not be used
    Comment.state == CommentState.PUBLISHED,
)
# What a panelist alone hears of, and sees in their own tray.
FOR_ONE = frozenset({"call.changed", "held.ready", "held.changed"})


def render(discussion: Discussion, events: Sequence[Event]) -> list[Wire]:
    """Return `events` (of one audience, oldest first) for the wire.

    Several events on one comment become one with the seq of the last; regions come with the last event that
    changes them. What is rendered is how things stand now, so replaying an event twice changes nothing.
    """
    scene = Scene.of(discussion)
    with speaking.speaking(speaking.of_discussion(discussion)):
        said = [*_comments(scene, events), *_others(scene, events)]
    return sorted(said, key=lambda event: int(event["seq"]))


def comment_html(comment: Comment) -> str:
    """Return one comment's `<li>`, as the page and the push have it; a held one as its writer's page has it."""
    return comments_html(comment.discussion, [comment])[comment.id]


def comments_html(discussion: Discussion, comments: Sequence[Comment]) -> dict[int, str]:
    """Return the `<li>` of each of `comments`, which are of one discussion, by its id; see `comment_html`."""
    shown = [comment for comment in comments if comment.state is not CommentState.HELD]
    with speaking.speaking(speaking.of_discussion(discussion)):
        html = {comment.id: waiting.item_html(comment) for comment in comments if comment.state is CommentState.HELD}
        if shown:
            scene = Scene.of(discussion)
            posted = {comment.id for comment in shown if comment.is_new}
            html |= {one.comment.id: scenes.comment_html(one, scene) for one in stream.dress(discussion, shown, posted)}
    return html


def status(scene: Scene) -> Wire:
    """Return where the discussion stands, for the scripts' clock."""
    return {
        "phase": scene.phase,
        "starts_at": clock.in_utc(scene.discussion.starts_at),
        "ends_at": clock.in_utc(scene.discussion.ends_at),
        "open_question": scene.open.number if scene.open else None,
        "late_until": clock.in_utc(scene.late_until) if scene.late_until else None,
        "slow_seconds": scene.safeguards.slow_seconds,
    }


def just_posted(discussion: Discussion, comments: Sequence[Comment]) -> list[Wire]:
    """Return `comments` as `render` says the events that told of them: the newest of the log, with nothing between."""
    scene = Scene.of(discussion)
    with speaking.speaking(speaking.of_discussion(discussion)):
        return _told(scene, comments, {c.id: c.told_at_seq for c in comments}, {c.id: _NEW for c in comments})


def _comments(scene: Scene, events: Sequence[Event]) -> list[Wire]:
    seqs: dict[int, int] = {}
    kinds: dict[int, list[str]] = {}
    for event in events:
        if event.kind.startswith("comment.") and event.subject_id is not None:
            seqs[event.subject_id] = event.seq
            kinds.setdefault(event.subject_id, []).append(event.kind)
    if not seqs:
        return []
    # With the accounts beside them, which `people` then finds in the session for as long as they are held here.
    found = db.session.execute(_SAID, {"ids": list(seqs)}).all()
    return _told(scene, [comment for comment, _author in found], seqs, kinds)


def _told(scene: Scene, comments: Sequence[Comment], seqs: dict[int, int], kinds: dict[int, list[str]]) -> list[Wire]:
    """Return `comments` for the wire. By their ids: the seq of the last that has happened to them, and all kinds."""
    posted = {comment.id for comment in comments if "comment.posted" in kinds[comment.id]}
    tally.take_in(scene.discussion, {seqs[comment.id]: comment for comment in comments if kinds[comment.id] == _NEW})
    parents = {c.reply_to_id for c in comments if c.reply_to_id is not None}
    replies = stream.reply_counts(sorted(parents))
    dressed = stream.dress(scene.discussion, comments, posted)
    faces = {shown.comment.id: shown.face for shown in dressed}
    said = []
    for shown in dressed:
        comment = shown.comment
        is_new = comment.id in posted
        payload = _comment(scene, shown, seqs[comment.id], "comment.posted" if is_new else kinds[comment.id][-1])
        if not is_new:  # nothing that a reader has can quote what has just been posted
            payload["quote"] = scenes.quote_inner(stream.quote_of(comment, faces))
        if comment.reply_to_id is not None:
            payload["parent"] = {"id": comment.reply_to_id, "replies": replies.get(comment.reply_to_id, 0)}
        if "comment.moved" in kinds[comment.id]:
            payload["counts"] = _counts(scene, [None, *scene.asked])
        changed = [] if _CHANGES_HIGHLIGHTS.isdisjoint(kinds[comment.id]) else ["masthead"]
        if scene.phase == "closed":  # what is posted late, or hidden afterwards, is counted in the closing words
            changed.append("notice")
        if changed:
            payload["regions"] = scenes.regions(changed, scene)
        said.append(payload)
    return said


def _comment(scene: Scene, shown: Shown, seq: int, kind: str) -> Wire:
    comment = shown.comment
    question = next((q for q in scene.asked if q.id == comment.question_id), None)
    bar = scene.tally.bar_of(comment.posted_at)
    event: Wire = {
        "seq": seq,
        "kind": kind,
        "id": comment.id,
        "question": shown.number,
        "author": comment.author_id if shown.is_published else None,
        "panel": shown.is_published and shown.face.is_panel,
        "state": comment.state.value,
        "at": clock.in_utc(comment.posted_at),
        "html": scenes.comment_html(shown, scene),
        "recent": scenes.recent_row(shown, scene) if shown.is_published else None,
        "parent": None,
        "counts": _counts(scene, [question]),
        "totals": {"comments": scene.tally.comments, "writers": len(scene.tally.writers)},
    }
    if comment.key and kind == "comment.posted":
        event["key"] = comment.key
    if bar is not None:
        event["bar"] = [bar, scene.tally.bars[bar]]
    return event


def _counts(scene: Scene, questions: Sequence[Question | None]) -> list[Wire]:
    return [
        {
            "question": question.number if question else None,
            "answers": scene.tally.answers[question.id if question else None],
            "panel": scene.tally.panel[question.id if question else None],
        }
        for question in questions
    ]


def _others(scene: Scene, events: Sequence[Event]) -> list[Wire]:
    said: list[Wire] = []
    changed: set[str] = set()
    for event in events:
        kind = event.kind
        if kind.startswith("comment."):
            continue
        shown: Wire = {"seq": event.seq, "kind": kind, "id": event.subject_id}
        if kind.startswith("question."):
            changed |= {"rail", "tabs", "ruler", "chip", "about", "notice", "wishes", "composer-options", "skip"}
            changed |= _question(scene, event, shown)
        elif kind.startswith("seat.") or kind in _CHANGES_ALL:
            shown["resync"] = True
        elif kind.startswith("announcement."):
            changed.add("notice")
        elif kind.startswith("proposal.") and event.audience == Audience.EVERYONE:
            changed.add("wishes")
        elif kind == "discussion.extended" and (scene.discussion.late_minutes or scene.discussion.runs_for_days):
            shown["resync"] = True  # what came after the end is late no more, or every time has its day beside it now
        elif kind.startswith("discussion."):
            changed |= {*scenes.STATUS_REGIONS, *(f"q{q.number}" for q in scene.asked)}
            shown["status"] = status(scene)
        elif kind.startswith("review.") and event.audience.startswith("user:"):
            shown["regions"] = {"waiting": waiting.region(scene, int(event.audience.removeprefix("user:")))}
        elif kind.startswith("person."):
            shown["message"] = _message(scene.discussion, event)
        elif kind in FOR_ONE and event.audience.startswith("user:"):
            user_id = int(event.audience.removeprefix("user:"))
            shown["regions"] = {"for-you": for_you.html(scene.discussion, user_id)}
        said.append(shown)
    counted = [shown for shown in said if shown["kind"] == "reaction.counted"]
    if counted:
        counted[-1]["helpful"] = _helpful(scene.discussion, int(counted[0]["seq"]))
    regional = [shown for shown in said if str(shown["kind"]).startswith(_WITH_REGIONS)]
    if changed and regional:
        regional[-1]["regions"] = scenes.regions(sorted(changed), scene)
    return said


def _helpful(discussion: Discussion, first: int) -> dict[int, int]:
    """Return by its id how many find each comment helpful whose number has changed since the event `first`."""
    found = db.session.execute(_HELPFUL, {"discussion": discussion.id, "first": first})
    return {comment_id: helpful for comment_id, helpful in found}


def _question(scene: Scene, event: Event, shown: Wire) -> set[str]:
    """Say what an event about a question needs, and return the heads it changes."""
    question = next((q for q in scene.asked if q.id == event.subject_id), None)
    shown["number"] = question.number if question else None
    if question is None:
        return set()
    if event.kind == "question.asked":
        shown["section"] = scenes.section_html(question, scene)
        # The head of the one before loses its mark of being open.
        return {f"q{q.number}" for q in scene.asked}
    return {f"q{question.number}"}


def _message(discussion: Discussion, event: Event) -> str:
    if event.kind != "person.muted":
        return str(_("You can write in this discussion again."))
    mute = db.session.scalar(
        select(Mute)
        .where(Mute.discussion_id == discussion.id, Mute.user_id == event.subject_id)
        .order_by(Mute.id.desc())
        .limit(1)
    )
    return access.told(mute) if mute else str(_("A host has ended your right to write in this discussion."))
