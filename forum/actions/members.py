"""The people of the site, as administrators see and invite them. What writes runs inside `writing()`."""

import re
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, func, or_, select

from forum import access, clock
from forum.actions import accounts, invitations, links, rsvps, site
from forum.actions.moderation import write_down
from forum.database import db
from forum.models import Discussion, Session, SiteRole, User
from forum.notify import letters
from forum.refusals import Refused, invalid

MOST = 50
MOST_INVITED = 200
# So many of the words that are no addresses are named; the others are counted.
_MOST_NAMED = 20
# A name that has a comma in it stands in quotation marks.
_QUOTED = re.compile(r'"[^"\n]{0,200}"')


class Standing(StrEnum):
    """Which people a list is of."""

    ALL = "all"
    ORGANISER = "organiser"
    ADMINISTRATOR = "administrator"
    SUSPENDED = "suspended"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class Wanted:
    """Which people: by a part of a name or address, by standing, after so many others."""

    part: str = ""
    standing: Standing = Standing.ALL
    page: int = 0


def listed(actor: User | None, wanted: Wanted) -> tuple[list[User], int]:
    """Return one page of people, newest first, and how many there are. Raises Refused (404, no administrator)."""
    access.require_administrator(actor)
    found = _matching(wanted)
    total = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    shown = found.order_by(User.id.desc()).offset(wanted.page * MOST).limit(MOST)
    return list(db.session.scalars(shown)), total


def _matching(wanted: Wanted) -> Select[tuple[User]]:
    found = select(User).where(User.left_at.is_(None))
    if wanted.part:
        found = found.where(
            or_(User.name.icontains(wanted.part, autoescape=True), User.email.icontains(wanted.part, autoescape=True))
        )
    match wanted.standing:
        case Standing.ORGANISER | Standing.ADMINISTRATOR as role:
            found = found.where(User.role == SiteRole(role.value))
        case Standing.SUSPENDED:
            is_over = User.suspended_until.is_not(None) & (User.suspended_until <= clock.now())
            found = found.where(User.suspended_at.is_not(None), ~is_over)
        case Standing.UNCONFIRMED:
            found = found.where(User.confirmed_at.is_(None))
        case Standing.ALL:
            pass
    return found


def seen(people: list[User]) -> dict[int, object]:
    """Return when each of `people` was last here, by id; who never was is left out."""
    ids = [person.id for person in people]
    rows = db.session.execute(
        select(Session.user_id, func.max(Session.seen_at)).where(Session.user_id.in_(ids)).group_by(Session.user_id)
    )
    return {row[0]: row[1] for row in rows}


def give_role(actor: User, person: User, role: SiteRole) -> None:
    """Make `person` a member, organiser or administrator. The same again changes nothing.

    Raises Refused: 404 for who is no administrator; 409 for oneself, so that there is always one left, and for
    somebody who is suspended or has not confirmed their address.
    """
    access.require_administrator(actor)
    accounts.hold_administrators(actor, person)
    access.require_administrator(actor)  # still: of two who take it from each other the second is none any more
    if person.role is role:
        return
    if person.id == actor.id:
        raise Refused("own_role", _("Another administrator has to take this role from you."), 409)
    if role is not SiteRole.MEMBER and (person.confirmed_at is None or person.is_suspended(clock.now())):
        raise Refused("not_ready", _("First their address has to be confirmed, and a suspension lifted."), 409)
    before, person.role = person.role, role
    invitations.close_shown(person)
    for discussion in db.session.scalars(select(Discussion).where(Discussion.owner_id == person.id)):
        invitations.close_shown_of(discussion)
    write_down(actor, None, "person.role", "user", person.id, before={"role": before.value}, after={"role": role.value})


def invite(actor: User, typed: str) -> list[User]:
    """Mail a link that makes an account to each address of a list (one a line, or separated by commas or spaces).

    Who has an account already is left alone; who was invited before gets a new link. An address that somebody typed at
    sign-up and nobody confirmed loses that password: it may be a stranger's. Return who was mailed.
    Raises Refused: 404, no administrator; registration (403) on a closed site; invalid (addresses).
    """
    access.require_administrator(actor)
    site.require_open(invited=True)
    invited = []
    for email in _addresses(typed):
        person = User.with_email(email)
        if person is not None and person.confirmed_at is not None:
            continue
        person = person or _newcomer(email)
        person.password_hash = None
        letters.write(email, "welcome", f"/welcome/{links.token_for(person, 'welcome')}")
        write_down(actor, None, "person.invited", "user", person.id)
        invited.append(person)
    return invited


def welcome(token: str, newcomer: accounts.Newcomer, password_hash: str, language: str = "") -> User:
    """Make the account that an invitation promised: the name, the password, and the address that the link proves.

    Raises Refused (link_over, registration).
    """
    person = links.user_of(token, "welcome", to_use=True)
    site.require_open(invited=True)
    person.language = person.language or language
    person.name, person.password_hash, person.confirmed_at = newcomer.name, password_hash, clock.now()
    rsvps.adopt(person)
    return person


def _addresses(typed: str) -> list[str]:
    parts = [part for piece in re.split(r"[,;\n]", _QUOTED.sub(" ", typed)) for part in _parts(piece)]
    if not parts:
        raise invalid(addresses=_("Give at least one email address."))
    if len(parts) > MOST_INVITED:
        raise invalid(addresses=_("Give at most %(most_invited)s addresses at once.", most_invited=MOST_INVITED))
    found = {part: accounts.clean_email(part.strip("<>")) for part in parts}
    wrong = [part[:60] for part, email in found.items() if email is None]
    if wrong:
        more = f" (+{len(wrong) - _MOST_NAMED})" if len(wrong) > _MOST_NAMED else ""
        named = ", ".join(wrong[:_MOST_NAMED]) + more
        raise invalid(
            addresses=ngettext(
                "This is no email address: %(part)s", "These are no email addresses: %(part)s", len(wrong), part=named
            )
        )
    return list(dict.fromkeys(email for email in found.values() if email is not None))


def _parts(piece: str) -> list[str]:
    """Return the addresses of a piece: what stands in <…>, as mail programs copy one with its name, else its words."""
    _before, opened, rest = piece.rpartition("<")
    inside, closed, _after = rest.partition(">")
    return [inside.strip()] if opened and closed else piece.split()


def _newcomer(email: str) -> User:
    """A person whose name is not known yet stands in lists by what comes before the @ of their address."""
    person = User(email=email, name=email.partition("@")[0][:80], password_hash=None, created_at=clock.now())
    db.session.add(person)
    db.session.flush()
    return person
