"""The moderated comment over HTTP: what its writer, other readers and the console's people are answered."""

import re

import pytest
from sqlalchemy import select

from forum.actions import escalation, queue
from forum.database import db
from forum.models import Comment, CommentState, Flag, Level, Review, Safeguards, SeatRole

JSON = {"Accept": "application/json"}


class Person:
    """Somebody's browser."""

    def __init__(self, app, house, user, discussion) -> None:
        self.user, self.at = user, f"/d/{discussion.slug}"
        self.client = app.test_client()
        house.sign_in(self.client, user)
        self.token = house.token(self.client)

    def page(self, path: str = "") -> str:
        return self.client.get(self.at + path).get_data(as_text=True)

    def send(self, path: str, **fields):
        return self.client.post(self.at + path, data=fields | {"csrf_token": self.token}, headers=JSON)

    def form(self, path: str, **fields):
        return self.client.post(self.at + path, data=fields | {"csrf_token": self.token})


@pytest.fixture
def live(house, clock):
    return house.discussion(ask=1)


@pytest.fixture
def member(app, house, live):
    return Person(app, house, house.user("Mina Mayer"), live)


@pytest.fixture
def other(app, house, live):
    return Person(app, house, house.user("Otto Other"), live)


@pytest.fixture
def host(app, house, live):
    return Person(app, house, house.host_of(live), live)


def only() -> Comment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Comment)).one()


def test_a_held_comment_answers_201_held_and_waits_on_its_writers_page_alone(host, member, other, client):
    assert host.send("/console/escalation", level="everyone").status_code == 200
    answer = member.send("/comments", body="Read me first, zqword.", question="1", key="abcdefgh")
    assert answer.status_code == 201
    assert {"id", "seq", "state", "html"} <= set(answer.json)
    assert answer.json["state"] == "held"
    assert "Waiting for a host." in answer.json["html"]
    assert "zqword" in answer.json["html"]
    again = member.send("/comments", body="Read me first, zqword.", question="1", key="abcdefgh")
    assert (again.status_code, again.json["id"]) == (200, answer.json["id"])
    number = answer.json["id"]
    assert f'id="c{number}"' in member.page()
    assert "zqword" in member.page()
    everywhere = ("", "?order=time", "/recent", "/transcript", "/feed.atom", "/comments?question=1", f"/c/{number}")
    for path in everywhere:
        assert "zqword" not in other.page(path)
        assert "zqword" not in client.get(other.at + path).get_data(as_text=True)
    for path in (f"/c/{number}", f"/comments/{number}/flag", f"?around={number}", f"?reply={number}"):
        assert other.client.get(other.at + path).status_code == 404
    assert other.send(f"/comments/{number}/flag", reason="spam").status_code == 404
    assert "zqword" in host.page("/console")
    assert "Held: every comment waits now" in host.page("/console")
    assert "A host reads every comment before it appears" in other.page()


def test_by_form_a_held_comment_leads_to_where_it_waits(host, member):
    host.send("/console/escalation", level="everyone")
    answer = member.form("/comments", body="By form.", question="1")
    held = only()
    assert (answer.status_code, held.state) == (303, CommentState.HELD)
    assert answer.location.endswith(f"#c{held.id}")
    assert f'id="c{held.id}"' in member.client.get(answer.location.split("#")[0]).get_data(as_text=True)
    assert "By form." in member.page(f"/comments/{held.id}/edit")
    changed = member.form(f"/comments/{held.id}/edit", body="By another form.")
    assert member.client.get(changed.location.split("#")[0]).status_code == 200
    assert "By another form." in member.page()
    gone = member.form(f"/comments/{held.id}/delete")
    assert member.client.get(gone.location.split("#")[0]).status_code == 200
    assert "By another form." not in member.page() + host.page("/console")


def test_slow_mode_answers_429_with_retry_after_and_keeps_the_text(host, member):
    host.send("/console/escalation", level="slow", slow_mode_seconds="40")
    assert member.send("/comments", body="One.", key="abcdefgh").status_code == 201
    refused = member.send("/comments", body="Two.", key="abcdefgi")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json["error"]["code"] == "slow_mode"
    assert refused.json["error"]["retry_after"] == 40
    page = member.form("/comments", body="Kept in the field.")
    assert page.status_code == 429
    assert "Kept in the field." in page.get_data(as_text=True)
    assert "Kept in the field." in member.page()
    assert 'data-slow-seconds="40"' in member.page()
    assert "once every 40 seconds" in member.page()


def test_a_member_flags_without_script(host, member, other):
    member.send("/comments", body="Buy now.", question="1", key="abcdefgh")
    number = only().id
    assert f"/comments/{number}/more" in other.page()
    assert f"/comments/{number}/flag" in other.page(f"/comments/{number}/more")
    assert "What is wrong with it?" in other.page(f"/comments/{number}/flag")
    assert member.client.get(f"{member.at}/comments/{number}/flag").status_code == 404
    assert other.form(f"/comments/{number}/flag", reason="").status_code == 422
    assert other.form(f"/comments/{number}/flag", reason="spam", note="Look at it, zqnote").status_code == 303
    assert other.form(f"/comments/{number}/flag", reason="spam").status_code == 303
    assert len(db.session.scalars(select(Flag)).all()) == 1
    assert "zqnote" in host.page("/console")
    assert "zqnote" not in member.page() + other.page()
    assert "Otto" not in member.page()


def test_the_queue_by_plain_forms(host, member, other, house, live):
    host.form("/console/rules", hold_first="1", hide_after_flags="3", words="casino\n\nfree money, keno")
    rules = db.session.get(Safeguards, live.id)
    assert (rules.hold_first, rules.hold_links, rules.hide_after_flags) == (True, False, 3)
    assert rules.words == "casino\nfree money\nkeno"
    assert host.form("/console/rules", hide_after_flags="-1").status_code == 422
    first = house.comment(live, member.user, "First of mine.", question=1)
    second = house.comment(live, other.user, "Free money!", question=1, reply_to=None)
    page = host.page("/console")
    assert "2 need you" in page
    assert "Held: first comment of a new person" in page
    assert "<bdi>free money</bdi>" in page
    at = "/console/queue"
    approved = host.form(f"{at}/{first.id}/approve", seen="")
    assert (approved.status_code, approved.location) == (303, f"{host.at}/console#queue")
    assert "First of mine." in other.page()
    assert host.form(f"{at}/{second.id}/reject", reason="").status_code == 422
    assert host.form(f"{at}/{second.id}/reject", reason="Advertising, zqwhy").status_code == 303
    assert "zqwhy" in other.page()
    assert "Free money!" in other.page()
    assert "zqwhy" not in member.page()
    assert "Free money!" not in member.page()
    assert "rejected by Hana Host-Maier" in host.page("/console")
    (seen,) = re.findall(rf'/queue/{second.id}/undo".*?name="seen" value="([^"]+)"', host.page("/console"))
    assert host.form(f"{at}/{second.id}/undo", seen=f"{seen}0").status_code == 409
    for _press in range(2):
        assert host.form(f"{at}/{second.id}/undo", seen=seen).status_code == 303
    assert host.send(f"{at}/{second.id}/approve", seen="another version").json["error"]["code"] == "changed"
    everything = host.send(f"/console/people/{member.user.id}/hide", reason="Advertising")
    assert everything.json["notice"] == "1 comment is hidden or rejected."
    assert "First of mine." not in other.page()
    assert host.send(f"/console/people/{host.user.id}/hide", reason="x").status_code == 404
    assert host.send(f"{at}/999999/approve").status_code == 404
    for path in (f"{at}/{second.id}/approve", f"/console/people/{member.user.id}/hide", "/console/rules"):
        assert other.send(path, reason="x").status_code == 404


def test_two_moderators_over_http(app, house, host, member, live):
    tom = house.user("Tom Fuller")
    house.seat(live, tom, SeatRole.MODERATOR)
    moderator = Person(app, house, tom, live)
    house.do(escalation.set_level, host.user, live, "everyone", 1)
    held = house.comment(live, member.user, "Whose am I?")
    assert moderator.send(f"/console/queue/{held.id}/claim").status_code == 200
    assert "Tom Fuller is looking at this." in host.page("/console")
    refused = host.send(f"/console/queue/{held.id}/approve")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "taken")
    assert "Tom Fuller" in refused.json["error"]["message"]
    assert moderator.send(f"/console/queue/{held.id}/approve").status_code == 200
    assert "Tom Fuller was faster" in host.send(f"/console/queue/{held.id}/reject", reason="x").json["error"]["message"]
    assert "a comment (<a" in host.page("/console")


def test_a_set_aside_comment_accuses_nobody(house, host, member, other, live, client):
    house.do(escalation.set_rules, host.user, live, escalation.Rules(
        hold_first=False, hold_links=False, words="", hide_after_flags=1
    ))  # fmt: skip
    comment = house.comment(live, member.user, "Perhaps rude.", question=1)
    other.send(f"/comments/{comment.id}/flag", reason="abuse")
    page = client.get(other.at).get_data(as_text=True)
    assert "Set aside until a host has looked at it." in page
    assert "Removed by" not in page
    assert "Perhaps rude." not in page
    assert "Perhaps rude." in member.page()
    assert "Set aside until somebody has looked at it" in host.page("/console")
    assert "<bdi>Flags or a filter</bdi></b> set a comment aside" in host.page("/console")
    house.do(queue.approve, host.user, comment)
    assert "Perhaps rude." in client.get(other.at).get_data(as_text=True)
    assert db.session.get(Review, comment.id).decided_by_id == host.user.id
    assert Level.OPEN in {row.level for row in db.session.scalars(select(Safeguards))}


def test_a_flood_of_held_comments_costs_the_console_no_more_questions(house, host, live, statements):
    rules = escalation.Rules(hold_first=True, hold_links=False, words="flood", hide_after_flags=0)
    house.do(escalation.set_rules, host.user, live, rules)
    writers = [house.user() for _ in range(12)]

    def count() -> int:
        with statements() as made:
            page = host.page("/console")
        assert "flood" in page
        return len(made)

    for writer in writers[:2]:
        house.comment(live, writer, "A flood begins.", question=1)
    few = count()
    for n in range(60):
        house.comment(live, writers[n % 12], f"A flood, wave {n}.", question=1)
    many = count()
    assert many <= few + 2
    page = host.page("/console")
    assert "62 need you" in page
    assert "22 more wait." in page
    for writer in writers:
        house.do(queue.hide_all, host.user, live, writer, "A flood")
    assert "need you" not in host.page("/console")


def test_words_beside_a_name_are_read_in_their_own_direction(host, member, house, live):
    first = house.comment(live, body="Whose water?", question=1)
    house.comment(live, reply_to=first.id, question=1)
    host.form("/console/rules", hold_first="1", hide_after_flags="3", words="")
    assert member.send("/comments", body="Ours.", question="1", reply_to=first.id).json["state"] == "held"
    beside_a_name = "</bdi>: <bdi>Whose water?</bdi>"
    for path in ("", "/console", f"/comments/{first.id}/flag"):
        assert beside_a_name in re.sub(r' data-words-of="\d+"', "", host.page(path)), path
