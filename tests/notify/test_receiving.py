"""The two doors for mail, a pipe and LMTP, as a mail server meets them, and the whole way round to an open page."""

import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from forum import create_app, server
from forum.actions import calls, phases
from forum.cli import main
from forum.database import db
from forum.incoming import receiving
from forum.models import Comment, Letter
from forum.notify import addresses
from tests import conftest
from tests.conftest import free_port
from tests.house import House
from tests.live.conftest import Ear
from tests.server import running

FORUM = Path(__file__).resolve().parents[2] / ".venv" / "bin" / "forum"
BOX = "answers@talk.example.org"


@pytest.fixture
def app(app):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"mail_replies": BOX})
    return app


def environment(app):
    return {**os.environ, **server.as_environment(app.config["SETTINGS"])}


def pipe(app, raw, *options):
    """Hand `raw` over as Postfix does; return the finished process."""
    db.session.rollback()
    command = [str(FORUM), "mail", "receive", *options]
    return subprocess.run(command, input=raw, capture_output=True, env=environment(app), timeout=110, check=False)


def status(app, raw, *options, **changed):
    """The same command inside this process, which spares a start: its exit status."""
    db.session.rollback()
    done = CliRunner().invoke(main, ["mail", "receive", *options], input=raw, env={**environment(app), **changed})
    assert done.stdout == ""
    assert bool(done.stderr) == bool(done.exit_code)
    return done.exit_code


def reply(user, to, words="Rivers first.", name="<1@example.org>"):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = user.email, to, "Re: For you", name
    message.set_content(
        f"{words}\n\nOn Mon, Nov 23, 2026 at 2:05 PM Roundtext <r@example.org>\nwrote:\n\n> No, lakes.\n"
    )
    return message.as_bytes()


def said():
    db.session.rollback()
    return [comment.source for comment in db.session.query(Comment).order_by(Comment.id)]


def test_a_pipe_takes_one_mail_and_says_by_its_status_how_it_went(app, house):
    room, mara, eve = house.discussion(ask=1), house.user("Mara Member"), house.user("Eve Evil")
    to = addresses.address_for(mara, room, room.questions[0])
    done = pipe(app, b"Delivered-To: " + to.encode() + b"\n" + reply(mara, "list@example.org"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert status(app, reply(mara, "list@example.org"), "--to", to, "--from", mara.email) == 0, "the same mail again"
    assert said() == ["Rivers first."]
    refused = pipe(app, reply(eve, to))
    assert refused.returncode == 77
    assert refused.stdout == b""
    assert len(refused.stderr.splitlines()) == 1
    assert b"Mara" not in refused.stderr
    assert said() == ["Rivers first."]


@pytest.mark.one_database
def test_a_pipe_keeps_what_it_cannot_take_now_and_refuses_what_it_never_will(app, house):
    room, mara = house.discussion(ask=1), house.user("Mara Member")
    to = addresses.address_for(mara, room, room.questions[0])
    mail = reply(mara, to)
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    assert status(app, mail, FORUM_DATABASE_URL=away) == 75
    assert status(app, mail, FORUM_POLL_SECONDS="never") == 75, "a wrong setting loses no mail"
    locked = sqlite3.connect(app.config["SETTINGS"].database.removeprefix("sqlite:///"), isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    assert status(app, mail) == 75
    locked.execute("ROLLBACK")
    locked.close()
    assert status(app, mail, "--to", "nobody@example.org") == 67
    assert status(app, b"x" * (receiving.LARGEST_BYTES + 1)) == 65
    assert status(app, b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 5000, "--to", to) == 65
    assert said() == []
    assert status(app, mail) == 0
    assert said() == ["Rivers first."]


@contextmanager
def lmtp(app, where):
    """Serve LMTP until the block ends; yields the process."""
    db.session.rollback()
    command = [str(FORUM), "mail", "receive", "--lmtp", where]
    with subprocess.Popen(command, env=environment(app), stderr=subprocess.PIPE) as process:
        try:
            until = time.monotonic() + 30
            while not _answers(where):
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def _answers(where):
    try:
        if "/" in where:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(where)
        else:
            host, _, port = where.rpartition(":")
            socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def test_lmtp_says_of_every_recipient_how_it_went(app, house, tmp_path):
    """By a socket's path on one database, by host and port on the other."""
    room, mara, hana = house.discussion(ask=1), house.user("Mara Member"), house.user()
    mine, other = (addresses.address_for(user, room, room.questions[0]) for user in (mara, hana))
    where = str(tmp_path / "lmtp.sock") if app.config["SETTINGS"].is_sqlite else f"127.0.0.1:{free_port()}"
    with lmtp(app, where) as process:
        host, _, port = (where, "", 0) if "/" in where else where.rpartition(":")
        with smtplib.LMTP(host, int(port), timeout=20) as line:
            line.ehlo_or_helo_if_needed()
            assert line.esmtp_features["size"] == str(receiving.LARGEST_BYTES)
            assert line.mail(mara.email)[0] == 250
            assert line.rcpt(mine.replace("+", "+aa"))[0] == 550, "before the mail comes"
            assert [line.rcpt(to)[0] for to in (mine, other, "nobody@example.org")] == [250] * 3
            assert line.docmd("DATA")[0] == 354
            mail = reply(mara, mine).replace(b"\n", b"\r\n").replace(b"Rivers", b"y" * 3000 + b" Rivers", 1)
            line.send(mail + b".\r\n")
            assert [line.getreply()[0] for _ in range(3)] == [250, 550, 550]
            assert line.sendmail(mara.email, [mine], reply(mara, mine)) == {}, "the same mail again"
            assert line.mail("<>")[0] == 250
            assert line.rcpt(mine)[0] == 250
            assert line.data(reply(mara, mine, "A bounce.", "<2@example.org>"))[0] == 250
            assert line.sendmail(mara.email, [mine], reply(mara, mine, "Another.", "<3@example.org>")) == {}
            with pytest.raises(smtplib.SMTPSenderRefused):
                line.sendmail(mara.email, [mine], b"x" * (receiving.LARGEST_BYTES + 10))
        assert [words[-14:] for words in said()] == [" Rivers first.", "Another."]
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.stderr.read() == b""
    assert not Path(where).exists()


@pytest.mark.one_database
def test_a_socket_is_its_successor_s_from_when_that_is_there(app, tmp_path):
    where = str(tmp_path / "lmtp.sock")
    with lmtp(app, where) as process:
        second = subprocess.run(
            [str(FORUM), "mail", "receive", "--lmtp", where], env=environment(app), capture_output=True, timeout=30
        )
        assert second.returncode == 1
        assert f"Another process takes mail at {where}." in second.stderr.decode()
        assert _answers(where)
        Path(where).unlink()
        with socket.socket(socket.AF_UNIX) as successor:
            successor.bind(where)
            successor.listen()
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
            assert _answers(where)
    with lmtp(app, where):  # over the file of one that was killed
        assert _answers(where)


class Mailbox:
    """A mail server that keeps what it gets."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, _server, _session, envelope):
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def test_a_letter_is_answered_by_mail_and_an_open_page_has_the_answer(request, database):
    """A host calls on a panelist, who is away, gets a real letter, and presses “reply”."""
    kind = "sqlite" if database.is_sqlite else "postgresql"
    settings = conftest._new_settings(request, kind)
    box = Mailbox()
    post = Controller(box, hostname="127.0.0.1", port=free_port())
    post.start()
    changes = {"mail_url": f"smtp://127.0.0.1:{post.port}", "mail_replies": BOX, "poll_seconds": 1.0}
    try:
        with running(settings.model_copy(update=changes)) as served:
            app = create_app(served.settings)
            with app.app_context():
                _go_round(app, House(app), served, box)
                db.session.remove()
                db.engine.dispose()
    finally:
        post.stop()


def _go_round(app, house, served, box):
    room = house.discussion(ask=1, title="Whose river?", slug="water")
    priya = house.panelist(room, "Priya Raman")
    house.do(calls.call, house.host_of(room), room, priya.id, room.questions[0])
    until = time.monotonic() + 30
    while not box.messages:
        assert time.monotonic() < until, "no letter came"
        time.sleep(0.1)
    letter = box.messages[0]
    assert letter["To"] == priya.email
    db.session.refresh(room)
    ear = Ear(served)
    ear.join(room)
    quoted = "\n".join(f"> {line}" for line in letter.get_content().splitlines())
    answer = EmailMessage()
    answer["From"], answer["To"] = f"Priya <{priya.email}>", letter["Reply-To"]
    answer["Subject"], answer["Message-ID"] = f"Re: {letter['Subject']}", "<whole@example.org>"
    answer["In-Reply-To"] = letter["Message-ID"]
    answer.set_content(f"It belongs to **nobody**.\n\nOn 23 Nov 2026, at 14:05, {letter['From']} wrote:\n\n{quoted}\n")
    done = pipe(app, answer.as_bytes(), "--to", str(letter["Reply-To"]).lower(), "--from", priya.email)
    assert (done.returncode, done.stderr) == (0, b"")
    heard = ear.hear("events", 5, lambda said: any("nobody" in str(event.get("html")) for event in said["events"]))
    assert status(app, answer.as_bytes(), "--to", str(letter["Reply-To"])) == 0, "the same mail again"
    assert "<strong>nobody</strong>" in str(heard)
    assert "quiet" not in str(heard)
    page = requests.get(f"{served.address}/d/water", timeout=10).text
    assert page.count("It belongs to <strong>nobody</strong>") == 1
    (comment,) = (one for one in db.session.query(Comment) if one.author_id == priya.id)
    assert (comment.source, comment.question.number) == ("It belongs to **nobody**.", 1)
    house.do(phases.close, house.host_of(room), room)
    late = answer.as_bytes().replace(b"whole@", b"late@").replace(b"belongs", b"belonged")
    assert status(app, late, "--to", str(letter["Reply-To"])) == 0
    assert len(said()) == 1
    (back,) = (one for one in db.session.query(Letter) if one.kind == "returned")
    until = time.monotonic() + 30
    while len(box.messages) < 2:
        assert time.monotonic() < until, "the text did not come back"
        time.sleep(0.1)
    assert back.to == box.messages[-1]["To"] == priya.email
    assert "It belonged to **nobody**." in box.messages[-1].get_content()
