"""The clock's hand: opens and closes discussions and opens questions at their time, in whichever process is first.

It also has readers told of what members find helpful and vote for, the mail written that is due, and what is old
forgotten.
"""

from collections.abc import Callable, Sequence
from typing import cast

import gevent
from flask import Flask, current_app
from sqlalchemy import select

from forum import pictures
from forum.actions import (
    deliveries,
    digests,
    drafts,
    guest_mail,
    guests,
    notice_mail,
    openings,
    phases,
    proposals,
    reactions,
    reminders,
    rsvps,
    sessions,
)
from forum.database import db, passes, writing
from forum.live import background
from forum.live.lines import Glance, Lines

# A timed change is due within two seconds, also where the process that was first has died (faults/test_clocks.py).
TICK_SECONDS = 1.0
REMIND_SECONDS = 5.0
_TIDY_SECONDS = 3600.0
_BREATH_SECONDS = 0.05
_IS_DUE = Glance(select(phases.DUE.exists(), openings.DUE.exists(), reactions.DUE.exists(), proposals.DUE.exists()))
_WRITERS = (reminders, notice_mail, guest_mail, digests)
_HAS_LETTERS = Glance(select(digests.TO_PREPARE.exists(), *(writer.DUE.exists() for writer in _WRITERS)))


def start(app: Flask) -> None:
    """Start the clockwork of this process."""
    background.forever(app, "clockwork", turn, TICK_SECONDS)
    background.forever(app, "reminders", remind, REMIND_SECONDS)
    background.forever(app, "tidying", tidy, _TIDY_SECONDS)


def tidy() -> None:
    """Throw away what nobody will ask for again, and who somebody was where it has served."""
    for things in (drafts, sessions, guests, rsvps, digests, deliveries):
        _forget(things.forget_old)
    pictures.forget_unused(current_app.config["SETTINGS"])
    db.session.rollback()


def _forget(forget_old: Callable[[], None]) -> None:
    """What cannot be forgotten, or not now, must not keep everything else."""
    try:
        with writing():
            forget_old()
    except Exception as error:
        background.complain("tidying", error)


def remind() -> None:
    """Write the mail that is due, some at a time, so that nobody waits long for the database.

    "We are live" goes to thousands within seconds of the opening, so it goes on until nothing is left. Each kind has
    transactions of its own: whoever prepares digests for thousands keeps nobody's reminder waiting.
    """
    if any(_glance(_HAS_LETTERS)):
        while sum(look() for look in (_prepare_some_digests, _remind_some)):
            gevent.sleep(_BREATH_SECONDS)


def _remind_some() -> int:
    """Return how many letters were written: none either when nothing is due or when another process was faster."""
    found = [(job.take, job.due()) for job in _WRITERS]
    db.session.rollback()
    return sum(_write(take, ids) for take, ids in found if ids)


def _write(take: Callable[[list[int]], int], ids: list[int]) -> int:
    """Write, or prepare, what is due for all these `ids` at once; if that fails, for each alone.

    One letter that cannot be written must not cost everybody else theirs, for as long as it is due.
    """
    try:
        with writing():
            return take(ids)
    except Exception as error:
        if passes(error):
            raise
    return sum(_write_one(take, number) for number in ids)


def _write_one(take: Callable[[list[int]], int], number: int) -> int:
    try:
        with writing():
            return take([number])
    except Exception as error:
        if passes(error):
            raise
        background.complain("a letter", error)
        return 0


def _prepare_some_digests() -> int:
    found = digests.to_prepare()
    db.session.rollback()
    return _write(digests.prepare, found) if found else 0


def turn() -> None:
    """Take the steps that are due. One cheap read first: a write transaction every tick would be a waste."""
    has_steps, has_openings, *have_counts = _glance(_IS_DUE)
    stepping = phases.due() if has_steps else []
    db.session.rollback()
    for discussion_id in stepping:
        _take(phases.take_steps, discussion_id)
    # A discussion that is live only now can have questions that were not due before.
    opening = openings.due() if has_steps or has_openings else []
    db.session.rollback()
    for question_id in opening:
        _take(openings.take, question_id)
    for job, is_due in zip((reactions, proposals), have_counts, strict=True):
        counting = job.due() if is_due else []
        db.session.rollback()
        for discussion_id in counting:
            _take(job.take, discussion_id)


def _glance(at: Glance) -> Sequence[bool]:
    """Return the one row there is at this moment: mostly this is all that a turn does."""
    (row,) = at.ask(Lines.of(current_app), db.engine.dialect)
    return cast(Sequence[bool], row)


def _take(step: Callable[[int], bool], number: int) -> None:
    """Take one step in a transaction of its own: whoever holds one discussion's row waits for no other.

    One that cannot be taken must not keep all others from their time, for as long as it is due.
    """
    try:
        with writing():
            step(number)
    except Exception as error:
        if passes(error):
            raise
        background.complain("a step of the clock", error)
