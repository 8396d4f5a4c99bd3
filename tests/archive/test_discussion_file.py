"""The discussion file: read whole or not at all, and given back as it came."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from forum.actions import imports, moderation, phases, questions, seats
from forum.actions.posting import CommentDraft, Posting, post_all
from forum.archive import discussion_file, export
from forum.archive.discussion_file import FileFaults
from forum.database import db, writing
from forum.models import Comment, Discussion, Phase, User
from tests.archive.unpacked import said

FILE = {
    "title": "Who owns the rain?",
    "slug": "rain",
    "hosted_by": "River Office",
    "intro": "We propose:\n\n- **P1** share\n- **P2** measure",
    "editors_note": "Text only.",
    "related_link": {"url": "https://example.org/rain", "title": "The report"},
    "starts_at": "2026-03-02T14:00:00Z",
    "ends_at": "2026-03-02T15:00:00Z",
    "time_zone": "Europe/London",
    "visibility": "public",
    "questions_shown": "all",
    "late_minutes": 45,
    "language": "pt",
    "seats": [
        {"name": "Hana Maier", "email": "hana@example.org", "role": "host", "title": "Editor"},
        {
            "name": "Priya Raman",
            "email": "priya@example.org",
            "role": "panelist",
            "affiliation": "Lab",
            "biography": "Ten years of wells.\nRivers since.",
            "picture": "9f86d081884c7d659a2feaa0c55ad015.webp",
        },
    ],
    "questions": [
        {"text": "Who owns it?", "planned_offset": 0, "length": 20},
        {"text": "Who pays?", "planned_offset": 20, "length": 20},
        {"text": "What if nobody writes?", "spare": True},
    ],
    "comments": [
        {"author": "hana@example.org", "question": None, "body": "Welcome!", "at": "2026-03-02T14:00:05Z"},
        {
            "author": "priya@example.org",
            "question": 1,
            "body": "Nobody.",
            "at": "2026-03-02T14:03:00Z",
            "written_down_by": "hana@example.org",
        },
        {
            "author": {"name": "Otto Ode", "affiliation": "Farm"},
            "question": 1,
            "body": "=Everybody, *late*",
            "at": "2026-03-02T14:30:00.250000Z",
            "reply_to": 2,
            "helpful": 7,
        },
    ],
}


def put(values: object) -> Discussion:
    """Import `values`."""
    with writing():
        return imports.store(discussion_file.read(json.dumps(values, indent=2).encode()))


def test_import_then_export_gives_the_same_file_back(app):
    discussion = put(FILE)
    assert export.as_values(discussion) == FILE
    once = export.whole("json", discussion)
    with writing():
        discussion.slug = "older"
    again = put(json.loads(once))
    assert export.whole("json", again) == once


def _comments(discussion):
    return db.session.scalars(select(Comment).where(Comment.discussion_id == discussion.id).order_by(Comment.id)).all()


def test_a_discussion_that_ran_comes_back_from_its_own_file(app, house, clock):
    """Namesakes of a seat, one that was taken away and long words: the file had been refused for each of them."""
    discussion = house.discussion(phase="live", title="River")
    host, phone = house.host_of(discussion), house.panelist(discussion, "Phone Panelist")
    member = house.user("Mina Okafor")
    for number, minutes in enumerate((7, 11), start=1):
        house.question(discussion, f"What of {number}?", offset=None if number == 1 else 45)
        clock.advance(timedelta(minutes=minutes))
        house.do(questions.ask, host, discussion.questions[-1])
    house.comment(discussion, member, "By a member.", question=1)
    with writing():
        draft = CommentDraft("By telephone.", 2, None, "telephone")
        post_all(discussion, [Posting(phone, draft, typist=host)])
        discussion.hero, discussion.hero_credit, discussion.hero_alt = f"{'a' * 32}.webp", "Ada", "x" * 300
    house.panelist(discussion, "Mina Okafor")
    house.do(seats.take, host, next(seat for seat in discussion.seats if seat.user is phone))
    asked_at = [question.asked_at for question in discussion.questions]
    once = export.whole("json", discussion)
    with writing():
        discussion.slug = "older"
    again = put(json.loads(once))
    assert export.whole("json", again) == once
    assert [question.asked_at for question in again.questions] == asked_at
    assert [(comment.byline_name, comment.posted_by_id) for comment in _comments(again)] == [
        ("Mina Okafor", None),
        ("Phone Panelist", host.id),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"asked_at": "2026-03-02T13:59:00Z"}, "must lie between"),
        ({"asked_at": "2026-03-02T18:00:01Z"}, "must lie between"),
        ({"asked_at": "soon"}, "date and time"),
        ({"asked_at": "2026-03-02T14:01:00Z", "skipped": True}, "was not asked"),
    ],
)
def test_a_question_was_asked_at_a_moment_that_can_be(app, change, words):
    values = FILE | {"comments": [], "questions": [FILE["questions"][0] | change]}
    with pytest.raises(FileFaults, match=words) as raised:
        put(values)
    assert "questions[0].asked_at" in str(raised.value)


@pytest.mark.parametrize(
    ("author", "words"),
    [
        ({"name": "Priya Raman"}, "looks like Priya Raman"),
        ({"name": "Priya Raman", "seat": "no"}, "must be true, or false beside a name"),
        ({"email": "priya@example.org", "seat": False}, "must be true, or false beside a name"),
    ],
)
def test_a_name_like_a_seat_s_is_somebody_else_s_only_where_the_file_says_so(app, author, words):
    with pytest.raises(FileFaults, match=words):
        put(FILE | {"comments": [FILE["comments"][0] | {"author": author}]})


def test_a_question_of_the_audience_comes_back_as_theirs_with_a_name_or_without(app, house):
    discussion = house.discussion(ask=2)
    with writing():
        for question, credit in zip(discussion.questions, ("Ada Lovelace", ""), strict=True):
            question.is_from_audience, question.asked_for = True, credit
    values = export.as_values(discussion)
    assert [question["asked_for"] for question in values["questions"]] == ["Ada Lovelace", "a reader"]
    again = put(values | {"slug": "again"})
    assert [(q.is_from_audience, q.asked_for) for q in again.questions] == [(True, "Ada Lovelace"), (True, "")]
    assert export.as_values(again)["questions"] == values["questions"]


def test_a_past_discussion_keeps_its_dates_and_late_answers_their_question(app):
    discussion = put(FILE)
    assert discussion.phase is Phase.CLOSED
    late = db.session.scalars(select(Comment).order_by(Comment.id.desc())).first()
    assert late.question.number == 1
    assert late.reply_to.source == "Nobody."
    assert late.posted_at.isoformat() == "2026-03-02T14:30:00.250000+00:00"
    assert [question.number for question in discussion.questions] == [1, 2, None]


def test_a_fault_names_line_and_field_and_nothing_is_stored(app):
    broken = json.loads(json.dumps(FILE))
    broken["seats"][1]["email"] = "no address"
    broken["comments"][2]["question"] = 9
    with pytest.raises(FileFaults) as raised:
        put(broken)
    source = json.dumps(broken, indent=2).splitlines()
    line = next(number for number, text in enumerate(source, start=1) if '"question": 9' in text)
    assert (line, "comments[2].question") in [(fault[0], fault[1]) for fault in raised.value.faults]
    del broken["comments"]
    with pytest.raises(FileFaults) as raised:
        put(broken)
    line = next(number for number, text in enumerate(source, start=1) if "no address" in text)
    assert [(fault[0], fault[1]) for fault in raised.value.faults] == [(line, "seats[1].email")]
    for model in (Discussion, User, Comment):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0


@pytest.mark.parametrize("unasked", ["skipped", "spare"])
def test_nobody_has_answered_what_was_not_asked(app, unasked):
    """A comment to it would stand in no place of the page."""
    values = FILE | {"questions": [{"text": "Who owns it?"}, {"text": "Who pays?", unasked: True}]}
    values["comments"] = [FILE["comments"][1] | {"question": 2}]
    with pytest.raises(FileFaults, match=r"comments\[0\].question: must be a number from 1 to 2, neither skipped nor"):
        put(values)


@pytest.mark.parametrize(("at", "words"), [("2199-01-01T00:00:00Z", "in the future"), ("yesterday", "date and time")])
def test_a_comment_was_edited_at_a_moment_that_can_be(app, at, words):
    with pytest.raises(FileFaults) as raised:
        put(FILE | {"comments": [FILE["comments"][0] | {"edited_at": at}]})
    assert "comments[0].edited_at" in str(raised.value)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "one JSON object"),
        (b'{"title": NaN}', "not JSON"),
        (b'{"title": "a", "title": "b"}', "stands twice"),
        (b'{"titel": "a"}', "no field of a discussion"),
        (b"\xff\xfe", "UTF-8"),
        (b'{"title": "\\ud800"}', "cannot be stored"),
        (b'{"questions": [{"text": "a", "planned_offset": 1e309}]}', "whole minutes"),
        (b'{"seats": {"a": 1}}', "must be a list"),
        (b"[" * 100_000, "too deep"),
    ],
)
def test_rubbish_is_refused_with_words(app, data, words):
    with pytest.raises(FileFaults, match=words):
        discussion_file.read(data)


@pytest.mark.parametrize("number", [-1, 1_000_001, 1.5, "7", True, [1], {"count": 1}])
def test_how_many_found_it_helpful_is_a_number_that_can_be(app, number):
    values = json.loads(json.dumps(FILE))
    values["comments"][0]["helpful"] = number
    with pytest.raises(FileFaults, match=r"comments\[0\].helpful: must be a whole number from 0 to 1000000"):
        put(values)


@pytest.mark.parametrize(
    "named", ["../secret_key", "/etc/passwd", "media/a.webp", "https://example.org/a.webp", "a.svg", "a.webp\n"]
)
@pytest.mark.parametrize("is_alone", [True, False])
def test_a_picture_is_named_as_we_name_them(app, named, is_alone):
    written = FILE | {"hero": named if is_alone else {"alt": "Rain", "picture": named}}
    with pytest.raises(FileFaults) as raised:
        put(written)
    ((line, path, words),) = raised.value.faults
    lines = json.dumps(written, indent=2).splitlines()
    assert ('"hero"' if is_alone else '"picture"') in lines[line - 1] and path == "hero.picture"
    assert "Take it out" in words


def test_what_a_seat_says_of_its_person_is_checked(app):
    seat = FILE["seats"][1] | {"biography": "\u200b", "picture": "https://example.org/priya.webp"}
    with pytest.raises(FileFaults) as raised:
        put(FILE | {"seats": [FILE["seats"][0], seat]})
    assert "seats[1].picture: must be the name that a Roundtext site gave to a picture" in str(raised.value)
    with pytest.raises(FileFaults, match=r"seats\[1\].biography"):
        put(FILE | {"seats": [FILE["seats"][0], seat | {"picture": ""}]})


@pytest.mark.parametrize("named", ["", "0" * 32 + ".webp", "0" * 32 + "-w1600.webp"])
def test_a_picture_of_ours_is_taken(app, named):
    words = {"picture": named, "alt": "Rain", "credit": "Nobody"}
    assert put(FILE | {"hero": words}).hero == named


def test_other_names_for_the_same_field_are_read(app):
    other = {name: value for name, value in FILE.items() if name not in {"editors_note", "related_link", "time_zone"}}
    other |= {"editor_note": "Text only.", "timezone": "Europe/London", "related_url": "https://example.org/rain"}
    other["questions"] = [{"text": "Who owns it?", "planned_offset_minutes": "PT5M", "length_seconds": 600}]
    other["comments"] = []
    discussion = put(other)
    assert discussion.editors_note == "Text only."
    assert discussion.related_url == "https://example.org/rain"
    assert (discussion.questions[0].planned_offset_minutes, discussion.questions[0].length_minutes) == (5, 10)


def test_a_spreadsheet_finds_no_formula(app):
    discussion = put(FILE)
    assert "\"'=Everybody" in export.whole("csv", discussion) or ",'=Everybody" in export.whole("csv", discussion)


@pytest.mark.parametrize("kind", export.KINDS)
def test_every_format_holds_every_comment(app, kind):
    written = said(kind, put(FILE))
    assert "Nobody." in written
    assert "Otto Ode" in written


def _again(discussion: Discussion) -> tuple[str, str]:
    """Return what `discussion` exports, and what its import exports."""
    once = export.whole("json", discussion)
    with writing():
        discussion.slug = f"{discussion.slug}-before"
    return once, export.whole("json", put(json.loads(once)))


@pytest.mark.parametrize("phase", ["draft", "announced", "live", "closed"])
def test_answers_stay_with_their_question_when_others_were_skipped_or_moved(app, house, phase):
    discussion = house.discussion(phase="live" if phase == "closed" else phase)
    host = house.host_of(discussion)
    first, skipped, last = (house.question(discussion, text) for text in ("First?", "Skipped?", "Last?"))
    house.do(questions.skip, host, skipped)
    house.do(questions.move, host, last, 1)
    if phase in {"live", "closed"}:
        for question in (last, first):
            house.do(questions.ask, host, question)
        house.comment(discussion, body="To the last one.", question=1)
        removed = house.comment(discussion, body="Hidden words.", question=2)
        house.comment(discussion, body="To the first one.", question=2, reply_to=removed.id)
        house.do(moderation.hide, host, removed, "off topic")
    if phase == "closed":
        house.do(phases.close, host, discussion)
    once, again = _again(discussion)
    assert again == once
    assert "Hidden words." not in once
    stored = db.session.scalars(select(Comment).where(Comment.discussion == Discussion.with_slug(discussion.slug)))
    assert "Skipped?" not in {comment.question.text for comment in stored if comment.question}
    for comment in db.session.scalars(select(Comment).where(Comment.source.like("To the % one."))):
        assert comment.question.text.lower()[:4] in comment.source


def test_what_hosts_said_before_they_withdrew_it_comes_back(app, house):
    discussion = house.discussion(phase="announced")
    house.question(discussion)
    house.comment(discussion, house.host_of(discussion), "Welcome, all.")
    house.do(phases.withdraw, house.host_of(discussion), discussion)
    once, again = _again(discussion)
    assert "Welcome, all." in once
    assert again == once
    values = json.loads(once)
    values["comments"][0]["question"] = 1
    with pytest.raises(FileFaults, match=r"comments\[0\].question: must be null in a draft"):
        put(values)


def test_a_field_that_nobody_knows_gets_a_suggestion(app):
    with pytest.raises(FileFaults, match="Did you mean title"):
        discussion_file.read(b'{"titel": "a"}')


WEEKS = FILE | {
    "starts_at": "2026-11-20T09:00:00Z",
    "ends_at": "2026-12-11T09:00:00Z",
    "digests": "always",
    "comments": [],
    "questions": [
        {"text": "Who owns it?", "opens_at": "2026-11-20T09:00:00Z"},
        {"text": "Who pays?", "opens_at": "2026-11-27T09:00:00Z"},
        {"text": "By hand?"},
    ],
}


def test_moments_and_letters_come_and_go_with_the_file_and_the_clock_has_asked_what_is_past(app, clock):
    discussion = put(WEEKS)
    one, two, three = discussion.questions
    assert (one.number, two.number, three.number) == (1, None, None)
    assert one.asked_at == one.opens_at
    written = json.loads(export.whole("json", discussion))
    assert [question.get("opens_at") for question in written["questions"]] == [
        question.get("opens_at") for question in WEEKS["questions"]
    ]
    assert written["digests"] == "always"
    assert discussion.silence_minutes == 24 * 60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"opens_at": "2026-11-19T09:00:00Z"}, "must lie between"),
        ({"opens_at": "2026-12-11T09:00:00Z"}, "must lie between"),
        ({"opens_at": "tomorrow"}, "must be a date and time"),
        ({"opens_at": 5}, "must be a date and time"),
        ({"opens_at": "2026-11-27T09:00:00Z", "spare": True}, "asked by hand"),
    ],
)
def test_a_moment_that_cannot_be_is_named_with_its_line(app, clock, change, words):
    questions = [*WEEKS["questions"][:2], WEEKS["questions"][2] | change]
    with pytest.raises(FileFaults) as raised:
        put(WEEKS | {"questions": questions})
    assert "questions[2].opens_at" in str(raised.value)
    assert words in str(raised.value)


def test_a_reader_s_file_has_no_moments_to_come(app, clock, client):
    discussion = put(WEEKS)
    said = client.get(f"/d/{discussion.slug}/export.json").get_data(as_text=True)
    assert "opens_at" not in said
    assert "digests" not in said


def test_a_file_that_is_too_deep_is_called_so():
    with pytest.raises(FileFaults, match="too deep inside each other"):
        discussion_file.read(b"[" * 100_000)
