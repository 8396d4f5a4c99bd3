"""The table: which roles may do what, in which phase of a discussion."""

from enum import StrEnum

from forum.models import Phase


class Role(StrEnum):
    """What somebody is to one discussion; a person has exactly one, the strongest."""

    VISITOR = "visitor"
    UNCONFIRMED = "unconfirmed"
    SUSPENDED = "suspended"
    MUTED = "muted"
    MEMBER = "member"
    PANELIST = "panelist"
    MODERATOR = "moderator"
    HOST = "host"
    OWNER = "owner"
    ADMINISTRATOR = "administrator"


Roles = frozenset[Role]
NOBODY: Roles = frozenset()
RUN: Roles = frozenset({Role.HOST, Role.OWNER, Role.ADMINISTRATOR})
STAFF: Roles = RUN | {Role.MODERATOR}
PANEL: Roles = STAFF | {Role.PANELIST}
SEATED: Roles = frozenset({Role.HOST, Role.MODERATOR, Role.PANELIST})
WRITERS: Roles = PANEL | {Role.MEMBER}
EVERYONE: Roles = frozenset(Role)


def _row(*, draft: Roles, announced: Roles, live: Roles, paused: Roles, closed: Roles) -> dict[Phase, Roles]:
    return {
        Phase.DRAFT: draft,
        Phase.ANNOUNCED: announced,
        Phase.LIVE: live,
        Phase.PAUSED: paused,
        Phase.CLOSED: closed,
    }


TABLE: dict[str, dict[Phase, Roles]] = {
    "discussion.read": _row(draft=STAFF, announced=EVERYONE, live=EVERYONE, paused=EVERYONE, closed=EVERYONE),
    "discussion.edit": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "discussion.publish": _row(draft=RUN, announced=NOBODY, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "discussion.withdraw": _row(draft=NOBODY, announced=RUN, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "discussion.open": _row(draft=NOBODY, announced=RUN, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "discussion.pause": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=NOBODY, closed=NOBODY),
    "discussion.resume": _row(draft=NOBODY, announced=NOBODY, live=NOBODY, paused=RUN, closed=NOBODY),
    "discussion.extend": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "discussion.close": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=RUN, closed=NOBODY),
    "seat.give": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "question.write": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=NOBODY),
    "rehearsal.begin": _row(draft=RUN, announced=RUN, live=NOBODY, paused=NOBODY, closed=NOBODY),
    "snippet.write": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=NOBODY),
    "snippet.post": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=NOBODY),
    "question.ask": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=NOBODY, closed=NOBODY),
    "proposal.make": _row(draft=NOBODY, announced=WRITERS, live=WRITERS, paused=WRITERS, closed=NOBODY),
    "proposal.vote": _row(draft=NOBODY, announced=WRITERS, live=WRITERS, paused=WRITERS, closed=NOBODY),
    "proposal.work": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "comment.post": _row(draft=NOBODY, announced=STAFF, live=WRITERS, paused=STAFF, closed=NOBODY),
    "comment.post_for": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=NOBODY),
    "comment.edit": _row(draft=NOBODY, announced=STAFF, live=WRITERS, paused=WRITERS, closed=WRITERS),
    "comment.delete": _row(
        draft=NOBODY,
        announced=STAFF,
        live=WRITERS | {Role.MUTED, Role.SUSPENDED},
        paused=WRITERS | {Role.MUTED, Role.SUSPENDED},
        closed=WRITERS | {Role.MUTED, Role.SUSPENDED},
    ),
    "comment.move": _row(draft=NOBODY, announced=STAFF, live=WRITERS, paused=WRITERS, closed=STAFF),
    "comment.hide": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "comment.flag": _row(draft=NOBODY, announced=WRITERS, live=WRITERS, paused=WRITERS, closed=WRITERS),
    "reaction.give": _row(draft=NOBODY, announced=WRITERS, live=WRITERS, paused=WRITERS, closed=WRITERS),
    "queue.work": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "safeguards.set": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "comment.highlight": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "announcement.make": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "summary.write": _row(draft=NOBODY, announced=NOBODY, live=RUN, paused=RUN, closed=RUN),
    "person.mute": _row(draft=NOBODY, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "record.read": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "console.open": _row(draft=STAFF, announced=STAFF, live=STAFF, paused=STAFF, closed=STAFF),
    "guest.list": _row(draft=RUN, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "guest.invite": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=NOBODY),
    "panelist.invite": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=RUN),
    "panelist.call": _row(draft=NOBODY, announced=NOBODY, live=STAFF, paused=STAFF, closed=NOBODY),
    "seat.introduce": _row(draft=SEATED - {Role.PANELIST}, announced=SEATED, live=SEATED, paused=SEATED, closed=SEATED),
    "backstage.open": _row(draft=STAFF, announced=PANEL, live=PANEL, paused=PANEL, closed=PANEL),
    "backstage.write": _row(draft=STAFF, announced=PANEL, live=PANEL, paused=PANEL, closed=PANEL),
    "backstage.check": _row(draft=NOBODY, announced=RUN, live=RUN, paused=RUN, closed=NOBODY),
    "answer.hold": _row(
        draft=NOBODY,
        announced=frozenset({Role.PANELIST}),
        live=frozenset({Role.PANELIST}),
        paused=frozenset({Role.PANELIST}),
        closed=NOBODY,
    ),
    "presence.writing": _row(draft=NOBODY, announced=NOBODY, live=PANEL, paused=PANEL, closed=NOBODY),
}

# What is still possible after the end, as long as late comments are taken.
LATE: dict[str, Roles] = {
    "comment.post": WRITERS,
    "comment.post_for": STAFF,
    "comment.move": WRITERS,
    "panelist.call": STAFF,
    "answer.hold": frozenset({Role.PANELIST}),
    "presence.writing": PANEL,
}
