"""The `forum` command as a person in a shell meets it: exit status, standard output, one line of error."""

import errno
import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner
from sqlalchemy import make_url, text

from forum import server
from forum.actions import passwords
from forum.cli import main, place, refusals, settings
from forum.config import Settings
from forum.database import db
from forum.models import Comment, Discussion, User
from tests.conftest import new_database
from tests.house import of_another_version

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (
    "demo", "serve", "upgrade", "user add", "discussion import", "discussion export", "backup", "restore", "simulate",
    "mail receive",
)  # fmt: skip


@pytest.fixture
def environment(app):
    """What tells a command where the test's database is."""
    return {**os.environ, **server.as_environment(app.config["SETTINGS"]), "FORUM_BIND": "127.0.0.1:1"}


@pytest.fixture
def forum(app, environment, monkeypatch, caplog):
    """Run `forum …` on the test's database, in this process: a new one takes seconds to load what this has loaded.

    Returns click's result. That a shell gets the same is `test_a_shell_gets_status_and_both_streams`.
    """
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("this process would have become the server"))

    def run(*arguments, stdin=""):
        db.session.commit()
        db.engine.dispose()
        done = CliRunner().invoke(main, [*map(str, arguments)], env=environment, input=stdin, prog_name="forum")
        db.session.expire_all()
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception  # it would be a traceback in the shell
        assert [line for line in caplog.records if line.exc_info] == [], "and so would be what is logged"
        return done

    return run


@pytest.fixture
def shell(environment):
    """Run `forum …` on the test's database as a process of its own; returns the finished process."""

    def run(*arguments):
        db.session.commit()
        command = [sys.executable, "-m", "forum.cli", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, cwd=ROOT)
        db.session.expire_all()
        return done

    return run


def test_every_command_explains_itself():
    for command in COMMANDS:
        done = CliRunner().invoke(main, [*command.split(), "--help"])
        assert done.exit_code == 0, command
        assert done.output.startswith("Usage:")
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(command.split()[0] in shown for command in COMMANDS)


def test_help_waits_for_no_part_of_the_house():
    """It took 2 s: the package loaded everything before it looked at what was asked."""
    asked = "import sys; from forum.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert not {"flask", "sqlalchemy", "gevent", "forum.models"} & set(done.stdout.split())


@pytest.mark.one_database
def test_nobody_loads_the_migrations_who_has_none_to_run(environment):
    """A server, and a command on a database of this version: Alembic was a tenth of its start."""
    asked = "import sys; from forum import create_app, migrating; migrating.upgrade(create_app()); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert not {"alembic", "flask_migrate", "mako", "pygments"} & set(done.stdout.split())


def test_the_readme_shows_only_commands_that_exist():
    shown = set(re.findall(r"\.venv/bin/forum ([a-z]+(?: (?:add|import|export))?)", (ROOT / "README.md").read_text()))
    assert shown
    assert shown <= set(COMMANDS)


def test_a_file_of_words_that_cannot_be_read_is_said_at_the_start(tmp_path, monkeypatch):
    for wrong in (tmp_path / "none.txt", tmp_path):
        monkeypatch.setenv("FORUM_HELD_WORDS_FILE", str(wrong))
        with pytest.raises(ClickException, match=r"FORUM_HELD_WORDS_FILE: .*cannot be read"):
            settings()


def test_a_server_gets_the_file_of_words_and_no_file_where_there_is_none(tmp_path, monkeypatch):
    file = tmp_path / "words.txt"
    file.write_text("lottery")
    for wanted in (None, file):
        monkeypatch.setenv(
            "FORUM_HELD_WORDS_FILE",
            server.as_environment(Settings(data_dir=tmp_path, held_words_file=wanted))["FORUM_HELD_WORDS_FILE"],
        )
        assert Settings().held_words_file == wanted


def test_an_account_is_made_and_then_changed(forum):
    assert forum("user", "add", "ada@example.org", "--name", "Ada", "--password", "long enough").exit_code == 0
    again = ("user", "add", "ada@example.org", "--name", "Ada Lovelace", "--password", "-", "--role", "organiser")
    assert "organiser Ada Lovelace" in forum(*again, stdin="another one\n").stdout
    user = User.with_email("ada@example.org")
    assert passwords.fits(user.password_hash, "another one")
    refused = forum("user", "add", "bob@example.org", "--name", "Bob", "--password", "short")
    assert refused.exit_code != 0
    assert "8" in refused.stderr
    assert refused.stdout == ""


def test_commands_that_change_a_database_say_which(app, forum, tmp_path):
    read = app.config["SETTINGS"]
    at = f"{read.data_dir.resolve() / 'roundtext.sqlite'}" if read.is_sqlite else make_url(read.database).database
    for command in (
        ("user", "add", "ada@example.org", "--name", "Ada", "--password", "long enough"),
        ("backup", tmp_path / "saved"),
        ("restore", tmp_path / "saved"),
    ):
        done = forum(*command)
        assert done.exit_code == 0, done.stderr
        assert at in done.stdout


@pytest.mark.one_database
def test_a_shell_gets_status_and_both_streams(shell, house):
    """What the other tests ask in their own process, once for each end that a command can have."""
    discussion = house.discussion(ask=1)
    house.comment(discussion, body="Schnee fällt – leise.", question=1)
    done = shell("discussion", "export", discussion.slug, "--format", "markdown")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Schnee fällt – leise." in done.stdout
    refused = shell("discussion", "export", "nowhere")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Error: There is no discussion nowhere. `forum discussion list` shows them.\n"
    wrong = shell("discussion", "export")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("Usage: ")


def test_the_place_of_a_database_is_said_without_its_password():
    read = Settings(database_url="postgresql://forum:secret@db.example.org:5433/talk?password=secret")
    assert place(read) == "postgresql://forum@db.example.org:5433/talk"


@pytest.mark.one_database
def test_a_password_is_asked_for_twice_at_a_terminal_and_not_shown(app):
    db.session.commit()
    terminal, inside = pty.openpty()
    shown = b""
    command = [sys.executable, "-m", "forum.cli", "user", "add", "ada@example.org", "--name", "Ada", "--password", "-"]
    environment = {**os.environ, **server.as_environment(app.config["SETTINGS"])}
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=inside, stderr=inside, stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(inside)
        for question in (b"Password: ", b"Repeat for confirmation: "):
            while not shown.endswith(question):
                shown += os.read(terminal, 1024)
            os.write(terminal, b"long enough\n")
        assert process.wait(60) == 0
    os.close(terminal)
    assert b"long enough" not in shown
    assert passwords.fits(User.with_email("ada@example.org").password_hash, "long enough")


@pytest.mark.one_database
def test_a_new_password_by_the_shell_takes_no_role_away(forum):
    add = ("user", "add", "ada@example.org", "--name", "Ada", "--password", "long enough")
    forum(*add, "--role", "administrator")
    assert forum(*add).stdout.startswith("ada@example.org is administrator Ada in ")
    refused = forum(*add, "--role", "member")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: Ada is the last administrator. Make somebody else one first.\n"
    forum("user", "add", "bob@example.org", "--name", "Bob", "--password", "long enough", "--role", "administrator")
    assert forum(*add, "--role", "member").exit_code == 0


@pytest.mark.one_database
def test_a_discussion_goes_in_and_comes_out(forum, tmp_path):
    file = tmp_path / "water.json"
    values = {
        "title": "Water",
        "slug": "water",
        "starts_at": "2026-03-02T14:00:00Z",
        "ends_at": "2026-03-02T15:00:00Z",
        "time_zone": "Europe/London",
        "seats": [{"name": "Hana Maier", "email": "hana@example.org", "role": "host"}],
        "questions": [{"text": "Who owns it?"}],
        "comments": [
            {"author": "hana@example.org", "question": 1, "body": "Nobody does.", "at": "2026-03-02T14:01:00Z"}
        ],
    }
    file.write_text(json.dumps(values, indent=2))
    done = forum("discussion", "import", file)
    assert done.exit_code == 0, done.stderr
    assert "/d/water" in done.stdout
    assert db.session.query(Comment).count() == 1
    for kind in ("json", "html", "markdown", "csv", "text"):
        written = forum("discussion", "export", "water", "--format", kind)
        assert written.exit_code == 0
        assert "Nobody does." in written.stdout, kind
    assert forum("discussion", "import", file).exit_code != 0, "the address is taken"

    values["questions"][0]["length"] = "long"
    values["slug"] = "other"
    file.write_text(json.dumps(values, indent=2))
    refused = forum("discussion", "import", file)
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if '"long"' in text)
    assert refused.exit_code != 0
    assert f"{line}:" in refused.stderr
    assert "questions[0].length" in refused.stderr
    assert Discussion.with_slug("other") is None


@pytest.mark.one_database
def test_a_backup_says_what_is_not_in_it(app, forum, tmp_path):
    folder = app.config["SETTINGS"].data_dir
    told = forum("backup", tmp_path / "saved").stdout.splitlines()[-1]
    assert told.startswith("Not in it, save it too: ") and str(folder / "media") in told


@pytest.mark.one_database
def test_what_is_not_there_is_said_in_one_line(forum, tmp_path):
    for arguments in (
        ("discussion", "export", "nowhere"),
        ("discussion", "import", tmp_path / "missing.json"),
        ("restore", tmp_path / "missing"),
        ("simulate", "nowhere"),
    ):
        done = forum(*arguments)
        assert done.exit_code != 0
        assert done.stdout == ""
        assert done.stderr.strip()
        assert len(done.stderr.strip().splitlines()) <= 4  # click adds how the command is used


def test_a_fault_of_the_system_without_a_file_has_no_empty_name():
    with pytest.raises(ClickException, match=f"^{os.strerror(errno.ENOSPC)}$"), refusals():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_mail_is_not_waited_for_where_none_would_be_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("FORUM_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(main, ["mail", "receive", "--lmtp", "127.0.0.1:8024"])
    assert done.exit_code == 1 and "Set FORUM_MAIL_REPLIES" in done.stderr
    monkeypatch.setenv("FORUM_MAIL_REPLIES", "answers@talk.example.org")
    done = CliRunner().invoke(main, ["mail", "receive", "--lmtp", "127.0.0.1:99999"])
    assert done.exit_code == 1 and done.stderr.startswith("Error: Give HOST:PORT")


WRONG = [
    ("bind", "x"), ("bind", "127.0.0.1"), ("bind", "127.0.0.1:99999"), ("bind", "127.0.0.1:0"),
    ("bind", "127.0.0.1:80:80"), ("bind", "::1:8000"), ("bind", "[127.0.0.1]:8000"), ("bind", "[::g]:80"),
    ("site_url", "talk.example.org"), ("site_url", "https://"), ("site_url", "ftp://talk.example.org"),
    ("site_url", "https://talk.example.org:http"), ("trusted_proxies", "-1"), ("edit_window_minutes", "-5"),
    ("edit_window_minutes", "9" * 15), ("mail_url", "http://x"), ("mail_url", "smtp://"), ("mail_url", "localhost:25"),
    ("mail_from", "bad addr"), ("mail_from", "a@b\nBcc: c@d"), ("language", "xx"), ("secret_key", " "),
    ("site_url", "https://example.org/forum"), ("site_url", "https://user:pw@x.example"),
    ("site_url", "https://user@x.example"), ("site_url", "https://x.example?x=1"), ("site_url", "https://x.example/#f"),
    ("site_url", "https://straße.example.org"), ("site_url", f"https://{'ü' * 64}.example.org"),
    ("database_url", "mysql://u:p@localhost/x"), ("database_url", "postgresql://u:p@localhost:abc/x"),
    ("most_readers", "abc"), ("most_readers", "0"),
    ("database_url", "postgresql"), ("database_url", "/var/lib/x.sqlite"), ("database_url", "sqlite://"),
    ("database_url", "sqlite:///:memory:"), ("database_url", "sqlite:////x/"),
    ("database_url", "sqlite:///%3Amemory:"), ("database_url", "sqlite:////x%2F"),
    ("database_url", "sqlite:////srv/x.sqlite?mode=ro"), ("database_url", "sqlite://host/x.sqlite"),
    ("limits_url", "redis://x:yy/zz"), ("limits_url", "redis://x/zz"), ("limits_url", "redis://x:99999"),
    ("site_url", "https://talk .example.org"), ("mail_bounces", f"{'b' * 21}@x.example"),
    ("limits_url", "redis://x?db=q"), ("limits_url", "memcached://x"), ("trusted_proxies", "9" * 20),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}={value!r}" for name, value in WRONG])
def test_a_setting_that_cannot_work_is_refused_in_one_line_that_names_it(monkeypatch, tmp_path, name, value):
    monkeypatch.setenv("FORUM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(f"FORUM_{name.upper()}", value)
    done = CliRunner().invoke(main, ["discussion", "list"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: FORUM_{name.upper()}: ") and len(done.stderr.splitlines()) == 1
    assert "pw" not in done.stderr, "a password is not for the log"


def test_a_file_that_is_no_secret_key_is_named_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("FORUM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FORUM_SECRET_KEY", "")
    (tmp_path / "secret_key").write_bytes(b"\xff\xfe\x00" * 20)
    done = CliRunner().invoke(main, ["discussion", "list"])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {tmp_path / 'secret_key'}: This is no secret key.")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("bind", ["127.0.0.1:99999", "127.0.0.1", "127.0.0.1:80:80", ""])
def test_an_address_to_serve_at_is_looked_at_like_the_setting(monkeypatch, tmp_path, bind):
    monkeypatch.setenv("FORUM_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("it would have been served"))
    done = CliRunner().invoke(main, ["serve", "--bind", bind])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: --bind: Give ") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bind", "0.0.0.0:8000"), ("bind", "[::1]:8000"), ("bind", "[::]:80"), ("bind", "localhost:8000"),
        ("bind", "my-host_1.example.org:8080"), ("bind", "unix:/run/roundtext.sock"), ("bind", "fd://3"),
        ("site_url", ""), ("site_url", "https://talk.example.org/"), ("site_url", "http://127.0.0.1:8000"),
        ("site_url", "http://[::1]:8000"), ("mail_url", "smtp+starttls://me%40x:p%2Fw@mail.example.org:587"),
        ("mail_url", "smtp://127.0.0.1:9"), ("mail_from", "talks@example.org"), ("language", "de"),
        ("mail_from", "Our Talks <talks@localhost>"), ("secret_key", ""), ("edit_window_minutes", 0),
        ("database_url", "postgres://u:p%40@[::1]:5432/x"), ("database_url", "postgresql:///x?host=/run/postgresql"),
        ("database_url", ""), ("database_url", "postgresql+psycopg://u@a/x"),
        ("mail_bounces", f"{'b' * 20}@x.example"),
        ("database_url", "sqlite:////srv/roundtext.sqlite"), ("limits_url", "redis://:p@[::1]:6379/0"),
        ("limits_url", "rediss://x?db=1"), ("limits_url", "redis+unix:///run/redis.sock"), ("limits_url", "redis://x/"),
    ],
)  # fmt: skip
def test_a_setting_that_works_is_taken_as_it_is(name, value):
    assert getattr(Settings(**{name: value}), name) == value


@pytest.mark.one_database
def test_invented_people_answer_in_a_live_discussion(forum, house):
    discussion = house.discussion(ask=1)
    done = forum("simulate", discussion.slug, "--comments", 5, "--people", 2, "--pause", 0)
    assert done.exit_code == 0, done.stderr
    written = db.session.query(Comment).filter_by(discussion_id=discussion.id).all()
    assert len(written) == 5
    assert len({comment.author_id for comment in written}) <= 2
    closed = house.discussion(phase="closed")
    assert forum("simulate", closed.slug, "--comments", 1).exit_code != 0


def test_a_database_of_another_version_is_refused_in_one_line_and_left_alone(forum):
    with of_another_version():
        for words in (("upgrade",), ("serve",), ("discussion", "list")):
            done = forum(*words)
            assert (done.exit_code, done.stdout) == (1, ""), words
            assert done.stderr.startswith("Error: This database belongs to a newer version of Roundtext. Install ")
            assert len(done.stderr.splitlines()) == 1
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_who_only_reads_changes_no_database_under_a_process_of_the_version_before(house, forum):
    slug = house.discussion().slug
    with of_another_version("0001"):
        for words in (("list",), ("export", slug)):
            done = forum("discussion", *words)
            assert (done.exit_code, done.stdout) == (1, "")
            assert done.stderr == (
                "Error: This database belongs to an earlier version of Roundtext. Run `forum upgrade` first.\n"
            )
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
        db.session.rollback()


@pytest.mark.one_database
def test_who_only_reads_finds_nothing_on_a_machine_where_nothing_is_yet(monkeypatch, tmp_path):
    for name, value in {"DATABASE_URL": "", "DATA_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(f"FORUM_{name}", value)
    done = CliRunner().invoke(main, ["discussion", "list"])
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.postgresql
def test_a_database_that_is_not_in_utf_8_is_refused_in_one_line(monkeypatch, postgresql, tmp_path):
    url = new_database(postgresql, "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    for name, value in {"DATABASE_URL": url, "DATA_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(f"FORUM_{name}", value)
    done = CliRunner().invoke(main, ["upgrade"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "SQL_ASCII" in done.stderr and "UTF8" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_several_that_upgrade_at_once_the_others_wait_for_the_first(request, tmp_path, kind):
    url = "" if kind == "sqlite" else new_database(request.getfixturevalue("postgresql"))
    environment = {**os.environ, "FORUM_DATA_DIR": str(tmp_path), "FORUM_DATABASE_URL": url}
    command = [sys.executable, "-m", "forum.cli", "upgrade"]
    started = [
        subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _number in range(3)
    ]
    said = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said


@pytest.mark.one_database
def test_what_is_stored_is_for_its_owner_alone(monkeypatch, tmp_path):
    """On a machine with other users: the usual umask let everybody read the addresses of everybody."""
    folder = tmp_path / "data"
    monkeypatch.setenv("FORUM_DATA_DIR", str(folder))
    monkeypatch.setenv("FORUM_DATABASE_URL", "")
    before = os.umask(0o022)
    try:
        assert CliRunner().invoke(main, ["upgrade"]).exit_code == 0
        assert os.umask(0o022) == 0o022, "who called goes on as before"
    finally:
        os.umask(before)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert {"data", "roundtext.sqlite", "secret_key"} <= {*found}
    assert not {name for name, mode in found.items() if mode & 0o077}


def test_a_server_inherits_that_what_is_stored_is_for_its_owner_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("FORUM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FORUM_DATABASE_URL", "")
    seen = []

    def serve(*_):
        seen.append(os.umask(0o077))

    monkeypatch.setattr(server, "serve", serve)
    assert CliRunner().invoke(main, ["serve"]).exit_code == 0
    assert seen == [0o077]
