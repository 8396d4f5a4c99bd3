"""A site always keeps an administrator, also when two of them, or two processes, act at the same moment."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from forum.actions import accounts, leaving, members
from forum.actions.leaving import Words
from forum.database import db, writing
from forum.models import SiteRole, User
from forum.refusals import Refused


def demoted(user: User, _other: User) -> None:
    accounts.put(user.email, user.name, "x", SiteRole.MEMBER)


def demoted_by_the_other(user: User, other: User) -> None:
    members.give_role(other, user, SiteRole.MEMBER)


def left(user: User, _other: User) -> None:
    leaving.leave(user, Words.KEEP)


@pytest.mark.parametrize(
    ("one", "another"),
    [(demoted, demoted), (demoted_by_the_other, demoted_by_the_other), (left, left), (left, demoted_by_the_other)],
)
def test_of_two_administrators_who_go_at_once_one_stays(app, house, one, another):
    ada, bea = house.user("Ada Adler", role=SiteRole.ADMINISTRATOR), house.user("Bea Berg", role=SiteRole.ADMINISTRATOR)
    meeting, said = threading.Barrier(2), []

    def meet() -> None:
        """On PostgreSQL both come here, unless one waits for the other; SQLite lets one in after the other."""
        with suppress(threading.BrokenBarrierError):
            meeting.wait(0.3)

    def go(action, *who: int) -> None:
        with app.app_context():
            try:
                with writing():
                    people = [db.session.get_one(User, number) for number in who]
                    meet()
                    action(*people)
                    meet()
                said.append("done")
            except Refused as refusal:
                said.append(refusal.code)
            finally:
                db.session.remove()

    hands = [
        threading.Thread(target=go, args=(one, ada.id, bea.id)),
        threading.Thread(target=go, args=(another, bea.id, ada.id)),
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(said) in (["done", "last_administrator"], ["done", "not_found"])
    db.session.rollback()
    left_over = select(func.count()).where(User.role == SiteRole.ADMINISTRATOR, User.left_at.is_(None))
    assert db.session.scalar(left_over) == 1
