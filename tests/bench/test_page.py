"""The anonymous live page: its speed beside a Flask "hello", its weight, and when a slow phone paints it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page

from forum.config import Settings
from forum.models import Discussion, Phase
from tests.bench.fanout import cpu_seconds
from tests.bench.load import Rate, rate
from tests.bench.written import fill
from tests.house import House
from tests.server import Running, running

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

# What one question's answers of real length look like, and a discussion of weeks.
USUAL, LONG = 200, 100_000
# Comments on an open page.
FEW, MANY = 100, 800
ROUND_TRIP_MS, BYTES_PER_SECOND = 400, 50_000


@pytest.fixture
def server(app: Flask, database: Settings) -> Iterator[Running]:
    with running(database) as server:
        yield server


def written(house: House, comments: int) -> Discussion:
    """Return a live discussion of four questions and a panel of three with so many comments."""
    discussion = house.discussion(
        phase=Phase.LIVE, intro="A proposal with points.\n\n- One\n- Two", hosted_by="The Lab"
    )
    for name in ("Priya Raman", "Samuel Otieno", "Lea Fontaine"):
        house.panelist(discussion, name)
    for number in range(4):
        house.asked(discussion, f"What have you seen work, and what would you try first, part {number + 1}?")
    fill(house, discussion, comments)
    return discussion


def show(name: str, found: Rate, yardstick: Rate) -> float:
    """Print one line of the report and return the ratio of answers per second."""
    ratio = found.per_second / yardstick.per_second
    print(
        f"{name}: {found.per_second:.0f}/s, {found.cpu_us:.0f} µs CPU, {found.size} bytes: {ratio:.0%} of hello's rate"
    )
    return ratio


def test_an_anonymous_page_costs_little_more_than_hello(database, house, server):
    usual, long = written(house, USUAL), written(house, LONG)
    accept = {"Accept-Encoding": "br"}
    ratios = {}
    with running(database, app="tests.bench.hello:app") as hello:
        print(f"\n{'SQLite' if database.is_sqlite else 'PostgreSQL'}")
        for comments, discussion in ((USUAL, usual), (LONG, long)):
            path = f"/d/{discussion.slug}"
            yardstick = rate(hello, "/")
            print(f"hello: {yardstick.per_second:.0f}/s, {yardstick.cpu_us:.0f} µs CPU")
            page = rate(server, path, accept)
            assert page.status == 200
            ratios[comments] = show(f"page of {comments} comments", page, yardstick)
            known = rate(server, path, {**accept, "If-None-Match": tag(server, path)})
            assert known.status == 304
            show(f"not modified, {comments} comments", known, yardstick)
    assert ratios[USUAL] >= 0.25
    assert ratios[LONG] >= 0.25


def test_a_page_costs_the_same_in_a_discussion_of_weeks(database, app, house, server):
    """Of a member, whose page is made anew each time: what memory gives is measured above."""
    client = app.test_client()
    house.sign_in(client, house.user("Mina Mayer"))
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    headers = {"Cookie": f"{cookie.key}={cookie.value}"}
    costs = {}
    for comments in (USUAL, LONG):
        path = f"/d/{written(house, comments).slug}"
        costs[comments] = min(cost(server, path, headers) for _ in range(4))
        print(f"\na member's page of {comments} comments: {costs[comments] * 1e3:.1f} ms CPU", end="")
    print(f": {costs[LONG] / costs[USUAL]:.2f}×, {'SQLite' if database.is_sqlite else 'PostgreSQL'}")
    assert costs[LONG] / costs[USUAL] <= 1.5


def cost(server: Running, path: str, headers: dict[str, str], count: int = 30) -> float:
    """The CPU seconds that a page costs which is made anew each time."""
    with requests.Session() as browser:
        browser.get(server.address + path, headers=headers, timeout=30)
        used = cpu_seconds(server.pid)
        for _ in range(count):
            assert browser.get(server.address + path, headers=headers, timeout=30).status_code == 200
        return (cpu_seconds(server.pid) - used) / count


def tag(server: Running, path: str) -> str:
    """The ETag of a page as a browser that takes brotli gets it."""
    return requests.get(server.address + path, headers={"Accept-Encoding": "br"}, timeout=5).headers["ETag"]


def test_a_first_view_is_light_and_paints_soon(chromium: Browser, house, server):
    discussion = written(house, USUAL)
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    loads = watched(page)
    page.goto(f"{server.address}/d/{discussion.slug}")
    page.wait_for_selector("body[data-link=live]", state="attached")
    page.wait_for_timeout(500)
    paints = page.evaluate("performance.getEntriesByName('first-contentful-paint').map((paint) => paint.startTime)")
    readable = [load for load in loads.values() if load["type"] in {"Document", "Stylesheet"}]
    before, whole = sum(load["bytes"] for load in readable), sum(load["bytes"] for load in loads.values())
    print(f"\nreadable after {before} bytes in {len(readable)} requests; all {whole} bytes in {len(loads)} requests")
    for load in loads.values():
        print(f"  {load['type']:<11}{load['bytes']:>7}  {load['url'].removeprefix(server.address)}")
    print(f"first contentful paint at {ROUND_TRIP_MS} ms and {BYTES_PER_SECOND // 1000} KB/s: {paints[0]:.0f} ms")
    page.close()
    assert before <= 25_000
    assert len(readable) <= 3
    assert whole <= 50_000
    assert len(loads) <= 6
    assert paints[0] <= 1200


def test_an_open_page_takes_a_comment_as_easily_with_eight_hundred_as_with_a_hundred(chromium: Browser, house, server):
    discussion = house.discussion(ask=2)
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{server.address}/d/{discussion.slug}")
    page.wait_for_selector("body[data-link=live]", state="attached")
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    costs = []
    for comments in (FEW, MANY):
        while page.locator(".answers > .comment").count() < comments:
            answer(house, discussion, page, 50)
        before = busy(tools)
        answer(house, discussion, page, 40)
        costs.append((busy(tools) - before) / 40)
        print(f"\nan arrival on an open page of {comments}: {costs[-1] * 1e3:.1f} ms of the browser's thread", end="")
    print(f": {costs[1] / costs[0]:.2f}×")
    page.close()
    assert costs[1] / costs[0] <= 3


def answer(house: House, discussion: Discussion, page: Page, count: int) -> None:
    """Write answers to both questions and wait until the page has drawn the last."""
    for number in range(count):
        last = house.comment(discussion, body="What is said in a line.\n\nAnd in another.", question=1 + number % 2)
    page.wait_for_selector(f"#c{last.id}", state="attached")
    page.wait_for_timeout(1000)


def busy(tools: CDPSession) -> float:
    """The seconds that a page's main thread has worked."""
    found = {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}
    return float(found["TaskDuration"])


def watched(page: Page) -> dict[str, dict[str, Any]]:
    """Make the page's line slow and note what comes over it: every request, its kind and its bytes with its head."""
    loads: dict[str, dict[str, Any]] = {}
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": BYTES_PER_SECOND,
            "uploadThroughput": BYTES_PER_SECOND,
        },
    )

    def asked(said: dict[str, Any]) -> None:
        request = said["request"]
        loads[said["requestId"]] = {"url": request["url"], "type": said["type"], "bytes": 0}

    def came(said: dict[str, Any]) -> None:
        if said["requestId"] in loads:
            loads[said["requestId"]]["bytes"] = int(said["encodedDataLength"])

    tools.on("Network.requestWillBeSent", asked)
    tools.on("Network.loadingFinished", came)
    return loads
