"""Browsers on a running forum: who looks, what they do, and what their page shows."""

import difflib
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from forum.database import db
from forum.models import Discussion, User
from tests.house import House

# What belongs to one reader's visit and not to the discussion: marks of the script, folds, the place of the cursor.
NORMALISE = """() => {
  const parts = [...document.querySelectorAll('[data-region], main section.question')]
    .filter((part) => !part.parentElement.closest('[data-region], main section.question'));
  const say = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent.replace(/\\s+/g, ' ');
    if (node.nodeType !== Node.ELEMENT_NODE) return '';
    if (node.matches('.unread-line, .comment-pending, [data-now], [data-readers], [data-countdown]')) return '';
    if (node.matches('[data-region=for-you]:empty')) return '';
    if (node.matches('[data-person-state], [data-writing], [data-region=composer-options], script')) return '';
    const passing = ['fresh', 'is-writing', 'is-offline', 'breathes', 'ruler-bare'];
    const classes = [...node.classList].filter((name) => !passing.includes(name)).sort();
    const own = ['class', 'hidden', 'tabindex', 'style', 'open', 'title', 'data-said', 'data-words', 'aria-busy'];
    const attributes = [...node.attributes].filter((a) => !own.includes(a.name) && a.name !== 'data-mine')
      .map((a) => `${a.name}="${a.value}"`).sort();
    const children = [...node.childNodes];
    // They stay in the order in which a reader has seen them first; a fresh page has them by their votes.
    const wish = (row) => row.querySelector?.('[data-wish]')?.dataset.wish ?? '';
    if (node.matches('.side-wishes ul')) children.sort((a, b) => wish(a).localeCompare(wish(b)));
    const inner = children.map(say).join('').trim();
    return `<${node.localName} class="${classes.join(' ')}" ${attributes.join(' ')}>${inner}</${node.localName}>\\n`;
  };
  return parts.map(say).join('').replace(/[ ]+/g, ' ').replace(/> </g, '><');
}"""


class Scene:
    """One discussion, the server it runs on, and the browsers of whoever takes part."""

    def __init__(self, app: Flask, house: House, browser: Browser, address: str) -> None:
        self.app, self.house, self.browser, self.address = app, house, browser, address
        self.contexts: list[BrowserContext] = []
        self.trouble: list[str] = []
        self._fresh: dict[BrowserContext, Page] = {}

    def context(self, user: User | None = None, **options: Any) -> BrowserContext:
        """A browser of its own, signed in as `user` if given; what its console complains of is kept in `trouble`."""
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        if user is not None:
            self.sign_in(context, user)
        context.on("weberror", lambda error: self.trouble.append(str(error.error)))
        context.on("console", lambda said: self._hear(said.text))
        self.contexts.append(context)
        return context

    def sign_in(self, context: BrowserContext, user: User) -> None:
        """Give `context` a session of `user`."""
        client = self.app.test_client()
        self.house.sign_in(client, user)
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = client.get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": self.address}])

    def _hear(self, said: str) -> None:
        if "Content Security Policy" in said or "TypeError" in said or "ReferenceError" in said:
            self.trouble.append(said)

    def visit(self, discussion: Discussion, user: User | None = None, path: str = "", **options: Any) -> Page:
        """Open the discussion's page in a new browser and wait until its live link stands."""
        return self.open(self.context(user, **options), discussion, path)

    def open(self, context: BrowserContext, discussion: Discussion, path: str = "") -> Page:
        """Open the discussion's page in `context` and wait until its live link stands."""
        page = context.new_page()
        page.goto(f"{self.address}/d/{discussion.slug}{path}")
        self.wait_for_link(page)
        return page

    def wait_for_link(self, page: Page) -> None:
        """Wait until the page has joined."""
        page.wait_for_selector("body[data-link=live]", state="attached", timeout=15_000)

    def settle(self, discussion: Discussion, *pages: Page) -> None:
        """Wait until each page has read the log to its end."""
        db.session.rollback()
        db.session.refresh(discussion)
        seq = discussion.last_seq
        db.session.rollback()
        for page in pages:
            until(page, "(seq) => Number(document.body.dataset.seq) >= seq", seq, 15)

    def same_as_fresh(self, discussion: Discussion, page: Page, after: str = "") -> None:
        """Assert that `page`, open through what happened, equals the same page loaded now."""
        self.settle(discussion, page)
        # One page for all comparisons of a browser: opening and closing tabs is half the time.
        fresh = self._fresh.get(page.context)
        if fresh is None:
            fresh = self._fresh[page.context] = page.context.new_page()
        fresh.goto("about:blank")
        fresh.goto(page.url.partition("#")[0])
        self.wait_for_link(fresh)
        _wait_equal(lambda: page.evaluate(NORMALISE), fresh.evaluate(NORMALISE), after)
        fresh.goto("about:blank")

    def close(self) -> None:
        """Close every browser of this scene."""
        for context in self.contexts:
            context.close()


def until(page: Page, expression: str, argument: object = None, seconds: float = 5) -> None:
    """Wait until a function is true in the page. (Playwright's own waiting needs eval, which our policy refuses.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(expression, argument):
        assert time.monotonic() < end, f"not within {seconds} s: {expression} {argument}"
        page.wait_for_timeout(50)


def _wait_equal(look: Callable[[], str], wanted: str, after: str) -> None:
    """Assert that what `look` returns becomes `wanted` within 4 seconds (a resync fetches a page first)."""
    until = time.monotonic() + 4
    seen = look()
    while _lines(seen) != _lines(wanted) and time.monotonic() < until:
        time.sleep(0.1)
        seen = look()
    difference = difflib.unified_diff(_lines(seen), _lines(wanted), "the open page", "a fresh page", lineterm="", n=0)
    assert _lines(seen) == _lines(wanted), f"after “{after}”\n" + "\n".join(list(difference)[:40])


def _lines(html: str) -> list[str]:
    return [line.strip() for line in html.splitlines() if line.strip()]
