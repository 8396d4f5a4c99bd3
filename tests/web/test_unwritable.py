"""A database that cannot be written or read: 503, the text kept, nothing half stored, and well again by itself."""

import os
import sqlite3
import subprocess
from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select

from forum.database import db
from forum.models import Comment, Event
from tests.conftest import postgresql_folder

TEXT = "A long thought that must not get lost <b>here</b>."


@pytest.fixture
def discussion(house):
    return house.discussion(ask=1)


@pytest.fixture
def member(house, client):
    user = house.user("Samuel Bekele")
    house.sign_in(client, user)
    return user


def fields(house, client, **more):
    return {"body": TEXT, "question": "1", "key": "unwritable-1", "csrf_token": house.token(client), **more}


def stored():
    db.session.rollback()
    comments = db.session.scalar(select(func.count()).select_from(Comment))
    events = db.session.scalar(select(func.count()).select_from(Event).where(Event.kind == "comment.posted"))
    return comments, events


@contextmanager
def full_disk(app):
    """SQLite may not grow any more; PostgreSQL says that of its first INSERT."""
    if app.config["SETTINGS"].is_sqlite:
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("VACUUM")  # what earlier tests have left free would be room
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

        def limit(connection, _record):
            connection.execute(f"PRAGMA max_page_count={pages}")

        db.engine.dispose()
        event.listen(db.engine, "connect", limit)
        yield
        event.remove(db.engine, "connect", limit)
        db.engine.dispose()
    else:
        import psycopg.errors

        def refuse(_connection, _cursor, statement, *_rest):
            if statement.startswith("INSERT INTO comment"):
                raise psycopg.errors.DiskFull("could not extend file: No space left on device")

        event.listen(db.engine, "before_cursor_execute", refuse)
        yield
        event.remove(db.engine, "before_cursor_execute", refuse)


def test_a_full_disk_answers_503_and_keeps_the_text(app, house, client, member, discussion):
    posting = f"/d/{discussion.slug}/comments"
    said = fields(house, client, body=TEXT + " More of it." * 500)
    with full_disk(app):
        answer = client.post(posting, data=said, headers={"Accept": "application/json"})
        assert answer.status_code == 503
        assert answer.json["error"]["code"] == "unavailable"
        assert int(answer.headers["Retry-After"]) > 0
        page = client.post(posting, data=said)
        assert page.status_code == 503
        assert "A long thought that must not get lost &lt;b&gt;here&lt;/b&gt;." in page.text
        assert "<b>here" not in page.text
    assert stored() == (0, 0)
    assert client.post(posting, data=said, headers={"Accept": "application/json"}).status_code == 201
    assert stored() == (1, 1)


@pytest.mark.one_database  # PostgreSQL's writers wait for a row, not for the whole database
def test_a_lock_that_somebody_holds_too_long_answers_503(app, house, client, member, discussion):
    said = fields(house, client)
    db.session.remove()
    db.engine.dispose()
    path = app.config["SETTINGS"].database.removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        answer = client.post(f"/d/{discussion.slug}/comments", data=said, headers={"Accept": "application/json"})
        assert answer.status_code == 503
        assert "kept" in answer.json["error"]["message"]
        assert client.get(f"/d/{discussion.slug}").status_code == 200, "reading goes on"
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert stored() == (0, 0)


@pytest.mark.postgresql
def test_a_server_that_stops_and_starts_again(app, house, client, member, discussion):
    settings = app.config["SETTINGS"]
    posting, said = f"/d/{discussion.slug}/comments", fields(house, client)
    visitor = app.test_client()
    with stopped(settings):
        answer = client.post(posting, data=said, headers={"Accept": "application/json"})
        assert answer.status_code == 503
        assert answer.json["error"]["code"] == "unavailable"
        page = client.post(posting, data=said)
        assert page.status_code == 503
        assert "A long thought that must not get lost" in page.text
        shown = visitor.get(f"/d/{discussion.slug}")
        assert shown.status_code == 503
        assert "Roundtext" in shown.text
        assert "psycopg" not in shown.text
    again = client.post(posting, data=said, headers={"Accept": "application/json"})
    assert again.status_code == 201
    assert stored() == (1, 1)


@contextmanager
def stopped(settings):
    """Stop the private server of the tests, and start it as it was."""
    import psycopg

    with psycopg.connect(settings.database.replace("+psycopg", "")) as connection:
        home = connection.execute("SHOW data_directory").fetchone()[0]
    db.session.remove()
    folder = postgresql_folder()
    as_server = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    options = f"{home}/postmaster.opts"
    with open(options) as file:
        line = file.read().split(" ", 1)[1].replace('"', "").strip()

    def run(*arguments):
        command = [*as_server, str(folder / "pg_ctl"), "-D", home, *arguments]
        subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL, timeout=60)

    run("-m", "fast", "-w", "stop")
    try:
        yield
    finally:
        run("-l", f"{home}/../log", "-w", "-o", line.replace(f"-D {home}", ""), "start")
