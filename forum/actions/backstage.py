"""The green room: messages among hosts and panel, and the host's “ready?”. Runs inside `writing()`."""

import re

from flask_babel import gettext as _
from sqlalchemy import select

from forum import access, clock, text
from forum.database import db
from forum.live import log
from forum.models import Audience, BackstageMessage, Discussion, ReadyAnswer, ReadyCheck, User
from forum.refusals import Refused, invalid

LONGEST = 2_000
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


def say(author: User, discussion: Discussion, body: str, key: str) -> BackstageMessage:
    """Send a message to hosts and panel. The same `key` again returns the message it made the first time.

    Raises Refused (not theirs, invalid: body, key).
    """
    access.require(author, "backstage.write", discussion)
    if not _KEY.match(key):
        raise invalid(key=_("The page sent a damaged key. Load the page again; your text is kept."))
    try:
        source = text.clean_body(body, LONGEST)
    except text.TextFault as fault:
        raise invalid(body=fault.message) from fault
    # The row's lock lets the same key sent twice at once wait for its turn. SQLite's one writer has it already.
    db.session.execute(select(Discussion.id).where(Discussion.id == discussion.id).with_for_update())
    if earlier := BackstageMessage.with_key(discussion, author, key):
        return earlier
    message = BackstageMessage(
        discussion_id=discussion.id,
        author_id=author.id,
        source=source,
        html=text.render(source),
        key=key,
        posted_at=clock.now(),
    )
    message.is_new = True
    db.session.add(message)
    db.session.flush()
    log.record(discussion, "backstage.said", message.id, Audience.BACKSTAGE)
    return message


def ask_ready(actor: User, discussion: Discussion) -> ReadyCheck:
    """Ask everybody in the green room whether they are ready; an earlier check ends. Raises Refused (not theirs)."""
    access.require(actor, "backstage.check", discussion)
    log.lock(discussion)
    now = clock.now()
    if (before := open_check(discussion)) is not None:
        before.ended_at = now
    check = ReadyCheck(discussion_id=discussion.id, by_id=actor.id, asked_at=now)
    db.session.add(check)
    db.session.flush()
    log.record(discussion, "backstage.check", check.id, Audience.BACKSTAGE)
    return check


def end_ready(actor: User, discussion: Discussion) -> None:
    """End the check that is open, if any. Raises Refused (not theirs)."""
    access.require(actor, "backstage.check", discussion)
    if (check := open_check(discussion)) is not None:
        check.ended_at = clock.now()
        log.record(discussion, "backstage.check", check.id, Audience.BACKSTAGE)


def answer_ready(person: User, discussion: Discussion) -> None:
    """Say that `person` is ready; twice is once. Raises Refused (not theirs, 409 when nobody asks any more)."""
    access.require(person, "backstage.write", discussion)
    log.lock(discussion)
    check = open_check(discussion)
    if check is None:
        raise Refused("no_check", _("Nobody is asking any more, so there is nothing to answer."), 409)
    if any(answer.user_id == person.id for answer in check.answers):
        return
    check.answers.append(ReadyAnswer(user_id=person.id, at=clock.now()))
    log.record(discussion, "backstage.ready", person.id, Audience.BACKSTAGE)


def open_check(discussion: Discussion) -> ReadyCheck | None:
    """Return the check that waits for answers, if any."""
    return db.session.scalar(
        select(ReadyCheck)
        .where(ReadyCheck.discussion_id == discussion.id, ReadyCheck.ended_at.is_(None))
        .order_by(ReadyCheck.id.desc())
        .limit(1)
    )
