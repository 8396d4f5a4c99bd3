"""How many read, and who of the panel writes."""

import pytest


def test_everybody_hears_how_many_read(house, listen):
    discussion = house.discussion()
    first = listen()
    first.join(discussion)
    listen().join(discussion)
    assert first.hear("presence", 4, lambda said: said["readers"] == 2)["discussion"] == discussion.id


def test_a_reader_who_goes_is_counted_out(house, listen):
    discussion = house.discussion()
    first, second = listen(), listen()
    first.join(discussion)
    second.join(discussion)
    first.hear("presence", 4, lambda said: said["readers"] == 2)
    second.wire.close(timeout=1)
    first.hear("presence", 4, lambda said: said["readers"] == 1)


def test_a_panelist_who_writes_is_named_until_they_stop(house, listen, person):
    discussion = house.discussion(ask=1)
    priya = house.panelist(discussion)
    reader, writer = listen(), listen(person(priya)[0])
    reader.join(discussion)
    writer.join(discussion)
    writer.ask("typing", {"discussion": discussion.id, "question": 1})
    # Ids begin at 1 in every test, and the server remembers for some seconds who wrote in another's discussion 1.
    wanted = {"user_id": priya.id, "name": "Priya Raman", "question": 1}
    reader.hear("presence", 5, lambda said: wanted in said["writing"])
    reader.hear("presence", 12, lambda said: not said["writing"])


def test_a_member_who_writes_is_not_named(house, listen, person):
    discussion = house.discussion()
    reader, writer = listen(), listen(person(house.user("Max Member"))[0])
    reader.join(discussion)
    writer.join(discussion)
    writer.ask("typing", {"discussion": discussion.id, "question": None})
    with pytest.raises(AssertionError):
        reader.hear("presence", 3, lambda said: "Max Member" in str(said["writing"]))


def test_hosts_and_panel_hear_who_of_them_is_here_and_readers_do_not(house, listen, person):
    discussion = house.discussion(ask=1)
    priya, host = house.panelist(discussion), house.host_of(discussion)
    hana, reader = listen(person(host)[0]), listen()
    hana.join(discussion)
    reader.join(discussion)
    hana.hear("presence", 5, lambda said: said.get("here") == [host.id])
    joined = listen(person(priya)[0])
    joined.join(discussion)
    assert joined.hear("presence", 5, lambda said: "here" in said)["here"] == sorted([host.id, priya.id])
    hana.hear("presence", 5, lambda said: said.get("here") == sorted([host.id, priya.id]))
    joined.wire.close(timeout=1)
    hana.hear("presence", 6, lambda said: said.get("here") == [host.id])
    with pytest.raises(AssertionError):
        reader.hear("presence", 2, lambda said: "here" in said)
