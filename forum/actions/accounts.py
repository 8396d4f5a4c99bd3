"""Accounts: signing up, confirming, resetting, changing. What writes runs inside `writing()`.

With mail, nothing here lets an asker tell whether an address has an account: each request about an address writes
exactly one letter, whatever is known of it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from sqlalchemy import select, update

from forum import clock, countries, speaking, text
from forum.actions import deliveries, digests, links, passwords, rsvps, seats, sessions, site
from forum.actions.drafting import clean
from forum.database import db
from forum.live import log
from forum.models import Comment, CommentState, Discussion, Invitation, Proposal, Question, Seat, SiteRole, User
from forum.models.proposal import PUBLIC
from forum.notify import letters
from forum.refusals import Refused, invalid

_SHORTEST_NAME, _LONGEST_NAME = 2, 80


@dataclass(frozen=True)
class Newcomer:
    """Who signs up: as typed, then `checked`."""

    name: str
    email: str
    password: str

    def checked(self) -> "Newcomer":
        """Return it cleaned. Raises Refused (invalid) naming every field at fault at once."""
        faults: dict[str, str] = {}
        name = _clean_name(faults, self.name)
        email = clean_email(self.email)
        if email is None:
            faults["email"] = _("Give your email address, like name@example.org.")
        try:
            passwords.require_fit(self.password)
        except Refused as refusal:
            faults.update(refusal.fields)
        if faults:
            raise Refused("invalid", _("Some fields need another look."), 422, fields=faults)
        return Newcomer(name, email or "", self.password)


@dataclass(frozen=True)
class Profile:
    """What people can read about a member. `country` is a code of ISO 3166-1, or empty."""

    name: str
    affiliation: str = ""
    biography: str = ""
    country: str = ""
    language: str | None = None  # "" is: as the browser asks; None leaves it


def clean_email(email: str) -> str | None:
    """Return `email` as it is kept, in lower case, or None when it is no address."""
    email = email.strip()
    if len(email) > 254:
        return None
    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except (EmailNotValidError, UnicodeError):
        return None


def sign_up(newcomer: Newcomer, password_hash: str, language: str = "") -> User:
    """Make an account that can write at once: this site sends no mail.

    Raises Refused (invalid for a known address; registration where not everybody gets an account).
    """
    site.require_open()
    if User.with_email(newcomer.email) is not None:
        raise invalid(email=_("There is an account with this address. Sign in, or set a new password."))
    user = _add(newcomer.email, newcomer.name, password_hash, language)
    user.confirmed_at = clock.now()
    return user


def ask_to_confirm(newcomer: Newcomer, password_hash: str, then: str = "", language: str = "") -> None:
    """Make an account that writes once its address is confirmed, or tell the owner of a known one by mail.

    Signing up again before confirming counts anew, and older links die with the older password. Somebody for whom the
    account was made, and who has not been here, is welcomed once more: whoever types their address names nobody else.
    `then` is where the link leads in the end, an address inside the site; `language` what the browser asks for.
    Raises Refused (registration).
    """
    site.require_open()
    user = User.with_email(newcomer.email)
    if user is not None and user.confirmed_at is not None:
        letters.write(user.email, "known")
        return
    if user is not None and _is_invited(user):
        _mail_welcome(user)
        return
    if user is None:
        user = _add(newcomer.email, newcomer.name, password_hash, language)
    user.name, user.password_hash = newcomer.name, password_hash
    _mail_confirmation(user, then)


def ask_again_to_confirm(email: str, then: str = "") -> None:
    """Mail the confirmation once more; somebody without an account, or with a confirmed one, is told that instead."""
    user = User.with_email(email)
    if user is None or user.confirmed_at is not None:
        letters.write(email, "known" if user else "unknown")
    elif _is_invited(user):
        _mail_welcome(user)
    else:
        _mail_confirmation(user, then)


def confirm(token: str) -> User:
    """Confirm the address that a mailed link went to. Raises Refused (link_over)."""
    user = links.user_of(token, "confirm", to_use=True)
    user.confirmed_at = clock.now()
    rsvps.adopt(user)
    return user


def ask_for_reset(email: str) -> None:
    """Mail a link that sets a new password; an address without an account gets a letter that says so.

    Somebody who was invited, and has not been here, is welcomed once more: they have a name to choose, and the site's
    rule for new accounts is asked there.
    """
    user = User.with_email(email)
    if user is None:
        letters.write(email, "unknown")
    elif _is_invited(user):
        _mail_welcome(user)
    else:
        letters.write(user.email, "reset", path=f"/reset/{links.token_for(user, 'reset')}")


def reset(token: str, password_hash: str) -> User:
    """Set the password by a mailed link, which proves the address too, and end every session.

    Raises Refused (link_over).
    """
    user = links.user_of(token, "reset", to_use=True)
    prove_and_set_password(user, password_hash)
    letters.write(user.email, "changed")
    return user


def prove_and_set_password(user: User, password_hash: str) -> None:
    """Set a password by a link that was mailed to `user`, which proves the address too, and end every session."""
    user.confirmed_at = user.confirmed_at or clock.now()
    rsvps.adopt(user)
    _set_password(user, password_hash)


def change_password(user: User, password_hash: str) -> None:
    """Set a password, end every session and tell the owner by mail."""
    _set_password(user, password_hash)
    letters.write(user.email, "changed")


def _set_password(user: User, password_hash: str) -> None:
    user.password_hash = password_hash
    sessions.end_all(user)


def ask_to_move(user: User, email: str) -> None:
    """Mail a link to the new address of `user`, which changes nothing until it is opened there.

    An address that has an account already gets a letter that says so; the asker is told the same either way.
    """
    other = User.with_email(email)
    if other is None:
        letters.write(email, "address", path=f"/address/{links.token_for(user, 'address', email)}")
    elif other.id != user.id:
        letters.write(email, "known")


def move(user: User, email: str) -> None:
    """Give `user` the address `email`, which is proven or on a site without mail; the old one is told.

    Reminders that they asked for go to the new one from now on. What was mailed to the old one opens nothing any more:
    links to seats end, and the sessions that began with one, but for that in which `user` does this.

    Raises Refused (invalid: email) when somebody has it.
    """
    if email == user.email:
        return
    if User.with_email(email) is not None:
        raise invalid(email=_("There is an account with this address already."))
    letters.write(user.email, "moved")
    rsvps.move(user, email)
    digests.move(user.email, email)
    _end_links(user)
    user.email = email


def _end_links(user: User) -> None:
    """End the links to every seat of `user`, as their time does: whoever reads the old mailbox has them."""
    seats_of = select(Seat.id).where(Seat.user_id == user.id)
    made = db.session.scalars(select(Invitation).where(Invitation.seat_id.in_(seats_of))).all()
    for invitation in made:
        invitation.expires_at = min(invitation.expires_at, clock.now())
    ids = {invitation.id for invitation in made}
    for session in sessions.open_of(user):
        if session.invitation_id in ids and (user.session is None or session.id != user.session.id):
            session.ended_at = clock.now()


def move_by_link(token: str) -> User:
    """Change the address by the link that was mailed to the new one. Raises Refused (link_over, invalid)."""
    email = links.about(token, "address")
    user = links.user_of(token, "address", to_use=True)
    move(user, email)
    deliveries.somebody_reads_at(email)
    rsvps.adopt(user)
    return user


def change_profile(user: User, profile: Profile) -> None:
    """Change what people read about `user`. Raises Refused (invalid), also for a look-alike name.

    Readers of discussions where they wrote or asked are told, because what they wrote carries the name; not where all
    of it is held, and so read by nobody.
    """
    faults: dict[str, str] = {}
    name = _clean_name(faults, profile.name) if profile.name != user.name else user.name
    affiliation = clean(faults, "affiliation", profile.affiliation, 120)
    biography = clean(faults, "biography", profile.biography, 600, lines=True)
    country = countries.clean(faults, profile.country)
    is_seen = (name, affiliation, country) != (user.name, user.affiliation, user.country)
    written_in = _written_in(user) if is_seen else []
    if name != user.name and "name" not in faults:
        for discussion in written_in:
            try:
                seats.check_name(name, discussion, user)
            except Refused as refusal:
                faults["name"] = refusal.fields["name"]
    if faults:
        raise Refused("invalid", _("Some fields need another look."), 422, fields=faults)
    before, user.name = user.name, name
    user.affiliation, user.biography, user.country = affiliation, biography, country
    if profile.language is not None:
        user.language = speaking.known(profile.language)
    seen_in = _seen_in(user) if is_seen else set()
    for discussion in written_in:
        if discussion.id in seen_in:
            log.record(discussion, "discussion.edited", discussion.id)
    if name != before:
        _credit_anew(user, before)


def put(email: str, name: str, password_hash: str, role: SiteRole | None = None) -> User:
    """Make or change the account of `email` by the operator's hand; without a `role` it keeps its own.

    Raises Refused (invalid; 409 where nobody would be administrator any more).
    """
    faults: dict[str, str] = {}
    address = clean_email(email)
    name = clean(faults, "name", name, _LONGEST_NAME, required=True)
    if address is None:
        faults["email"] = _("Give an email address like name@example.org.")
    if faults:
        raise Refused("invalid", " ".join(faults.values()), 422, fields=faults)
    user = User.with_email(address or "") or _add(address or "", name, password_hash)
    hold_administrators(user)
    if role not in {None, SiteRole.ADMINISTRATOR} and is_last_administrator(user):
        raise Refused(
            "last_administrator",
            _("%(name)s is the last administrator. Make somebody else one first.", name=user.name),
            409,
        )
    if user.password_hash != password_hash:
        sessions.end_all(user)
    user.name, user.password_hash, user.role = name, password_hash, role or user.role
    user.confirmed_at = user.confirmed_at or clock.now()
    return user


def hold_administrators(*people: User) -> None:
    """Let whoever else changes who is administrator wait until this transaction ends, and read `people` anew.

    Of two who would each leave the other as the last one, the second finds that they are. In the order of their ids:
    whoever takes several rows' locks takes them in the same order. SQLite's one writer has it already.
    """
    held = select(User.id).where(User.role == SiteRole.ADMINISTRATOR).order_by(User.id)
    db.session.execute(held.with_for_update(key_share=True)).all()
    for person in people:
        db.session.refresh(person)


def is_last_administrator(user: User) -> bool:
    """Whether nobody would be administrator if `user` were none; for good only after `hold_administrators`."""
    others = select(User.id).where(User.role == SiteRole.ADMINISTRATOR, User.left_at.is_(None), User.id != user.id)
    return user.role is SiteRole.ADMINISTRATOR and db.session.scalar(others.limit(1)) is None


def has_left(user: User) -> bool:
    """Whether `user` has left the site by now, as `have_left` asks it of several."""
    return user.id in have_left([user])


def have_left(users: Collection[User]) -> set[int]:
    """Return the ids of those of `users` who have left the site by now.

    Whoever is about to is waited for, and waits until this transaction ends.
    """
    ids = sorted(user.id for user in users)
    asked = select(User.id, User.left_at).where(User.id.in_(ids)).order_by(User.id)
    held = db.session.execute(asked.with_for_update(read=True, key_share=True))
    return {user_id for user_id, left_at in held if left_at is not None}


def _add(email: str, name: str, password_hash: str, language: str = "") -> User:
    user = User(email=email, name=name, password_hash=password_hash, created_at=clock.now(), language=language)
    db.session.add(user)
    db.session.flush()
    return user


def _mail_confirmation(user: User, then: str) -> None:
    db.session.flush()
    letters.write(user.email, "confirm", path=f"/confirm/{links.token_for(user, 'confirm')}", then=then)


def _is_invited(user: User) -> bool:
    return user.password_hash is None and user.confirmed_at is None


def _mail_welcome(user: User) -> None:
    letters.write(user.email, "welcome", f"/welcome/{links.token_for(user, 'welcome')}")


def _clean_name(faults: dict[str, str], typed: str) -> str:
    name = clean(faults, "name", typed, _LONGEST_NAME, required=True)
    if "name" not in faults and len(name) < _SHORTEST_NAME:
        faults["name"] = _(
            "Give a name of %(shortest_name)s to %(longest_name)s characters.",
            shortest_name=_SHORTEST_NAME,
            longest_name=_LONGEST_NAME,
        )
    elif "name" not in faults and text.has_badge_word(name):
        faults["name"] = _("Leave out words like Host, Moderator or Panel: they are badges here.")
    return name


def _credit_anew(user: User, before: str) -> None:
    """Let questions that were asked for `user` give them the name they have now, as their comments do."""
    mine = select(Proposal.question_id).where(Proposal.author_id == user.id)
    db.session.execute(
        update(Question).where(Question.id.in_(mine), Question.asked_for == before).values(asked_for=user.name),
        execution_options={"synchronize_session": False},
    )


def _written_in(user: User) -> list[Discussion]:
    """Where hosts and readers may have their name before them, beside a comment or a question of the audience.

    In the order in which whoever takes several rows' locks takes them: rehearsals before their events, then by id.
    """
    wrote = select(Comment.discussion_id).where(Comment.author_id == user.id)
    asked = select(Proposal.discussion_id).where(Proposal.author_id == user.id)
    ids = wrote.union(asked)
    return list(db.session.scalars(select(Discussion).where(Discussion.id.in_(ids)).order_by(*log.IN_ORDER)))


def _seen_in(user: User) -> set[int]:
    """Return the ids of the discussions whose readers have their name before them, as far as they may know it."""
    wrote = select(Comment.discussion_id).where(Comment.author_id == user.id, Comment.state != CommentState.HELD)
    asked = select(Proposal.discussion_id).where(
        Proposal.author_id == user.id, Proposal.state.in_(PUBLIC), Proposal.is_anonymous.is_(False)
    )
    return set(db.session.scalars(wrote.union(asked)))
