"""A discussion as a file. The discussion file is the hosts' own and makes it again; readers get theirs.

Every format comes in pieces, so that a discussion of 20,000 comments neither fills a process nor holds up the others.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from textwrap import indent
from typing import Any

import gevent
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from forum import clock, people, speaking, text
from forum.archive import asking, docx, epub, readings
from forum.archive.readings import moment
from forum.database import db, let_go
from forum.models import Comment, CommentState, Digests, Discussion, Phase, Question, QuestionState

TEXTS = ("json", "html", "markdown", "csv", "text")
KINDS = (*TEXTS, "epub", "docx")
_READINGS: dict[str, Callable[[Discussion, str], Iterator[str]]] = {
    "html": readings.as_html,
    "markdown": readings.as_markdown,
    "csv": readings.as_csv,
    "text": readings.as_text,
}
_ARCHIVES: dict[str, Callable[[Discussion, str], Iterator[bytes]]] = {"epub": epub.pieces, "docx": docx.pieces}
_AT_ONCE = 100
_OF_SEAT = ("title", "affiliation", "country", "biography", "picture")


def pieces(kind: str, discussion: Discussion, site: str = "", *, for_hosts: bool = True) -> Iterator[str]:
    """Yield `discussion` in one of TEXTS. `site` is the public address, for links; only JSON differs `for_hosts`.

    What people read of ours in it is in the language of the discussion, what machines read (JSON, CSV) the same always.
    """
    with speaking.speaking(speaking.of_discussion(discussion)):
        yield from _file(discussion, for_hosts=for_hosts) if kind == "json" else _READINGS[kind](discussion, site)


def encoded(kind: str, discussion: Discussion, site: str = "", *, for_hosts: bool = True) -> Iterator[bytes]:
    """Yield `discussion` in one of KINDS as the bytes of the file; `site` and `for_hosts` as `pieces` has them."""
    if kind in _ARCHIVES:
        with speaking.speaking(speaking.of_discussion(discussion)):
            for packed in _ARCHIVES[kind](discussion, site):
                let_go()
                yield packed
        return
    for piece in pieces(kind, discussion, site, for_hosts=for_hosts):
        yield piece.encode("utf-8", "replace")


def whole(kind: str, discussion: Discussion, site: str = "", *, for_hosts: bool = True) -> str:
    """Return all pieces of one of TEXTS in one."""
    return "".join(pieces(kind, discussion, site, for_hosts=for_hosts))


def as_values(discussion: Discussion) -> dict[str, Any]:
    """Return `discussion` as the discussion file's object. Emails are those of seats only."""
    values: dict[str, Any] = json.loads(whole("json", discussion))
    return values


def _file(discussion: Discussion, *, for_hosts: bool) -> Iterator[str]:
    head = json.dumps(_head(discussion) if for_hosts else _head_for_readers(discussion), ensure_ascii=False, indent=2)
    comments = _comments(discussion, for_hosts=for_hosts)
    first = next(comments, None)
    if first is None:
        yield head + "\n"
        return
    yield head.removesuffix("\n}") + ',\n  "comments": [\n' + _indented(first)
    for comment in comments:
        yield ",\n" + _indented(comment)
    yield "\n  ]\n}\n"


def _indented(comment: dict[str, Any]) -> str:
    return indent(json.dumps(comment, ensure_ascii=False, indent=2), "    ")


def _head(discussion: Discussion) -> dict[str, Any]:
    """Everything but the comments. A file numbers its questions by their place, so those asked come first."""
    asked, waiting = _asked(discussion), [question for question in discussion.questions if question.number is None]
    over, first = discussion.phase_at(clock.now()) is Phase.CLOSED, _first_answers(discussion)
    values: dict[str, Any] = {
        "title": discussion.title,
        "slug": discussion.slug,
        "hosted_by": discussion.hosted_by,
        "intro": discussion.intro,
        "summary": discussion.summary,
        "editors_note": discussion.editors_note,
        "related_link": _given(url=discussion.related_url, title=discussion.related_title),
        "hero": _given(picture=discussion.hero, credit=discussion.hero_credit, alt=discussion.hero_alt),
        "starts_at": moment(discussion.starts_at),
        "ends_at": moment(discussion.over_at),
        "time_zone": discussion.time_zone,
        "visibility": discussion.visibility.value,
        "questions_shown": discussion.questions_shown.value,
        "late_minutes": discussion.late_minutes or "",
        "digests": discussion.digests.value if discussion.digests is not Digests.USUAL else "",
        "language": discussion.language if discussion.language != "en" else "",
        "draft": True if discussion.phase is Phase.DRAFT else "",
        "seats": [
            {"name": seat.name, "email": seat.user.email, "role": seat.role.value}
            | _given(**{name: getattr(seat, name) for name in _OF_SEAT})
            for seat in discussion.seats
            if seat.user.left_at is None  # a seat of nobody, with no address that could be read again
        ],
        "questions": [
            _question(question, first.get(question.id)) | _waiting(question, over=over) for question in asked + waiting
        ],
    }
    return {name: value for name, value in values.items() if value not in ("", {}, []) or name in {"title", "slug"}}


def _first_answers(discussion: Discussion) -> dict[int | None, datetime]:
    """Return when each question, by its id, was first answered by what is in the file."""
    shown = (Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED)
    found = select(Comment.question_id, func.min(Comment.posted_at)).where(*shown).group_by(Comment.question_id)
    return {question_id: at for question_id, at in db.session.execute(found)}


def _asked_at(question: Question, first: datetime | None) -> str:
    """Return when `question` was asked, where it is not what a reader of the file would think without it."""
    discussion, asked_at = question.discussion, question.asked_at
    start, end = discussion.starts_at, discussion.over_at
    if question.number is None or asked_at is None or not start <= asked_at <= end:
        return ""
    usual = asking.usual(start, end, question.planned_offset_minutes, question.opens_at, first)
    return moment(asked_at) if moment(asked_at) != moment(usual) else ""


def _question(question: Question, first: datetime | None) -> dict[str, Any]:
    end = question.discussion.over_at  # closed early, it has moments that no file may name: they lie outside
    return {"text": question.text} | _given(
        planned_offset=question.planned_offset_minutes,
        length=question.length_minutes,
        opens_at=moment(question.opens_at) if question.opens_at and question.opens_at < end else "",
        asked_at=_asked_at(question, first),
        summary=question.summary,
        asked_for=(question.asked_for or "a reader") if question.is_from_audience else "",
    )


def _head_for_readers(discussion: Discussion) -> dict[str, Any]:
    """The same without addresses and settings, and with those questions alone that have been asked."""
    values = _head(discussion)
    for name in ("seats", "visibility", "questions_shown", "late_minutes", "digests", "draft"):
        values.pop(name, None)
    values["questions"] = [
        {name: value for name, value in question.items() if name not in {"planned_offset", "length", "opens_at"}}
        for question in values.get("questions", [])[: len(_asked(discussion))]
    ]
    return values


def _comments(discussion: Discussion, *, for_hosts: bool) -> Iterator[dict[str, Any]]:
    """Yield the published comments, oldest first; answers name the place of what they answer, from 1."""
    shown = (Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED)
    places: dict[int, int] = {}
    last = 0
    here = [seat for seat in discussion.seats if for_hosts and seat.user.left_at is None]
    emails = {seat.user_id: seat.user.email for seat in here}
    seated = [seat.name for seat in here]
    while found := list(
        db.session.scalars(
            select(Comment)
            .where(*shown, Comment.id > last)
            .options(selectinload(Comment.question))
            .order_by(Comment.id)
            .limit(_AT_ONCE)
        )
    ):
        faces = people.faces(discussion, found)
        let_go()
        for comment in found:
            places[comment.id] = len(places) + 1
            face = faces[comment.id]
            yield {
                "author": emails.get(comment.author_id or 0)
                or {"name": face.name}
                | _given(
                    affiliation=face.affiliation,
                    country=face.country,
                    seat=False if text.looks_like(face.name, seated) else None,  # a namesake, and no slip of the pen
                ),
                "question": comment.question.number if comment.question else None,
                "body": comment.source,
                "at": moment(comment.posted_at),
            } | _given(
                reply_to=places.get(comment.reply_to_id or 0),
                highlighted=comment.highlighted_at and True,
                helpful=comment.helpful or None,
                edited_at=comment.edited_at and moment(comment.edited_at),
                written_down_by=emails.get(comment.posted_by_id or 0),
            )
        last = found[-1].id
        gevent.sleep(0)


def _asked(discussion: Discussion) -> list[Question]:
    return sorted((q for q in discussion.questions if q.number is not None), key=lambda q: q.number or 0)


def _waiting(question: Question, *, over: bool) -> dict[str, bool]:
    """Say of a question that was not asked whether it is a spare, or was left out."""
    if question.number is not None:
        return {}
    if question.is_spare and question.state is QuestionState.DRAFT:
        return {"spare": True}
    return {"skipped": True} if over or not question.is_coming else {}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}
