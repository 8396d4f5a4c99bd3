"""What a migration does to what is stored already, on both databases; that they all run, every other test shows."""

import importlib.util
import itertools
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import select, text, update

from forum import clock as forum_clock
from forum import create_app, migrating, zones
from forum.actions import guests, rsvps
from forum.addresses import Row
from forum.config import Settings
from forum.database import Base, db, writing
from forum.models import Digest, Discussion, Guest, Invitation, Phase, Rsvp, RsvpKind, Seat, Session, User
from tests.conftest import new_database
from tests.house import House

VERSIONS = Path(__file__).parent.parent / "migrations/versions"
HOLD_ZONES = {Discussion, Rsvp, Digest, Guest}


def migration(name: str) -> ModuleType:
    """Return the migration in the file of that name."""
    spec = importlib.util.spec_from_file_location(name, VERSIONS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(step) -> None:
    """Run one step of a migration on the database of this test."""
    with writing(), Operations.context(MigrationContext.configure(db.session.connection())):
        step()
    db.session.expire_all()


def test_the_newest_by_its_files_name_is_the_one_that_alembic_ends_with(app):
    """`upgrade` looks at names, so that who has nothing to run loads no Alembic."""
    assert ScriptDirectory(str(migrating.FOLDER)).get_heads() == [migrating._newest()]
    with db.engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
        assert migrating._stands_at(connection) == set(heads) == {migrating._newest()}


@pytest.fixture
def stored(app, house, clock) -> dict[type, int]:
    """Rows as they were stored under a name of before, by their models."""
    event = house.discussion(phase=Phase.ANNOUNCED)
    question = house.question(event)
    host = house.host_of(event)
    guest = Row(1, "ada@example.org", zone="Asia/Saigon")
    house.do(guests.invite, host, event, [guest], "", "a-key-of-sixteen")
    house.do(rsvps.answer, "ada@example.org", event, RsvpKind.READ_ALONG, "Pacific/Truk")
    with writing():
        event.time_zone = "Asia/Calcutta"
        db.session.add(Digest(question_id=question.id, email="ada@example.org", time_zone="Europe/Kiev", told_id=0))
    return {model: db.session.scalars(select(model)).one().id for model in HOLD_ZONES}


def test_zones_are_called_by_their_names_of_today_and_nothing_else_changes(stored):
    step = migration("0026_zones")
    for _again in range(2):
        run(step.upgrade)
        found = {model: db.session.get_one(model, number).time_zone for model, number in stored.items()}
        assert found == {
            Discussion: "Asia/Kolkata", Rsvp: "Pacific/Chuuk", Digest: "Europe/Kyiv", Guest: "Asia/Ho_Chi_Minh",
        }  # fmt: skip
        run(step.downgrade)
    with writing():
        db.session.execute(update(Guest).values(time_zone=""))
        db.session.execute(update(Rsvp).values(time_zone="Europe/Belfast"))
    run(step.upgrade)
    assert db.session.get_one(Guest, stored[Guest]).time_zone == ""
    assert db.session.get_one(Rsvp, stored[Rsvp]).time_zone == "Europe/Belfast"


def test_every_table_with_a_zone_is_among_those_whose_zones_are_called_anew():
    with_zone = {mapper.class_ for mapper in Base.registry.mappers if "time_zone" in mapper.columns}
    assert with_zone == HOLD_ZONES
    step = migration("0026_zones")
    assert set(step._TABLES) == {model.__tablename__ for model in HOLD_ZONES}
    assert step._RENAMED == zones.RENAMED


@pytest.fixture(params=["sqlite", "postgresql"])
def old_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The app on a database of its own, which a test takes back to an older version."""
    url = "" if request.param == "sqlite" else new_database(request.getfixturevalue("postgresql"))
    app = create_app(Settings(data_dir=tmp_path, database_url=url, secret_key="a secret for old"))
    migrating.upgrade(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


_numbers = itertools.count(1)


def invited(seat: Seat, opened_at) -> Invitation:
    """Store an invitation to `seat`."""
    number, now = next(_numbers), forum_clock.now()
    link = Invitation(
        seat_id=seat.id,
        mailed_hash=f"m{number}",
        shown_hash=f"s{number}",
        made_at=now,
        expires_at=now,
        opened_at=opened_at,
    )
    with writing():
        db.session.add(link)
    return link


def signed_in(user: User, started_at, **fields) -> int:
    """Store an open sign-in of `user` and return its number."""
    session = Session(
        user_id=user.id, token_hash=f"t{next(_numbers)}", started_at=started_at, seen_at=started_at,
        expires_at=started_at + timedelta(days=90), **fields,
    )  # fmt: skip
    with writing():
        db.session.add(session)
    return session.id


def test_an_upgrade_forgets_no_sign_in_by_a_link_and_nothing_that_people_wrote(old_site, clock):
    """SQLite makes a table anew for some changes, and what refers to the old one's rows went with it."""
    house = House(old_site)
    event = house.discussion()
    panelist = house.panelist(event)
    house.comment(event, panelist)
    seat = db.session.scalars(select(Seat).where(Seat.user_id == panelist.id)).one()
    link = invited(seat, clock.now())
    signed_in(panelist, clock.now(), invitation_id=link.id)
    stored = text(
        'SELECT invitation_id, ended_at, (SELECT count(*) FROM "user"), (SELECT count(*) FROM seat), '
        "(SELECT count(*) FROM discussion), (SELECT count(*) FROM comment) FROM session"
    )
    before = tuple(db.session.execute(stored).one())
    assert before[0] == link.id
    for revision in ("0017", "0005"):
        db.session.remove()
        downgrade(revision=revision)
        assert tuple(db.session.execute(stored).one()) == before, revision
        db.session.remove()
        migrating.upgrade(old_site)
        assert tuple(db.session.execute(stored).one()) == before, revision


def test_sign_ins_of_which_an_upgrade_forgot_the_link_end(house, clock):
    now = clock.now()
    event = house.discussion()
    panelist, other = house.panelist(event), house.panelist(event, "Tomás Vega")
    seats = {seat.user_id: seat for seat in event.seats}
    link = invited(seats[panelist.id], now)
    invited(seats[other.id], None)
    hour = timedelta(hours=1)
    forgotten = signed_in(panelist, now)
    before_the_link = signed_in(panelist, now - hour)
    never_opened = signed_in(other, now)
    known = signed_in(panelist, now + hour, invitation_id=link.id)
    by_password = signed_in(panelist, now + 2 * hour)
    run(migration("0031_links_lost").upgrade)
    ended = set(db.session.scalars(select(Session.id).where(Session.ended_at.is_not(None))))
    assert ended == ({forgotten} if db.engine.dialect.name == "sqlite" else set())
    assert {before_the_link, never_opened, known, by_password}.isdisjoint(ended)


@pytest.mark.one_database
def test_a_database_with_nothing_due_is_only_looked_at(app):
    """Every command asks; none may wait for a server that writes, or need to be one who may."""
    migrating.upgrade(app)
    with sqlite3.connect(db.engine.url.database, isolation_level=None) as line:
        line.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        migrating.upgrade(app)
        line.execute("ROLLBACK")
    assert time.monotonic() - began < 30
