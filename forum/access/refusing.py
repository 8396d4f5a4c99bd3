"""How access says no: what somebody is told whose role or time it is not, and what they can do next."""

from datetime import datetime
from typing import Any

from flask_babel import format_datetime
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from forum import clock
from forum.access.roles import mute_of
from forum.access.table import Role
from forum.models import Discussion, Mute, Phase, User
from forum.refusals import Refused

# Why a person with the right role is too early or too late, and what to do next.
_WRONG_TIME: dict[Phase, tuple[str, Any]] = {
    Phase.DRAFT: ("draft", lazy("This discussion is still a draft. Publish it first.")),
    Phase.ANNOUNCED: (
        "not_open",
        lazy("This discussion has not begun yet. Your text is kept; come back when it is live."),
    ),
    Phase.LIVE: ("live", lazy("This discussion is already live.")),
    Phase.PAUSED: ("paused", lazy("The host has paused this discussion. Your text is kept; post it when it goes on.")),
    Phase.CLOSED: ("closed", lazy("This discussion is closed. Your text is kept on this page, so you can copy it.")),
}

# The same for who presses a button of the console twice, on a page that is old by now, or comes to a form that is still
# empty: they have typed nothing.
_STEP_TAKEN: dict[Phase, Any] = {
    Phase.ANNOUNCED: lazy(
        "This discussion is announced and has not begun yet. Reload the console to see what is next."
    ),
    Phase.PAUSED: lazy("This discussion is paused. Reload the console to see what is next."),
    Phase.CLOSED: lazy("This discussion is closed. You can reopen it with “Open again” in the console."),
}
_STEPS = frozenset(f"discussion.{step}" for step in ("publish", "withdraw", "open", "pause", "resume", "close"))


def wrong_time(verb: str, discussion: Discussion, *, has_typed: bool) -> Refused:
    """Return the refusal of what would be theirs in another phase."""
    phase = discussion.phase_at(clock.now())
    code, words = _WRONG_TIME[phase]
    said = words if has_typed and verb not in _STEPS else _STEP_TAKEN.get(phase, words)
    return Refused(code, said, status=409)


def not_theirs(user: User | None, role: Role, discussion: Discussion) -> Refused:
    """Return the refusal of what is theirs in no phase."""
    if user is None:
        return Refused("sign_in", _("Sign in to do this. What you typed is kept for you."))
    if role is Role.UNCONFIRMED:
        return Refused(
            "confirm_address", _("Confirm your email address first: open the link we mailed you. Your text is kept.")
        )
    if why := barred(user, role, discussion):
        return Refused(role.value, why)
    return Refused("not_yours", _("Only the hosts of this discussion can do this."))


def barred(user: User | None, role: Role, discussion: Discussion) -> str:
    """Return why `user`, whose role this is, may not write in `discussion` whatever its phase; nothing if they may."""
    if user is not None and role is Role.SUSPENDED:
        return suspension(user)
    mute = mute_of(user, discussion) if user is not None and role is Role.MUTED else None
    return told(mute) if mute is not None else ""


def told(mute: Mute) -> str:
    """Return what a muted person is told: what happened, why, until when, and what they can do."""
    said = {"until": _moment(mute.until), "reason": mute.reason}
    if mute.is_removal and mute.until:
        words = _("A host has removed you from this discussion until %(until)s. You can object. Reason: %(reason)s")
    elif mute.is_removal:
        words = _("A host has removed you from this discussion. You can object. Reason: %(reason)s")
    elif mute.until:
        words = _(
            "A host has ended your right to write in this discussion until %(until)s. "
            "You can go on reading, and object. Reason: %(reason)s"
        )
    else:
        words = _(
            "A host has ended your right to write in this discussion. You can go on reading, and object. "
            "Reason: %(reason)s"
        )
    return str(words) % said


def suspension(user: User) -> str:
    """Return what a suspended person is told: why, until when, and what they can do."""
    words = _(
        "Your right to write on this site is suspended. You can go on reading, and object on the page of your "
        "account. Reason: %(reason)s"
    )
    if user.suspended_until:
        words = _(
            "Your right to write on this site is suspended until %(until)s. You can go on reading, and object on the "
            "page of your account. Reason: %(reason)s"
        )
    return str(words) % {"until": _moment(user.suspended_until), "reason": user.suspension_reason}


def _moment(until: datetime | None) -> str:
    """Return a moment as those read it who have told us no zone."""
    return f"{format_datetime(until, 'd MMMM y, HH:mm', rebase=False)} UTC" if until else ""
