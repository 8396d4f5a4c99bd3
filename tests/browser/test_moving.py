"""The wire of a page whose server is restarted while another one serves: the next stands before the last one ends."""

import json

import pytest

from tests.browser.scene import until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

HELLO = '0{"sid":"a","upgrades":[],"pingTimeout":20000,"pingInterval":25000,"maxPayload":65536}'
MOVING = '42["moving",{}]'


class Servers:
    """What stands behind a page's connections, each numbered as it comes; `told` is what happened, in order.

    `refuses` names the connections that are hung up on at once, `silent` those that never answer a handshake, `stalls`
    those that only greet, and `deaf` those that never answer a join.
    """

    def __init__(self, page, refuses=(), silent=(), stalls=(), deaf=()) -> None:
        self.told: list[str] = []
        self.wires: list = []
        self._refuses, self._silent, self._stalls, self._deaf = refuses, silent, stalls, deaf
        page.route_web_socket("**/socket.io/**", self._come)

    def _come(self, wire) -> None:
        number = len(self.wires) + 1
        self.wires.append(wire)
        self.told.append(f"{number} opens")
        wire.on_message(lambda said: self._hear(number, wire, said))
        wire.on_close(lambda _code, _reason: self.told.append(f"{number} is left"))
        if number in self._refuses:
            wire.close(code=1001)
        elif number not in self._silent:
            wire.send(HELLO)

    def _hear(self, number, wire, said) -> None:
        if said == "40" and number in self._stalls:
            self.told.append(f"{number} is asked in")
        elif said == "40":
            self.told.append(f"{number} stands")
            wire.send('40{"sid":"b"}')
        elif '["join",' in said and number not in self._deaf:
            self.told.append(f"{number} is joined")
            start = said.index("[")
            place = json.loads(said[start:])[1]
            head = {"discussion": place["discussion"], "epoch": place["epoch"], "after": place["after"]}
            wire.send(f"43{said[2:start]}{json.dumps([{**head, 'seq': place['after'], 'events': []}])}")

    def say(self, number, frame) -> None:
        self.wires[number - 1].send(frame)


@pytest.fixture
def visit(scene):
    def open_page(**kinds):
        discussion = scene.house.discussion(slug=f"moving-{id(kinds)}")
        page = scene.context().new_page()
        servers = Servers(page, **kinds)
        page.goto(f"{scene.address}/d/{discussion.slug}")
        scene.wait_for_link(page)
        return page, servers

    return open_page


def _until_told(page, servers, what) -> None:
    for _ in range(200):
        if what in servers.told:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not told: {what}; only {servers.told}")


def test_the_next_connection_stands_before_the_last_one_is_left(visit):
    page, servers = visit()
    servers.say(1, MOVING)
    _until_told(page, servers, "1 is left")
    _until_told(page, servers, "2 is joined")
    told = servers.told
    assert told[:4] == ["1 opens", "1 stands", "1 is joined", "2 opens"]
    assert told.index("2 stands") < told.index("1 is left")
    presence = {"discussion": int(page.evaluate("document.body.dataset.discussion")), "readers": 77, "writing": []}
    servers.say(2, f"42{json.dumps(['presence', presence])}")
    until(page, "() => document.querySelector('[data-readers]').innerText.includes('77')")


def test_told_twice_it_moves_once(visit):
    page, servers = visit(silent=(2,))
    servers.say(1, MOVING)
    _until_told(page, servers, "2 opens")
    servers.say(1, MOVING)
    page.wait_for_timeout(500)
    servers.say(2, HELLO)
    _until_told(page, servers, "1 is left")
    _until_told(page, servers, "2 is joined")
    assert "3 opens" not in servers.told


def test_what_is_said_on_the_last_one_while_the_next_is_under_way_is_heard(visit):
    page, servers = visit(silent=(2,))
    servers.say(1, MOVING)
    _until_told(page, servers, "2 opens")
    presence = {"discussion": int(page.evaluate("document.body.dataset.discussion")), "readers": 55, "writing": []}
    servers.say(1, f"42{json.dumps(['presence', presence])}")
    until(page, "() => document.querySelector('[data-readers]').innerText.includes('55')")
    # The last one ends first: what is under way is gone on with, and no third is opened.
    servers.wires[0].close(code=1001)
    page.wait_for_timeout(400)
    servers.say(2, HELLO)
    _until_told(page, servers, "2 is joined")
    assert "3 opens" not in servers.told


def test_a_next_connection_that_fails_is_tried_again_while_the_last_one_hears(visit):
    page, servers = visit(refuses=(2, 3))
    servers.say(1, MOVING)
    _until_told(page, servers, "4 is joined")
    assert servers.told.index("4 stands") < servers.told.index("1 is left")


def test_a_page_that_goes_offline_leaves_both(visit):
    page, servers = visit(silent=(2,))
    servers.say(1, MOVING)
    _until_told(page, servers, "2 opens")
    page.evaluate("dispatchEvent(new Event('offline'))")
    _until_told(page, servers, "1 is left")
    _until_told(page, servers, "2 is left")


def test_a_next_connection_that_is_gone_on_with_is_as_patient_as_any(visit):
    """Its server has said how long it may be silent; a phone far away hears the rest only after the last one ended."""
    page, servers = visit(stalls=(2,))
    servers.say(1, MOVING)
    _until_told(page, servers, "2 is asked in")
    servers.wires[0].close(code=1001)
    page.wait_for_timeout(300)
    servers.say(2, '40{"sid":"b"}')
    _until_told(page, servers, "2 is joined")
    page.wait_for_timeout(7000)
    assert "3 opens" not in servers.told


def test_a_page_that_has_moved_to_where_nobody_answers_does_not_say_that_it_is_live(visit):
    page, servers = visit(deaf=(2,))
    servers.say(1, MOVING)
    _until_told(page, servers, "1 is left")
    until(page, "() => document.body.dataset.link !== 'live'", seconds=8)
