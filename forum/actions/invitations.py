"""The panelist's personal link: made, mailed, opened, taken back. What writes runs inside `writing()`.

A link brings somebody in without a password, so it must not be a way into an account that is worth more than the seat:
the secret that was mailed proves the address; the one that the host saw opens nothing but an account that has no
password, no site role, and no part and no words anywhere but on panels that this host runs now. Whoever came by that
one takes part in the event; the account itself stays as it is (`require_proven`), and they are signed out once it is
worth more (`close_shown`).
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import exists, select

from forum import access, clock
from forum.actions import rsvps, sessions
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import (
    Audience,
    Comment,
    Discussion,
    Invitation,
    InvitationState,
    Phase,
    Proposal,
    Rsvp,
    Seat,
    SeatRole,
    Session,
    SiteRole,
    User,
)
from forum.notify import letters
from forum.refusals import Refused

# From the making, or LIVES_AFTER the event's end, whichever comes later (`move_along`).
LIVES = timedelta(days=30)
LIVES_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class Opened:
    """A link that is good, and how it came: by mail, or from the host's screen."""

    invitation: Invitation
    is_mailed: bool

    @property
    def seat(self) -> Seat:
        """The seat it leads to."""
        return self.invitation.seat

    @property
    def signs_in(self) -> bool:
        """Whether it signs its panelist in by itself; if not, they sign in with what their account has."""
        user = self.seat.user
        if user.role is not SiteRole.MEMBER:
            return False
        return self.is_mailed or is_bare(user, self.seat.discussion, self.invitation.by_id)


def may_invite(actor: User, discussion: Discussion) -> bool:
    """Whether `actor` may make links here. Those of a rehearsal end with it, so the event's own are sent instead;
    but a draft has none, and its panel comes to the rehearsal by those.
    """
    return access.may(actor, "panelist.invite", discussion) and not _is_for_event(discussion)


def require_invite(actor: User, discussion: Discussion) -> None:
    """Refuse links where nobody, or not `actor`, makes any. Raises Refused (not theirs; 409 for a draft, rehearsal)."""
    access.require(actor, "panelist.invite", discussion)
    if _is_for_event(discussion):
        raise of_event()


def of_event() -> Refused:
    """Return the refusal of a link that would end with its rehearsal."""
    words = _("Send links from the console of the event itself: those of a rehearsal end with it.")
    return Refused("rehearsal", words, 409)


def require_here(seat: Seat) -> None:
    """Refuse a letter to somebody who has left the site. Raises Refused (has_left, 409)."""
    if seat.user.left_at is not None:
        words = _("%(name)s has left this site, so there is nobody to write to. Take the seat away.", name=seat.name)
        raise Refused("has_left", words, 409)


def _is_for_event(discussion: Discussion) -> bool:
    if discussion.rehearsal_of_id is None:
        return False
    return db.session.get_one(Discussion, discussion.rehearsal_of_id).phase is not Phase.DRAFT


def invite(actor: User, seat: Seat) -> str:
    """Make a link for the panelist of `seat`, mail it, and return the path of its twin to show to the host once.

    Links made before are dead at once. Raises Refused (as `require_invite`; 409 for who is no panelist, has_left).
    """
    discussion = seat.discussion
    require_invite(actor, discussion)
    if seat.role is not SeatRole.PANELIST:
        raise Refused("not_panel", _("Links are for panelists. Hosts and moderators sign in with a password."), 409)
    require_here(seat)
    log.lock(discussion)  # of two hosts the second ends the first one's link
    _end(seat, InvitationState.REPLACED)
    mailed, shown = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    now = clock.now()
    made = Invitation(
        seat_id=seat.id,
        mailed_hash=_hash(mailed),
        shown_hash=_hash(shown),
        by_id=actor.id,
        state=InvitationState.GOOD,
        made_at=now,
        expires_at=max(now + LIVES, discussion.ends_at + LIVES_AFTER),
    )
    db.session.add(made)
    made.letter = letters.write(
        seat.user.email,
        "invited",
        path=f"/invitation/{mailed}",
        facts={"seat": seat, "discussion": discussion, "until": max(now + LIVES, discussion.ends_at + LIVES_AFTER)},
    )
    write_down(
        actor, discussion, "panelist.invited", "seat", seat.id, after={"name": seat.name, "person": seat.user_id}
    )
    log.record(discussion, "invitation.made", seat.id, Audience.HOSTS)
    return f"/invitation/{shown}"


def move_along(discussion: Discussion) -> None:
    """Let the links of the panel that are good go on until LIVES_AFTER the end, which may have been put off."""
    end = discussion.ends_at + LIVES_AFTER
    of_panel = select(Invitation).join(Seat, Seat.id == Invitation.seat_id).where(Seat.discussion_id == discussion.id)
    for invitation in db.session.scalars(of_panel.where(Invitation.expires_at < end)):
        if invitation.is_good(clock.now()):
            invitation.expires_at = end


def revoke(actor: User, seat: Seat) -> None:
    """Take every link to `seat` back and sign out whoever came by one. Again changes nothing. Raises Refused."""
    access.require(actor, "panelist.invite", seat.discussion)
    if not _end(seat, InvitationState.REVOKED):
        return
    made = select(Invitation.id).where(Invitation.seat_id == seat.id)
    for session in db.session.scalars(
        select(Session).where(Session.invitation_id.in_(made), Session.ended_at.is_(None))
    ):
        session.ended_at = clock.now()
    write_down(
        actor, seat.discussion, "invitation.revoked", "seat", seat.id, after={"name": seat.name, "person": seat.user_id}
    )
    log.record(seat.discussion, "invitation.revoked", seat.id, Audience.HOSTS)


def find(token: str) -> Opened:
    """Return the link that `token` belongs to.

    Raises Refused (410: link_revoked, link_replaced, link_over), each saying what to do now.
    """
    digest = _hash(token)
    invitation = db.session.scalar(
        select(Invitation).where((Invitation.mailed_hash == digest) | (Invitation.shown_hash == digest))
    )
    if invitation is None:
        raise _over()
    seat = invitation.seat
    # A draft is known to its hosts only, and somebody who has become a host signs in as hosts do.
    if seat.role is not SeatRole.PANELIST or seat.discussion.phase_at(clock.now()) is Phase.DRAFT:
        raise _over()
    if invitation.state is InvitationState.REVOKED:
        raise Refused(
            "link_revoked",
            _(
                "The host has taken this link back, so it opens nothing any more. "
                "If you are still on the panel, write to the host and ask for a new link."
            ),
            410,
        )
    if invitation.state is InvitationState.REPLACED:
        raise Refused(
            "link_replaced",
            _(
                "A newer link has been sent to you, and this one has ended with it. "
                "Look for the newest letter in your mail and open the link in that one."
            ),
            410,
        )
    if not invitation.is_good(clock.now()) or seat.user.left_at is not None:
        raise _over()
    return Opened(invitation, invitation.mailed_hash == digest)


def enter(token: str) -> Opened:
    """Note that the panelist has come by `token`, and return the link; the caller then signs them in.

    An address that somebody typed at sign-up and nobody confirmed loses that password: it may be a stranger's.
    Raises Refused as `find`; 403 when the link does not sign in by itself.
    """
    opened = find(token)
    user, invitation = opened.seat.user, opened.invitation
    if not opened.signs_in:
        raise Refused("sign_in", _("This link asks you to sign in first. Sign in, then open the green room."))
    if user.confirmed_at is None:
        user.password_hash = None
        sessions.end_all(user)
        user.confirmed_at = clock.now()
    if opened.is_mailed:
        rsvps.adopt(user)
    if invitation.opened_at is None:
        invitation.opened_at = clock.now()
        log.record(opened.seat.discussion, "invitation.opened", opened.seat.id, Audience.HOSTS)
    return opened


def begin(opened: Opened, session: Session) -> None:
    """Note that `session` began with this link, so that it ends with it and reaches no further than it."""
    session.invitation_id, session.came_by_shown_link = opened.invitation.id, not opened.is_mailed


def unproven(user: User) -> str:
    """Return why the account of `user` is not this session's to change, and what to do; nothing when it is."""
    if user.session is None or not user.session.came_by_shown_link:
        return ""
    why = _("The host has seen the link that you came by, so it does not show that this account is yours.")
    return f"{why} {_('Open the link in the letter that we mailed you, or set a password by mail.')}"


def require_proven(user: User) -> None:
    """Refuse what gives the account away, or all that is stored of it, to whoever came by the link that the host saw.

    Raises Refused (shown_link).
    """
    if words := unproven(user):
        raise Refused("shown_link", words)


def close_shown(user: User) -> None:
    """Sign out whoever came by a link that the host saw, once the account of `user` is worth more than that seat."""
    for session in sessions.open_of(user):
        if not session.came_by_shown_link:
            continue
        invitation = db.session.get(Invitation, session.invitation_id) if session.invitation_id is not None else None
        if invitation is None or not is_bare(user, invitation.seat.discussion, invitation.by_id):
            session.ended_at = clock.now()


def close_shown_of(discussion: Discussion) -> None:
    """Do the same for everybody who has a seat in `discussion`, where seats or who runs it have changed."""
    db.session.flush()
    for seat in discussion.seats:
        close_shown(seat.user)


def sign_out_shown(seats: Sequence[Seat]) -> None:
    """Sign out whoever came by a link to one of `seats` that the host saw: it goes with the seat, and so do they."""
    made = select(Invitation.id).where(Invitation.seat_id.in_([seat.id for seat in seats]))
    came = (Session.invitation_id.in_(made), Session.came_by_shown_link, Session.ended_at.is_(None))
    for session in db.session.scalars(select(Session).where(*came)):
        session.ended_at = clock.now()


def is_bare(user: User, discussion: Discussion, host_id: int | None) -> bool:
    """Whether the account of `user` is worth no more than seats on panels that `host_id` runs, `discussion` among them.

    Somebody who makes a discussion like an earlier one has the same panel in both, and as long as they run both, a link
    to either gives them nothing that a link to the other does not.
    """
    if user.password_hash is not None or user.role is not SiteRole.MEMBER:
        return False
    host = db.session.get(User, host_id) if host_id is not None else None
    if host is None or access.role_of(host, discussion) not in access.RUN:
        return False
    owners = select(User.id).where(User.id == host_id, User.role.in_((SiteRole.ORGANISER, SiteRole.ADMINISTRATOR)))
    hosted = select(Seat.discussion_id).where(Seat.user_id == host_id, Seat.role == SeatRole.HOST)
    # A rehearsal has the same hosts and panel, and is no other place.
    here = select(Discussion.id).where(
        (Discussion.id == discussion.id)
        | (Discussion.rehearsal_of_id == discussion.id)
        | Discussion.owner_id.in_(owners)
        | Discussion.id.in_(hosted)
    )
    elsewhere = (
        exists().where(Seat.user_id == user.id, Seat.discussion_id.not_in(here) | (Seat.role != SeatRole.PANELIST)),
        exists().where(Comment.author_id == user.id, Comment.discussion_id.not_in(here)),
        # Without a name it may be, for everybody but the hosts there.
        exists().where(Proposal.author_id == user.id, Proposal.discussion_id.not_in(here)),
        exists().where(Rsvp.user_id == user.id, Rsvp.discussion_id.not_in(here)),
        exists().where(Discussion.owner_id == user.id),
    )
    return not any(db.session.scalar(select(has_more)) for has_more in elsewhere)


def latest(discussion: Discussion) -> dict[int, Invitation]:
    """Return the newest link of each seat of `discussion`, by the seat's id."""
    found = db.session.scalars(
        select(Invitation)
        .join(Seat, Seat.id == Invitation.seat_id)
        .where(Seat.discussion_id == discussion.id)
        .order_by(Invitation.id)
    )
    return {invitation.seat_id: invitation for invitation in found}


def never_invited(discussion: Discussion) -> list[Seat]:
    """Return the panel's seats of `discussion` that never had a link, but for who has left the site."""
    known = latest(discussion)
    gone = left_of(discussion)
    panel = [seat for seat in discussion.seats if seat.role is SeatRole.PANELIST and seat.user_id not in gone]
    return [seat for seat in panel if seat.id not in known]


def left_of(discussion: Discussion) -> set[int]:
    """Return the ids of those with a seat in `discussion` who have left the site."""
    found = select(Seat.user_id).join(User, User.id == Seat.user_id).where(Seat.discussion_id == discussion.id)
    return set(db.session.scalars(found.where(User.left_at.is_not(None))))


def _end(seat: Seat, state: InvitationState) -> bool:
    """End the links of `seat` that are good, and say whether there were any."""
    good = db.session.scalars(
        select(Invitation).where(Invitation.seat_id == seat.id, Invitation.state == InvitationState.GOOD)
    ).all()
    for invitation in good:
        invitation.state = state
    return bool(good)


def _over() -> Refused:
    return Refused(
        "link_over",
        _(
            "This link is not good, or not any more. "
            "Check that you opened the whole address; if you did, write to the host and ask for a new link."
        ),
        410,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
