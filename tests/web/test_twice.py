"""Pressing twice makes one: one after the other, and at the same moment in two processes."""

import re
import threading
from datetime import timedelta

import pytest
import requests
from lxml import html

from forum.database import db
from forum.models import Discussion, Question, Seat, SiteRole
from tests.faults.writers import account
from tests.server import running
from tests.web.test_organiser import WHOLE, send

PASTED = "Q1: Who pays?\nOtto Ode: Those who can.\n"


def value(page: str, name: str, within: str = "<main") -> str:
    """Return what a hidden field of the page carries, of the first form after `within`."""
    found = re.search(f'name="{name}"[^>]*? value="([^"]+)"', page[page.index(within) :])
    assert found, f"no {name} after {within}"
    return found[1]


def count(model) -> int:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(model).count()


def twice(client, path, fields):
    """Press twice and return where both lead."""
    first, second = send(client, path, fields), send(client, path, fields)
    assert (first.status_code, second.status_code) == (303, 303), second.text
    assert first.location == second.location
    return first.location


@pytest.mark.parametrize("slug", ["", "a-new-one"])
@pytest.mark.parametrize("like", [False, True])
def test_a_draft_is_made_once(host, room, slug, like):
    house_questions = count(Question)
    path = f"/organise/new?like={room.slug}" if like else "/organise/new"
    fields = WHOLE | {"slug": slug, "key": value(host.get(path).text, "key")}
    twice(host, path, fields)
    assert count(Discussion) == 2
    assert count(Question) == house_questions * (2 if like else 1)
    assert send(host, path, fields | {"title": "Another", "slug": ""}).status_code == 303
    assert count(Discussion) == 3, "changed after “Back” it is another one"
    assert value(host.get(path).text, "key") != fields["key"]


def test_a_form_with_a_fault_keeps_its_key_and_one_without_works_as_before(host):
    key = value(host.get("/organise/new").text, "key")
    faulty = send(host, "/organise/new", WHOLE | {"title": "", "key": key})
    assert value(faulty.text, "key") == key
    for _ in range(2):
        assert send(host, "/organise/new", WHOLE | {"slug": ""}).status_code == 303
    assert count(Discussion) == 3
    for key in ("", "short", "x" * 5000, "<script>", "\0" * 20):
        assert send(host, "/organise/new", WHOLE | {"slug": "", "key": key}).status_code == 303


@pytest.mark.parametrize("page", ["questions/new", "console"])
def test_a_question_is_written_once(host, room, page):
    shown = host.get(f"/d/{room.slug}/{page}").text
    key = value(shown, "key", "console-write" if page == "console" else "<main")
    twice(host, f"/d/{room.slug}/questions/new", {"text": "Who pays?", "key": key})
    assert count(Question) == 2
    assert send(host, f"/d/{room.slug}/questions/new", {"text": "Who else pays?", "key": key}).status_code == 303
    assert count(Question) == 3


TYPED = {"minutes": "5", "hours": ""}


def console_forms(page: str) -> list[tuple[str, dict[str, str]]]:
    """The forms that a console sends by script, each as (action, what it carries): filled in where a host would."""
    sent = [form for form in html.fromstring(page).forms if "data-console-form" in form.attrib]
    for form in sent:
        for field in form.xpath(".//textarea | .//input[not(@type='hidden' or @type='checkbox')]"):
            field.value = (field.value or "").strip() or TYPED.get(field.name, "Words of a host")
    return [
        (
            form.action,
            {one.get("name"): one.get("value", "") for one in form.xpath(".//button[@name]")}
            | dict(form.form_values()),
        )
        for form in sent
    ]


def rows() -> dict[str, list[str]]:
    """Return what is stored, but for what the log tells of it and when somebody was last seen."""
    db.session.rollback()
    db.session.expire_all()
    told = {"event", "discussion", "session"}
    tables = [table for table in db.metadata.sorted_tables if table.name not in told]
    return {table.name: sorted(str(row) for row in db.session.execute(table.select())) for table in tables}


@pytest.mark.one_database
def test_what_a_console_sends_again_because_no_answer_came_is_done_once(host, house, room):
    """Its script does so by itself (console-again.js). A ready check begins anew, as by a second press."""
    for words in ("Who decides?", "What next?", "What else?"):
        house.question(room, words, 20)
    house.panelist(room, "Pia Panelist")
    for _ in range(2):
        house.comment(room, house.user("Mara Member"), question=1)
    sent, place = [], 0
    while place < len(forms := console_forms(host.get(f"/d/{room.slug}/console").text)):
        action, fields = forms[place]
        place += 1
        if action.endswith("/backstage/check"):
            continue
        first = host.post(action, data=fields, headers={"Accept": "application/json"})
        done = rows()
        again = host.post(action, data=fields, headers={"Accept": "application/json"})
        assert first.status_code != 500 and again.status_code in {200, 404, 409, 422}, (action, again.text)
        assert rows() == done, (action, fields)
        sent += [action] if first.status_code == 200 else []
    assert len(sent) > 15, sent


def test_the_end_moves_once_for_each_page_that_showed_it(host, room):
    before = room.ends_at
    shown = host.get(f"/d/{room.slug}/console").text
    fields = {"minutes": "10", "seen": value(shown, "seen", 'id="step-extend"')}
    twice(host, f"/d/{room.slug}/console/extend", fields)
    db.session.expire_all()
    assert Discussion.with_slug(room.slug).ends_at == before + timedelta(minutes=10)
    again = value(host.get(f"/d/{room.slug}/console").text, "seen", 'id="step-extend"')
    send(host, f"/d/{room.slug}/console/extend", fields | {"seen": again})
    send(host, f"/d/{room.slug}/console/extend", {"minutes": "10"})
    db.session.expire_all()
    assert Discussion.with_slug(room.slug).ends_at == before + timedelta(minutes=30), "programs send no end"
    assert send(host, f"/d/{room.slug}/console/extend", fields | {"seen": "yesterday"}).status_code == 422


def test_opening_again_counts_once(host, house, room):
    from forum.actions import phases

    house.do(phases.close, house.host_of(room), room)
    shown = host.get(f"/d/{room.slug}/console").text
    fields = {"minutes": "10", "seen": value(shown, "seen", 'id="step-extend"')}
    again = f"/d/{room.slug}/console/extend?again=1"
    assert f'action="{again}"' in shown
    twice(host, again, fields)
    db.session.expire_all()
    end = Discussion.with_slug(room.slug).ends_at
    send(host, again, fields)
    db.session.expire_all()
    assert Discussion.with_slug(room.slug).ends_at == end


def test_what_is_brought_in_is_stored_once_also_under_another_address(host):
    shown = send(host, "/organise/import", {"kind": "text", "source": PASTED}).text
    fields = {name: value(shown, name) for name in ("key", "zone", "starts_at_date", "starts_at_time")}
    fields |= {name: value(shown, name) for name in ("ends_at_date", "ends_at_time")}
    fields |= {"kind": "text", "source": PASTED, "store": "1", "title": "Who pays?", "slug": "who-pays"}
    where = twice(host, "/organise/import", fields)
    assert send(host, "/organise/import", fields | {"slug": "who-pays-2"}).location == where
    assert count(Discussion) == 2
    other = send(host, "/organise/import", fields | {"name-0": "Otto O. Ode"})
    assert other.status_code == 422, "what was corrected is no second press, and its address is taken"


def test_a_seat_is_given_once(host, room):
    seat = {"name": "Nia Okafor", "email": "nia@example.org", "role": "panelist", "country": "KE"}
    twice(host, f"/d/{room.slug}/seats/new", seat)
    assert count(Seat) == 2
    for change in ({"role": "host"}, {"title": "Dr"}, {"country": "UG"}):
        assert send(host, f"/d/{room.slug}/seats/new", seat | change).status_code == 422


@pytest.fixture
def two_processes(served, house):
    """Two servers of one database, and who hosts there."""
    room = house.discussion(ask=1, host=house.user("Hana Host-Maier", role=SiteRole.ADMINISTRATOR))
    with running(served.settings) as other:
        yield room, account(house, house.host_of(room)), (served.address, other.address)


def test_at_the_same_moment_in_two_processes_it_is_made_once_too(two_processes):
    room, host, addresses = two_processes
    room_id, slug, question = room.id, room.slug, room.questions[0]
    end, seen = room.ends_at, room.ends_at.isoformat()

    def together(path: str, fields: dict[str, str]) -> set[tuple[int, str]]:
        """Press in both at once, twice in each, and return what came."""
        start, came = threading.Barrier(4), set()

        def press(address: str) -> None:
            start.wait(20)
            headers = {"Cookie": host.cookie, "Origin": address}
            sent = {"csrf_token": host.token, **fields}
            answer = requests.post(f"{address}{path}", data=sent, headers=headers, allow_redirects=False, timeout=30)
            came.add((answer.status_code, answer.headers.get("Location", answer.text[:3000])))

        threads = [threading.Thread(target=press, args=(address,)) for address in addresses * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
        assert len(came) == 1, came
        assert {status for status, _ in came} == {303}, came
        return came

    for number in range(3):
        fields = WHOLE | {"slug": "", "title": f"Together {number}", "key": f"{number}" * 20}
        together("/organise/new", fields)
        together(f"/organise/new?like={slug}", fields)
        together(f"/d/{slug}/questions/new", {"text": f"Question {number}?", "key": f"{number}" * 20})
        seat = {"name": f"Person {number}th", "email": f"p{number}@example.com", "role": "panelist"}
        together(f"/d/{slug}/seats/new", {**seat, "name": ["Nia Okafor", "Otto Ode", "Lin Wu"][number]})
    together(f"/d/{slug}/console/extend", {"minutes": "10", "seen": seen})
    together(f"/d/{slug}/questions/{question.id}/lengthen", {"minutes": "5", "seen": ""})
    db.session.rollback()
    db.session.expire_all()
    assert db.session.query(Discussion).count() == 1 + 3 + 3
    assert db.session.query(Question).filter_by(discussion_id=room_id).count() == 1 + 3
    assert db.session.query(Seat).filter_by(discussion_id=room_id).count() == 1 + 3
    assert Discussion.with_slug(slug).ends_at == end + timedelta(minutes=10)
    assert db.session.get(Question, question.id).length_minutes <= 6
