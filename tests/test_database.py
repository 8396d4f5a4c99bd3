"""The edge of a transaction, on a real PostgreSQL."""

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import select, update

from forum.database import db, writing
from forum.models import Discussion


def _status() -> TransactionStatus:
    return db.session.connection().connection.dbapi_connection.info.transaction_status


@pytest.mark.postgresql
def test_what_only_reads_holds_no_transaction_and_what_writes_is_whole(app, house):
    """A reader that waits for its network must not keep PostgreSQL from tidying up, nor see half of what is written."""
    discussion = house.discussion()
    db.session.rollback()
    assert Discussion.with_slug(discussion.slug) is not None
    assert _status() is TransactionStatus.IDLE
    with pytest.raises(ZeroDivisionError):
        _write_half()
    db.session.rollback()
    assert db.session.scalar(select(Discussion.title)) != "Half written"


def _write_half() -> None:
    with writing():
        db.session.execute(update(Discussion).values(title="Half written"))
        assert _status() is TransactionStatus.INTRANS
        raise ZeroDivisionError
