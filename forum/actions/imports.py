"""Making a whole discussion from a discussion file, all or nothing. Runs inside `writing()`."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from forum import clock, people, text
from forum.actions import dates, discussions, invitations, phases, slugs
from forum.actions.drafting import DiscussionDraft
from forum.actions.seats import SeatDraft, member_with
from forum.archive.discussion_file import DiscussionFile
from forum.archive.lines import Path
from forum.database import db
from forum.live import log
from forum.models import (
    Comment,
    CommentState,
    Digests,
    Discussion,
    Phase,
    Question,
    QuestionsShown,
    QuestionState,
    Seat,
    SeatRole,
    User,
    Visibility,
)
from forum.refusals import Refused

# Comments were written while somebody waited for the discussion or in it, and not by a clock that runs ahead.
EARLIEST = timedelta(days=366)
AHEAD = timedelta(minutes=5)

# Where a draft's field stands in the file.
_PLACES: dict[str, Path] = {
    "related_url": ("related_link", "url"),
    "related_title": ("related_link", "title"),
    "hero": ("hero", "picture"),
    "hero_credit": ("hero", "credit"),
    "hero_alt": ("hero", "alt"),
}


def store(file: DiscussionFile, owner: User | None = None, key: str = "") -> Discussion:
    """Make the discussion that `file` describes, with its seats, questions and past comments; return it.

    The same `key` of the same owner again returns what was made the first time.

    It is published (the clock says whether it is announced, live or closed) unless the file says `"draft": true`.
    Raises FileFaults naming line and field.
    """
    if owner is not None and (before := discussions.made_before(owner, key)) is not None:
        return before
    discussion = _discussion(file, owner)
    discussion.key = key or None
    _seats(file, discussion)
    file.refuse()
    comments = file.values["comments"]
    order = sorted(range(len(comments)), key=lambda index: comments[index]["at"])
    _questions(file, discussion, comments)
    db.session.flush()
    _comments(file, discussion, order)
    file.refuse()
    dates.put_in_order(discussion)
    _settle(discussion, bool(file.values.get("draft")))
    log.record(discussion, "discussion.published", discussion.id)
    return discussion


def _discussion(file: DiscussionFile, owner: User | None) -> Discussion:
    values = file.values
    draft = _draft(values)
    columns: dict[str, Any] = {}
    try:
        columns = draft.columns()
    except Refused as refusal:
        for name, words in refusal.fields.items():
            file.fault(_PLACES.get(name, (name,)), words)
    if not file.faults and slugs.is_taken(draft.slug):
        file.fault(("slug",), "is taken by another discussion here. Choose a different one.")
    file.refuse()
    discussion = Discussion(
        **columns,
        **_summed_up(file, (), values),
        phase=Phase.DRAFT,
        owner_id=owner.id if owner else None,
        epoch=secrets.token_hex(8),
        last_seq=0,
        created_at=clock.now(),
    )
    discussion.silence_minutes = discussion.usual_silence
    db.session.add(discussion)
    db.session.flush()
    return discussion


def _draft(values: dict[str, Any]) -> DiscussionDraft:
    return DiscussionDraft(
        title=values["title"],
        slug=values["slug"],
        hosted_by=values["hosted_by"],
        intro=values["intro"],
        editors_note=values["editors_note"],
        related_url=values["related_link"]["url"],
        related_title=values["related_link"]["title"],
        hero=values["hero"]["picture"],
        hero_credit=values["hero"]["credit"],
        hero_alt=values["hero"]["alt"],
        time_zone=values["time_zone"],
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
        visibility=Visibility(values["visibility"]),
        questions_shown=QuestionsShown(values["questions_shown"]),
        late_minutes=values["late_minutes"],
        digests=Digests(values["digests"]),
        language=values["language"],
    )


def _summed_up(file: DiscussionFile, path: Path, values: dict[str, Any]) -> dict[str, str]:
    """Return the summary of the whole or of a question, with its HTML."""
    if not values["summary"].strip():
        return {"summary": "", "summary_html": ""}
    try:
        words = text.clean_text(values["summary"], 5000)
    except text.TextFault as fault:
        file.fault((*path, "summary"), fault.message)
        return {}
    return {"summary": words, "summary_html": text.render(words)}


def _seats(file: DiscussionFile, discussion: Discussion) -> None:
    names: list[str] = []
    emails: set[str] = set()
    for index, values in enumerate(file.values["seats"]):
        path: Path = ("seats", index)
        if (seat := _seat(file, path, values)) is None:
            continue
        if seat.email in emails:
            file.fault((*path, "email"), "has a seat already. Give each person one seat.")
            continue
        if like := text.looks_like(seat.name, names):
            file.fault((*path, "name"), f"looks like {like}. Tell the two apart, with an initial for example.")
            continue
        emails.add(seat.email)
        names.append(seat.name)
        discussion.seats.append(
            Seat(
                user_id=member_with(seat).id,
                role=seat.role,
                position=index + 1,
                name=seat.name,
                title=seat.title,
                affiliation=seat.affiliation,
                country=seat.country,
            )
        )
    db.session.flush()
    invitations.close_shown_of(discussion)


def _seat(file: DiscussionFile, path: Path, values: dict[str, Any]) -> SeatDraft | None:
    """Return what the file says of a seat, None for one that cannot be given."""
    draft = SeatDraft(
        values["name"],
        values["email"],
        SeatRole(values["role"]),
        values["title"],
        values["affiliation"],
        country=values["country"],
    )
    try:
        return draft.checked()
    except Refused as refusal:
        for name, words in refusal.fields.items():
            file.fault((*path, name), words)
        return None


def _questions(file: DiscussionFile, discussion: Discussion, comments: list[dict[str, Any]]) -> None:
    for place, values in enumerate(file.values["questions"], start=1):
        discussion.questions.append(_question(file, place, values))
    if not file.values.get("draft"):
        _ask(discussion, _first_answers(comments))


def _question(file: DiscussionFile, place: int, values: dict[str, Any]) -> Question:
    path: Path = ("questions", place - 1)
    words = values["text"]
    try:
        words = text.clean_text(words, 1000)
    except text.TextFault as fault:
        file.fault((*path, "text"), fault.message)
    credit = values.get("asked_for") or ""
    return Question(
        position=place,
        text=words,
        planned_offset_minutes=values["planned_offset"],
        length_minutes=values["length"],
        is_spare=values["spare"],
        opens_at=values["opens_at"],
        is_from_audience=bool(credit),
        asked_for="" if credit == "a reader" else credit,
        state=QuestionState.SKIPPED if values["skipped"] else QuestionState.DRAFT,
        **_summed_up(file, path, values),
    )


def _first_answers(comments: list[dict[str, Any]]) -> dict[int, datetime]:
    """Return when each question, by its place, was first answered."""
    first: dict[int, datetime] = {}
    for comment in comments:
        number = comment["question"]
        if number is not None:
            first[number] = min(comment["at"], first.get(number, comment["at"]))
    return first


def _ask(discussion: Discussion, first: dict[int, datetime]) -> None:
    """Ask what was asked: questions with comments, those before them, and all whose planned time has passed."""
    now, highest = clock.now(), max(first, default=0)
    begun, over = now >= discussion.starts_at, now >= discussion.ends_at
    host = next((seat.user_id for seat in discussion.seats if seat.role is SeatRole.HOST), None)
    asked: list[Question] = []
    for question in discussion.questions:
        if question.state is QuestionState.SKIPPED or question.is_spare:
            continue
        offset, opens_at = question.planned_offset_minutes, question.opens_at
        planned = opens_at or discussion.starts_at + timedelta(minutes=offset or 0)
        has_plan = opens_at is not None or offset is not None
        if question.position > highest and not (begun and (over or (has_plan and planned <= now))):
            break
        question.number = len(asked) + 1
        question.asked_at = min(planned, first.get(question.position, planned), discussion.ends_at)
        question.asked_by_id = host
        question.state = QuestionState.CLOSED
        if asked:
            asked[-1].closed_at = question.asked_at
        asked.append(question)
    if asked and not over:
        asked[-1].state = QuestionState.OPEN


def _comments(file: DiscussionFile, discussion: Discussion, order: list[int]) -> None:
    by_email = {seat.user.email: seat for seat in discussion.seats}
    by_place = {question.position: question for question in discussion.questions}
    mentions = people.mentions(discussion)
    made: dict[int, Comment] = {}
    latest = clock.now() + AHEAD
    values = file.values["comments"]
    for index in order:
        value = values[index]
        path: Path = ("comments", index)
        author, byline, affiliation, country = _author(file, path, value["author"], by_email)
        try:
            source = text.clean_body(value["body"], 10_000)
        except text.TextFault as fault:
            file.fault((*path, "body"), fault.message)
            continue
        if not discussion.starts_at - EARLIEST <= value["at"] <= latest:
            file.fault((*path, "at"), "must lie at most a year before the start, and not in the future.")
        answered = value.get("reply_to")
        if answered is not None and answered not in made:
            file.fault((*path, "reply_to"), "must mean a comment written before this one.")
            continue
        typist = value["written_down_by"].strip().lower()
        if typist and (typist not in by_email or author is None):
            file.fault((*path, "written_down_by"), "must be the email of a seat, of a comment by somebody else's seat.")
        comment = Comment(
            discussion=discussion,
            question=by_place[value["question"]] if value["question"] is not None else None,
            reply_to=made.get(answered) if answered is not None else None,
            author_id=author.user_id if author else None,
            posted_by_id=by_email[typist].user_id if typist in by_email else None,
            byline_name=byline,
            byline_affiliation=affiliation,
            byline_country=country,
            source=source,
            html=text.render(source, mentions),
            state=CommentState.PUBLISHED,
            posted_at=value["at"],
            highlighted_at=value["at"] if value["highlighted"] else None,
        )
        db.session.add(comment)
        db.session.flush()
        made[index] = comment


def _author(
    file: DiscussionFile, path: Path, value: str | dict[str, str], by_email: dict[str, Seat]
) -> tuple[Seat | None, str, str, str]:
    """A seat's email, or a name with affiliation and country for somebody without an account."""
    affiliation = country = ""
    is_email = isinstance(value, str) and "@" in value
    if isinstance(value, dict):
        affiliation, country = value.get("affiliation", ""), value.get("country", "")
        is_email = bool(value.get("email"))
        value = value.get("email") or value.get("name", "")
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
    if (like := text.looks_like(name, seated)) is not None:
        file.fault((*path, "author"), f"looks like {like}, who has a seat. Use the seat's email, or another name.")
    return None, name, affiliation, country


def _settle(discussion: Discussion, draft: bool) -> None:
    now = clock.now()
    if draft:
        return
    discussion.phase = Phase.ANNOUNCED
    if now >= discussion.starts_at:
        discussion.opened_at = discussion.starts_at
        discussion.phase = Phase.LIVE
    if now >= discussion.ends_at:
        discussion.closed_at = discussion.ends_at
        discussion.phase = Phase.CLOSED
        discussion.late_until = phases.still_late_until(discussion, discussion.ends_at)
