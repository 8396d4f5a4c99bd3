"""What other processes say is taken in, forgotten when it is not repeated, and never trusted to be well-formed."""

import json
import time

import psycopg
import pytest

from forum.live import elsewhere, presence
from forum.live.elsewhere import Here, Writer


@pytest.fixture(autouse=True)
def _nothing_heard():
    elsewhere._heard.clear()
    yield
    elsewhere._heard.clear()


def test_what_is_said_is_heard_by_the_others(monkeypatch):
    here = Here(3, (Writer(7, "Zoë “Z” Ng", None), Writer(8, "Ola", 2)))
    (payload,) = elsewhere._payloads([(17, here)])
    elsewhere.hear(payload)
    assert list(elsewhere.of(17)) == [], "a process does not hear itself"
    monkeypatch.setattr(elsewhere, "ME", "another")
    elsewhere.hear(payload)
    assert list(elsewhere.of(17)) == [here]


def test_who_of_the_panel_is_here_is_said_too_and_an_older_process_need_not():
    (payload,) = elsewhere._payloads([(17, Here(3, (), (4, 9)))])
    elsewhere.hear(payload.replace(elsewhere.ME, "another"))
    elsewhere.hear('{"from":"older","here":{"17":[2,[]]}}')
    assert list(elsewhere.of(17)) == [Here(3, (), (4, 9)), Here(2)]
    assert presence.seated(17) == {4, 9}
    assert "4" not in str(presence.now(17)["writing"]) and set(presence.now(17)) == {"discussion", "readers", "writing"}


def test_many_discussions_are_split_so_that_each_message_fits():
    news = [(number, Here(1000, tuple(Writer(n, "Ü" * 80, 1) for n in range(10)))) for number in range(20)]
    payloads = list(elsewhere._payloads(news))
    assert len(payloads) > 1
    assert all(len(payload.encode()) < 8000 for payload in payloads)


def test_however_many_write_under_whatever_names_it_fits():
    """PostgreSQL refuses a longer one, and then nobody hears of anybody: not who writes, nor how many read."""
    most = 2**31 - 1
    crowd = tuple(Writer(most - number, "\N{GRINNING FACE}" * 80, None) for number in range(200))
    (payload,) = elsewhere._payloads([(most, Here(most, crowd, tuple(range(most - 500, most))))])
    assert len(payload.encode()) < 8000
    elsewhere.hear(payload.replace(elsewhere.ME, "another"))
    (heard,) = elsewhere.of(most)
    assert heard.writers == crowd[:20]


@pytest.mark.parametrize(
    "nonsense", ["", "null", "[]", "{}", '{"from":"x","here":3}', '{"from":"x","here":{"a":[1,[]]}}']
)
def test_nonsense_is_left_alone(nonsense):
    elsewhere.hear(nonsense)
    assert elsewhere._heard == {}


def test_a_silent_process_is_forgotten(monkeypatch):
    elsewhere.hear('{"from":"x","here":{"17":[2,[]]}}')
    assert list(elsewhere.of(17)) == [Here(2)]
    later = time.monotonic() + elsewhere.LIVES_SECONDS + 1
    monkeypatch.setattr(elsewhere.time, "monotonic", lambda: later)
    assert list(elsewhere.of(17)) == []
    elsewhere._forget_silent(later)
    assert elsewhere._heard == {}


@pytest.fixture
def others(app, database, monkeypatch):
    """What another process hears of this one, which stands at `moment[0]` and has said nothing yet."""
    moment = [1000.0]
    for name, value in (("_said", {}), ("_lives", {}), ("_gone", {}), ("_said_all_at", -elsewhere.BEAT_SECONDS)):
        monkeypatch.setattr(elsewhere, name, value)
    monkeypatch.setattr(elsewhere, "_is_open", False)
    monkeypatch.setattr(elsewhere.time, "monotonic", lambda: moment[0])
    with psycopg.connect(database.postgresql_address, autocommit=True) as wire:
        wire.execute(f"LISTEN {elsewhere.CHANNEL}")

        def heard():
            wire.execute("SELECT 1")  # by the time it is answered, everything that was committed before has come
            return [json.loads(notice.payload)["here"] for notice in wire.notifies(timeout=0)]

        yield moment, heard


@pytest.mark.postgresql
def test_what_changes_is_said_at_once_and_everything_again_at_each_beat(others):
    moment, heard = others
    spoken = []
    for seen, later in (
        ({17: Here(2), 18: Here(1)}, 0),
        ({17: Here(2), 18: Here(1)}, 1),
        ({17: Here(3), 18: Here(1)}, 0),
        ({17: Here(3), 18: Here(1)}, elsewhere.BEAT_SECONDS),
        ({18: Here(1)}, 0),
        ({18: Here(1)}, 1),
    ):
        moment[0] += later
        elsewhere.tell(seen)
        spoken.append([{number: said[0] for number, said in here.items()} for here in heard()])
    assert spoken == [[{"17": 2, "18": 1}], [], [{"17": 3}], [{"17": 3, "18": 1}], [{"17": 0}], []]


@pytest.mark.postgresql
def test_of_who_is_silent_nothing_is_kept(others):
    moment, _ = others
    elsewhere.hear('{"from":"killed","here":{"17":[2,[]]}}')
    elsewhere.hear('{"from":"ended","here":{},"leaves":true}')
    moment[0] += elsewhere.LIVES_SECONDS + 1
    elsewhere.tell({})
    assert (elsewhere._heard, elsewhere._lives, elsewhere._gone) == ({}, {}, {})
