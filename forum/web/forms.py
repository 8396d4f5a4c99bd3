"""Reading form fields that anybody may have made up: one value a name, of the right kind, or a fault that names it."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from flask_login import current_user

from forum import zones
from forum.actions import merging
from forum.models import User
from forum.refusals import Refused, Stale

_NUMBER = re.compile(r"-?[0-9]{1,9}\Z")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")
_UNBOUND = ("csrf_token", "from")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?\Z")
Kind = TypeVar("Kind", bound=StrEnum)


def signed_in() -> User | None:
    """Return the person of this request, or None for a visitor."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def sent_key() -> str:
    """Return the key that the form in this request carries, or nothing where it brought none that we made."""
    key = request.form.get("key", "")
    return key if _KEY.match(key) else ""


def fresh_key() -> str:
    """Return the key that the form in this request carries (it is shown again), else a new one."""
    return sent_key() or secrets.token_urlsafe(16)


def form_key(*besides: str) -> str:
    """Return the key of exactly this form, or nothing when the form brought none.

    Sent twice it has the same; changed after “Back” (in other fields than `besides`) it is another one, and its changes
    are not lost.
    """
    key = sent_key()
    if not key:
        return ""
    parts = [f"{name}={value}" for name, value in request.form.items(multi=True) if name not in {*besides, *_UNBOUND}]
    parts += [f"{name}={file.filename}" for name, file in request.files.items(multi=True)]
    return hashlib.sha256("\0".join([request.full_path, *parts]).encode("utf-8", "replace")).hexdigest()


def shown_marks(said: Mapping[str, str], refusal: Refused | None = None) -> str:
    """Return the marks of what a form shows of what is `said`, also after a `refusal`.

    Those that came with it, until what somebody else has changed is shown beside it.
    """
    if isinstance(refusal, Stale):
        return refusal.seen
    return request.form.get("seen", "") if request.method == "POST" else merging.marks(said)


class Fields:
    """The fields of the form in this request. What is wrong with one goes into `faults` under its name."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Return a field as it was sent; a missing one is empty."""
        values = request.form.getlist(name)
        if len(values) > 1:
            self.faults[name] = _("The form sent this more than once. Load the page again.")
        if name in request.files:
            self.faults[name] = _("The form sent a file here. Type a text.")
        return values[0] if values else ""

    def seen(self) -> str | None:
        """Return what the page says that its reader has looked at; None when it says nothing of it."""
        return self.text("seen") if "seen" in request.form else None

    def number(self, name: str) -> int | None:
        """Return a whole number, or None when the field is empty (or at fault)."""
        typed = self.text(name).strip()
        if typed and not _NUMBER.match(typed):
            self.faults.setdefault(name, _("Give a whole number, in digits."))
        return int(typed) if _NUMBER.match(typed) else None

    def instant(self, name: str) -> datetime | None:
        """Return the aware moment (ISO 8601) that the page itself put here, None when it is empty or at fault."""
        typed = self.text(name).strip()
        if not typed:
            return None
        try:
            found = datetime.fromisoformat(typed[:40]).astimezone(UTC)
        except (ValueError, OverflowError):
            self.faults.setdefault(name, _("The page sent too little. Load it again, and press once more."))
            return None
        return found

    def choice(self, name: str, kind: type[Kind], default: Kind) -> Kind:
        """Return one of the words of `kind`."""
        typed = self.text(name)
        if typed in {member.value for member in kind}:
            return kind(typed)
        self.faults.setdefault(name, _("Choose one of the list."))
        return default

    def zone(self, name: str, default: str = "") -> str:
        """Return the IANA name of a time zone; `default` is that of an empty field."""
        if found := zones.named(self.text(name).strip() or default):
            return found
        self.faults.setdefault(name, _("Choose a time zone by its name, like Europe/London."))
        return "UTC"

    def moment(self, name: str, zone: str) -> datetime | None:
        """Return the aware moment of `<name>_date` and `<name>_time` on the clocks of `zone`, None when at fault.

        Where the clocks go back an hour exists twice, and `<name>_fold` ("first" or "second") says which is meant.
        """
        typed_date, typed_time = self.text(f"{name}_date").strip(), self.text(f"{name}_time").strip()
        fold = self.text(f"{name}_fold")
        try:
            if not _DATE.match(typed_date) or not _TIME.match(typed_time):
                raise ValueError
            local = datetime.combine(date.fromisoformat(typed_date), time.fromisoformat(typed_time))
            if not 2000 <= local.year <= 2200:
                raise ValueError
        except ValueError:
            self.faults[name] = _("Give a date and a time, like 2026-11-23 and 15:00.")
            return None
        earlier, later = (local.replace(tzinfo=ZoneInfo(zone), fold=which) for which in (0, 1))
        if not _exists(earlier):
            ahead = earlier.astimezone(UTC).astimezone(ZoneInfo(zone))
            self.faults[name] = _(
                "The clocks of %(zone)s go forward that day, so %(time)s does not exist. Did you mean %(ahead)s? "
                "Choose a time before or after the change.",
                zone=zone,
                time=typed_time,
                ahead=f"{ahead:%H:%M}",
            )
            return None
        if earlier.utcoffset() == later.utcoffset():
            return earlier.astimezone(UTC)
        if fold not in {"first", "second"}:
            self.faults[name] = _(
                "The clocks of %(zone)s go back that day, so %(time)s comes twice. Choose the first or the second.",
                zone=zone,
                time=typed_time,
            )
            return None
        return (later if fold == "second" else earlier).astimezone(UTC)

    def refuse(self, more: Mapping[str, str] | None = None) -> None:
        """Raise Refused (invalid, 422) when a field is at fault; `more` are the faults that an action found."""
        faults = dict(more or {}) | self.faults
        if faults:
            raise Refused("invalid", _("Some fields need another look."), 422, fields=faults)


def texts(*names: str) -> list[str]:
    """Return these fields of the form as they were sent. Raises Refused (invalid) naming each at fault."""
    fields = Fields()
    found = [fields.text(name) for name in names]
    fields.refuse()
    return found


def numbers(*names: str) -> list[int | None]:
    """Return these whole numbers of the form, None for an empty one. Raises Refused (invalid) naming each at fault."""
    fields = Fields()
    found = [fields.number(name) for name in names]
    fields.refuse()
    return found


def is_ambiguous(typed_date: str, typed_time: str, zone: str) -> bool:
    """Whether that time of the clock comes twice on that day in `zone`; False for what is no date, time or zone."""
    try:
        local = datetime.fromisoformat(f"{typed_date}T{typed_time}").replace(tzinfo=ZoneInfo(zones.named(zone) or zone))
        return _exists(local) and local.utcoffset() != local.replace(fold=1).utcoffset()
    except (ValueError, OSError, LookupError, OverflowError):
        return False


def _exists(moment: datetime) -> bool:
    """PEP 495: a time in a gap does not come back the same from UTC."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)
