"""How moments and lengths of time are said in the language that is spoken, as filters of the templates.

Server and scripts say them alike (`static/js/times.js`, `chip.js`). In English the day comes first, as in most of the
world; other languages have it as they are used to (CLDR).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, get_datetime_format
from flask import Flask
from flask_babel import format_date, format_time, get_locale, ngettext
from flask_babel import gettext as _

from forum import speaking
from forum.clock import in_utc
from forum.models import Discussion

# Beyond these, minutes and hours are more than anybody wants to count.
_IN_MINUTES, _IN_HOURS = 120, 48 * 60


def init_app(app: Flask) -> None:
    """Give the templates of `app` these filters."""
    app.jinja_env.filters.update(
        {
            made.__name__: made
            for made in (day, date, short, clock, moment, dated, opening, stamp, says_day, iso, city, lasting)
        }
    )


def day(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a date in `zone` (IANA name), e.g. "Monday, 23 November 2026"."""
    return _said(_local(moment, zone), "EEEE, d MMMM y", "full")


def date(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a short date in `zone`, e.g. "23 Nov 2026"."""
    return _said(_local(moment, zone), "d MMM y", "medium")


def short(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a day in `zone`, e.g. "23 Nov": where its year is plain."""
    return _made_of(_local(moment, zone), "d MMM", "MMMd")


def clock(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as hours and minutes in `zone`, e.g. "15:24"."""
    return str(format_time(_local(moment, zone), "HH:mm", rebase=False))


def moment(at: datetime) -> str:
    """Return the moment `at` for whoever has told us no zone, e.g. "23 November 2026, 15:24 UTC"."""
    return f"{_said(_local(at, 'UTC'), 'd MMMM y', 'long')}, {clock(at)} UTC"


def dated(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` with its date and year in `zone`, e.g. "23 Nov 2026, 15:24"."""
    return _joined(date(moment, zone), clock(moment, zone))


def opening(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` with the day of the week in `zone`, e.g. "Mon 23 Nov, 15:24": to be waited for."""
    return _joined(_made_of(_local(moment, zone), "EEE d MMM", "MMMEd"), clock(moment, zone))


def stamp(moment: datetime, discussion: Discussion) -> str:
    """Return a moment of `discussion` on the clocks of its zone: with the day where it runs for days, or on another
    day than that on which it begins, as an announcement of the day before is.

    With the zone's short name where they were put forward or back since the beginning, as files say it (`Book.time`).
    """
    zone = discussion.time_zone
    local = _local(moment, zone)
    has_changed = local.utcoffset() != _local(discussion.starts_at, zone).utcoffset()
    time = f"{clock(moment, zone)} {local:%Z}" if has_changed else clock(moment, zone)
    return _joined(short(moment, zone), time) if says_day(moment, discussion) else time


def says_day(moment: datetime, discussion: Discussion) -> bool:
    """Whether `stamp` says the day of a moment."""
    zone = discussion.time_zone
    return discussion.runs_for_days or _local(moment, zone).date() != _local(discussion.starts_at, zone).date()


def iso(moment: datetime) -> str:
    """Return `moment` for a `datetime` attribute, in UTC to the second."""
    return in_utc(moment)


def city(zone: str) -> str:
    """Return the city that the time zone `zone` (IANA name) is called by, e.g. "New York" for America/New_York."""
    return zone.rpartition("/")[2].replace("_", " ")


def lasting(minutes: int) -> str:
    """Return a length of whole minutes in the roughest words that help: "26 min", "5 h", "12 days"."""
    if minutes <= _IN_MINUTES:
        return str(_("%(n)s min", n=minutes))
    if minutes < _IN_HOURS:
        return str(_("%(n)s h", n=minutes // 60))
    return str(ngettext("%(num)s day", "%(num)s days", minutes // (24 * 60)))


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def _is_english() -> bool:
    return speaking.tag() == speaking.SOURCE


def _said(local: datetime, english: str, other: str) -> str:
    """Return a date by the pattern `english`, or in the length `other` that every language has."""
    return str(format_date(local, english if _is_english() else other, rebase=False))


def _made_of(local: datetime, english: str, skeleton: str) -> str:
    """Return a date by the pattern `english`, or of the fields in `skeleton` (CLDR) as the language orders them."""
    if _is_english():
        return str(format_date(local, english, rebase=False))
    return format_skeleton(skeleton, local, locale=get_locale())


def _joined(day: str, time: str) -> str:
    pattern = "{1}, {0}" if _is_english() else str(get_datetime_format("medium", locale=get_locale()))
    return pattern.replace("'", "").format(time, day)
