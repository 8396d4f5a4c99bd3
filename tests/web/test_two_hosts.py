"""Two hosts who change the same thing at once: what each has changed stays, and nothing is replaced unseen."""

import re
from html import unescape

import pytest

from forum.actions import pacing, phases, rehearsals
from forum.database import db
from forum.models import Discussion, Question, Safeguards, SeatRole, User
from tests.web.test_kept import Form

A, B = "A's words:\n\n<b>so</b>.", "B's own words."


@pytest.fixture
def room(house):
    return house.discussion(ask=1, title="Food and climate", intro="As it was.", hosted_by="The Round House")


@pytest.fixture
def two(app, house, room):
    """Two hosts' browsers, each with a token."""
    other = house.user("Bo Berg")
    house.seat(room, other, SeatRole.HOST)
    clients = []
    for user in (house.host_of(room), other):
        client = app.test_client()
        house.sign_in(client, user)
        client.token = house.token(client)
        clients.append(client)
    return clients


def shown(client, path: str, within: str = '<form method="post"') -> dict[str, str]:
    """Return what the form of a page would send as it is shown."""
    page = client.get(path).text if path.startswith("/") else path
    form = page[page.index(within) :]
    form = form[: form.index("</form>")]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        kind, name = re.search(r'type="(\w+)"', tag), re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if kind and (kind[1] == "file" or (kind[1] in {"radio", "checkbox"} and " checked" not in tag)):
            continue
        fields[name[1]] = unescape(value[1]) if value else ""
    for name, words in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.S):
        fields[name] = unescape(words)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def now(room) -> Discussion:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Discussion, room.id)


def test_each_hosts_change_of_another_field_stays(two, room):
    a, b = two
    path = f"/d/{room.slug}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    start = room.starts_at.replace(microsecond=0)
    later = {"ends_at_time": "23:30", "late_minutes": "30", "visibility": "unlisted"}
    assert a.post(path, data=of_a | {"intro": A} | later).status_code == 303
    assert b.post(path, data=of_b | {"hosted_by": "Bo's house"}).status_code == 303
    found = now(room)
    assert (found.intro, found.hosted_by) == (A, "Bo's house")
    assert "&lt;b&gt;so&lt;/b&gt;" in found.intro_html
    assert (found.late_minutes, found.visibility.value, found.starts_at) == (30, "unlisted", start)
    assert f"{found.ends_at:%M}" == "30"


def test_a_field_that_both_have_changed_is_refused_with_both_texts(two, room):
    a, b = two
    path = f"/d/{room.slug}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    assert a.post(path, data=of_a | {"intro": A, "hosted_by": "A's house"}).status_code == 303
    refused = b.post(path, data=of_b | {"intro": B, "related_title": "B's link"})
    assert refused.status_code == 409
    assert now(room).intro == A
    assert (
        "A&#39;s words:\n\n&lt;b&gt;so&lt;/b&gt;." in refused.text.split('field-theirs"')[1].split("</blockquote>")[0]
    )
    again = shown(b, refused.text)
    assert (again["intro"], again["related_title"]) == (B, "B's link"), "what B typed is kept"
    assert again["hosted_by"] == "A's house", "what only A has changed is shown as it is now"
    assert 'href="#field-intro"' in refused.text
    assert b.post(path, data=again).status_code == 303
    found = now(room)
    assert (found.intro, found.hosted_by, found.related_title) == (B, "A's house", "B's link")


def test_a_third_change_is_not_replaced_unseen_either(two, room):
    a, b = two
    path = f"/d/{room.slug}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    a.post(path, data=of_a | {"intro": A})
    again = shown(b, b.post(path, data=of_b | {"intro": B}).text)
    a.post(path, data=shown(a, path) | {"intro": "A's second thought."})
    refused = b.post(path, data=again)
    assert refused.status_code == 409
    assert "A&#39;s second thought." in refused.text


def test_a_form_with_another_fault_still_knows_what_it_showed(two, room):
    a, b = two
    path = f"/d/{room.slug}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    a.post(path, data=of_a | {"intro": A})
    faulty = b.post(path, data=of_b | {"title": ""})
    assert faulty.status_code == 422
    assert b.post(path, data=shown(b, faulty.text) | {"title": "Water"}).status_code == 303
    assert (now(room).intro, now(room).title) == (A, "Water")


def test_the_times_go_together(two, room):
    a, b = two
    path = f"/d/{room.slug}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    a.post(path, data=of_a | {"ends_at_time": "23:30"})
    refused = b.post(path, data=of_b | {"ends_at_time": "23:45"})
    assert refused.status_code == 409
    assert "23:30" in refused.text.split('field-theirs"')[1].split("</blockquote>")[0]
    assert b.post(path, data=shown(b, refused.text)).status_code == 303
    assert f"{now(room).ends_at:%M}" == "45"


def test_an_address_that_has_moved_takes_the_other_change_along(two, room):
    a, b = two
    path = f"/d/{room.slug}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    a.post(path, data=of_a | {"slug": "elsewhere"})
    sent = of_b | {"intro": B}
    moved = b.post(path, data=sent)
    assert moved.status_code == 308
    assert b.post(moved.location, data=sent).status_code == 303
    assert (now(room).slug, now(room).intro) == ("elsewhere", B)


def test_programs_send_no_marks_and_made_up_ones_do_no_harm(two, room):
    a, b = two
    path = f"/d/{room.slug}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    a.post(path, data=of_a | {"intro": A})
    del of_b["seen"]
    assert b.post(path, data=of_b | {"intro": B}).status_code == 303
    for marks in ("x" * 10_000, "intro", "intro.", ". . .", "\0", "intro.<b>" + " a.b" * 5000):
        assert b.post(path, data=of_b | {"seen": marks}).status_code in {303, 409}


def test_a_question_is_merged_as_well(two, house, room):
    a, b = two
    question = house.question(room, "Who pays?")
    path = f"/d/{room.slug}/questions/{question.id}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    assert a.post(path, data=of_a | {"text": A}).status_code == 303
    assert b.post(path, data=of_b | {"length_minutes": "25"}).status_code == 303
    now(room)
    found = db.session.get(Question, question.id)
    assert (found.text, found.length_minutes) == (A, 25)
    refused = b.post(path, data=of_b | {"text": B})
    assert refused.status_code == 409
    assert "A&#39;s words" in refused.text
    again = shown(b, refused.text)
    assert (again["text"], again["length_minutes"]) == (B, "25")
    assert b.post(path, data=again).status_code == 303
    now(room)
    assert db.session.get(Question, question.id).text == B


def test_a_host_and_a_panelist_who_change_one_seat_keep_what_each_has_changed(app, two, house, room):
    a, _b = two
    priya = house.panelist(room)
    panelist = app.test_client()
    house.sign_in(panelist, priya)
    seat = next(seat for seat in room.seats if seat.user_id == priya.id)
    path, about = f"/d/{room.slug}/seats/{seat.id}/edit", f"/d/{room.slug}/backstage/introduction"
    of_host, of_panelist = shown(a, path), shown(panelist, about)
    said = {"title": "Professor", "country": "NG", "biography": "Works on water."}
    assert panelist.post(about, data=of_panelist | said).status_code == 303
    assert a.post(path, data=of_host | {"name": "Priya R. Raman"}).status_code == 303
    now(room)
    assert (seat.name, seat.title, seat.country) == ("Priya R. Raman", "Professor", "NG")
    refused = a.post(path, data=of_host | {"title": "Dr", "country": "KE", "affiliation": "Her Lab"})
    assert refused.status_code == 409
    theirs = re.findall(r'field-theirs"[^>]*>([^<]*)<', refused.text)
    assert theirs == ["Professor", "Nigeria"]
    again = shown(a, refused.text)
    assert (again["name"], again["title"], again["country"]) == ("Priya R. Raman", "Dr", "KE")
    assert a.post(path, data=again).status_code == 303
    refused = panelist.post(about, data=of_panelist | {"title": "Professor emerita", "biography": "Works on rain."})
    assert refused.status_code == 409
    again = shown(panelist, refused.text)
    assert (again["title"], again["affiliation"], again["country"]) == ("Professor emerita", "Her Lab", "KE")
    assert panelist.post(about, data=again).status_code == 303
    now(room)
    assert (seat.title, seat.affiliation, seat.country, seat.biography) == (
        *("Professor emerita", "Her Lab", "KE"),
        "Works on rain.",
    )


def test_what_two_hosts_have_held_is_merged(two, room):
    a, b = two
    path = f"/d/{room.slug}/console/rules"
    within = f'<form class="console-reason" method="post" action="{path}"'
    of_a, of_b = (shown(client, f"/d/{room.slug}/console", within) for client in two)
    assert a.post(path, data=of_a | {"words": "casino", "hold_first": "1"}).status_code == 303
    assert b.post(path, data=of_b | {"hold_links": "1"}).status_code == 303
    rules = Safeguards.of(now(room).id)
    assert (rules.words, rules.hold_first, rules.hold_links) == ("casino", True, True)
    told = b.post(path, data=of_b | {"words": "roulette"}, headers={"Accept": "application/json"})
    assert (told.status_code, told.json["error"]["theirs"]) == (409, {"words": "casino"})
    refused = b.post(path, data=of_b | {"words": "roulette"})
    assert refused.status_code == 409 and "casino" in refused.text
    again = shown(b, refused.text, '<form class="form" method="post"')
    assert (again["words"], again["seen"]) == ("roulette", told.json["error"]["seen"])
    assert b.post(path, data=again).status_code == 303
    rules = Safeguards.of(now(room).id)
    assert (rules.words, rules.hold_first) == ("roulette", True), (
        "what B has left alone is not turned back by B's second"
    )


def test_who_may_ask_is_merged(two, room):
    a, b = two
    path = f"/d/{room.slug}/console/audience/taking"
    within = f'<form class="console-reason" method="post" action="{path}"'
    of_a, of_b = (shown(client, f"/d/{room.slug}/console", within) for client in two)
    assert a.post(path, data=of_a | {"anonymous": "1"}).status_code == 303
    assert b.post(path, data=of_b).status_code == 303
    assert now(room).takes_anonymous, "B has changed nothing"
    assert b.post(path, data={name: of_b[name] for name in ("csrf_token", "seen")}).status_code == 303
    assert (now(room).takes_proposals, now(room).takes_anonymous) == (False, False)


def test_more_time_by_an_old_page_is_not_said_to_be_given(two, house, room):
    _a, b = two
    path, json = f"/d/{room.slug}/console", {"Accept": "application/json"}
    host, question = house.host_of(room), house.question(room, "Who pays?", 10)
    length = {"csrf_token": b.token, "minutes": "10", "seen": ""}
    end = length | {"seen": room.ends_at.isoformat()}
    plan = length | {"seen": "10"}
    ways = {f"{path}/extend": end, f"/d/{room.slug}/questions/{room.questions[0].id}/lengthen": length}
    ways[f"{path}/shift"] = plan
    house.do(phases.extend, host, room, 20)
    house.do(pacing.lengthen, host, room.questions[0], 5, None)
    house.do(pacing.shift, host, room, 5, 10)
    for way, fields in ways.items():
        assert "moved already" in b.post(way, data=fields, headers=json).json["notice"], way
    now(room)
    assert (room.questions[0].length_minutes, question.planned_offset_minutes) == (5, 15)
    end["seen"], length["seen"], plan["seen"] = room.ends_at.isoformat(), "5", "15"
    for way, fields in ways.items():
        for _press in range(2):
            said = b.post(way, data=fields, headers=json).json["notice"]
            assert "10 minutes" in said, "pressed twice it is moved once, and as was wanted"


def test_who_goes_to_a_rehearsal_that_is_over_is_not_told_that_it_is_open(app, house):
    event = house.discussion(phase="announced")
    client, host = app.test_client(), house.host_of(event)
    house.sign_in(client, host)
    token, said = house.token(client), []
    rehearsal = house.do(rehearsals.begin, host, event)
    for step in (None, phases.pause, phases.close):
        if step:
            house.do(step, host, rehearsal)
        sent = {"data": {"csrf_token": token}, "headers": {"Accept": "application/json"}}
        said.append(client.post(f"/d/{event.slug}/console/rehearse", **sent).json["notice"])
    assert ["open." in said[0], "paused" in said[1], "over" in said[2]] == [True] * 3


def test_an_older_form_of_a_seat_turns_no_role_back(two, house, room):
    a, b = two
    seat = house.seat(room, house.user("Priya Raman"), SeatRole.PANELIST)
    path = f"/d/{room.slug}/seats/{seat.id}/edit"
    of_a, of_b = shown(a, path), shown(b, path)
    assert a.post(path, data=of_a | {"role": "moderator"}).status_code == 303
    assert b.post(path, data=of_b | {"affiliation": "Her Lab"}).status_code == 303
    now(room)
    assert (seat.role, seat.affiliation) == (SeatRole.MODERATOR, "Her Lab")
    refused = b.post(path, data=of_b | {"role": "host"})
    assert refused.status_code == 409
    assert re.search(r'field-theirs"[^>]*>Moderator<', refused.text)
    faulty = b.post(path, data=of_b | {"name": ""})
    assert faulty.status_code == 422
    assert shown(b, faulty.text)["seen"] == of_b["seen"], "a form with another fault still knows what it showed"
    assert b.post(path, data=shown(b, refused.text)).status_code == 303
    assert now(room).seats[-1].role is SeatRole.HOST


def test_what_an_account_says_of_its_person_is_saved_by_a_form_that_shows_it(app, house, room):
    priya = house.panelist(room)
    house.do(lambda: setattr(db.session.get_one(User, priya.id), "biography", "Works on water."))
    panelist = app.test_client()
    house.sign_in(panelist, priya)
    about = f"/d/{room.slug}/backstage/introduction"
    assert panelist.post(about, data=shown(panelist, about)).status_code == 303
    assert now(room).seats[-1].biography == "Works on water."


@pytest.mark.parametrize("way", ["", "edit"])
def test_the_words_for_a_question_that_the_other_host_has_removed_become_a_new_one(two, house, room, way):
    a, b = two
    question = house.question(room, "Who pays?")
    path = f"/d/{room.slug}/questions/{question.id}"
    typed = shown(b, f"{path}/edit?from={way}") | {"text": B, "length_minutes": "25"}
    assert a.post(f"{path}/remove", data={"csrf_token": a.token}).status_code == 303
    told = b.post(f"{path}/edit", data=typed, headers={"Accept": "application/json"})
    assert (told.status_code, told.json["error"]["code"]) == (404, "not_found")
    assert "removed meanwhile" in told.json["error"]["fields"]["text"]
    refused = b.post(f"{path}/edit", data=typed)
    assert refused.status_code == 404
    assert "This question was removed meanwhile. Your words are kept: add them as a new question." in refused.text
    assert f'action="/d/{room.slug}/questions/new"' in refused.text
    back = b.post(
        f"/d/{room.slug}/questions/new", data=shown(b, refused.text, '<form method="post" class="plain-form"')
    )
    assert (back.status_code, back.location.split("#")[0]) == (303, f"/d/{room.slug}/{way or 'console'}")
    assert [(q.text, q.length_minutes) for q in now(room).questions][1:] == [(B, 25)]


def test_who_may_not_write_questions_is_not_told_that_one_was_removed(app, two, house, room):
    question = house.question(room, "Who pays?")
    path = f"/d/{room.slug}/questions/{question.id}"
    assert two[0].post(f"{path}/remove", data={"csrf_token": two[0].token}).status_code == 303
    client = app.test_client()
    house.sign_in(client, house.user("Cy Cole"))
    there = f"/d/{room.slug}/questions/{house.question(room, 'Who pays then?').id}"
    told = []
    for each in (path, there):
        answer = client.post(f"{each}/edit", data={"csrf_token": house.token(client), "text": B})
        assert answer.status_code == 404
        main = answer.text.partition("<main")[2].replace(each, "")
        told.append(re.sub(r'name="csrf_token" value="[^"]*"', "", main))
    assert told[0] == told[1], "the same as for one that is there"
    assert "removed meanwhile" not in answer.text and "There is nothing at this address" in answer.text


SAID = [("console/announcement", "announcement"), ("console/summary", "summary"), (None, "summary")]


@pytest.mark.parametrize(("place", "name"), SAID, ids=["announcement", "summary", "of a question"])
def test_what_hosts_say_on_top_is_not_replaced_unseen(two, room, place, name):
    a, b = two
    path = f"/d/{room.slug}/" + (place or f"questions/{room.questions[0].id}/summary")
    console, form = f"/d/{room.slug}/console", f'<form class="console-reason" method="post" action="{path}"'
    of_a, of_b = shown(a, console, form), shown(b, console, form)
    assert a.post(path, data=of_a | {name: A}).status_code == 303
    assert a.post(path, data=of_a | {name: A}).status_code == 303, "a second press is no other host"
    refused = b.post(path, data=of_b | {name: B})
    assert refused.status_code == 409
    assert "A&#39;s words:\n\n&lt;b&gt;so&lt;/b&gt;." in refused.text
    assert Form(refused.text).seen == {name: B}
    told = b.post(path, data=of_b | {name: B}, headers={"Accept": "application/json"}).json["error"]
    assert (told["code"], told["theirs"]) == ("stale", {name: A})
    assert told["seen"] == dict(Form(refused.text).sends)["seen"]
    assert Form(refused.text).press(b).status_code == 303
    found = now(room)
    thing = found if place else found.questions[0]
    assert getattr(thing, name) == B
    assert b.post(path, data={"csrf_token": b.token, name: "By a program."}).status_code == 303


def test_an_announcement_that_one_has_not_seen_is_not_taken_down(two, room):
    a, b = two
    console, path = f"/d/{room.slug}/console", f"/d/{room.slug}/console/announcement"
    a.post(path, data={"csrf_token": a.token, "announcement": "Tea at four."})
    button = f'action="{path}/take-down"'
    of_b = shown(b, console, button)
    a.post(path, data={"csrf_token": a.token, "announcement": "Fire drill now."})
    refused = b.post(f"{path}/take-down", data=of_b, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "faster")
    assert now(room).announcement == "Fire drill now."
    of_b = shown(b, console, button)
    for _ in range(2):
        assert b.post(f"{path}/take-down", data=of_b).status_code == 303, "a second press changes nothing"
    assert now(room).announcement == ""
    a.post(path, data={"csrf_token": a.token, "announcement": "Fire drill over."})
    assert b.post(f"{path}/take-down", data={"csrf_token": b.token}).status_code == 303, "programs send no mark"
    assert now(room).announcement == ""
