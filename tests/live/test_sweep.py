"""Whom the sweep looks at: where no right can have ended it asks once, and no visitor is forgotten."""

import json

from forum.database import db, writing
from forum.live import broadcast, rights
from forum.live.broadcast import Reader
from forum.models import Discussion, Visibility


def reading(discussion_id, user=None, name="reader"):
    """Let somebody read along, and return the names of what they are told."""
    told = []
    reader = Reader(name, lambda frame: told.append(json.loads(frame.text[1:])[0]), user_id=user.id if user else None)
    broadcast.add(reader)
    audiences = broadcast.EVERYBODY if user is None else broadcast.audiences(user.id, "member")
    broadcast.enter(reader, discussion_id, audiences)
    return told


def close_to_all(discussion):
    """Make it private behind everybody's back: nothing of it stands in the log."""
    with writing():
        db.session.get_one(Discussion, discussion.id).visibility = Visibility.INVITED


def test_where_everybody_may_read_and_only_visitors_do_the_sweep_asks_once(house, statements):
    for number, discussion in enumerate([house.discussion(), house.discussion(title="Another")]):
        reading(discussion.id, name=f"reader-{number}")
    with statements() as made:
        rights.sweep()
    assert len([statement for statement in made if statement.startswith("SELECT")]) == 1


def test_visitors_of_what_turns_private_are_told_whether_or_not_members_read_too(house):
    lonely, mixed, open_to_all = house.discussion(), house.discussion(title="Mixed"), house.discussion(title="Open")
    told = [reading(lonely.id, name="a"), reading(mixed.id, name="b"), reading(open_to_all.id, name="c")]
    member = reading(mixed.id, house.user(), name="d")
    close_to_all(lonely)
    close_to_all(mixed)
    rights.sweep()
    assert [*told, member] == [["revoked"], ["revoked"], [], ["revoked"]]
    assert broadcast.watched() == [open_to_all.id]


def test_nobody_reads_and_nothing_is_asked(app, statements):
    with statements() as made:
        rights.sweep()
    assert made == []
