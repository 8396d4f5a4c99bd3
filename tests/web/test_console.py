"""The host's console: what it shows, what its forms do, and to whom it is not there."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from forum import clock as time
from forum.actions import comments, discussions, moderation, phases, questions, sanctions, seats
from forum.actions.comments import CommentDraft
from forum.actions.drafting import DiscussionDraft
from forum.actions.questions import QuestionDraft
from forum.actions.seats import SeatDraft
from forum.database import db, writing
from forum.models import Comment, CommentState, Discussion, ModerationAction, Question, SeatRole, SiteRole, User

HOSTILE = ["", "\0", "x" * 200_000, "\u202etxet", "null", "1e309", "-1", "99999999999999999999", "[]", "\ud800"]


class Event:
    """A live discussion with an owner, a host, a moderator, a panelist and a member, made by the actions themselves."""

    def __init__(self, house, slug="hour", phase="live"):
        self.owner = house.user("Olga Owner", role=SiteRole.ORGANISER)
        self.host, self.moderator = house.user("Hanna Host"), house.user("Milo Moderator")
        self.panelist, self.member = house.user("Pia Panelist"), house.user("Mara Member")
        now = time.now()
        with writing():
            draft = DiscussionDraft(
                title="The hour", slug=slug, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2)
            )
            made = discussions.create(db.session.get(User, self.owner.id), draft)
            for person, role in (
                (self.host, SeatRole.HOST),
                (self.moderator, SeatRole.MODERATOR),
                (self.panelist, SeatRole.PANELIST),
            ):
                seats.give(db.session.get(User, self.owner.id), made, SeatDraft(person.name, person.email, role))
            for words in ("What is missing?", "Who pays?", "What next?"):
                questions.write(db.session.get(User, self.owner.id), made, QuestionDraft(words, 20))
            self.id, self.slug = made.id, slug
        for step in {"draft": (), "announced": ("publish",), "live": ("publish", "open_now")}[phase]:
            with writing():
                getattr(phases, step)(db.session.get(User, self.owner.id), self.row)

    @property
    def row(self) -> Discussion:
        return db.session.get_one(Discussion, self.id)

    @property
    def questions(self) -> list[Question]:
        db.session.rollback()
        db.session.expire_all()
        return list(self.row.questions)

    def comment(self, who: User, words: str = "An answer") -> int:
        with writing():
            draft = CommentDraft(words, None, None, f"key-{who.id}-{abs(hash(words))}")
            return comments.post(db.session.get(User, who.id), self.row, draft).id

    def comment_now(self, comment_id: int) -> Comment:
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(Comment, comment_id)


@pytest.fixture
def hour(app, house):
    return Event(house)


@pytest.fixture
def staff(app, house, hour):
    client = app.test_client()
    house.sign_in(client, hour.host)
    return client


def token(app: Flask, client: FlaskClient) -> str:
    with client.session_transaction() as session:
        session["csrf_token"] = "f" * 40
    return URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps("f" * 40)


def send(client: FlaskClient, path: str, **fields):
    data = {"csrf_token": token(client.application, client), **fields}
    return client.post(path, data=data)


def test_the_console_shows_the_run_sheet_and_what_is_next(hour, staff):
    page = staff.get("/d/hour/console")
    assert page.status_code == 200
    assert "Next: Q1" in page.text
    assert "What is missing?" in page.text
    assert "Ask Q1 now" in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("who", "reached"), [("host", {"panelist", "member"}), ("moderator", {"member"})])
def test_measures_are_offered_against_those_alone_whom_they_would_reach(app, house, hour, who, reached):
    said = {name: hour.comment(getattr(hour, name)) for name in ("owner", "host", "moderator", "panelist", "member")}
    client = app.test_client()
    house.sign_in(client, getattr(hour, who))
    page = client.get("/d/hour/console").text
    assert {name for name, number in said.items() if f'id="mute-{number}"' in page} == reached


def without_token(page: str) -> str:
    """A page without its CSRF tokens, which are signed with the time."""
    return re.sub(r'(content|value)="[\w.-]{40,}"', "", page)


@pytest.mark.parametrize("who", ["visitor", "member", "panelist"])
def test_the_console_is_not_there_for_others(app, house, hour, who):
    client = app.test_client()
    if who != "visitor":
        house.sign_in(client, getattr(hour, who))
    theirs, missing = client.get("/d/hour/console"), client.get("/d/nowhere/console")
    assert theirs.status_code == missing.status_code == 404
    assert without_token(theirs.text).replace("hour", "nowhere") == without_token(missing.text)
    paths = (
        f"questions/{hour.questions[0].id}/ask",
        "console/pause",
        "console/extend",
        "questions/new",
        f"questions/{hour.questions[0].id}/edit",
        f"questions/{hour.questions[0].id}/remove",
        f"console/people/{hour.member.id}/unmute",
    )
    for path in paths:
        assert send(client, f"/d/hour/{path}").status_code == 404, path
    assert hour.questions[0].number is None


def test_asking_takes_one_click_and_two_clicks_ask_once(app, house, hour, staff):
    first, second, _ = hour.questions
    other = app.test_client()
    house.sign_in(other, hour.owner)
    answer = send(staff, f"/d/hour/questions/{first.id}/ask")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/d/hour/console#question-{first.id}")
    assert send(other, f"/d/hour/questions/{first.id}/ask").status_code == 303
    assert [q.number for q in hour.questions] == [1, None, None]
    assert "Q1 is asked." in staff.get("/d/hour/console").text
    assert "Next: Q2" in other.get("/d/hour/console").text
    send(other, f"/d/hour/questions/{second.id}/ask")
    assert [q.state.value for q in hour.questions] == ["closed", "open", "draft"]


def test_a_moderator_sees_and_may_only_moderate(app, house, hour):
    client = app.test_client()
    house.sign_in(client, hour.moderator)
    comment = hour.comment(hour.member)
    page = client.get("/d/hour/console").text
    assert "Hide this comment" in page
    assert "Ask Q1 now" not in page
    assert "+10 min" not in page
    assert "Add to the run sheet" not in page
    question = hour.questions[0].id
    for path in (f"questions/{question}/ask", f"questions/{question}/skip", "console/pause", "questions/new", "edit"):
        assert send(client, f"/d/hour/{path}", text="x").status_code == 403, path
    assert send(client, f"/d/hour/console/comments/{comment}/hide", reason="Advertising").status_code == 303
    assert hour.comment_now(comment).state is CommentState.HIDDEN


def test_the_hand_of_the_host_on_the_clock(hour, staff):
    before = hour.row.ends_at
    for step, phase in (("pause", "paused"), ("resume", "live")):
        assert send(staff, f"/d/hour/console/{step}").status_code == 303
        db.session.expire_all()
        assert hour.row.phase.value == phase
    assert send(staff, "/d/hour/console/extend", minutes="10").status_code == 303
    db.session.expire_all()
    assert hour.row.ends_at == before + timedelta(minutes=10)
    assert "Close it now" in staff.get("/d/hour/console/close").text
    assert hour.row.phase.value == "live"
    send(staff, "/d/hour/console/close")
    db.session.expire_all()
    assert hour.row.phase.value == "closed"
    assert "Open again for 10 min" in staff.get("/d/hour/console").text


def test_pausing_twice_is_refused_as_the_wrong_time_with_the_way_to_the_console(hour, staff):
    send(staff, "/d/hour/console/pause")
    again = send(staff, "/d/hour/console/pause")
    assert again.status_code == 409
    assert 'href="/d/hour/console"' in again.text[again.text.index("<main") :]


@pytest.mark.parametrize(
    ("minutes", "words"), [(1, "It is announced now. Readers can see it."), (-1, "It is live now, because its start")]
)
def test_publishing_says_whether_it_is_live_at_once(app, house, clock, minutes, words):
    draft = Event(house, slug="late-draft", phase="draft")
    with writing():
        draft.row.starts_at = time.now() + timedelta(minutes=minutes)
    owner = app.test_client()
    house.sign_in(owner, draft.owner)
    assert send(owner, "/d/late-draft/console/publish").status_code == 303
    assert words in owner.get("/d/late-draft/console").text


def test_closing_twice_leads_to_the_console_and_tells_programs(app, house, hour, staff):
    for _press in range(2):
        answer = send(staff, "/d/hour/console/close")
        assert (answer.status_code, answer.location) == (303, "/d/hour/console")
    asked = staff.get("/d/hour/console/close")
    assert (asked.status_code, asked.location) == (303, "/d/hour/console")
    fields = {"csrf_token": token(app, staff)}
    told = staff.post("/d/hour/console/close", data=fields, headers={"Accept": "application/json"})
    assert (told.status_code, told.get_json()["error"]["code"]) == (409, "closed")
    assert "“Open again”" in told.get_json()["error"]["message"]
    assert "Open again for" in staff.get("/d/hour/console").text
    moderator = app.test_client()
    house.sign_in(moderator, hour.moderator)
    assert send(moderator, "/d/hour/console/close").status_code == 403


def test_only_who_has_typed_a_question_reads_that_it_is_kept_after_the_end(hour, staff):
    send(staff, "/d/hour/console/close")
    for page in ("new", f"{hour.row.questions[0].id}/edit"):
        asked = staff.get(f"/d/hour/questions/{page}")
        assert asked.status_code == 409
        assert "This discussion is closed." in asked.text
        assert "text is kept" not in asked.text
    assert "Your text is kept" in send(staff, "/d/hour/questions/new", text="And who pays?").text


def test_questions_are_written_edited_ordered_skipped_and_removed(hour, staff):
    one, two, three = (q.id for q in hour.questions)
    assert send(staff, "/d/hour/questions/new", text="On the spot?", planned_offset_minutes="35").status_code == 303
    assert hour.questions[-1].text == "On the spot?"
    assert hour.questions[-1].planned_offset_minutes == 35
    send(staff, f"/d/hour/questions/{three}/move", position="1")
    assert [q.id for q in hour.questions][:3] == [three, one, two]
    send(staff, f"/d/hour/questions/{three}/skip")
    assert "Next: Q1" in staff.get("/d/hour/console").text
    assert send(staff, f"/d/hour/questions/{three}/ask").status_code == 409
    send(staff, f"/d/hour/questions/{three}/unskip")
    send(staff, f"/d/hour/questions/{two}/edit", text="Who really pays?", planned_offset_minutes="", length_minutes="5")
    assert {q.id: q.text for q in hour.questions}[two] == "Who really pays?"
    send(staff, f"/d/hour/questions/{one}/remove")
    assert one not in [q.id for q in hour.questions]


def test_an_asked_question_keeps_its_place(hour, staff):
    question = hour.questions[0].id
    send(staff, f"/d/hour/questions/{question}/ask")
    for path in ("move", "skip", "remove"):
        assert send(staff, f"/d/hour/questions/{question}/{path}", position="1").status_code == 409


def test_a_faulty_question_keeps_what_was_typed_and_names_the_field(hour, staff):
    page = send(staff, "/d/hour/questions/new", text="Kept words?", planned_offset_minutes="soon")
    assert page.status_code == 422
    assert "Kept words?" in page.text
    assert 'id="fault-planned_offset_minutes"' in page.text
    assert len(hour.questions) == 3


@pytest.mark.parametrize("field", ["text", "planned_offset_minutes", "length_minutes"])
def test_a_repeated_field_is_refused(hour, staff, field):
    fields = {"text": "Twice?", field: ["1", "2"]}
    answer = send(staff, "/d/hour/questions/new", **fields)
    assert answer.status_code == 422
    assert f'id="fault-{field}"' in answer.text
    assert len(hour.questions) == 3


def test_moderation_from_the_console_is_in_the_record(hour, staff):
    send(staff, f"/d/hour/questions/{hour.questions[0].id}/ask")
    comment = hour.comment(hour.member, "Buy my things")
    at = f"/d/hour/console/comments/{comment}"
    send(staff, f"{at}/move", question="1")
    assert hour.comment_now(comment).question.number == 1
    assert send(staff, f"{at}/hide", reason="  ").status_code == 422
    send(staff, f"{at}/hide", reason="Advertising & more")
    assert hour.comment_now(comment).state is CommentState.HIDDEN
    send(staff, f"{at}/restore")
    assert hour.comment_now(comment).state is CommentState.PUBLISHED
    send(staff, f"{at}/mute", reason="Third time")
    page = staff.get("/d/hour/console").text
    for words in ("hid a comment", "restored a comment", "moved a comment", "ended the right to write of"):
        assert words in page
    assert "Reason: Advertising &amp; more" in page
    assert "Let Mara Member write again" in page
    send(staff, f"/d/hour/console/people/{hour.member.id}/unmute")
    assert "Let Mara Member write again" not in staff.get("/d/hour/console").text
    assert db.session.query(ModerationAction).filter_by(verb="person.unmuted").count() == 1


def test_a_long_comment_is_folded_to_its_beginning_with_all_of_it_inside(house, hour, staff):
    hour.comment(house.user(), "Briefly.")
    assert "console-long" not in staff.get("/d/hour/console").text
    hour.comment(house.user(), "The beginning. " + "And so on. " * 100 + "The end.")
    page = staff.get("/d/hour/console").text
    folded = page[page.index('<details class="console-long">') : page.index("</details>", page.index("console-long"))]
    start, _, whole = folded.partition("</summary>")
    assert "The beginning." in start and "The end." not in start and len(start) < 600
    assert "The end." in whole and "Briefly." not in folded


@pytest.mark.parametrize("place", ["/d/hour/console/comments", "/d/hour/comments"])
def test_a_late_restore_takes_back_no_hiding_that_came_since(house, hour, staff, place):
    send(staff, f"/d/hour/questions/{hour.questions[0].id}/ask")
    comment = hour.comment(hour.member, "Buy my things")
    send(staff, f"/d/hour/console/comments/{comment}/hide", reason="Advertising")
    form = f'action="{place}/{comment}/restore"'
    page = staff.get("/d/hour/console" if "console" in place else f"{place}/{comment}/restore").text
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', page[page.index(form) :].partition("</form>")[0])
    assert send(staff, f"{place}/{comment}/restore", seen=seen).status_code == 303
    tom = house.user("Tom Fuller")
    house.seat(hour.row, tom, SeatRole.MODERATOR)
    house.do(moderation.hide, tom, hour.comment_now(comment), "Once more")
    late = send(staff, f"{place}/{comment}/restore", seen=seen)
    assert late.status_code == 409
    assert "Tom Fuller was faster and hid it." in late.text and "Reason: Once more" in late.text
    assert hour.comment_now(comment).state is CommentState.HIDDEN
    assert send(staff, f"{place}/{comment}/restore").status_code == 303


def test_another_discussions_things_are_not_there(app, house, hour, staff):
    other = Event(house, "other")
    question, comment = other.questions[0].id, other.comment(other.member, "Elsewhere")
    with writing():
        owner = db.session.get_one(User, other.owner.id)
        sanctions.mute(owner, other.row, db.session.get_one(User, other.member.id), "There")
    for path in (
        f"questions/{question}/ask",
        f"questions/{question}/move",
        f"questions/{question}/skip",
        f"questions/{question}/remove",
        f"questions/{question}/edit",
        f"console/comments/{comment}/hide",
        f"console/comments/{comment}/move",
        f"console/people/{other.member.id}/unmute",
        "questions/99999999999999999999/ask",
        "console/comments/99999999999999999999/hide",
        "console/people/99999999999999999999/unmute",
    ):
        answer = send(staff, f"/d/hour/{path}", reason="x", question="", position="1", text="x")
        assert answer.status_code == 404, path
    assert [q.number for q in other.questions] == [None, None, None]
    assert other.comment_now(comment).state is CommentState.PUBLISHED


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: ascii(v)[:20])
def test_hostile_fields_never_break_a_form(hour, staff, value):
    question, comment = hour.questions[0].id, hour.comment(hour.member)
    raw = value.encode("utf-8", "surrogatepass")
    for path, field in (
        ("console/extend", "minutes"),
        (f"questions/{question}/move", "position"),
        (f"questions/{question}/edit", "planned_offset_minutes"),
        (f"console/comments/{comment}/move", "question"),
    ):
        answer = send(staff, f"/d/hour/{path}", **{"text": "Fine?", field: raw})
        assert answer.status_code < 500, (path, field)
        if value and field != "planned_offset_minutes":
            assert 400 <= answer.status_code < 500, (path, field)
    for path, field in (("questions/new", "text"), (f"console/comments/{comment}/hide", "reason")):
        assert send(staff, f"/d/hour/{path}", **{field: raw}).status_code < 500, (path, field)


def test_a_reason_that_came_too_late_is_kept(hour, staff):
    comment = hour.comment(hour.member, "Buy my things")
    at = f"/d/hour/console/comments/{comment}/hide"
    send(staff, at, reason="Advertising")
    answer = send(staff, at, reason="zqtypedqz")
    assert answer.status_code == 409
    assert "zqtypedqz" in answer.text


def test_a_missing_reason_is_asked_for_in_true_words_and_a_link_leads_back(hour, staff):
    """Readers see why a comment was hidden, the writer alone why it was rejected: one word for both is a plain one."""
    comment = hour.comment(hour.member, "Buy my things")
    for path, back in (
        (f"console/comments/{comment}/hide", "/d/hour/console"),
        (f"console/people/{hour.member.id}/hide", "/d/hour/console"),
        (f"comments/{comment}/hide", f"/d/hour#c{comment}"),
    ):
        answer = send(staff, f"/d/hour/{path}", reason=" ")
        assert answer.status_code == 422
        assert "<p>Give a reason.</p>" in answer.text
        assert f'<a href="{back}">Back to' in answer.text
        assert staff.get(back).status_code == 200


def test_hostile_addresses_are_not_there(hour, staff):
    for slug in ("%00", "%ED%A0%80", "a" * 5000, "..%2f..", "%E2%80%AE"):
        assert staff.get(f"/d/{slug}/console").status_code == 404, slug


def test_a_form_without_its_token_is_refused(hour, staff):
    assert staff.post(f"/d/hour/questions/{hour.questions[0].id}/ask").status_code == 403
    assert hour.questions[0].number is None


def test_scripts_get_json(app, hour, staff):
    fields = {"csrf_token": token(app, staff)}
    path = f"/d/hour/questions/{hour.questions[0].id}/ask"
    answer = staff.post(path, data=fields, headers={"Accept": "application/json"})
    assert answer.get_json()["notice"] == "Q1 is asked."
    wrong = staff.post("/d/hour/questions/new", data=fields, headers={"Accept": "application/json"})
    assert wrong.status_code == 422
    assert "text" in wrong.get_json()["error"]["fields"]


@pytest.fixture
def days(house, clock):
    """Live for three weeks, over the night in which the clocks of New York go forward, or back."""
    event = Event(house, slug="days")
    with writing():
        row = event.row
        row.time_zone, row.silence_minutes = "America/New_York", 24 * 60
        row.starts_at, row.ends_at = time.now() - timedelta(days=1), time.now() + timedelta(days=365)
    return event


def opening(question, **fields):
    return {"text": question.text, "opens_at_date": "2027-01-10", "opens_at_time": "09:00"} | fields


def test_a_moment_is_typed_on_the_clocks_of_the_event_and_comes_back_so(app, house, days):
    client = app.test_client()
    house.sign_in(client, days.host)
    question = days.questions[0]
    at = f"/d/days/questions/{question.id}/edit"
    assert send(client, at, **opening(question)).status_code == 303
    assert days.questions[0].opens_at.isoformat() == "2027-01-10T14:00:00+00:00"
    form = client.get(at).text
    for value in ("2027-01-10", "09:00"):
        assert f'value="{value}"' in form
    console = client.get("/d/days/console").text
    assert "opens by itself Sun 10 Jan, 09:00" in console
    send(client, at, text=question.text)
    assert days.questions[0].opens_at is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"opens_at_date": "2027-03-14", "opens_at_time": "02:30"}, "go forward that day"),
        ({"opens_at_date": "2026-11-01"}, "The discussion runs from"),
        ({"opens_at_date": "2026-11-23", "opens_at_time": "08:59"}, "This moment is over"),
        ({"opens_at_date": ""}, "Give a date and a time"),
        ({"opens_at_time": ""}, "Give a date and a time"),
        ({"opens_at_date": "\u0662\u0660\u0662\u0667-01-10"}, "Give a date and a time"),
        ({"is_spare": "1"}, "A spare is asked by hand"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_and_what_was_typed_is_kept(app, house, days, fields, words):
    client = app.test_client()
    house.sign_in(client, days.host)
    question = days.questions[0]
    page = send(client, f"/d/days/questions/{question.id}/edit", **opening(question, **fields))
    assert page.status_code == 422
    assert words in page.text
    assert 'href="#field-opens_at"' in page.text
    assert question.text in page.text
    assert days.questions[0].opens_at is None


@pytest.mark.parametrize(("fold", "hour"), [("first", 5), ("second", 6)])
def test_a_moment_that_comes_twice_is_asked_about(app, house, days, fold, hour):
    client = app.test_client()
    house.sign_in(client, days.host)
    question = days.questions[0]
    at = f"/d/days/questions/{question.id}/edit"
    night = opening(question, opens_at_date="2027-11-07", opens_at_time="01:30")
    page = send(client, at, **night)
    assert page.status_code == 422
    assert 'name="opens_at_fold"' in page.text
    assert send(client, at, **night, opens_at_fold=fold).status_code == 303
    assert days.questions[0].opens_at.hour == hour
    assert f'value="{fold}" selected' in client.get(at).text


def test_the_console_counts_days_and_offers_days(app, house, days, clock):
    with writing():
        question = db.session.get_one(Question, days.questions[0].id)
        question.length_minutes = 7 * 24 * 60
        questions.ask(db.session.get(User, days.host.id), question)
    clock.advance(timedelta(days=9))
    client = app.test_client()
    house.sign_in(client, days.host)
    page = client.get("/d/days/console").text
    for words in (
        "Live now · 356 days left",
        "<b><bdi>9 days</bdi></b> of 7 days",
        "Q1 is 2 days over its time",
        "+1 day for Q1",
    ):
        assert words in page
    assert "Quiet for 9 days" in page
    assert "+1 day</button>" in page
    assert not re.search(r"\d{4,} ?min", page)


def test_after_the_close_nothing_is_called_next_or_open(hour, staff):
    send(staff, f"/d/hour/questions/{hour.questions[0].id}/ask")
    live = staff.get("/d/hour/console").text
    assert "Open now" in live and "Next: Q2" in live and "Next:" in live and "run-open" in live
    send(staff, "/d/hour/console/close")
    page = staff.get("/d/hour/console").text
    assert "Open now" not in page and "Next:" not in page and "run-next" not in page and "run-open" not in page
    assert "<b>Q2</b> Who pays?" in page, "what was not asked is still in the run sheet"


@pytest.mark.parametrize(("minutes", "is_awaited"), [(0, False), (30, True)])
def test_the_panel_is_awaited_only_while_comments_are_taken(hour, staff, minutes, is_awaited):
    with writing():
        hour.row.late_minutes = minutes
    send(staff, f"/d/hour/questions/{hour.questions[0].id}/ask")
    assert "Q1: not heard from yet" in staff.get("/d/hour/console").text
    send(staff, "/d/hour/console/close")
    assert ("Q1: not heard from yet" in staff.get("/d/hour/console").text) is is_awaited


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "Nobody can comment"), (1, "1 more minute;"), (30, "30 more minutes;")]
)
def test_whoever_is_about_to_close_reads_whether_late_comments_are_taken(hour, staff, minutes, words):
    with writing():
        hour.row.late_minutes = minutes
    page = staff.get("/d/hour/console/close").text
    assert words in page and ("Nobody can comment" in page) is (minutes == 0)
    assert "Thank everybody first." in page


def test_whoever_is_about_to_close_reads_which_announcement_stays(hour, staff):
    said = "stays on top of the page"
    assert said not in staff.get("/d/hour/console/close").text
    send(staff, "/d/hour/console/announcement", announcement="The sound is off. We **mend** it.")
    page = staff.get("/d/hour/console/close").text
    assert said in page and "We <strong>mend</strong> it." in page
    assert 'href="/d/hour/console#announcement"' in page and 'id="announcement"' in staff.get("/d/hour/console").text


def test_a_draft_says_why_the_panel_has_no_links_yet(app, house):
    """Followed by the book, a host looked for links that a draft does not have."""
    for phase, said in (("draft", "no link yet: publish first"), ("announced", "no link yet")):
        event = Event(house, phase=phase, slug=phase)
        client = app.test_client()
        house.sign_in(client, event.host)
        page = client.get(f"/d/{phase}/console").get_data(as_text=True)
        assert re.search(rf'panel-standing">\s*{said}\s*<', page)
