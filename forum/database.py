"""The database: one engine for SQLite or PostgreSQL, and the edge where a transaction begins and ends.

Measured (dependencies.md): greenlets that yield inside `BEGIN IMMEDIATE` froze a whole SQLite process for 8 s; with one
lock around write transactions the worst gap was 11 ms. So SQLite writers queue on `_one_writer` before they begin.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ColumnElement, DateTime, Engine, MetaData, TypeDecorator, event, select, update
from sqlalchemy.engine.interfaces import Dialect, ExceptionContext
from sqlalchemy.exc import DisconnectionError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import Pool

_NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; SQLite, which knows no zones, gets it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment: it would be off by a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every model starts from."""

    registry = registry(metadata=MetaData(naming_convention=_NAMING), type_annotation_map={datetime: UtcDateTime})


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
Made = TypeVar("Made")
Row = TypeVar("Row")

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

_IDLE_SECONDS = 1.0
_PASSING = {"ReadOnlySqlTransaction", "IdleInTransactionSessionTimeout", "OperationalError"}
_one_writer = threading.RLock()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not type(connection).__module__.startswith("sqlite3"):
        return
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=2000"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Pool, "checkin")
def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _test_idle(connection: Any, record: Any, _proxy: Any) -> None:
    """Test a PostgreSQL connection that has lain idle, so that a restart heals itself.

    The pool's own test asks before every use, which was a tenth of what a comment cost.
    """
    is_idle = time.monotonic() - record.info.get("used_at", time.monotonic()) > _IDLE_SECONDS
    if getattr(connection, "closed", False):
        raise DisconnectionError  # cut while it was held; see postgresql.Line
    if is_idle and type(connection).__module__.startswith(("psycopg", "forum")):
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except Exception as error:
            raise DisconnectionError from error


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@event.listens_for(Engine, "do_connect")
def _connect_postgresql(dialect: Dialect, _record: Any, arguments: Any, options: Any) -> Any:
    if dialect.name != "postgresql":
        return None
    from forum.postgresql import Line

    return Line.connect(*arguments, **options)


@event.listens_for(Engine, "handle_error")
def _hide_what_people_wrote(context: ExceptionContext) -> None:
    """PostgreSQL tells of the row beside the fault, an address among it: like parameters it stays out of the log."""
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    if primary is None:
        return
    whole, error.args = str(error), (primary,)
    if wrapped is not None:
        wrapped.args = tuple(str(said).replace(whole, primary) for said in wrapped.args)


def passes(error: BaseException) -> bool:
    """Whether a fault is one that passes: a cut line, a stopped server, a full or locked database."""
    if isinstance(error, (PoolTimeout, OperationalError, InterfaceError)):
        return True
    kinds = type(getattr(error, "orig", error)).__mro__
    return any(kind.__name__ in _PASSING for kind in kinds)


def engine_options(is_sqlite: bool) -> dict[str, Any]:
    """Return the engine's options: what people wrote stays out of the errors, and so out of the log."""
    # The connection that was used last is used next: it is warm, and one that has lain idle has to be tested.
    both = {"hide_parameters": True, "pool_use_lifo": True}
    if is_sqlite:
        return {**both, "connect_args": {"check_same_thread": False}}
    return {
        **both,
        # What only reads needs no transaction: each statement sees what is committed, as READ COMMITTED has it too, and
        # the two trips for BEGIN and ROLLBACK cost more than most reads. `writing` begins a transaction.
        "isolation_level": "AUTOCOMMIT",
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 5,
    }


def let_go() -> None:
    """Give back the connection between two pieces of a long reading; what has been read can still be used.

    Whoever takes a file takes it as slowly as their link is, and must not hold one of a few connections all that time.
    """
    db.session.commit()


@contextmanager
def writing() -> Iterator[None]:
    """Open the one write transaction of a request, job or command; commit at the end, roll back on any error.

    What was read before is forgotten first, so that every rule is judged on rows as they are inside the transaction.
    Do not wait for anything (network, mail, argon2) inside.
    """
    db.session.rollback()
    db.session.expire_all()
    sqlite = db.engine.dialect.name == "sqlite"
    with _one_writer if sqlite else nullcontext():
        try:
            db.session.connection(
                execution_options={"writes": True} if sqlite else {"isolation_level": "READ COMMITTED"}
            )
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise


def once_more(work: Callable[[], Made]) -> Made:
    """Do `work` in its transaction and return its outcome; a second time when somebody was faster with the same.

    The same is what a unique index refuses: an address, or the key of a form. `work` then finds what they have made.
    """
    try:
        with writing():
            return work()
    except IntegrityError:
        with writing():
            return work()


def claims(row: Any, *still: ColumnElement[bool], **values: object) -> bool:
    """Set `values` in the database's row of `row`, if `still` holds of it there; return whether this call was the one.

    Of two processes that have read the same, one claims it. `row` itself is as it was read: refresh it to see more.
    """
    model = type(row)
    claimed = db.session.execute(
        update(model).where(model.id == row.id, *still).values(**values).returning(model.id),
        execution_options={"synchronize_session": False},
    ).first()
    return claimed is not None


def unclaimed(model: type[Row], ids: list[int]) -> Sequence[Row]:
    """Return the rows of `model` with these `ids` that nobody else is writing to right now, by id, for this call alone.

    Whoever waited for them would wait for another process's whole batch, and longer than a transaction waits for a row.
    On SQLite nobody else writes.
    """
    table: Any = model
    found = select(table).where(table.id.in_(ids)).order_by(table.id)
    return db.session.scalars(found.with_for_update(skip_locked=True, key_share=True, of=table)).all()
