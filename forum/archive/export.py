"""A discussion as a file: what everybody may read of it, in five formats."""

import csv
import io
import json
from datetime import UTC, datetime
from html import escape
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from forum import clock, people, text
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Phase, Question, QuestionState

# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def published(discussion: Discussion) -> list[Comment]:
    """Return the published comments of `discussion`, oldest first."""
    return list(
        db.session.scalars(
            select(Comment)
            .where(Comment.discussion_id == discussion.id, Comment.state == CommentState.PUBLISHED)
            .options(selectinload(Comment.question))
            .order_by(Comment.id)
        )
    )


def as_values(discussion: Discussion) -> dict[str, Any]:
    """Return `discussion` as the discussion file's object. Emails are those of seats only."""
    comments = published(discussion)
    places = {comment.id: place for place, comment in enumerate(comments, start=1)}
    emails = {seat.user_id: seat.user.email for seat in discussion.seats}
    faces = people.faces(discussion, comments)
    # A file numbers its questions by their place, so those asked come first, as they were asked.
    asked = sorted((q for q in discussion.questions if q.number is not None), key=lambda q: q.number or 0)
    waiting = [question for question in discussion.questions if question.number is None]
    over = discussion.phase_at(clock.now()) is Phase.CLOSED
    values: dict[str, Any] = {
        "title": discussion.title,
        "slug": discussion.slug,
        "hosted_by": discussion.hosted_by,
        "intro": discussion.intro,
        "summary": discussion.summary,
        "editors_note": discussion.editors_note,
        "related_link": _given(url=discussion.related_url, title=discussion.related_title),
        "hero": _given(picture=discussion.hero, credit=discussion.hero_credit, alt=discussion.hero_alt),
        "starts_at": _moment(discussion.starts_at),
        "ends_at": _moment(discussion.ends_at),
        "time_zone": discussion.time_zone,
        "visibility": discussion.visibility.value,
        "questions_shown": discussion.questions_shown.value,
        "late_minutes": discussion.late_minutes or "",
        "draft": discussion.phase is Phase.DRAFT,
        "seats": [
            {"name": seat.name, "email": seat.user.email, "role": seat.role.value}
            | _given(title=seat.title, affiliation=seat.affiliation)
            for seat in discussion.seats
        ],
        "questions": [
            {"text": question.text}
            | _given(
                planned_offset=question.planned_offset_minutes,
                length=question.length_minutes,
                summary=question.summary,
                asked_for=(question.asked_for or "a reader") if question.is_from_audience else "",
            )
            | _waiting(question, over=over)
            for question in asked + waiting
        ],
        "comments": [
            {
                "author": emails[comment.author_id]
                if comment.author_id in emails
                else {"name": faces[comment.id].name} | _given(affiliation=faces[comment.id].affiliation),
                "question": comment.question.number if comment.question else None,
                "body": comment.source,
                "at": _moment(comment.posted_at),
            }
            | _given(
                reply_to=places.get(comment.reply_to_id or 0),
                highlighted=comment.highlighted_at and True,
                written_down_by=emails.get(comment.posted_by_id or 0),
            )
            for comment in comments
        ],
    }
    if not values["draft"]:
        del values["draft"]
    return {name: value for name, value in values.items() if value not in ("", {}, []) or name in {"title", "slug"}}


def _waiting(question: Question, *, over: bool) -> dict[str, bool]:
    """Say of a question that was not asked whether it is a spare, or was left out."""
    if question.number is not None:
        return {}
    if question.is_spare and question.state is QuestionState.DRAFT:
        return {"spare": True}
    return {"skipped": True} if over or not question.is_coming else {}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def _moment(moment: datetime) -> str:
    """The shortest ISO 8601 that loses nothing."""
    moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def as_json(discussion: Discussion) -> str:
    """Return the discussion file."""
    return json.dumps(as_values(discussion), ensure_ascii=False, indent=2) + "\n"


def as_csv(discussion: Discussion) -> str:
    """Return one row a comment; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "question", "author", "role", "affiliation", "at", "reply_to", "text"])
    comments = published(discussion)
    faces = people.faces(discussion, comments)
    for comment in comments:
        face = faces[comment.id]
        row: list[object] = [
            comment.id,
            f"Q{comment.question.number}" if comment.question else "",
            face.name,
            face.role.value if face.role else "",
            face.affiliation,
            _moment(comment.posted_at),
            comment.reply_to_id or "",
            comment.source,
        ]
        writer.writerow([cell(value) for value in row])
    return out.getvalue()


def cell(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_markdown(discussion: Discussion) -> str:
    """Return the transcript by question as Markdown."""
    return "\n".join(_transcript(discussion, "# ", "## ", "### ", lambda comment: comment.source)) + "\n"


def as_text(discussion: Discussion) -> str:
    """Return the transcript by question as plain text."""
    return "\n".join(_transcript(discussion, "", "", "", lambda comment: text.plain(comment.html))) + "\n"


def _transcript(discussion: Discussion, h1: str, h2: str, h3: str, words: Any) -> list[str]:
    comments = published(discussion)
    faces, typists = people.faces(discussion, comments), _typists(discussion, comments)
    lines = [f"{h1}{discussion.title}", "", _moment(discussion.starts_at), "", discussion.intro, ""]
    lines += _summary(discussion.summary)
    summaries = {_heading(q): q.summary for q in discussion.questions if q.number}
    for heading, answers in _sections(discussion, comments):
        lines += [f"{h2}{heading}", "", *_summary(summaries.get(heading, ""))]
        for comment in answers:
            face = faces[comment.id]
            role = f" ({face.role.value})" if face.role else ""
            typist = f", written down by {typists[comment.posted_by_id]}" if comment.posted_by_id in typists else ""
            lines += [f"{h3}{face.name}{role}, {_moment(comment.posted_at)}{typist}", "", words(comment), ""]
    return lines


def _typists(discussion: Discussion, comments: list[Comment]) -> dict[int, str]:
    """Return the names of who wrote down what others said, by id."""
    return people.names(discussion, {c.posted_by_id for c in comments if c.posted_by_id is not None})


def _summary(words: str) -> list[str]:
    return ["Summary by the hosts:", "", words, ""] if words else []


def _heading(question: Question) -> str:
    """Return number and words of a question, with the credit of one that came from the audience."""
    credit = f" (asked for {question.asked_for or 'a reader'})" if question.is_from_audience else ""
    return f"Q{question.number}: {question.text}{credit}"


def _sections(discussion: Discussion, comments: list[Comment]) -> list[tuple[str, list[Comment]]]:
    asked = sorted((q for q in discussion.questions if q.number is not None), key=lambda q: q.number or 0)
    sections = [("General remarks", [c for c in comments if c.question_id is None])]
    sections += [(_heading(q), [c for c in comments if c.question_id == q.id]) for q in asked]
    return [section for section in sections if section[1] or section[0].startswith("Q")]


def as_html(discussion: Discussion) -> str:
    """Return the transcript as one HTML file that needs nothing else."""
    comments = published(discussion)
    faces, typists = people.faces(discussion, comments), _typists(discussion, comments)
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(discussion.title)}</title><style>body{{font:1rem/1.55 sans-serif;max-width:42rem;",
        "margin:2rem auto;padding:0 1rem}h1,h2{font-family:serif}article{border-top:1px solid #ccc;padding:.6rem 0}",
        "small{color:#555}</style></head><body>",
        f"<h1 dir=auto>{escape(discussion.title)}</h1><p><small>{_moment(discussion.starts_at)}</small></p>",
        discussion.intro_html,
        _summary_html(discussion.summary_html),
    ]
    summaries = {_heading(q): q.summary_html for q in discussion.questions if q.number}
    for heading, answers in _sections(discussion, comments):
        parts.append(f"<h2 dir=auto>{escape(heading)}</h2>{_summary_html(summaries.get(heading, ''))}")
        for comment in answers:
            face = faces[comment.id]
            role = f" · {face.role.value}" if face.role else ""
            typist = (
                f" · written down by {escape(typists[comment.posted_by_id])}" if comment.posted_by_id in typists else ""
            )
            parts.append(
                f"<article id=c{comment.id}><b><bdi>{escape(face.name)}</bdi></b><small>{role} "
                f"{escape(face.affiliation)} · {_moment(comment.posted_at)}{typist}</small>{comment.html}</article>"
            )
    return "".join(parts) + "</body></html>\n"


def _summary_html(html: str) -> str:
    return f"<p><b>Summary by the hosts</b></p>{html}" if html else ""


FORMATS = {"json": as_json, "html": as_html, "markdown": as_markdown, "csv": as_csv, "text": as_text}
