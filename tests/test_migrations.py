"""What a migration does to what is stored already, on both databases; that they all run, every other test shows."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, update

from forum import zones
from forum.actions import guests, rsvps
from forum.addresses import Row
from forum.database import Base, db, writing
from forum.models import Digest, Discussion, Guest, Phase, Rsvp, RsvpKind

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
