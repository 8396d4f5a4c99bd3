"""A discussion made like an earlier one: its roles, questions, prepared texts and safeguards, and none of its answers.

Every function runs inside `writing()`.
"""

from sqlalchemy import inspect

from forum import access
from forum.actions import dates, discussions, invitations, snippets
from forum.actions.drafting import DiscussionDraft
from forum.database import db
from forum.models import Discussion, Question, QuestionState, Safeguards, Seat, Snippet, User

_OF_SEAT = ("user_id", "role", "position", "name", "title", "affiliation", "country", "picture", "biography")
_OF_SAFEGUARDS = ("slow_mode_seconds", "hold_first", "hold_links", "words", "hide_after_flags")


def create(organiser: User, draft: DiscussionDraft, like: Discussion, key: str = "") -> Discussion:
    """Make a draft like `like`, with the words and times of `draft`; the same `key` again returns the first.

    Raises Refused (404 for who may not organise or does not run `like`; invalid as `discussions.create`).
    """
    access.require(organiser, "console.open", like)
    if (before := discussions.made_before(organiser, key)) is not None:
        return before
    discussion = discussions.create(organiser, draft, key)
    copy_parts(like, discussion)
    for question, source in zip(discussion.questions, in_order(like), strict=True):
        if source.opens_at is not None and not question.is_spare:
            question.opens_at = dates.moved(
                source.opens_at,
                dates.planned_start(like),
                like.time_zone,
                discussion.starts_at,
                discussion.time_zone,
            )
    dates.put_in_order(discussion)
    db.session.expire(discussion, ["questions"])
    return discussion


def copy_parts(source: Discussion, target: Discussion) -> None:
    """Give `target`, which is new, the seats, questions, prepared texts and safeguards of `source`.

    Questions are to be asked again, in their order; what was skipped is a spare. They open by hand: the moments of one
    plan are none of another's. Who is slowed or held now is a matter of that hour and not copied.
    """
    for seat in (seat for seat in source.seats if seat.user.left_at is None):
        target.seats.append(Seat(**{name: getattr(seat, name) for name in _OF_SEAT}))
    for place, question in enumerate(in_order(source), start=1):
        target.questions.append(
            Question(
                position=place,
                text=question.text,
                planned_offset_minutes=question.planned_offset_minutes,
                length_minutes=question.length_minutes,
                is_spare=question.is_spare or question.state is QuestionState.SKIPPED,
                state=QuestionState.DRAFT,
            )
        )
    for snippet in snippets.tray(source):
        db.session.add(
            Snippet(
                discussion_id=target.id, position=snippet.position, label=snippet.label, source=snippet.source, times=0
            )
        )
    rules = Safeguards.of(source.id)
    if inspect(rules).persistent:
        kept = Safeguards.of(target.id)
        for name in _OF_SAFEGUARDS:
            setattr(kept, name, getattr(rules, name))
        db.session.add(kept)
    target.silence_minutes = target.usual_silence if source.has_usual_silence else source.silence_minutes
    db.session.flush()
    invitations.close_shown_of(target)


def in_order(source: Discussion) -> list[Question]:
    """Return its questions in the order in which another one asks them: as they were asked, then as planned."""
    return sorted(source.questions, key=lambda q: (q.number is None, q.number or q.position))
