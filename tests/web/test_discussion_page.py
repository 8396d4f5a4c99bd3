"""The discussion's page in all its lives, for visitors, without script."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import insert

from forum import web
from forum.actions import announcements, comments, moderation, phases, questions, sanctions
from forum.actions.questions import QuestionDraft
from forum.database import db, writing
from forum.live import clockwork
from forum.models import Comment, Discussion, Phase, QuestionsShown, SeatRole, SiteRole, Visibility
from tests.actions.test_reminders import later
from tests.web.conftest import policy_of_styles


def page(client, discussion, query=""):
    answer = client.get(f"/d/{discussion.slug}{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def section(html, name):
    return re.search(rf'<section class="question[^>]*id="{name}".*?</section>', html, re.S)[0]


def test_an_announcement_shows_when_who_and_what(client, house, clock):
    discussion = house.discussion(phase="announced", intro="Rivers **and** wells", hosted_by="The Water Board")
    house.panelist(discussion, "Priya Raman")
    house.question(discussion, "Who owns the rain?")

    html = page(client, discussion)

    assert "<strong>and</strong>" in html
    assert "The Water Board" in html
    assert "Priya Raman" in html
    assert "Partnering Lab" in html
    assert "Who owns the rain?" in html
    assert "Starts in 1 h 0 min" in html
    assert 'datetime="2026-11-23T15:00:00Z"' in html
    assert f"/d/{discussion.slug}/calendar.ics" in html


@pytest.mark.parametrize(
    ("shown", "text", "count"), [("all", True, True), ("count", False, True), ("none", False, False)]
)
def test_questions_to_come_are_shown_as_far_as_the_host_wants(client, house, clock, shown, text, count):
    discussion = house.discussion(phase="announced", questions_shown=QuestionsShown(shown))
    house.question(discussion, "Who owns the rain?")

    html = page(client, discussion)

    assert ("Who owns the rain?" in html) is text
    assert ("1 question will be asked" in html or "Who owns the rain?" in html) is count


def test_a_draft_is_unknown_to_everybody_but_its_hosts(client, house, clock):
    discussion = house.discussion(phase="draft")

    for part in ("", "/recent", "/comments", "/events?after=0&epoch=x", "/transcript", "/feed.atom", "/calendar.ics"):
        assert client.get(f"/d/{discussion.slug}{part}").status_code == 404, part

    house.sign_in(client, house.host_of(discussion))
    assert "Draft: only hosts see this" in page(client, discussion)


def test_a_discussion_by_invitation_is_unknown_to_others_after_its_page_was_kept(client, app, house, clock):
    discussion = house.discussion()
    page(client, discussion)
    with writing():
        db.session.get(Discussion, discussion.id).visibility = Visibility.INVITED

    assert client.get(f"/d/{discussion.slug}").status_code == 404


def test_answers_stand_under_their_question_oldest_first(client, house, clock):
    discussion = house.discussion(ask=2)
    first = house.comment(discussion, body="The first answer", question=1)
    late = house.comment(discussion, body="A late answer", question=1)
    house.comment(discussion, body="Hello from Quito")

    html = page(client, discussion)

    assert [int(i) for i in re.findall(r'data-id="(\d+)"', section(html, "q1"))] == [first.id, late.id]
    assert "Hello from Quito" in section(html, "general")
    assert "late answer" not in section(html, "q2")
    assert '<span data-count="answers:1"' in html
    assert "2 answers" in section(html, "q1")
    assert html.index(f'data-recent="{late.id}"') < html.index(f'data-recent="{first.id}"')


def test_by_time_all_comments_are_one_list_with_their_question(client, house, clock):
    discussion = house.discussion(ask=1)
    hello = house.comment(discussion, body="Hello there")
    answer = house.comment(discussion, body="An answer", question=1)

    html = section(page(client, discussion, "?order=time"), "time")

    assert [int(i) for i in re.findall(r'data-id="(\d+)"', html)] == [hello.id, answer.id]
    assert '<span class="comment-question">Q1</span>' in html


def test_a_hidden_text_is_nowhere_and_its_place_gives_the_reason(client, house, clock):
    discussion = house.discussion(ask=1)
    bad = house.comment(discussion, house.user("Spam Writer"), "Buy my secret water", question=1)
    house.comment(discussion, body="I disagree", question=1, reply_to=bad.id)
    house.do(moderation.hide, house.host_of(discussion), bad, "advertising")

    for part in ("", "?order=time", "/transcript", "/recent", "/feed.atom", "/comments?question=1"):
        html = client.get(f"/d/{discussion.slug}{part}").get_data(as_text=True)
        assert "secret water" not in html, part
        assert "Spam Writer" not in html, part
    html = page(client, discussion)
    assert "Removed by a host" in html
    assert "advertising" in html
    assert "a comment that was removed" in html


def test_a_first_page_is_as_long_for_many_comments_and_the_rest_is_a_link_away(client, house, clock):
    discussion = house.discussion(ask=1)
    writer = house.user()
    all_ = [house.comment(discussion, writer, "Long words. " * 60, question=1).id for _ in range(60)]

    html = section(page(client, discussion), "q1")
    shown = [int(i) for i in re.findall(r'data-id="(\d+)"', html)]

    assert 12 <= len(shown) < 60
    assert shown == all_[-len(shown) :]
    assert f"Show {60 - len(shown)} earlier" in html
    assert 'href="?show=q1"' in html
    whole = section(page(client, discussion, "?show=q1"), "q1")
    assert [int(i) for i in re.findall(r'data-id="(\d+)"', whole)] == all_

    piece = client.get(f"/d/{discussion.slug}/comments?question=1&before={shown[0]}&limit=10").json
    assert [int(i) for i in re.findall(r'data-id="(\d+)"', piece["html"])] == all_[
        60 - len(shown) - 10 : 60 - len(shown)
    ]
    assert piece["left"] == 60 - len(shown) - 10


def test_a_permalink_leads_to_the_comment_among_its_neighbours(client, house, clock):
    discussion = house.discussion(ask=1)
    writer = house.user()
    all_ = [house.comment(discussion, writer, "Long words. " * 60, question=1).id for _ in range(60)]

    answer = client.get(f"/d/{discussion.slug}/c/{all_[3]}")

    assert answer.status_code == 303
    assert answer.location == f"/d/{discussion.slug}?around={all_[3]}#c{all_[3]}"
    html = page(client, discussion, f"?around={all_[3]}")
    assert f'id="c{all_[3]}"' in html
    assert 'data-window="closed"' in html
    assert client.get(f"/d/{discussion.slug}/c/99999").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "order=best", "show=q9", "show=%00", "before=-1", "before=1e3", "before=" + "9" * 30, "around=x", "reply=²",
        "refresh=5", "refresh=99999", "refresh=abc",
    ],
)  # fmt: skip
def test_nonsense_in_the_address_is_refused_with_the_fields_name(client, house, clock, query):
    discussion = house.discussion(ask=1)

    answer = client.get(f"/d/{discussion.slug}?{query}")

    assert answer.status_code == 422
    assert query.split("=")[0] in answer.get_data(as_text=True)


@pytest.mark.parametrize("query", ["question=9", "question=x", "before=0", "limit=9999", "limit=0"])
def test_nonsense_for_the_fragment_is_refused(client, house, clock, query):
    discussion = house.discussion(ask=1)

    assert client.get(f"/d/{discussion.slug}/comments?{query}").status_code == 422


def test_the_reading_page_reloads_itself_and_has_no_field(client, house, clock):
    discussion = house.discussion(ask=1)

    html = page(client, discussion, "?refresh=60")

    assert '<meta http-equiv="refresh" content="60">' in html
    assert "<textarea" not in html
    assert "<script" not in html
    assert 'content="300"' in page(client, discussion, "?refresh")


def test_text_only_has_neither_pictures_nor_script(client, house, clock):
    html = page(client, house.discussion(ask=1), "?text=1")

    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize("part", ["", "&order=time", "&show=q1", "&show=general"])
def test_text_only_leads_to_text_only(client, house, part):
    discussion = house.discussion(ask=1)
    writer = house.user()
    one = house.comment(discussion, writer, question=1)
    row = {column.name: getattr(one, column.name) for column in Comment.__table__.columns}
    with writing():
        db.session.execute(insert(Comment), [row | {"id": one.id + n, "key": f"more-{n}"} for n in range(1, 250)])
        discussion.last_seq += 1
    html = unescape(page(client, discussion, f"?text=1{part}"))
    stream = html[html.index('<main class="stream"') : html.index("</main>")]
    ways = stream[stream.index("stream-order") :]
    own = [way for way in re.findall(r'href="([^"]*\?[^"]*)"', ways) if "reply=" not in way]
    assert f'href="/d/{discussion.slug}"' not in ways
    assert any("show=q1" in way or "before=" in way for way in own)
    for way in own:
        assert "text=1" in way
        assert client.get(way if way[0] == "/" else f"/d/{discussion.slug}{way}").status_code == 200


@pytest.mark.parametrize("is_reply", [True, False])
def test_what_describes_the_field_is_on_the_page(client, house, is_reply):
    discussion = house.discussion(ask=1)
    comment = house.comment(discussion, question=1)
    html = page(client, discussion, f"?reply={comment.id}" if is_reply else "")
    described = re.search(r'<textarea[^>]* aria-describedby="([^"]*)"', html)[1].split()
    assert [html.count(f' id="{name}"') for name in described] == [1, 1]
    assert ("You reply to comment" in html) is is_reply


def test_a_closed_discussion_is_an_archive(client, house, clock):
    discussion = house.discussion(ask=1)
    house.comment(discussion, body="The last word", question=1)
    house.do(phases.close, house.host_of(discussion), discussion)

    html = page(client, discussion)

    assert 'data-phase="closed"' in html
    assert "after 1 comment from 1 person" in html
    assert "<textarea" not in html
    assert "/transcript" in html


def test_the_page_follows_the_clock_before_its_job_has_run(client, house, clock):
    discussion = house.discussion(phase="announced")
    assert 'data-phase="announced"' in page(client, discussion)

    clock.advance(timedelta(hours=1))
    assert 'data-phase="live"' in page(client, discussion)

    clock.advance(timedelta(hours=1))
    assert 'data-phase="closed"' in page(client, discussion)
    assert db.session.get(Discussion, discussion.id).phase is Phase.ANNOUNCED


def test_a_kept_page_is_never_old(client, house, clock):
    discussion = house.discussion(ask=1)
    before = page(client, discussion)
    assert page(client, discussion) == before

    house.comment(discussion, body="Fresh water", question=1)

    assert "Fresh water" in page(client, discussion)


def test_a_kept_page_keeps_the_guards_headers_and_answers_its_tag(client, house, clock):
    discussion = house.discussion(ask=1)
    first = client.get(f"/d/{discussion.slug}", headers={"Accept-Encoding": "br"})
    again = client.get(f"/d/{discussion.slug}", headers={"Accept-Encoding": "br"})

    assert again.data == first.data
    assert again.headers["Content-Encoding"] == "br"
    assert again.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert again.headers["Vary"] == "Accept-Encoding, Cookie"
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in again.headers
    unchanged = client.get(
        f"/d/{discussion.slug}", headers={"Accept-Encoding": "br", "If-None-Match": again.headers["ETag"]}
    )
    assert unchanged.status_code == 304
    assert unchanged.data == b""
    wrong = client.get(f"/d/{discussion.slug}", headers={"Host": "evil.example"})
    assert wrong.status_code == 400


def test_a_kept_page_is_not_given_to_somebody_signed_in(client, app, house, clock):
    discussion = house.discussion(ask=1)
    writer = house.user("Amina Diallo")
    own = house.comment(discussion, writer, "Mine", question=1)
    visitor = page(client, discussion)
    assert 'data-role="visitor"' in visitor
    assert "csrf" not in visitor

    signed_in = app.test_client()
    house.sign_in(signed_in, writer)
    html = page(signed_in, discussion)

    assert 'data-role="member"' in html
    assert f'data-me="{writer.id}"' in html
    assert 'name="csrf-token"' in html
    assert re.search(rf'data-author="{writer.id}" data-mine class="comment" id="c{own.id}"', html)
    assert page(app.test_client(), discussion) == visitor


def test_the_page_carries_no_inline_style_or_script(client, house, clock):
    discussion = house.discussion(ask=2)
    house.comment(discussion, body="An answer", question=2)

    html = page(client, discussion)

    assert not re.search(r"<[^>]*\s(style|on\w+)=", html)
    assert not re.search(r"<script(?![^>]*src=)", html)
    assert html.count("<style") == 1  # the sheet itself, see below


def test_a_visitors_page_is_shown_without_another_request(client, house, clock):
    """On a phone far away each costs half a second. A member has the sheet from the page where they signed in."""
    discussion = house.discussion(ask=1)
    sheet = (Path(web.__file__).parent.parent / "static/built/style.css").read_text().strip()

    answer = client.get(f"/d/{discussion.slug}")
    html = answer.get_data(as_text=True)

    assert f"<style>{sheet}</style>" in html
    assert policy_of_styles(html) in answer.headers["Content-Security-Policy"]
    assert [link for link in re.findall(r'<link rel="stylesheet"[^>]*>', html) if 'media="print"' not in link] == []

    house.sign_in(client, house.user("Mina Mayer"))
    html = page(client, discussion)
    assert "<style" not in html
    assert '<link rel="stylesheet" href="/static/built/style.css?v=' in html


def test_what_people_write_stays_text(client, house, clock):
    discussion = house.discussion(ask=1, title="<b>Bold</b> & plain", hosted_by="<i>x</i>")
    house.comment(discussion, house.user("<u>Eve</u> O'Neil"), "<script>alert(1)</script>", question=1)

    for part in ("", "/transcript", "/recent", "?order=time"):
        html = client.get(f"/d/{discussion.slug}{part}").get_data(as_text=True)
        assert "<b>Bold" not in html
        assert "<i>x" not in html
        assert "<u>Eve" not in html
        assert "<script>alert" not in html


def test_the_events_of_the_log_come_without_a_socket(client, house, clock):
    discussion = house.discussion(ask=1)
    seq = db.session.get(Discussion, discussion.id).last_seq
    comment = house.comment(discussion, body="Water", question=1)

    answer = client.get(f"/d/{discussion.slug}/events?after={seq}&epoch={discussion.epoch}").json

    assert (answer["seq"], answer["reload"]) == (seq + 1, False)
    assert [(e["kind"], e["id"]) for e in answer["events"]] == [("comment.posted", comment.id)]
    assert client.get(f"/d/{discussion.slug}/events?after={seq}&epoch=other").json["reload"] is True
    assert client.get(f"/d/{discussion.slug}/events?after=minus").status_code == 422


def test_a_calendar_entry_is_in_utc(client, house, clock):
    discussion = house.discussion(phase="announced")

    answer = client.get(f"/d/{discussion.slug}/calendar.ics")

    text = answer.get_data(as_text=True)
    assert answer.mimetype == "text/calendar"
    assert "DTSTART:20261123T150000Z" in text
    assert "DTEND:20261123T160000Z" in text


@pytest.mark.parametrize(("shown", "days", "texts"), [("all", 2, 2), ("count", 2, 0), ("none", 0, 0)])
def test_when_questions_open_is_told_as_far_as_readers_may_know(client, house, clock, shown, days, texts):
    discussion = weeks(house, shown)

    page = client.get(f"/d/{discussion.slug}").get_data(as_text=True)
    entry = client.get(f"/d/{discussion.slug}/calendar.ics").get_data(as_text=True).replace("\r\n ", "")

    for moment in ("Tue 1 Dec, 09:00", "Tue 8 Dec, 09:00"):
        assert (moment in page) is bool(days)
    for words in ("Dated one?", "Dated two?"):
        assert (words in page) is bool(texts)
    assert "Whispered?" not in page
    assert entry.count("BEGIN:VEVENT") == 1 + days
    assert ("DTSTART:20261208T090000Z" in entry) is bool(days)
    assert ("Dated two?" in entry) is bool(texts)
    assert "TRANSP:TRANSPARENT" in entry


def weeks(house, shown="all"):
    """Announced for three weeks from 1 December, 9:00 in London, with two questions that open by themselves."""
    made = house.discussion(phase="announced", questions_shown=shown)
    begin = datetime(2026, 12, 1, 9, tzinfo=UTC)
    with writing():
        made.starts_at, made.ends_at = begin, begin + timedelta(days=21)
    host = house.host_of(made)
    for number, words in enumerate(("Dated one?", "Dated two?")):
        house.do(questions.write, host, made, QuestionDraft(words, opens_at=begin + number * timedelta(days=7)))
    house.do(questions.skip, host, house.do(questions.write, host, made, QuestionDraft("Whispered?")))
    return made


def test_over_weeks_every_time_has_its_day(client, house, clock):
    discussion = weeks(house)
    clock.advance(timedelta(days=15))
    clockwork.turn()
    house.comment(discussion, body="Late in the month.", question=2)

    page = client.get(f"/d/{discussion.slug}").get_data(as_text=True)

    assert "Live · 13 days left" in page
    assert "1 Dec 2026, 09:00" in page
    assert "22 Dec 2026, 09:00" in page
    times = re.findall(r"<time[^>]*>([^<]*)</time>", page)
    assert [said for said in times if re.fullmatch(r"\d\d:\d\d", said)] == [], "an hour without its day"
    assert "8 Dec, 14:00" in times


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (119, "119 min left"),
        (121, "2 h left"),
        (47 * 60, "47 h left"),
        (49 * 60, "2 days left"),
        (30240, "21 days left"),
    ],
)
def test_what_is_left_is_said_in_the_roughest_words_that_help(client, house, clock, left, words):
    discussion = house.discussion()
    with writing():
        discussion.ends_at = clock.now() + timedelta(minutes=left)
    assert f"Live · {words}" in client.get(f"/d/{discussion.slug}").get_data(as_text=True)


def test_the_feed_is_well_formed_and_newest_first(client, house, clock):
    from xml.etree import ElementTree

    discussion = house.discussion(ask=1, title="Water & <wells>")
    house.comment(discussion, body="One", question=1)
    house.comment(discussion, body="Two", question=1)

    feed = ElementTree.fromstring(client.get(f"/d/{discussion.slug}/feed.atom").data)

    name = "{http://www.w3.org/2005/Atom}"
    assert feed.findtext(f"{name}title") == "Water & <wells>"
    assert next(entry.findtext(f"{name}content") for entry in feed.findall(f"{name}entry")).find("Two") > 0


def test_the_transcript_is_everything(client, house, clock):
    discussion = house.discussion(ask=1)
    writer = house.user()
    for number in range(120):
        house.comment(discussion, writer, f"Answer number {number}!", question=1)

    html = client.get(f"/d/{discussion.slug}/transcript").get_data(as_text=True)

    assert all(f"number {number}!" in html for number in range(120))


def test_a_reply_without_script_names_its_parent(client, house, clock):
    discussion = house.discussion(ask=2)
    parent = house.comment(discussion, body="To be answered", question=1)

    html = page(client, discussion, f"?reply={parent.id}")

    assert f'name="reply_to" value="{parent.id}"' in html
    assert '<option value="1" selected>' in html


def test_counts_follow_edits_moves_and_seats(client, house, clock):
    discussion = house.discussion(ask=2)
    panelist = house.panelist(discussion, "Priya Raman")
    comment = house.comment(discussion, panelist, "From the panel", question=1)
    assert "1 answer" in section(page(client, discussion), "q1")
    assert ", 1 from the panel" in page(client, discussion)

    house.do(comments.move, house.host_of(discussion), comment, 2)

    assert "no answers yet" in section(page(client, discussion), "q1")
    assert "1 answer" in section(page(client, discussion), "q2")


def test_the_host_is_shown_the_console(client, house, clock):
    discussion = house.discussion(ask=1)
    moderator = house.user("Mo Derator-Smith", role=SiteRole.MEMBER)
    house.seat(discussion, moderator, SeatRole.MODERATOR)
    assert "/console" not in page(client, discussion)

    house.sign_in(client, moderator)

    assert f"/d/{discussion.slug}/console" in page(client, discussion)


def test_a_skipped_question_is_not_announced(client, house, clock):
    discussion = house.discussion()
    question = house.question(discussion, "Shall we skip this?")
    assert "Shall we skip this?" in page(client, discussion)

    house.do(questions.skip, house.host_of(discussion), question)

    assert "Shall we skip this?" not in page(client, discussion)


def test_questions_that_are_over_are_folded_until_somebody_asks_for_them(client, house, clock):
    discussion = house.discussion(ask=1)
    first = house.comment(discussion, body="First answer", question=1)
    house.asked(discussion, "And what about the second point?")
    house.comment(discussion, body="Second answer", question=2)

    def folded(query=""):
        html = page(client, discussion, query)
        return ['<details class="fold">' in section(html, name) for name in ("q1", "q2")]

    assert folded() == [True, False]
    assert folded(f"?around={first.id}") == [False, False]
    assert folded("?show=q1") == [False, False]
    assert folded("?refresh=60") == [False, False]
    house.do(phases.close, house.host_of(discussion), discussion)
    assert folded() == [False, False]


def test_somebody_who_may_not_write_any_more_is_told_so_on_the_page(client, house, clock):
    discussion = house.discussion(ask=1)
    member = house.user("Samuel Bekele")
    house.do(sanctions.mute, house.host_of(discussion), discussion, member, "Advertising")
    house.sign_in(client, member)

    html = page(client, discussion)

    assert 'data-role="muted"' in html
    assert "You can go on reading, and object. Reason: Advertising" in html
    assert 'data-slot="muted"' not in page(client.application.test_client(), discussion)


def test_what_an_action_has_to_say_is_said_on_whichever_page_comes_next(client, house, clock):
    house.sign_in(client, house.user())
    with client.session_transaction() as session:
        session["_flashes"] = [("message", "It is done.")]

    said = '<p class="told" role="status" tabindex="-1" autofocus>It is done.</p>'
    assert client.get("/").get_data(as_text=True).count(said) == 1
    assert said not in client.get("/").get_data(as_text=True)


def test_every_link_within_the_page_leads_somewhere(client, house, clock):
    discussion = house.discussion(ask=2)
    house.comment(discussion, question=1)
    for query in ("", "?order=time", "?refresh=60", "?show=q1"):
        page = client.get(f"/d/{discussion.slug}{query}").text
        targets = set(re.findall(r'href="#([^"]+)"', page))
        assert targets
        assert targets <= set(re.findall(r'id="([^"]+)"', page)), query


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br", "br"), ("BR", "br"), ("gzip, deflate, br, zstd", "br"), ("xbr", None), ("xbr, gzip", "gzip"), ("", None),
        ("br;q=0, gzip;q=0.5", "gzip"), ("br;q=0", None), ("GZip", "gzip"), ("x-gzip-like", None),
    ],
)  # fmt: skip
def test_a_page_comes_only_in_an_encoding_that_was_asked_for(client, house, accepted, encoding):
    discussion = house.discussion(ask=1)
    for _ in range(2):  # as it was made, and as it was kept
        answer = client.get(f"/d/{discussion.slug}", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == encoding


@pytest.mark.parametrize(
    ("known", "status"),
    [("{}", 304), ("W/{}", 304), ('"other", {}', 304), ("*", 304), ('"x{}', 200), ('"other"', 200), ("", 200)],
)
def test_a_kept_page_is_known_by_its_whole_tag(client, house, known, status):
    path = f"/d/{house.discussion(ask=1).slug}"
    tag = client.get(path).headers["ETag"]
    tag = tag[1:] if known.startswith('"x') else tag
    answer = client.get(path, headers={"If-None-Match": known.format(tag)})
    assert (answer.status_code, bool(answer.data)) == (status, status == 200)


def test_what_was_said_on_another_day_than_that_of_the_event_has_its_day(client, house, clock):
    discussion = house.discussion(phase="announced")
    host = house.host_of(discussion)
    house.do(announcements.announce, host, discussion, "On the day itself.")
    assert re.search(r"<time[^>]*>14:00<", client.get(f"/d/{discussion.slug}").text)
    begin = clock.now() + timedelta(days=3)
    later(house, discussion, starts_at=begin, ends_at=begin + timedelta(hours=1))
    assert re.search(r"<time[^>]*>23 Nov, 14:00<", client.get(f"/d/{discussion.slug}").text)
