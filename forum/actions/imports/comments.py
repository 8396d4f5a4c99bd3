"""The past comments of a discussion file, and by whom they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from forum import clock, people, text
from forum.archive.discussion_file import DiscussionFile
from forum.archive.lines import Path
from forum.database import db
from forum.models import Comment, CommentState, Discussion, Question, Seat

# Comments were written while somebody waited for the discussion or in it, and not by a clock that runs ahead.
EARLIEST = timedelta(days=366)
AHEAD = timedelta(minutes=5)


@dataclass
class _Room:
    """Where what a comment names is found."""

    discussion: Discussion
    seats: dict[str, Seat]  # by the email of whoever sits there
    questions: dict[int, Question]  # by their place in the file
    mentions: dict[str, text.Mention]
    comments: dict[int, Comment]  # those made so far, by their place in the file


def add_comments(file: DiscussionFile, discussion: Discussion) -> None:
    """Write the comments of `file`, oldest first; those that cannot be taken are its faults."""
    room = _Room(
        discussion,
        seats={seat.user.email: seat for seat in discussion.seats},
        questions={question.position: question for question in discussion.questions},
        mentions=people.mentions(discussion),
        comments={},
    )
    values, latest = file.values["comments"], clock.now() + AHEAD
    for index in sorted(range(len(values)), key=lambda index: values[index]["at"]):
        comment = _comment(file, index, room, latest)
        if comment is not None:
            db.session.add(comment)
            db.session.flush()
            room.comments[index] = comment


def _comment(file: DiscussionFile, index: int, room: _Room, latest: datetime) -> Comment | None:
    """Return what the file says at this place, None for what cannot be taken at all."""
    value, path = file.values["comments"][index], ("comments", index)
    author, byline, affiliation, country = _author(file, path, value["author"], room.seats)
    try:
        source = text.clean_body(value["body"], 10_000)
    except text.TextFault as fault:
        file.fault((*path, "body"), fault.message)
        return None
    if not room.discussion.starts_at - EARLIEST <= value["at"] <= latest:
        file.fault((*path, "at"), "must lie at most a year before the start, and not in the future.")
    if value["edited_at"] and value["edited_at"] > latest:
        file.fault((*path, "edited_at"), "must not lie in the future.")
    answered = value.get("reply_to")
    if answered is not None and answered not in room.comments:
        file.fault((*path, "reply_to"), "must mean a comment written before this one.")
        return None
    typist = value["written_down_by"].strip().lower()
    if typist and typist not in room.seats:
        file.fault((*path, "written_down_by"), "must be the email of a seat.")
    return Comment(
        discussion=room.discussion,
        question=room.questions[value["question"]] if value["question"] is not None else None,
        reply_to=room.comments[answered] if answered is not None else None,
        author_id=author.user_id if author else None,
        posted_by_id=room.seats[typist].user_id if typist in room.seats else None,
        byline_name=byline,
        byline_affiliation=affiliation,
        byline_country=country,
        source=source,
        html=text.render(source, room.mentions),
        state=CommentState.PUBLISHED,
        posted_at=value["at"],
        edited_at=value["edited_at"],
        highlighted_at=value["at"] if value["highlighted"] else None,
        helpful=value["helpful"],
    )


def _author(
    file: DiscussionFile, path: Path, value: str | dict[str, Any], by_email: dict[str, Seat]
) -> tuple[Seat | None, str, str, str]:
    """A seat's email, or a name with affiliation and country for somebody without an account.

    A name that looks like a seat's is a slip of whoever writes the file, unless it says that it is somebody else's.
    """
    affiliation = country = ""
    is_namesake = False
    is_email = isinstance(value, str) and "@" in value
    if isinstance(value, dict):
        affiliation, country = value.get("affiliation", ""), value.get("country", "")
        is_email, is_namesake = bool(value.get("email")), value.get("seat") is False
        value = str(value.get("email") or value.get("name", ""))
    if is_email:
        seat = by_email.get(value.strip().lower())
        if seat is None:
            file.fault((*path, "author"), "is no seat's email. Use one of the seats, or a name with an affiliation.")
        return seat, "" if seat else "?", "", ""
    try:
        name = text.clean_line(value, 80)
        affiliation = text.clean_line(affiliation, 120) if affiliation.strip() else ""
    except text.TextFault as fault:
        file.fault((*path, "author"), fault.message)
        return None, "?", "", ""
    seated = [seat.name for seat in by_email.values()]
    if not is_namesake and (like := text.looks_like(name, seated)) is not None:
        way_out = 'Use the seat\'s email, another name, or "seat": false beside it for somebody else.'
        file.fault((*path, "author"), f"looks like {like}, who has a seat. {way_out}")
    return None, name, affiliation, country
