"""The outbox at work: letters are claimed, sent beside the requests, and tried again when the mail server is away."""

import logging
import threading
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import case, or_, select
from sqlalchemy.exc import SQLAlchemyError

from forum import clock
from forum.actions import deliveries
from forum.config import Settings
from forum.database import db, writing
from forum.models import Letter
from forum.notify.letters import BY_THE_THOUSAND, WAITED_FOR
from forum.notify.sender import Courier, answer_of, bell, is_final, show

log = logging.getLogger("roundtext.mail")

# With these, a mail server may be away for ten hours: 30 s, 1, 2, 4, 8, 16, 32 min, then every hour.
MOST_TRIES = 16
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
# Whoever claims a letter and dies lets go of it after this long.
_CLAIM = timedelta(minutes=5)
_LOOK_EVERY_SECONDS = 15.0
# A password that is asked for anew must not wait behind two thousand invitations.
_URGENCY = case((Letter.kind.in_(WAITED_FOR), 0), (Letter.kind.in_(BY_THE_THOUSAND), 2), else_=1)
# What is looked for again and again, so it is put together once.
_DUE = (
    select(Letter)
    .where(
        Letter.sent_at.is_(None),
        Letter.refused_at.is_(None),
        or_(Letter.next_try_at.is_(None), Letter.next_try_at <= clock.moment()),
    )
    .order_by(_URGENCY, Letter.id)
    .limit(1)
)


def start_sender(app: Flask, over: threading.Event | None = None) -> threading.Thread:
    """Start sending what is due, in a thread (a greenlet under gevent) that ends with the process, or with `over`."""
    thread = threading.Thread(target=_run, args=(app, over or threading.Event()), name="mail", daemon=True)
    thread.start()
    return thread


def deliver_due(app: Flask) -> int:
    """Send every letter that is due and return how many left; what fails is tried again later."""
    left = 0
    settings: Settings = app.config["SETTINGS"]
    with app.app_context(), Courier(settings) as courier:
        while (claimed := _claim()) is not None:
            left += _deliver(claimed, settings, courier)
        db.session.rollback()
    return left


def _claim() -> Letter | None:
    """Take the most urgent letter that is due, the oldest of those, so that no other process sends it; return it."""
    if db.session.scalar(_DUE) is None:
        return None  # looking takes no write lock
    with writing():
        letter = db.session.scalar(_DUE.with_for_update(skip_locked=True))
        if letter is None:
            return None  # another process has it
        if letter.tries < MOST_TRIES:
            letter.next_try_at = clock.now() + _CLAIM
            letter.tries += 1
            return letter
        # The process died over its last try, and nobody has noted yet that it is given up.
        deliveries.refused(letter, "")
    return _claim()


def _deliver(letter: Letter, settings: Settings, courier: Courier) -> int:
    db.session.expunge(letter)
    try:
        if settings.sends_mail:
            courier.carry(letter)
        else:
            show(letter, settings)
    except Exception as error:
        # Neither address nor text: a log is read by more people than a letter is meant for.
        again_at = _again_at(letter.tries, error)
        tried = "given up" if again_at is None else f"next try at {again_at:%H:%M:%S} UTC"
        log.warning("letter %s was not sent (%s), try %s; %s", letter.id, type(error).__name__, letter.tries, tried)
        _note(letter.id, None, again_at, settings, answer_of(error))
        return 0
    _note(letter.id, clock.now(), None, settings)
    return 1


def _again_at(tries: int, error: Exception) -> datetime | None:
    if tries >= MOST_TRIES or is_final(error):
        return None
    pause: timedelta = _FIRST_PAUSE * (1 << (tries - 1))
    return clock.now() + min(_LONGEST_PAUSE, pause)


def _note(
    letter_id: int, sent_at: datetime | None, again_at: datetime | None, settings: Settings, answer: str = ""
) -> None:
    with writing():
        letter = db.session.get(Letter, letter_id)
        if letter is None:
            return  # taken back meanwhile
        letter.sent_at, letter.next_try_at = sent_at, again_at
        if sent_at is None and again_at is None:
            deliveries.refused(letter, answer)
        elif sent_at is None:
            letter.refusal = answer
        if sent_at is not None and settings.sends_mail:
            letter.refusal = ""
            letter.body = ""  # it has left; the link in it is nobody else's


def _run(app: Flask, over: threading.Event) -> None:
    while not over.is_set():
        bell.wait(_LOOK_EVERY_SECONDS)
        bell.clear()
        try:
            deliver_due(app)
        except SQLAlchemyError as error:
            log.warning("the outbox could not be read: %s", type(error).__name__)
        except Exception:
            log.exception("the outbox stumbled")
