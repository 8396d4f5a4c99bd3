"""Who sits in a discussion: hosts, moderators, panelists. Every function runs inside `writing()`."""

from dataclasses import dataclass, replace

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from forum import access, clock, countries, text
from forum.actions import invitations, merging
from forum.actions.drafting import clean
from forum.actions.moderation import write_down
from forum.database import db
from forum.live import log
from forum.models import Discussion, Seat, SeatRole, User
from forum.refusals import Refused, invalid, unknown

_MOST_SEATS = 60
_SAID = ("name", "role", "title", "affiliation", "country")


@dataclass(frozen=True)
class SeatDraft:
    """A seat as an organiser filled it in. `picture` is a file name in the data folder's media/."""

    name: str
    email: str
    role: SeatRole
    title: str = ""
    affiliation: str = ""
    picture: str = ""
    country: str = ""

    def checked(self) -> "SeatDraft":
        """Return it cleaned. Raises Refused (invalid) naming each field at fault."""
        faults: dict[str, str] = {}
        name = clean(faults, "name", self.name, 80, required=True)
        title = clean(faults, "title", self.title, 120)
        affiliation = clean(faults, "affiliation", self.affiliation, 120)
        country = countries.clean(faults, self.country)
        email = self.email.strip().lower()
        try:
            # Cut where no address ends: how long it is, is looked at only when its marks have been put in order.
            checked = validate_email(email[:255], check_deliverability=False, test_environment=True)
            email = checked.normalized.lower()
        except (EmailNotValidError, UnicodeError):
            faults["email"] = _("Give an email address like name@example.org.")
        if faults:
            raise Refused("invalid", _("Some fields need another look."), 422, fields=faults)
        return SeatDraft(name, email, self.role, title, affiliation, self.picture, country)


def give(actor: User, discussion: Discussion, draft: SeatDraft) -> Seat:
    """Give somebody a seat; an unknown address becomes a member without a password, who comes in by mail.

    A seat that says exactly this already is returned as it is.
    Raises Refused (not theirs; invalid, also when the person has another seat or the name looks like another seat's).
    """
    access.require(actor, "seat.give", discussion)
    draft = draft.checked()
    log.lock(discussion)
    db.session.expire(discussion, ["seats"])
    if (before := _same(discussion, draft)) is not None:
        return before
    if len(discussion.seats) >= _MOST_SEATS:
        raise invalid(email=_("A discussion has %(most_seats)s seats at most. Take one first.", most_seats=_MOST_SEATS))
    user = member_with(draft)
    if access.seat_of(user, discussion) is not None:
        raise invalid(email=_("This person has a seat here already. Change that one."))
    _require_own_name(draft.name, discussion, None)
    seat = Seat(
        user_id=user.id,
        role=draft.role,
        position=1 + max((seat.position for seat in discussion.seats), default=0),
        name=draft.name,
        title=draft.title,
        affiliation=draft.affiliation,
        country=draft.country or user.country,
        picture=draft.picture,
    )
    discussion.seats.append(seat)
    db.session.flush()
    invitations.close_shown(user)
    _note(actor, seat, "seat.given", {"name": seat.name, "role": seat.role.value, "person": seat.user_id})
    return seat


def _same(discussion: Discussion, draft: SeatDraft) -> Seat | None:
    """Return the seat that says what `draft` does. Two pictures cannot be compared: each is kept under its own name."""
    for seat in discussion.seats:
        said = (seat.name, seat.role, seat.title, seat.affiliation, bool(seat.picture))
        wanted = (draft.name, draft.role, draft.title, draft.affiliation, bool(draft.picture))
        if said == wanted and seat.user.email == draft.email and seat.country == (draft.country or seat.user.country):
            return seat
    return None


def said(seat: Seat | SeatDraft) -> dict[str, str]:
    """Return what each field says, for `merging`."""
    return {name: str(getattr(seat, name)) for name in _SAID}


def change(actor: User, seat: Seat, draft: SeatDraft, seen: str = "") -> Seat:
    """Change the name, role and words of a seat; its person stays. Their name and role in a rehearsal change with it.

    With `seen`, the marks of what the form showed, fields that only somebody else has changed meanwhile stay theirs:
    its panelist may have filled in their own words. Raises Refused (not theirs, invalid, 404), Stale for fields that
    both have changed.
    """
    access.require(actor, "seat.give", seat.discussion)
    _wait_for(seat)
    draft = replace(draft, email=seat.user.email).checked()
    stay = merging.untouched(seen, said(seat), said(draft))
    draft = replace(draft, **{name: getattr(seat, name) for name in stay})
    _require_own_name(draft.name, seat.discussion, seat)
    seat.name, seat.role, seat.title, seat.affiliation = draft.name, draft.role, draft.title, draft.affiliation
    seat.country = draft.country
    seat.picture = draft.picture or seat.picture
    copied = _in_rehearsal(seat)
    if copied is not None and (copied.name, copied.role) != (seat.name, seat.role):
        copied.name, copied.role = seat.name, seat.role
        log.record(copied.discussion, "seat.changed", copied.id)
    invitations.close_shown_of(seat.discussion)
    _note(actor, seat, "seat.changed", {"name": seat.name, "role": seat.role.value, "person": seat.user_id})
    return seat


def take(actor: User, seat: Seat) -> None:
    """Take a seat away, in a rehearsal too; what its person wrote stays, under their own name.

    Raises Refused (not theirs, 404).
    """
    access.require(actor, "seat.give", seat.discussion)
    _wait_for(seat)
    discussion = seat.discussion
    _note(actor, seat, "seat.taken", {"name": seat.name, "role": seat.role.value, "person": seat.user_id})
    if (copied := _in_rehearsal(seat)) is not None:
        log.record(copied.discussion, "seat.taken", copied.id)
        _remove(copied)
    _remove(seat)
    invitations.close_shown_of(discussion)


def _remove(seat: Seat) -> None:
    invitations.sign_out_shown([seat])
    seat.discussion.seats.remove(seat)
    db.session.delete(seat)


def _in_rehearsal(seat: Seat) -> Seat | None:
    """Return the seat of the same person in the rehearsal that is under way: who has none here is to see none of it."""
    rehearsal = seat.discussion.rehearsal
    return access.seat_of(seat.user, rehearsal) if rehearsal is not None else None


def _wait_for(seat: Seat) -> None:
    """Let whoever else changes the seats end first. Raises Refused (404) when they have taken this one away."""
    if (rehearsal := seat.discussion.rehearsal) is not None:
        log.lock(rehearsal)  # before the event, as `introductions` and whoever ends it do
    log.lock(seat.discussion)
    if db.session.get(Seat, seat.id, populate_existing=True) is None:
        raise unknown()


def find(discussion: Discussion, seat_id: int) -> Seat:
    """Return a seat of this discussion. Raises Refused (404) for another's, as for one that does not exist."""
    seat = next((seat for seat in discussion.seats if seat.id == seat_id), None)
    if seat is None:
        raise unknown()
    return seat


def member_with(draft: SeatDraft) -> User:
    """Return the account of the seat's email, made without a password when there is none."""
    user = User.with_email(draft.email)
    if user is None:
        user = User(
            email=draft.email,
            name=draft.name,
            affiliation=draft.affiliation,
            country=draft.country,
            created_at=clock.now(),
            confirmed_at=clock.now(),
        )
        db.session.add(user)
        db.session.flush()
    return user


def check_name(name: str, discussion: Discussion, user: User) -> None:
    """Refuse a writer whose name could be taken for a seat holder's or for a badge. Seat holders carry their own.

    Whoever runs the discussion without a seat claims nothing by a word like Organiser, yet is no seat holder either.

    Raises Refused (look_alike, 403).
    """
    if access.seat_of(user, discussion) is not None:
        return
    others = [seat.name for seat in discussion.seats]
    imitated = text.looks_like(name, others)
    if imitated is None and (not text.has_badge_word(name) or access.role_of(user, discussion) in access.RUN):
        return
    words = _(
        "Your name looks like a badge of the panel. Change it on your account page, then post. Your text is kept."
    )
    if imitated:
        words = _(
            "Your name looks like that of %(name)s, who is on the panel. "
            "Change it on your account page, then post. Your text is kept.",
            name=imitated,
        )
    raise Refused(
        "look_alike",
        words,
        403,
        fields={"name": _("Choose a name that cannot be mistaken for somebody on the panel.")},
    )


def _require_own_name(name: str, discussion: Discussion, besides: Seat | None) -> None:
    others = [seat.name for seat in discussion.seats if seat is not besides]
    if (like := text.looks_like(name, others)) is not None:
        raise invalid(
            name=_(
                "This looks like %(like)s, who has a seat here. Tell the two apart, with an initial for example.",
                like=like,
            )
        )


def _note(actor: User, seat: Seat, kind: str, after: dict[str, object]) -> None:
    write_down(actor, seat.discussion, kind, "seat", seat.id, after=after)
    log.record(seat.discussion, kind, seat.id)
