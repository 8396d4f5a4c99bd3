"""Time zones by their names of today, wherever they are typed, pasted or brought along."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from forum import addresses, zones
from forum.actions import rsvps
from forum.addresses import Row
from forum.archive import discussion_file
from forum.models import Phase, RsvpKind

TYPED = [
    ("tokyo", "Asia/Tokyo"), (" Asia/tokyo ", "Asia/Tokyo"), ("new york", "America/New_York"), ("utc", "UTC"),
    ("Asia/Calcutta", "Asia/Kolkata"), ("calcutta", "Asia/Kolkata"), ("kolkata", "Asia/Kolkata"),
    ("europe/kiev", "Europe/Kyiv"), ("Kiev", "Europe/Kyiv"), ("saigon", "Asia/Ho_Chi_Minh"),
    ("Europe/Belfast", "Europe/Belfast"),  # put together with London, which does not make it London
]  # fmt: skip


@pytest.mark.parametrize(("typed", "zone"), TYPED)
def test_a_form_and_a_list_read_a_zone_alike(typed, zone):
    assert zones.named(typed) == zone
    row = addresses.checked(Row(1, "ada@example.org", zone=typed))
    assert (row.zone, row.faults) == (zone, {})
    (row,) = addresses.read(f"email;time zone\nada@example.org;{typed}\n")
    assert row.zone == zone


def test_where_no_heading_says_so_a_name_is_no_zone():
    (row,) = addresses.read("ada@example.org;Victoria Paris;Europe/kiev\n")
    assert (row.name, row.zone) == ("Victoria Paris", "Europe/Kyiv")
    (row,) = addresses.read("ada@example.org;Paris\n")
    assert (row.name, row.zone) == ("Paris", "")


@pytest.mark.parametrize("typed", ["Mars/Olympus", "victoria", "GMT+5", "x" * 300])
def test_what_is_no_zone_stays_as_it_was_typed_with_its_fault(typed):
    row = addresses.checked(Row(1, "ada@example.org", zone=typed))
    assert (row.zone, set(row.faults)) == (typed, {"zone"})


def test_a_name_of_before_is_the_same_clock_and_is_offered_no_more():
    for before, today in zones.RENAMED.items():
        for month in (1, 7):
            moment = datetime(2026, month, 1, tzinfo=UTC)
            assert moment.astimezone(ZoneInfo(before)).utcoffset() == moment.astimezone(ZoneInfo(today)).utcoffset()
        assert today in zones.names()
        assert before not in zones.names()
        assert today not in zones.RENAMED


def test_a_browsers_names_of_before_are_known_here_too():
    script = (Path(__file__).parent.parent / "forum/static/js/times.js").read_text("utf-8")
    renamed = dict(re.findall(r'^  "([A-Za-z_/]+)": "([A-Za-z_/]+)",$', script, re.MULTILINE))
    assert renamed
    assert renamed.items() <= zones.RENAMED.items()


def test_a_discussion_file_of_before_brings_the_name_of_today():
    found = discussion_file.read(
        b'{"title": "Rivers", "slug": "rivers", "time_zone": "Asia/Calcutta", "starts_at": "2020-01-01T10:00:00", '
        b'"ends_at": "2020-01-01T11:00:00"}'
    )
    assert found.values["time_zone"] == "Asia/Kolkata"


def test_a_link_that_was_mailed_before_brings_the_name_of_today(house, clock):
    event = house.discussion(phase=Phase.ANNOUNCED)
    rsvp = house.do(rsvps.answer, "ada@example.org", event, RsvpKind.READ_ALONG, "UTC")
    token = rsvps._token("rsvp", rsvp.id, rsvp.email, "read_along", "Europe/Kiev", "")
    assert rsvps.by_token(token)[1].time_zone == "Europe/Kyiv"
