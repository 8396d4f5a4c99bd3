"""The seats of a discussion file."""

from typing import Any

from forum import text
from forum.actions import invitations
from forum.actions.drafting import clean
from forum.actions.seats import SeatDraft, member_with
from forum.archive.discussion_file import DiscussionFile
from forum.archive.lines import Path
from forum.database import db
from forum.models import Discussion, Seat, SeatRole
from forum.refusals import Refused


def add_seats(file: DiscussionFile, discussion: Discussion) -> None:
    """Give `discussion` the seats of `file`; those that cannot be given are its faults."""
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
                biography=_biography(file, path, values),
                picture=values["picture"],
            )
        )
    db.session.flush()
    invitations.close_shown_of(discussion)


def _biography(file: DiscussionFile, path: Path, values: dict[str, Any]) -> str:
    """Return what who sits there says of themselves: their own words, and so none of what an organiser fills in."""
    faults: dict[str, str] = {}
    words = clean(faults, "biography", values["biography"], 600, lines=True)
    for name, why in faults.items():
        file.fault((*path, name), why)
    return words


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
