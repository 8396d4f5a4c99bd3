"""A rehearsal: the whole event, tried by its hosts and panel alone, and thrown away. Runs inside `writing()`.

It is a discussion of its own, by invitation, with the same seats and questions. So nothing of it can leak: whoever may
not see a discussion by invitation does not see it on any surface. And nothing of it can remain: it goes with its row.
"""

import secrets
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select

from forum import access, clock, speaking, text
from forum.actions import invitations
from forum.actions.templates import copy_parts
from forum.database import db
from forum.live import log
from forum.models import Audience, Comment, Discussion, Phase, SeatRole, User, Visibility
from forum.refusals import Refused
from forum.search import index

# As long as the event itself, within these.
_SHORTEST, _LONGEST = timedelta(hours=1), timedelta(hours=12)
_COPIED = (
    "hosted_by", "intro", "intro_html", "editors_note", "editors_note_html", "related_url", "related_title", "hero",
    "hero_credit", "hero_alt", "time_zone", "language", "questions_shown", "takes_proposals", "takes_anonymous",
    "late_minutes", "owner_id",
)  # fmt: skip


def of(discussion: Discussion) -> Discussion | None:
    """Return the rehearsal of `discussion` that is under way, if any."""
    return discussion.rehearsal


def event_of(discussion: Discussion) -> Discussion | None:
    """Return what `discussion` is a rehearsal of; None when it is none."""
    return db.session.get(Discussion, discussion.rehearsal_of_id) if discussion.rehearsal_of_id is not None else None


def begin(actor: User, discussion: Discussion) -> Discussion:
    """Return the rehearsal of `discussion`, which is live from now on; a second click or host gets the same one.

    Raises Refused (not theirs, 409 when the event has begun or is a rehearsal itself).
    """
    access.require(actor, "rehearsal.begin", discussion)
    if discussion.is_rehearsal:
        raise Refused("rehearsal", _("This is the rehearsal already."), 409)
    log.lock(discussion)
    under_way = of(discussion)
    if under_way is not None:
        return under_way
    now = clock.now()
    length = min(max(discussion.ends_at - discussion.starts_at, _SHORTEST), _LONGEST)
    with speaking.speaking(speaking.of_discussion(discussion)):
        title = _("Rehearsal: %(title)s", title=discussion.title)
        banner = _(
            "This is a rehearsal. Only hosts and panel see this page, "
            "and what is written in it is thrown away afterwards."
        )
    rehearsal = Discussion(
        **{name: getattr(discussion, name) for name in _COPIED},
        title=title[:200],
        slug=f"rehearsal-{secrets.token_hex(6)}",
        starts_at=now,
        ends_at=now + length,
        phase=Phase.LIVE,
        opened_at=now,
        visibility=Visibility.INVITED,
        announcement=banner,
        announcement_html=text.render(banner),
        announced_at=now,
        rehearsal_of_id=discussion.id,
        epoch=secrets.token_hex(8),
        last_seq=0,
        created_at=now,
    )
    db.session.add(rehearsal)
    db.session.flush()
    copy_parts(discussion, rehearsal)
    log.record(discussion, "backstage.rehearsal", discussion.id, Audience.BACKSTAGE)
    return rehearsal


def end(actor: User, rehearsal: Discussion) -> Discussion:
    """Throw a rehearsal away with everything in it, and return the discussion it was one of.

    All that is kept is which panelists wrote in it, and what people said of themselves there, which their seats in the
    event have since (`introductions`). Raises Refused (not theirs, 409 when it is no rehearsal).
    """
    access.require(actor, "discussion.edit", rehearsal)
    if rehearsal.rehearsal_of_id is None:
        raise Refused("no_rehearsal", _("This is no rehearsal, so it cannot be thrown away."), 409)
    log.lock(rehearsal)
    discussion = db.session.get_one(Discussion, rehearsal.rehearsal_of_id)
    writers = set(db.session.scalars(select(Comment.author_id).where(Comment.discussion_id == rehearsal.id).distinct()))
    for seat in discussion.seats:
        if seat.role is SeatRole.PANELIST and seat.user_id in writers:
            seat.rehearsed_at = clock.now()
    # The database takes everything that belongs to it along; the session is told to forget what it has seen of it.
    invitations.sign_out_shown(rehearsal.seats)
    db.session.flush()
    number = rehearsal.id
    db.session.expunge_all()
    db.session.execute(delete(Discussion).where(Discussion.id == number))
    index.forget()
    discussion = db.session.get_one(Discussion, discussion.id)
    log.record(discussion, "backstage.rehearsal", discussion.id, Audience.BACKSTAGE)
    return discussion
