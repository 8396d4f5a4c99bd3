"""Announcements, highlights, summaries and corrected questions, as hosts make them and readers meet them."""

import json

import pytest
from sqlalchemy import select

from forum.actions import (
    announcements,
    comments,
    guests,
    highlights,
    imports,
    moderation,
    proposals,
    summaries,
)
from forum.archive import discussion_file, export
from forum.database import db, writing
from forum.models import Comment, Discussion, ModerationAction, Question, SeatRole


@pytest.fixture
def event(house):
    """A live discussion with two questions asked, its host and a comment."""
    discussion = house.discussion(ask=2)
    host = house.host_of(discussion)
    return discussion, host, house.comment(discussion, house.user("Ada Lind"), "A point.", question=1)


@pytest.fixture
def browse(app, house):
    """Return what posts a form as somebody and what reads a page as a visitor."""

    def signed_in(user):
        client = app.test_client()
        house.sign_in(client, user)
        token = house.token(client)

        def post(path, **fields):
            return client.post(path, data={"csrf_token": token, **fields}, headers={"Accept": "application/json"})

        return post

    return signed_in


def page(app, path):
    return app.test_client().get(path).get_data(as_text=True)


def recorded(verb):
    db.session.rollback()
    return db.session.scalars(select(ModerationAction).where(ModerationAction.verb == verb)).all()


def test_an_announcement_stands_on_the_page_until_it_is_taken_down(app, event, browse):
    discussion, host, _comment = event
    place, at = f"/d/{discussion.slug}", f"/d/{discussion.slug}/console/announcement"
    post = browse(host)
    assert 'class="announcement"' not in page(app, place)
    assert post(at, announcement="Please be **brief**.").status_code == 200
    assert "Please be <strong>brief</strong>." in page(app, place)
    seq = post(at, announcement="Please be **brief**.").get_json()["seq"]
    assert post(at, announcement="Thank you.").get_json()["seq"] == seq + 1, "the same again is no event"
    assert "brief" not in page(app, place)
    refused = post(at, announcement="x" * 601)
    assert (refused.status_code, list(refused.get_json()["error"]["fields"])) == (422, ["announcement"])
    assert post(at, announcement="  ").status_code == 422
    assert "Thank you." in page(app, place)
    assert post(f"{at}/take-down").status_code == 200
    assert "Thank you." not in page(app, place)
    assert [line.after["announcement"] for line in recorded("announcement.made")] == [
        "Please be **brief**.",
        "Thank you.",
    ]
    assert recorded("announcement.taken_down")[0].before == {"announcement": "Thank you."}


def test_what_is_announced_asked_and_summed_up_turns_no_letters_round(house):
    link = "https://example.org/\u202emoc.live\u202c"
    room = house.discussion(intro=link, editors_note=link)
    host = house.host_of(room)
    house.do(announcements.announce, host, room, link)
    house.do(summaries.of_discussion, host, room, link)
    question = house.question(room, link)
    wish = house.do(proposals.make, house.user(), room, link)
    plain = "https://example.org/moc.live"
    said = (room.intro, room.editors_note, room.announcement, room.summary, question.text, wish.text)
    assert said == (plain,) * 6
    assert guests.clean_words(link) == plain


def test_highlights_are_marked_and_listed_as_long_as_they_can_be_read(app, house, event, browse):
    discussion, host, comment = event
    place = f"/d/{discussion.slug}"
    moderator = house.user("Tom Fuller")
    house.seat(discussion, moderator, SeatRole.MODERATOR)
    post = browse(moderator)
    assert "The hosts have not highlighted anything yet." in page(app, f"{place}/highlights")
    assert "Highlighted by the hosts" in post(f"{place}/comments/{comment.id}/highlight").get_json()["html"]
    assert post(f"{place}/comments/{comment.id}/highlight").status_code == 200
    assert len(recorded("comment.highlighted")) == 1
    assert "1 highlight" in page(app, place)
    listed = page(app, f"{place}/highlights")
    assert "A point." in listed
    assert f'href="{place}/c/{comment.id}"' in listed
    house.do(moderation.hide, host, comment, "a mistake")
    assert "A point." not in page(app, f"{place}/highlights")
    assert "1 highlight" not in page(app, place)
    assert post(f"{place}/comments/{comment.id}/highlight").status_code == 409
    house.do(moderation.restore, host, comment)
    assert "1 highlight" in page(app, place)
    assert post(f"{place}/comments/{comment.id}/unhighlight").status_code == 200
    assert "Highlighted by the hosts" not in page(app, place)
    assert browse(house.user("Mina Mayer"))(f"{place}/comments/{comment.id}/highlight").status_code == 403


def test_an_edited_highlight_stays_one_and_a_deleted_one_is_gone(app, house, event):
    discussion, host, comment = event
    house.do(highlights.highlight, host, comment)
    author = db.session.get_one(Comment, comment.id).author
    house.do(comments.edit, author, comment, "A better point.")
    assert "A better point." in page(app, f"/d/{discussion.slug}/highlights")
    house.do(comments.delete, author, comment)
    assert "better point" not in page(app, f"/d/{discussion.slug}/highlights")


def test_summaries_stand_on_top_and_in_the_archive(app, event, browse):
    discussion, host, _comment = event
    place = f"/d/{discussion.slug}"
    question = next(q for q in discussion.questions if q.number == 1)
    post = browse(host)
    assert post(f"{place}/console/summary", summary="Towns *share*.").status_code == 200
    assert post(f"{place}/questions/{question.id}/summary", summary="Trust first.").status_code == 200
    for path in (place, f"{place}/transcript"):
        shown = page(app, path)
        assert "Towns <em>share</em>." in shown, path
        assert "Trust first." in shown, path
    for kind in ("markdown", "text", "html"):
        assert "Trust first." in export.whole(kind, discussion)
    assert post(f"{place}/questions/{question.id}/summary", summary="").status_code == 200
    assert "Trust first." not in page(app, place)
    assert post(f"{place}/console/summary", summary="x" * 5001).status_code == 422
    assert post(f"{place}/questions/999999/summary", summary="x").status_code == 404


def test_a_question_not_asked_has_no_summary(house, event, browse):
    discussion, host, _comment = event
    waiting = house.question(discussion, "Later?")
    assert browse(host)(f"/d/{discussion.slug}/questions/{waiting.id}/summary", summary="Too soon.").status_code == 409


def test_a_question_corrected_after_it_was_asked_says_so(app, house, event, browse):
    discussion, host, _comment = event
    asked = next(q for q in discussion.questions if q.number == 2)
    waiting = house.question(discussion, "Later?")
    post = browse(host)
    edit = f"/d/{discussion.slug}/questions/{asked.id}/edit"
    assert post(edit, text=asked.text, length_minutes="7").status_code == 200
    assert "corrected" not in page(app, f"/d/{discussion.slug}")
    assert post(edit, text="What about point two, rather?").status_code == 200
    assert "corrected" in page(app, f"/d/{discussion.slug}")
    assert post(f"/d/{discussion.slug}/questions/{waiting.id}/edit", text="Much later?").status_code == 200
    db.session.rollback()
    assert db.session.get_one(Question, waiting.id).corrected_at is None
    assert "What about point 2?" in {line.before.get("text") for line in recorded("question.edited")}


def test_summaries_and_highlights_come_back_from_a_file(house, event, browse):
    discussion, host, comment = event
    question = next(q for q in discussion.questions if q.number == 1)
    post = browse(host)
    post(f"/d/{discussion.slug}/console/summary", summary="The whole.")
    post(f"/d/{discussion.slug}/questions/{question.id}/summary", summary="The part.")
    house.do(highlights.highlight, host, comment)
    db.session.rollback()
    values = json.loads(export.whole("json", db.session.get_one(Discussion, discussion.id)))
    values["slug"] = "again"
    with writing():
        again = imports.store(discussion_file.read(json.dumps(values).encode()))
        number = again.id
    db.session.rollback()
    found = db.session.get_one(Discussion, number)
    assert (found.summary, "The whole." in found.summary_html) == ("The whole.", True)
    assert found.questions[0].summary == "The part."
    assert db.session.scalars(select(Comment).where(*Comment.highlighted_in(number))).one().source == "A point."
