"""Two processes on one PostgreSQL behind nginx, then behind Caddy: pages, sockets, addresses, and a restart."""

import itertools
import json
import re
import ssl
import threading
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

import pytest
import requests

from forum import create_app, migrating
from forum.config import Settings
from forum.database import db
from tests.browser.scene import Scene
from tests.conftest import forget_person, free_port, new_database
from tests.deploy.proxy import PROXIES
from tests.deploy.reader import Reader
from tests.faults.conftest import often
from tests.faults.writers import account
from tests.house import House
from tests.server import running


class Site:
    """Two processes, a proxy in front of them, and makers for what they show."""

    def __init__(self, kind, proxy, servers, house, stack) -> None:
        self.kind, self.proxy, self.servers, self.house, self.stack = kind, proxy, servers, house, stack

    def ears_of_both(self):
        """Two ears, one at each process: a newcomer is given to the emptier one."""
        return [self.proxy.ear(), self.proxy.ear()]

    def post(self, browser, discussion, who, key="", **headers):
        return browser.post(
            f"{self.proxy.address}/d/{discussion.slug}/comments",
            data={"body": f"Said as {key}.", "key": key, "question": "", "csrf_token": who.token},
            headers={"Cookie": who.cookie, "Accept": "application/json", "Origin": self.proxy.address, **headers},
            timeout=10,
        )


@pytest.fixture(scope="module", params=PROXIES)
def site(request, postgresql, tmp_path_factory):
    port = free_port()
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("proxied"),
        database_url=new_database(postgresql),
        secret_key="a secret behind a proxy",
        site_url=f"https://localhost:{port}",
        trusted_proxies=1,
    )
    app = create_app(settings)
    migrating.upgrade(app)
    app.before_request_funcs.setdefault(None, []).insert(0, forget_person)
    with app.app_context(), ExitStack() as stack:
        servers = [stack.enter_context(running(settings)) for _ in range(2)]
        ports = [int(server.host.rpartition(":")[2]) for server in servers]
        proxy = stack.enter_context(PROXIES[request.param](ports, port))
        yield Site(request.param, proxy, servers, House(app), stack)
        db.session.remove()
        db.engine.dispose()


def test_a_comment_sent_through_it_reaches_the_readers_of_both_processes(site):
    discussion = site.house.discussion()
    who = account(site.house, site.house.user())
    ears = site.ears_of_both()
    for ear in ears:
        assert "error" not in ear.join(discussion)
    # The emptier process gets the next one, so each has one of the two; none of them needs to be known to it.
    assert [ear.hear("presence", 8, lambda said: said["readers"] == 2)["readers"] for ear in ears] == [2, 2]
    browser = site.proxy.browser()
    assert site.post(browser, discussion, who, "the-first").status_code == 201
    for ear in ears:
        heard = ear.hear("events", where=lambda said: "Said as the-first" in said["events"][-1].get("html", ""))
        assert heard["discussion"] == discussion.id
        ear.wire.close(timeout=0)
    assert site.post(browser, discussion, who, "the-second", Origin="https://evil.example").status_code == 403
    page = browser.get(f"{site.proxy.address}/d/{discussion.slug}", timeout=5)
    assert "Said as the-first" in page.text and "Said as the-second" not in page.text
    assert f"wss://{site.proxy.host}" in page.headers["Content-Security-Policy"]


def test_https_is_known_behind_it_and_plain_http_leads_to_it(site):
    browser = site.proxy.browser()
    page = browser.get(f"{site.proxy.address}/sign-in", timeout=5)
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert all(cookie.secure for cookie in browser.cookies) and list(browser.cookies)
    moved = browser.get(f"{site.proxy.plain}/d/x?show=q2", timeout=5, allow_redirects=False)
    told = {"nginx": (301, "https://localhost/d/x?show=q2"), "caddy": (308, f"{site.proxy.address}/d/x?show=q2")}
    assert (moved.status_code, moved.headers["Location"]) == told[site.kind]


def test_limits_see_the_real_address_and_believe_no_other(site):
    def signs_in(browser, number):
        page = browser.get(f"{site.proxy.address}/sign-in", timeout=5).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
        claimed = f"203.0.113.{number}"
        return browser.post(
            f"{site.proxy.address}/sign-in",
            data={"email": f"nobody{number}@example.org", "password": "not the one", "csrf_token": token},
            headers={
                "X-Forwarded-For": claimed,
                "Forwarded": f"for={claimed}",
                "X-Real-IP": claimed,
                "Origin": site.proxy.address,
            },
            timeout=10,
        ).status_code

    browser = site.proxy.browser()
    # Ten in a minute at each of the two processes. No Referer: careful people's browsers send none.
    statuses = [signs_in(browser, number) for number in range(24)]
    assert 429 in statuses and set(statuses[:10]) == {422}, statuses
    neighbour = site.proxy.browser("127.0.0.2")
    assert {signs_in(neighbour, number) for number in range(100, 104)} == {422}


def test_a_body_too_large_is_refused_in_the_same_words_there_and_by_us(site):
    for address in (site.proxy.address, f"http://{site.servers[0].host}"):
        status, content_type, said = announced(site.proxy, address, 6 * 1024 * 1024 + 1000, "application/json")
        error = json.loads(said)["error"]
        assert (status, content_type, error["code"]) == (413, "application/json", "too_large")
        assert error["message"] == "What you sent is too large. Shorten it and send it again."
        status, content_type, said = announced(site.proxy, address, 7 * 1024 * 1024, "text/html")
        assert (status, content_type) == (413, "text/html; charset=utf-8")
        assert "What you sent is too large." in said


def announced(proxy, address: str, size: int, accept: str) -> tuple[int, str, str]:
    """Announce a form of `size` bytes and send its beginning; return status, kind and words of the answer.

    Everybody refuses by what is announced, and a browser reads the answer while it still sends.
    """
    where = urlsplit(address)
    assert where.hostname
    if where.scheme == "https":
        trusted = ssl.create_default_context(cafile=proxy.certificate)
        line: HTTPConnection = HTTPSConnection(where.hostname, where.port, context=trusted, timeout=20)
    else:
        line = HTTPConnection(where.hostname, where.port, timeout=20)
    headers = {
        "Content-Length": str(size),
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": accept,
        "X-Forwarded-Host": proxy.host,
    }
    with closing(line):
        line.putrequest("POST", "/sign-up")
        for name, value in headers.items():
            line.putheader(name, value)
        line.endheaders(b"email=" + b"x" * 10_000)
        answer = line.getresponse()
        return answer.status, str(answer.getheader("Content-Type")), answer.read().decode()


@pytest.mark.parametrize("kind", PROXIES)
def test_while_no_process_is_there_the_proxy_says_so_in_our_words(kind):
    with PROXIES[kind]([free_port(), free_port()], free_port()) as proxy:
        said = proxy.browser().post(
            f"{proxy.address}/d/x/comments", data={"body": "y"}, headers={"Accept": "application/json"}, timeout=15
        )
        page = proxy.browser().get(f"{proxy.address}/d/x", headers={"Accept": "text/html"}, timeout=15)
    for answer in (said, page):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.headers["Cache-Control"] == "no-store"
    error = said.json()["error"]
    assert (error["code"], error["retry_after"]) == ("unavailable", 2) and "Your text is kept" in error["message"]
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<p>The server is not there for a moment." in page.text


@pytest.mark.faults
@pytest.mark.browser
def test_restarting_one_process_after_the_other_loses_and_doubles_nothing(site, chromium):
    discussion = site.house.discussion()
    writers = [account(site.house, site.house.user()) for _ in range(often(30, 150))]  # each may post 20 in a minute
    scene = Scene(site.house.app, site.house, chromium, site.proxy.address)
    # Two browsers, so that each process has one of them.
    pages = [scene.visit(discussion, ignore_https_errors=True) for _ in range(2)]
    for page in pages:
        page.evaluate(NOTE_ARRIVALS)
    readers = [Reader(site.proxy, discussion.id, discussion.epoch) for _ in range(10)]
    for reader in readers:
        reader.start()
    for reader in readers:
        assert reader.has_joined.wait(10)
    with Posting(site, discussion, writers) as posting:
        time.sleep(0.5)
        for turn in range(often(2, 12)):
            server = site.servers[turn % 2]
            began = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - began < 10
            port = int(server.host.rpartition(":")[2])
            site.servers[turn % 2] = site.stack.enter_context(running(server.settings, port=port))
        time.sleep(1)
    until = time.monotonic() + 10
    while time.monotonic() < until and any(reader.heard != posting.order() for reader in readers):
        time.sleep(0.1)
    for reader in readers:
        reader.stop()
    order = posting.order()
    assert len(order) > often(5, 40)
    for reader in readers:
        assert reader.heard == order and reader.refusals == []
        assert reader.moves, "everybody was at one of the two, and moved to the other"
    waited = [_waited(page, posting) for page in pages]
    # A second on a machine that does nothing else; in the suite three tests share two cores.
    most = often(20, 1)
    silences = sorted(silence for reader in readers for silence in reader.silences) or [0.0]
    print(
        f"\n{site.kind}: {len(order)} comments, {posting.repeated} sent again, {posting.retried} refused or cut;"
        f" {sum(reader.moves for reader in readers)} moves, {sum(len(reader.silences) for reader in readers)} cuts,"
        f" the longest {silences[-1]:.2f} s;"
        f" in Chromium {max(waited):.2f} s from an answer to the page"
    )
    assert silences[-1] <= most
    assert max(waited) <= most
    scene.close()
    assert scene.trouble == []


# When each comment stood in the page, by the clock of this machine.
NOTE_ARRIVALS = """() => {
  window.arrivals = {};
  const note = (node) => {
    if (node.matches?.('.comment[data-id]')) window.arrivals[node.dataset.id] ??= Date.now() / 1000;
  };
  document.querySelectorAll('.comment[data-id]').forEach(note);
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(note)))
    .observe(document.querySelector('main'), { childList: true, subtree: true });
}"""


def _waited(page, posting) -> float:
    """Return how many seconds a page was behind at worst; it must show every comment."""
    arrived = page.evaluate("() => window.arrivals")
    assert {str(number) for number in posting.answered} <= set(arrived), "a comment never came into the page"
    return max(arrived[str(number)] - at for number, at in posting.answered.items())


class Posting:
    """Somebody posts every 50 ms, and sends again with the same key until there is an answer."""

    def __init__(self, site, discussion, writers) -> None:
        self._site, self._discussion, self._writers = site, discussion, itertools.cycle(writers)
        self.answered: dict[int, float] = {}  # when, in seconds since 1970
        self.repeated = self.retried = 0
        self._browser = site.proxy.browser()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._fault: Exception | None = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        if self._fault:
            raise self._fault

    def order(self) -> list[int]:
        """The ids that were acknowledged, in order; each key was given one."""
        return sorted(self.answered)

    def _write(self) -> None:
        try:
            for number in itertools.count():
                if self._over.is_set():
                    return
                self._post(f"restart-{number}")
                time.sleep(0.05)
        except Exception as error:
            self._fault = error

    def _post(self, key: str) -> None:
        who = next(self._writers)
        until = time.monotonic() + 15
        while time.monotonic() < until:
            try:
                answer = self._site.post(self._browser, self._discussion, who, key)
            except requests.RequestException:
                self.retried += 1
            else:
                if answer.status_code in {200, 201}:
                    self.repeated += answer.status_code == 200
                    assert answer.json()["id"] not in self.answered
                    self.answered[answer.json()["id"]] = time.time()
                    return
                assert answer.status_code == 503, answer.text[:300]
                self.retried += 1
            time.sleep(0.05)
        raise AssertionError(f"{key} was never taken")
