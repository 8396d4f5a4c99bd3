"""What happened to somebody: they were answered, named, asked for or called on. Runs inside `writing()`.

It is noted in the transaction in which it happens, and a letter is written later (`notice_mail`).
"""

from sqlalchemy import select

from forum import clock, text
from forum.database import db
from forum.models import Comment, Discussion, Notice, NoticeKind, PanelCall, Proposal, Question, Silence, User


def of_comment(comment: Comment) -> None:
    """Note whom a comment that readers can see now answers and names; nobody twice, and nobody who does not read it."""
    discussion = comment.discussion
    if discussion.is_rehearsal or comment.author_id is None:
        return
    wanted: dict[int, NoticeKind] = dict.fromkeys(text.named(comment.html), NoticeKind.MENTION)
    parent = comment.reply_to
    if parent is not None and parent.author_id is not None:
        wanted[parent.author_id] = NoticeKind.REPLY
    wanted.pop(comment.author_id, None)
    if not wanted:
        return
    deaf = set(
        db.session.scalars(
            select(Silence.user_id).where(Silence.user_id.in_(wanted), Silence.other_id == comment.author_id)
        )
    )
    known = set(db.session.scalars(select(User.id).where(User.id.in_(wanted), User.left_at.is_(None))))
    for user_id, kind in wanted.items():
        if user_id in known - deaf:
            _note(user_id, kind, discussion, comment_id=comment.id)


def of_question(question: Question) -> None:
    """Note whose question of the audience has been asked just now."""
    if question.is_from_audience and not question.discussion.is_rehearsal:
        for author_id in db.session.scalars(select(Proposal.author_id).where(Proposal.question_id == question.id)):
            _note(author_id, NoticeKind.ASKED, question.discussion, question_id=question.id)


def of_call(call: PanelCall, discussion: Discussion) -> None:
    """Note whom a host calls on."""
    if not discussion.is_rehearsal:
        _note(call.user_id, NoticeKind.CALLED, discussion, call.comment_id, call.question_id)


def _note(
    user_id: int,
    kind: NoticeKind,
    discussion: Discussion,
    comment_id: int | None = None,
    question_id: int | None = None,
) -> None:
    db.session.add(
        Notice(
            user_id=user_id, kind=kind, discussion_id=discussion.id, comment_id=comment_id, question_id=question_id,
            at=clock.now(),
        )
    )  # fmt: skip
