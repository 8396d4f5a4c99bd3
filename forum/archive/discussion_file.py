"""The discussion file: one whole event as one JSON object. docs/discussion-file.md describes it for people."""

import json
from datetime import datetime
from typing import Any

from forum import clock, pictures
from forum.archive import fields
from forum.archive.fields import DiscussionFile as DiscussionFile
from forum.archive.fields import FileFaults as FileFaults
from forum.archive.lines import Lines, Path, refuse_constants

LARGEST_BYTES = 50 * 1024 * 1024


def read(data: bytes) -> DiscussionFile:
    """Return what the JSON in `data` says, every name and type checked. Raises FileFaults with all faults at once."""
    if len(data) > LARGEST_BYTES:
        raise FileFaults([(1, "the file", "is larger than 50 MB. Split it.")])
    try:
        source = data.decode("utf-8-sig")
        values = json.loads(source, parse_constant=refuse_constants)
        lines = Lines(source)
    except json.JSONDecodeError as error:
        raise FileFaults([(error.lineno, "the file", f"is not JSON: {error.msg}. Mend it and try again.")]) from error
    except RecursionError as error:
        raise FileFaults([(1, "the file", "has lists or objects too deep inside each other.")]) from error
    except ValueError as error:
        raise FileFaults([(1, "the file", "is not JSON in UTF-8. Save it again as UTF-8.")]) from error
    file = DiscussionFile({}, lines)
    for path in lines.doubled:
        file.fault(path, "stands twice. Keep one.")
    if isinstance(values, dict):
        file.values = fields.named(file, (), values, "discussion")
        _check(file)
    else:
        file.fault((), "must be one JSON object.")
    file.refuse()
    return file


def _check(file: DiscussionFile) -> None:
    values = file.values
    _whole(file, values)
    for name in ("seats", "questions", "comments"):
        values[name] = fields.objects_in(file, name, name.removesuffix("s"))
    for index, seat in enumerate(values["seats"]):
        _seat(file, ("seats", index), seat)
    for index, question in enumerate(values["questions"]):
        _question(file, ("questions", index), question)
    for index, comment in enumerate(values["comments"]):
        _comment(file, ("comments", index), comment)
    _answers(file, values["comments"])


def _whole(file: DiscussionFile, values: dict[str, Any]) -> None:
    for name, limit in (
        ("title", 200),
        ("slug", 80),
        ("hosted_by", 120),
        ("intro", 20_000),
        ("editors_note", 20_000),
        ("summary", 5000),
    ):
        fields.words(file, values, (name,), limit, required=name in {"title", "slug"})
    fields.words(file, values, ("time_zone",), 60, required=False)
    values["time_zone"] = values.get("time_zone") or "UTC"
    fields.zone(file)
    for name in ("starts_at", "ends_at"):
        values[name] = fields.moment(file, (name,), values.get(name))
    fields.choice(file, values, "visibility", ("public", "unlisted", "invited"))
    fields.choice(file, values, "questions_shown", ("all", "count", "none"))
    fields.choice(file, values, "digests", ("usual", "always", "never"))
    fields.words(file, values, ("language",), 12, required=False)
    values["language"] = values["language"] or "en"
    values["late_minutes"] = fields.minutes(file, ("late_minutes",), values.get("late_minutes")) or 0
    fields.flag(file, values, ("draft",))
    values["related_link"] = fields.object_in(file, "related_link", "url", {"title": values.pop("related_title", None)})
    values["hero"] = fields.object_in(
        file, "hero", "picture", {"credit": values.pop("hero_credit", None), "alt": values.pop("hero_alt", None)}
    )
    _picture(file, ("hero", "picture"), values["hero"]["picture"], "discussion")


def _picture(file: DiscussionFile, path: Path, named: str, form: str) -> None:
    """Let `named` be one of our pictures, or none; others are chosen in the form of what they belong to."""
    if named and not pictures.is_ours(named):
        like = "must be the name that a Roundtext site gave to a picture, like 9f86d081884c7d659a2feaa0c55ad015.webp."
        file.fault(path, f"{like} Take it out, and choose the picture in the {form}'s form.")


def _seat(file: DiscussionFile, path: Path, seat: dict[str, Any]) -> None:
    limits = {"name": 80, "email": 254, "title": 120, "affiliation": 120, "biography": 600, "picture": 200}
    for name, limit in limits.items():
        fields.words(file, seat, (*path, name), limit, required=name in {"name", "email"})
    _picture(file, (*path, "picture"), seat["picture"], "seat")
    fields.country(file, seat, (*path, "country"))
    if seat.get("role") not in ("host", "moderator", "panelist"):
        file.fault((*path, "role"), "must be host, moderator or panelist.")


def _question(file: DiscussionFile, path: Path, question: dict[str, Any]) -> None:
    for name, limit in (("text", 1000), ("summary", 5000), ("asked_for", 80)):
        fields.words(file, question, (*path, name), limit, required=name == "text")
    for name in ("planned_offset", "length"):
        question[name] = fields.minutes(file, (*path, name), question.get(name))
    _opening(file, question, (*path, "opens_at"))
    _asking(file, question, (*path, "asked_at"))
    for name in ("skipped", "spare"):
        fields.flag(file, question, (*path, name))


def _opening(file: DiscussionFile, question: dict[str, Any], path: Path) -> None:
    """Read the moment at which a question opens by itself, if it has one; it lies where the discussion runs."""
    found = question["opens_at"] = _moment(file, question.get("opens_at"), path)
    if found is None:
        return
    if not file.values["starts_at"] <= found < file.values["ends_at"]:
        file.fault(path, "must lie between the discussion's start and its end.")
    elif question.get("spare") is True:
        file.fault(path, "cannot stand with a spare, which is asked by hand. Take out one of the two.")


def _asking(file: DiscussionFile, question: dict[str, Any], path: Path) -> None:
    """Read the moment at which a question was asked, where that is not what its plan tells."""
    found = question["asked_at"] = _moment(file, question.get("asked_at"), path)
    if found is None:
        return
    if not file.values["starts_at"] <= found <= min(file.values["ends_at"], clock.now()):
        file.fault(path, "must lie between the discussion's start and its end, and not in the future.")
    elif not _was_asked(question) or file.values.get("draft") is True:
        file.fault(path, "cannot stand with a question that was not asked. Take it out.")


def _was_asked(question: dict[str, Any]) -> bool:
    """Whether the file leaves room for it: nobody answers what was left out, or waited as a spare."""
    return question.get("skipped") is not True and question.get("spare") is not True


def _moment(file: DiscussionFile, typed: Any, path: Path) -> datetime | None:
    """Return a moment that need not be there; None also for one that is no moment, which is a fault then."""
    if typed is None or typed == "":
        return None
    known = len(file.faults)
    found = fields.moment(file, path, typed)
    return found if len(file.faults) == known else None


def _answers(file: DiscussionFile, comments: list[dict[str, Any]]) -> None:
    """Put in place of every `reply_to` the index of the comment that it means: by id, or else by place from 1."""
    ids: dict[int | str, int] = {}
    for index, comment in enumerate(comments):
        name = comment.get("id")
        if name is None:
            continue
        if isinstance(name, bool) or not isinstance(name, int | str):
            file.fault(("comments", index, "id"), "must be text or a number.")
        elif name in ids:
            file.fault(("comments", index, "id"), "is another comment's id too. Give each its own.")
        else:
            ids[name] = index
    for index, comment in enumerate(comments):
        answered = comment.get("reply_to")
        if answered is None:
            continue
        if answered not in ids and not (isinstance(answered, int) and 1 <= answered <= len(comments)):
            file.fault(
                ("comments", index, "reply_to"), "must be another comment's id, or its place in the list from 1."
            )
            continue
        comment["reply_to"] = ids[answered] if answered in ids else int(answered) - 1


def _comment(file: DiscussionFile, path: Path, comment: dict[str, Any]) -> None:
    fields.words(file, comment, (*path, "body"), 10_000, required=True)
    fields.words(file, comment, (*path, "written_down_by"), 254, required=False)
    comment["at"] = fields.moment(file, (*path, "at"), comment.get("at"))
    edited = comment.get("edited_at") or None
    comment["edited_at"] = edited and fields.moment(file, (*path, "edited_at"), edited)
    fields.flag(file, comment, (*path, "highlighted"))
    fields.count(file, comment, (*path, "helpful"))
    author = comment.get("author")
    if isinstance(author, dict):
        author = comment["author"] = fields.named(file, (*path, "author"), author, "author")
        for name, limit in (("name", 80), ("affiliation", 120), ("email", 254)):
            fields.words(
                file, author, (*path, "author", name), limit, required=name == "name" and not author.get("email")
            )
        fields.country(file, author, (*path, "author", "country"))
        if not isinstance(author.setdefault("seat", True), bool) or (author.get("email") and not author["seat"]):
            file.fault((*path, "author", "seat"), "must be true, or false beside a name.")
    else:
        fields.words(file, comment, (*path, "author"), 254, required=True)
    number = comment.get("question")
    if number is not None and file.values.get("draft") is True:
        file.fault((*path, "question"), "must be null in a draft, where no question was asked. Or take out draft.")
    if isinstance(number, bool) or not (number is None or isinstance(number, int)):
        file.fault((*path, "question"), "must be a question's number, or null for a general remark.")
        comment["question"] = None
    elif number is not None and not (
        1 <= number <= len(questions := file.values["questions"]) and _was_asked(questions[number - 1])
    ):
        file.fault((*path, "question"), f"must be a number from 1 to {len(questions)}, neither skipped nor a spare.")
    answered = comment.get("reply_to")
    if isinstance(answered, bool) or not (answered is None or isinstance(answered, int | str)):
        file.fault((*path, "reply_to"), "must be another comment's id, or its place in the list from 1.")
        comment["reply_to"] = None
