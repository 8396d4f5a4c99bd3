"""Finding a comment helpful over HTTP: with script and without, and what of it which page shows to whom."""

import csv
import io

import pytest

from forum.actions import moderation, reactions, sanctions
from forum.archive import export
from forum.live import fragments, log
from tests.web.conftest import policy_of_styles

JSON = {"Accept": "application/json"}


@pytest.fixture
def comment(house, room):
    return house.comment(room, house.user("Ada Writer"), "Measure first.", question=1)


def press(client, comment, member, wants="1", headers=JSON):
    data = {"wants": wants, "csrf_token": member.form_token}
    return client.post(f"/d/{comment.discussion.slug}/comments/{comment.id}/helpful", data=data, headers=headers)


def text(client, path):
    return client.get(path).get_data(as_text=True)


def test_pressing_answers_how_many_find_it_helpful_and_since_when(client, house, room, comment, member):
    house.do(reactions.react, house.user(), comment, wants=True)
    for wants, helpful in (("1", 2), ("1", 2), ("0", 1)):
        said = press(client, comment, member, wants).json
        assert said == {"id": comment.id, "helpful": helpful, "seq": room.last_seq}


def test_without_script_a_small_page_says_it_and_takes_it_back(client, comment, member):
    place = f"/d/{comment.discussion.slug}/comments/{comment.id}/helpful"
    page = text(client, place)
    assert "Measure first." in page
    assert 'name="wants" value="1"' in page
    answer = press(client, comment, member, headers={})
    assert answer.status_code == 303
    assert answer.location.endswith(f"?around={comment.id}#c{comment.id}")
    page = text(client, answer.location.partition("#")[0])
    assert "Counted: you find it helpful." in page
    assert f'<b data-helpful="{comment.id}">1</b>' in page
    assert f'data-helpful="{comment.id}"' in page.partition("<main")[0], "the page knows what is its reader's own"
    assert 'name="wants" value="0"' in text(client, place)
    press(client, comment, member, "0", headers={})
    assert 'name="wants" value="1"' in text(client, place)


def test_a_visitor_reads_the_number_and_is_led_to_sign_in(app, house, comment):
    house.do(reactions.react, house.user(), comment, wants=True)
    visitor = app.test_client()
    place = f"/d/{comment.discussion.slug}/comments/{comment.id}/helpful"
    page = text(visitor, f"/d/{comment.discussion.slug}")
    assert f'href="{place}">Helpful <b data-helpful="{comment.id}">1</b></a>' in page
    assert "data-helpful" not in page.partition("<main")[0]
    answer = visitor.get(place)
    assert answer.status_code == 303
    assert "/sign-in" in answer.location


def test_who_may_not_write_is_told_so_before_pressing_and_led_back(client, house, room, comment, member):
    house.do(sanctions.mute, house.host_of(room), room, member, "shouting")
    answer = client.get(f"/d/{room.slug}/comments/{comment.id}/helpful")
    assert answer.status_code == 403
    assert "shouting" in answer.text
    assert f'href="/d/{room.slug}#c{comment.id}"' in answer.text


def test_what_is_ones_own_is_marked_without_script_by_a_style_that_is_allowed(client, house, comment, member):
    assert "[data-action=helpful]" not in text(client, f"/d/{comment.discussion.slug}")
    house.do(reactions.react, member, comment, wants=True)
    answer = client.get(f"/d/{comment.discussion.slug}")
    rule = f":is(#c{comment.id}) [data-action=helpful]:not([role]){{color:var(--link);text-decoration:underline}}"
    assert f"<style>{rule}</style>" in answer.text
    assert policy_of_styles(answer.text) in answer.headers["Content-Security-Policy"]


def test_ones_own_has_no_button_and_what_is_hidden_no_page(client, house, room, member):
    own = house.comment(room, member, "Mine.", question=1)
    assert "others say" in text(client, f"/d/{room.slug}/comments/{own.id}/helpful")
    assert press(client, own, member).status_code == 409
    hidden = house.comment(room, body="Bad.", question=1)
    house.do(moderation.hide, house.host_of(room), hidden, "off topic")
    assert client.get(f"/d/{room.slug}/comments/{hidden.id}/helpful").status_code == 404
    assert press(client, hidden, member).status_code == 404


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
def test_rubbish_is_refused(client, room, member, number):
    answer = client.post(
        f"/d/{room.slug}/comments/{number}/helpful", data={"csrf_token": member.form_token}, headers=JSON
    )
    assert answer.status_code == 404


def test_readers_hear_numbers_alone_and_only_of_what_they_can_read(client, house, clock, room, comment, member):
    hidden = house.comment(room, body="Bad.", question=1)
    at = log.since(room, 0, room.epoch, {"everyone"}).seq
    for each in (comment, hidden):
        house.do(reactions.react, member, each, wants=True)
    house.do(reactions.react, house.user(), comment, wants=True)
    house.do(moderation.hide, house.host_of(room), hidden, "off topic")
    clock.advance(reactions.TOLD_EVERY)
    house.do(reactions.take, room.id)
    said = client.get(f"/d/{room.slug}/events?after={at}&epoch={room.epoch}").json["events"]
    counted = [event for event in said if event["kind"] == "reaction.counted"]
    assert [event.get("helpful") for event in counted] == [None, {str(comment.id): 2}]
    assert not any("html" in event for event in counted)
    assert f'<b data-helpful="{comment.id}">2</b>' in fragments.comment_html(comment)


def test_the_archive_says_how_many_readers_it_helped(client, house, room, comment):
    for _ in range(2):
        house.do(reactions.react, house.user(), comment, wants=True)
    house.do(reactions.take, room.id)
    assert "helpful to 2 readers" in text(client, f"/d/{room.slug}/transcript")
    for kind in ("html", "markdown", "text"):
        assert "helpful to 2 readers" in export.whole(kind, room)
    (row,) = csv.DictReader(io.StringIO(export.whole("csv", room)))
    assert row["helpful"] == "2"
    assert export.as_values(room)["comments"][0]["helpful"] == 2
