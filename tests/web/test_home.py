"""The home page and people's profiles: what lists name, for how many questions to the database."""

import re
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import event, insert

from forum.actions import silences
from forum.database import db, writing
from forum.models import Comment, Discussion, SeatRole, Visibility


@pytest.fixture
def reader(house, client):
    """Somebody who is signed in in `client`."""
    user = house.user("Rita Reader")
    house.sign_in(client, user)
    return user


def copies(original: Discussion, count: int, **changed: object) -> None:
    """Put `count` discussions like `original` into the database at once."""
    kept = {column.key: getattr(original, column.key) for column in Discussion.__table__.columns if column.key != "id"}
    rows = [kept | changed | {"slug": f"copy-{secrets.token_hex(6)}", "key": None} for _number in range(count)]
    with writing():
        db.session.execute(insert(Discussion), rows)


def questions_for(client, path: str) -> int:
    """Return how many questions the database is asked for the page at `path`."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        asked.append(statement)

    db.session.rollback()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(asked)


def test_the_home_page_of_a_member_takes_no_more_questions_for_more_discussions(house, client, reader):
    first = house.discussion()
    copies(first, 2)
    few = questions_for(client, "/")
    copies(first, 27)
    assert questions_for(client, "/") == few


def test_what_is_live_is_listed_behind_any_number_of_announced_ones(house, client, clock):
    live, first = house.discussion(title="Whose river?"), house.discussion(phase="announced", title="Later")
    later = first.starts_at + timedelta(days=1)
    copies(first, 200, starts_at=later, ends_at=later + timedelta(hours=1))
    page = client.get("/").text
    assert page.index('id="live"') < page.index(f'href="/d/{live.slug}"') < page.index('id="coming"')
    assert page.index('id="coming"') < page.index(f'href="/d/{first.slug}"') < page.index("/d/copy-")


def test_the_home_page_goes_by_the_clock_and_not_by_what_is_written_down(house, client, clock):
    planned = house.discussion(phase="announced")
    for section, passed in (("coming", timedelta()), ("live", timedelta(hours=1)), ("past", timedelta(hours=1))):
        clock.advance(passed)
        page = client.get("/").text
        here = page[page.index(f'id="{section}"') :].partition('<h2 id="')[0]
        assert f'href="/d/{planned.slug}"' in here, section
        assert page.count(f'href="/d/{planned.slug}"') == 1


@pytest.mark.parametrize("visibility", [Visibility.UNLISTED, Visibility.INVITED])
def test_a_profile_is_there_for_one_public_comment_behind_many_that_are_not(house, client, reader, visibility):
    room, hidden = house.discussion(ask=1), house.discussion(ask=1, visibility=visibility)
    writer = house.user("Wim Writer")
    house.seat(hidden, writer, SeatRole.PANELIST)
    public = house.comment(room, writer, "Said to everybody.", question=1)
    private = house.comment(hidden, writer, "Said to few.", question=1)
    kept = {c.key: getattr(private, c.key) for c in Comment.__table__.columns if c.key != "id"}
    with writing():
        db.session.execute(insert(Comment), [kept | {"key": secrets.token_hex(8)} for _number in range(50)])
    for asker in (client, house.app.test_client()):
        page = asker.get(f"/people/{writer.id}")
        assert page.status_code == 200
        assert f"#c{public.id}" in page.text
        assert "Said to few." not in page.text
        assert f"/d/{hidden.slug}" not in page.text
    sent = {"csrf_token": house.token(client)}
    assert client.post(f"/people/{writer.id}/silence", data=sent).status_code == 303


@pytest.mark.parametrize("path", ["", "/transcript"])
def test_what_somebody_silenced_wrote_is_left_out_of_the_line_above_a_reply_too(house, client, reader, path):
    room, loud = house.discussion(ask=1), house.user("Lou Loud")
    comment = house.comment(room, loud, "Can you hear me?", question=1)
    house.comment(room, house.user(), "I can.", question=1, reply_to=comment.id)
    rule = f'[data-words-of="{loud.id}"]'
    before = client.get(f"/d/{room.slug}{path}").text
    assert f'<bdi data-words-of="{loud.id}">Can you hear me?</bdi>' in before
    assert rule not in before
    house.do(silences.silence, reader, loud)
    assert re.search(
        rf"<style[^>]*>[^<]*{re.escape(rule)}[^<]*{{display:none}}", client.get(f"/d/{room.slug}{path}").text
    )


def test_times_of_several_zones_say_of_which(house, client):
    """Without script they stand as they are: 23:15 in Tokyo is before 15:16 in London."""
    for zone in ("Asia/Tokyo", "America/New_York"):
        room = house.discussion(ask=1)
        with writing():
            room.time_zone = zone
        house.comment(room, question=1)
    page = client.get("/").get_data(as_text=True)
    newest = page[page.index('id="newest"') : page.index('id="coming"')]
    times = re.findall(r'<time [^>]*data-time="\w+">([^<]*)</time>', newest)
    assert [re.sub(r"^([^:]*, )?\d\d:\d\d ", "", time) for time in times] == ["New York", "Tokyo"]


@pytest.mark.parametrize("days", [0, 3])
def test_what_was_written_on_another_day_keeps_its_day_with_script_too(house, client, clock, days):
    """A greeting of the days before; the script writes what `data-time` asks for."""
    room = house.discussion(ask=1)
    comment = house.comment(room, question=1)
    with writing():
        room.starts_at = comment.posted_at + timedelta(days=days)
        room.ends_at = room.starts_at + timedelta(hours=1)
    page = client.get("/").get_data(as_text=True)
    newest = page[page.index('id="newest"') : page.index('id="coming"')]
    [(kind, words)] = re.findall(r'<time [^>]*data-time="(\w+)">([^<]*)</time>', newest)
    assert (kind, "," in words) == (("moment", True) if days else ("clock", False))
