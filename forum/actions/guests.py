"""Inviting people to come and read or write along, sending again, correcting, removing. Runs inside `writing()`.

An invitation is a row first; its letter is written afterwards, some at a time (`guest_mail`), so that two thousand of
them hold up nobody. Nobody is told by this whether an address has an account here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from forum import access, clock, text
from forum.actions import forgetting, rsvps
from forum.actions.moderation import write_down
from forum.addresses import Row
from forum.database import db
from forum.live import log
from forum.models import CalledOff, Discussion, Guest, Letter, Mailing, NoMail, Rsvp, User, Visibility
from forum.refusals import Refused, invalid, unknown

# Against misuse: letters that hosts of one discussion, and of the whole site, can have sent in 24 hours.
MOST_A_DAY, MOST_OF_SITE_A_DAY = 2_000, 10_000
LONGEST_WORDS = 1_000
_DAY = timedelta(days=1)


class Why(StrEnum):
    """Why a row of a list gets no letter. `NOT_NEEDED` does not say which: somebody comes already, or wants no mail.

    `TWICE` is no fault to mend: the address has its letter by a line before.
    """

    FAULTY = "faulty"
    TWICE = "twice"
    INVITED = "invited"
    SEATED = "seated"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class Planned:
    """A row of a list, and why it gets no letter (None: it gets one)."""

    row: Row
    why: Why | None


def require_invite(actor: User, discussion: Discussion) -> None:
    """Refuse who may not invite (as access.require), and a discussion that its guests could not read (409)."""
    access.require(actor, "guest.invite", discussion)
    if discussion.visibility is Visibility.INVITED:
        raise Refused(
            "by_invitation",
            _(
                "Only who has a seat can read this discussion, so an invitation would lead to a closed door. "
                "Give these people seats, or choose under “Edit” that everybody, or whoever has the link, can read it."
            ),
            409,
        )


def plan(discussion: Discussion, rows: Iterable[Row]) -> list[Planned]:
    """Return what would become of each of `rows`, in their order, with a fixed number of queries."""
    invited = set(db.session.scalars(select(Guest.email).where(Guest.discussion_id == discussion.id)))
    seated = {seat.user.email for seat in discussion.seats}
    coming = select(Rsvp.email).where(Rsvp.discussion_id == discussion.id, Rsvp.confirmed_at.is_not(None))
    quiet = set(db.session.scalars(coming)) | set(db.session.scalars(select(NoMail.email)))

    def why(row: Row) -> Why | None:
        if row.faults.keys() - {"twice"}:
            return Why.FAULTY
        if row.email in invited:
            return Why.INVITED
        if row.email in seated:
            return Why.SEATED
        if row.email in quiet:
            return Why.NOT_NEEDED
        return Why.TWICE if row.faults else None

    return [Planned(row, why(row)) for row in rows]


def clean_words(words: str) -> str:
    """Return the host's own words as they are kept. Raises Refused (invalid: words)."""
    try:
        return text.clean_text(words, LONGEST_WORDS) if words.strip() else ""
    except text.TextFault as fault:
        raise invalid(words=fault.message) from fault


def with_key(discussion: Discussion, key: str) -> Mailing | None:
    """Return what the form with this `key` has sent already."""
    return db.session.scalar(select(Mailing).where(Mailing.discussion_id == discussion.id, Mailing.key == key))


def invite(actor: User, discussion: Discussion, rows: Iterable[Row], words: str, key: str) -> Mailing:
    """Invite everybody of `rows` who gets a letter by `plan`, and return what is sent.

    The same `key` again returns the first and sends nothing. Raises Refused (as `require_invite`; invalid; too_many).
    """
    require_invite(actor, discussion)
    log.lock(discussion)
    if (before := with_key(discussion, key)) is not None:
        return before
    chosen = [planned.row for planned in plan(discussion, rows) if planned.why is None]
    mailing = _mailing(actor, discussion, len(chosen), words, key)
    for row in chosen:
        db.session.add(
            Guest(
                discussion_id=discussion.id, email=row.email, name=row.name, language=row.language, time_zone=row.zone,
                by_id=actor.id, mailing_id=mailing.id, invited_at=clock.now(), is_waiting=True,
            )
        )  # fmt: skip
    write_down(actor, discussion, "guests.invited", "discussion", discussion.id, after={"count": len(chosen)})
    return mailing


def send_again(actor: User, discussion: Discussion, ids: set[int], key: str) -> int:
    """Send the invitation once more to the guests with `ids`; return to how many. The same `key` again sends nothing.

    Who comes already, has unsubscribed, or still waits for a letter is left out. Raises Refused as `invite`.
    """
    require_invite(actor, discussion)
    log.lock(discussion)
    if (before := with_key(discussion, key)) is not None:
        return before.count
    chosen = [guest for guest in _with_ids(discussion, ids) if _can_have_another(guest)]
    if not chosen:
        raise invalid(
            guest=_("Choose whom to write to again. Who comes, waits or wants no mail gets no second letter.")
        )
    _mailing(actor, discussion, len(chosen), "", key)
    for guest in chosen:
        guest.is_waiting = True
    write_down(actor, discussion, "guests.invited_again", "discussion", discussion.id, after={"count": len(chosen)})
    return len(chosen)


def correct(actor: User, discussion: Discussion, guest_id: int, row: Row, key: str) -> Guest:
    """Change a guest's address, name, language and zone, and send the invitation there; links of before are dead.

    The same `key` again changes nothing. Raises Refused (as `invite`; invalid: email, name, language, zone).
    """
    require_invite(actor, discussion)
    log.lock(discussion)
    guest = find(discussion, guest_id)
    if with_key(discussion, key) is not None:
        return guest
    if row.faults:
        raise Refused("invalid", _("Some fields need another look."), 422, fields=row.faults)
    if row.email != guest.email:
        why = plan(discussion, [row])[0].why
        if why is Why.INVITED:
            raise invalid(email=_("Somebody with this address is in your list already."))
        if why is not None:
            raise invalid(
                email=_("This person needs no invitation: they are part of it already, or want no mail from us.")
            )
        _withdraw_letter(guest)
        guest.email, guest.letter_id, guest.unsubscribed_at = row.email, None, None
        guest.opened_at = guest.told_starts_at = guest.cancelled_at = None
    elif not _can_have_another(guest):
        raise invalid(email=_("They come already, wait for a letter, or want no mail. Give another address."))
    guest.name, guest.language, guest.time_zone = row.name, row.language, row.zone
    guest.is_waiting = True
    _mailing(actor, discussion, 1, "", key)
    write_down(actor, discussion, "guests.invited_again", "discussion", discussion.id, after={"count": 1})
    return guest


def remove(actor: User, discussion: Discussion, guest_id: int) -> None:
    """Take somebody off the list: their link is dead, and nothing is kept of them. Raises Refused (404)."""
    access.require(actor, "guest.list", discussion)
    guest = find(discussion, guest_id)
    _withdraw_letter(guest)
    db.session.delete(guest)
    write_down(actor, discussion, "guests.removed", "discussion", discussion.id, after={"count": 1})


def forget_old() -> None:
    """Empty the lists of guests of what was over, or was called off, rsvps.KEPT_FOR ago: some at a time.

    These people have never said that we may keep their address. Which and how many letters a host has sent stays
    (Mailing, and the record).
    """
    before = clock.now() - rsvps.KEPT_FOR
    old = (
        select(Guest.id)
        .join(Discussion, Discussion.id == Guest.discussion_id)
        .where(or_(Discussion.closed_before(before), CalledOff.before(before)))
    )
    forgetting.throw_away(Guest, old)


def find(discussion: Discussion, guest_id: int) -> Guest:
    """Return a guest of this discussion; another's is as unknown as one that does not exist (404)."""
    guest = db.session.get(Guest, guest_id) if 0 < guest_id < 2**31 else None
    if guest is None or guest.discussion_id != discussion.id:
        raise unknown()
    return guest


def _mailing(actor: User, discussion: Discussion, count: int, words: str, key: str) -> Mailing:
    """Begin one sending within the limits of the day."""
    if not count:
        raise invalid(source=_("Nobody in this list gets a letter. Correct the rows that are marked, or add others."))
    since = clock.now() - _DAY
    lately = select(func.coalesce(func.sum(Mailing.count), 0)).where(Mailing.at > since)
    mine = db.session.scalar(lately.where(Mailing.discussion_id == discussion.id)) or 0
    everybody = db.session.scalar(lately) or 0
    if mine + count > MOST_A_DAY or everybody + count > MOST_OF_SITE_A_DAY:
        left = max(0, min(MOST_A_DAY - mine, MOST_OF_SITE_A_DAY - everybody))
        raise Refused(
            "too_many",
            _(
                "So many letters are too many for one day; %(left)s more can go today. "
                "Send a shorter list now and the others tomorrow.",
                left=left,
            ),
            409,
        )
    mailing = Mailing(discussion_id=discussion.id, by_id=actor.id, key=key, words=words, count=count, at=clock.now())
    db.session.add(mailing)
    db.session.flush()
    return mailing


def _with_ids(discussion: Discussion, ids: set[int]) -> list[Guest]:
    asked = select(Guest).where(Guest.discussion_id == discussion.id, Guest.id.in_(ids)).order_by(Guest.id)
    return list(db.session.scalars(asked))


def _can_have_another(guest: Guest) -> bool:
    """Whether another letter to the same address makes sense and is not unwanted."""
    if guest.is_waiting or guest.unsubscribed_at is not None or db.session.get(NoMail, guest.email) is not None:
        return False
    on_its_way = guest.letter is not None and guest.letter.sent_at is None and not guest.letter.has_failed
    said = select(Rsvp.id).where(
        Rsvp.discussion_id == guest.discussion_id, Rsvp.email == guest.email, Rsvp.confirmed_at.is_not(None)
    )
    return not on_its_way and db.session.scalar(said) is None


def _withdraw_letter(guest: Guest) -> None:
    """A letter that has not left does not leave any more."""
    if guest.letter is not None and guest.letter.sent_at is None:
        letter = db.session.get_one(Letter, guest.letter.id)
        guest.letter = None
        db.session.flush()
        db.session.delete(letter)
