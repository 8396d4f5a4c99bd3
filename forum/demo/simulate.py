"""Invented people answering in a discussion, from the shell: to rehearse an event or to see a page fill."""

import random
import secrets
import time

from forum import clock
from forum.actions import comments
from forum.actions.comments import CommentDraft
from forum.database import db, writing
from forum.models import Discussion, User
from forum.refusals import unknown

_NAMES = ("Amara", "Bela", "Chidi", "Dalia", "Eero", "Farah", "Goran", "Hilde", "Ines", "Jamal", "Kirsi", "Lionel")
_FAMILIES = ("Aalto", "Brandt", "Castro", "Duarte", "Eze", "Fofana", "Grey", "Holm", "Ibarra", "Jansen", "Kovacs")
_OPENINGS = (
    "I would add that",
    "In our town",
    "Two years ago",
    "To be fair,",
    "My experience is different:",
    "Briefly:",
)
_MIDDLES = (
    "the people downstream were asked last",
    "a small fund did more than a law",
    "nobody had the numbers",
    "the meters paid for themselves",
    "trust came before pipes",
    "the schools made the difference",
)
_ENDS = (
    "and it held.",
    "so I would begin there.",
    "which surprised us.",
    "and we can show it.",
    "but only for a while.",
)


def run(slug: str, count: int, crowd: int, pause: float, minutes: float | None = None) -> None:
    """Post `count` comments by `crowd` people in /d/<slug>, `pause` seconds apart, for at most `minutes`.

    Raises Refused as `post` does.
    """
    until = time.monotonic() + minutes * 60 if minutes is not None else float("inf")
    with writing():
        discussion = Discussion.with_slug(slug)
        if discussion is None:
            raise unknown()
        writers = [_member(number) for number in range(crowd)]
        db.session.flush()
        ids = [writer.id for writer in writers]
    for number in range(count):
        if time.monotonic() >= until:
            break
        with writing():
            author = db.session.get_one(User, random.choice(ids))  # noqa: S311
            found = db.session.get_one(Discussion, discussion.id)
            question = found.open_question
            comments.post(
                author,
                found,
                CommentDraft(_words(number), question.number if question else None, None, secrets.token_hex(8)),
            )
        time.sleep(pause)


def _member(number: int) -> User:
    email = f"simulated-{number}@example.org"
    name = f"{_NAMES[number % len(_NAMES)]} {_FAMILIES[number // len(_NAMES) % len(_FAMILIES)]}"
    user = User.with_email(email)
    if user is None:
        user = User(email=email, name=name, created_at=clock.now(), confirmed_at=clock.now())
        db.session.add(user)
    return user


def _words(number: int) -> str:
    pick = random.choice
    return f"{pick(_OPENINGS)} {pick(_MIDDLES)} {pick(_ENDS)} ({number + 1})"
