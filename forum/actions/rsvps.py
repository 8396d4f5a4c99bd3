"""Saying that one will come, and taking it back. Everything runs inside `writing()`."""

from dataclasses import astuple, dataclass
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, literal, or_, select, update

from forum import access, clock, zones
from forum.actions import deliveries, forgetting, invitations, links
from forum.config import Settings
from forum.database import db
from forum.models import CalledOff, Discussion, Guest, Letter, NoMail, Phase, Rsvp, RsvpKind, User, Visibility
from forum.notify import letters
from forum.refusals import Refused, unknown

# Long enough for a word of thanks and an invitation to what comes next.
KEPT_FOR = timedelta(days=90)
# What stands for an address that is forgotten: nobody can have one there (RFC 2606).
_NOWHERE = "@invalid"
# Whether an address is still known.
IS_KNOWN = Rsvp.email.not_like(f"%{_NOWHERE}")
_OVER = lazy("This link is no longer good. Open the page of the discussion and say there what you want.")


@dataclass(frozen=True)
class Wish:
    """What is wanted: how to come, the IANA name of a time zone, the language of the letters ("" is unknown)."""

    kind: RsvpKind
    time_zone: str
    language: str

    @classmethod
    def of(cls, rsvp: Rsvp) -> "Wish":
        """Return what is noted as wanted."""
        return cls(rsvp.kind, rsvp.time_zone, rsvp.language)

    def note(self, rsvp: Rsvp) -> None:
        """Note it in place of what was wanted before."""
        rsvp.kind, rsvp.time_zone, rsvp.language = self.kind, self.time_zone, self.language


def of(user: User, discussion: Discussion) -> Rsvp | None:
    """Return what `user` has said about `discussion`."""
    return db.session.scalar(select(Rsvp).where(Rsvp.discussion_id == discussion.id, Rsvp.user_id == user.id))


def counts(discussion: Discussion) -> dict[RsvpKind, int]:
    """Return how many confirmed people want to take part and to read along."""
    rows = db.session.execute(
        select(Rsvp.kind, func.count())
        .where(Rsvp.discussion_id == discussion.id, Rsvp.confirmed_at.is_not(None))
        .group_by(Rsvp.kind)
    )
    return {RsvpKind(kind): count for kind, count in rows}


def reached(discussion: Discussion) -> dict[str, int]:
    """Return how many were reminded, by the kind of letter: day, hour, live. For hosts only."""
    day, hour = (func.count().filter(note > Rsvp.made_at) for note in (Rsvp.day_at, Rsvp.hour_at))
    asked = select(day, hour, func.count(Rsvp.live_at)).where(Rsvp.discussion_id == discussion.id)
    row = db.session.execute(asked).one()
    return dict(zip(("day", "hour", "live"), row, strict=True))


def say(user: User, discussion: Discussion, kind: RsvpKind, zone: str, language: str = "") -> Rsvp:
    """Note that `user` will come; again changes what was said. `zone` is the IANA name of their own time zone,
    `language` that of the letters.

    Raises Refused (404 for who may not know of it, confirm_address, over 409).
    """
    _require_open(user, discussion)
    if user.confirmed_at is None:
        raise Refused("confirm_address", _("Confirm your email address first: open the link we mailed you."))
    found = of(user, discussion) or _with_email(discussion, user.email) or _new(discussion, user.email)
    _bring(found, user.email)
    found.user_id = user.id
    Wish(kind, zone, language).note(found)
    found.confirmed_at = found.confirmed_at or clock.now()
    db.session.flush()
    invitations.close_shown(user)
    return found


def ask(email: str, discussion: Discussion, kind: RsvpKind, zone: str, language: str = "") -> None:
    """Note that somebody without an account will come, once they have opened the link that is mailed to them.

    Until then nothing changes of what its owner has confirmed: anybody may type any address. On a site without mail it
    counts at once. Nobody learns whether the address was known. Raises Refused as `say`.
    """
    _require_open(None, discussion)
    found = _with_email(discussion, email) or _new(discussion, email)
    if found.user_id is not None or db.session.get(NoMail, email) is not None:
        return
    settings: Settings = current_app.config["SETTINGS"]
    wish = Wish(kind, zone, language)
    if found.confirmed_at is None or not settings.sends_mail:
        wish.note(found)
    if not settings.sends_mail:
        found.confirmed_at = found.confirmed_at or clock.now()
        return
    db.session.flush()
    path = f"/rsvp/{_token('rsvp', found.id, email, *astuple(wish), str(discussion.id))}"
    write(email, "rsvp", found, path, wish)


def answer(email: str, discussion: Discussion, kind: RsvpKind, zone: str, language: str = "") -> Rsvp:
    """Note that whoever reads at `email` will come: a letter to them, in `language`, had the link that they pressed.

    Raises Refused as `say`.
    """
    _require_open(None, discussion)
    found = _with_email(discussion, email) or _new(discussion, email)
    Wish(kind, zone, found.language or language).note(found)
    found.confirmed_at = found.confirmed_at or clock.now()
    return found


def confirm(token: str) -> Rsvp:
    """Count what was said by the mailed link; what an account has said since stays.

    Raises Refused (link_over, 410; over, 409).
    """
    found, wish = by_token(token)
    _require_open(None, found.discussion)
    if found.user_id is None:
        wish.note(found)
    found.confirmed_at = found.confirmed_at or clock.now()
    deliveries.somebody_reads_at(found.email)
    return found


def by_token(token: str) -> tuple[Rsvp, Wish]:
    """Return what a mailed link is about, and what was wanted with it. Raises Refused (link_over, 410)."""
    number, email, *wanted = _read("rsvp", token)
    found = _meant(number, email, *wanted[3:])
    if found is None or not access.may(None, "discussion.read", found.discussion):
        raise Refused("link_over", _OVER, 410)
    if not wanted:
        return found, Wish.of(found)  # a link of before: the wish was noted when it was typed
    kind, zone, language = wanted[:3]
    return found, Wish(RsvpKind(kind), zones.of_today(zone), language)


def adopt(user: User) -> None:
    """Let what was said from the address of `user`, which they have just proven, be theirs."""
    said = (Rsvp.email == user.email, Rsvp.user_id.is_(None), Rsvp.confirmed_at.is_not(None))
    for rsvp in db.session.scalars(select(Rsvp).where(*said).order_by(Rsvp.id)):
        rsvp.user_id = user.id


def move(user: User, email: str) -> None:
    """Let what `user` has said go with them to the address `email`: they are reminded there, and counted once."""
    for rsvp in db.session.scalars(select(Rsvp).where(Rsvp.user_id == user.id).order_by(Rsvp.id)).all():
        _bring(rsvp, email)


def _bring(rsvp: Rsvp, email: str) -> None:
    """Give `rsvp` another address; what was said from there about the same discussion is replaced by it."""
    if rsvp.email == email:
        return
    if (other := _with_email(rsvp.discussion, email)) is not None:
        db.session.delete(other)
        db.session.flush()
    rsvp.email = email


def take_back(user: User, discussion: Discussion) -> None:
    """Note that `user` will not come; nothing more is mailed to them about it. Raises Refused (404)."""
    access.require(user, "discussion.read", discussion)
    # More than one where their address was changed before what they had said went with it.
    for found in db.session.scalars(select(Rsvp).where(Rsvp.discussion_id == discussion.id, Rsvp.user_id == user.id)):
        db.session.delete(found)


def forget_old() -> None:
    """Forget the addresses of visitors to what was over, or was called off, KEPT_FOR ago: some at a time.

    Those who were counted at what took place stay counted, without an address; of the others nothing stays. Who is in a
    list of guests is forgotten after it, so that what hosts read there does not change.
    """
    before = clock.now() - KEPT_FOR
    is_over, is_counted = Discussion.closed_before(before), Rsvp.confirmed_at.is_not(None)
    gone = _visitors(or_(CalledOff.before(before), and_(is_over, ~is_counted)))
    forgetting.throw_away(Rsvp, gone)
    nowhere = literal("forgotten-") + cast(Rsvp.id, String) + literal(_NOWHERE)
    nobody = update(Rsvp).values(email=nowhere, time_zone="UTC", language="")
    some = _visitors(is_over, is_counted).order_by(Rsvp.id).limit(forgetting.MOST_AT_ONCE)
    db.session.execute(nobody.where(Rsvp.id.in_(some)), execution_options={"synchronize_session": False})


def _visitors(*which: ColumnElement[bool]) -> Select[int]:
    """Return the question for the visitors of whom `which` is true, whose address is known and in no list."""
    is_guest = exists().where(Guest.discussion_id == Rsvp.discussion_id, Guest.email == Rsvp.email)
    return (
        select(Rsvp.id)
        .join(Discussion, Discussion.id == Rsvp.discussion_id)
        .where(Rsvp.user_id.is_(None), IS_KNOWN, ~is_guest, *which)
    )


def unsubscribe(token: str) -> None:
    """Mail no more to whom an unsubscribe link was written about this discussion. Again changes nothing.

    Raises Refused (link_over, 410) for a link that we have not made.
    """
    if (found := unsubscribed_from(token)) is not None:
        db.session.delete(found)


def unsubscribed_from(token: str) -> Rsvp | None:
    """Return what an unsubscribe link is about; None when it is unsubscribed from already.

    Raises Refused (link_over, 410) for a link that we have not made.
    """
    return _meant(*_read("stop", token))


def may_be_named(rsvp: Rsvp) -> bool:
    """Whether whoever has a link about `rsvp` may still know of its discussion: not if it is a draft or private now."""
    person = db.session.get(User, rsvp.user_id) if rsvp.user_id is not None else None
    is_draft = rsvp.discussion.phase_at(clock.now()) is Phase.DRAFT
    return not is_draft and access.may(person, "discussion.read", rsvp.discussion)


def write(email: str, kind: str, rsvp: Rsvp, path: str = "", wish: Wish | None = None) -> Letter:
    """Write a letter about a discussion to whoever wants to come; it has the way out that RFC 8058 asks for.

    It speaks of what they have said, or of a `wish` that is not confirmed yet.
    """
    discussion, stop_at, wish = rsvp.discussion, stop(rsvp, email), wish or Wish.of(rsvp)
    # Of what is a draft again a letter says what had been announced, whatever was written into the draft since.
    off = db.session.get(CalledOff, discussion.id)
    facts: dict[str, object] = {"discussion": off or discussion, "zone": wish.time_zone, "stop": stop_at}
    facts["takes_part"] = wish.kind is RsvpKind.TAKE_PART
    letter = letters.write(email, kind, path or f"/d/{discussion.slug}", facts=facts, language=wish.language)
    letters.end_by(letter, stop_at)
    return letter


def stop(rsvp: Rsvp, email: str = "") -> str:
    """Return the path at which whoever reads it wants no more mail about this discussion."""
    return f"/unsubscribe/{_token('stop', rsvp.id, email or rsvp.email, str(rsvp.discussion_id))}"


def is_to_come(discussion: Discussion) -> bool:
    """Whether there is still something to come to."""
    return discussion.phase_at(clock.now()) not in {Phase.DRAFT, Phase.CLOSED}


def goes_on(discussion: Discussion) -> bool:
    """Whether it has begun and is not over: there is nothing left to be reminded of."""
    return discussion.phase_at(clock.now()) in {Phase.LIVE, Phase.PAUSED}


def _require_open(user: User | None, discussion: Discussion) -> None:
    access.require(user, "discussion.read", discussion)
    if user is None and discussion.visibility is Visibility.INVITED:
        raise unknown()
    if discussion.phase_at(clock.now()) is Phase.CLOSED:
        raise Refused("over", _("This discussion is over. You can read all of it on its page."), 409)
    if discussion.phase_at(clock.now()) is Phase.DRAFT:
        raise Refused("draft", _("This discussion is still a draft. Publish it first."), 409)


def _with_email(discussion: Discussion, email: str) -> Rsvp | None:
    return db.session.scalar(select(Rsvp).where(Rsvp.discussion_id == discussion.id, Rsvp.email == email))


def _new(discussion: Discussion, email: str) -> Rsvp:
    made = Rsvp(
        discussion_id=discussion.id,
        email=email,
        kind=RsvpKind.READ_ALONG,
        time_zone="UTC",
        made_at=clock.now(),
        told_starts_at=discussion.starts_at,
    )
    made.discussion = discussion
    db.session.add(made)
    return made


def _meant(number: int, email: str, *discussion: str) -> Rsvp | None:
    """Return what a mailed link is about, if it is still there.

    SQLite gives the id of what was deleted to the next one, maybe of the same address: so the link names its
    `discussion` too, by its id. Links of before name none.
    """
    found = db.session.get(Rsvp, number)
    if found is None or found.email != email or (discussion and discussion != (str(found.discussion_id),)):
        return None
    return found


def _token(purpose: str, number: int, email: str, *wish: str) -> str:
    return links.signed(f"rsvp-{purpose}", number, email, *wish)


def _read(purpose: str, token: str) -> tuple[int, str, *tuple[str, ...]]:
    return links.carried(token, f"rsvp-{purpose}", Refused("link_over", _OVER, 410), links.addressed)
