"""Discussions as entries for calendars (RFC 5545)."""

from collections.abc import Iterable
from datetime import timedelta

from icalendar import Calendar, Event, vDuration

from forum import text
from forum.archive import names
from forum.live import log
from forum.live.scene import Scene
from forum.models import CalledOff, Discussion


def entry(discussion: Discussion, site: str) -> str:
    """Return one VEVENT in UTC, and one for each question that opens by itself, as far as readers may know.

    `site` is the public address without a slash at the end.
    """
    sequence = log.changes_of([discussion])[discussion.id]
    events = [_event(discussion, sequence, site), *_openings(discussion, sequence, site)]
    return _written(events, site, discussion.title)


def called_off(one: CalledOff, site: str) -> str:
    """Return one VEVENT that takes back what a calendar has of a discussion that will not take place."""
    return _written([_cancelled(one, site)], site, one.title)


def of_all(discussions: Iterable[Discussion], off: Iterable[CalledOff], site: str, name: str) -> str:
    """Return a calendar to subscribe to, called `name`: what takes place, and what was announced and will not."""
    shown = list(discussions)
    sequences = log.changes_of(shown)
    events = [_event(discussion, sequences[discussion.id], site) for discussion in shown]
    return _written(events + [_cancelled(one, site) for one in off], site, name)


def _written(events: list[Event], site: str, name: str) -> str:
    calendar = Calendar()
    calendar.add("prodid", "-//Roundtext//EN")
    calendar.add("version", "2.0")
    # Who subscribes looks again every hour, so moved and cancelled events get there (RFC 7986, 5.7).
    calendar.add("name", name)
    hourly = vDuration(timedelta(hours=1))
    hourly.params["VALUE"] = "DURATION"
    calendar["REFRESH-INTERVAL"] = hourly
    for event in events:
        calendar.add_component(event)
    return str(calendar.to_ical().decode())


def _openings(discussion: Discussion, sequence: int, site: str) -> list[Event]:
    """One moment for each question to come that has one: without a length, so that nobody's day is taken."""
    scene = Scene.of(discussion)
    found = []
    for question in scene.dated:
        event = Event()
        event.add("uid", names.uid(discussion, "question", question.id, site=site))
        event.add("summary", f"Q{scene.number_of(question)}: {discussion.title}")
        event.add("dtstart", question.opens_at)
        event.add("dtstamp", discussion.created_at)
        event.add("sequence", sequence)
        event.add("transp", "TRANSPARENT")
        event.add("url", f"{site}/d/{discussion.slug}")
        if question in scene.coming:
            event.add("description", question.text)
        found.append(event)
    return found


def _event(discussion: Discussion, sequence: int, site: str) -> Event:
    address = f"{site}/d/{discussion.slug}"
    event = Event()
    event.add("uid", names.uid(discussion, site=site))
    event.add("summary", discussion.title)
    event.add("dtstart", discussion.starts_at)
    event.add("dtend", discussion.over_at)
    event.add("dtstamp", discussion.created_at)
    # A calendar takes an entry as newer by its sequence; every change of the discussion raises it, and no comment does.
    event.add("sequence", sequence)
    event.add("status", "CONFIRMED")
    event.add("url", address)
    if discussion.runs_for_days:
        # Nobody is busy for three weeks because of it.
        event.add("transp", "TRANSPARENT")
    event.add("description", f"{text.excerpt(discussion.intro_html, 500)}\n\n{address}".strip())
    return event


def _cancelled(one: CalledOff, site: str) -> Event:
    """Say nothing of the draft that it is again, only what was announced."""
    event = Event()
    event.add("uid", names.uid(one.discussion, site=site))
    event.add("summary", one.title)
    event.add("dtstart", one.starts_at)
    event.add("dtend", one.ends_at)
    event.add("dtstamp", one.at)
    event.add("sequence", one.sequence)
    event.add("status", "CANCELLED")
    return event
