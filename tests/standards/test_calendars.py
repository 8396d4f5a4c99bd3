"""Calendars, held to RFC 5545 by two parsers of different people, and to what subscribers see of a changed event."""

import json
from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from forum.actions import discussions, escalation, phases, questions
from forum.actions.escalation import Rules
from forum.actions.questions import QuestionDraft
from forum.archive import backup
from forum.database import db
from forum.models import CommentState, Discussion
from tests.standards.machines import node
from tests.web.test_archive import draft_of

# A strict parse of every component and property, by the library that Thunderbird uses.
ICAL_JS = """
import ICAL from "ical.js";
import { readFileSync } from "node:fs";
const root = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
const events = root.getAllSubcomponents("vevent").map((one) => {
  const event = new ICAL.Event(one, { strictExceptions: true });
  return {
    uid: event.uid, title: event.summary, sequence: event.sequence, status: one.getFirstPropertyValue("status"),
    start: event.startDate.toJSDate().toISOString(), end: event.endDate.toJSDate().toISOString(),
    zone: event.startDate.zone.tzid, description: event.description, url: one.getFirstPropertyValue("url"),
  };
});
console.log(JSON.stringify({ version: root.getFirstPropertyValue("version"), events }));
"""


def read(app, path: str, user=None, house=None) -> dict[str, dict]:
    """Return the events at `path` by their UID, after every check there is."""
    client = app.test_client()
    if user is not None:
        house.sign_in(client, user)
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer.content_type == "text/calendar; charset=utf-8"
    raw = answer.data
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b""), "3.1: lines end with CRLF"
    assert max(map(len, raw.split(b"\r\n"))) <= 75, "3.1: lines are folded"
    assert all(byte >= 32 or byte in b"\r\n\t" for byte in raw), "3.1: no control characters"
    calendar = Calendar.from_ical(raw)
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    found = json.loads(node(ICAL_JS, raw.decode()))
    assert found["version"] == "2.0"
    theirs = {event["uid"]: event for event in found["events"]}
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        other = theirs[event["UID"]]
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS"} <= set(event)
        for name in ("DTSTAMP", "DTSTART", "DTEND"):
            assert event[name].to_ical().endswith(b"Z"), "times in UTC need no VTIMEZONE"
        assert other["title"] == str(event["SUMMARY"])
        assert datetime.fromisoformat(other["start"]) == event["DTSTART"].dt < event["DTEND"].dt
        assert other["sequence"] == event["SEQUENCE"]
    assert len(theirs) == len(found["events"]) == len(calendar.walk("VEVENT")), "one UID, one event"
    return theirs


@pytest.fixture
def event(house, clock):
    title = 'Whose river; yours, mine\\ours? "' + "雨水" * 30 + " &  مرحبا"
    return house.discussion(phase="announced", slug="river", title=title, intro="Line one\n\n- two; three, four\\")


@pytest.mark.parametrize("path", ["/d/river/calendar.ics", "/calendar.ics"])
def test_a_calendar_is_read_alike_by_two_programs(app, house, event, path):
    (found,) = read(app, path).values()
    assert found["title"] == event.title
    assert found["status"] == "CONFIRMED"
    assert found["url"].endswith("/d/river")
    assert "- two" in found["description"] or "two; three, four\\" in found["description"]


def test_a_site_without_events_has_a_calendar(app, house):
    assert read(app, "/calendar.ics") == {}


@pytest.mark.parametrize("path", ["/d/river/calendar.ics", "/calendar.ics"])
def test_moved_and_called_off_reaches_who_subscribed(app, house, event, clock, path):
    """The same UID with a higher sequence each time: a calendar changes its entry, and never has two."""
    host = house.host_of(event)
    ((uid, first),) = read(app, path).items()
    house.do(discussions.edit, host, event, draft_of(
        event, starts_at=event.starts_at + timedelta(days=2), ends_at=event.ends_at + timedelta(days=2)
    ))  # fmt: skip
    ((again, moved),) = read(app, path).items()
    assert again == uid
    assert moved["sequence"] > first["sequence"]
    assert datetime.fromisoformat(moved["start"]) - datetime.fromisoformat(first["start"]) == timedelta(days=2)
    house.do(phases.withdraw, host, event)
    ((again, off),) = read(app, path).items()
    assert (again, off["status"], off["title"]) == (uid, "CANCELLED", event.title)
    assert off["sequence"] > moved["sequence"]
    assert off["start"] == moved["start"]
    # It is a draft again: what is written into it now is nobody's business, at its old address neither.
    house.do(discussions.edit, host, event, draft_of(event, title="zqsecretqz", slug="zqslugqz"))
    client = app.test_client()
    assert client.get("/d/river").status_code == client.get("/d/zqslugqz").status_code == 404
    assert client.get("/d/zqslugqz/calendar.ics").status_code == 404
    assert client.get("/d/river/transcript").status_code == 404
    assert b"zq" not in client.get(path).data
    ((again, still),) = read(app, path).items()
    assert (again, still["status"]) == (uid, "CANCELLED")
    house.do(discussions.edit, host, event, draft_of(event, title="At last", slug="river"))
    house.do(phases.publish, host, event)
    ((again, anew),) = read(app, path).items()
    assert (again, anew["status"], anew["title"]) == (uid, "CONFIRMED", "At last")
    assert anew["sequence"] > off["sequence"]


@pytest.mark.parametrize("path", ["/d/river/calendar.ics", "/calendar.ics"])
def test_what_is_written_or_held_there_changes_no_calendar(app, house, clock, path):
    live = house.discussion(slug="river", ask=1)
    house.discussion(phase="announced", slug="other")
    before = app.test_client().get(path).data
    rules = Rules(hold_first=True, hold_links=False, words="", hide_after_flags=0)
    house.do(escalation.set_rules, house.host_of(live), live, rules)
    assert house.comment(live, question=1).state is CommentState.HELD
    house.comment(live, house.host_of(live), question=1)
    assert app.test_client().get(path).data == before


def test_a_moved_opening_of_a_question_is_newer_too(app, house, clock):
    host = house.user("Hana Host-Maier")
    days = house.discussion(phase="announced", slug="river", host=host)
    house.do(discussions.edit, host, days, draft_of(days, ends_at=days.starts_at + timedelta(days=9)))

    def sequences():
        found = Calendar.from_ical(app.test_client().get("/d/river/calendar.ics").data)
        return {event["UID"]: event["SEQUENCE"] for event in found.walk("VEVENT")}

    first = QuestionDraft("Who pays?", opens_at=days.starts_at + timedelta(days=1))
    question = house.do(questions.write, host, days, first)
    before = sequences()
    moved = QuestionDraft("Who pays?", opens_at=days.starts_at + timedelta(days=2))
    house.do(questions.edit, host, question, moved)
    after = sequences()
    assert before.keys() == after.keys() and len(after) == 2
    assert all(after[uid] > sequence for uid, sequence in before.items())


def test_what_was_never_public_is_not_called_off_either(app, house, clock):
    draft = house.discussion(phase="draft", slug="draft")
    private = house.discussion(phase="announced", visibility="invited", slug="private")
    unlisted = house.discussion(phase="announced", visibility="unlisted", slug="unlisted")
    once = house.discussion(phase="announced", slug="once")
    for discussion in (private, unlisted, once):
        house.do(phases.withdraw, house.host_of(discussion), discussion)
    house.do(discussions.edit, house.host_of(once), once, draft_of(once, visibility="invited"))
    # Of what was private nothing is told either when the draft is not.
    house.do(discussions.edit, house.host_of(private), private, draft_of(private, visibility="public"))
    client = app.test_client()
    for discussion in (draft, private, once):
        assert client.get(f"/d/{discussion.slug}/calendar.ics").status_code == 404, discussion.slug
    assert [one["status"] for one in read(app, "/d/unlisted/calendar.ics").values()] == ["CANCELLED"]
    assert read(app, "/calendar.ics") == {}


def test_a_restored_backup_doubles_no_entry(app, house, event):
    """Restoring gives every discussion a new epoch; calendars must not take it for another event."""
    before = set(read(app, "/calendar.ics"))
    backup._renew_epochs(app.config["SETTINGS"])
    db.session.expire_all()
    assert set(read(app, "/calendar.ics")) == before
    assert db.session.get_one(Discussion, event.id)
