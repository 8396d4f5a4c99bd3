"""A discussion as an entry for calendars (RFC 5545)."""

from icalendar import Calendar, Event

from forum import text
from forum.models import Discussion


def entry(discussion: Discussion, site: str) -> str:
    """Return one VEVENT in UTC; `site` is the public address without a slash at the end."""
    address = f"{site}/d/{discussion.slug}"
    event = Event()
    event.add("uid", f"{discussion.epoch}-{discussion.id}@{site.partition('://')[2]}")
    event.add("summary", discussion.title)
    event.add("dtstart", discussion.starts_at)
    event.add("dtend", discussion.ends_at)
    event.add("dtstamp", discussion.created_at)
    # A calendar takes an entry as newer by its sequence; every change of the discussion raises it.
    event.add("sequence", discussion.last_seq)
    event.add("url", address)
    event.add("description", f"{text.excerpt(discussion.intro_html, 500)}\n\n{address}".strip())
    calendar = Calendar()
    calendar.add("prodid", "-//Roundtext//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return str(calendar.to_ical().decode())
