"""The sample discussion: made once, live right now, and its cast does not repeat itself."""

import random
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select

from forum import audience, clock, server
from forum.actions import phases, seats
from forum.cli import main
from forum.config import Settings
from forum.database import db, writing
from forum.demo import cast, lines, make
from forum.models import Comment, Discussion, Phase, Proposal, SeatRole, User
from tests.machine import free_port


def test_the_sample_is_live_right_now_and_made_once(app):
    make.prepare(app)
    make.prepare(app)
    db.session.expire_all()
    sample = Discussion.with_slug(make.SLUG)
    assert sample.phase_at(clock.now()) is Phase.LIVE
    assert [question.number for question in sample.questions] == [1, 2, None, None]
    assert sample.open_question.number == 2
    assert len(sample.seats) == 7
    comments = db.session.scalar(select(func.count()).select_from(Comment).where(Comment.discussion_id == sample.id))
    assert comments >= 55
    phases = {found.phase_at(clock.now()) for found in db.session.scalars(select(Discussion))}
    assert phases == {Phase.LIVE, Phase.CLOSED, Phase.ANNOUNCED}
    for email in ("host@example.org", "panelist@example.org", "member@example.org", "organiser@example.org"):
        assert User.with_email(email).password_hash


def test_the_audience_of_the_sample_has_asked_and_voted_and_found_helpful(app):
    make.prepare(app)
    with app.app_context():
        discussion = Discussion.with_slug(make.SLUG)
        assert [wish.votes for wish in audience.most_wanted(discussion)] == [4, 2, 2]
        assert db.session.scalar(select(func.max(Comment.helpful)).where(Comment.discussion_id == discussion.id)) > 1


def test_where_the_list_of_questions_was_closed_the_sample_is_made_ready_all_the_same(app, house):
    make.prepare(app)
    with app.app_context():
        discussion = Discussion.with_slug(make.SLUG)
        with writing():
            db.session.execute(delete(Proposal))
            discussion.takes_proposals = False
    make.prepare(app)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Proposal)) == 0


@pytest.mark.parametrize("has_owner", [True, False])
def test_without_its_host_the_sample_is_made_ready_all_the_same(app, house, clock, has_owner):
    make.prepare(app)
    discussion = Discussion.with_slug(make.SLUG)
    owner = db.session.get_one(User, discussion.owner_id)
    with writing():
        for seat in [seat for seat in discussion.seats if seat.role is SeatRole.HOST]:
            seats.take(owner, seat)
        phases.close(owner, discussion)
        db.session.execute(delete(Proposal))
        if not has_owner:
            discussion.owner_id = None
    make.prepare(app)
    db.session.expire_all()
    discussion = Discussion.with_slug(make.SLUG)
    assert (discussion.phase_at(clock.now()) is Phase.LIVE) is has_owner
    assert (db.session.scalar(select(func.count()).select_from(Proposal)) > 0) is has_owner
    clock.advance(discussion.ends_at - clock.now() - timedelta(minutes=5))
    assert cast._run(discussion) is has_owner


def test_some_answers_to_the_first_question_came_late(app):
    make.prepare(app)
    sample = Discussion.with_slug(make.SLUG)
    second = sample.questions[1].asked_at
    late = db.session.scalars(
        select(Comment).where(Comment.question_id == sample.questions[0].id, Comment.posted_at > second)
    )
    assert len(list(late)) >= 3


def test_nothing_is_said_again_within_fifty():
    dice, said = random.Random(7), []
    for _ in range(300):
        turn = cast.choose(dice, said, 12, [1, 2])
        assert turn.body not in said[-50:]
        assert turn.question in {1, 2}
        said.append(turn.body)
    assert len(lines.LINES) >= 80


def test_the_cast_rests_while_nobody_watches(app):
    make.prepare(app)
    before = db.session.scalar(select(func.count()).select_from(Comment))
    cast._turn(random.Random(7))
    assert db.session.scalar(select(func.count()).select_from(Comment)) == before


def _would_serve(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `serve` read these settings, on a free port, and end where it would begin to serve."""
    for name, value in server.as_environment(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FORUM_BIND", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(server, "serve", lambda *_: None)


def test_a_site_with_accounts_whose_password_everybody_knows_says_so(app, monkeypatch):
    _would_serve(app.config["SETTINGS"], monkeypatch)
    assert CliRunner().invoke(main, ["serve"]).stderr == ""
    make.prepare(app)
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 0 and done.stderr.startswith("Warning: the demo accounts")


@pytest.mark.parametrize(
    ("key", "warned"), [("changeme", True), ("fifteen letters", True), ("sixteen letters!", False)]
)
def test_a_secret_that_can_be_guessed_is_warned_of(app, monkeypatch, key, warned):
    settings = app.config["SETTINGS"].model_copy(update={"secret_key": key})
    _would_serve(settings, monkeypatch)
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 0 and ("FORUM_SECRET_KEY" in done.stderr) is warned
    assert key not in done.output


@pytest.mark.parametrize(
    ("changed", "warned"),
    [
        ({"site_url": "https://talk.example.org"}, True),
        ({"site_url": "https://talk.example.org", "mail_url": "smtps://mail.example.org"}, False),
        ({"site_url": "http://localhost:8000"}, False),
        ({"site_url": "http://forum.localhost"}, False),
        ({"site_url": "http://[::1]:8000"}, False),
        ({"site_url": ""}, False),
    ],
)
def test_a_site_for_others_that_prints_its_letters_says_so(app, monkeypatch, changed, warned):
    settings = app.config["SETTINGS"].model_copy(update={"mail_url": "", **changed})
    _would_serve(settings, monkeypatch)
    done = CliRunner().invoke(main, ["serve"])
    assert done.exit_code == 0 and ("FORUM_MAIL_URL" in done.stderr) is warned
