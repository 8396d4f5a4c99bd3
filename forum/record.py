"""Reading the record of what hosts, moderators and administrators did. Actions write it, and nobody changes it."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import and_, or_, select
from sqlalchemy.orm.attributes import set_committed_value

from forum.archive.readings import cell
from forum.database import db
from forum.models import Comment, Discussion, ModerationAction, Seat, User

MOST = 200
# What a line about a seat, or about what was written down for somebody, says of its person.
_NAMING = {"name", "title", "affiliation", "biography", "email", "author"}
_COLUMNS = ("at", "discussion", "who", "verb", "subject", "subject_id", "person", "reason", "before", "after")


@dataclass(frozen=True)
class Wanted:
    """Which lines: of one discussion (None: of the site), of one verb, by or about one person, before a line's id."""

    discussion: Discussion | None = None
    verb: str = ""
    person: str = ""
    before: int | None = None


def lines(wanted: Wanted, limit: int | None = MOST) -> list[ModerationAction]:
    """Return the newest lines of the record, newest first. Whoever asks has been judged already."""
    found = select(ModerationAction).order_by(ModerationAction.id.desc())
    if wanted.discussion is not None:
        found = found.where(ModerationAction.discussion_id == wanted.discussion.id)
    if wanted.verb:
        found = found.where(ModerationAction.verb == wanted.verb)
    if wanted.person:
        known = select(User.id).where(User.name.icontains(wanted.person, autoescape=True))
        found = found.where(
            or_(
                ModerationAction.actor_id.in_(known),
                and_(ModerationAction.subject == "user", ModerationAction.subject_id.in_(known)),
                and_(
                    ModerationAction.subject == "comment",
                    ModerationAction.subject_id.in_(select(Comment.id).where(Comment.author_id.in_(known))),
                ),
            )
        )
    if wanted.before is not None:
        found = found.where(ModerationAction.id < wanted.before)
    return _without_who_left(list(db.session.scalars(found.limit(limit) if limit else found)))


def _without_who_left(found: list[ModerationAction]) -> list[ModerationAction]:
    """Take the names of who has left out of what is read: of those who sat, and of those for whom a host wrote.

    What is stored nobody can change.
    """
    for line in [*_of_seats_left(found), *_written_for_who_left(found)]:
        for name in ("before", "after"):
            kept = {key: value for key, value in getattr(line, name).items() if key not in _NAMING}
            set_committed_value(line, name, kept)  # never written back
    return found


def _of_seats_left(found: list[ModerationAction]) -> list[ModerationAction]:
    about = [line for line in found if line.subject == "seat"]
    sat = select(Seat.id).join(User, User.id == Seat.user_id).where(User.left_at.is_not(None))
    seats = set(db.session.scalars(sat.where(Seat.id.in_({line.subject_id for line in about}))))
    known = {line.after.get("person") for line in about} - {None}
    people = set(db.session.scalars(select(User.id).where(User.id.in_(known), User.left_at.is_not(None))))
    # A seat that was taken away is no row any more; the line itself says whose it was.
    return [line for line in about if line.subject_id in seats or line.after.get("person") in people]


def _written_for_who_left(found: list[ModerationAction]) -> list[ModerationAction]:
    about = [line for line in found if line.verb in {"comment.posted_for", "comment.edited_for"}]
    wrote = select(Comment.id).join(User, User.id == Comment.author_id).where(User.left_at.is_not(None))
    comments = set(db.session.scalars(wrote.where(Comment.id.in_({line.subject_id for line in about}))))
    return [line for line in about if line.subject_id in comments]


def of_person(person: User) -> list[ModerationAction]:
    """Return what others did to `person` and to their comments, newest first."""
    mine = select(Comment.id).where(Comment.author_id == person.id)
    found = (
        select(ModerationAction)
        .where(
            or_(
                and_(ModerationAction.subject == "user", ModerationAction.subject_id == person.id),
                and_(ModerationAction.subject == "comment", ModerationAction.subject_id.in_(mine)),
            ),
            or_(ModerationAction.actor_id.is_(None), ModerationAction.actor_id != person.id),
        )
        .order_by(ModerationAction.id.desc())
        .limit(MOST)
    )
    return list(db.session.scalars(found))


def verbs(discussion: Discussion | None) -> list[str]:
    """Return the verbs that the record has, sorted."""
    found = select(ModerationAction.verb).distinct()
    if discussion is not None:
        found = found.where(ModerationAction.discussion_id == discussion.id)
    return sorted(db.session.scalars(found))


def names(found: Iterable[ModerationAction]) -> dict[int, str]:
    """Return the names of everybody these lines are by or about, by id."""
    found = list(found)
    ids = {line.actor_id for line in found} | {line.subject_id for line in found if line.subject == "user"}
    return {user.id: user.name for user in db.session.scalars(select(User).where(User.id.in_(ids - {None})))}


def discussions(found: Iterable[ModerationAction]) -> dict[int, Discussion]:
    """Return the discussions these lines are of, by id."""
    ids = {line.discussion_id for line in found} - {None}
    return {one.id: one for one in db.session.scalars(select(Discussion).where(Discussion.id.in_(ids)))}


def as_csv(found: list[ModerationAction]) -> str:
    """Return the lines as CSV with a head; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for row in _rows(found):
        values = (json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value for value in row.values())
        writer.writerow([cell(value) for value in values])
    return out.getvalue()


def as_json(found: list[ModerationAction]) -> str:
    """Return the lines as a JSON list of objects, times in UTC."""
    return json.dumps(list(_rows(found)), ensure_ascii=False, indent=1) + "\n"


def _rows(found: list[ModerationAction]) -> Iterable[dict[str, object]]:
    people, places = names(found), discussions(found)
    for line in found:
        place = places.get(line.discussion_id or 0)
        values = (
            line.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            place.slug if place else "",
            people.get(line.actor_id or 0, ""),
            line.verb,
            line.subject,
            line.subject_id,
            people.get(line.subject_id, "") if line.subject == "user" else "",
            line.reason,
            line.before,
            line.after,
        )
        yield dict(zip(_COLUMNS, values, strict=True))
