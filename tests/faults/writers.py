"""Writers who post for as long as a fault lasts, and remember what was acknowledged."""

import itertools
import random
import threading
import time
from dataclasses import dataclass, field

import requests

from forum.models import Discussion, User
from tests.house import House

_ids = itertools.count()


@dataclass
class Account:
    """A signed-in person: the cookie and the token that a form needs."""

    cookie: str
    token: str


@dataclass
class Crew:
    """Several people who post at once to any of `addresses`; `acknowledged` maps each key to the id it was given.

    `took` says of each of them when it was sent and how many seconds the answer took, `refusals` what the others heard.
    """

    addresses: list[str]
    slug: str
    accounts: list[Account]
    acknowledged: dict[str, int] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    took: list[tuple[float, float]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    pause: float = 0.0
    patience: float = 10.0

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, args=(account,), daemon=True) for account in self.accounts
        ]

    def __enter__(self) -> "Crew":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads)
        assert self.faults == []

    def _write(self, account: Account) -> None:
        try:
            self._go_on_writing(account)
        except Exception as error:
            self.faults.append(error)

    def _go_on_writing(self, account: Account) -> None:
        dice = random.Random()
        while not self._over.is_set():
            key = f"fault-{next(_ids):08}-{dice.randrange(10**9)}"
            # The same key until there is an answer, as a browser does; at the end it may stay open.
            while not self._post(account, key, dice.choice(self.addresses)) and not self._over.is_set():
                time.sleep(0.05)
            time.sleep(self.pause)

    def _post(self, account: Account, key: str, address: str) -> bool:
        began = time.monotonic()
        try:
            answer = requests.post(
                f"{address}/d/{self.slug}/comments",
                data={"body": f"Said as {key}.", "key": key, "question": "", "csrf_token": account.token},
                headers={"Cookie": account.cookie, "Accept": "application/json"},
                timeout=self.patience,
            )
        except requests.RequestException:
            self.statuses.append(0)
            return False
        self.statuses.append(answer.status_code)
        if answer.status_code not in {200, 201}:
            assert answer.status_code in {502, 503, 504}, answer.text[:300]
            self.refusals.append(answer.text)
            return False
        number = answer.json()["id"]
        assert self.acknowledged.setdefault(key, number) == number
        self.took.append((began, time.monotonic() - began))
        return True


def accounts(house: House, count: int) -> list[Account]:
    """Return `count` signed-in members."""
    return [account(house, house.user()) for _ in range(count)]


def account(house: House, user: User) -> Account:
    """Return `user` signed in."""
    client = house.app.test_client()
    house.sign_in(client, user)
    token = house.token(client)
    cookie = client.get_cookie(house.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return Account(f"{cookie.key}={cookie.value}", token)


def everything_is_there_once(crew: Crew, discussion: Discussion) -> int:
    """Assert that what was acknowledged is stored once, in the log once and without holes; return how much that is."""
    from sqlalchemy import select

    from forum.database import db
    from forum.models import Comment, Event

    db.session.rollback()
    rows = db.session.execute(
        select(Comment.key, Comment.id).where(Comment.discussion_id == discussion.id, Comment.key.like("fault-%"))
    ).all()
    stored = {key: number for key, number in rows}
    assert len(rows) == len(stored), "a key stands twice"
    missing = {key: number for key, number in crew.acknowledged.items() if stored.get(key) != number}
    assert missing == {}, f"{len(missing)} acknowledged comments are missing"
    seqs = db.session.scalars(select(Event.seq).where(Event.discussion_id == discussion.id).order_by(Event.seq)).all()
    assert list(seqs) == list(range(1, len(seqs) + 1)), "the log has holes or repeats"
    posted = db.session.scalars(
        select(Event.subject_id).where(Event.discussion_id == discussion.id, Event.kind == "comment.posted")
    ).all()
    assert sorted(posted) == sorted(set(posted)), "a comment was told twice"
    assert set(stored.values()) <= set(posted)
    return len(stored)
