"""Every field of every form, and every query parameter, sent as rubbish: a 4xx that names the field, never a 500."""

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import TextClause, text

from forum.actions import accounts, passwords, proposals, snippets
from forum.database import db
from forum.models import SeatRole, SiteRole
from tests.untouched import may_have_written

HOSTILE = {
    "empty": "",
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    "override": "abc\u202edef",
    "null": "null",
    "float": "1e309",
    "huge": "9" * 40,
    "negative": "-1",
    "bool": "true",
    "list": "[]",
    "object": '{"$ne": 1}',
    "template": "{{7*7}}${7*7}%s%n",
    "quote": "'; DROP TABLE comment; --",
    "markup": "<img src=x onerror=alert(1)>",
    "spaces": " \u200b\u00a0 ",
    "path": "../../etc/passwd",
    "line": "a\r\nSet-Cookie: x=1",
    "megabyte": "x" * 1_000_000,
}
# Plain words to a database, which is told them apart from its statement as it is every good value. The second database
# is spared them: "template" and "quote" stand for them there.
PLAIN = {"null", "bool", "list", "object", "markup", "path", "line"}
# Words that mean nothing to whoever reads a number, a time, an address or Markdown, nor to a page: each field takes one
# of them, always the same. (Where they would be JSON: test_whatever_body_a_form_has.)
MEANINGLESS = ("null", "bool", "list", "object", "path")
DISCUSSION = {
    "title": "Food", "slug": "food", "hosted_by": "Us", "intro": "Come.", "editors_note": "Text.",
    "related_url": "https://example.org/", "related_title": "More", "hero_credit": "", "hero_alt": "",
    "time_zone": "Europe/London", "starts_at_date": "2027-03-01", "starts_at_time": "15:00", "starts_at_fold": "0",
    "ends_at_date": "2027-03-01", "ends_at_time": "16:00", "ends_at_fold": "0", "visibility": "public",
    "questions_shown": "all", "late_minutes": "30", "language": "en",
}  # fmt: skip
SEAT = {"name": "Nora New", "email": "nora@example.org", "role": "panelist", "title": "Dr", "affiliation": "Lab"}
QUESTION = {"text": "What now?", "planned_offset_minutes": "5", "length_minutes": "10", "is_spare": "1"}
SITE = {
    "seen": "", "name": "Our Talks", "own_accent": "1", "accent": "#0b4fa8", "own_signal": "1", "signal": "#f2b430",
    "rules": "Be kind.", "registration": "open", "held_words": "casino", "hold_links": "1",
}  # fmt: skip

# Where what is wrong with one field is mended at another, and told there; "" is at the form, where one of two would do.
TOLD_AT = {
    ("taking", "takes"): "anonymous", ("shift", "seen"): "minutes", ("call", "question"): "", ("call", "comment"): "",
}  # fmt: skip

# Forms that somebody who is signed in is led away from.
OF_VISITORS = {"accounts.sign_up", "accounts.sign_in", "accounts.ask_for_reset", "accounts.reset"}


class Desk:
    """A live discussion, an administrator who may do everything, and where every form goes."""

    def __init__(self, app, house) -> None:
        self.app = app
        self.discussion = house.discussion(ask=1)
        self.other = house.discussion(ask=1)
        self.user = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR)
        self.comment = house.comment(self.discussion, self.user, "Mine.", question=1)
        self.foreign = house.comment(self.other, house.user(), "Elsewhere.", question=1)
        self.asked = self.discussion.questions[0]
        self.waiting = house.question(self.discussion)
        self.seat = house.seat(self.discussion, house.user("Sam Sitter"), SeatRole.PANELIST)
        self.snippet = house.do(snippets.add, self.user, self.discussion, "Rules", "Be kind.")
        self.wish = house.do(proposals.make, house.user(), self.discussion, "Who pays?")
        # Whoever has none may set one without, and is signed out by it, as are all the forms that come after.
        house.do(accounts.change_password, self.user, passwords.hashed("the right one"))
        self.client = app.test_client()
        house.sign_in(self.client, self.user)
        self.token = house.token(self.client)
        self._come_as_visitor()

    def _come_as_visitor(self) -> None:
        self.visitor = self.app.test_client()
        form = self.visitor.get("/sign-in").get_data(as_text=True)
        self.visitor_token = form.split('name="csrf_token" value="')[1].split('"')[0]

    def forms(self) -> dict[str, list[tuple[str, dict[str, str]]]]:
        """The forms behind each endpoint: where they go and what they hold when all is well."""
        d, c = f"/d/{self.discussion.slug}", self.comment.id
        return {
            "accounts.account": [("/account", {"name": "Ada Adler", "affiliation": "Lab", "biography": "Short."})],
            "accounts.ask_again": [("/confirm", {"email": "nobody@example.org"})],
            "accounts.ask_for_reset": [("/reset", {"email": "nobody@example.org"})],
            "accounts.change_address": [("/account/address", {"email": "new@example.org", "email_password": "wrong"})],
            "accounts.move": [("/address/a-token", {})],
            "accounts.leave": [],  # would take the administrator away that the others need
            "accounts.choose_mail": [("/account/mail", {"reply": "1", "mention": "1"})],
            "accounts.quiet": [("/quiet/a-token", {})],
            "accounts.welcome": [("/welcome/a-token", {"name": "New Name", "password": "long enough one"})],
            "accounts.change_password": [
                ("/account/password", {"old_password": "wrong", "password": "long enough one"})
            ],
            "accounts.confirm": [("/confirm/a-token", {})],
            "accounts.end_others": [("/account/sessions/end-others", {})],
            "accounts.end_session": [("/account/sessions/999999/end", {}), (f"/account/sessions/{2**70}/end", {})],
            "accounts.reset": [("/reset/a-token", {"password": "long enough one"})],
            "accounts.first_password": [("/seat/a-token", {"password": "long enough one"})],
            "accounts.sign_in": [("/sign-in?next=/about", {"email": "a@example.org", "password": "secret"})],
            "accounts.sign_out": [],  # would end the session that the others need
            "accounts.sign_up": [
                ("/sign-up", {"name": "New Name", "email": "new@example.org", "password": "long enough"})
            ],
            "comments.post": [
                (
                    f"{d}/comments",
                    {"body": "A thought.", "question": "1", "reply_to": str(c), "key": "key-12345", "for": ""},
                )
            ],
            "comments.preview": [(f"{d}/preview", {"body": "A *thought*."})],
            "reactions.say": [(f"{d}/comments/{c}/helpful", {"wants": "1"})],
            "comments.act": [
                (f"{d}/comments/{c}/edit", {"body": "Changed."}),
                (f"{d}/comments/{c}/move", {"question": "1"}),
                (f"{d}/comments/{c}/hide", {"reason": "off topic"}),
                (f"{d}/comments/{c}/restore", {"reason": "fine"}),
                (f"{d}/comments/{c}/mute", {"reason": "rude"}),
                (f"{d}/comments/{c}/unmute", {}),
                (f"{d}/comments/{c}/flag", {"reason": "spam", "note": "Look at it"}),
                (f"{d}/comments/{self.foreign.id}/hide", {"reason": "of another discussion"}),
                (f"{d}/comments/{2**70}/hide", {"reason": "of nobody"}),
            ],
            "console.ask": [(f"{d}/questions/{2**70}/ask", {})],
            "console.edit_question": [(f"{d}/questions/{self.waiting.id}/edit", QUESTION)],
            "console.extend": [(f"{d}/console/extend", {"minutes": "10"})],
            "console.moderate": [
                (f"{d}/console/comments/{c}/hide", {"reason": "off topic"}),
                (f"{d}/console/comments/{c}/restore", {}),
                (f"{d}/console/comments/{c}/move", {"question": "1"}),
                (f"{d}/console/comments/{c}/mute", {"reason": "rude", "hours": "24"}),
                (f"{d}/console/comments/{self.foreign.id}/hide", {"reason": "of another discussion"}),
            ],
            "console.move_question": [(f"{d}/questions/{self.waiting.id}/move", {"position": "1", "by": "1"})],
            "console.take_step": [(f"{d}/console/pause", {}), (f"{d}/console/resume", {})],
            "console.turn_question": [
                (f"{d}/questions/{self.waiting.id}/skip", {}), (f"{d}/questions/{self.waiting.id}/unskip", {})
            ],
            "console.unmute": [(f"{d}/console/people/{2**70}/unmute", {})],
            "console.write_question": [(f"{d}/questions/new", QUESTION)],
            "audience.make": [(f"{d}/questions", {"text": "Who pays?", "is_anonymous": "1"})],
            "audience.act": [
                (f"{d}/questions/{self.wish.id}/vote", {}), (f"{d}/questions/{self.wish.id}/unvote", {}),
                (f"{d}/questions/{2**70}/vote", {}), (f"{d}/questions/{2**70}/withdraw", {}),
            ],
            "audience.work": [
                (f"{d}/console/audience/{self.wish.id}/decline", {"reason": "asked before", "seen": "nothing"}),
                (f"{d}/console/audience/{self.wish.id}/shortlist", {"seen": "nothing"}),
                (f"{d}/console/audience/{self.wish.id}/merge", {"into": str(2**30), "seen": "new"}),
                (f"{d}/console/audience/{2**70}/approve", {"seen": "new"}),
            ],
            "audience.plan": [(f"{d}/console/audience/{self.wish.id}/plan", {"text": "Who pays?"})],
            "audience.from_comment": [(f"{d}/console/comments/{self.foreign.id}/to-question", {})],
            "audience.set_taking": [(f"{d}/console/audience/taking", {"takes": "1", "anonymous": "1"})],
            "sanctions.object_to": [(f"{d}/objection", {"objection": "I did not."})],
            "sanctions.object_to_suspension": [("/account/objection", {"objection": "I did not."})],
            "sanctions.suspend": [
                (f"/people/{self.seat.user_id}/suspend", {"reason": "rude", "hours": "24"}),
                (f"/people/{2**70}/lift", {}),
            ],
            "running.lengthen": [(f"{d}/questions/{self.asked.id}/lengthen", {"minutes": "5", "seen": "10"})],
            "running.shift": [(f"{d}/console/shift", {"minutes": "5", "seen": "10"})],
            "running.set_silence": [(f"{d}/console/silence", {"silence_minutes": "5"})],
            "running.add_snippet": [(f"{d}/console/snippets/new", {"label": "Hello", "words": "Welcome."})],
            "running.add_usual": [(f"{d}/console/snippets/usual", {})],
            "running.post_snippet": [
                (f"{d}/console/snippets/{self.snippet.id}/post", {"seen": "7"}),
                (f"{d}/console/snippets/{2**70}/post", {"seen": "0"}),
            ],
            "running.remove_snippet": [(f"{d}/console/snippets/{2**70}/remove", {})],
            "running.rehearse": [(f"{d}/console/rehearse", {})],
            "running.end_rehearsal": [(f"{d}/console/rehearsal/end", {})],
            "said.announce": [(f"{d}/console/announcement", {"announcement": "Ten more minutes."})],
            "said.take_down": [(f"{d}/console/announcement/take-down", {})],
            "said.sum_up": [(f"{d}/console/summary", {"summary": "All in all."})],
            "said.sum_up_question": [
                (f"{d}/questions/{self.asked.id}/summary", {"summary": "All in all."}),
                (f"{d}/questions/{2**70}/summary", {"summary": "Of nothing."}),
            ],
            "panel.invite": [(f"{d}/panel/{2**70}/invite", {})],
            "panel.invite_all": [(f"{d}/panel/invite", {})],
            "panel.ask_for_password": [
                (f"{d}/panel/{self.seat.id}/password", {}),
                (f"{d}/panel/{2**70}/password", {}),
            ],
            "panel.revoke": [(f"{d}/panel/{self.seat.id}/revoke", {}), (f"{d}/panel/{2**70}/revoke", {})],
            "panel.call": [
                (f"{d}/panel/call", {"panelist": str(self.seat.user_id), "question": "1"}),
                (f"{d}/panel/call", {"panelist": str(self.seat.user_id), "comment": str(c)}),
            ],
            "panel.withdraw": [(f"{d}/panel/calls/{2**70}/withdraw", {})],
            "invitations.enter": [("/invitation/a-token", {})],
            "backstage.say": [(f"{d}/backstage/messages", {"body": "Hello, panel.", "key": "key-12345"})],
            "backstage.ask_ready": [(f"{d}/backstage/check", {})],
            "backstage.answer_ready": [(f"{d}/backstage/ready", {})],
            "backstage.decline": [(f"{d}/backstage/calls/{2**70}/pass", {})],
            "backstage.introduce": [
                (f"{d}/backstage/introduction", {"title": "Dr", "affiliation": "Lab", "biography": "Short."})
            ],
            "held.hold": [(f"{d}/backstage/answers/{self.waiting.id}", {"body": "Ahead."})],
            "held.release": [(f"{d}/backstage/answers/{self.waiting.id}/release", {"body": "", "key": "key-12345"})],
            "held.forget": [(f"{d}/backstage/held/{2**70}/forget", {})],
            "queue.decide": [
                (f"{d}/console/queue/{c}/{verb}", {"reason": "off topic", "seen": ""})
                for verb in ("claim", "release", "reject", "approve", "undo")
            ],
            "queue.escalate": [(f"{d}/console/escalation", {"level": "slow", "slow_mode_seconds": "30"})],
            "queue.hide_all": [(f"{d}/console/people/{2**70}/hide", {"reason": "rude"})],
            "queue.set_rules": [
                (f"{d}/console/rules", {"words": "casino", "hide_after_flags": "3", "hold_first": "1"})
            ],
            "guests.answer": [("/guest/a-token", {"kind": "take_part", "zone": "Europe/London"})],
            "guests.stop": [("/guest/a-token/stop", {})],
            "inviting.invite": [
                (f"{d}/guests", {"source": "Ann Ode <ann@example.org>", "words": "Come.", "key": "k" * 20, "show": ""})
            ],
            "inviting.again": [(f"{d}/guests/again", {"guest": str(2**30), "key": "k" * 20})],
            "inviting.correct": [
                (f"{d}/guests/{2**70}", {"email": "a@example.org", "name": "A", "language": "", "key": "k" * 20})
            ],
            "inviting.remove": [(f"{d}/guests/{2**70}/remove", {})],
            "rsvps.say": [(f"{d}/rsvp", {"kind": "read_along", "zone": "Europe/London"})],
            "rsvps.confirm": [("/rsvp/a-token", {})],
            "rsvps.unsubscribe": [("/unsubscribe/a-token", {})],
            "silences.change": [
                (f"/people/{2**70}/silence", {}),
                (f"/people/{self.foreign.author_id}/listen", {"next": "/"}),
            ],
            "site.settings": [("/site", SITE)],
            "site.invite": [("/site/people", {"addresses": "nora@example.org"})],
            "site.give_role": [
                (f"/people/{self.seat.user_id}/role", {"role": "organiser"}),
                (f"/people/{2**70}/role", {"role": "member"}),
            ],
            "organiser.change_seat": [(f"{d}/seats/{self.seat.id}/edit", SEAT)],
            "organiser.edit": [(f"{d}/edit", DISCUSSION | {"slug": self.discussion.slug})],
            "organiser.give_seat": [(f"{d}/seats/new", SEAT)],
            "importing.bring_in": [("/organise/import", {"kind": "text", "source": "Q1: Why?\nAnna: Because."})],
            "organiser.new": [("/organise/new", DISCUSSION)],
            "organiser.take_seat": [(f"{d}/seats/{2**70}/take", {})],
        }  # fmt: skip

    def send(self, path: str, fields, *, as_visitor: bool = False, **more):
        client, token = (self.visitor, self.visitor_token) if as_visitor else (self.client, self.token)
        data = {"csrf_token": token, **fields}
        answer = client.post(path, data=data, headers={"Accept": "application/json"}, **more)
        if as_visitor and answer.status_code < 400:
            self._come_as_visitor()  # who has signed up is none any more
        return answer


@pytest.fixture
def desk(app, house):
    return Desk(app, house)


def rows() -> dict[str, int]:
    """How many rows each table has: one statement, for it is asked after every request."""
    db.session.rollback()
    return dict(db.session.execute(_counts()).mappings().one())


@cache
def _counts() -> TextClause:
    names = [table.name for table in db.metadata.sorted_tables if table.name not in {"session", "alembic_version"}]
    return text("SELECT " + ", ".join(f'(SELECT count(*) FROM "{name}") AS "{name}"' for name in names))


@dataclass
class Press:
    """One form that is sent again and again; `made` is what the database hears meanwhile."""

    send: Callable[[dict[str, Any]], Any]
    path: str
    made: list[str]
    before: dict[str, int] | None = None

    def __call__(self, fields: dict[str, Any], kind: str = "", field: str = "", good: Any = None) -> None:
        """Send `fields`, of which `field` holds rubbish of this `kind` while the others are `good`.

        Refused with words that say where, and no row more or less; or taken; never a fault, never half.
        """
        before = self.before if self.before is not None else rows()
        db.session.rollback()
        self.made.clear()
        answer = self.send(fields)
        is_refused, is_written = answer.status_code >= 400, may_have_written(self.made)
        where = f"{field} at {self.path} ({kind}): {answer.status_code} {answer.get_data(as_text=True)[:300]}"
        assert answer.status_code < 500, where
        self.before = before if is_refused or not is_written else None
        if is_refused:
            assert not is_written or rows() == before, where
            self._is_told(answer, field, good, where)

    def _is_told(self, answer, field: str, good: Any, where: str) -> None:
        """Say where it is to be mended.

        What is refused because of another field must be refused for the same when it is sent as all is well: one thing
        can be made once only.
        """
        if answer.is_json:
            error = answer.json["error"]
            assert error["message"], where
            assert error["code"] not in {"csrf", "sign_in"}, f"nothing of it reached the form: {where}"
            # A wrong password and a link that is over have codes of their own, and tell on purpose no more.
            if error["code"] == "invalid" and field:
                known = {field, field.removesuffix("_date").removesuffix("_time").removesuffix("_fold")}
                known |= {TOLD_AT.get((self.path.rpartition("/")[2], field), field)}
                assert known & set(error.get("fields") or {""}) or self._is_so_anyway(error, good), where

    def _is_so_anyway(self, error: object, good: Any) -> bool:
        """Whether the same is said where no field holds rubbish."""
        self.before = None  # where that is taken, there is more than there was
        return error == (self.send(good).json or {}).get("error")


def test_every_form_is_here(app, desk):
    posting = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert posting == set(desk.forms())


@pytest.mark.timeout(900)
def test_every_field_takes_rubbish(desk, database, statements):
    kinds = [kind for kind in HOSTILE if kind not in (MEANINGLESS if database.is_sqlite else PLAIN)]
    with statements() as made:
        for endpoint, forms in desk.forms().items():
            as_visitor = endpoint in OF_VISITORS
            for path, good in forms:
                press = Press(partial(desk.send, path, as_visitor=as_visitor), path, made)
                press({})
                for field in good:
                    its_own = MEANINGLESS[crc32(f"{endpoint}.{field}".encode()) % len(MEANINGLESS)]
                    for kind in (*kinds, *([its_own] if database.is_sqlite else ())):
                        value = HOSTILE[kind]
                        if kind == "surrogate":
                            value = value.encode("utf-8", "surrogatepass")
                        press(good | {field: value}, kind, field, good)
                    press(good | {field: [good[field], "second"]}, "repeated", field, good)
                    press({name: value for name, value in good.items() if name != field}, "missing", field, good)


def test_whatever_body_a_form_has(desk):
    path = f"/d/{desk.discussion.slug}/comments"
    token = {"X-CSRFToken": desk.token, "Accept": "application/json"}
    before = rows()
    for body, kind in (
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'{"body": {"a": 1}, "key": 1e309}', "application/json"),
        (json.dumps({"body": "a\ud800b", "key": "key-12345678"}).encode(), "application/json"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"body=%ff%fe&key=%00", "application/x-www-form-urlencoded"),
        (b"--x\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data"),
        (b"x", "image/png"),
        (b"body=" + b"&body=".join([b"x"] * 5000), "application/x-www-form-urlencoded"),
        (b"body=" + b"x" * 20_000_000, "application/x-www-form-urlencoded"),
    ):
        answer = desk.client.post(path, data=body, content_type=kind, headers=token)
        assert 400 <= answer.status_code < 500, (body[:60], kind, answer.status_code)
        assert answer.json["error"]["message"]
    assert rows() == before


def test_every_query_parameter_takes_rubbish(desk):
    slug = desk.discussion.slug
    for value in (value for kind, value in HOSTILE.items() if kind not in {"megabyte", "surrogate"}):
        for path, names in (
            ("/questions", ("order",)),
            ("", ("order", "show", "before", "around", "reply", "refresh", "text")),
            ("/comments", ("question", "before", "limit")),
            ("/events", ("after", "epoch")),
            ("/transcript", ("order",)),
        ):
            for name, client in itertools.product(names, (desk.client, desk.visitor)):
                answer = client.get(f"/d/{slug}{path}", query_string={name: value})
                assert answer.status_code < 500, (path, name, value)
                assert "Set-Cookie" not in answer.headers or "x=1" not in answer.headers["Set-Cookie"]
        for path in (f"/sign-in?next={value}", f"/sign-up?next={value}"):
            assert desk.visitor.get(path).status_code < 500, path


@pytest.mark.parametrize("slug", ["%00", "a%00b", "a" * 5000, "%ED%A0%80", "%E2%80%AE", "..%2F..", "River"])
def test_no_discussion_has_a_made_up_address(desk, slug):
    """PostgreSQL takes no NUL, so that what is not looked at first is a fault there."""
    asked = 0
    for rule in desk.app.url_map.iter_rules():
        if "slug" not in rule.arguments:
            continue
        path = re.sub(r"<any\(([a-z_]+)[^>]*>", r"\1", rule.rule.replace("<slug>", slug))
        path = re.sub(r"<[^>]*>", "1", path)
        for client, token in ((desk.client, desk.token), (desk.visitor, desk.visitor_token)):
            for method in rule.methods & {"GET", "POST"}:
                answer = client.open(path, method=method, headers={"X-CSRFToken": token})
                assert 300 <= answer.status_code < 500, (rule.endpoint, method, answer.status_code)
                asked += 1
    assert asked > 150


def test_addresses_of_another_discussion_do_not_reach_across(desk, house):
    d, other = f"/d/{desk.discussion.slug}", desk.other
    before = rows()
    question, seat = house.question(other, "Theirs?"), other.seats[0]
    for path in (
        f"{d}/questions/{question.id}/ask", f"{d}/questions/{question.id}/edit", f"{d}/questions/{question.id}/skip",
        f"{d}/questions/{question.id}/move", f"{d}/seats/{seat.id}/take", f"{d}/seats/{seat.id}/edit",
        f"{d}/comments/{desk.foreign.id}/edit", f"{d}/console/comments/{desk.foreign.id}/mute",
    ):  # fmt: skip
        assert desk.send(path, {"text": "a", "reason": "a", "body": "a", "position": "1", **SEAT}).status_code == 404, (
            path
        )
    assert desk.client.get(f"{d}/c/{desk.foreign.id}").status_code == 404
    answer = desk.send(f"{d}/comments", {"body": "a", "key": "key-12345678", "reply_to": str(desk.foreign.id)})
    assert answer.status_code == 422
    assert "reply_to" in answer.json["error"]["fields"]
    assert rows()["comment"] == before["comment"]
