"""Makers of people, discussions, questions and comments, through the same actions that pages use."""

import hashlib
import itertools
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, inspect, text

from forum import clock
from forum.actions import comments, discussions, phases, questions, seats
from forum.actions.comments import CommentDraft
from forum.actions.drafting import DiscussionDraft
from forum.actions.questions import QuestionDraft
from forum.actions.seats import SeatDraft
from forum.database import Model, db, writing
from forum.models import Comment, Discussion, Phase, Question, Seat, SeatRole, Session, SiteRole, User, Visibility


class House:
    """What a test asks for in the field's words."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._numbers = itertools.count(1)

    def user(self, name: str = "", *, role: SiteRole = SiteRole.MEMBER, confirmed: bool = True) -> User:
        """Return a new account."""
        with writing():
            return self._new_user(name, role, confirmed)

    def _new_user(self, name: str, role: SiteRole, confirmed: bool = True) -> User:
        number = next(self._numbers)
        user = User(
            email=f"person{number}@example.org",
            name=name or f"Member {number}",
            role=role,
            created_at=clock.now(),
            confirmed_at=clock.now() if confirmed else None,
        )
        db.session.add(user)
        db.session.flush()
        return user

    def discussion(
        self,
        *,
        phase: Phase | str = Phase.LIVE,
        title: str = "How should cities share water?",
        slug: str = "",
        visibility: Visibility | str = Visibility.PUBLIC,
        host: User | None = None,
        ask: int = 0,
        **fields: object,
    ) -> Discussion:
        """Return a discussion with a host, in `phase`, with `ask` questions asked (it is live then).

        All of it in one transaction: each begins by reading again what the one before knew, and that took most of the
        time of most tests.
        """
        phase = Phase(phase)
        now = clock.now()
        with writing():
            organiser = self._new_user(f"Organiser {next(self._numbers)}", SiteRole.ORGANISER)
            draft = DiscussionDraft(
                title=title,
                slug=slug or f"water-{next(self._numbers)}",
                starts_at=now + timedelta(hours=1),
                ends_at=now + timedelta(hours=2),
                time_zone="Europe/London",
                visibility=Visibility(visibility),
                **fields,  # type: ignore[arg-type]
            )
            discussion = discussions.create(organiser, draft)
            host = host or self._new_user("Hana Host-Maier", SiteRole.MEMBER)
            self._give(discussion, host, SeatRole.HOST)
            if phase is not Phase.DRAFT:
                phases.publish(organiser, discussion)
            if phase in {Phase.LIVE, Phase.PAUSED, Phase.CLOSED}:
                phases.open_now(organiser, discussion)
            for number in range(1, ask + 1):
                self._ask(discussion, f"What about point {number}?")
            if phase is Phase.PAUSED:
                phases.pause(organiser, discussion)
            if phase is Phase.CLOSED:
                phases.close(organiser, discussion)
        return discussion

    def do(self, action, *arguments, **named):  # type: ignore[no-untyped-def]
        """Run one action in its transaction and return what it returns."""
        with writing():
            return action(*arguments, **named)

    @contextmanager
    def meanwhile(self, sql: str, action: Callable[..., object], *arguments: object) -> Iterator[None]:
        """Let another process do `action`, and commit, right before the block first sends a statement that begins so.

        For PostgreSQL: on SQLite nobody else writes while a transaction does. `sql` is a regular expression.
        """
        called = [(type(one), inspect(one).identity) if isinstance(one, Model) else one for one in arguments]
        came = []

        def act(_connection: Any, _cursor: Any, statement: str, *_rest: object) -> None:
            if came or not re.match(sql, statement, re.S):
                return
            came.append(statement)
            with self.app.app_context(), writing():
                action(*(db.session.get_one(*one) if isinstance(one, tuple) else one for one in called))

        event.listen(db.engine, "before_cursor_execute", act)
        try:
            yield
        finally:
            event.remove(db.engine, "before_cursor_execute", act)
        assert came, f"nothing like {sql} was sent"

    def host_of(self, discussion: Discussion) -> User:
        """Return the first host."""
        return next(seat.user for seat in discussion.seats if seat.role is SeatRole.HOST)

    def seat(self, discussion: Discussion, user: User, role: SeatRole | str, **fields: str) -> Seat:
        """Give `user` a seat."""
        with writing():
            return self._give(discussion, user, role, **fields)

    def _give(self, discussion: Discussion, user: User, role: SeatRole | str, **fields: str) -> Seat:
        draft = SeatDraft(name=user.name, email=user.email, role=SeatRole(role), **fields)
        return seats.give(db.session.get_one(User, discussion.owner_id), discussion, draft)

    def panelist(self, discussion: Discussion, name: str = "Priya Raman") -> User:
        """Return a new person who sits on the panel of `discussion`."""
        with writing():
            user = self._new_user(name, SiteRole.MEMBER)
            self._give(discussion, user, SeatRole.PANELIST, affiliation="Partnering Lab")
        return user

    def question(self, discussion: Discussion, text: str = "What is missing?", offset: int | None = None) -> Question:
        """Return a question that is not asked yet."""
        with writing():
            return questions.write(self.host_of(discussion), discussion, QuestionDraft(text, offset))

    def asked(self, discussion: Discussion, text: str = "What is missing?") -> Question:
        """Return a question that has just been asked."""
        with writing():
            return self._ask(discussion, text)

    def _ask(self, discussion: Discussion, text: str) -> Question:
        host = self.host_of(discussion)
        return questions.ask(host, questions.write(host, discussion, QuestionDraft(text)))

    def comment(
        self,
        discussion: Discussion,
        author: User | None = None,
        body: str = "Water is shared already.",
        *,
        question: int | None = None,
        reply_to: int | None = None,
        key: str = "",
    ) -> Comment:
        """Return a comment that `author` has just posted."""
        draft = CommentDraft(body, question, reply_to, key or secrets.token_hex(8))
        with writing():
            return comments.post(author or self._new_user("", SiteRole.MEMBER), discussion, draft)

    def sign_in(self, client: FlaskClient, user: User) -> None:
        """Make `client` carry a session of `user`."""
        token = secrets.token_urlsafe(16)
        with writing():
            db.session.add(
                Session(
                    user_id=user.id,
                    token_hash=hashlib.sha256(token.encode()).hexdigest(),
                    started_at=clock.now(),
                    seen_at=clock.now(),
                    expires_at=clock.now() + timedelta(days=1),
                )
            )
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True

    def token(self, client: FlaskClient) -> str:
        """Return a CSRF token that `client` may send."""
        page = client.get("/account").get_data(as_text=True)
        return page.split('name="csrf_token" value="')[1].split('"')[0]


@contextmanager
def of_another_version(number: str = "9999") -> Iterator[None]:
    """Let the database say meanwhile that another version has upgraded it: one that is not written yet, or `number`."""
    with db.engine.begin() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})
    try:
        yield
    finally:
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": before})
