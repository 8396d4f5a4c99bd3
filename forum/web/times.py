"""How moments and lengths of time are said, as filters of the templates.

Server and scripts say them alike (`static/js/times.js`, `chip.js`).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import format_datetime
from flask_babel import gettext as _

from forum.models import Discussion

# Beyond these, minutes and hours are more than anybody wants to count.
_IN_MINUTES, _IN_HOURS = 120, 48 * 60


def init_app(app: Flask) -> None:
    """Give the templates of `app` these filters."""
    app.jinja_env.filters.update(
        {made.__name__: made for made in (day, date, clock, iso, short, dated, opening, stamp, lasting)}
    )


def day(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a date in `zone` (IANA name), e.g. "Monday, 23 November 2026"."""
    return _format(moment, zone, "EEEE, d MMMM y")


def date(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a short date in `zone`, e.g. "23 Nov 2026"."""
    return _format(moment, zone, "d MMM y")


def short(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as a day in `zone`, e.g. "23 Nov": where its year is plain."""
    return _format(moment, zone, "d MMM")


def clock(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` as hours and minutes in `zone`, e.g. "15:24"."""
    return _format(moment, zone, "HH:mm")


def dated(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` with its date and year in `zone`, e.g. "23 Nov 2026, 15:24"."""
    return _format(moment, zone, "d MMM y, HH:mm")


def opening(moment: datetime, zone: str = "UTC") -> str:
    """Return `moment` with the day of the week in `zone`, e.g. "Mon 23 Nov, 15:24": to be waited for."""
    return _format(moment, zone, "EEE d MMM, HH:mm")


def stamp(moment: datetime, discussion: Discussion) -> str:
    """Return a moment of `discussion` on the clocks of its zone: with the day where it runs for days."""
    return _format(moment, discussion.time_zone, "d MMM, HH:mm" if discussion.runs_for_days else "HH:mm")


def iso(moment: datetime) -> str:
    """Return `moment` for a `datetime` attribute, in UTC to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def lasting(minutes: int) -> str:
    """Return a length of whole minutes in the roughest words that help: "26 min", "5 h", "12 days"."""
    if minutes <= _IN_MINUTES:
        return str(_("%(n)s min", n=minutes))
    if minutes < _IN_HOURS:
        return str(_("%(n)s h", n=minutes // 60))
    return str(_("%(n)s days", n=minutes // (24 * 60)))


def _format(moment: datetime, zone: str, pattern: str) -> str:
    return str(format_datetime(moment.astimezone(ZoneInfo(zone)), pattern, rebase=False))
