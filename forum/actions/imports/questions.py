"""The questions of a discussion file, and which of them have been asked, and when."""

from datetime import datetime, timedelta
from typing import Any

from forum import clock, text
from forum.actions.imports.summaries import summed_up
from forum.archive import asking
from forum.archive.discussion_file import DiscussionFile
from forum.archive.lines import Path
from forum.models import Discussion, Question, QuestionState, SeatRole


def add_questions(file: DiscussionFile, discussion: Discussion) -> None:
    """Give `discussion` the questions of `file`, asked as far as its comments and the clock say."""
    for place, values in enumerate(file.values["questions"], start=1):
        discussion.questions.append(_question(file, place, values))
    if not file.values.get("draft"):
        questions = enumerate(file.values["questions"], start=1)
        said = {place: values["asked_at"] for place, values in questions if values["asked_at"]}
        _ask(discussion, _first_answers(file.values["comments"]), said)


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
        **summed_up(file, path, values),
    )


def _first_answers(comments: list[dict[str, Any]]) -> dict[int, datetime]:
    """Return when each question, by its place, was first answered."""
    first: dict[int, datetime] = {}
    for comment in comments:
        number = comment["question"]
        if number is not None:
            first[number] = min(comment["at"], first.get(number, comment["at"]))
    return first


def _ask(discussion: Discussion, first: dict[int, datetime], said: dict[int, datetime]) -> None:
    """Ask what was asked: questions with comments, those before them, and all whose planned time has passed.

    `first` has when each was first answered, `said` when the file says that it was asked.
    """
    now, highest = clock.now(), max((*first, *said), default=0)
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
        question.asked_at = said.get(question.position) or asking.usual(
            discussion.starts_at, discussion.ends_at, offset, opens_at, first.get(question.position)
        )
        question.asked_by_id = host
        question.state = QuestionState.CLOSED
        if asked:
            asked[-1].closed_at = question.asked_at
        asked.append(question)
    if asked and not over:
        asked[-1].state = QuestionState.OPEN
